#include "server/identity/limiter.h"

#include <stdio.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

enum { SECOND_US = 1000000 };

static struct limiter *make(uint32_t failures, uint32_t addresses)
{
    static uint64_t state = 3;
    struct entropy source = entropy_seeded(&state);
    struct limiter *limiter = NULL;
    CU_ASSERT_EQUAL_FATAL(limiter_new(&limiter, failures, addresses, &source), QVT_OK);
    return limiter;
}

static void so_many_a_minute_and_then_one_as_each_part_of_it_passes(void)
{
    struct limiter *limiter = make(6, 64);
    int64_t now = 77 * SECOND_US;
    for (int i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL(limiter_fail(limiter, "10.0.0.1:1000", now), 0);
    }
    CU_ASSERT_EQUAL(limiter_fail(limiter, "10.0.0.1:1000", now), 10000);
    CU_ASSERT_EQUAL(limiter_fail(limiter, "10.0.0.1:1000", now + 9 * SECOND_US), 1000);
    CU_ASSERT_EQUAL(limiter_fail(limiter, "10.0.0.1:1000", now + 10 * SECOND_US), 0);
    CU_ASSERT_NOT_EQUAL(limiter_fail(limiter, "10.0.0.1:1000", now + 10 * SECOND_US), 0);
    for (int i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL(limiter_fail(limiter, "10.0.0.1:1000", now + 70 * SECOND_US), 0);
    }
    CU_ASSERT_NOT_EQUAL(limiter_fail(limiter, "10.0.0.1:1000", now + 70 * SECOND_US), 0);
    limiter_free(limiter);
}

/* Whether both addresses fill one bucket. */
static bool share(const char *first, const char *second)
{
    struct limiter *limiter = make(1, 1024);
    CU_ASSERT_EQUAL(limiter_fail(limiter, first, SECOND_US), 0);
    bool shared = limiter_fail(limiter, second, SECOND_US) != 0;
    limiter_free(limiter);
    return shared;
}

static void an_address_is_one_whatever_its_port_and_a_v6_network_too(void)
{
    CU_ASSERT_TRUE(share("10.0.0.1:1", "10.0.0.1:2"));
    CU_ASSERT_FALSE(share("10.0.0.1:1", "10.0.0.2:1"));
    CU_ASSERT_TRUE(share("[2001:db8:0:1::1]:1", "[2001:db8:0:1:ffff::2]:2"));
    CU_ASSERT_FALSE(share("[2001:db8:0:1::1]:1", "[2001:db8:0:2::1]:1"));
    CU_ASSERT_TRUE(share("[::ffff:10.0.0.1]:1", "10.0.0.1:2"));
    CU_ASSERT_FALSE(share("[::ffff:10.0.0.1]:1", "[::ffff:10.0.0.2]:1"));
    CU_ASSERT_TRUE(share("", ""));
}

static void zero_is_any_number(void)
{
    struct limiter *limiter = make(0, 8);
    for (int i = 0; i < 1000; i++) {
        CU_ASSERT_EQUAL(limiter_fail(limiter, "10.0.0.1:1", 0), 0);
    }
    limiter_free(limiter);
}

static void a_flood_of_addresses_does_not_make_it_forget_the_worst(void)
{
    struct limiter *limiter = make(100, 8);
    char address[32];
    for (int i = 0; i < 100; i++) {
        CU_ASSERT_EQUAL(limiter_fail(limiter, "10.0.0.1:1", SECOND_US), 0);
    }
    for (int i = 0; i < 10000; i++) {
        snprintf(address, sizeof(address), "10.1.%d.%d:1", i / 256, i % 256);
        CU_ASSERT_EQUAL(limiter_fail(limiter, address, SECOND_US), 0);
    }
    CU_ASSERT_NOT_EQUAL(limiter_fail(limiter, "10.0.0.1:1", SECOND_US), 0);
    limiter_free(limiter);
}

SUITE_MAIN("server/identity/limiter", SUITE_CASE(so_many_a_minute_and_then_one_as_each_part_of_it_passes),
           SUITE_CASE(an_address_is_one_whatever_its_port_and_a_v6_network_too), SUITE_CASE(zero_is_any_number),
           SUITE_CASE(a_flood_of_addresses_does_not_make_it_forget_the_worst))
