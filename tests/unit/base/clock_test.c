#include "base/clock.h"

#include <time.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"
#include "tests/support/virtual_clock.h"

static void wall_clock_counts_microseconds_since_1970(void)
{
    int64_t before_s = (int64_t)time(NULL);
    int64_t now_us = clock_wall_us(clock_system());
    CU_ASSERT(now_us >= (before_s - 1) * 1000000);
    /* time() is a few milliseconds behind: a second may have begun that it does not know. */
    CU_ASSERT(now_us <= ((int64_t)time(NULL) + 2) * 1000000);
}

static void monotonic_clock_never_steps_back(void)
{
    int64_t last = clock_monotonic_us(clock_system());
    CU_ASSERT(last > 0);
    for (int i = 0; i < 10000; i++) {
        int64_t now = clock_monotonic_us(clock_system());
        CU_ASSERT_FATAL(now >= last);
        last = now;
    }
}

static void virtual_clock_moves_only_when_told(void)
{
    struct virtual_clock virtual;
    virtual_clock_init(&virtual, 5000000);
    int64_t start = clock_monotonic_us(&virtual.clock);
    CU_ASSERT_EQUAL(clock_wall_us(&virtual.clock), 5000000);
    virtual_clock_advance_ms(&virtual, 250);
    CU_ASSERT_EQUAL(clock_wall_us(&virtual.clock), 5250000);
    CU_ASSERT_EQUAL(clock_monotonic_us(&virtual.clock) - start, 250000);
}

SUITE_MAIN("base/clock", SUITE_CASE(wall_clock_counts_microseconds_since_1970),
           SUITE_CASE(monotonic_clock_never_steps_back), SUITE_CASE(virtual_clock_moves_only_when_told))
