/* Leases, suspicion, health and expiry on virtual time (SPEC §7.1, §7.2, §3.4). */
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "quark/version/v1/silo.pb-c.h"
#include "tests/support/suite.h"
#include "tests/unit/server/replica/world.h"

static void a_silo_expires_when_its_lease_is_over_and_not_before(void)
{
    struct world world;
    world_init(&world);
    CU_ASSERT_EQUAL(world_register(&world, "a", 1, 15000), QVT_OK);
    world_advance_ms(&world, 14999);
    CU_ASSERT_EQUAL(world_silo(&world, "a")->status, PLACEMENT_ACTIVE);
    world_advance_ms(&world, 1);
    CU_ASSERT_EQUAL(world_silo(&world, "a")->status, PLACEMENT_DEAD);
    EXPECT_TEXT(world.events, "2 7 6");
    CU_ASSERT_EQUAL(world_beat(&world, "a", -1), QVT_NOT_FOUND);
    EXPECT_TEXT(world.error.reason, "LEASE_EXPIRED");
    world_deinit(&world);
}

static void heartbeats_keep_a_silo_alive_without_touching_the_log(void)
{
    struct world world;
    world_init(&world);
    (void)world_register(&world, "a", 1, 15000);
    for (int i = 0; i < 1000; i++) {
        world_advance_ms(&world, 5000);
        CU_ASSERT_EQUAL(world_beat(&world, "a", -1), QVT_OK);
        CU_ASSERT_EQUAL(world.remaining_ms, 15000);
    }
    CU_ASSERT_EQUAL(world.changes, 1);
    CU_ASSERT_EQUAL(world_silo(&world, "a")->type_count, 1);
    world_deinit(&world);
}

static void a_silo_that_misses_two_heartbeats_is_suspect(void)
{
    struct world world;
    world_init(&world);
    (void)world_register(&world, "a", 1, 15000);
    world_advance_ms(&world, 11249);
    CU_ASSERT_FALSE(world_silo(&world, "a")->suspect);
    world_advance_ms(&world, 1);
    CU_ASSERT_TRUE(world_silo(&world, "a")->suspect);
    CU_ASSERT_EQUAL(world_silo(&world, "a")->status, PLACEMENT_ACTIVE);
    world_deinit(&world);
}

static void one_missed_heartbeat_is_enough_where_that_is_set(void)
{
    struct world world;
    struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
    limits.suspect_missed = 1;
    world_init_limits(&world, &limits);
    (void)world_register(&world, "a", 1, 15000);
    world_advance_ms(&world, 6249);
    CU_ASSERT_FALSE(world_silo(&world, "a")->suspect);
    world_advance_ms(&world, 1);
    CU_ASSERT_TRUE(world_silo(&world, "a")->suspect);
    world_deinit(&world);
}

static void one_missed_heartbeat_is_forgiven(void)
{
    struct world world;
    world_init(&world);
    (void)world_register(&world, "a", 1, 15000);
    world_advance_ms(&world, 10000);
    (void)world_beat(&world, "a", -1);
    world_advance_ms(&world, 10000);
    (void)world_beat(&world, "a", -1);
    CU_ASSERT_EQUAL(world.changes, 1);
    world_deinit(&world);
}

static void three_renewals_in_time_clear_suspect(void)
{
    struct world world;
    world_init(&world);
    (void)world_register(&world, "a", 1, 15000);
    world_advance_ms(&world, 13000);
    CU_ASSERT_TRUE(world_silo(&world, "a")->suspect);
    (void)world_beat(&world, "a", -1);
    world_advance_ms(&world, 5000);
    (void)world_beat(&world, "a", -1);
    CU_ASSERT_TRUE(world_silo(&world, "a")->suspect);
    world_advance_ms(&world, 5000);
    (void)world_beat(&world, "a", -1);
    CU_ASSERT_FALSE(world_silo(&world, "a")->suspect);
    EXPECT_TEXT(world.events, "2 7 7");
    world_deinit(&world);
}

