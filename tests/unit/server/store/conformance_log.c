#include <stdio.h>
#include <stdlib.h>

#include <CUnit/CUnit.h>

#include "base/check.h"
#include "base/entropy.h"
#include "tests/support/alloc.h"
#include "tests/support/suite.h"
#include "tests/unit/server/store/conformance.h"
#include "tests/unit/server/store/scene.h"

static struct scene scene;
static struct store_log *log_one;

static void begin(void)
{
    scene_init(&scene, STORE_KIND);
    log_one = scene_log(&scene, "one");
}

static void end(void)
{
    store_close_log(log_one);
    scene_deinit(&scene);
}

static void restart(void)
{
    store_close_log(log_one);
    scene_restart(&scene);
    log_one = scene_log(&scene, "one");
}

/* One change that must be committed on *head. */
static void commit(struct store_log *log, const struct position *expected, struct change *change)
{
    CU_ASSERT_EQUAL(scene_commit(&scene, log, expected, &change, 1), STORE_APPENDED);
    change_unref(change);
}

static void put(struct store_log *log, struct position *head, const char *key, const char *value)
{
    struct position before = *head;
    commit(log, &before, scene_put(&scene, head, RECORD_POLICY, key, value));
}

static void expect_value(struct store_log *log, const char *key, const char *expected)
{
    struct loaded loaded;
    scene_load(&scene, log, &loaded);
    const char *value = loaded_value(&loaded, RECORD_POLICY, key);
    if (expected == NULL) {
        CU_ASSERT_PTR_NULL(value);
    } else {
        CU_ASSERT_PTR_NOT_NULL_FATAL(value);
        EXPECT_TEXT(value, expected);
    }
    loaded_deinit(&loaded);
}

void a_cluster_that_nobody_created_is_empty_at_revision_0(void)
{
    struct loaded loaded;
    struct position head;
    begin();
    scene_load(&scene, log_one, &loaded);
    CU_ASSERT_EQUAL(loaded.status, QVT_OK);
    CU_ASSERT_EQUAL(loaded.head.revision, 0);
    CU_ASSERT_EQUAL(loaded.head.token, 0);
    EXPECT_TEXT(loaded.head.store_id, "");
    CU_ASSERT_EQUAL(loaded.record_count, 0);
    CU_ASSERT_EQUAL(loaded.history_count, 0);
    CU_ASSERT_EQUAL(scene_head(&scene, log_one, &head), QVT_OK);
    CU_ASSERT_EQUAL(head.revision, 0);
    loaded_deinit(&loaded);
    end();
}

void an_append_moves_the_head_and_keeps_records_and_history(void)
{
    struct position head = {.revision = 0};
    struct position seen;
    struct loaded loaded;
    begin();
    put(log_one, &head, "a", "1");
    put(log_one, &head, "b", "2");
    CU_ASSERT_EQUAL(scene_head(&scene, log_one, &seen), QVT_OK);
    CU_ASSERT_TRUE(position_equal(&seen, &head));
    restart();
    scene_load(&scene, log_one, &loaded);
    CU_ASSERT_TRUE(position_equal(&loaded.head, &head));
    CU_ASSERT_EQUAL(loaded.record_count, 2);
    CU_ASSERT_EQUAL_FATAL(loaded.history_count, 2);
    CU_ASSERT_EQUAL(loaded.history[0]->position.revision, 1);
    CU_ASSERT_TRUE(position_equal(&loaded.history[1]->position, &head));
    CU_ASSERT_EQUAL(loaded.history[1]->previous_token, loaded.history[0]->position.token);
    loaded_deinit(&loaded);
    end();
}

