#include "rpc/standard/symbols.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "quark/version/v1/version_tracker.descriptor.h"
#include "tests/support/suite.h"

/* A FileDescriptorProto: package p; message M { message N {} oneof o {} } enum E { V } service S { rpc R } extend .p.M
 * { x = 7 }. */
#define SAMPLE                                                                                                         \
    "\x12\x01p"                                                                                                        \
    "\x22\x12\x0a\x01M\x12\x03\x0a\x01"                                                                                \
    "f\x1a\x03\x0a\x01N\x42\x03\x0a\x01o"                                                                              \
    "\x2a\x08\x0a\x01"                                                                                                 \
    "E\x12\x03\x0a\x01V"                                                                                               \
    "\x32\x08\x0a\x01S\x12\x03\x0a\x01R"                                                                               \
    "\x3a\x0b\x0a\x01x\x12\x04.p.M\x18\x07"

static qvt_slice sample(void)
{
    return qvt_slice_make(SAMPLE, sizeof(SAMPLE) - 1);
}

static bool declares(const char *symbol)
{
    return symbols_declares(sample(), qvt_slice_text(symbol));
}

static void declarations_of_every_kind_are_found(void)
{
    static const char *const there[] = {"p.M", "p.M.f", "p.M.o", "p.M.N", "p.E", "p.V", "p.S", "p.S.R", "p.x"};
    static const char *const absent[] = {"",      "p",     "p.",     "M",     "p.N", "p.M.",
                                         "p.M.g", "p.E.V", "p.S.R.", "p.S.Q", "q.M", "p.M.N.f"};
    for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++) {
        CU_ASSERT_TRUE(declares(there[i]));
    }
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        CU_ASSERT_FALSE(declares(absent[i]));
    }
}

static void only_messages_are_messages(void)
{
    CU_ASSERT_TRUE(symbols_declares_message(sample(), qvt_slice_text("p.M")));
    CU_ASSERT_TRUE(symbols_declares_message(sample(), qvt_slice_text("p.M.N")));
    CU_ASSERT_FALSE(symbols_declares_message(sample(), qvt_slice_text("p.M.f")));
    CU_ASSERT_FALSE(symbols_declares_message(sample(), qvt_slice_text("p.E")));
}

static bool expect_x(void *data, qvt_slice extendee, int32_t number)
{
    unsigned *count = data;
    EXPECT_SLICE(extendee, "p.M");
    CU_ASSERT_EQUAL(number, 7);
    (*count)++;
    return true;
}

static void extensions_are_told(void)
{
    unsigned count = 0;
    CU_ASSERT_TRUE(symbols_each_extension(sample(), expect_x, &count));
    CU_ASSERT_EQUAL(count, 1);
}

static void services_and_package_are_told(void)
{
    qvt_slice rest = sample();
    qvt_slice name;
    EXPECT_SLICE(symbols_package(sample()), "p");
    CU_ASSERT_TRUE(symbols_next_service(&rest, &name));
    EXPECT_SLICE(name, "S");
    CU_ASSERT_FALSE(symbols_next_service(&rest, &name));
}

/* The copy has the exact size, so that a read behind the end is seen. */
static void cut_files_end_the_search(void)
{
    const qvt_rpc_descriptor *file = &quark_version_v1_version_tracker_proto.files[0];
    for (size_t len = 1; len < file->len; len += 37) {
        uint8_t *cut = malloc(len);
        CU_ASSERT_PTR_NOT_NULL_FATAL(cut);
        memcpy(cut, file->data, len);
        CU_ASSERT_FALSE(symbols_declares(qvt_slice_make(cut, len), qvt_slice_text("quark.version.v1.Nothing")));
        qvt_slice rest = qvt_slice_make(cut, len);
        qvt_slice name;
        while (symbols_next_import(&rest, &name)) {
            CU_ASSERT_TRUE(name.len > 0);
        }
        free(cut);
    }
}

SUITE_MAIN("rpc/standard/symbols", SUITE_CASE(declarations_of_every_kind_are_found),
           SUITE_CASE(only_messages_are_messages), SUITE_CASE(extensions_are_told),
           SUITE_CASE(services_and_package_are_told), SUITE_CASE(cut_files_end_the_search))