static void a_restart_is_no_renewal(void)
{
    struct world world;
    world_init(&world);
    (void)world_register(&world, "a", 1, 15000);
    world_advance_ms(&world, 13000);
    CU_ASSERT_TRUE(world_silo(&world, "a")->suspect);
    world_restart(&world);
    for (int renewals = 0; renewals < 3; renewals++) {
        CU_ASSERT_TRUE(world_silo(&world, "a")->suspect);
        CU_ASSERT_EQUAL(world_beat(&world, "a", -1), QVT_OK);
        world_advance_ms(&world, 5000);
    }
    CU_ASSERT_FALSE(world_silo(&world, "a")->suspect);
    world_deinit(&world);
}

static void a_score_below_fifty_is_unhealthy_at_once_and_clears_after_three_good_ones(void)
{
    struct world world;
    world_init(&world);
    (void)world_register(&world, "a", 1, 15000);
    world_advance_ms(&world, 5000);
    (void)world_beat(&world, "a", 84);
    CU_ASSERT_TRUE(world_silo(&world, "a")->unhealthy == (0.6 * 16 + 40 < 50));
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_TRUE(world_silo(&world, "a")->unhealthy);
        world_advance_ms(&world, 5000);
        (void)world_beat(&world, "a", 10);
    }
    CU_ASSERT_FALSE(world_silo(&world, "a")->unhealthy);
    EXPECT_TEXT(world.events, "2 8 8");
    world_deinit(&world);
}

static void exactly_fifty_is_healthy(void)
{
    struct world world;
    world_init(&world);
    (void)world_register(&world, "a", 1, 15000);
    (void)world_beat(&world, "a", 83.0);
    CU_ASSERT_EQUAL(world.changes, 1);
    (void)world_beat(&world, "a", 1000);
    CU_ASSERT_TRUE(world_silo(&world, "a")->unhealthy);
    world_deinit(&world);
}

static void many_silos_expire_in_one_change_of_a_thousand(void)
{
    enum { SILOS = 1500 };
    struct world world;
    struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
    limits.preserve_silos = SILOS + 1;
    limits.dead_silos = SILOS;
    world_init_limits(&world, &limits);
    for (int i = 0; i < SILOS; i++) {
        char id[16];
        snprintf(id, sizeof id, "s%d", i);
        CU_ASSERT_EQUAL(world_register(&world, id, 1, 15000), QVT_OK);
    }
    world.changes = 0;
    world_advance_ms(&world, 15000);
    CU_ASSERT_EQUAL(world_counts(&world)->silos_by_status[PLACEMENT_DEAD], 1500);
    /* Two of suspicion, two of expiry. */
    CU_ASSERT_EQUAL(world.changes, 4);
    world_deinit(&world);
}

static void registering_again_is_a_sign_of_life(void)
{
    struct world world;
    world_init(&world);
    (void)world_register(&world, "a", 1, 15000);
    for (int i = 0; i < 5; i++) {
        world_advance_ms(&world, 11000);
        CU_ASSERT_EQUAL(world_register(&world, "a", 1, 15000), QVT_OK);
    }
    CU_ASSERT_EQUAL(world.changes, 1);
    world_deinit(&world);
}

static void a_superseded_heartbeat_is_refused(void)
{
    struct world world;
    Quark__Version__V1__HeartbeatRequest request;
    world_init(&world);
    (void)world_register(&world, "a", 1, 15000);
    uint64_t old = world_silo(&world, "a")->incarnation;
    (void)world_register(&world, "a", 2, 15000);
    quark__version__v1__heartbeat_request__init(&request);
    CU_ASSERT_EQUAL(world_beat(&world, "nobody", -1), QVT_NOT_FOUND);
    EXPECT_TEXT(world.error.reason, "SILO_NOT_FOUND");
    CU_ASSERT(old < world_silo(&world, "a")->incarnation);
    world_advance_ms(&world, 10000);
    CU_ASSERT_EQUAL(world_beat(&world, "a", -1), QVT_OK);
    world_advance_ms(&world, 10000);
    CU_ASSERT_EQUAL(world_silo(&world, "a")->status, PLACEMENT_ACTIVE);
    world_deinit(&world);
}

