#include "server/gateway/prometheus.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "server/gateway/process_stats.h"
#include "tests/support/suite.h"

static struct buf text;
static struct prometheus prometheus;

static void begin(void)
{
    text = (struct buf)BUF_INIT;
    prometheus = (struct prometheus){&text, QVT_OK, NULL};
}

static void expect(const char *expected)
{
    CU_ASSERT_EQUAL(prometheus.status, QVT_OK);
    EXPECT_SLICE(buf_slice(&text), expected);
    buf_deinit(&text);
}

static void a_family_has_help_type_and_samples(void)
{
    begin();
    prometheus_family(&prometheus, "qvt_things_total", PROMETHEUS_COUNTER, "Things.");
    prometheus_uint(&prometheus, NULL, UINT64_MAX);
    prometheus_uint(&prometheus, PROMETHEUS_LABELS({"a", "1"}, {"b", "2"}), 0);
    expect("# HELP qvt_things_total Things.\n"
           "# TYPE qvt_things_total counter\n"
           "qvt_things_total 18446744073709551615\n"
           "qvt_things_total{a=\"1\",b=\"2\"} 0\n");
}

static void labels_are_escaped(void)
{
    begin();
    prometheus_family(&prometheus, "x", PROMETHEUS_GAUGE, "X.");
    prometheus_uint(&prometheus, PROMETHEUS_LABELS({"l", "a\\b\"c\nd"}), 1);
    expect("# HELP x X.\n# TYPE x gauge\nx{l=\"a\\\\b\\\"c\\nd\"} 1\n");
}

static void times_are_seconds_without_trailing_zeros(void)
{
    static const struct {
        uint64_t us;
        const char *expected;
    } CASES[] = {{0, "0"},       {1, "0.000001"},  {250000, "0.25"},
                 {1000000, "1"}, {10000000, "10"}, {61000001, "61.000001"}};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        char expected[64];
        begin();
        prometheus.name = "t";
        prometheus_time_us(&prometheus, NULL, CASES[i].us);
        (void)snprintf(expected, sizeof(expected), "t %s\n", CASES[i].expected);
        expect(expected);
    }
}

static void buckets_of_a_histogram_add_up(void)
{
    struct histogram histogram = {.sum = 0};
    begin();
    prometheus.name = "h";
    histogram_add(&histogram, &histogram_sizes, 1);
    histogram_add(&histogram, &histogram_sizes, 2);
    histogram_add(&histogram, &histogram_sizes, 1000);
    prometheus_histogram(&prometheus, PROMETHEUS_LABELS({"m", "x"}), &histogram, &histogram_sizes);
    CU_ASSERT_EQUAL(buf_append_byte(&text, 0), QVT_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)text.data, "h_bucket{m=\"x\",le=\"1\"} 1\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)text.data, "h_bucket{m=\"x\",le=\"2\"} 2\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)text.data, "h_bucket{m=\"x\",le=\"100\"} 2\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)text.data, "h_bucket{m=\"x\",le=\"+Inf\"} 3\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)text.data, "h_count{m=\"x\"} 3\nh_sum{m=\"x\"} 1003\n"));
    buf_deinit(&text);
}

static void the_kernel_knows_this_process(void)
{
    struct process_stats stats;
    process_stats_read(&stats);
    CU_ASSERT_TRUE(stats.resident_bytes > 100000 && stats.virtual_bytes >= stats.resident_bytes);
    CU_ASSERT_TRUE(stats.open_fds >= 1 && stats.open_fds <= stats.max_fds);
    CU_ASSERT_TRUE(stats.started_us > UINT64_C(1500000000000000));
}

SUITE_MAIN("server/gateway/prometheus", SUITE_CASE(a_family_has_help_type_and_samples), SUITE_CASE(labels_are_escaped),
           SUITE_CASE(times_are_seconds_without_trailing_zeros), SUITE_CASE(buckets_of_a_histogram_add_up),
           SUITE_CASE(the_kernel_knows_this_process))
