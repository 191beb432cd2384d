#include "rpc/net/addresses.h"

#include <CUnit/CUnit.h>
#include <netinet/in.h>

#include "rpc/net/address.h"
#include "tests/support/suite.h"

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage out;
    CU_ASSERT_EQUAL_FATAL(net_address_parse(&out, text), QVT_OK);
    return out;
}

static qvt_status take(struct net_addresses *addresses, const char *text, uint32_t max, struct net_address_count **out)
{
    struct sockaddr_storage peer = address(text);
    return net_addresses_take(addresses, &peer, max, out);
}

static void each_address_has_its_own_limit(void)
{
    static struct net_addresses addresses;
    struct net_address_count *counts[3];
    struct net_address_count *none = NULL;
    CU_ASSERT_EQUAL(take(&addresses, "10.0.0.1:1000", 2, &counts[0]), QVT_OK);
    CU_ASSERT_EQUAL(take(&addresses, "10.0.0.1:1001", 2, &counts[1]), QVT_OK);
    CU_ASSERT_EQUAL(take(&addresses, "10.0.0.1:1002", 2, &none), QVT_RESOURCE_EXHAUSTED);
    CU_ASSERT_PTR_NULL(none);
    CU_ASSERT_EQUAL(take(&addresses, "10.0.0.2:1000", 2, &counts[2]), QVT_OK);
    net_addresses_give_back(&addresses, counts[0]);
    CU_ASSERT_EQUAL(take(&addresses, "10.0.0.1:1003", 2, &counts[0]), QVT_OK);
    for (size_t i = 0; i < 3; i++) {
        net_addresses_give_back(&addresses, counts[i]);
    }
    net_addresses_give_back(&addresses, NULL);
}

static void ipv6_address_counts_as_its_net(void)
{
    static struct net_addresses addresses;
    struct net_address_count *first = NULL;
    struct net_address_count *second = NULL;
    CU_ASSERT_EQUAL(take(&addresses, "[2001:db8:1:2::1]:1", 1, &first), QVT_OK);
    CU_ASSERT_EQUAL(take(&addresses, "[2001:db8:1:2:ffff::1]:1", 1, &second), QVT_RESOURCE_EXHAUSTED);
    CU_ASSERT_EQUAL(take(&addresses, "[2001:db8:1:3::1]:1", 1, &second), QVT_OK);
    net_addresses_give_back(&addresses, first);
    net_addresses_give_back(&addresses, second);
}

static void mapped_ipv4_address_is_that_address(void)
{
    static struct net_addresses addresses;
    struct net_address_count *first = NULL;
    struct net_address_count *second = NULL;
    CU_ASSERT_EQUAL(take(&addresses, "10.0.0.1:1", 1, &first), QVT_OK);
    CU_ASSERT_EQUAL(take(&addresses, "[::ffff:10.0.0.1]:1", 1, &second), QVT_RESOURCE_EXHAUSTED);
    CU_ASSERT_EQUAL(take(&addresses, "[::ffff:10.0.0.2]:1", 1, &second), QVT_OK);
    net_addresses_give_back(&addresses, first);
    net_addresses_give_back(&addresses, second);
}

static void loopback_and_no_limit_are_not_counted(void)
{
    static const char *const texts[] = {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"};
    static struct net_addresses addresses;
    struct net_address_count *count = NULL;
    for (size_t i = 0; i < 4; i++) {
        for (int times = 0; times < 3; times++) {
            CU_ASSERT_EQUAL(take(&addresses, texts[i], 1, &count), QVT_OK);
            CU_ASSERT_PTR_NULL(count);
        }
    }
    CU_ASSERT_EQUAL(take(&addresses, "10.0.0.1:1", 0, &count), QVT_OK);
    CU_ASSERT_PTR_NULL(count);
}

/* Many addresses share buckets: none is lost and none leaks (the sanitizer looks). */
static void many_addresses_come_and_go(void)
{
    enum { COUNT = 3000 };
    static struct net_addresses addresses;
    static struct net_address_count *counts[COUNT];
    struct sockaddr_storage peer = address("[2001:db8::1]:1");
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t *bytes = ((struct sockaddr_in6 *)&peer)->sin6_addr.s6_addr;
        bytes[6] = (uint8_t)(i >> 8);
        bytes[7] = (uint8_t)i;
        CU_ASSERT_EQUAL_FATAL(net_addresses_take(&addresses, &peer, 1, &counts[i]), QVT_OK);
        struct net_address_count *again = NULL;
        CU_ASSERT_EQUAL(net_addresses_take(&addresses, &peer, 1, &again), QVT_RESOURCE_EXHAUSTED);
    }
    for (size_t i = 0; i < COUNT; i++) {
        net_addresses_give_back(&addresses, counts[i * 7 % COUNT]);
    }
    for (size_t i = 0; i < NET_ADDRESSES_BUCKETS; i++) {
        CU_ASSERT_PTR_NULL(addresses.buckets[i]);
    }
}

SUITE_MAIN("rpc/net/addresses", SUITE_CASE(each_address_has_its_own_limit), SUITE_CASE(ipv6_address_counts_as_its_net),
           SUITE_CASE(mapped_ipv4_address_is_that_address), SUITE_CASE(loopback_and_no_limit_are_not_counted),
           SUITE_CASE(many_addresses_come_and_go))
