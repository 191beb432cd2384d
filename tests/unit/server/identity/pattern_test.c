#include "server/identity/pattern.h"

#include <CUnit/CUnit.h>

#include "base/entropy.h"
#include "tests/support/suite.h"

static bool fits(const char *pattern, const char *text)
{
    return pattern_fits(qvt_slice_text(pattern), qvt_slice_text(text));
}

static void a_star_is_any_run_and_the_rest_itself(void)
{
    CU_ASSERT_TRUE(fits("orders-*", "orders-1"));
    CU_ASSERT_TRUE(fits("orders-*", "orders-"));
    CU_ASSERT_FALSE(fits("orders-*", "orders"));
    CU_ASSERT_FALSE(fits("orders-*", "my-orders-1"));
    CU_ASSERT_FALSE(fits("orders-*", "Orders-1"));
    CU_ASSERT_TRUE(fits("*", ""));
    CU_ASSERT_TRUE(fits("*", "a/b:c"));
    CU_ASSERT_TRUE(fits("a", "a"));
    CU_ASSERT_FALSE(fits("a", "ab"));
    CU_ASSERT_FALSE(fits("ab", "a"));
    CU_ASSERT_FALSE(fits("", "a"));
    CU_ASSERT_TRUE(fits("", ""));
    CU_ASSERT_TRUE(fits("*-a-*-b", "x-a-a-b-b"));
    CU_ASSERT_FALSE(fits("*-a-*-b", "x-a-b"));
    CU_ASSERT_TRUE(fits("**a**", "bab"));
    CU_ASSERT_TRUE(fits("a.?+", "a.?+"));
    CU_ASSERT_FALSE(fits("a.?+", "abcd"));
}

static bool fits_simply(qvt_slice pattern, qvt_slice text)
{
    if (pattern.len == 0) {
        return text.len == 0;
    }
    qvt_slice rest = qvt_slice_make(pattern.data + 1, pattern.len - 1);
    if (pattern.data[0] == '*') {
        return fits_simply(rest, text) ||
               (text.len > 0 && fits_simply(pattern, qvt_slice_make(text.data + 1, text.len - 1)));
    }
    return text.len > 0 && text.data[0] == pattern.data[0] &&
           fits_simply(rest, qvt_slice_make(text.data + 1, text.len - 1));
}

static void a_random_walk_agrees_with_the_definition(void)
{
    uint64_t seed = suite_seed();
    struct entropy source = entropy_seeded(&seed);
    size_t fitting = 0;
    for (int i = 0; i < 20000; i++) {
        char pattern[8];
        char text[12];
        uint64_t random = entropy_u64(&source);
        size_t pattern_len = random % 7;
        size_t text_len = random / 7 % 11;
        for (size_t j = 0; j < pattern_len; j++) {
            pattern[j] = "ab*"[(random >> (8 + 3 * j)) % 3];
        }
        for (size_t j = 0; j < text_len; j++) {
            text[j] = "ab"[(random >> (32 + j)) % 2];
        }
        qvt_slice p = qvt_slice_make(pattern, pattern_len);
        qvt_slice t = qvt_slice_make(text, text_len);
        CU_ASSERT_EQUAL(pattern_fits(p, t), fits_simply(p, t));
        fitting += pattern_fits(p, t) ? 1 : 0;
    }
    CU_ASSERT_TRUE(fitting > 100);
}

static void many_stars_take_no_exponential_time(void)
{
    char pattern[128];
    char text[128];
    for (size_t i = 0; i < sizeof(pattern); i++) {
        pattern[i] = i % 2 == 0 ? '*' : 'a';
        text[i] = 'a';
    }
    text[127] = 'b';
    CU_ASSERT_FALSE(pattern_fits(qvt_slice_make(pattern, 128), qvt_slice_make(text, 128)));
}

SUITE_MAIN("server/identity/pattern", SUITE_CASE(a_star_is_any_run_and_the_rest_itself),
           SUITE_CASE(a_random_walk_agrees_with_the_definition), SUITE_CASE(many_stars_take_no_exponential_time))
