#include "rpc/http2/queue.h"

#include <stdlib.h>

#include <CUnit/CUnit.h>

#include "base/entropy.h"
#include "rpc/http2/output.h"
#include "tests/support/alloc.h"
#include "tests/support/suite.h"

/* Moves len bytes to `all`. */
static void take(struct http2_queue *queue, size_t len, struct buf *all)
{
    struct http2_output *output = calloc(1, sizeof(*output));
    CU_ASSERT_PTR_NOT_NULL_FATAL(output);
    http2_queue_move(queue, len, output);
    CU_ASSERT_EQUAL(output->total, len);
    for (size_t i = 0; i < output->count; i++) {
        CU_ASSERT_EQUAL_FATAL(buf_append_slice(all, output->pieces[i].bytes), QVT_OK);
    }
    http2_output_clear(output);
    free(output);
}

static void message_is_prefix_and_parts(void)
{
    struct http2_queue queue = HTTP2_QUEUE_INIT;
    struct buf all = BUF_INIT;
    qvt_slice parts[] = {qvt_slice_text("ab"), {NULL, 0}, qvt_slice_text("c")};
    CU_ASSERT_EQUAL(http2_queue_add_message(&queue, parts, 3), QVT_OK);
    CU_ASSERT_EQUAL(http2_queue_add_message(&queue, NULL, 0), QVT_OK);
    CU_ASSERT_EQUAL(http2_queue_add_bytes(&queue, qvt_slice_text("raw")), QVT_OK);
    CU_ASSERT_EQUAL(queue.size, 8 + 5 + 3);
    take(&queue, queue.size, &all);
    CU_ASSERT_EQUAL(memcmp(all.data, "\0\0\0\0\3abc\0\0\0\0\0raw", 16), 0);
    CU_ASSERT_EQUAL(queue.size, 0);
    buf_deinit(&all);
    http2_queue_deinit(&queue);
}

static void blob_keeps_its_place_and_its_reference(void)
{
    struct http2_queue queue = HTTP2_QUEUE_INIT;
    struct buf all = BUF_INIT;
    qvt_blob *blob = NULL;
    CU_ASSERT_EQUAL_FATAL(qvt_blob_copy(&blob, qvt_slice_text("shared")), QVT_OK);
    qvt_slice part = qvt_slice_text("own");
    CU_ASSERT_EQUAL(http2_queue_add_message(&queue, &part, 1), QVT_OK);
    CU_ASSERT_EQUAL(http2_queue_add_blob(&queue, blob), QVT_OK);
    CU_ASSERT_EQUAL(http2_queue_add_message(&queue, &part, 1), QVT_OK);
    qvt_blob_unref(blob);
    for (size_t i = queue.size; i > 0; i--) {
        take(&queue, 1, &all);
    }
    CU_ASSERT_EQUAL_FATAL(all.len, 27);
    CU_ASSERT_EQUAL(memcmp(all.data, "\0\0\0\0\3own\0\0\0\0\6shared\0\0\0\0\3own", 27), 0);
    buf_deinit(&all);
    http2_queue_deinit(&queue);
}

static void parts_of_blobs_are_shared_in_their_places(void)
{
    enum { ROUNDS = 9 };
    struct http2_queue queue = HTTP2_QUEUE_INIT;
    struct buf all = BUF_INIT;
    qvt_blob *blob = NULL;
    CU_ASSERT_EQUAL_FATAL(qvt_blob_copy(&blob, qvt_slice_text("<shared>")), QVT_OK);
    qvt_slice inner = qvt_slice_make(qvt_blob_slice(blob).data + 1, 6);
    const qvt_blob_part parts[] = {{qvt_slice_text("a"), NULL}, {inner, blob}, {{NULL, 0}, blob},
                                   {{NULL, 0}, NULL},           {inner, blob}, {qvt_slice_text("z"), NULL}};
    for (size_t i = 0; i < ROUNDS; i++) {
        CU_ASSERT_EQUAL(http2_queue_add_parts(&queue, parts, sizeof(parts) / sizeof(parts[0])), QVT_OK);
    }
    qvt_blob_unref(blob);
    CU_ASSERT_EQUAL(queue.size, ROUNDS * 19);
    while (queue.size > 0) {
        take(&queue, queue.size < 4 ? queue.size : 4, &all);
    }
    CU_ASSERT_EQUAL_FATAL(all.len, ROUNDS * 19);
    for (size_t i = 0; i < ROUNDS; i++) {
        CU_ASSERT_EQUAL(memcmp(all.data + i * 19, "\0\0\0\0\16asharedsharedz", 19), 0);
    }
    buf_deinit(&all);
    http2_queue_deinit(&queue);
}

