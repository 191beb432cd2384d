/* Two logs a cluster, one store_id (DESIGN "The core"). */
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/check.h"
#include "tests/support/suite.h"
#include "tests/unit/server/store/conformance.h"
#include "tests/unit/server/store/scene.h"

enum { RECORD_OWNER_EXAMPLE = 90 };

static struct scene scene;
static struct store_log *cluster;
static struct store_log *moves;
static struct position cluster_head;
static struct position moves_head;

static void open_logs(void)
{
    cluster = scene_log(&scene, "one");
    moves = scene_moves(&scene, "one");
}

static void close_logs(void)
{
    store_close_log(moves);
    store_close_log(cluster);
}

static void begin(void)
{
    scene_init(&scene, STORE_KIND);
    cluster_head = moves_head = (struct position){.revision = 0};
    open_logs();
}

static void end(void)
{
    close_logs();
    scene_deinit(&scene);
}

static void put_in_cluster(const char *key, const char *value)
{
    struct position before = cluster_head;
    struct change *change = scene_put(&scene, &cluster_head, RECORD_POLICY, key, value);
    CU_ASSERT_EQUAL(scene_commit(&scene, cluster, &before, &change, 1), STORE_APPENDED);
    change_unref(change);
}

/* Appends one owner on `expected`, decided at `beside`; moves_head follows when it was appended. */
static enum store_append_outcome put_move(struct store_log *log, struct position *head, const struct position *expected,
                                          const struct position *beside, const char *key)
{
    struct position next = *expected;
    memcpy(next.store_id, beside->store_id, sizeof next.store_id);
    struct change *change = scene_put(&scene, &next, RECORD_OWNER_EXAMPLE, key, "silo-1");
    struct store_append append = {
        .expected = expected, .changes = &change, .change_count = 1, .keep_from = 1, .cluster_head = beside};
    struct appended answer;
    scene_append(&scene, log, &append, &answer);
    if (answer.outcome == STORE_APPENDED) {
        *head = next;
    }
    appended_deinit(&answer);
    change_unref(change);
    return answer.outcome;
}

static enum store_append_outcome put_owner(const struct position *expected, const struct position *beside,
                                           const char *key)
{
    return put_move(moves, &moves_head, expected, beside, key);
}

static void expect_head(struct store_log *log, const struct position *expected)
{
    struct position seen;
    CU_ASSERT_EQUAL(scene_head(&scene, log, &seen), QVT_OK);
    CU_ASSERT_TRUE(position_equal(&seen, expected));
}

void moves_have_a_head_records_and_history_of_their_own(void)
{
    struct loaded loaded;
    struct position first = {.revision = 0};
    begin();
    put_in_cluster("policy", "1");
    CU_ASSERT_EQUAL(put_owner(&first, &cluster_head, "Order/1"), STORE_APPENDED);
    first = moves_head;
    CU_ASSERT_EQUAL(put_owner(&first, &cluster_head, "Order/2"), STORE_APPENDED);
    close_logs();
    scene_restart(&scene);
    open_logs();
    scene_load(&scene, moves, &loaded);
    CU_ASSERT_TRUE(position_equal(&loaded.head, &moves_head));
    CU_ASSERT_EQUAL(loaded.head.revision, 2);
    EXPECT_TEXT(loaded.head.store_id, cluster_head.store_id);
    CU_ASSERT_EQUAL(loaded.record_count, 2);
    CU_ASSERT_EQUAL(loaded.history_count, 2);
    CU_ASSERT_PTR_NOT_NULL(loaded_value(&loaded, RECORD_OWNER_EXAMPLE, "Order/2"));
    CU_ASSERT_PTR_NULL(loaded_value(&loaded, RECORD_POLICY, "policy"));
    loaded_deinit(&loaded);
    scene_load(&scene, cluster, &loaded);
    CU_ASSERT_EQUAL(loaded.record_count, 1);
    CU_ASSERT_PTR_NULL(loaded_value(&loaded, RECORD_OWNER_EXAMPLE, "Order/1"));
    loaded_deinit(&loaded);
    end();
}

