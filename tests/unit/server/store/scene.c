#include "tests/unit/server/store/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "server/registry/silo_view.h"
#include "server/store/memory.h"
#include "server/store/redis/redis.h"
#include "server/store/sqlite.h"
#include "tests/unit/server/store/redis_child.h"
#include "version/placement.h"

#define START_US INT64_C(1700000000000000)

static void on_list_ready(void *data, qvt_status status, const char *const *names, size_t count, const qvt_error *error)
{
    (void)names;
    (void)count;
    (void)error;
    *(int *)data = status == QVT_OK ? 1 : -1;
}

/* It connects by itself; the tests ask nothing before it has. */
static qvt_status start_redis(struct scene *scene)
{
    int answered = -1;
    struct store_redis_options options = {
        .loop = &scene->loop,
        .clock = &scene->clock.clock,
        .entropy = entropy_system(),
        .timeout_ms = 20000,
        .test_time = true,
    };
    options.url.kind = REDIS_SINGLE;
    options.url.count = 1;
    options.url.addresses[0].port = (uint16_t)scene->port;
    (void)snprintf(options.url.addresses[0].host, sizeof options.url.addresses[0].host, "127.0.0.1");
    QVT_ASSERT(store_redis_new(&scene->store, &options) == QVT_OK);
    while (answered != 1) {
        answered = 0;
        store_list(scene->store, on_list_ready, &answered);
        while (answered == 0) {
            (void)uv_run(&scene->loop, UV_RUN_ONCE);
        }
    }
    return QVT_OK;
}

qvt_status scene_start(struct scene *scene, qvt_error *error)
{
    scene->store = NULL;
    if (scene->kind == SCENE_redis) {
        return start_redis(scene);
    }
    return scene->kind == SCENE_memory
               ? store_memory_new(&scene->store, &scene->clock.clock)
               : store_sqlite_new(&scene->store, &scene->loop, scene->path, &scene->clock.clock, error);
}

void scene_init(struct scene *scene, enum scene_kind kind)
{
    const char *root = getenv("TMPDIR");
    *scene = (struct scene){.kind = kind};
    virtual_clock_init(&scene->clock, START_US);
    QVT_ASSERT(uv_loop_init(&scene->loop) == 0);
    int len = snprintf(scene->folder, sizeof scene->folder, "%s/qvt-store-XXXXXX", root == NULL ? "/tmp" : root);
    QVT_ASSERT(len > 0 && (size_t)len < sizeof scene->folder && mkdtemp(scene->folder) != NULL);
    (void)snprintf(scene->path, sizeof scene->path, "%s/qvt.db", scene->folder);
    scene->port = kind == SCENE_redis ? redis_child_fresh() : 0;
    qvt_error error;
    if (scene_start(scene, &error) != QVT_OK) {
        (void)fprintf(stderr, "%s\n", error.message);
        abort();
    }
}

static void on_closed(void *data)
{
    *(bool *)data = true;
}

void scene_wait(struct scene *scene, const bool *done)
{
    while (!*done) {
        QVT_ASSERT(uv_run(&scene->loop, UV_RUN_ONCE) != 0 || *done);
    }
}

void scene_wait_count(struct scene *scene, const size_t *count, size_t wanted)
{
    while (*count < wanted) {
        QVT_ASSERT(uv_run(&scene->loop, UV_RUN_ONCE) != 0 || *count >= wanted);
    }
}

void scene_tick(struct scene *scene, struct store_log *log)
{
    struct position head;
    QVT_ASSERT(scene_head(scene, log, &head) == QVT_OK);
}

void scene_advance_ms(struct scene *scene, struct store_log *log, int64_t ms)
{
    int64_t step_ms = scene->kind == SCENE_redis ? 1000 : ms;
    while (ms > 0) {
        step_ms = ms < step_ms ? ms : step_ms;
        virtual_clock_advance_ms(&scene->clock, step_ms);
        ms -= step_ms;
        if (scene->kind == SCENE_redis) {
            scene_tick(scene, log);
        }
    }
}

void scene_stop(struct scene *scene)
{
    bool closed = false;
    if (scene->store != NULL) {
        store_close(scene->store, on_closed, &closed);
        scene->store = NULL;
        scene_wait(scene, &closed);
    }
}

void scene_restart(struct scene *scene)
{
    if (scene->kind == SCENE_memory) {
        return;
    }
    qvt_error error;
    scene_stop(scene);
    QVT_ASSERT(scene_start(scene, &error) == QVT_OK);
}