/* The record with its volatile fields; free_unpacked it. */
static Quark__Version__V1__SiloInfo *get(const struct world *world, const char *silo_id)
{
    struct buf bytes = BUF_INIT;
    const struct registry_silo *silo = world_silo(world, silo_id);
    CU_ASSERT_EQUAL(buf_append_slice(&bytes, image_value(silo->image)), QVT_OK);
    CU_ASSERT_EQUAL(replica_append_volatile(world->replica, silo, &bytes), QVT_OK);
    Quark__Version__V1__SiloInfo *info = quark__version__v1__silo_info__unpack(NULL, bytes.len, bytes.data);
    CU_ASSERT_PTR_NOT_NULL_FATAL(info);
    buf_deinit(&bytes);
    return info;
}

static void volatile_facts_are_appended_to_the_record(void)
{
    struct world world;
    world_init(&world);
    (void)world_register(&world, "a", 1, 15000);
    world_advance_ms(&world, 3000);
    (void)world_beat(&world, "a", 50);
    world_advance_ms(&world, 1000);
    Quark__Version__V1__SiloInfo *info = get(&world, "a");
    EXPECT_TEXT(info->silo_id, "a");
    CU_ASSERT_EQUAL(info->lease_remaining_ms, 14000);
    CU_ASSERT_DOUBLE_EQUAL(info->health->score, 70, 0.001);
    CU_ASSERT_EQUAL(info->last_heartbeat->seconds, world.clock.wall_us / 1000000 - 1);
    quark__version__v1__silo_info__free_unpacked(info, NULL);
    world_deinit(&world);
}

/* -1: none. */
static int64_t last_heartbeat(const struct world *world, const char *silo_id)
{
    Quark__Version__V1__SiloInfo *info = get(world, silo_id);
    int64_t seconds = info->last_heartbeat == NULL ? -1 : info->last_heartbeat->seconds;
    quark__version__v1__silo_info__free_unpacked(info, NULL);
    return seconds;
}

static void the_last_heartbeat_is_one_that_was_heard_or_the_registration(void)
{
    struct world world;
    world_init(&world);
    (void)world_register(&world, "a", 1, 15000);
    CU_ASSERT_EQUAL(last_heartbeat(&world, "a"), world.clock.wall_us / 1000000);
    world_advance_ms(&world, 3000);
    world_restart(&world);
    CU_ASSERT_EQUAL(last_heartbeat(&world, "a"), -1);
    world_advance_ms(&world, 10000);
    CU_ASSERT_EQUAL(last_heartbeat(&world, "a"), -1);
    (void)world_beat(&world, "a", -1);
    CU_ASSERT_EQUAL(last_heartbeat(&world, "a"), world.clock.wall_us / 1000000);
    world_deinit(&world);
}

static void dead_silos_above_the_limit_are_purged_at_once(void)
{
    struct world world;
    struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
    limits.dead_silos = 1;
    world_init_limits(&world, &limits);
    (void)world_register(&world, "a", 1, 15000);
    (void)world_register(&world, "b", 1, 15000);
    (void)world_unregister(&world, "a");
    (void)world_unregister(&world, "b");
    CU_ASSERT_PTR_NULL(world_silo(&world, "a"));
    CU_ASSERT_PTR_NOT_NULL(world_silo(&world, "b"));
    EXPECT_TEXT(world.events, "2 2 5 5 9");
    world_deinit(&world);
}

static void dead_silos_are_purged_after_seven_days(void)
{
    struct world world;
    world_init(&world);
    (void)world_register(&world, "a", 1, 15000);
    (void)world_unregister(&world, "a");
    world_advance_ms(&world, INT64_C(7) * 86400 * 1000 - 60000);
    CU_ASSERT_EQUAL(world_counts(&world)->silos, 1);
    world_advance_ms(&world, 120001);
    CU_ASSERT_EQUAL(world_counts(&world)->silos, 0);
    world_deinit(&world);
}

