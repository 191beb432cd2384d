#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "base/check.h"
#include "tests/support/suite.h"
#include "tests/unit/server/store/faulty_disk.h"
#include "tests/unit/server/store/scene.h"
#include "tests/unit/server/store/sqlite_child.h"

#define KILL_ROUNDS 6u
#define KILL_ACKS 150u
#define GROUP_CLUSTERS 20u

static struct scene scene;

static void begin(void)
{
    faulty_disk_repair();
    scene_init(&scene, SCENE_sqlite);
}

static void end(void)
{
    scene_deinit(&scene);
    faulty_disk_repair();
}

/* ---- kill -9 ---- */

/* Reads acknowledgements until there are `wanted` or the pipe ends; keeps the last of each cluster. */
static size_t read_acks(int out, size_t wanted, struct child_ack *last)
{
    struct child_ack ack;
    size_t count = 0;
    while (count < wanted) {
        size_t len = 0;
        ssize_t got = 1;
        while (len < sizeof ack && (got = read(out, (char *)&ack + len, sizeof ack - len)) > 0) {
            len += (size_t)got;
        }
        if (got <= 0) {
            break;
        }
        QVT_ASSERT(ack.cluster < CHILD_CLUSTERS);
        last[ack.cluster] = ack;
        count++;
    }
    return count;
}

static uint64_t decimal(qvt_slice digits)
{
    uint64_t number = 0;
    for (size_t i = 0; i < digits.len; i++) {
        number = number * 10 + (uint64_t)(digits.data[i] - '0');
    }
    return number;
}

static void expect_acknowledged(unsigned cluster, const struct child_ack *ack)
{
    char name[8];
    struct loaded loaded;
    bool found = false;
    (void)snprintf(name, sizeof name, "c%u", cluster);
    struct store_log *log = scene_log(&scene, name);
    scene_load(&scene, log, &loaded);
    CU_ASSERT_EQUAL_FATAL(loaded.status, QVT_OK);
    CU_ASSERT_TRUE(loaded.head.revision >= ack->revision);
    CU_ASSERT_TRUE(loaded.head.revision <= ack->revision + 1);
    for (size_t i = 0; i < loaded.history_count; i++) {
        found = found || (loaded.history[i]->position.revision == ack->revision &&
                          loaded.history[i]->position.token == ack->token);
    }
    CU_ASSERT_TRUE(found);
    CU_ASSERT_EQUAL(loaded.record_count, loaded.head.revision < 50 ? loaded.head.revision : 50);
    for (size_t i = 0; i < loaded.record_count; i++) {
        qvt_slice value = image_value(loaded.records[i]);
        CU_ASSERT_EQUAL(decimal(value), image_origin(loaded.records[i]).revision);
        CU_ASSERT_TRUE(image_origin(loaded.records[i]).revision + 50 > loaded.head.revision);
    }
    loaded_deinit(&loaded);
    store_close_log(log);
}

static void what_was_acknowledged_is_there_after_kill_9(void)
{
    struct child_ack last[CHILD_CLUSTERS] = {{.revision = 0}};
    char ignored[64];
    qvt_error error;
    begin();
    scene_stop(&scene);
    for (unsigned round = 0; round < KILL_ROUNDS; round++) {
        int out;
        pid_t pid = child_start("append", scene.path, &out);
        CU_ASSERT_EQUAL(read_acks(out, KILL_ACKS + 37 * round, last), KILL_ACKS + 37 * round);
        CU_ASSERT_EQUAL(kill(pid, SIGKILL), 0);
        (void)read_acks(out, SIZE_MAX, last);
        CU_ASSERT_EQUAL(child_finish(pid, out, ignored, sizeof ignored), -SIGKILL);
        CU_ASSERT_EQUAL_FATAL(scene_start(&scene, &error), QVT_OK);
        for (unsigned i = 0; i < CHILD_CLUSTERS; i++) {
            expect_acknowledged(i, &last[i]);
        }
        scene_stop(&scene);
    }
    end();
}

/* ---- full disk ---- */

static struct change *big_change(struct position *head, const char *key, char letter)
{
    static char value[20001];
    memset(value, letter, sizeof value - 1);
    return scene_put(&scene, head, RECORD_POLICY, key, value);
}

