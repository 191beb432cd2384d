#include "rpc/wire/timeout.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static void every_unit_is_known(void)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"1n", 1},
        {"2u", 2000},
        {"3m", 3000000},
        {"4S", INT64_C(4000000000)},
        {"5M", INT64_C(300000000000)},
        {"6H", INT64_C(21600000000000)},
        {"0S", 0},
        {"00000007m", 7000000},
        {"99999999S", INT64_C(99999999000000000)},
        {"99999999H", TIMEOUT_MAX_NS},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t ns = -1;
        CU_ASSERT_EQUAL(timeout_parse(qvt_slice_text(cases[i].text), &ns), QVT_OK);
        CU_ASSERT_EQUAL(ns, cases[i].ns);
    }
}

static void anything_else_is_refused(void)
{
    const char *const bad[] = {"",    "S",    "1",   "1s",  "1h",   "100000000n", "-1S",
                               "+1S", "1.5S", " 1S", "1S ", "0x1S", "SS"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t ns = 0;
        CU_ASSERT_EQUAL(timeout_parse(qvt_slice_text(bad[i]), &ns), QVT_INVALID_ARGUMENT);
    }
}

static void format_takes_the_finest_unit_that_fits(void)
{
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {
        {0, "0n"},
        {99999999, "99999999n"},
        {100000000, "100000u"},
        {100000001, "100001u"},
        {INT64_C(5000000000), "5000000u"},
        {INT64_C(3600000000000), "3600000m"},
        {TIMEOUT_MAX_NS, "2562048H"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[TIMEOUT_TEXT_MAX];
        CU_ASSERT_EQUAL(timeout_format(cases[i].ns, text), strlen(cases[i].text));
        EXPECT_TEXT(text, cases[i].text);
    }
}

static void formatting_never_shortens(void)
{
    for (int64_t ns = 1; ns < TIMEOUT_MAX_NS / 7; ns = ns * 7 + 3) {
        char text[TIMEOUT_TEXT_MAX];
        int64_t back = 0;
        size_t len = timeout_format(ns, text);
        CU_ASSERT_EQUAL(timeout_parse(qvt_slice_make(text, len), &back), QVT_OK);
        CU_ASSERT_TRUE(back >= ns && back / 2 < ns);
    }
}

SUITE_MAIN("rpc/wire/timeout", SUITE_CASE(every_unit_is_known), SUITE_CASE(anything_else_is_refused),
           SUITE_CASE(format_takes_the_finest_unit_that_fits), SUITE_CASE(formatting_never_shortens))
