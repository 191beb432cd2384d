#include "version/semver.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/entropy.h"
#include "tests/support/suite.h"
#include "tests/unit/version/scene.h"

static void expect_refused(const char *text, const char *rule)
{
    struct semver version;
    const char *why = NULL;
    CU_ASSERT_EQUAL(semver_parse(&version, qvt_slice_text(text), &why), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(why, rule);
}

static int compare(const char *a, const char *b)
{
    struct semver first = given_version(a);
    struct semver second = given_version(b);
    int order = semver_compare(&first, &second);
    int reverse = semver_compare(&second, &first);
    CU_ASSERT((order < 0) == (reverse > 0) && (order > 0) == (reverse < 0));
    return order < 0 ? -1 : order > 0 ? 1 : 0;
}

static void one_to_four_parts_are_read_and_missing_ones_are_zero(void)
{
    static const struct {
        const char *text;
        uint32_t part[4];
    } rows[] = {{"7", {7, 0, 0, 0}},
                {"1.2", {1, 2, 0, 0}},
                {"1.2.3", {1, 2, 3, 0}},
                {"1.2.3.4", {1, 2, 3, 4}},
                {"0.0.0.0", {0, 0, 0, 0}},
                {"4294967295.4294967295.4294967295.4294967295", {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct semver version = given_version(rows[i].text);
        CU_ASSERT_EQUAL(memcmp(version.part, rows[i].part, sizeof(version.part)), 0);
        CU_ASSERT_FALSE(semver_is_prerelease(&version));
    }
}

static void prerelease_is_kept_and_build_is_dropped(void)
{
    EXPECT_SLICE(given_version("1.0.0-alpha.1+exp.sha-5114f85").prerelease, "alpha.1");
    EXPECT_SLICE(given_version("1.0.0+001.-").prerelease, "");
    EXPECT_SLICE(given_version("1.0.0--").prerelease, "-");
    EXPECT_SLICE(given_version("1.2-beta").prerelease, "beta");
    EXPECT_SLICE(given_version("1-0").prerelease, "0");
    EXPECT_SLICE(given_version("1.2.3.4-rc.2+b").prerelease, "rc.2");
    EXPECT_SLICE(given_version("1.0.0-0a.00a").prerelease, "0a.00a");
}

static void anything_else_is_refused_with_its_rule(void)
{
    expect_refused("", "a version must not be empty");
    expect_refused("a", "a numeric part must consist of digits");
    expect_refused("v1.2.3", "a numeric part must consist of digits");
    expect_refused(" 1.2.3", "a numeric part must consist of digits");
    expect_refused("-1", "a numeric part must consist of digits");
    expect_refused("1..2", "a numeric part must consist of digits");
    expect_refused("1.2.", "a numeric part must consist of digits");
    expect_refused("1.x", "a numeric part must consist of digits");
    expect_refused("01.2.3", "a numeric part must not have leading zeros");
    expect_refused("1.2.00", "a numeric part must not have leading zeros");
    expect_refused("4294967296", "a numeric part must not exceed 4294967295");
    expect_refused("1.99999999999999999999999999", "a numeric part must not exceed 4294967295");
    expect_refused("1.2.3.4.5", "a version has at most four numeric parts");
    expect_refused("1.2.3-", "a pre-release identifier must be one or more of [0-9A-Za-z-]");
    expect_refused("1.2.3-a..b", "a pre-release identifier must be one or more of [0-9A-Za-z-]");
    expect_refused("1.2.3-01", "a numeric pre-release identifier must not have leading zeros");
    expect_refused("1.2.3+", "a build identifier must be one or more of [0-9A-Za-z-]");
    expect_refused("1.2.3+a.", "a build identifier must be one or more of [0-9A-Za-z-]");
    const char *shape = "a version is numbers, then optionally '-' and a pre-release, '+' and build metadata";
    expect_refused("1.2.3 ", shape);
    expect_refused("1.2.3-a_b", shape);
    expect_refused("1.2.3+a+b", shape);
    expect_refused("1.2.3beta", shape);
}

static void nul_inside_is_refused(void)
{
    struct semver version;
    const char *why = NULL;
    CU_ASSERT_EQUAL(semver_parse(&version, qvt_slice_make("1.2\0", 4), &why), QVT_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(semver_parse(&version, qvt_slice_make("1-a\0b", 5), &why), QVT_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(semver_parse(&version, qvt_slice_make(NULL, 0), &why), QVT_INVALID_ARGUMENT);
}

static void longer_than_128_bytes_is_refused(void)
{
    char text[130];
    struct semver version;
    const char *why = NULL;
    memset(text, '1', sizeof(text));
    text[1] = '-';
    CU_ASSERT_EQUAL(semver_parse(&version, qvt_slice_make(text, 128), &why), QVT_OK);
    CU_ASSERT_EQUAL(semver_parse(&version, qvt_slice_make(text, 129), &why), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(why, "a version must not be longer than 128 bytes");
}

/* semver.org §11. */
static void order_is_semver_precedence(void)
{
    static const char *const ascending[] = {"0.0.0-0",
                                            "0.0.0",
                                            "0.0.1",
                                            "0.1.0",
                                            "1.0.0--",
                                            "1.0.0-alpha",
                                            "1.0.0-alpha.1",
                                            "1.0.0-alpha.beta",
                                            "1.0.0-beta",
                                            "1.0.0-beta.2",
                                            "1.0.0-beta.11",
                                            "1.0.0-rc.1",
                                            "1.0.0",
                                            "1.0.1-0",
                                            "1.0.1-9.a",
                                            "1.0.1-10",
                                            "1.0.1-99999999999999999998",
                                            "1.0.1-99999999999999999999",
                                            "1.0.1-A",
                                            "1.0.1-a",
                                            "1.0.1",
                                            "2.0.0",
                                            "2.1.0",
                                            "2.1.1",
                                            "10.0.0"};
    enum { COUNT = sizeof(ascending) / sizeof(ascending[0]) };
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < COUNT; j++) {
            int expected = i < j ? -1 : i > j ? 1 : 0;
            int order = compare(ascending[i], ascending[j]);
            if (order != expected) {
                (void)printf("\n%s against %s: %d\n", ascending[i], ascending[j], order);
            }
            CU_ASSERT_EQUAL(order, expected);
        }
    }
}

static void fourth_part_orders_after_the_third(void)
{
    CU_ASSERT_EQUAL(compare("1.2.3", "1.2.3.0"), 0);
    CU_ASSERT_EQUAL(compare("1.2.3.1", "1.2.3"), 1);
    CU_ASSERT_EQUAL(compare("1.2.3.9", "1.2.4"), -1);
    CU_ASSERT_EQUAL(compare("1.2.3.1-a", "1.2.3"), 1);
    CU_ASSERT_EQUAL(compare("1.2.3.1-a", "1.2.3.1"), -1);
    CU_ASSERT_EQUAL(compare("1", "1.0.0.0"), 0);
}

static void build_metadata_never_orders(void)
{
    CU_ASSERT_EQUAL(compare("1.0.0+a", "1.0.0+b"), 0);
    CU_ASSERT_EQUAL(compare("1.0.0-x+a", "1.0.0-x"), 0);
}

static void same_numbers_ignore_the_prerelease(void)
{
    struct semver a = given_version("1.2.3-alpha");
    struct semver b = given_version("1.2.3.0");
    struct semver c = given_version("1.2.3.1");
    CU_ASSERT_TRUE(semver_same_numbers(&a, &b));
    CU_ASSERT_FALSE(semver_same_numbers(&a, &c));
}

static const char *random_version(const struct entropy *entropy, char *text, size_t size)
{
    static const char *const tails[] = {"",    "-0",     "-1",  "-a",     "-a.1", "-a.b",       "-1.a",
                                        "-10", "-2.0.0", "-a-", "-a.1.0", "+b",   "-0+build.1", ""};
    static const char *const fourths[] = {"", "", ".0", ".1"};
    uint64_t r = entropy_u64(entropy);
    const char *tail = tails[(r >> 8) % (sizeof(tails) / sizeof(tails[0]))];
    (void)snprintf(text, size, "%u.%u.%u%s%s", (unsigned)(r >> 16) % 3, (unsigned)(r >> 20) % 3,
                   (unsigned)(r >> 24) % 3, fourths[r % 4], tail);
    return text;
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void order_is_total_over_random_versions(void)
{
    uint64_t state = suite_seed();
    struct entropy entropy = entropy_seeded(&state);
    for (int i = 0; i < 20000; i++) {
        char text[3][64];
        struct semver v[3];
        for (int k = 0; k < 3; k++) {
            v[k] = given_version(random_version(&entropy, text[k], sizeof(text[k])));
        }
        int ab = sign(semver_compare(&v[0], &v[1]));
        int bc = sign(semver_compare(&v[1], &v[2]));
        int ac = sign(semver_compare(&v[0], &v[2]));
        bool transitive = ab * bc < 0 || ac == sign(ab + bc);
        if (!transitive || ab != -sign(semver_compare(&v[1], &v[0])) || semver_compare(&v[0], &v[0]) != 0) {
            (void)printf("\n%s %s %s\n", text[0], text[1], text[2]);
            CU_FAIL_FATAL("not a total order");
        }
    }
}

SUITE_MAIN("version/semver", SUITE_CASE(one_to_four_parts_are_read_and_missing_ones_are_zero),
           SUITE_CASE(prerelease_is_kept_and_build_is_dropped), SUITE_CASE(anything_else_is_refused_with_its_rule),
           SUITE_CASE(nul_inside_is_refused), SUITE_CASE(longer_than_128_bytes_is_refused),
           SUITE_CASE(order_is_semver_precedence), SUITE_CASE(fourth_part_orders_after_the_third),
           SUITE_CASE(build_metadata_never_orders), SUITE_CASE(same_numbers_ignore_the_prerelease),
           SUITE_CASE(order_is_total_over_random_versions))
