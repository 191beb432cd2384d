#include "rpc/wire/gzip.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

enum { LONG = 300000 };

static uint8_t text[LONG];

static void fill(void)
{
    for (size_t i = 0; i < LONG; i++) {
        text[i] = (uint8_t)(i * i >> 7);
    }
}

static void expect_round_trip(size_t len)
{
    struct buf packed = BUF_INIT;
    struct buf back = BUF_INIT;
    qvt_slice parts[] = {qvt_slice_make(text, len / 3), qvt_slice_make(text + len / 3, len - len / 3)};
    CU_ASSERT_EQUAL_FATAL(gzip_deflate(&packed, parts, 2), QVT_OK);
    CU_ASSERT_EQUAL(gzip_inflate(&back, buf_slice(&packed), (uint32_t)len), QVT_OK);
    CU_ASSERT_EQUAL(back.len, len);
    CU_ASSERT_TRUE(len == 0 || memcmp(back.data, text, len) == 0);
    buf_deinit(&packed);
    buf_deinit(&back);
}

static void message_comes_back(void)
{
    fill();
    const size_t lens[] = {0, 1, 2, 4095, 4096, 4097, LONG};
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        expect_round_trip(lens[i]);
    }
}

static void longer_than_allowed_is_refused(void)
{
    struct buf packed = BUF_INIT;
    struct buf back = BUF_INIT;
    fill();
    qvt_slice whole = qvt_slice_make(text, LONG);
    CU_ASSERT_EQUAL_FATAL(gzip_deflate(&packed, &whole, 1), QVT_OK);
    CU_ASSERT_EQUAL(gzip_inflate(&back, buf_slice(&packed), LONG - 1), QVT_RESOURCE_EXHAUSTED);
    CU_ASSERT_TRUE(back.len <= LONG);
    buf_clear(&back);
    CU_ASSERT_EQUAL(gzip_inflate(&back, buf_slice(&packed), 0), QVT_RESOURCE_EXHAUSTED);
    buf_deinit(&packed);
    buf_deinit(&back);
}

static void cut_changed_or_continued_is_corrupt(void)
{
    struct buf packed = BUF_INIT;
    struct buf back = BUF_INIT;
    qvt_slice part = qvt_slice_text("some message that is to be sent");
    CU_ASSERT_EQUAL_FATAL(gzip_deflate(&packed, &part, 1), QVT_OK);
    for (size_t len = 0; len < packed.len; len++) {
        CU_ASSERT_EQUAL(gzip_inflate(&back, qvt_slice_make(packed.data, len), 1000), QVT_INTERNAL);
    }
    packed.data[packed.len - 5] ^= 1;
    CU_ASSERT_EQUAL(gzip_inflate(&back, buf_slice(&packed), 1000), QVT_INTERNAL);
    packed.data[packed.len - 5] ^= 1;
    CU_ASSERT_EQUAL(buf_append_byte(&packed, 0), QVT_OK);
    CU_ASSERT_EQUAL(gzip_inflate(&back, buf_slice(&packed), 1000), QVT_INTERNAL);
    buf_deinit(&packed);
    buf_deinit(&back);
}

static void framed_message_has_its_prefix(void)
{
    struct buf out = BUF_INIT;
    struct buf back = BUF_INIT;
    qvt_slice parts[] = {qvt_slice_text("some "), qvt_slice_text("message")};
    CU_ASSERT_EQUAL_FATAL(buf_append_byte(&out, 'x'), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(gzip_frame(&out, parts, 2), QVT_OK);
    CU_ASSERT_EQUAL(out.data[1], 1);
    CU_ASSERT_EQUAL(out.data[5], out.len - 6);
    CU_ASSERT_EQUAL(gzip_inflate(&back, qvt_slice_make(out.data + 6, out.len - 6), 1000), QVT_OK);
    EXPECT_SLICE(buf_slice(&back), "some message");
    buf_deinit(&out);
    buf_deinit(&back);
}

static void gzip_is_found_in_lists(void)
{
    CU_ASSERT_TRUE(gzip_is_listed(qvt_slice_text("gzip")));
    CU_ASSERT_TRUE(gzip_is_listed(qvt_slice_text("identity,deflate,gzip")));
    CU_ASSERT_TRUE(gzip_is_listed(qvt_slice_text("identity, gzip ,br")));
    CU_ASSERT_FALSE(gzip_is_listed(qvt_slice_text("identity,gzipped,agzip")));
    CU_ASSERT_FALSE(gzip_is_listed(qvt_slice_text(",")));
    CU_ASSERT_FALSE(gzip_is_listed(qvt_slice_text("")));
}

SUITE_MAIN("rpc/wire/gzip", SUITE_CASE(message_comes_back), SUITE_CASE(longer_than_allowed_is_refused),
           SUITE_CASE(cut_changed_or_continued_is_corrupt), SUITE_CASE(framed_message_has_its_prefix),
           SUITE_CASE(gzip_is_found_in_lists))
