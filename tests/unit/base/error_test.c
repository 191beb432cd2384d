#include "qvt/error.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "base/utf8.h"
#include "tests/support/suite.h"

static void set_returns_the_status_and_fills_the_error(void)
{
    qvt_error error;
    CU_ASSERT_EQUAL(qvt_error_set(&error, QVT_ABORTED, "ETAG_MISMATCH", "etag is %d", 5), QVT_ABORTED);
    CU_ASSERT_EQUAL(error.status, QVT_ABORTED);
    EXPECT_TEXT(error.reason, "ETAG_MISMATCH");
    EXPECT_TEXT(error.message, "etag is 5");
    EXPECT_TEXT(error.field, "");
    CU_ASSERT_EQUAL(error.fact_count, 0);
    CU_ASSERT_EQUAL(error.retry_delay_ms, 0);
}

static void field_names_the_argument_at_fault(void)
{
    qvt_error error;
    CU_ASSERT_EQUAL(qvt_error_field(&error, "silo.port", "%d is not a port", 0), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(error.field, "silo.port");
    EXPECT_TEXT(error.message, "0 is not a port");
    CU_ASSERT_PTR_NULL(error.reason);
}

static void set_clears_what_was_there(void)
{
    qvt_error error;
    (void)qvt_error_field(&error, "silo.port", "bad");
    qvt_error_fact(&error, "etag", "1.2");
    error.retry_delay_ms = 9;
    (void)qvt_error_set(&error, QVT_NOT_FOUND, NULL, "gone");
    EXPECT_TEXT(error.field, "");
    CU_ASSERT_EQUAL(error.fact_count, 0);
    CU_ASSERT_EQUAL(error.retry_delay_ms, 0);
    qvt_error_clear(&error);
    CU_ASSERT_EQUAL(error.status, QVT_OK);
    EXPECT_TEXT(error.message, "");
}

static void fifth_fact_is_dropped(void)
{
    qvt_error error;
    qvt_error_clear(&error);
    for (int i = 0; i < 6; i++) {
        qvt_error_fact(&error, "n", "%d", i);
    }
    CU_ASSERT_EQUAL(error.fact_count, QVT_ERROR_FACT_MAX);
    EXPECT_TEXT(error.facts[3].value, "3");
    EXPECT_TEXT(error.facts[3].name, "n");
}

static void unprintable_bytes_are_escaped(void)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_INTERNAL, NULL, "a\nb%c\xc3\xa9", 0xff);
    EXPECT_TEXT(error.message, "a\\x0ab\\xff\xc3\xa9");
}

static void long_message_is_cut_at_a_character(void)
{
    qvt_error error;
    char text[1200];
    for (size_t i = 0; i + 3 < sizeof(text); i += 3) {
        memcpy(text + i, "\xe2\x82\xac", 4);
    }
    (void)qvt_error_set(&error, QVT_INTERNAL, NULL, "%s", text);
    CU_ASSERT_EQUAL(strlen(error.message), 510);
    CU_ASSERT_TRUE(utf8_is_valid(qvt_slice_text(error.message)));
    (void)qvt_error_set(&error, QVT_INTERNAL, NULL, "xx%s", text);
    CU_ASSERT_EQUAL(strlen(error.message), 509);
    CU_ASSERT_PTR_NULL(strstr(error.message, "\\x"));
}

static void error_may_be_null(void)
{
    CU_ASSERT_EQUAL(qvt_error_set(NULL, QVT_NOT_FOUND, NULL, "gone"), QVT_NOT_FOUND);
    CU_ASSERT_EQUAL(qvt_error_field(NULL, "a", "b"), QVT_INVALID_ARGUMENT);
    qvt_error_fact(NULL, "a", "b");
}

SUITE_MAIN("base/error", SUITE_CASE(set_returns_the_status_and_fills_the_error),
           SUITE_CASE(field_names_the_argument_at_fault), SUITE_CASE(set_clears_what_was_there),
           SUITE_CASE(fifth_fact_is_dropped), SUITE_CASE(unprintable_bytes_are_escaped),
           SUITE_CASE(long_message_is_cut_at_a_character), SUITE_CASE(error_may_be_null))