void scene_deinit(struct scene *scene)
{
    static const char *const suffixes[] = {"", "-wal", "-journal", ".copy"};
    scene_stop(scene);
    QVT_ASSERT(uv_loop_close(&scene->loop) == 0);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s%s", scene->path, suffixes[i]);
        (void)unlink(path);
    }
    QVT_ASSERT(rmdir(scene->folder) == 0);
}

static void on_connected(void *data, qvt_status status, const struct store_snapshot *snapshot, const qvt_error *error)
{
    (void)snapshot;
    (void)error;
    QVT_ASSERT(status == QVT_OK);
    *(bool *)data = true;
}

/* Loading waits for the connection; the rest is refused without one. */
static struct store_log *connect_log(struct scene *scene, struct store_log *log)
{
    bool connected = scene->kind != SCENE_redis;
    if (!connected) {
        store_load(log, on_connected, &connected);
        scene_wait(scene, &connected);
    }
    return log;
}

struct store_log *scene_log(struct scene *scene, const char *cluster)
{
    struct store_log *log = NULL;
    QVT_ASSERT(store_open_log(scene->store, cluster, NULL, NULL, &log) == QVT_OK);
    return connect_log(scene, log);
}

struct store_log *scene_moves(struct scene *scene, const char *cluster)
{
    struct store_log *log = NULL;
    QVT_ASSERT(store_open_moves(scene->store, cluster, NULL, NULL, &log) == QVT_OK);
    return connect_log(scene, log);
}

static struct change **keep_changes(struct change *const *changes, size_t count)
{
    struct change **kept = malloc((count + 1) * sizeof(struct change *));
    QVT_ASSERT(kept != NULL);
    for (size_t i = 0; i < count; i++) {
        kept[i] = change_ref(changes[i]);
    }
    return kept;
}

static void drop_changes(struct change **changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        change_unref(changes[i]);
    }
    free(changes);
}

static void on_load(void *data, qvt_status status, const struct store_snapshot *snapshot, const qvt_error *error)
{
    struct loaded *loaded = data;
    *loaded = (struct loaded){.done = true, .status = status};
    if (error != NULL) {
        loaded->error = *error;
    }
    if (status != QVT_OK) {
        return;
    }
    loaded->head = snapshot->head;
    loaded->history = keep_changes(snapshot->history, snapshot->history_count);
    loaded->history_count = snapshot->history_count;
    loaded->records = malloc((snapshot->record_count + 1) * sizeof(struct image *));
    QVT_ASSERT(loaded->records != NULL);
    for (size_t i = 0; i < snapshot->record_count; i++) {
        loaded->records[loaded->record_count++] = image_ref(snapshot->records[i]);
    }
}

void scene_load(struct scene *scene, struct store_log *log, struct loaded *out)
{
    *out = (struct loaded){.done = false};
    store_load(log, on_load, out);
    scene_wait(scene, &out->done);
}

void loaded_deinit(struct loaded *loaded)
{
    for (size_t i = 0; i < loaded->record_count; i++) {
        image_unref(loaded->records[i]);
    }
    free(loaded->records);
    drop_changes(loaded->history, loaded->history_count);
}

const char *loaded_value(const struct loaded *loaded, uint32_t kind, const char *key)
{
    static char text[64];
    for (size_t i = 0; i < loaded->record_count; i++) {
        const struct image *image = loaded->records[i];
        if (image_kind(image) == kind && qvt_slice_equal(image_key(image), qvt_slice_text(key))) {
            qvt_slice value = image_value(image);
            (void)snprintf(text, sizeof text, "%.*s", (int)value.len, (const char *)value.data);
            return text;
        }
    }
    return NULL;
}

static void on_append(void *data, enum store_append_outcome outcome, struct change *const *missed, size_t missed_count,
                      const qvt_error *error)
{
    struct appended *appended = data;
    *appended = (struct appended){.done = true, .outcome = outcome, .missed_count = missed_count};
    appended->missed = keep_changes(missed, missed_count);
    if (error != NULL) {
        appended->error = *error;
    }
}

void scene_append_start(struct store_log *log, const struct store_append *append, struct appended *out)
{
    *out = (struct appended){.done = false};
    store_append(log, append, on_append, out);
}

void scene_append(struct scene *scene, struct store_log *log, const struct store_append *append, struct appended *out)
{
    scene_append_start(log, append, out);
    scene_wait(scene, &out->done);
}

void appended_deinit(struct appended *appended)
{
    drop_changes(appended->missed, appended->missed_count);
}

enum store_append_outcome scene_commit(struct scene *scene, struct store_log *log, const struct position *expected,
                                       struct change *const *changes, size_t count)
{
    struct store_append append = {.expected = expected, .changes = changes, .change_count = count};
    struct appended answer;
    scene_append(scene, log, &append, &answer);
    appended_deinit(&answer);
    return answer.outcome;
}

