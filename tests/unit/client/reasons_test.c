#include "client/src/reasons.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static void known_reason_and_facts_survive_what_they_came_with(void)
{
    char reason[] = "ETAG_MISMATCH";
    char name[] = "etag";
    qvt_error received, own;
    qvt_error_set(&received, QVT_ABORTED, reason, "changed");
    qvt_error_fact(&received, name, "12.ab");
    reasons_own(&own, &received);
    memset(reason, 'x', sizeof reason - 1);
    memset(name, 'x', sizeof name - 1);
    EXPECT_TEXT(own.reason, "ETAG_MISMATCH");
    EXPECT_TEXT(own.message, "changed");
    CU_ASSERT_EQUAL_FATAL(own.fact_count, 1);
    EXPECT_TEXT(own.facts[0].name, "etag");
    EXPECT_TEXT(own.facts[0].value, "12.ab");
}

static void unknown_reason_goes_to_the_message_and_unknown_fact_goes(void)
{
    qvt_error received, own;
    qvt_error_set(&received, QVT_ABORTED, "NEW_REASON", "changed");
    qvt_error_fact(&received, "novelty", "1");
    qvt_error_fact(&received, "etag", "2");
    reasons_own(&own, &received);
    CU_ASSERT_PTR_NULL(own.reason);
    EXPECT_TEXT(own.message, "changed [NEW_REASON]");
    CU_ASSERT_EQUAL_FATAL(own.fact_count, 1);
    EXPECT_TEXT(own.facts[0].value, "2");
}

static void full_message_is_left_alone(void)
{
    qvt_error received, own;
    qvt_error_set(&received, QVT_ABORTED, "NEW_REASON", "%*s", QVT_ERROR_MESSAGE_MAX - 1, "x");
    reasons_own(&own, &received);
    EXPECT_TEXT(own.message, received.message);
}

SUITE_MAIN("client/reasons", SUITE_CASE(known_reason_and_facts_survive_what_they_came_with),
           SUITE_CASE(unknown_reason_goes_to_the_message_and_unknown_fact_goes), SUITE_CASE(full_message_is_left_alone))