void positions_and_origins_come_back_bit_by_bit(void)
{
    struct position head = {.store_id = "0123456789abcdef0123456789abcdef", .revision = UINT64_C(1) << 62};
    struct position none = {.revision = 0};
    struct loaded loaded;
    begin();
    head.token = UINT64_MAX;
    struct change *change = scene_put(&scene, &head, 77, "key", "value");
    commit(log_one, &none, change_ref(change));
    restart();
    scene_load(&scene, log_one, &loaded);
    CU_ASSERT_TRUE(position_equal(&loaded.head, &head));
    CU_ASSERT_EQUAL_FATAL(loaded.record_count, 1);
    CU_ASSERT_EQUAL(image_kind(loaded.records[0]), 77);
    CU_ASSERT_EQUAL(image_field(loaded.records[0]), 79);
    CU_ASSERT_EQUAL(image_origin(loaded.records[0]).revision, head.revision);
    CU_ASSERT_EQUAL(image_origin(loaded.records[0]).time_us, change->time_us);
    CU_ASSERT_EQUAL(loaded.history[0]->previous_token, UINT64_MAX);
    change_unref(change);
    loaded_deinit(&loaded);
    end();
}

void an_empty_key_and_an_empty_value_come_back(void)
{
    struct position head = {.revision = 0};
    begin();
    put(log_one, &head, "", "default");
    put(log_one, &head, "k", "");
    restart();
    expect_value(log_one, "", "default");
    expect_value(log_one, "k", "");
    end();
}

void a_put_replaces_and_a_delete_removes_one_record(void)
{
    struct position head = {.revision = 0};
    begin();
    put(log_one, &head, "a", "1");
    put(log_one, &head, "b", "1");
    put(log_one, &head, "a", "2");
    struct position before = head;
    commit(log_one, &before, scene_delete(&scene, &head, RECORD_POLICY, "b"));
    before = head;
    commit(log_one, &before, scene_delete(&scene, &head, RECORD_SETTING, "a"));
    restart();
    expect_value(log_one, "a", "2");
    expect_value(log_one, "b", NULL);
    end();
}

void an_append_on_an_old_head_conflicts_with_what_was_missed(void)
{
    struct position head = {.revision = 0};
    struct position old;
    struct appended answer;
    begin();
    put(log_one, &head, "a", "1");
    old = head;
    put(log_one, &head, "a", "2");
    put(log_one, &head, "a", "3");
    struct position mine = old;
    struct change *change = scene_put(&scene, &mine, RECORD_POLICY, "a", "mine");
    struct store_append append = {.expected = &old, .changes = &change, .change_count = 1};
    scene_append(&scene, log_one, &append, &answer);
    CU_ASSERT_EQUAL(answer.outcome, STORE_CONFLICT);
    CU_ASSERT_EQUAL_FATAL(answer.missed_count, 2);
    CU_ASSERT_EQUAL(answer.missed[0]->previous_token, old.token);
    CU_ASSERT_EQUAL(answer.missed[0]->position.revision, 2);
    CU_ASSERT_TRUE(position_equal(&answer.missed[1]->position, &head));
    EXPECT_SLICE(image_value(answer.missed[1]->puts[0]), "3");
    expect_value(log_one, "a", "3");
    appended_deinit(&answer);
    change_unref(change);
    end();
}

void an_append_on_another_history_conflicts_with_nothing(void)
{
    struct position head = {.revision = 0};
    struct position other;
    struct appended answer;
    begin();
    put(log_one, &head, "a", "1");
    other = head;
    other.token ^= 1;
    put(log_one, &head, "a", "2");
    struct position mine = other;
    struct change *change = scene_put(&scene, &mine, RECORD_POLICY, "a", "mine");
    struct store_append append = {.expected = &other, .changes = &change, .change_count = 1};
    scene_append(&scene, log_one, &append, &answer);
    CU_ASSERT_EQUAL(answer.outcome, STORE_CONFLICT);
    CU_ASSERT_EQUAL(answer.missed_count, 0);
    appended_deinit(&answer);
    other = head;
    other.store_id[0] = other.store_id[0] == 'f' ? 'e' : 'f';
    CU_ASSERT_EQUAL(scene_commit(&scene, log_one, &other, &change, 1), STORE_CONFLICT);
    other = head;
    other.token ^= 1;
    CU_ASSERT_EQUAL(scene_commit(&scene, log_one, &other, &change, 1), STORE_CONFLICT);
    expect_value(log_one, "a", "2");
    change_unref(change);
    end();
}

