#include "rpc/wire/frame.h"

#include <CUnit/CUnit.h>

#include "tests/support/alloc.h"
#include "tests/support/suite.h"

enum { MAX_LEN = 1000 };

/* Three messages: "", "abc", and 300 bytes. */
static size_t make_stream(uint8_t *out)
{
    static const size_t lengths[] = {0, 3, 300};
    size_t len = 0;
    for (size_t i = 0; i < 3; i++) {
        frame_write_prefix(out + len, i == 1, lengths[i]);
        len += FRAME_PREFIX_LEN;
        for (size_t j = 0; j < lengths[i]; j++) {
            out[len++] = (uint8_t)('a' + j);
        }
    }
    return len;
}

struct seen {
    size_t count;
    size_t lengths[4];
    bool compressed[4];
};

static qvt_status feed(struct frame_decoder *decoder, qvt_slice input, struct seen *seen)
{
    while (input.len > 0) {
        bool whole = false;
        qvt_status status = frame_decoder_take(decoder, &input, &whole);
        if (status != QVT_OK) {
            return status;
        }
        if (whole) {
            CU_ASSERT_FATAL(seen->count < 4);
            seen->lengths[seen->count] = decoder->message.len;
            seen->compressed[seen->count++] = frame_decoder_is_compressed(decoder);
            for (size_t i = 0; i < decoder->message.len; i++) {
                CU_ASSERT_EQUAL(decoder->message.data[i], (uint8_t)('a' + i));
            }
        }
    }
    return QVT_OK;
}

static void expect_three(const struct seen *seen)
{
    CU_ASSERT_EQUAL_FATAL(seen->count, 3);
    CU_ASSERT_EQUAL(seen->lengths[0], 0);
    CU_ASSERT_EQUAL(seen->lengths[1], 3);
    CU_ASSERT_EQUAL(seen->lengths[2], 300);
    CU_ASSERT_FALSE(seen->compressed[0]);
    CU_ASSERT_TRUE(seen->compressed[1]);
    CU_ASSERT_FALSE(seen->compressed[2]);
}

static void prefix_is_flag_and_big_endian_length(void)
{
    uint8_t prefix[FRAME_PREFIX_LEN];
    frame_write_prefix(prefix, true, 0x01020304);
    CU_ASSERT_EQUAL(memcmp(prefix, "\1\1\2\3\4", sizeof(prefix)), 0);
    frame_write_prefix(prefix, false, UINT32_MAX);
    CU_ASSERT_EQUAL(memcmp(prefix, "\0\377\377\377\377", sizeof(prefix)), 0);
}

static void whole_stream_gives_its_messages(void)
{
    uint8_t bytes[400];
    struct seen seen = {0};
    struct frame_decoder decoder;
    frame_decoder_init(&decoder, MAX_LEN);
    CU_ASSERT_EQUAL(feed(&decoder, qvt_slice_make(bytes, make_stream(bytes)), &seen), QVT_OK);
    expect_three(&seen);
    CU_ASSERT_FALSE(frame_decoder_is_inside(&decoder));
    frame_decoder_deinit(&decoder);
}

static void one_byte_at_a_time_gives_the_same(void)
{
    uint8_t bytes[400];
    size_t len = make_stream(bytes);
    struct seen seen = {0};
    struct frame_decoder decoder;
    frame_decoder_init(&decoder, MAX_LEN);
    for (size_t i = 0; i < len; i++) {
        CU_ASSERT_EQUAL(feed(&decoder, qvt_slice_make(bytes + i, 1), &seen), QVT_OK);
    }
    expect_three(&seen);
    frame_decoder_deinit(&decoder);
}

static void cut_anywhere_gives_the_same(void)
{
    uint8_t bytes[400];
    size_t len = make_stream(bytes);
    for (size_t cut = 0; cut <= len; cut++) {
        struct seen seen = {0};
        struct frame_decoder decoder;
        frame_decoder_init(&decoder, MAX_LEN);
        CU_ASSERT_EQUAL(feed(&decoder, qvt_slice_make(bytes, cut), &seen), QVT_OK);
        bool boundary = cut == 0 || cut == 5 || cut == 13 || cut == len;
        CU_ASSERT_EQUAL(frame_decoder_is_inside(&decoder), !boundary);
        CU_ASSERT_EQUAL(feed(&decoder, qvt_slice_make(bytes + cut, len - cut), &seen), QVT_OK);
        expect_three(&seen);
        frame_decoder_deinit(&decoder);
    }
}

