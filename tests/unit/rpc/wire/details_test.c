#include "rpc/wire/details.h"

#include <stdio.h>

#include <CUnit/CUnit.h>

#include "rpc/wire/protobuf.h"
#include "tests/support/alloc.h"
#include "tests/support/suite.h"

static void make_full(qvt_error *error)
{
    qvt_error_field(error, "silo.port", "port %d is not 1 to 65535", 70000);
    error->reason = "BAD_PORT";
    error->retry_delay_ms = 2500;
    qvt_error_fact(error, "etag", "%d", 42);
    qvt_error_fact(error, "silo", "a-1");
}

static void expect_full(const struct details *read)
{
    CU_ASSERT_EQUAL(read->error.status, QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(read->error.message, "port 70000 is not 1 to 65535");
    EXPECT_TEXT(read->error.reason, "BAD_PORT");
    EXPECT_TEXT(read->error.field, "silo.port");
    CU_ASSERT_EQUAL(read->error.retry_delay_ms, 2500);
    CU_ASSERT_EQUAL_FATAL(read->error.fact_count, 2);
    EXPECT_TEXT(read->error.facts[0].name, "etag");
    EXPECT_TEXT(read->error.facts[0].value, "42");
    EXPECT_TEXT(read->error.facts[1].name, "silo");
    EXPECT_TEXT(read->error.facts[1].value, "a-1");
}

static void full_error_reads_back_as_written(void)
{
    qvt_error error;
    struct details read;
    struct buf bytes = BUF_INIT;
    make_full(&error);
    CU_ASSERT_TRUE(details_are_needed(&error));
    CU_ASSERT_EQUAL(details_write(&bytes, &error), QVT_OK);
    CU_ASSERT_EQUAL(details_read(&read, buf_slice(&bytes)), QVT_OK);
    expect_full(&read);
    buf_deinit(&bytes);
}

static void plain_error_needs_no_details(void)
{
    qvt_error error;
    struct details read;
    struct buf bytes = BUF_INIT;
    qvt_error_set(&error, QVT_NOT_FOUND, NULL, "no such silo");
    CU_ASSERT_FALSE(details_are_needed(&error));
    CU_ASSERT_EQUAL(details_write(&bytes, &error), QVT_OK);
    CU_ASSERT_EQUAL(details_read(&read, buf_slice(&bytes)), QVT_OK);
    CU_ASSERT_EQUAL(read.error.status, QVT_NOT_FOUND);
    EXPECT_TEXT(read.error.message, "no such silo");
    CU_ASSERT_PTR_NULL(read.error.reason);
    CU_ASSERT_EQUAL(read.error.fact_count, 0);
    buf_deinit(&bytes);
}

/* What google.golang.org/genproto writes for code 5, "gone", ErrorInfo{reason: R, domain: d}. */
static void bytes_of_another_writer_are_read(void)
{
    static const char bytes[] = "\x08\x05\x12\x04gone\x1a\x30\x0a\x28type.googleapis.com/google.rpc.ErrorInfo"
                                "\x12\x04\x0a\x02RR\x32\x01x";
    struct details read;
    CU_ASSERT_EQUAL(details_read(&read, qvt_slice_make(bytes, sizeof(bytes) - 1)), QVT_OK);
    CU_ASSERT_EQUAL(read.error.status, QVT_NOT_FOUND);
    EXPECT_TEXT(read.error.message, "gone");
    EXPECT_TEXT(read.error.reason, "RR");
}

static void cut_anywhere_never_reads_outside(void)
{
    qvt_error error;
    struct details read;
    struct buf bytes = BUF_INIT;
    make_full(&error);
    CU_ASSERT_EQUAL(details_write(&bytes, &error), QVT_OK);
    for (size_t len = 0; len < bytes.len; len++) {
        struct buf cut = BUF_INIT;
        CU_ASSERT_EQUAL(buf_append(&cut, bytes.data, len), QVT_OK);
        qvt_status status = details_read(&read, buf_slice(&cut));
        CU_ASSERT_TRUE(status == QVT_OK || (status == QVT_INTERNAL && read.error.status == QVT_INTERNAL));
        buf_deinit(&cut);
    }
    buf_deinit(&bytes);
}

static void texts_are_cut_and_escaped(void)
{
    struct buf bytes = BUF_INIT;
    struct details read;
    char text[QVT_ERROR_MESSAGE_MAX * 2];
    memset(text, 'm', sizeof(text));
    memcpy(text, "a\n", 2);
    CU_ASSERT_EQUAL(protobuf_put_varint(&bytes, 1, 99), QVT_OK);
    CU_ASSERT_EQUAL(protobuf_put_bytes(&bytes, 2, qvt_slice_make(text, sizeof(text))), QVT_OK);
    CU_ASSERT_EQUAL(details_read(&read, buf_slice(&bytes)), QVT_OK);
    CU_ASSERT_EQUAL(read.error.status, QVT_UNKNOWN);
    CU_ASSERT_EQUAL(strlen(read.error.message), QVT_ERROR_MESSAGE_MAX - 1);
    CU_ASSERT_EQUAL(memcmp(read.error.message, "a\\x0am", 6), 0);
    buf_deinit(&bytes);
}

static void every_failing_allocation_leaves_the_output_alone(void)
{
    unsigned long nth = 1;
    do {
        qvt_error error;
        struct buf bytes = BUF_INIT;
        make_full(&error);
        alloc_fail_at(nth++);
        qvt_status status = details_write(&bytes, &error);
        CU_ASSERT_EQUAL(status, alloc_failed() ? QVT_NO_MEMORY : QVT_OK);
        CU_ASSERT_EQUAL(bytes.len == 0, status != QVT_OK);
        buf_deinit(&bytes);
    } while (alloc_failed());
    alloc_fail_at(0);
    CU_ASSERT_TRUE(nth > 2);
}

SUITE_MAIN("rpc/wire/details", SUITE_CASE(full_error_reads_back_as_written), SUITE_CASE(plain_error_needs_no_details),
           SUITE_CASE(bytes_of_another_writer_are_read), SUITE_CASE(cut_anywhere_never_reads_outside),
           SUITE_CASE(texts_are_cut_and_escaped), SUITE_CASE(every_failing_allocation_leaves_the_output_alone))