void a_refused_append_applies_nothing(void)
{
    struct position head = {.revision = 0};
    struct position none = {.revision = 0};
    struct position mine = {.revision = 0};
    begin();
    put(log_one, &head, "a", "1");
    struct change *changes[2] = {scene_put(&scene, &mine, RECORD_POLICY, "b", "2"),
                                 scene_delete(&scene, &mine, RECORD_POLICY, "a")};
    CU_ASSERT_EQUAL(scene_commit(&scene, log_one, &none, changes, 2), STORE_CONFLICT);
    restart();
    expect_value(log_one, "a", "1");
    expect_value(log_one, "b", NULL);
    CU_ASSERT_EQUAL(scene_head(&scene, log_one, &mine), QVT_OK);
    CU_ASSERT_TRUE(position_equal(&mine, &head));
    change_unref(changes[0]);
    change_unref(changes[1]);
    end();
}

void a_change_with_many_records_is_applied_whole(void)
{
    struct position head = {.revision = 0};
    struct image *puts[3];
    static const char *const keys[3] = {"x", "y", "z"};
    begin();
    put(log_one, &head, "old", "1");
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(image_new(&puts[i], RECORD_POLICY, 4, qvt_slice_text(keys[i]), qvt_slice_text("1"),
                                  (struct image_origin){head.revision + 1, 5}),
                        QVT_OK);
    }
    struct change_key gone = {RECORD_POLICY, qvt_slice_text("old")};
    struct position before = head;
    commit(log_one, &before, scene_change(&scene, &head, puts, 3, &gone, 1));
    restart();
    struct loaded loaded;
    scene_load(&scene, log_one, &loaded);
    CU_ASSERT_EQUAL(loaded.record_count, 3);
    CU_ASSERT_PTR_NULL(loaded_value(&loaded, RECORD_POLICY, "old"));
    CU_ASSERT_EQUAL(loaded.history[1]->put_count, 3);
    CU_ASSERT_EQUAL(loaded.history[1]->delete_count, 1);
    loaded_deinit(&loaded);
    for (size_t i = 0; i < 3; i++) {
        image_unref(puts[i]);
    }
    end();
}

void clusters_do_not_see_each_other(void)
{
    struct position head = {.revision = 0};
    struct position other_head = {.revision = 0};
    begin();
    struct store_log *other = scene_log(&scene, "two");
    put(log_one, &head, "a", "one");
    put(other, &other_head, "a", "two");
    put(other, &other_head, "b", "two");
    CU_ASSERT_STRING_NOT_EQUAL(head.store_id, other_head.store_id);
    expect_value(log_one, "a", "one");
    expect_value(log_one, "b", NULL);
    expect_value(other, "a", "two");
    struct position before = other_head;
    commit(other, &before, scene_delete(&scene, &other_head, RECORD_POLICY, "a"));
    expect_value(log_one, "a", "one");
    store_close_log(other);
    end();
}

void only_clusters_with_changes_are_listed(void)
{
    char names[128];
    struct position head = {.revision = 0};
    struct position other_head = {.revision = 0};
    begin();
    scene_names(&scene, names, sizeof names);
    EXPECT_TEXT(names, "");
    struct store_log *other = scene_log(&scene, "b.2");
    struct store_log *empty = scene_log(&scene, "empty");
    put(log_one, &head, "a", "1");
    put(other, &other_head, "a", "1");
    store_close_log(other);
    store_close_log(empty);
    restart();
    scene_names(&scene, names, sizeof names);
    EXPECT_TEXT(names, "b.2,one");
    end();
}

static enum store_append_outcome append_and_keep(struct position *head, uint64_t keep_from)
{
    struct position before = *head;
    struct appended answer;
    struct change *change = scene_put(&scene, head, RECORD_POLICY, "k", "v");
    struct store_append append = {.expected = &before, .changes = &change, .change_count = 1, .keep_from = keep_from};
    scene_append(&scene, log_one, &append, &answer);
    appended_deinit(&answer);
    change_unref(change);
    return answer.outcome;
}