static void clear_drops_bytes_and_references(void)
{
    struct http2_queue queue = HTTP2_QUEUE_INIT;
    qvt_blob *blob = NULL;
    CU_ASSERT_EQUAL_FATAL(qvt_blob_copy(&blob, qvt_slice_text("shared")), QVT_OK);
    for (int i = 0; i < 100; i++) {
        CU_ASSERT_EQUAL(http2_queue_add_blob(&queue, blob), QVT_OK);
    }
    qvt_blob_unref(blob);
    http2_queue_clear(&queue, 16);
    CU_ASSERT_EQUAL(queue.size, 0);
    CU_ASSERT_EQUAL(queue.bytes.cap, 0);
    http2_queue_deinit(&queue);
}

static void random_use_gives_the_bytes_in_order(void)
{
    uint64_t seed = suite_seed();
    struct entropy entropy = entropy_seeded(&seed);
    struct http2_queue queue = HTTP2_QUEUE_INIT;
    struct buf expected = BUF_INIT;
    struct buf all = BUF_INIT;
    for (uint32_t step = 0; step < 5000; step++) {
        uint8_t bytes[64];
        size_t len = entropy_u64(&entropy) % sizeof(bytes);
        memset(bytes, (int)(step % 256), len);
        qvt_blob *blob = NULL;
        switch (entropy_u64(&entropy) % 3) {
        case 0: CU_ASSERT_EQUAL(http2_queue_add_bytes(&queue, qvt_slice_make(bytes, len)), QVT_OK); break;
        case 1:
            CU_ASSERT_EQUAL_FATAL(qvt_blob_copy(&blob, qvt_slice_make(bytes, len)), QVT_OK);
            CU_ASSERT_EQUAL(http2_queue_add_blob(&queue, blob), QVT_OK);
            CU_ASSERT_EQUAL(buf_append(&expected, (uint8_t[]){0, 0, 0, 0, (uint8_t)len}, 5), QVT_OK);
            qvt_blob_unref(blob);
            break;
        default: take(&queue, entropy_u64(&entropy) % (queue.size + 1), &all); continue;
        }
        CU_ASSERT_EQUAL(buf_append(&expected, bytes, len), QVT_OK);
    }
    take(&queue, queue.size < 16384 ? queue.size : 16384, &all);
    CU_ASSERT_TRUE(qvt_slice_starts_with(buf_slice(&expected), buf_slice(&all)));
    CU_ASSERT_EQUAL(expected.len - all.len, queue.size);
    buf_deinit(&expected);
    buf_deinit(&all);
    http2_queue_deinit(&queue);
}

static void failing_allocation_leaves_the_queue_as_it_was(void)
{
    qvt_blob *blob = NULL;
    CU_ASSERT_EQUAL_FATAL(qvt_blob_copy(&blob, qvt_slice_text("shared")), QVT_OK);
    for (unsigned long nth = 1; nth <= 2; nth++) {
        struct http2_queue queue = HTTP2_QUEUE_INIT;
        qvt_slice part = qvt_slice_text("own");
        alloc_fail_at(nth);
        CU_ASSERT_EQUAL(http2_queue_add_message(&queue, &part, 1), QVT_NO_MEMORY);
        CU_ASSERT_EQUAL(queue.size, 0);
        http2_queue_deinit(&queue);
        const qvt_blob_part whole = {qvt_blob_slice(blob), blob};
        alloc_fail_at(nth);
        CU_ASSERT_EQUAL(http2_queue_add_parts(&queue, &whole, 1), QVT_NO_MEMORY);
        CU_ASSERT_EQUAL(queue.size, 0);
        http2_queue_deinit(&queue);
    }
    struct http2_queue queue = HTTP2_QUEUE_INIT;
    alloc_fail_at(1);
    CU_ASSERT_EQUAL(http2_queue_add_blob(&queue, blob), QVT_NO_MEMORY);
    CU_ASSERT_EQUAL(queue.size, 0);
    http2_queue_deinit(&queue);
    alloc_fail_at(0);
    qvt_blob_unref(blob);
}

SUITE_MAIN("rpc/http2/queue", SUITE_CASE(message_is_prefix_and_parts),
           SUITE_CASE(blob_keeps_its_place_and_its_reference), SUITE_CASE(parts_of_blobs_are_shared_in_their_places),
           SUITE_CASE(clear_drops_bytes_and_references), SUITE_CASE(random_use_gives_the_bytes_in_order),
           SUITE_CASE(failing_allocation_leaves_the_queue_as_it_was))
