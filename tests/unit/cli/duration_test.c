#include "cli/duration.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static void units_are_ms_s_m_h_and_seconds_without_one(void)
{
    static const struct {
        const char *text;
        uint32_t ms;
    } cases[] = {{"500ms", 500}, {"30s", 30000},   {"2m", 120000}, {"1h", 3600000},   {"15", 15000},
                 {"1.5s", 1500}, {"0.25m", 15000}, {"0", 0},       {"1.0004s", 1000}, {"4294967295ms", UINT32_MAX},
                 {"0.0015s", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t ms = 77;
        CU_ASSERT(duration_parse(cases[i].text, &ms));
        CU_ASSERT_EQUAL(ms, cases[i].ms);
    }
}

static void anything_else_is_refused(void)
{
    static const char *const cases[] = {
        "",    "s",   "-1s",          "+1s", "1x",  "1 s",  "1ss",    ".5s",
        "1.s", "1s ", "4294967296ms", "50d", "1e3", "0x10", "1.2.3s", "99999999999999999999h"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t ms;
        CU_ASSERT_FALSE(duration_parse(cases[i], &ms));
    }
}

SUITE_MAIN("cli/duration", SUITE_CASE(units_are_ms_s_m_h_and_seconds_without_one), SUITE_CASE(anything_else_is_refused))