static void expect_history(uint64_t first, size_t count)
{
    struct loaded loaded;
    scene_load(&scene, log_one, &loaded);
    CU_ASSERT_EQUAL_FATAL(loaded.status, QVT_OK);
    CU_ASSERT_EQUAL_FATAL(loaded.history_count, count);
    CU_ASSERT_EQUAL(loaded.history[0]->position.revision, first);
    CU_ASSERT_TRUE(position_equal(&loaded.history[count - 1]->position, &loaded.head));
    loaded_deinit(&loaded);
}

void history_below_keep_from_goes_and_the_newest_change_stays(void)
{
    struct position head = {.revision = 0};
    begin();
    put(log_one, &head, "first", "1");
    for (int i = 0; i < 9; i++) {
        CU_ASSERT_EQUAL(append_and_keep(&head, 1), STORE_APPENDED);
    }
    expect_history(1, 10);
    CU_ASSERT_EQUAL(append_and_keep(&head, 7), STORE_APPENDED);
    restart();
    expect_history(7, 5);
    CU_ASSERT_EQUAL(append_and_keep(&head, 1000), STORE_APPENDED);
    restart();
    expect_history(12, 1);
    expect_value(log_one, "first", "1");
    end();
}

void an_append_on_a_trimmed_head_conflicts_with_nothing(void)
{
    struct position head = {.revision = 0};
    struct appended answer;
    begin();
    put(log_one, &head, "a", "1");
    struct position old = head;
    for (int i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(append_and_keep(&head, 4), STORE_APPENDED);
    }
    struct position mine = old;
    struct change *change = scene_put(&scene, &mine, RECORD_POLICY, "a", "mine");
    struct store_append append = {.expected = &old, .changes = &change, .change_count = 1};
    scene_append(&scene, log_one, &append, &answer);
    CU_ASSERT_EQUAL(answer.outcome, STORE_CONFLICT);
    CU_ASSERT_EQUAL(answer.missed_count, 0);
    appended_deinit(&answer);
    change_unref(change);
    end();
}

struct listener {
    uint64_t last;
    size_t count;
    bool in_order;
};

static void on_changes(void *data, struct change *const *changes, size_t count)
{
    struct listener *listener = data;
    for (size_t i = 0; i < count; i++) {
        listener->in_order = listener->in_order && changes[i]->position.revision == listener->last + 1;
        listener->last = changes[i]->position.revision;
        listener->count++;
    }
}

void other_logs_are_told_every_change_once_and_in_order(void)
{
    struct position head = {.revision = 0};
    struct listener listener = {1, 0, true};
    struct store_log *other = NULL;
    struct loaded loaded;
    begin();
    put(log_one, &head, "a", "1");
    CU_ASSERT_EQUAL_FATAL(store_open_log(scene.store, "one", on_changes, &listener, &other), QVT_OK);
    scene_load(&scene, other, &loaded);
    CU_ASSERT_EQUAL(loaded.head.revision, 1);
    for (int i = 0; i < 5; i++) {
        struct position before = head;
        struct change *changes[2] = {scene_put(&scene, &head, RECORD_POLICY, "a", "2"),
                                     scene_put(&scene, &head, RECORD_POLICY, "b", "3")};
        CU_ASSERT_EQUAL(scene_commit(&scene, log_one, &before, changes, 2), STORE_APPENDED);
        change_unref(changes[0]);
        change_unref(changes[1]);
    }
    scene_wait_count(&scene, &listener.count, 10);
    CU_ASSERT_EQUAL(listener.count, 10);
    CU_ASSERT_EQUAL(listener.last, head.revision);
    CU_ASSERT_TRUE(listener.in_order);
    put(other, &head, "a", "own");
    CU_ASSERT_EQUAL(listener.count, 10);
    loaded_deinit(&loaded);
    store_close_log(other);
    end();
}

struct closer {
    struct store_log *log;
    bool done;
};

static void close_log(struct closer *closer)
{
    store_close_log(closer->log);
    closer->log = NULL;
    closer->done = true;
}