static void append_big(struct store_log *log, struct position *head, struct appended *answer)
{
    struct position next = *head;
    struct change *change = big_change(&next, "big", (char)('a' + next.revision % 26));
    struct store_append append = {.expected = head, .changes = &change, .change_count = 1};
    append.keep_from = next.revision;
    scene_append(&scene, log, &append, answer);
    if (answer->outcome == STORE_APPENDED) {
        *head = next;
    }
    appended_deinit(answer);
    change_unref(change);
}

/* Until then a checkpoint may be under way. */
static void wait_until_idle(struct store_log *log)
{
    struct position ignored;
    CU_ASSERT_EQUAL(scene_head(&scene, log, &ignored), QVT_OK);
}

static void expect_head(struct store_log *log, const struct position *head)
{
    struct loaded loaded;
    scene_load(&scene, log, &loaded);
    CU_ASSERT_EQUAL_FATAL(loaded.status, QVT_OK);
    CU_ASSERT_TRUE(position_equal(&loaded.head, head));
    CU_ASSERT_EQUAL_FATAL(loaded.record_count, 1);
    CU_ASSERT_EQUAL(image_value(loaded.records[0]).data[0], 'a' + (head->revision - 1) % 26);
    CU_ASSERT_EQUAL(image_origin(loaded.records[0]).revision, head->revision);
    loaded_deinit(&loaded);
}

static void a_full_disk_is_resource_exhausted_and_applies_nothing(void)
{
    struct position head = {.revision = 0};
    struct appended answer;
    qvt_error error;
    int refused = 0;
    begin();
    struct store_log *log = scene_log(&scene, "c");
    append_big(log, &head, &answer);
    for (int64_t room = 0; room < 120000; room += 3001) {
        faulty_disk.log_room = room;
        append_big(log, &head, &answer);
        faulty_disk.log_room = DISK_ROOMY;
        if (answer.outcome != STORE_APPENDED) {
            refused++;
            CU_ASSERT_EQUAL(answer.outcome, STORE_FAILED);
            CU_ASSERT_EQUAL(answer.error.status, QVT_RESOURCE_EXHAUSTED);
            CU_ASSERT_PTR_NOT_NULL(strstr(answer.error.message, "is full"));
        }
        expect_head(log, &head);
    }
    CU_ASSERT_TRUE(head.revision > 5 && refused > 5);
    append_big(log, &head, &answer);
    CU_ASSERT_EQUAL(answer.outcome, STORE_APPENDED);
    store_close_log(log);
    scene_stop(&scene);
    CU_ASSERT_EQUAL_FATAL(scene_start(&scene, &error), QVT_OK);
    log = scene_log(&scene, "c");
    expect_head(log, &head);
    store_close_log(log);
    end();
}

static void name_file(char out[128], const char *suffix)
{
    (void)snprintf(out, 128, "%s%s", scene.path, suffix);
}

/* In a process of its own: closing a file would drop the locks that this one holds on it. */
static void copy_file(const char *from, const char *to)
{
    char source[128];
    char target[128];
    char *arguments[] = {(char[]){"cp"}, source, target, NULL};
    int status = 1;
    name_file(source, from);
    name_file(target, to);
    pid_t pid = fork();
    if (pid == 0) {
        (void)execvp(arguments[0], arguments);
        _exit(127);
    }
    CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL_FATAL(status, 0);
}

static void move_file(const char *from, const char *to)
{
    char source[128];
    char target[128];
    name_file(source, from);
    name_file(target, to);
    CU_ASSERT_EQUAL_FATAL(rename(source, target), 0);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_file_that_may_not_grow_is_resource_exhausted_and_applies_nothing(void)
{
    struct position head = {.revision = 0};
    struct appended answer;
    begin();
    struct store_log *log = scene_log(&scene, "c");
    append_big(log, &head, &answer);
    (void)signal(SIGXFSZ, SIG_IGN);
    limit_files(64 * 1024);
    append_big(log, &head, &answer);
    while (answer.outcome == STORE_APPENDED) {
        append_big(log, &head, &answer);
    }
    CU_ASSERT_EQUAL(answer.outcome, STORE_FAILED);
    CU_ASSERT_EQUAL(answer.error.status, QVT_RESOURCE_EXHAUSTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.error.message, "may not grow"));
    limit_files(RLIM_INFINITY);
    expect_head(log, &head);
    append_big(log, &head, &answer);
    CU_ASSERT_EQUAL(answer.outcome, STORE_APPENDED);
    store_close_log(log);
    end();
}

