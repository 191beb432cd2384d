#include "qvt/blob.h"

#include <CUnit/CUnit.h>

#include "tests/support/alloc.h"
#include "tests/support/suite.h"

static void copy_holds_the_bytes(void)
{
    qvt_blob *blob = NULL;
    CU_ASSERT_EQUAL_FATAL(qvt_blob_copy(&blob, qvt_slice_text("abc")), QVT_OK);
    EXPECT_SLICE(qvt_blob_slice(blob), "abc");
    qvt_blob_unref(blob);
}

static void new_blob_is_written_before_it_is_shared(void)
{
    qvt_blob *blob = NULL;
    uint8_t *bytes = NULL;
    CU_ASSERT_EQUAL_FATAL(qvt_blob_new(&blob, 2, &bytes), QVT_OK);
    bytes[0] = 'h';
    bytes[1] = 'i';
    EXPECT_SLICE(qvt_blob_slice(blob), "hi");
    qvt_blob_unref(blob);
}

static void empty_blob_is_a_blob(void)
{
    qvt_blob *blob = NULL;
    CU_ASSERT_EQUAL_FATAL(qvt_blob_copy(&blob, qvt_slice_make(NULL, 0)), QVT_OK);
    CU_ASSERT_EQUAL(qvt_blob_slice(blob).len, 0);
    qvt_blob_unref(blob);
}

static void bytes_live_until_the_last_reference_goes(void)
{
    qvt_blob *blob = NULL;
    CU_ASSERT_EQUAL_FATAL(qvt_blob_copy(&blob, qvt_slice_text("shared")), QVT_OK);
    qvt_blob *second = qvt_blob_ref(blob);
    CU_ASSERT_PTR_EQUAL(second, blob);
    qvt_blob_unref(blob);
    EXPECT_SLICE(qvt_blob_slice(second), "shared");
    qvt_blob_unref(second);
    qvt_blob_unref(NULL);
}

static void out_of_memory_is_a_status(void)
{
    qvt_blob *blob = NULL;
    uint8_t *bytes = NULL;
    alloc_fail_at(1);
    CU_ASSERT_EQUAL(qvt_blob_copy(&blob, qvt_slice_text("abc")), QVT_NO_MEMORY);
    CU_ASSERT_PTR_NULL(blob);
    CU_ASSERT_EQUAL(qvt_blob_new(&blob, SIZE_MAX, &bytes), QVT_NO_MEMORY);
    CU_ASSERT_PTR_NULL(blob);
}

SUITE_MAIN("base/blob", SUITE_CASE(copy_holds_the_bytes), SUITE_CASE(new_blob_is_written_before_it_is_shared),
           SUITE_CASE(empty_blob_is_a_blob), SUITE_CASE(bytes_live_until_the_last_reference_goes),
           SUITE_CASE(out_of_memory_is_a_status))