static void close_on_load(void *data, qvt_status status, const struct store_snapshot *snapshot, const qvt_error *error)
{
    (void)snapshot;
    (void)error;
    CU_ASSERT_EQUAL(status, QVT_OK);
    close_log(data);
}

static void close_on_changes(void *data, struct change *const *changes, size_t count)
{
    (void)changes;
    CU_ASSERT_EQUAL(count, 1);
    close_log(data);
}

static void close_on_append(void *data, enum store_append_outcome outcome, struct change *const *missed,
                            size_t missed_count, const qvt_error *error)
{
    (void)missed;
    (void)missed_count;
    (void)error;
    CU_ASSERT_EQUAL(outcome, STORE_APPENDED);
    close_log(data);
}

void a_log_may_be_closed_from_its_own_callbacks(void)
{
    struct closer closers[3] = {{.done = false}};
    struct position none = {.revision = 0};
    struct position head = none;
    struct loaded loaded;
    begin();
    closers[0].log = scene_log(&scene, "one");
    store_load(closers[0].log, close_on_load, &closers[0]);
    scene_wait(&scene, &closers[0].done);
    CU_ASSERT_EQUAL_FATAL(store_open_log(scene.store, "one", close_on_changes, &closers[1], &closers[1].log), QVT_OK);
    scene_load(&scene, closers[1].log, &loaded);
    struct change *change = scene_put(&scene, &head, RECORD_POLICY, "a", "1");
    struct store_append append = {.expected = &none, .changes = &change, .change_count = 1};
    closers[2].log = log_one;
    store_append(log_one, &append, close_on_append, &closers[2]);
    scene_wait(&scene, &closers[2].done);
    scene_wait(&scene, &closers[1].done);
    log_one = scene_log(&scene, "one");
    loaded_deinit(&loaded);
    change_unref(change);
    end();
}

void a_reload_shares_the_newest_images_with_the_history(void)
{
    struct position head = {.revision = 0};
    struct loaded loaded;
    begin();
    put(log_one, &head, "a", "1");
    put(log_one, &head, "a", "2");
    restart();
    scene_load(&scene, log_one, &loaded);
    CU_ASSERT_EQUAL_FATAL(loaded.record_count, 1);
    CU_ASSERT_PTR_EQUAL(loaded.records[0], loaded.history[1]->puts[0]);
    CU_ASSERT_PTR_NOT_EQUAL(loaded.records[0], loaded.history[0]->puts[0]);
    loaded_deinit(&loaded);
    end();
}

/* ---- a random walk against a model ---- */

#define MODEL_KEYS 24u

struct model {
    struct position head;
    uint64_t first_kept;
    int values[2][MODEL_KEYS]; /* 0: no record */
};

static uint32_t model_kind(size_t kind)
{
    return kind == 0 ? RECORD_POLICY : RECORD_SETTING;
}

static struct change *random_change(struct model *model, uint64_t *seed)
{
    struct entropy source = entropy_seeded(seed);
    uint64_t random = entropy_u64(&source);
    size_t kind = random & 1;
    size_t index = (size_t)(random >> 8) % MODEL_KEYS;
    char key[8];
    char value[16];
    (void)snprintf(key, sizeof key, "k%zu", index);
    model->values[kind][index] = random % 5 < 2 ? 0 : (int)(random >> 40);
    (void)snprintf(value, sizeof value, "%d", model->values[kind][index]);
    return model->values[kind][index] == 0 ? scene_delete(&scene, &model->head, model_kind(kind), key)
                                           : scene_put(&scene, &model->head, model_kind(kind), key, value);
}

static void walk_step(struct store_log *log, struct model *model, uint64_t *seed)
{
    struct entropy source = entropy_seeded(seed);
    struct change *changes[5];
    struct position before = model->head;
    size_t count = 1 + (size_t)(entropy_u64(&source) % 5);
    for (size_t i = 0; i < count; i++) {
        changes[i] = random_change(model, seed);
    }
    uint64_t keep_from = model->head.revision < 40 ? 1 : model->head.revision - 40;
    struct store_append append = {
        .expected = &before, .changes = changes, .change_count = count, .keep_from = keep_from};
    struct appended answer;
    scene_append(&scene, log, &append, &answer);
    CU_ASSERT_EQUAL(answer.outcome, STORE_APPENDED);
    model->first_kept = keep_from;
    appended_deinit(&answer);
    for (size_t i = 0; i < count; i++) {
        change_unref(changes[i]);
    }
}

