#include "json/time_text.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static void expect_timestamp(int64_t seconds, int32_t nanos, const char *text)
{
    char out[TIME_TEXT_MAX];
    int64_t seconds_back = 0;
    int32_t nanos_back = -1;
    CU_ASSERT_TRUE(time_text_write_timestamp(seconds, nanos, out));
    EXPECT_TEXT(out, text);
    CU_ASSERT_TRUE(time_text_read_timestamp(text, &seconds_back, &nanos_back));
    CU_ASSERT_EQUAL(seconds_back, seconds);
    CU_ASSERT_EQUAL(nanos_back, nanos);
}

static void timestamps_have_0_3_6_or_9_digits_of_a_second(void)
{
    expect_timestamp(0, 0, "1970-01-01T00:00:00Z");
    expect_timestamp(0, 120000000, "1970-01-01T00:00:00.120Z");
    expect_timestamp(0, 120000, "1970-01-01T00:00:00.000120Z");
    expect_timestamp(0, 1, "1970-01-01T00:00:00.000000001Z");
}

static void timestamps_reach_from_year_1_to_9999(void)
{
    char out[TIME_TEXT_MAX];
    expect_timestamp(INT64_C(-62135596800), 0, "0001-01-01T00:00:00Z");
    expect_timestamp(INT64_C(253402300799), 999999999, "9999-12-31T23:59:59.999999999Z");
    CU_ASSERT_FALSE(time_text_write_timestamp(INT64_C(-62135596801), 0, out));
    CU_ASSERT_FALSE(time_text_write_timestamp(INT64_C(253402300800), 0, out));
    CU_ASSERT_FALSE(time_text_write_timestamp(0, -1, out));
    CU_ASSERT_FALSE(time_text_write_timestamp(0, 1000000000, out));
}

static void leap_days_are_those_of_the_gregorian_calendar(void)
{
    int64_t seconds;
    int32_t nanos;
    expect_timestamp(951782400, 0, "2000-02-29T00:00:00Z");
    expect_timestamp(-1, 0, "1969-12-31T23:59:59Z");
    CU_ASSERT_TRUE(time_text_read_timestamp("2024-02-29T00:00:00Z", &seconds, &nanos));
    CU_ASSERT_FALSE(time_text_read_timestamp("2023-02-29T00:00:00Z", &seconds, &nanos));
    CU_ASSERT_FALSE(time_text_read_timestamp("1900-02-29T00:00:00Z", &seconds, &nanos));
}

static void offsets_are_read(void)
{
    int64_t seconds;
    int32_t nanos;
    CU_ASSERT_TRUE(time_text_read_timestamp("1970-01-01T02:00:00+02:00", &seconds, &nanos));
    CU_ASSERT_EQUAL(seconds, 0);
    CU_ASSERT_TRUE(time_text_read_timestamp("1969-12-31T18:30:00.5-05:30", &seconds, &nanos));
    CU_ASSERT_EQUAL(seconds, 0);
    CU_ASSERT_EQUAL(nanos, 500000000);
    CU_ASSERT_FALSE(time_text_read_timestamp("0001-01-01T00:00:00+01:00", &seconds, &nanos));
}

static void what_is_no_rfc_3339_is_refused(void)
{
    static const char *const bad[] = {
        "",
        "1970-01-01",
        "1970-01-01T00:00:00",
        "1970-01-01 00:00:00Z",
        "1970-1-01T00:00:00Z",
        "1970-13-01T00:00:00Z",
        "1970-00-01T00:00:00Z",
        "1970-01-32T00:00:00Z",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z",
        "1970-01-01T00:00:60Z",
        "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00.1234567890Z",
        "1970-01-01T00:00:00ZZ",
        "1970-01-01T00:00:00+0200",
        "1970-01-01T00:00:00+24:00",
        "0000-01-01T00:00:00Z",
        "-001-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t seconds;
        int32_t nanos;
        CU_ASSERT_FALSE(time_text_read_timestamp(bad[i], &seconds, &nanos));
    }
}

static void expect_duration(int64_t seconds, int32_t nanos, const char *text)
{
    char out[TIME_TEXT_MAX];
    int64_t seconds_back = 7;
    int32_t nanos_back = 7;
    CU_ASSERT_TRUE(time_text_write_duration(seconds, nanos, out));
    EXPECT_TEXT(out, text);
    CU_ASSERT_TRUE(time_text_read_duration(text, &seconds_back, &nanos_back));
    CU_ASSERT_EQUAL(seconds_back, seconds);
    CU_ASSERT_EQUAL(nanos_back, nanos);
}

static void durations_are_seconds_with_a_sign_for_both_parts(void)
{
    expect_duration(0, 0, "0s");
    expect_duration(1, 500000000, "1.500s");
    expect_duration(0, -500000000, "-0.500s");
    expect_duration(-3, -1, "-3.000000001s");
    expect_duration(INT64_C(315576000000), 0, "315576000000s");
    expect_duration(INT64_C(-315576000000), -999999999, "-315576000000.999999999s");
}

static void impossible_durations_are_refused(void)
{
    static const char *const bad[] = {"",
                                      "s",
                                      "1",
                                      "1.s",
                                      ".5s",
                                      "1.5",
                                      "1s ",
                                      " 1s",
                                      "+1s",
                                      "--1s",
                                      "1e3s",
                                      "1,5s",
                                      "315576000001s",
                                      "1.0000000001s",
                                      "99999999999999999999s"};
    char out[TIME_TEXT_MAX];
    CU_ASSERT_FALSE(time_text_write_duration(1, -1, out));
    CU_ASSERT_FALSE(time_text_write_duration(-1, 1, out));
    CU_ASSERT_FALSE(time_text_write_duration(INT64_C(315576000001), 0, out));
    CU_ASSERT_FALSE(time_text_write_duration(0, 1000000000, out));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t seconds;
        int32_t nanos;
        CU_ASSERT_FALSE(time_text_read_duration(bad[i], &seconds, &nanos));
    }
}

SUITE_MAIN("json/time_text", SUITE_CASE(timestamps_have_0_3_6_or_9_digits_of_a_second),
           SUITE_CASE(timestamps_reach_from_year_1_to_9999), SUITE_CASE(leap_days_are_those_of_the_gregorian_calendar),
           SUITE_CASE(offsets_are_read), SUITE_CASE(what_is_no_rfc_3339_is_refused),
           SUITE_CASE(durations_are_seconds_with_a_sign_for_both_parts), SUITE_CASE(impossible_durations_are_refused))
