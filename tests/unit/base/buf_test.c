#include "base/buf.h"

#include <CUnit/CUnit.h>

#include "tests/support/alloc.h"
#include "tests/support/suite.h"

static void appends_follow_each_other(void)
{
    struct buf buf = BUF_INIT;
    CU_ASSERT_EQUAL(buf_append(&buf, "ab", 2), QVT_OK);
    CU_ASSERT_EQUAL(buf_append_slice(&buf, qvt_slice_text("cd")), QVT_OK);
    CU_ASSERT_EQUAL(buf_append_text(&buf, "ef"), QVT_OK);
    CU_ASSERT_EQUAL(buf_append_byte(&buf, 'g'), QVT_OK);
    EXPECT_SLICE(buf_slice(&buf), "abcdefg");
    buf_deinit(&buf);
    CU_ASSERT(buf.data == NULL && buf.len == 0 && buf.cap == 0);
}

static void nothing_appended_needs_no_memory(void)
{
    struct buf buf = BUF_INIT;
    CU_ASSERT_EQUAL(buf_append(&buf, NULL, 0), QVT_OK);
    CU_ASSERT_EQUAL(buf_append_text(&buf, ""), QVT_OK);
    CU_ASSERT_PTR_NULL(buf.data);
    buf_deinit(&buf);
}

static void growth_doubles(void)
{
    struct buf buf = BUF_INIT;
    alloc_fail_at(0);
    for (int i = 0; i < 100000; i++) {
        CU_ASSERT_EQUAL_FATAL(buf_append_byte(&buf, (uint8_t)i), QVT_OK);
    }
    CU_ASSERT(alloc_count() <= 17);
    CU_ASSERT_EQUAL(buf.data[99999], (uint8_t)99999);
    buf_deinit(&buf);
}

static void clear_keeps_the_memory(void)
{
    struct buf buf = BUF_INIT;
    CU_ASSERT_EQUAL(buf_append_text(&buf, "abc"), QVT_OK);
    size_t cap = buf.cap;
    buf_clear(&buf);
    CU_ASSERT_EQUAL(buf.len, 0);
    CU_ASSERT_EQUAL(buf.cap, cap);
    buf_deinit(&buf);
}

static void printf_appends_text_of_any_length_without_nul(void)
{
    struct buf buf = BUF_INIT;
    CU_ASSERT_EQUAL(buf_printf(&buf, "%d-%s", 7, "x"), QVT_OK);
    EXPECT_SLICE(buf_slice(&buf), "7-x");
    CU_ASSERT_EQUAL(buf_printf(&buf, "%500s", "end"), QVT_OK);
    CU_ASSERT_EQUAL(buf.len, 503);
    EXPECT_SLICE(qvt_slice_make(buf.data + 500, 3), "end");
    buf_deinit(&buf);
}

static void printf_that_exactly_fills_the_room_still_fits(void)
{
    for (int len = 60; len < 70; len++) {
        struct buf buf = BUF_INIT;
        CU_ASSERT_EQUAL(buf_reserve(&buf, 1), QVT_OK);
        CU_ASSERT_EQUAL(buf_printf(&buf, "%*d", len, 5), QVT_OK);
        CU_ASSERT_EQUAL(buf.len, (size_t)len);
        CU_ASSERT_EQUAL(buf.data[len - 1], '5');
        buf_deinit(&buf);
    }
}

static void drop_front_keeps_the_rest(void)
{
    struct buf buf = BUF_INIT;
    buf_drop_front(&buf, 0);
    CU_ASSERT_EQUAL(buf_append_text(&buf, "header:body"), QVT_OK);
    buf_drop_front(&buf, 7);
    EXPECT_SLICE(buf_slice(&buf), "body");
    buf_drop_front(&buf, 4);
    CU_ASSERT_EQUAL(buf.len, 0);
    buf_deinit(&buf);
}

static void out_of_memory_leaves_the_buffer_as_it_was(void)
{
    struct buf buf = BUF_INIT;
    CU_ASSERT_EQUAL(buf_append_text(&buf, "kept"), QVT_OK);
    alloc_fail_at(1);
    CU_ASSERT_EQUAL(buf_reserve(&buf, 1000), QVT_NO_MEMORY);
    alloc_fail_at(1);
    CU_ASSERT_EQUAL(buf_printf(&buf, "%100d", 1), QVT_NO_MEMORY);
    alloc_fail_at(0);
    CU_ASSERT_EQUAL(buf_reserve(&buf, SIZE_MAX), QVT_NO_MEMORY);
    CU_ASSERT_EQUAL(alloc_count(), 0);
    EXPECT_SLICE(buf_slice(&buf), "kept");
    buf_deinit(&buf);
}

SUITE_MAIN("base/buf", SUITE_CASE(appends_follow_each_other), SUITE_CASE(nothing_appended_needs_no_memory),
           SUITE_CASE(growth_doubles), SUITE_CASE(clear_keeps_the_memory),
           SUITE_CASE(printf_appends_text_of_any_length_without_nul),
           SUITE_CASE(printf_that_exactly_fills_the_room_still_fits), SUITE_CASE(drop_front_keeps_the_rest),
           SUITE_CASE(out_of_memory_leaves_the_buffer_as_it_was))
