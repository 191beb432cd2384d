#include "rpc/net/address.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static void numeric_addresses_read_back_as_written(void)
{
    const char *const good[] = {"127.0.0.1:7070", "0.0.0.0:0", "255.255.255.255:65535",
                                "[::1]:7070",     "[::]:0",    "[2001:db8::5]:443"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct sockaddr_storage address;
        char text[NET_ADDRESS_TEXT_MAX];
        CU_ASSERT_EQUAL(net_address_parse(&address, good[i]), QVT_OK);
        net_address_format(text, &address);
        EXPECT_TEXT(text, good[i]);
    }
}

static void anything_else_is_refused(void)
{
    const char *const bad[] = {"",
                               ":",
                               "127.0.0.1",
                               "127.0.0.1:",
                               ":7070",
                               "localhost:7070",
                               "127.0.0.1:65536",
                               "127.0.0.1:-1",
                               "127.0.0.1:7070 ",
                               "127.0.0.1:000070",
                               "::1:7070",
                               "[::1:7070",
                               "[]:7070",
                               "[127.0.0.1]:1",
                               "1.2.3:4",
                               "[::1]7070",
                               "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct sockaddr_storage address;
        CU_ASSERT_EQUAL(net_address_parse(&address, bad[i]), QVT_INVALID_ARGUMENT);
    }
}

static void other_families_have_no_text(void)
{
    struct sockaddr_storage address = {.ss_family = AF_UNIX};
    char text[NET_ADDRESS_TEXT_MAX] = "x";
    net_address_format(text, &address);
    EXPECT_TEXT(text, "");
}

SUITE_MAIN("rpc/net/address", SUITE_CASE(numeric_addresses_read_back_as_written), SUITE_CASE(anything_else_is_refused),
           SUITE_CASE(other_families_have_no_text))
