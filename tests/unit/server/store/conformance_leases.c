#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"
#include "tests/unit/server/store/conformance.h"
#include "tests/unit/server/store/scene.h"

static struct scene scene;
static struct store_log *log_one;
static struct position head;

static void begin(void)
{
    scene_init(&scene, STORE_KIND);
    log_one = scene_log(&scene, "one");
    head = (struct position){.revision = 0};
}

static void end(void)
{
    store_close_log(log_one);
    scene_deinit(&scene);
}

/* A change with grants, on a condition. */
static enum store_append_outcome append(const struct store_lease *grants, size_t grant_count, const uint64_t *lapsed,
                                        size_t lapsed_count)
{
    struct position next = head;
    struct appended answer;
    struct change *change = scene_put(&scene, &next, RECORD_POLICY, "k", "v");
    struct store_append asked = {.expected = &head,
                                 .changes = &change,
                                 .change_count = 1,
                                 .grants = grants,
                                 .grant_count = grant_count,
                                 .lapsed = lapsed,
                                 .lapsed_count = lapsed_count,
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
    CU_ASSERT_EQUAL(append(&lease, 1, NULL, 0), STORE_APPENDED);
}

struct renewed {
    bool done;
    uint32_t remaining_ms;
};

static void on_renew(void *data, qvt_status status, const uint32_t *remaining_ms, size_t count)
{
    struct renewed *renewed = data;
    CU_ASSERT_EQUAL_FATAL(status, QVT_OK);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    *renewed = (struct renewed){true, remaining_ms[0]};
}

static uint32_t renew(struct store_log *log, uint64_t incarnation, uint32_t ttl_ms)
{
    struct store_lease lease = {incarnation, ttl_ms};
    struct renewed renewed = {.done = false};
    store_renew(log, &lease, 1, on_renew, &renewed);
    scene_wait(&scene, &renewed.done);
    return renewed.remaining_ms;
}

struct lapsed_answer {
    bool done;
    uint64_t incarnations[8];
    size_t count;
};

static void on_lapsed(void *data, qvt_status status, const uint64_t *incarnations, size_t count)
{
    struct lapsed_answer *answer = data;
    CU_ASSERT_EQUAL_FATAL(status, QVT_OK);
    CU_ASSERT_FATAL(count <= 8);
    if (count > 0) {
        memcpy(answer->incarnations, incarnations, count * sizeof *incarnations);
    }
    answer->count = count;
    answer->done = true;
}

static struct lapsed_answer lapsed(size_t max)
{
    struct lapsed_answer answer = {.count = 99};
    store_lapsed(log_one, max, on_lapsed, &answer);
    scene_wait(&scene, &answer.done);
    return answer;
}

void a_granted_lease_runs_for_its_ttl(void)
{
    begin();
    CU_ASSERT_EQUAL(store_next_lapse_us(log_one), INT64_MAX);
    grant(7, 2000);
    CU_ASSERT_EQUAL(store_lease_remaining_ms(log_one, 7), 2000);
    CU_ASSERT_EQUAL(store_lease_remaining_ms(log_one, 8), 0);
    scene_advance_ms(&scene, log_one, 1999);
    CU_ASSERT_EQUAL(store_lease_remaining_ms(log_one, 7), 1);
    CU_ASSERT_EQUAL(lapsed(8).count, 0);
    scene_advance_ms(&scene, log_one, 1);
    CU_ASSERT_EQUAL(store_lease_remaining_ms(log_one, 7), 0);
    CU_ASSERT_EQUAL(lapsed(8).count, 1);
    CU_ASSERT_EQUAL(lapsed(8).incarnations[0], 7);
    end();
}

void a_renewal_gives_the_full_ttl_again(void)
{
    begin();
    grant(7, 2000);
    int rounds = STORE_KIND == SCENE_redis ? 20 : 1000;
    for (int i = 0; i < rounds; i++) {
        scene_advance_ms(&scene, log_one, 1500);
        CU_ASSERT_EQUAL(renew(log_one, 7, 2000), 2000);
        CU_ASSERT_EQUAL(lapsed(8).count, 0);
    }
    CU_ASSERT_EQUAL(renew(log_one, 7, 500), 500);
    scene_advance_ms(&scene, log_one, 500);
    CU_ASSERT_EQUAL(lapsed(8).count, 1);
    end();
}

void a_renewal_without_lease_finds_none(void)
{
    begin();
    CU_ASSERT_EQUAL(renew(log_one, 7, 2000), 0);
    CU_ASSERT_EQUAL(store_lease_remaining_ms(log_one, 7), 0);
    end();
}

void lapsed_leases_are_listed_longest_first_and_at_most_max(void)
{
    begin();
    grant(1, 4000);
    grant(2, 2000);
    grant(3, 3000);
    grant(4, 9000);
    scene_advance_ms(&scene, log_one, 2000);
    CU_ASSERT_EQUAL(lapsed(8).count, 1);
    scene_advance_ms(&scene, log_one, 3000);
    struct lapsed_answer over = lapsed(8);
    CU_ASSERT_EQUAL_FATAL(over.count, 3);
    CU_ASSERT_EQUAL(over.incarnations[0], 2);
    CU_ASSERT_EQUAL(over.incarnations[1], 3);
    CU_ASSERT_EQUAL(over.incarnations[2], 1);
    CU_ASSERT_EQUAL(lapsed(2).count, 2);
    CU_ASSERT_EQUAL(lapsed(2).incarnations[1], 3);
    CU_ASSERT_EQUAL(lapsed(0).count, 0);
    end();
}

void a_dropped_lease_is_gone(void)
{
    uint64_t gone[3] = {1, 2, 99};
    begin();
    grant(1, 2000);
    grant(2, 3000);
    scene_advance_ms(&scene, log_one, 2500);
    CU_ASSERT_EQUAL(lapsed(8).count, 1);
    store_drop(log_one, gone, 3);
    CU_ASSERT_EQUAL(lapsed(8).count, 0);
    CU_ASSERT_EQUAL(renew(log_one, 1, 2000), 0);
    CU_ASSERT_EQUAL(renew(log_one, 2, 2000), 0);
    CU_ASSERT_EQUAL(store_next_lapse_us(log_one), INT64_MAX);
    end();
}

void a_lease_that_is_over_can_be_renewed_until_dropped(void)
{
    begin();
    grant(1, 2000);
    scene_advance_ms(&scene, log_one, 60000);
    CU_ASSERT_EQUAL(lapsed(8).count, 1);
    CU_ASSERT_EQUAL(renew(log_one, 1, 2000), 2000);
    CU_ASSERT_EQUAL(lapsed(8).count, 0);
    end();
}

void an_append_on_lapsed_leases_is_unmet_while_one_runs(void)
{
    uint64_t over[2] = {1, 2};
    begin();
    grant(1, 2000);
    grant(2, 3000);
    scene_advance_ms(&scene, log_one, 2500);
    struct position before = head;
    CU_ASSERT_EQUAL(append(NULL, 0, over, 2), STORE_UNMET);
    struct position seen;
    CU_ASSERT_EQUAL(scene_head(&scene, log_one, &seen), QVT_OK);
    CU_ASSERT_TRUE(position_equal(&seen, &before));
    CU_ASSERT_EQUAL(append(NULL, 0, over, 1), STORE_APPENDED);
    CU_ASSERT_EQUAL(renew(log_one, 1, 2000), 2000);
    scene_advance_ms(&scene, log_one, 2500);
    CU_ASSERT_EQUAL(append(NULL, 0, over, 2), STORE_APPENDED);
    end();
}

void a_refused_append_grants_nothing(void)
{
    struct store_lease lease = {9, 2000};
    begin();
    grant(1, 2000);
    struct position right = head;
    head.token ^= 1;
    CU_ASSERT_EQUAL(append(&lease, 1, NULL, 0), STORE_CONFLICT);
    head = right;
    CU_ASSERT_EQUAL(store_lease_remaining_ms(log_one, 9), 0);
    CU_ASSERT_EQUAL(renew(log_one, 9, 2000), 0);
    end();
}

static void append_silo(const char *id, struct store_lease lease, bool dead)
{
    struct position before = head;
    struct change *change = scene_silo(&scene, &head, id, lease, dead);
    CU_ASSERT_EQUAL(scene_commit(&scene, log_one, &before, &change, 1), STORE_APPENDED);
    change_unref(change);
}

void loaded_silos_that_are_not_dead_have_a_full_lease(void)
{
    struct loaded loaded;
    begin();
    append_silo("alive", (struct store_lease){5, 4000}, false);
    append_silo("dead", (struct store_lease){6, 4000}, true);
    store_close_log(log_one);
    scene_restart(&scene);
    virtual_clock_advance_ms(&scene.clock, 3600000);
    log_one = scene_log(&scene, "one");
    scene_load(&scene, log_one, &loaded);
    scene_tick(&scene, log_one);
    CU_ASSERT_EQUAL(loaded.record_count, 2);
    CU_ASSERT_EQUAL(store_lease_remaining_ms(log_one, 5), 4000);
    CU_ASSERT_EQUAL(store_lease_remaining_ms(log_one, 6), 0);
    CU_ASSERT_EQUAL(renew(log_one, 6, 4000), 0);
    loaded_deinit(&loaded);
    end();
}

void leases_end_when_the_next_lapse_says(void)
{
    begin();
    grant(1, 5000);
    grant(2, 2000);
    int64_t now_us = store_monotonic_us(scene.store);
    CU_ASSERT_EQUAL(store_next_lapse_us(log_one), now_us + 2000000);
    CU_ASSERT_EQUAL(renew(log_one, 2, 9000), 9000);
    size_t asked = 0;
    while (lapsed(8).count == 0 && asked < 10) {
        int64_t next_us = store_next_lapse_us(log_one);
        CU_ASSERT_FATAL(next_us <= now_us + 5000000 && next_us > store_monotonic_us(scene.store));
        scene_advance_ms(&scene, log_one, (next_us - store_monotonic_us(scene.store)) / 1000);
        asked++;
    }
    CU_ASSERT_EQUAL(store_monotonic_us(scene.store), now_us + 5000000);
    CU_ASSERT_EQUAL(lapsed(8).incarnations[0], 1);
    CU_ASSERT_TRUE(store_next_lapse_us(log_one) > store_monotonic_us(scene.store));
    end();
}

void leases_of_clusters_are_apart(void)
{
    begin();
    struct store_log *other = scene_log(&scene, "two");
    grant(1, 2000);
    CU_ASSERT_EQUAL(renew(other, 1, 2000), 0);
    CU_ASSERT_EQUAL(store_next_lapse_us(other), INT64_MAX);
    store_close_log(other);
    end();
}

/* ---- soft state ---- */

struct collected {
    bool done;
    char text[256];
};

static void on_collect(void *data, qvt_status status, const struct store_soft *values, size_t count)
{
    struct collected *collected = data;
    char *out = collected->text;
    collected->done = true;
    CU_ASSERT_EQUAL_FATAL(status, QVT_OK);
    for (size_t i = 0; i < count; i++) {
        (void)strcat(out, values[i].replica);
        (void)strcat(out, "=");
        (void)strncat(out, (const char *)values[i].value.data, values[i].value.len);
        (void)strcat(out, ";");
    }
}

static void expect_collected(struct store_log *log, const char *key, const char *expected)
{
    struct collected found = {.text = ""};
    store_collect(log, key, on_collect, &found);
    scene_wait(&scene, &found.done);
    EXPECT_TEXT(found.text, expected);
}

static void publish(const char *replica, const char *key, const char *value, uint32_t ttl_ms)
{
    CU_ASSERT_EQUAL(store_publish(log_one, replica, key, qvt_slice_text(value), ttl_ms), QVT_OK);
}

void published_values_are_collected_until_they_expire(void)
{
    begin();
    struct store_log *other = scene_log(&scene, "two");
    publish("r1", "load", "5", 1000);
    publish("r2", "load", "6", 2000);
    publish("r1", "seen", "9", 3000);
    expect_collected(log_one, "load", "r1=5;r2=6;");
    expect_collected(log_one, "none", "");
    expect_collected(other, "load", "");
    scene_advance_ms(&scene, log_one, 1000);
    expect_collected(log_one, "load", "r2=6;");
    scene_advance_ms(&scene, log_one, 1000);
    expect_collected(log_one, "load", "");
    expect_collected(log_one, "seen", "r1=9;");
    store_close_log(other);
    end();
}

void a_replica_replaces_its_own_value(void)
{
    begin();
    publish("r1", "load", "5", 1000);
    publish("r2", "load", "7", 1000);
    scene_advance_ms(&scene, log_one, 900);
    publish("r1", "load", "6", 1000);
    publish("r2", "load", "", 1000);
    scene_advance_ms(&scene, log_one, 900);
    expect_collected(log_one, "load", "r1=6;r2=;");
    end();
}

void soft_state_never_moves_the_head(void)
{
    struct position seen;
    begin();
    grant(1, 2000);
    publish("r1", "load", "5", 1000);
    CU_ASSERT_EQUAL(renew(log_one, 1, 2000), 2000);
    CU_ASSERT_EQUAL(scene_head(&scene, log_one, &seen), QVT_OK);
    CU_ASSERT_TRUE(position_equal(&seen, &head));
    end();
}

void a_commit_ends_leases_after_its_grants(void)
{
    const struct store_lease grants[] = {{8, 2000}, {9, 2000}};
    const uint64_t ends[] = {7, 8, 77};
    begin();
    grant(7, 2000);
    struct position next = head;
    struct appended answer;
    struct change *change = scene_put(&scene, &next, RECORD_POLICY, "k", "v");
    struct store_append asked = {.expected = &head,
                                 .changes = &change,
                                 .change_count = 1,
                                 .grants = grants,
                                 .grant_count = 2,
                                 .ends = ends,
                                 .end_count = 3,
                                 .keep_from = 1};
    scene_append(&scene, log_one, &asked, &answer);
    CU_ASSERT_EQUAL(answer.outcome, STORE_APPENDED);
    CU_ASSERT_EQUAL(renew(log_one, 7, 2000), 0);
    CU_ASSERT_EQUAL(renew(log_one, 8, 2000), 0);
    CU_ASSERT_EQUAL(renew(log_one, 9, 2000), 2000);
    appended_deinit(&answer);
    change_unref(change);
    end();
}
