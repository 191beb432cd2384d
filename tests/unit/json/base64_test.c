#include "json/base64.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static const struct {
    const char *bytes;
    const char *text;
} vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xff\xfe\xfb", "//77"},
};

static void vectors_of_rfc_4648_are_written(void)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        char out[16];
        qvt_slice bytes = qvt_slice_text(vectors[i].bytes);
        base64_write(out, bytes);
        EXPECT_SLICE(qvt_slice_make(out, base64_text_len(bytes.len)), vectors[i].text);
    }
}

static void expect_read(const char *text, const char *bytes)
{
    uint8_t out[64];
    size_t len = 99;
    CU_ASSERT_TRUE(base64_read(out, &len, qvt_slice_text(text)));
    EXPECT_SLICE(qvt_slice_make(out, len), bytes);
}

static void vectors_of_rfc_4648_are_read(void)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        expect_read(vectors[i].text, vectors[i].bytes);
    }
}

static void url_safe_alphabet_and_missing_padding_are_read(void)
{
    expect_read("__77", "\xff\xfe\xfb");
    expect_read("-_-_", "\xfb\xff\xbf");
    expect_read("Zg", "f");
    expect_read("Zm8", "fo");
}

static void what_is_no_base64_is_refused(void)
{
    static const char *const bad[] = {
        "Z", "Zg=", "Z===", "=", "==", "Zg==Zg==", "Zm9v=", "Zm 9v", "Zm9v\n", "Zm9\xc3", "Zm9v===="};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t out[64];
        size_t len;
        CU_ASSERT_FALSE(base64_read(out, &len, qvt_slice_text(bad[i])));
    }
}

SUITE_MAIN("json/base64", SUITE_CASE(vectors_of_rfc_4648_are_written), SUITE_CASE(vectors_of_rfc_4648_are_read),
           SUITE_CASE(url_safe_alphabet_and_missing_padding_are_read), SUITE_CASE(what_is_no_base64_is_refused))
