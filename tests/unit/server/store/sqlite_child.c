#include "tests/unit/server/store/sqlite_child.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "tests/unit/server/store/faulty_disk.h"
#include "tests/unit/server/store/scene.h"

/* ---- in the child ---- */

struct writer {
    struct scene *scene;
    struct store_log *log;
    uint64_t number;
    struct position head;
    struct position next;
    struct change *change;
    struct store_append append;
};

static void append_next(struct writer *writer);

static void on_append(void *data, enum store_append_outcome outcome, struct change *const *missed, size_t missed_count,
                      const qvt_error *error)
{
    struct writer *writer = data;
    (void)missed;
    (void)missed_count;
    (void)error;
    QVT_ASSERT(outcome == STORE_APPENDED);
    writer->head = writer->next;
    change_unref(writer->change);
    struct child_ack ack = {writer->number, writer->head.revision, writer->head.token};
    QVT_ASSERT(write(STDOUT_FILENO, &ack, sizeof ack) == (ssize_t)sizeof ack);
    append_next(writer);
}

static void append_next(struct writer *writer)
{
    char key[16];
    char value[2000];
    writer->next = writer->head;
    (void)snprintf(key, sizeof key, "k%u", (unsigned)(writer->head.revision % 50));
    (void)snprintf(value, sizeof value, "%01999llu", (unsigned long long)writer->head.revision + 1);
    writer->change = scene_put(writer->scene, &writer->next, RECORD_POLICY, key, value);
    writer->append = (struct store_append){.expected = &writer->head, .changes = &writer->change, .change_count = 1};
    writer->append.keep_from = writer->head.revision > 200 ? writer->head.revision - 200 : 1;
    store_append(writer->log, &writer->append, on_append, writer);
}

static void start_writers(struct scene *scene, struct writer *writers)
{
    scene->tokens = (uint64_t)getpid() << 24;
    for (unsigned i = 0; i < CHILD_CLUSTERS; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "c%u", i);
        writers[i] = (struct writer){.scene = scene, .number = i, .log = scene_log(scene, name)};
        QVT_ASSERT(scene_head(scene, writers[i].log, &writers[i].head) == QVT_OK);
    }
    for (unsigned i = 0; i < CHILD_CLUSTERS; i++) {
        append_next(&writers[i]);
    }
}

static int hold(void)
{
    char byte;
    (void)fputs("held", stdout);
    (void)fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0) {}
    return 0;
}

int child_main(const char *mode, const char *path)
{
    struct scene scene = {.kind = SCENE_sqlite};
    struct writer writers[CHILD_CLUSTERS];
    qvt_error error;
    virtual_clock_init(&scene.clock, 1);
    (void)snprintf(scene.path, sizeof scene.path, "%s", path);
    QVT_ASSERT(uv_loop_init(&scene.loop) == 0);
    if (scene_start(&scene, &error) != QVT_OK) {
        (void)fprintf(stderr, "%s: %s\n", qvt_status_name(error.status), error.message);
        (void)uv_loop_close(&scene.loop);
        return 2;
    }
    if (strcmp(mode, "hold") == 0) {
        return hold();
    }
    if (strcmp(mode, "append") == 0 || strcmp(mode, "sync") == 0) {
        faulty_disk.fail_sync = strcmp(mode, "sync") == 0;
        start_writers(&scene, writers);
        (void)uv_run(&scene.loop, UV_RUN_DEFAULT);
    }
    scene_stop(&scene);
    return uv_loop_close(&scene.loop);
}

/* ---- in the parent ---- */

/* The child's standard input stays open as long as the test runs: `input` is never written. */
static _Noreturn void become(const char *mode, const char *path, const int output[2], const int input[2])
{
    char option[] = "--child";
    char mode_copy[16];
    char path_copy[128];
    char self[] = "/proc/self/exe";
    char *arguments[] = {self, option, mode_copy, path_copy, NULL};
    (void)snprintf(mode_copy, sizeof mode_copy, "%s", mode);
    (void)snprintf(path_copy, sizeof path_copy, "%s", path);
    (void)dup2(output[1], STDOUT_FILENO);
    (void)dup2(output[1], STDERR_FILENO);
    (void)dup2(input[0], STDIN_FILENO);
    (void)close(output[0]);
    (void)close(output[1]);
    (void)close(input[0]);
    (void)close(input[1]);
    (void)execv(self, arguments);
    _exit(127);
}

pid_t child_start(const char *mode, const char *path, int *out)
{
    static int input[2] = {-1, -1};
    int output[2];
    QVT_ASSERT(pipe(output) == 0 && (input[0] >= 0 || pipe(input) == 0));
    pid_t pid = fork();
    QVT_ASSERT(pid >= 0);
    if (pid == 0) {
        become(mode, path, output, input);
    }
    (void)close(output[1]);
    *out = output[0];
    return pid;
}

int child_finish(pid_t pid, int out, char *text, size_t cap)
{
    char ignored[512];
    size_t len = 0;
    ssize_t got;
    int status = 0;
    while ((got = len + 1 < cap ? read(out, text + len, cap - 1 - len) : read(out, ignored, sizeof ignored)) > 0) {
        len += len + 1 < cap ? (size_t)got : 0;
    }
    text[len] = 0;
    (void)close(out);
    while (waitpid(pid, &status, 0) < 0) {
        QVT_ASSERT(errno == EINTR);
    }
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}
