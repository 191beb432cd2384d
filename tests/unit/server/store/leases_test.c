#include "server/store/leases.h"

#include <CUnit/CUnit.h>

#include "base/entropy.h"
#include "tests/support/suite.h"

#define MODEL_LEASES 64u

/* The end of every lease; 0: none. */
static int64_t model[MODEL_LEASES];

static void expect_model(struct leases *leases, int64_t now_us)
{
    uint64_t over[MODEL_LEASES];
    size_t expected = 0;
    size_t count = leases_lapsed(leases, now_us, over, MODEL_LEASES);
    for (size_t i = 0; i < MODEL_LEASES; i++) {
        expected += model[i] != 0 && model[i] <= now_us;
        CU_ASSERT_EQUAL(leases_has(leases, i), model[i] != 0);
        CU_ASSERT_EQUAL(leases_remaining_ms(leases, i, now_us),
                        model[i] <= now_us ? 0 : (uint32_t)((model[i] - now_us + 999) / 1000));
    }
    CU_ASSERT_EQUAL_FATAL(count, expected);
    for (size_t i = 1; i < count; i++) {
        CU_ASSERT_TRUE(model[over[i - 1]] <= model[over[i]]);
    }
    for (size_t i = 0; i < MODEL_LEASES; i++) {
        CU_ASSERT_TRUE(model[i] <= now_us || leases_next_us(leases) <= model[i]);
    }
}

static void a_random_walk_agrees_with_a_plain_list(void)
{
    uint64_t seed = suite_seed();
    struct entropy source = entropy_seeded(&seed);
    struct leases leases;
    int64_t now_us = 1000000;
    leases_init(&leases);
    for (size_t i = 0; i < MODEL_LEASES; i++) {
        model[i] = 0;
    }
    for (int step = 0; step < 20000; step++) {
        uint64_t random = entropy_u64(&source);
        uint64_t incarnation = (random >> 8) % MODEL_LEASES;
        uint32_t ttl_ms = 1 + (uint32_t)(random >> 20) % 3000;
        int64_t end_us = now_us + (int64_t)ttl_ms * 1000;
        switch (random % 8) {
        case 0:
            CU_ASSERT_EQUAL_FATAL(leases_reserve(&leases, 1), QVT_OK);
            leases_grant(&leases, incarnation, ttl_ms, now_us);
            model[incarnation] = end_us;
            break;
        case 1:
            leases_drop(&leases, incarnation);
            model[incarnation] = 0;
            break;
        case 2: now_us += (int64_t)(random >> 40) % 700000; break;
        default:
            CU_ASSERT_EQUAL(leases_renew(&leases, incarnation, ttl_ms, now_us), model[incarnation] != 0);
            model[incarnation] = model[incarnation] == 0 ? 0 : end_us;
            break;
        }
        if (step % 7 == 0) {
            expect_model(&leases, now_us);
        }
    }
    leases_deinit(&leases);
}

static void a_held_lease_is_not_renewed_until_released(void)
{
    struct leases leases;
    uint64_t over;
    leases_init(&leases);
    CU_ASSERT_EQUAL_FATAL(leases_reserve(&leases, 1), QVT_OK);
    leases_grant(&leases, 7, 1, 0);
    CU_ASSERT_EQUAL(leases_lapsed(&leases, 2000, &over, 1), 1);
    leases_hold(&leases, 7, true);
    leases_hold(&leases, 7, true);
    CU_ASSERT_FALSE(leases_renew(&leases, 7, 5, 2000));
    leases_hold(&leases, 7, false);
    CU_ASSERT_FALSE(leases_renew(&leases, 7, 5, 2000));
    leases_hold(&leases, 7, false);
    CU_ASSERT_TRUE(leases_renew(&leases, 7, 5, 2000));
    leases_hold(&leases, 8, true);
    leases_hold(&leases, 8, false);
    leases_deinit(&leases);
}

SUITE_MAIN("server/store/leases", SUITE_CASE(a_random_walk_agrees_with_a_plain_list),
           SUITE_CASE(a_held_lease_is_not_renewed_until_released))