static void what_a_full_disk_refused_is_not_there_after_a_crash(void)
{
    struct position head = {.revision = 0};
    struct appended answer;
    qvt_error error;
    begin();
    struct store_log *log = scene_log(&scene, "c");
    append_big(log, &head, &answer);
    faulty_disk.log_room = 30000;
    append_big(log, &head, &answer);
    CU_ASSERT_EQUAL(answer.outcome, STORE_FAILED);
    /* The files as a crash at this moment leaves them. */
    copy_file("", ".copy");
    copy_file("-wal", ".copy-wal");
    faulty_disk_repair();
    store_close_log(log);
    scene_stop(&scene);
    move_file(".copy", "");
    move_file(".copy-wal", "-wal");
    CU_ASSERT_EQUAL_FATAL(scene_start(&scene, &error), QVT_OK);
    log = scene_log(&scene, "c");
    expect_head(log, &head);
    store_close_log(log);
    end();
}

static void a_checkpoint_on_a_full_disk_is_tried_again(void)
{
    struct position head = {.revision = 0};
    struct appended answer;
    begin();
    struct store_log *log = scene_log(&scene, "c");
    faulty_disk_repair();
    faulty_disk.file_room = 0;
    for (int i = 0; i < 600; i++) {
        append_big(log, &head, &answer);
        CU_ASSERT_EQUAL_FATAL(answer.outcome, STORE_APPENDED);
        wait_until_idle(log);
    }
    CU_ASSERT_EQUAL(faulty_disk.file_writes, 0);
    CU_ASSERT_TRUE(faulty_disk.refusals > 0);
    faulty_disk.file_room = DISK_ROOMY;
    for (int i = 0; i < 600 && faulty_disk.file_writes == 0; i++) {
        append_big(log, &head, &answer);
        CU_ASSERT_EQUAL_FATAL(answer.outcome, STORE_APPENDED);
        wait_until_idle(log);
    }
    CU_ASSERT_TRUE(faulty_disk.file_writes > 0);
    expect_head(log, &head);
    store_close_log(log);
    end();
}

static void closing_on_a_full_disk_loses_nothing(void)
{
    struct position head = {.revision = 0};
    struct appended answer;
    qvt_error error;
    begin();
    struct store_log *log = scene_log(&scene, "c");
    append_big(log, &head, &answer);
    append_big(log, &head, &answer);
    store_close_log(log);
    faulty_disk.file_room = 0;
    scene_stop(&scene);
    faulty_disk_repair();
    CU_ASSERT_EQUAL_FATAL(scene_start(&scene, &error), QVT_OK);
    log = scene_log(&scene, "c");
    expect_head(log, &head);
    store_close_log(log);
    end();
}

static void a_failed_fsync_ends_the_process_with_a_clear_line(void)
{
    char text[1024];
    int out;
    begin();
    scene_stop(&scene);
    pid_t pid = child_start("sync", scene.path, &out);
    CU_ASSERT_EQUAL(child_finish(pid, out, text, sizeof text), EXIT_FAILURE);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "fsync failed"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, scene.path));
    end();
}

/* ---- group commit ---- */

static void appends_that_wait_share_one_commit(void)
{
    struct store_log *logs[GROUP_CLUSTERS];
    struct change *changes[GROUP_CLUSTERS];
    struct position none = {.revision = 0};
    struct store_append appends[GROUP_CLUSTERS];
    struct appended answers[GROUP_CLUSTERS];
    begin();
    faulty_disk_repair();
    for (unsigned i = 0; i < GROUP_CLUSTERS; i++) {
        char name[8];
        struct position head = {.revision = 0};
        (void)snprintf(name, sizeof name, "g%u", i);
        logs[i] = scene_log(&scene, name);
        changes[i] = scene_put(&scene, &head, RECORD_POLICY, "k", "v");
        appends[i] = (struct store_append){.expected = &none, .changes = &changes[i], .change_count = 1};
        scene_append_start(logs[i], &appends[i], &answers[i]);
        CU_ASSERT_FALSE(answers[i].done);
    }
    for (unsigned i = 0; i < GROUP_CLUSTERS; i++) {
        scene_wait(&scene, &answers[i].done);
        CU_ASSERT_EQUAL(answers[i].outcome, STORE_APPENDED);
        appended_deinit(&answers[i]);
        change_unref(changes[i]);
        store_close_log(logs[i]);
    }
    CU_ASSERT_TRUE(faulty_disk.log_syncs >= 1 && faulty_disk.log_syncs <= 4);
    end();
}

