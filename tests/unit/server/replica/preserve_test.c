/* Self-preservation on virtual time (SPEC §7.4). */
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "server/replica/preserve.h"
#include "tests/support/suite.h"
#include "tests/unit/server/replica/world.h"

#define WINDOW_MS 30000

static const char *name(int i)
{
    static char id[16];
    snprintf(id, sizeof id, "s%d", i);
    return id;
}

/* `count` silos that beat every 5 s, each at its own moment, for longer than a window. */
static void given_cluster(struct world *world, int count)
{
    world_init(world);
    for (int i = 0; i < count; i++) {
        CU_ASSERT_EQUAL(world_register(world, name(i), 1, 15000), QVT_OK);
    }
}

/* Silos from `alive` to `count` are silent. */
static void run_for(struct world *world, int count, int alive, int64_t duration_ms)
{
    for (int64_t t = 0; t < duration_ms; t += 500) {
        world_advance_ms(world, 500);
        for (int i = 0; i < alive && i < count; i++) {
            if ((t / 500 + i) % 10 == 0) {
                CU_ASSERT_EQUAL(world_beat(world, name(i), -1), QVT_OK);
            }
        }
    }
}

static uint32_t dead(const struct world *world)
{
    return world_counts(world)->silos_by_status[PLACEMENT_DEAD];
}

static void three_silos_with_one_killed_it_expires(void)
{
    struct world world;
    given_cluster(&world, 3);
    run_for(&world, 3, 3, 2 * WINDOW_MS);
    run_for(&world, 3, 2, 20000);
    CU_ASSERT_EQUAL(dead(&world), 1);
    CU_ASSERT_FALSE(world_counts(&world)->expiry_paused);
    world_deinit(&world);
}

static void ten_with_two_killed_both_expire(void)
{
    struct world world;
    given_cluster(&world, 10);
    run_for(&world, 10, 10, 2 * WINDOW_MS);
    run_for(&world, 10, 8, 20000);
    CU_ASSERT_EQUAL(dead(&world), 2);
    CU_ASSERT_FALSE(world_counts(&world)->expiry_paused);
    world_deinit(&world);
}

static void ten_with_five_killed_expiry_pauses_and_only_they_are_suspect(void)
{
    struct world world;
    given_cluster(&world, 10);
    run_for(&world, 10, 10, 2 * WINDOW_MS);
    run_for(&world, 10, 5, 60000);
    CU_ASSERT_EQUAL(dead(&world), 0);
    CU_ASSERT_TRUE(world_counts(&world)->expiry_paused);
    CU_ASSERT_EQUAL(world_counts(&world)->suspect, 5);
    for (int i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(world_silo(&world, name(i))->suspect, i >= 5);
    }
    world_deinit(&world);
}

static void the_pause_ends_when_they_come_back(void)
{
    struct world world;
    given_cluster(&world, 10);
    run_for(&world, 10, 10, 2 * WINDOW_MS);
    run_for(&world, 10, 5, 60000);
    CU_ASSERT_TRUE(world_counts(&world)->expiry_paused);
    run_for(&world, 10, 8, 20000);
    CU_ASSERT_FALSE(world_counts(&world)->expiry_paused);
    CU_ASSERT_EQUAL(dead(&world), 2);
    CU_ASSERT_EQUAL(world_counts(&world)->suspect, 0);
    world_deinit(&world);
}

static void after_ten_minutes_the_lapsed_expire(void)
{
    struct world world;
    given_cluster(&world, 10);
    run_for(&world, 10, 10, 2 * WINDOW_MS);
    run_for(&world, 10, 5, 600000);
    CU_ASSERT_EQUAL(dead(&world), 0);
    run_for(&world, 10, 5, 30000);
    CU_ASSERT_EQUAL(dead(&world), 5);
    CU_ASSERT_FALSE(world_counts(&world)->expiry_paused);
    world_deinit(&world);
}

static void a_thousand_with_two_hundred_killed_expiry_pauses_before_any_expires(void)
{
    struct world world;
    given_cluster(&world, 1000);
    run_for(&world, 1000, 1000, WINDOW_MS + 5000);
    run_for(&world, 1000, 800, 25000);
    CU_ASSERT_EQUAL(dead(&world), 0);
    CU_ASSERT_TRUE(world_counts(&world)->expiry_paused);
    CU_ASSERT_EQUAL(world_counts(&world)->suspect, 200);
    world_deinit(&world);
}

static void a_thousand_with_a_hundred_killed_they_expire(void)
{
    struct world world;
    given_cluster(&world, 1000);
    run_for(&world, 1000, 1000, WINDOW_MS + 5000);
    run_for(&world, 1000, 900, 25000);
    CU_ASSERT_EQUAL(dead(&world), 100);
    world_deinit(&world);
}

static void planned_leaves_of_all_never_pause(void)
{
    struct world world;
    given_cluster(&world, 10);
    run_for(&world, 10, 10, 2 * WINDOW_MS);
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(world_update_status(&world, name(i), PLACEMENT_SHUTTING_DOWN), QVT_OK);
    }
    for (int i = 5; i < 10; i++) {
        CU_ASSERT_EQUAL(world_unregister(&world, name(i)), QVT_OK);
    }
    run_for(&world, 10, 0, 20000);
    CU_ASSERT_EQUAL(dead(&world), 10);
    CU_ASSERT_PTR_NULL(strstr(world.events, "10"));
    world_deinit(&world);
}

