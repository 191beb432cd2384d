#include "client/src/options.h"

#include <stdint.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

/* Three generations of one options struct. */
struct old {
    uint32_t size;
    uint32_t first;
};
struct known {
    uint32_t size;
    uint32_t first;
    uint64_t second;
};
struct newer {
    uint32_t size;
    uint32_t first;
    uint64_t second;
    uint64_t third;
};

static void older_struct_keeps_the_defaults_of_what_it_lacks(void)
{
    struct known known = {sizeof known, 1, 2};
    struct old given = {sizeof given, 10};
    CU_ASSERT_EQUAL(options_read(&known, sizeof known, &given, "test", NULL), QVT_OK);
    CU_ASSERT(known.first == 10 && known.second == 2);
}

static void newer_struct_is_read_when_it_asks_for_nothing_unknown(void)
{
    struct known known = {sizeof known, 1, 2};
    struct newer given = {sizeof given, 10, 20, 0};
    CU_ASSERT_EQUAL(options_read(&known, sizeof known, &given, "test", NULL), QVT_OK);
    CU_ASSERT(known.first == 10 && known.second == 20);
    given.third = 1;
    CU_ASSERT_EQUAL(options_read(&known, sizeof known, &given, "test", NULL), QVT_INVALID_ARGUMENT);
}

static void no_struct_means_the_defaults(void)
{
    struct known known = {sizeof known, 1, 2};
    CU_ASSERT_EQUAL(options_read(&known, sizeof known, NULL, "test", NULL), QVT_OK);
    CU_ASSERT(known.first == 1 && known.second == 2);
}

static void size_that_is_none_is_refused(void)
{
    struct known known = {sizeof known, 1, 2};
    struct known given = {0, 10, 20};
    CU_ASSERT_EQUAL(options_read(&known, sizeof known, &given, "test", NULL), QVT_INVALID_ARGUMENT);
    given.size = UINT32_MAX;
    CU_ASSERT_EQUAL(options_read(&known, sizeof known, &given, "test", NULL), QVT_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(known.first, 1);
}

SUITE_MAIN("client/options", SUITE_CASE(older_struct_keeps_the_defaults_of_what_it_lacks),
           SUITE_CASE(newer_struct_is_read_when_it_asks_for_nothing_unknown), SUITE_CASE(no_struct_means_the_defaults),
           SUITE_CASE(size_that_is_none_is_refused))
