#include "rpc/http2/output.h"

#include <stdlib.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static struct http2_output *make_output(void)
{
    struct http2_output *output = calloc(1, sizeof(*output));
    CU_ASSERT_PTR_NOT_NULL_FATAL(output);
    return output;
}

static qvt_blob *make_blob(size_t len)
{
    qvt_blob *blob = NULL;
    uint8_t *bytes = NULL;
    CU_ASSERT_EQUAL_FATAL(qvt_blob_new(&blob, len, &bytes), QVT_OK);
    memset(bytes, 'b', len);
    return blob;
}

static void destroy(struct http2_output *output)
{
    http2_output_clear(output);
    free(output);
}

static void bytes_in_a_row_are_one_piece(void)
{
    struct http2_output *output = make_output();
    http2_output_add(output, "ab", 2);
    http2_output_add(output, "", 0);
    http2_output_add(output, "cd", 2);
    CU_ASSERT_EQUAL(output->count, 1);
    CU_ASSERT_EQUAL(output->total, 4);
    EXPECT_SLICE(output->pieces[0].bytes, "abcd");
    destroy(output);
}

static void long_blobs_are_shared_and_short_ones_copied(void)
{
    struct http2_output *output = make_output();
    qvt_blob *blob = make_blob(HTTP2_OUTPUT_SHARE_MIN);
    qvt_slice whole = qvt_blob_slice(blob);
    http2_output_add(output, "a", 1);
    http2_output_add_blob(output, blob, whole);
    http2_output_add_blob(output, blob, qvt_slice_make(whole.data, whole.len - 1));
    CU_ASSERT_EQUAL_FATAL(output->count, 3);
    CU_ASSERT_PTR_EQUAL(output->pieces[1].bytes.data, whole.data);
    CU_ASSERT_PTR_EQUAL(output->pieces[1].blob, blob);
    CU_ASSERT_PTR_NULL(output->pieces[2].blob);
    CU_ASSERT_EQUAL(output->total, 1 + 2 * whole.len - 1);
    /* The output's reference keeps the bytes until it is cleared. */
    qvt_blob_unref(blob);
    CU_ASSERT_EQUAL(output->pieces[1].bytes.data[0], 'b');
    destroy(output);
}

static void without_a_free_piece_blobs_are_copied(void)
{
    struct http2_output *output = make_output();
    qvt_blob *blob = make_blob(HTTP2_OUTPUT_SHARE_MIN);
    for (size_t i = 0; i < HTTP2_OUTPUT_PIECES && http2_output_has_room(output); i++) {
        http2_output_add_blob(output, blob, qvt_blob_slice(blob));
        http2_output_add(output, "x", 1);
    }
    for (size_t i = 0; i < 15; i++) {
        http2_output_add_blob(output, blob, qvt_blob_slice(blob));
    }
    CU_ASSERT_TRUE(output->count <= HTTP2_OUTPUT_PIECES);
    size_t sum = 0;
    for (size_t i = 0; i < output->count; i++) {
        sum += output->pieces[i].bytes.len;
    }
    CU_ASSERT_EQUAL(sum, output->total);
    destroy(output);
    qvt_blob_unref(blob);
}

static void room_ends_with_so_many_copied_bytes(void)
{
    static const uint8_t bytes[HTTP2_OUTPUT_COPIED];
    struct http2_output *output = make_output();
    http2_output_add(output, bytes, HTTP2_OUTPUT_COPIED - 1);
    CU_ASSERT_TRUE(http2_output_has_room(output));
    http2_output_add(output, bytes, 16 * 1024 + 9);
    CU_ASSERT_FALSE(http2_output_has_room(output));
    http2_output_clear(output);
    CU_ASSERT_TRUE(http2_output_has_room(output));
    CU_ASSERT_EQUAL(output->total, 0);
    destroy(output);
}

static void room_ends_with_so_many_shared_bytes(void)
{
    enum { PART = 16 * 1024 };
    struct http2_output *output = make_output();
    qvt_blob *blob = NULL;
    uint8_t *bytes = NULL;
    CU_ASSERT_EQUAL_FATAL(qvt_blob_new(&blob, PART, &bytes), QVT_OK);
    memset(bytes, 'x', PART);
    for (size_t shared = 0; shared < HTTP2_OUTPUT_BATCH; shared += PART) {
        CU_ASSERT_TRUE(http2_output_has_room(output));
        http2_output_add_blob(output, blob, qvt_slice_make(bytes, PART));
    }
    CU_ASSERT_FALSE(http2_output_has_room(output));
    CU_ASSERT_EQUAL(output->len, 0);
    qvt_blob_unref(blob);
    destroy(output);
}

SUITE_MAIN("rpc/http2/output", SUITE_CASE(bytes_in_a_row_are_one_piece),
           SUITE_CASE(long_blobs_are_shared_and_short_ones_copied), SUITE_CASE(without_a_free_piece_blobs_are_copied),
           SUITE_CASE(room_ends_with_so_many_copied_bytes), SUITE_CASE(room_ends_with_so_many_shared_bytes))