static void the_seven_days_count_from_death_whatever_operators_set_meanwhile(void)
{
    struct world world;
    world_init(&world);
    (void)world_register(&world, "a", 1, 15000);
    (void)world_unregister(&world, "a");
    world_advance_ms(&world, INT64_C(6) * 86400 * 1000);
    CU_ASSERT_EQUAL(world_cordon(&world, "a"), QVT_OK);
    CU_ASSERT_PTR_NOT_NULL(world_silo(&world, "a"));
    world_restart(&world);
    world_advance_ms(&world, INT64_C(86400) * 1000 - 120000);
    CU_ASSERT_PTR_NOT_NULL(world_silo(&world, "a"));
    world_advance_ms(&world, 180001);
    CU_ASSERT_PTR_NULL(world_silo(&world, "a"));
    world_deinit(&world);
}

static void who_died_first_goes_first_after_a_restart_too(void)
{
    struct world world;
    struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
    limits.dead_silos = 2;
    world_init_limits(&world, &limits);
    for (const char *const *id = (const char *const[]){"a", "b", "c", NULL}; *id != NULL; id++) {
        (void)world_register(&world, *id, 1, 15000);
    }
    (void)world_unregister(&world, "a");
    world_advance_ms(&world, 1000);
    (void)world_unregister(&world, "b");
    CU_ASSERT_EQUAL(world_cordon(&world, "a"), QVT_OK);
    world_restart(&world);
    (void)world_unregister(&world, "c");
    CU_ASSERT_PTR_NULL(world_silo(&world, "a"));
    CU_ASSERT_PTR_NOT_NULL(world_silo(&world, "b"));
    CU_ASSERT_PTR_NOT_NULL(world_silo(&world, "c"));
    world_deinit(&world);
}

static void the_record_says_since_when_a_silo_is_dead(void)
{
    struct world world;
    world_init(&world);
    (void)world_register(&world, "a", 1, 15000);
    int64_t died_us = world.clock.wall_us;
    (void)world_unregister(&world, "a");
    world_advance_ms(&world, 5000);
    CU_ASSERT_EQUAL(world_cordon(&world, "a"), QVT_OK);
    Quark__Version__V1__SiloInfo *info = get(&world, "a");
    CU_ASSERT_EQUAL(info->dead_since->seconds, died_us / 1000000);
    quark__version__v1__silo_info__free_unpacked(info, NULL);
    (void)world_register(&world, "a", 2, 15000);
    info = get(&world, "a");
    CU_ASSERT_PTR_NULL(info->dead_since);
    quark__version__v1__silo_info__free_unpacked(info, NULL);
    world_deinit(&world);
}

SUITE_MAIN("server/replica/liveness", SUITE_CASE(a_silo_expires_when_its_lease_is_over_and_not_before),
           SUITE_CASE(heartbeats_keep_a_silo_alive_without_touching_the_log),
           SUITE_CASE(a_silo_that_misses_two_heartbeats_is_suspect),
           SUITE_CASE(one_missed_heartbeat_is_enough_where_that_is_set), SUITE_CASE(one_missed_heartbeat_is_forgiven),
           SUITE_CASE(three_renewals_in_time_clear_suspect), SUITE_CASE(a_restart_is_no_renewal),
           SUITE_CASE(a_score_below_fifty_is_unhealthy_at_once_and_clears_after_three_good_ones),
           SUITE_CASE(exactly_fifty_is_healthy), SUITE_CASE(many_silos_expire_in_one_change_of_a_thousand),
           SUITE_CASE(registering_again_is_a_sign_of_life), SUITE_CASE(a_superseded_heartbeat_is_refused),
           SUITE_CASE(volatile_facts_are_appended_to_the_record),
           SUITE_CASE(the_last_heartbeat_is_one_that_was_heard_or_the_registration),
           SUITE_CASE(dead_silos_above_the_limit_are_purged_at_once),
           SUITE_CASE(dead_silos_are_purged_after_seven_days),
           SUITE_CASE(the_seven_days_count_from_death_whatever_operators_set_meanwhile),
           SUITE_CASE(who_died_first_goes_first_after_a_restart_too),
           SUITE_CASE(the_record_says_since_when_a_silo_is_dead))
