/* Every allocation on the way of a write, a heartbeat, an expiry or a load fails once: each is answered, and the replica
 * goes on. */
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/alloc.h"
#include "tests/support/suite.h"
#include "tests/unit/server/replica/world.h"

static bool register_b(struct world *world)
{
    qvt_status status = world_register(world, "b", 1, 2000);
    CU_ASSERT(status == QVT_OK || status == QVT_NO_MEMORY || status == QVT_UNAVAILABLE);
    return status == QVT_OK;
}

static void writes_are_answered_and_possible_afterwards(void)
{
    bool failed = true;
    for (unsigned long nth = 1; failed; nth++) {
        struct world world;
        world_init(&world);
        CU_ASSERT_EQUAL(world_register(&world, "a", 1, 2000), QVT_OK);
        alloc_fail_at(nth);
        (void)register_b(&world);
        failed = alloc_failed();
        alloc_fail_at(0);
        world_advance_ms(&world, 1200);
        CU_ASSERT_EQUAL(world_register(&world, "b", 1, 2000), QVT_OK);
        CU_ASSERT_EQUAL(world_beat(&world, "b", -1), QVT_OK);
        CU_ASSERT_PTR_NOT_NULL(world_silo(&world, "b"));
        world_deinit(&world);
    }
}

static void heartbeats_are_answered_and_possible_afterwards(void)
{
    bool failed = true;
    for (unsigned long nth = 1; failed; nth++) {
        struct world world;
        world_init(&world);
        CU_ASSERT_EQUAL(world_register(&world, "a", 1, 2000), QVT_OK);
        alloc_fail_at(nth);
        qvt_status status = world_beat(&world, "a", 99);
        failed = alloc_failed();
        alloc_fail_at(0);
        CU_ASSERT(status == QVT_OK || status == QVT_NO_MEMORY || status == QVT_UNAVAILABLE);
        world_advance_ms(&world, 1100);
        CU_ASSERT_EQUAL(world_beat(&world, "a", 99), QVT_OK);
        CU_ASSERT_TRUE(world_silo(&world, "a")->unhealthy);
        world_deinit(&world);
    }
}

static void silos_expire_in_the_end(void)
{
    bool failed = true;
    for (unsigned long nth = 1; failed; nth++) {
        struct world world;
        world_init(&world);
        CU_ASSERT_EQUAL(world_register(&world, "a", 1, 2000), QVT_OK);
        CU_ASSERT_EQUAL(world_register(&world, "b", 1, 2000), QVT_OK);
        alloc_fail_at(nth);
        world_advance_ms(&world, 2000);
        failed = alloc_failed();
        alloc_fail_at(0);
        world_advance_ms(&world, 6000);
        CU_ASSERT_EQUAL(world_counts(&world)->silos_by_status[PLACEMENT_DEAD], 2);
        world_deinit(&world);
    }
}

static void a_second_replica_loads_in_the_end(void)
{
    bool failed = true;
    struct world world;
    world_init(&world);
    CU_ASSERT_EQUAL(world_register(&world, "a", 1, 2000), QVT_OK);
    for (unsigned long nth = 1; failed; nth++) {
        struct replica *replica = NULL;
        struct replica_options options = {
            .store = world.store, .cluster = "default", .entropy = &world.entropy, .limits = world.limits};
        alloc_fail_at(nth);
        qvt_status status = replica_new(&replica, &options);
        failed = alloc_failed();
        alloc_fail_at(0);
        CU_ASSERT(status == (replica == NULL ? QVT_NO_MEMORY : QVT_OK));
        if (status == QVT_OK) {
            world.clock.monotonic_us += 1000000;
            replica_turn(replica);
            CU_ASSERT_EQUAL(replica_ready(replica, NULL), QVT_OK);
            CU_ASSERT_EQUAL(registry_head(replica_registry(replica))->revision, 1);
            world.clock.monotonic_us -= 1000000;
            replica_close(replica, NULL, NULL);
        }
    }
    world_deinit(&world);
}

SUITE_MAIN("server/replica/memory", SUITE_CASE(writes_are_answered_and_possible_afterwards),
           SUITE_CASE(heartbeats_are_answered_and_possible_afterwards), SUITE_CASE(silos_expire_in_the_end),
           SUITE_CASE(a_second_replica_loads_in_the_end))
