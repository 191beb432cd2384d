/* What Redis's clock does to leases, and what a replica that keeps losing gets: rules of the script alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"
#include "tests/unit/server/store/redis_child.h"
#include "tests/unit/server/store/scene.h"

static struct scene scene;
static struct store_log *log_one;
static struct position head;

static void begin(void)
{
    scene_init(&scene, SCENE_redis);
    log_one = scene_log(&scene, "one");
    head = (struct position){.revision = 0};
}

static void end(void)
{
    store_close_log(log_one);
    scene_deinit(&scene);
}

static enum store_append_outcome append(const struct store_lease *grant, const uint64_t *lapsed)
{
    struct position next = head;
    struct appended answer;
    struct change *change = scene_put(&scene, &next, RECORD_POLICY, "k", "v");
    struct store_append asked = {.expected = &head,
                                 .changes = &change,
                                 .change_count = 1,
                                 .grants = grant,
                                 .grant_count = grant == NULL ? 0 : 1,
                                 .lapsed = lapsed,
                                 .lapsed_count = lapsed == NULL ? 0 : 1,
                                 .keep_from = 1};
    scene_append(&scene, log_one, &asked, &answer);
    if (answer.outcome == STORE_APPENDED) {
        head = next;
    }
    appended_deinit(&answer);
    change_unref(change);
    return answer.outcome;
}

static void grant(uint64_t incarnation, uint32_t ttl_ms)
{
    struct store_lease lease = {incarnation, ttl_ms};
    CU_ASSERT_EQUAL(append(&lease, NULL), STORE_APPENDED);
}

struct lapsed_answer {
    bool done;
    size_t count;
};

static void on_lapsed(void *data, qvt_status status, const uint64_t *incarnations, size_t count)
{
    (void)incarnations;
    CU_ASSERT_EQUAL(status, QVT_OK);
    *(struct lapsed_answer *)data = (struct lapsed_answer){true, count};
}

static size_t lapsed(void)
{
    struct lapsed_answer answer = {.done = false};
    store_lapsed(log_one, 8, on_lapsed, &answer);
    scene_wait(&scene, &answer.done);
    return answer.count;
}

static void uncounted_time_holds_expiry_for_the_longest_lease(void)
{
    uint64_t gone = 7;
    begin();
    grant(7, 2000);
    grant(8, 5000);
    scene_advance_ms(&scene, log_one, 1000);
    scene.clock.wall_us += INT64_C(3600) * 1000000;
    CU_ASSERT_EQUAL(lapsed(), 0);
    CU_ASSERT_EQUAL(append(NULL, &gone), STORE_UNMET);
    scene_advance_ms(&scene, log_one, 4900);
    CU_ASSERT_EQUAL(lapsed(), 0);
    scene_advance_ms(&scene, log_one, 200);
    CU_ASSERT_EQUAL(lapsed(), 2);
    CU_ASSERT_EQUAL(append(NULL, &gone), STORE_APPENDED);
    end();
}

static void a_clock_that_steps_back_cuts_leases_to_their_own_length(void)
{
    begin();
    grant(7, 2000);
    grant(8, 60000);
    scene.clock.wall_us -= INT64_C(3600) * 1000000;
    CU_ASSERT_EQUAL(lapsed(), 0);
    int64_t now_us = scene.clock.wall_us;
    CU_ASSERT_EQUAL(strtoll(redis_child_ask("ZSCORE", "{qvt:one}:leases", "7", NULL), NULL, 10), now_us + 2000000);
    CU_ASSERT_EQUAL(strtoll(redis_child_ask("ZSCORE", "{qvt:one}:leases", "8", NULL), NULL, 10), now_us + 60000000);
    scene_advance_ms(&scene, log_one, 61000);
    CU_ASSERT_EQUAL(lapsed(), 2);
    end();
}

static void ticks_each_second_hold_nothing(void)
{
    begin();
    grant(7, 2000);
    scene_advance_ms(&scene, log_one, 2000);
    CU_ASSERT_EQUAL(lapsed(), 1);
    EXPECT_TEXT(redis_child_ask("HGET", "{qvt:one}:records", "hold", NULL), "");
    end();
}

static void a_turn_left_by_a_loser_makes_others_wait_until_it_is_over(void)
{
    begin();
    grant(7, 2000);
    char turn[64];
    (void)snprintf(turn, sizeof turn, "another 3 %lld", (long long)scene.clock.wall_us + 20000);
    (void)redis_child_ask("HSET", "{qvt:one}:records", "turn", turn, NULL);
    struct position next = head;
    struct appended answer;
    struct change *change = scene_put(&scene, &next, RECORD_POLICY, "k", "w");
    struct store_append asked = {.expected = &head, .changes = &change, .change_count = 1};
    scene_append_start(log_one, &asked, &answer);
    for (int i = 0; i < 20; i++) {
        CU_ASSERT_FALSE(answer.done);
        (void)uv_run(&scene.loop, UV_RUN_ONCE);
    }
    (void)redis_child_ask("HDEL", "{qvt:one}:records", "turn", NULL);
    scene_wait(&scene, &answer.done);
    CU_ASSERT_EQUAL(answer.outcome, STORE_APPENDED);
    head = next;
    appended_deinit(&answer);
    change_unref(change);
    end();
}

struct head_answer {
    bool done;
    struct position head;
};

static void on_reset(void *data, qvt_status status, const struct position *position)
{
    struct head_answer *answer = data;
    CU_ASSERT_EQUAL_FATAL(status, QVT_OK);
    answer->done = true;
    answer->head = *position;
}

static void a_reset_needs_the_head_it_saw_and_forgets_the_history(void)
{
    static const char store_id[] = "ffffffffffffffffffffffffffffffff";
    struct head_answer answer = {.done = false};
    struct loaded loaded;
    begin();
    grant(7, 2000);
    grant(8, 2000);
    struct position wrong = head;
    wrong.token ^= 1;
    store_reset(log_one, &wrong, store_id, on_reset, &answer);
    scene_wait(&scene, &answer.done);
    CU_ASSERT_TRUE(position_equal(&answer.head, &head));
    answer.done = false;
    store_reset(log_one, &head, store_id, on_reset, &answer);
    scene_wait(&scene, &answer.done);
    EXPECT_TEXT(answer.head.store_id, store_id);
    CU_ASSERT_EQUAL(answer.head.revision, head.revision);
    CU_ASSERT_EQUAL(answer.head.token, head.token);
    scene_load(&scene, log_one, &loaded);
    CU_ASSERT_EQUAL(loaded.history_count, 0);
    CU_ASSERT_EQUAL(loaded.record_count, 1);
    loaded_deinit(&loaded);
    head = answer.head;
    grant(9, 2000);
    end();
}

int main(int argc, char **argv)
{
    static const struct suite_case cases[] = {
        SUITE_CASE(uncounted_time_holds_expiry_for_the_longest_lease),
        SUITE_CASE(a_clock_that_steps_back_cuts_leases_to_their_own_length),
        SUITE_CASE(ticks_each_second_hold_nothing),
        SUITE_CASE(a_turn_left_by_a_loser_makes_others_wait_until_it_is_over),
        SUITE_CASE(a_reset_needs_the_head_it_saw_and_forgets_the_history),
    };
    return suite_run("server/store/redis", cases, sizeof cases / sizeof cases[0], argc, argv);
}