static void limit_is_judged_from_the_prefix_alone(void)
{
    uint8_t prefix[FRAME_PREFIX_LEN];
    struct seen seen = {0};
    struct frame_decoder decoder;
    frame_decoder_init(&decoder, MAX_LEN);
    frame_write_prefix(prefix, false, MAX_LEN);
    CU_ASSERT_EQUAL(feed(&decoder, qvt_slice_make(prefix, sizeof(prefix)), &seen), QVT_OK);
    frame_decoder_reset(&decoder, 0);
    frame_write_prefix(prefix, false, MAX_LEN + 1);
    CU_ASSERT_EQUAL(feed(&decoder, qvt_slice_make(prefix, sizeof(prefix)), &seen), QVT_RESOURCE_EXHAUSTED);
    frame_decoder_deinit(&decoder);
}

static void unknown_flag_is_refused(void)
{
    struct seen seen = {0};
    struct frame_decoder decoder;
    frame_decoder_init(&decoder, MAX_LEN);
    CU_ASSERT_EQUAL(feed(&decoder, qvt_slice_make("\2\0\0\0\0", 5), &seen), QVT_INTERNAL);
    frame_decoder_deinit(&decoder);
}

static void promised_length_costs_nothing_before_it_comes(void)
{
    uint8_t prefix[FRAME_PREFIX_LEN];
    struct seen seen = {0};
    struct frame_decoder decoder;
    frame_decoder_init(&decoder, UINT32_MAX);
    frame_write_prefix(prefix, false, UINT32_MAX);
    CU_ASSERT_EQUAL(feed(&decoder, qvt_slice_make(prefix, sizeof(prefix)), &seen), QVT_OK);
    CU_ASSERT_EQUAL(feed(&decoder, qvt_slice_make("abc", 3), &seen), QVT_OK);
    CU_ASSERT_TRUE(decoder.message.cap < 1024);
    frame_decoder_deinit(&decoder);
}

static void reset_forgets_half_a_message(void)
{
    struct seen seen = {0};
    struct frame_decoder decoder;
    frame_decoder_init(&decoder, MAX_LEN);
    CU_ASSERT_EQUAL(feed(&decoder, qvt_slice_make("\0\0\0\0\5abc", 8), &seen), QVT_OK);
    frame_decoder_reset(&decoder, MAX_LEN);
    CU_ASSERT_FALSE(frame_decoder_is_inside(&decoder));
    CU_ASSERT_EQUAL(feed(&decoder, qvt_slice_make("\0\0\0\0\1a", 6), &seen), QVT_OK);
    CU_ASSERT_EQUAL(seen.count, 1);
    frame_decoder_deinit(&decoder);
}

static void without_memory_it_says_so(void)
{
    struct seen seen = {0};
    struct frame_decoder decoder;
    frame_decoder_init(&decoder, MAX_LEN);
    alloc_fail_at(1);
    CU_ASSERT_EQUAL(feed(&decoder, qvt_slice_make("\0\0\0\0\1a", 6), &seen), QVT_NO_MEMORY);
    alloc_fail_at(0);
    frame_decoder_deinit(&decoder);
}

SUITE_MAIN("rpc/wire/frame", SUITE_CASE(prefix_is_flag_and_big_endian_length),
           SUITE_CASE(whole_stream_gives_its_messages), SUITE_CASE(one_byte_at_a_time_gives_the_same),
           SUITE_CASE(cut_anywhere_gives_the_same), SUITE_CASE(limit_is_judged_from_the_prefix_alone),
           SUITE_CASE(unknown_flag_is_refused), SUITE_CASE(promised_length_costs_nothing_before_it_comes),
           SUITE_CASE(reset_forgets_half_a_message), SUITE_CASE(without_memory_it_says_so))
