#include "rpc/wire/base64.h"

#include <CUnit/CUnit.h>

#include "tests/support/alloc.h"
#include "tests/support/suite.h"

/* RFC 4648 §10, without padding. */
static const struct {
    const char *plain;
    const char *encoded;
    const char *padded;
} vectors[] = {
    {"", "", ""},
    {"f", "Zg", "Zg=="},
    {"fo", "Zm8", "Zm8="},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg", "Zm9vYg=="},
    {"fooba", "Zm9vYmE", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
};

enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

static void encodes_without_padding(void)
{
    for (size_t i = 0; i < VECTORS; i++) {
        struct buf out = BUF_INIT;
        CU_ASSERT_EQUAL(base64_encode(&out, qvt_slice_text(vectors[i].plain)), QVT_OK);
        EXPECT_SLICE(buf_slice(&out), vectors[i].encoded);
        CU_ASSERT_EQUAL(out.len, base64_encoded_len(strlen(vectors[i].plain)));
        buf_deinit(&out);
    }
}

static void decodes_with_and_without_padding(void)
{
    for (size_t i = 0; i < VECTORS; i++) {
        struct buf out = BUF_INIT;
        CU_ASSERT_EQUAL(base64_decode(&out, qvt_slice_text(vectors[i].encoded)), QVT_OK);
        CU_ASSERT_EQUAL(base64_decode(&out, qvt_slice_text(vectors[i].padded)), QVT_OK);
        CU_ASSERT_EQUAL(out.len, 2 * strlen(vectors[i].plain));
        out.len /= 2;
        EXPECT_SLICE(buf_slice(&out), vectors[i].plain);
        buf_deinit(&out);
    }
}

static void every_byte_survives(void)
{
    uint8_t bytes[256];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)i;
    }
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        struct buf text = BUF_INIT;
        struct buf back = BUF_INIT;
        CU_ASSERT_EQUAL(base64_encode(&text, qvt_slice_make(bytes, len)), QVT_OK);
        CU_ASSERT_EQUAL(base64_decode(&back, buf_slice(&text)), QVT_OK);
        CU_ASSERT_TRUE(qvt_slice_equal(buf_slice(&back), qvt_slice_make(bytes, len)));
        buf_deinit(&text);
        buf_deinit(&back);
    }
}

static void what_is_not_base64_leaves_the_output_alone(void)
{
    const char *const bad[] = {"Z", "Zm9vY", "Zm9v=", "Z===", "====", "Zg=", "Z g=", "Zm-_", "=Zg=", "Zm9v\n"};
    struct buf out = BUF_INIT;
    CU_ASSERT_EQUAL_FATAL(buf_append_text(&out, "kept"), QVT_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CU_ASSERT_EQUAL(base64_decode(&out, qvt_slice_text(bad[i])), QVT_INVALID_ARGUMENT);
        EXPECT_SLICE(buf_slice(&out), "kept");
    }
    buf_deinit(&out);
}

static void without_memory_both_say_so(void)
{
    struct buf out = BUF_INIT;
    alloc_fail_at(1);
    CU_ASSERT_EQUAL(base64_encode(&out, qvt_slice_text("foobar")), QVT_NO_MEMORY);
    alloc_fail_at(1);
    CU_ASSERT_EQUAL(base64_decode(&out, qvt_slice_text("Zm9v")), QVT_NO_MEMORY);
    alloc_fail_at(0);
    CU_ASSERT_EQUAL(out.len, 0);
}

SUITE_MAIN("rpc/wire/base64", SUITE_CASE(encodes_without_padding), SUITE_CASE(decodes_with_and_without_padding),
           SUITE_CASE(every_byte_survives), SUITE_CASE(what_is_not_base64_leaves_the_output_alone),
           SUITE_CASE(without_memory_both_say_so))