static void silos_that_expired_count_in_their_window_until_they_register_again(void)
{
    struct world world;
    given_cluster(&world, 10);
    run_for(&world, 10, 10, 2 * WINDOW_MS);
    run_for(&world, 10, 8, 20000);
    CU_ASSERT_EQUAL(dead(&world), 2);
    run_for(&world, 10, 7, 16000);
    CU_ASSERT_TRUE(world_counts(&world)->expiry_paused);
    CU_ASSERT_EQUAL(dead(&world), 2);
    run_for(&world, 10, 7, 60000);
    CU_ASSERT_EQUAL(world_counts(&world)->suspect, 1);
    CU_ASSERT_EQUAL(world_register(&world, name(9), 2, 15000), QVT_OK);
    run_for(&world, 10, 7, 1000);
    CU_ASSERT_FALSE(world_counts(&world)->expiry_paused);
    CU_ASSERT_EQUAL(dead(&world), 2);
    world_deinit(&world);
}

static void a_replica_that_has_just_loaded_sees_more_lapsed_than_one_change_takes(void)
{
    struct world world;
    struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
    limits.bulk_silos = 4;
    world_init_limits(&world, &limits);
    for (int i = 0; i < 40; i++) {
        CU_ASSERT_EQUAL(world_register(&world, name(i), 1, 15000), QVT_OK);
    }
    run_for(&world, 40, 40, 2 * WINDOW_MS);
    run_for(&world, 40, 20, 10000);
    world_restart(&world);
    run_for(&world, 40, 20, 10000);
    CU_ASSERT_EQUAL(dead(&world), 0);
    CU_ASSERT_TRUE(world_counts(&world)->expiry_paused);
    world_deinit(&world);
}

static void a_replica_that_has_just_loaded_does_not_expire_the_first_of_many(void)
{
    struct world world;
    given_cluster(&world, 10);
    run_for(&world, 10, 10, 2 * WINDOW_MS);
    run_for(&world, 10, 5, 10000);
    world_restart(&world);
    run_for(&world, 10, 5, 10000);
    CU_ASSERT_EQUAL(dead(&world), 0);
    CU_ASSERT_TRUE(world_counts(&world)->expiry_paused);
    world_deinit(&world);
}

static void silos_that_came_within_the_window_are_not_expected_after_a_restart_either(void)
{
    for (int restarts = 0; restarts < 2; restarts++) {
        struct world world;
        given_cluster(&world, 10);
        run_for(&world, 10, 10, 2 * WINDOW_MS);
        for (int i = 10; i < 30; i++) {
            CU_ASSERT_EQUAL(world_register(&world, name(i), 1, 15000), QVT_OK);
        }
        if (restarts == 1) {
            world_restart(&world);
        }
        run_for(&world, 30, 22, 20000);
        CU_ASSERT_EQUAL(dead(&world), 8);
        CU_ASSERT_FALSE(world_counts(&world)->expiry_paused);
        world_deinit(&world);
    }
}

static void the_rule_needs_three_and_more_than_fifteen_percent(void)
{
    static const struct {
        uint32_t expected;
        uint32_t lapsed;
        enum preserve_verdict verdict;
    } rows[] = {{10, 2, PRESERVE_EXPIRE}, {3, 3, PRESERVE_PAUSE},     {20, 3, PRESERVE_EXPIRE},
                {19, 3, PRESERVE_PAUSE},  {100, 15, PRESERVE_EXPIRE}, {100, 16, PRESERVE_PAUSE}};
    struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct preserve_scene scene = {.expected = rows[i].expected, .lapsed = rows[i].lapsed};
        CU_ASSERT_EQUAL(preserve_decide(&limits, &scene), rows[i].verdict);
        scene.paused = true;
        bool holds = rows[i].verdict == PRESERVE_PAUSE;
        CU_ASSERT_EQUAL(preserve_decide(&limits, &scene), holds ? PRESERVE_HOLD : PRESERVE_RESUME);
        scene.paused_us = limits.preserve_max_us;
        CU_ASSERT_EQUAL(preserve_decide(&limits, &scene), PRESERVE_RESUME);
    }
}

static void a_pause_that_another_began_holds_while_the_others_are_late(void)
{
    struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
    struct preserve_scene scene = {.expected = 10, .lapsed = 2, .late = 3, .paused = true};
    CU_ASSERT_EQUAL(preserve_decide(&limits, &scene), PRESERVE_HOLD);
    scene.late = 0;
    CU_ASSERT_EQUAL(preserve_decide(&limits, &scene), PRESERVE_RESUME);
}

SUITE_MAIN("server/replica/preserve", SUITE_CASE(a_replica_that_has_just_loaded_does_not_expire_the_first_of_many),
           SUITE_CASE(a_replica_that_has_just_loaded_sees_more_lapsed_than_one_change_takes),
           SUITE_CASE(silos_that_came_within_the_window_are_not_expected_after_a_restart_either),
           SUITE_CASE(a_pause_that_another_began_holds_while_the_others_are_late),
           SUITE_CASE(three_silos_with_one_killed_it_expires), SUITE_CASE(ten_with_two_killed_both_expire),
           SUITE_CASE(ten_with_five_killed_expiry_pauses_and_only_they_are_suspect),
           SUITE_CASE(the_pause_ends_when_they_come_back), SUITE_CASE(after_ten_minutes_the_lapsed_expire),
           SUITE_CASE(a_thousand_with_two_hundred_killed_expiry_pauses_before_any_expires),
           SUITE_CASE(a_thousand_with_a_hundred_killed_they_expire), SUITE_CASE(planned_leaves_of_all_never_pause),
           SUITE_CASE(silos_that_expired_count_in_their_window_until_they_register_again),
           SUITE_CASE(the_rule_needs_three_and_more_than_fifteen_percent))
