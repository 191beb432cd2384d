#include "base/histogram.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static void value_falls_into_the_first_bucket_that_is_not_below_it(void)
{
    for (unsigned i = 0; i < HISTOGRAM_BOUNDS; i++) {
        struct histogram histogram = {.sum = 0};
        histogram_add(&histogram, &histogram_times_us, histogram_times_us.bounds[i]);
        histogram_add(&histogram, &histogram_times_us, histogram_times_us.bounds[i] + 1);
        CU_ASSERT_EQUAL(histogram.counts[i], 1);
        CU_ASSERT_EQUAL(histogram.counts[i + 1], 1);
        CU_ASSERT_EQUAL(histogram.sum, 2 * histogram_times_us.bounds[i] + 1);
    }
}

static void what_is_above_all_bounds_is_counted(void)
{
    struct histogram histogram = {.sum = 0};
    histogram_add(&histogram, &histogram_sizes, UINT64_MAX);
    histogram_add(&histogram, &histogram_sizes, 0);
    CU_ASSERT_EQUAL(histogram.counts[HISTOGRAM_BOUNDS], 1);
    CU_ASSERT_EQUAL(histogram.counts[0], 1);
}

static void bounds_ascend(void)
{
    for (unsigned i = 1; i < HISTOGRAM_BOUNDS; i++) {
        CU_ASSERT_TRUE(histogram_times_us.bounds[i] > histogram_times_us.bounds[i - 1]);
        CU_ASSERT_TRUE(histogram_sizes.bounds[i] > histogram_sizes.bounds[i - 1]);
    }
}

SUITE_MAIN("base/histogram", SUITE_CASE(value_falls_into_the_first_bucket_that_is_not_below_it),
           SUITE_CASE(what_is_above_all_bounds_is_counted), SUITE_CASE(bounds_ascend))