/* The same head twice in one group: the one that came first wins, the other hears of it. */
static void a_conflict_in_a_group_does_not_harm_the_others(void)
{
    struct position none = {.revision = 0};
    struct position heads[3] = {{.revision = 0}, {.revision = 0}, {.revision = 0}};
    struct change *changes[3];
    struct store_append appends[3];
    struct appended answers[3];
    begin();
    struct store_log *logs[3] = {scene_log(&scene, "same"), scene_log(&scene, "same"), scene_log(&scene, "other")};
    for (unsigned i = 0; i < 3; i++) {
        changes[i] = scene_put(&scene, &heads[i], RECORD_POLICY, "k", "v");
        appends[i] = (struct store_append){.expected = &none, .changes = &changes[i], .change_count = 1};
        scene_append_start(logs[i], &appends[i], &answers[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        scene_wait(&scene, &answers[i].done);
    }
    CU_ASSERT_EQUAL(answers[0].outcome, STORE_APPENDED);
    CU_ASSERT_EQUAL(answers[1].outcome, STORE_CONFLICT);
    CU_ASSERT_EQUAL_FATAL(answers[1].missed_count, 1);
    CU_ASSERT_TRUE(position_equal(&answers[1].missed[0]->position, &heads[0]));
    CU_ASSERT_EQUAL(answers[2].outcome, STORE_APPENDED);
    for (unsigned i = 0; i < 3; i++) {
        appended_deinit(&answers[i]);
        change_unref(changes[i]);
        store_close_log(logs[i]);
    }
    end();
}

/* ---- a lease that a commit under way ends ---- */

static void on_renew(void *data, qvt_status status, const uint32_t *remaining_ms, size_t count)
{
    CU_ASSERT_EQUAL(status, QVT_OK);
    CU_ASSERT_EQUAL(count, 1);
    *(uint32_t *)data = remaining_ms[0];
}

static void no_renewal_is_confirmed_while_the_end_of_the_lease_is_written(void)
{
    struct position head = {.revision = 0};
    struct store_lease lease = {7, 1000};
    uint64_t over = 7;
    uint32_t remaining = 99;
    struct appended answer;
    begin();
    struct store_log *log = scene_log(&scene, "c");
    struct position before = head;
    struct change *change = scene_put(&scene, &head, RECORD_POLICY, "k", "v");
    struct store_append grant = {.expected = &before, .changes = &change, .change_count = 1};
    grant.grants = &lease;
    grant.grant_count = 1;
    scene_append(&scene, log, &grant, &answer);
    appended_deinit(&answer);
    change_unref(change);
    virtual_clock_advance_ms(&scene.clock, 1000);
    before = head;
    change = scene_put(&scene, &head, RECORD_POLICY, "k", "dead");
    struct store_append expire = {.expected = &before, .changes = &change, .change_count = 1};
    expire.lapsed = &over;
    expire.lapsed_count = 1;
    scene_append_start(log, &expire, &answer);
    store_renew(log, &lease, 1, on_renew, &remaining);
    CU_ASSERT_EQUAL(remaining, 0);
    scene_wait(&scene, &answer.done);
    CU_ASSERT_EQUAL(answer.outcome, STORE_APPENDED);
    appended_deinit(&answer);
    change_unref(change);
    store_close_log(log);
    end();
}

int main(int argc, char **argv)
{
    static const struct suite_case cases[] = {
        SUITE_CASE(what_was_acknowledged_is_there_after_kill_9),
        SUITE_CASE(a_full_disk_is_resource_exhausted_and_applies_nothing),
        SUITE_CASE(a_file_that_may_not_grow_is_resource_exhausted_and_applies_nothing),
        SUITE_CASE(what_a_full_disk_refused_is_not_there_after_a_crash),
        SUITE_CASE(a_checkpoint_on_a_full_disk_is_tried_again),
        SUITE_CASE(closing_on_a_full_disk_loses_nothing),
        SUITE_CASE(a_failed_fsync_ends_the_process_with_a_clear_line),
        SUITE_CASE(appends_that_wait_share_one_commit),
        SUITE_CASE(a_conflict_in_a_group_does_not_harm_the_others),
        SUITE_CASE(no_renewal_is_confirmed_while_the_end_of_the_lease_is_written),
    };
    faulty_disk_install();
    if (argc == 4 && strcmp(argv[1], "--child") == 0) {
        return child_main(argv[2], argv[3]);
    }
    return suite_run("server/store/sqlite durability", cases, sizeof cases / sizeof cases[0], argc, argv);
}