static void expect_model(struct store_log *log, const struct model *model)
{
    struct loaded loaded;
    size_t records = 0;
    scene_load(&scene, log, &loaded);
    CU_ASSERT_EQUAL_FATAL(loaded.status, QVT_OK);
    CU_ASSERT_TRUE(position_equal(&loaded.head, &model->head));
    for (size_t kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < MODEL_KEYS; i++) {
            char key[8];
            (void)snprintf(key, sizeof key, "k%zu", i);
            const char *value = loaded_value(&loaded, model_kind(kind), key);
            CU_ASSERT_EQUAL(value == NULL ? 0 : strtol(value, NULL, 10), model->values[kind][i]);
            records += model->values[kind][i] != 0;
        }
    }
    CU_ASSERT_EQUAL(loaded.record_count, records);
    CU_ASSERT_EQUAL(loaded.history[0]->position.revision, model->first_kept);
    CU_ASSERT_EQUAL(loaded.history_count, model->head.revision - model->first_kept + 1);
    loaded_deinit(&loaded);
}

void a_random_walk_survives_a_restart(void)
{
    uint64_t seed = suite_seed();
    struct model models[2] = {{.first_kept = 0}};
    begin();
    for (int life = 0; life < 3; life++) {
        struct store_log *other = scene_log(&scene, "two");
        for (int i = 0; i < 60; i++) {
            walk_step(i % 3 == 0 ? other : log_one, &models[i % 3 == 0], &seed);
        }
        store_close_log(other);
        restart();
        other = scene_log(&scene, "two");
        expect_model(log_one, &models[0]);
        expect_model(other, &models[1]);
        store_close_log(other);
    }
    end();
}

/* ---- out of memory ---- */

struct raw_answer {
    bool done;
    enum store_append_outcome outcome;
};

static void on_raw_append(void *data, enum store_append_outcome outcome, struct change *const *missed, size_t count,
                          const qvt_error *error)
{
    struct raw_answer *answer = data;
    (void)missed;
    (void)count;
    CU_ASSERT_EQUAL(error != NULL, outcome == STORE_FAILED);
    CU_ASSERT_TRUE(error == NULL || error->status == QVT_NO_MEMORY);
    *answer = (struct raw_answer){true, outcome};
}

void running_out_of_memory_applies_nothing(void)
{
    struct position head = {.revision = 0};
    struct store_lease grant = {7, 1000};
    bool committed = false;
    if (STORE_KIND == SCENE_redis) {
        puts("not on Redis: hiredis itself ends the process when it is out of memory");
        return;
    }
    begin();
    put(log_one, &head, "a", "1");
    for (unsigned long nth = 1; !committed; nth++) {
        struct position next = head;
        struct position seen;
        struct raw_answer answer = {.done = false};
        struct change *change = scene_put(&scene, &next, RECORD_POLICY, "a", "2");
        struct store_append append = {.expected = &head,
                                      .changes = &change,
                                      .change_count = 1,
                                      .grants = &grant,
                                      .grant_count = 1,
                                      .keep_from = 1};
        alloc_fail_at(nth);
        store_append(log_one, &append, on_raw_append, &answer);
        scene_wait(&scene, &answer.done);
        committed = !alloc_failed();
        alloc_fail_at(0);
        CU_ASSERT_EQUAL(answer.outcome, committed ? STORE_APPENDED : STORE_FAILED);
        CU_ASSERT_EQUAL(scene_head(&scene, log_one, &seen), QVT_OK);
        CU_ASSERT_TRUE(position_equal(&seen, committed ? &next : &head));
        expect_value(log_one, "a", committed ? "2" : "1");
        CU_ASSERT_EQUAL(store_lease_remaining_ms(log_one, 7), committed ? 1000 : 0);
        change_unref(change);
    }
    end();
}
