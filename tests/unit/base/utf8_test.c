#include "base/utf8.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static bool valid(const char *text)
{
    return utf8_is_valid(qvt_slice_text(text));
}

static bool printable(const char *text)
{
    return utf8_is_printable(qvt_slice_text(text));
}

static void every_length_is_valid_at_its_bounds(void)
{
    CU_ASSERT_TRUE(utf8_is_valid(qvt_slice_make(NULL, 0)));
    CU_ASSERT_TRUE(utf8_is_valid(qvt_slice_make("\0", 1)));
    CU_ASSERT_TRUE(valid("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
    CU_ASSERT_TRUE(valid("\xed\x9f\xbf\xee\x80\x80"));
}

static void overlong_forms_are_invalid(void)
{
    CU_ASSERT_FALSE(valid("\xc0\x80"));
    CU_ASSERT_FALSE(valid("\xc1\xbf"));
    CU_ASSERT_FALSE(valid("\xe0\x9f\xbf"));
    CU_ASSERT_FALSE(valid("\xf0\x8f\xbf\xbf"));
}

static void surrogates_and_beyond_10ffff_are_invalid(void)
{
    CU_ASSERT_FALSE(valid("\xed\xa0\x80"));
    CU_ASSERT_FALSE(valid("\xed\xbf\xbf"));
    CU_ASSERT_FALSE(valid("\xf4\x90\x80\x80"));
    CU_ASSERT_FALSE(valid("\xf5\x80\x80\x80"));
    CU_ASSERT_FALSE(valid("\xff"));
}

static void cut_and_lone_continuation_bytes_are_invalid(void)
{
    CU_ASSERT_FALSE(valid("\x80"));
    CU_ASSERT_FALSE(valid("\xc2"));
    CU_ASSERT_FALSE(valid("\xe2\x82"));
    CU_ASSERT_FALSE(valid("\xf0\x9f\x98"));
    CU_ASSERT_FALSE(valid("\xe2\x28\xa1"));
}

static void control_characters_and_line_separators_are_not_printable(void)
{
    CU_ASSERT_TRUE(printable("silo:1/a \xc3\xa9 \xf0\x9f\x98\x80"));
    CU_ASSERT_FALSE(printable("\x1f"));
    CU_ASSERT_FALSE(printable("\x7f"));
    CU_ASSERT_FALSE(printable("\xc2\x80"));
    CU_ASSERT_FALSE(printable("\xc2\x9f"));
    CU_ASSERT_TRUE(printable("\xc2\xa0"));
    CU_ASSERT_FALSE(printable("\xe2\x80\xa8"));
    CU_ASSERT_FALSE(printable("\xe2\x80\xa9"));
    CU_ASSERT_TRUE(printable("\xe2\x80\xa7"));
    CU_ASSERT_FALSE(utf8_is_printable(qvt_slice_make("a\0b", 3)));
}

static void cut_never_splits_a_character(void)
{
    qvt_slice text = qvt_slice_text("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z");
    static const size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (size_t max = 0; max < sizeof(expected) / sizeof(expected[0]); max++) {
        CU_ASSERT_EQUAL(utf8_cut(text, max), expected[max]);
    }
}

static void cut_of_invalid_text_stays_within_max(void)
{
    CU_ASSERT_EQUAL(utf8_cut(qvt_slice_text("\x80\x80\x80\x80\x80\x80"), 5), 5);
    CU_ASSERT_EQUAL(utf8_cut(qvt_slice_text("\xff\xff\xff"), 2), 2);
}

static void printable_len_is_that_of_the_first_character(void)
{
    CU_ASSERT_EQUAL(utf8_printable_len(qvt_slice_text("ab")), 1);
    CU_ASSERT_EQUAL(utf8_printable_len(qvt_slice_text("\xf0\x9f\x98\x80z")), 4);
    CU_ASSERT_EQUAL(utf8_printable_len(qvt_slice_text("\n")), 0);
    CU_ASSERT_EQUAL(utf8_printable_len(qvt_slice_text("\xe2\x82")), 0);
    CU_ASSERT_EQUAL(utf8_printable_len(qvt_slice_make(NULL, 0)), 0);
}

static void escape_stops_before_what_does_not_fit(void)
{
    char out[16];
    qvt_slice text = qvt_slice_text("a\xff\xe2\x82\xac");
    EXPECT_SLICE(qvt_slice_make(out, utf8_escape(text, out, 8)), "a\\xff\xe2\x82\xac");
    EXPECT_SLICE(qvt_slice_make(out, utf8_escape(text, out, 7)), "a\\xff");
    EXPECT_SLICE(qvt_slice_make(out, utf8_escape(text, out, 4)), "a");
    EXPECT_SLICE(qvt_slice_make(out, utf8_escape(text, out, 0)), "");
}

SUITE_MAIN("base/utf8", SUITE_CASE(every_length_is_valid_at_its_bounds), SUITE_CASE(overlong_forms_are_invalid),
           SUITE_CASE(surrogates_and_beyond_10ffff_are_invalid),
           SUITE_CASE(cut_and_lone_continuation_bytes_are_invalid),
           SUITE_CASE(control_characters_and_line_separators_are_not_printable),
           SUITE_CASE(cut_never_splits_a_character), SUITE_CASE(cut_of_invalid_text_stays_within_max),
           SUITE_CASE(printable_len_is_that_of_the_first_character), SUITE_CASE(escape_stops_before_what_does_not_fit))
