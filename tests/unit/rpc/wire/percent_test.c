#include "rpc/wire/percent.h"

#include <CUnit/CUnit.h>

#include "tests/support/alloc.h"
#include "tests/support/suite.h"

static void only_printable_ascii_but_percent_stays(void)
{
    struct buf out = BUF_INIT;
    CU_ASSERT_EQUAL(percent_encode(&out, qvt_slice_text(" ~A%\n\x7f\xc3\xa9")), QVT_OK);
    EXPECT_SLICE(buf_slice(&out), " ~A%25%0A%7F%C3%A9");
    buf_deinit(&out);
}

static void every_byte_survives(void)
{
    for (unsigned i = 0; i < 256; i++) {
        uint8_t byte = (uint8_t)i;
        struct buf text = BUF_INIT;
        struct buf back = BUF_INIT;
        CU_ASSERT_EQUAL(percent_encode(&text, qvt_slice_make(&byte, 1)), QVT_OK);
        CU_ASSERT_EQUAL(percent_decode(&back, buf_slice(&text)), QVT_OK);
        CU_ASSERT_TRUE(qvt_slice_equal(buf_slice(&back), qvt_slice_make(&byte, 1)));
        buf_deinit(&text);
        buf_deinit(&back);
    }
}

static void decoding_takes_anything(void)
{
    static const struct {
        const char *text;
        const char *decoded;
    } cases[] = {{"%41%6a%6A", "Ajj"}, {"%", "%"}, {"%4", "%4"}, {"%4g%zz", "%4g%zz"}, {"%%41", "%A"}, {"", ""}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf out = BUF_INIT;
        CU_ASSERT_EQUAL(percent_decode(&out, qvt_slice_text(cases[i].text)), QVT_OK);
        EXPECT_SLICE(buf_slice(&out), cases[i].decoded);
        buf_deinit(&out);
    }
}

static void without_memory_both_say_so(void)
{
    struct buf out = BUF_INIT;
    alloc_fail_at(1);
    CU_ASSERT_EQUAL(percent_encode(&out, qvt_slice_text("a")), QVT_NO_MEMORY);
    alloc_fail_at(1);
    CU_ASSERT_EQUAL(percent_decode(&out, qvt_slice_text("a")), QVT_NO_MEMORY);
    alloc_fail_at(0);
}

SUITE_MAIN("rpc/wire/percent", SUITE_CASE(only_printable_ascii_but_percent_stays), SUITE_CASE(every_byte_survives),
           SUITE_CASE(decoding_takes_anything), SUITE_CASE(without_memory_both_say_so))