void an_append_to_moves_needs_both_heads(void)
{
    struct position none = {.revision = 0};
    begin();
    put_in_cluster("policy", "1");
    struct position old_cluster = cluster_head;
    CU_ASSERT_EQUAL(put_owner(&none, &cluster_head, "Order/1"), STORE_APPENDED);
    put_in_cluster("policy", "2");
    struct position at = moves_head;
    CU_ASSERT_EQUAL(put_owner(&at, &old_cluster, "Order/2"), STORE_CLUSTER_MOVED);
    CU_ASSERT_EQUAL(put_owner(&none, &cluster_head, "Order/2"), STORE_CONFLICT);
    struct position other_history = cluster_head;
    other_history.token ^= 1;
    CU_ASSERT_EQUAL(put_owner(&at, &other_history, "Order/2"), STORE_CLUSTER_MOVED);
    expect_head(moves, &at);
    CU_ASSERT_EQUAL(put_owner(&at, &cluster_head, "Order/2"), STORE_APPENDED);
    expect_head(moves, &moves_head);
    end();
}

void an_append_to_moves_leaves_the_cluster_where_it_is(void)
{
    struct position none = {.revision = 0};
    begin();
    put_in_cluster("policy", "1");
    CU_ASSERT_EQUAL(put_owner(&none, &cluster_head, "Order/1"), STORE_APPENDED);
    expect_head(cluster, &cluster_head);
    put_in_cluster("policy", "2");
    expect_head(moves, &moves_head);
    end();
}

void moves_without_a_cluster_are_refused(void)
{
    struct position none = {.revision = 0};
    struct position invented = {.store_id = "0123456789abcdef0123456789abcdef", .revision = 1, .token = 7};
    char names[64];
    begin();
    CU_ASSERT_EQUAL(put_owner(&none, &invented, "Order/1"), STORE_CLUSTER_MOVED);
    expect_head(moves, &none);
    scene_names(&scene, names, sizeof names);
    EXPECT_TEXT(names, "");
    put_in_cluster("policy", "1");
    CU_ASSERT_EQUAL(put_owner(&none, &cluster_head, "Order/1"), STORE_APPENDED);
    scene_names(&scene, names, sizeof names);
    EXPECT_TEXT(names, "one");
    end();
}

void moves_of_clusters_are_apart(void)
{
    struct position none = {.revision = 0};
    struct position other_head = none;
    begin();
    struct store_log *other = scene_moves(&scene, "two");
    put_in_cluster("policy", "1");
    CU_ASSERT_EQUAL(put_owner(&none, &cluster_head, "Order/1"), STORE_APPENDED);
    expect_head(other, &none);
    CU_ASSERT_EQUAL(put_move(other, &other_head, &none, &cluster_head, "Order/1"), STORE_CLUSTER_MOVED);
    store_close_log(other);
    end();
}

static void count_changes(void *data, struct change *const *changes, size_t count)
{
    size_t *total = data;
    CU_ASSERT_EQUAL(image_kind(changes[0]->puts[0]), RECORD_OWNER_EXAMPLE);
    *total += count;
}

void moves_are_told_to_logs_of_moves_only(void)
{
    struct position none = {.revision = 0};
    struct store_log *listener = NULL;
    struct loaded loaded;
    size_t told = 0;
    begin();
    CU_ASSERT_EQUAL_FATAL(store_open_moves(scene.store, "one", count_changes, &told, &listener), QVT_OK);
    scene_load(&scene, listener, &loaded);
    loaded_deinit(&loaded);
    put_in_cluster("policy", "1");
    CU_ASSERT_EQUAL(told, 0);
    CU_ASSERT_EQUAL(put_owner(&none, &cluster_head, "Order/1"), STORE_APPENDED);
    CU_ASSERT_EQUAL(told, 1);
    store_close_log(listener);
    end();
}
