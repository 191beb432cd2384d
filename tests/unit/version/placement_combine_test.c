#include "version/placement.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"
#include "tests/unit/version/scene.h"

static void expect_refused(const struct placement_question *question, const char *field, const char *why)
{
    const char *at = "";
    const char *rule = "";
    CU_ASSERT_EQUAL(placement_check(question, &at, &rule), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(at, field);
    EXPECT_TEXT(rule, why);
}

static qvt_status combine(struct placement_question *request, struct placement_policy policy)
{
    const char *field = "";
    const char *why = "";
    return placement_combine(request, &policy, &field, &why);
}

static void range_mode_needs_a_range(void)
{
    struct semver wanted = given_version("1.0.0");
    expect_refused(&(struct placement_question){.mode = PLACEMENT_RANGE, .version = &wanted}, "range",
                   "the mode RANGE needs a range in the request or the policy");
}

static void closest_needs_a_version(void)
{
    expect_refused(&(struct placement_question){.selector = PLACEMENT_CLOSEST}, "version",
                   "the selector CLOSEST needs a version");
}

static void ramp_is_refused(void)
{
    expect_refused(&(struct placement_question){.selector = PLACEMENT_RAMP}, "selector",
                   "the selector RAMP needs rollouts, which this tracker does not have");
}

static void values_outside_the_enums_are_refused(void)
{
    int outside = 77;
    struct placement_question question = {.limit = 0};
    memcpy(&question.mode, &outside, sizeof(question.mode));
    expect_refused(&question, "mode", "the mode is none of this tracker's");
    question.mode = PLACEMENT_MODE_UNSPECIFIED;
    memcpy(&question.selector, &outside, sizeof(question.selector));
    expect_refused(&question, "selector", "the selector is none of this tracker's");
}

static void request_overrides_the_policy(void)
{
    struct placement_question request = {.mode = PLACEMENT_MAJOR, .selector = PLACEMENT_MINIMUM};
    struct placement_policy policy = {.mode = PLACEMENT_STRICT, .selector = PLACEMENT_LATEST};
    CU_ASSERT_EQUAL(combine(&request, policy), QVT_OK);
    CU_ASSERT_EQUAL(request.mode, PLACEMENT_MAJOR);
    CU_ASSERT_EQUAL(request.selector, PLACEMENT_MINIMUM);
}

static void policy_fills_what_the_request_leaves_open(void)
{
    struct semver wanted = given_version("1.0.0");
    struct placement_question request = {.version = &wanted};
    struct placement_policy policy = {.mode = PLACEMENT_BACKWARD, .selector = PLACEMENT_CLOSEST};
    CU_ASSERT_EQUAL(combine(&request, policy), QVT_OK);
    CU_ASSERT_EQUAL(request.mode, PLACEMENT_BACKWARD);
    CU_ASSERT_EQUAL(request.selector, PLACEMENT_CLOSEST);
}

static void range_of_the_request_beats_mode_and_range_of_the_policy(void)
{
    struct range mine = given_range("^1");
    struct range theirs = given_range("^2");
    struct placement_question request = {.range = &mine};
    struct placement_policy policy = {.mode = PLACEMENT_BACKWARD, .range = &theirs};
    CU_ASSERT_EQUAL(combine(&request, policy), QVT_OK);
    CU_ASSERT_EQUAL(request.mode, PLACEMENT_RANGE);
    CU_ASSERT_PTR_EQUAL(request.range, &mine);
}

static void range_of_the_policy_serves_only_the_mode_range(void)
{
    struct semver wanted = given_version("1.0.0");
    struct range theirs = given_range("^2");
    struct placement_policy policy = {.mode = PLACEMENT_RANGE, .range = &theirs};
    struct placement_question request = {.version = &wanted, .mode = PLACEMENT_STRICT};
    CU_ASSERT_EQUAL(combine(&request, policy), QVT_OK);
    CU_ASSERT_PTR_NULL(request.range);
    struct placement_question open = {.version = &wanted};
    CU_ASSERT_EQUAL(combine(&open, policy), QVT_OK);
    CU_ASSERT_PTR_EQUAL(open.range, &theirs);
    CU_ASSERT_EQUAL(open.mode, PLACEMENT_RANGE);
}

static void mode_of_the_policy_does_not_touch_a_request_without_version(void)
{
    struct range theirs = given_range("^2");
    struct placement_policy policy = {.mode = PLACEMENT_RANGE, .range = &theirs};
    struct placement_question request = {.version = NULL};
    CU_ASSERT_EQUAL(combine(&request, policy), QVT_OK);
    CU_ASSERT_EQUAL(request.mode, PLACEMENT_MODE_UNSPECIFIED);
    CU_ASSERT_PTR_NULL(request.range);
    request.mode = PLACEMENT_RANGE;
    CU_ASSERT_EQUAL(combine(&request, policy), QVT_OK);
    CU_ASSERT_PTR_EQUAL(request.range, &theirs);
}

static void range_with_another_mode_in_one_request_is_refused(void)
{
    struct range mine = given_range("^1");
    struct placement_question request = {.range = &mine, .mode = PLACEMENT_MINOR};
    CU_ASSERT_EQUAL(combine(&request, (struct placement_policy){.range = NULL}), QVT_INVALID_ARGUMENT);
    request.mode = PLACEMENT_RANGE;
    CU_ASSERT_EQUAL(combine(&request, (struct placement_policy){.range = NULL}), QVT_OK);
}

static void range_mode_with_a_range_nowhere_is_refused(void)
{
    struct semver wanted = given_version("1.0.0");
    struct placement_question request = {.version = &wanted};
    CU_ASSERT_EQUAL(combine(&request, (struct placement_policy){.mode = PLACEMENT_RANGE}), QVT_INVALID_ARGUMENT);
}

static void closest_of_the_policy_is_all_for_a_request_without_version(void)
{
    struct placement_question request = {.version = NULL};
    CU_ASSERT_EQUAL(combine(&request, (struct placement_policy){.selector = PLACEMENT_CLOSEST}), QVT_OK);
    CU_ASSERT_EQUAL(request.selector, PLACEMENT_ALL);
    struct placement_question own = {.selector = PLACEMENT_CLOSEST};
    CU_ASSERT_EQUAL(combine(&own, (struct placement_policy){.range = NULL}), QVT_INVALID_ARGUMENT);
}

SUITE_MAIN("version/placement_combine", SUITE_CASE(range_mode_needs_a_range), SUITE_CASE(closest_needs_a_version),
           SUITE_CASE(ramp_is_refused), SUITE_CASE(values_outside_the_enums_are_refused),
           SUITE_CASE(request_overrides_the_policy), SUITE_CASE(policy_fills_what_the_request_leaves_open),
           SUITE_CASE(range_of_the_request_beats_mode_and_range_of_the_policy),
           SUITE_CASE(range_of_the_policy_serves_only_the_mode_range),
           SUITE_CASE(mode_of_the_policy_does_not_touch_a_request_without_version),
           SUITE_CASE(range_with_another_mode_in_one_request_is_refused),
           SUITE_CASE(range_mode_with_a_range_nowhere_is_refused),
           SUITE_CASE(closest_of_the_policy_is_all_for_a_request_without_version))
