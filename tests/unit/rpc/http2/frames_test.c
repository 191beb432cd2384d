#include "rpc/http2/frames.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

/* Two bytes before the first frame; DATA of 3 bytes on stream 1, SETTINGS of none, a type that does not exist. */
static const uint8_t input[] = {'P', 'R', 0, 0, 3, 0, 1, 0, 0, 0, 1,   'x', 'y', 'z',  0,   0,
                                0,   4,   0, 0, 0, 0, 0, 0, 0, 1, 200, 255, 255, 0xff, 0xff};
enum { INPUT_LEN = sizeof(input) };

static void expect(const nghttp2_frame_hd *head, size_t number)
{
    static const nghttp2_frame_hd expected[] = {
        {.length = 3, .type = 0, .flags = 1, .stream_id = 1},
        {.length = 0, .type = 4, .flags = 0, .stream_id = 0},
    };
    CU_ASSERT_TRUE_FATAL(number < 2);
    CU_ASSERT_EQUAL(head->length, expected[number].length);
    CU_ASSERT_EQUAL(head->type, expected[number].type);
    CU_ASSERT_EQUAL(head->flags, expected[number].flags);
    CU_ASSERT_EQUAL(head->stream_id, expected[number].stream_id);
}

static size_t follow(size_t step)
{
    struct http2_frames frames;
    size_t found = 0;
    http2_frames_init(&frames, 2);
    for (size_t start = 0; start < INPUT_LEN; start += step) {
        qvt_slice piece = qvt_slice_make(input + start, INPUT_LEN - start < step ? INPUT_LEN - start : step);
        size_t at = 0;
        while (at < piece.len) {
            nghttp2_frame_hd head;
            if (http2_frames_next(&frames, piece, &at, &head)) {
                expect(&head, found++);
            }
        }
    }
    return found;
}

static void heads_are_found_in_pieces_of_any_size(void)
{
    for (size_t step = 1; step <= INPUT_LEN; step++) {
        CU_ASSERT_EQUAL(follow(step), 2);
    }
}

static void reserved_bit_of_the_stream_is_ignored(void)
{
    static const uint8_t head_bytes[] = {0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};
    struct http2_frames frames;
    nghttp2_frame_hd head;
    size_t at = 0;
    http2_frames_init(&frames, 0);
    CU_ASSERT_TRUE(http2_frames_next(&frames, qvt_slice_make(head_bytes, sizeof(head_bytes)), &at, &head));
    CU_ASSERT_EQUAL(head.length, 256);
    CU_ASSERT_EQUAL(head.stream_id, INT32_MAX);
}

/* HEADERS and CONTINUATION of a byte each, HEADERS that end at once, without payload, and DATA. */
static void header_block_is_open_until_its_last_byte(void)
{
    static const char bytes[] = "\0\0\1\1\0\0\0\0\1a\0\0\1\x09\4\0\0\0\1b\0\0\0\1\5\0\0\0\3\0\0\2\0\1\0\0\0\5xy";
    enum { FIRST_HEAD = 9, BLOCK_END = 20 };
    struct http2_frames frames;
    http2_frames_init(&frames, 0);
    for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
        size_t at = 0;
        nghttp2_frame_hd head;
        (void)!http2_frames_next(&frames, qvt_slice_make(&bytes[i], 1), &at, &head);
        CU_ASSERT_EQUAL(http2_frames_in_block(&frames), i + 1 >= FIRST_HEAD && i + 1 < BLOCK_END);
    }
    CU_ASSERT_EQUAL(frames.blocks, 2);
}

SUITE_MAIN("rpc/http2/frames", SUITE_CASE(header_block_is_open_until_its_last_byte),
           SUITE_CASE(heads_are_found_in_pieces_of_any_size), SUITE_CASE(reserved_bit_of_the_stream_is_ignored))