struct head_answer {
    bool done;
    qvt_status status;
    struct position head;
};

static void on_head(void *data, qvt_status status, const struct position *head)
{
    struct head_answer *answer = data;
    answer->done = true;
    answer->status = status;
    answer->head = head == NULL ? (struct position){.revision = 0} : *head;
}

qvt_status scene_head(struct scene *scene, struct store_log *log, struct position *out)
{
    struct head_answer answer = {.done = false};
    store_head(log, on_head, &answer);
    scene_wait(scene, &answer.done);
    *out = answer.head;
    return answer.status;
}

struct names_answer {
    bool done;
    char *out;
    size_t cap;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void on_names(void *data, qvt_status status, const char *const *names, size_t count, const qvt_error *error)
{
    struct names_answer *answer = data;
    const char *sorted[16];
    size_t len = 0;
    (void)error;
    QVT_ASSERT(status == QVT_OK && count <= 16);
    for (size_t i = 0; i < count; i++) {
        sorted[i] = names[i];
    }
    qsort(sorted, count, sizeof sorted[0], compare_names);
    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(answer->out + len, answer->cap - len, "%s%s", i == 0 ? "" : ",", sorted[i]);
    }
    answer->done = true;
}

void scene_names(struct scene *scene, char *out, size_t cap)
{
    struct names_answer answer = {false, out, cap};
    out[0] = 0;
    store_list(scene->store, on_names, &answer);
    scene_wait(scene, &answer.done);
}

struct change *scene_change(struct scene *scene, struct position *head, struct image *const *puts, size_t put_count,
                            const struct change_key *deletes, size_t delete_count)
{
    struct image *put_copies[8];
    struct change_key delete_copies[8];
    struct change draft = {.event = CHANGE_SILO_UPDATED, .time_us = clock_wall_us(&scene->clock.clock)};
    QVT_ASSERT(put_count <= 8 && delete_count <= 8);
    for (size_t i = 0; i < put_count; i++) {
        put_copies[i] = puts[i];
    }
    for (size_t i = 0; i < delete_count; i++) {
        delete_copies[i] = deletes[i];
    }
    if (head->revision == 0 && head->store_id[0] == '\0') {
        (void)snprintf(head->store_id, sizeof head->store_id, "%032x", (unsigned)++scene->tokens);
    }
    draft.previous_token = head->token;
    draft.puts = put_copies;
    draft.put_count = put_count;
    draft.deletes = delete_copies;
    draft.delete_count = delete_count;
    head->revision++;
    head->token = UINT64_C(0xf000000000000000) + ++scene->tokens;
    draft.position = *head;
    struct change *change = NULL;
    QVT_ASSERT(change_new(&change, &draft) == QVT_OK);
    return change;
}

static struct change *put_value(struct scene *scene, struct position *head, uint32_t kind, const char *key,
                                qvt_slice value)
{
    struct image *image = NULL;
    struct image_origin origin = {head->revision + 1, clock_wall_us(&scene->clock.clock)};
    QVT_ASSERT(image_new(&image, kind, kind + 2, qvt_slice_text(key), value, origin) == QVT_OK);
    struct change *change = scene_change(scene, head, &image, 1, NULL, 0);
    image_unref(image);
    return change;
}

struct change *scene_put(struct scene *scene, struct position *head, uint32_t kind, const char *key, const char *value)
{
    return put_value(scene, head, kind, key, qvt_slice_text(value));
}

struct change *scene_delete(struct scene *scene, struct position *head, uint32_t kind, const char *key)
{
    struct change_key gone = {kind, qvt_slice_text(key)};
    return scene_change(scene, head, NULL, 0, &gone, 1);
}

struct change *scene_silo(struct scene *scene, struct position *head, const char *id, struct store_lease lease,
                          bool dead)
{
    struct buf value = BUF_INIT;
    QVT_ASSERT(wire_put_text(&value, SILO_SILO_ID, qvt_slice_text(id)) == QVT_OK);
    QVT_ASSERT(wire_put_varint(&value, SILO_INCARNATION, lease.incarnation) == QVT_OK);
    QVT_ASSERT(wire_put_varint(&value, SILO_STATUS, dead ? PLACEMENT_DEAD : PLACEMENT_ACTIVE) == QVT_OK);
    QVT_ASSERT(wire_put_time_us(&value, SILO_LEASE_TTL, (int64_t)lease.ttl_ms * 1000) == QVT_OK);
    struct change *change = put_value(scene, head, RECORD_SILO, id, buf_slice(&value));
    buf_deinit(&value);
    return change;
}
