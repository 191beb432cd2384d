/* Policies that leave parts open (SPEC §5.4). */
#include "version/placement_rules.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static void without_any_policy_the_built_in_rules_hold(void)
{
    const struct placement_rules nothing = {.has_min_ready = false};
    const struct placement_rules *given[] = {NULL, &nothing};
    for (int i = 0; i < 4; i++) {
        struct placement_rules rules = placement_rules_in_force(given[i & 1], given[i >> 1]);
        CU_ASSERT_EQUAL(rules.mode, PLACEMENT_STRICT);
        CU_ASSERT_EQUAL(rules.selector, PLACEMENT_ALL);
        CU_ASSERT_EQUAL(rules.range.len, 0);
        CU_ASSERT_EQUAL(rules.min_ready, 2);
        CU_ASSERT_TRUE(rules.has_min_ready);
    }
}

static struct placement_rules everything(enum placement_mode mode, enum placement_selector selector, const char *range,
                                         uint32_t min_ready, const char *ramp_target)
{
    return (struct placement_rules){
        .mode = mode,
        .selector = selector,
        .range = qvt_slice_text(range),
        .min_ready = min_ready,
        .has_min_ready = true,
        .ramp_target = qvt_slice_text(ramp_target),
        .ramp_basis_points = min_ready + 1,
    };
}

static void what_a_type_leaves_open_comes_from_the_clusters_default(void)
{
    const struct placement_rules general = everything(PLACEMENT_MAJOR, PLACEMENT_LATEST, "^2", 5, "2.0.0-rc.1");
    struct placement_rules own = {.selector = PLACEMENT_MINIMUM};
    struct placement_rules rules = placement_rules_in_force(&own, &general);
    CU_ASSERT_EQUAL(rules.mode, PLACEMENT_MAJOR);
    CU_ASSERT_EQUAL(rules.selector, PLACEMENT_MINIMUM);
    EXPECT_SLICE(rules.range, "^2");
    CU_ASSERT_EQUAL(rules.min_ready, 5);
    EXPECT_SLICE(rules.ramp_target, "2.0.0-rc.1");
    CU_ASSERT_EQUAL(rules.ramp_basis_points, 6);
    own = (struct placement_rules){.mode = PLACEMENT_RANGE};
    rules = placement_rules_in_force(&own, &general);
    CU_ASSERT_EQUAL(rules.mode, PLACEMENT_RANGE);
    CU_ASSERT_EQUAL(rules.selector, PLACEMENT_LATEST);
    EXPECT_SLICE(rules.range, "^2");
}

static void what_a_type_sets_stays(void)
{
    const struct placement_rules general = everything(PLACEMENT_MAJOR, PLACEMENT_LATEST, "^2", 5, "2.0.0-rc.1");
    const struct placement_rules own = everything(PLACEMENT_PATCH, PLACEMENT_CLOSEST, "^3", 0, "3.0.0");
    struct placement_rules rules = placement_rules_in_force(&own, &general);
    CU_ASSERT_EQUAL(rules.mode, PLACEMENT_PATCH);
    CU_ASSERT_EQUAL(rules.selector, PLACEMENT_CLOSEST);
    EXPECT_SLICE(rules.range, "^3");
    CU_ASSERT_EQUAL(rules.min_ready, 0);
    CU_ASSERT_TRUE(rules.has_min_ready);
    EXPECT_SLICE(rules.ramp_target, "3.0.0");
    CU_ASSERT_EQUAL(rules.ramp_basis_points, 1);
}

static void a_range_without_mode_asks_for_the_mode_range(void)
{
    const struct placement_rules major = {.mode = PLACEMENT_MAJOR};
    const struct placement_rules ranged = {.range = qvt_slice_text("^2")};
    const struct placement_rules latest = {.selector = PLACEMENT_LATEST};
    CU_ASSERT_EQUAL(placement_rules_in_force(&ranged, NULL).mode, PLACEMENT_RANGE);
    CU_ASSERT_EQUAL(placement_rules_in_force(&ranged, &major).mode, PLACEMENT_RANGE);
    CU_ASSERT_EQUAL(placement_rules_in_force(&latest, &ranged).mode, PLACEMENT_RANGE);
    CU_ASSERT_EQUAL(placement_rules_in_force(&major, &ranged).mode, PLACEMENT_MAJOR);
}

SUITE_MAIN("version/placement_rules", SUITE_CASE(without_any_policy_the_built_in_rules_hold),
           SUITE_CASE(what_a_type_leaves_open_comes_from_the_clusters_default), SUITE_CASE(what_a_type_sets_stays),
           SUITE_CASE(a_range_without_mode_asks_for_the_mode_range))
