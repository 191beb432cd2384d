#include "server/replica/gather.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

enum { MOST = 100, SLOW_US = GATHER_TOOK_US, NOW_US = 5000 };

static void come(struct gather *gather, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        gather_came(gather);
    }
}

static void lone_caller_never_waits(void)
{
    struct gather gather = {0};
    CU_ASSERT_FALSE(gather_waits(&gather, NOW_US));
    gather_append_ended(&gather, 1, 0, MOST, SLOW_US, NOW_US);
    come(&gather, 1);
    CU_ASSERT_FALSE(gather_waits(&gather, NOW_US));
}

static void those_who_were_answered_are_waited_for(void)
{
    struct gather gather = {0};
    gather_append_ended(&gather, 30, 20, MOST, SLOW_US, NOW_US);
    CU_ASSERT_TRUE(gather_waits(&gather, NOW_US));
    come(&gather, 29);
    CU_ASSERT_TRUE(gather_waits(&gather, NOW_US + GATHER_WAIT_US - 1));
    CU_ASSERT_EQUAL(gather.until_us, NOW_US + GATHER_WAIT_US);
    come(&gather, 1);
    CU_ASSERT_FALSE(gather_waits(&gather, NOW_US + 10));
    CU_ASSERT_FALSE(gather_waits(&gather, NOW_US + 20));
}

static void no_more_are_waited_for_than_fit(void)
{
    struct gather gather = {0};
    gather_append_ended(&gather, MOST, 40, MOST, SLOW_US, NOW_US);
    come(&gather, MOST - 41);
    CU_ASSERT_TRUE(gather_waits(&gather, NOW_US));
    come(&gather, 1);
    CU_ASSERT_FALSE(gather_waits(&gather, NOW_US));
}

static void quick_append_is_not_waited_for(void)
{
    struct gather gather = {0};
    gather_append_ended(&gather, 30, 20, MOST, GATHER_TOOK_US - 1, NOW_US);
    CU_ASSERT_FALSE(gather_waits(&gather, NOW_US));
}

static void wait_for_which_nobody_came_costs_the_next_appends_theirs(void)
{
    struct gather gather = {0};
    gather_append_ended(&gather, 2, 1, MOST, SLOW_US, NOW_US);
    CU_ASSERT_TRUE(gather_waits(&gather, NOW_US));
    CU_ASSERT_FALSE(gather_waits(&gather, NOW_US + GATHER_WAIT_US));
    for (unsigned i = 0; i < GATHER_REST; i++) {
        gather_append_ended(&gather, 2, 1, MOST, SLOW_US, NOW_US);
        CU_ASSERT_FALSE(gather_waits(&gather, NOW_US));
    }
    gather_append_ended(&gather, 2, 1, MOST, SLOW_US, NOW_US);
    CU_ASSERT_TRUE(gather_waits(&gather, NOW_US));
}

static void wait_for_which_some_came_is_tried_again(void)
{
    struct gather gather = {0};
    gather_append_ended(&gather, 2, 1, MOST, SLOW_US, NOW_US);
    come(&gather, 1);
    CU_ASSERT_FALSE(gather_waits(&gather, NOW_US + GATHER_WAIT_US));
    gather_append_ended(&gather, 2, 1, MOST, SLOW_US, NOW_US);
    CU_ASSERT_TRUE(gather_waits(&gather, NOW_US));
}

SUITE_MAIN("server/replica/gather", SUITE_CASE(lone_caller_never_waits),
           SUITE_CASE(those_who_were_answered_are_waited_for), SUITE_CASE(no_more_are_waited_for_than_fit),
           SUITE_CASE(quick_append_is_not_waited_for),
           SUITE_CASE(wait_for_which_nobody_came_costs_the_next_appends_theirs),
           SUITE_CASE(wait_for_which_some_came_is_tried_again))
