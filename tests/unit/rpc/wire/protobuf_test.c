#include "rpc/wire/protobuf.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static void fields_read_back_as_written(void)
{
    struct buf out = BUF_INIT;
    size_t mark = 0;
    CU_ASSERT_EQUAL(protobuf_put_varint(&out, 1, UINT64_MAX), QVT_OK);
    CU_ASSERT_EQUAL(protobuf_open(&out, 1000, &mark), QVT_OK);
    for (int i = 0; i < 200; i++) {
        CU_ASSERT_EQUAL(protobuf_put_bytes(&out, 2, qvt_slice_text("x")), QVT_OK);
    }
    CU_ASSERT_EQUAL(protobuf_close(&out, mark), QVT_OK);
    qvt_slice rest = buf_slice(&out);
    struct protobuf_field field;
    CU_ASSERT_EQUAL(protobuf_next(&rest, &field), QVT_OK);
    CU_ASSERT_EQUAL(field.number, 1);
    CU_ASSERT_EQUAL(field.value, UINT64_MAX);
    CU_ASSERT_EQUAL(protobuf_next(&rest, &field), QVT_OK);
    CU_ASSERT_EQUAL(field.number, 1000);
    CU_ASSERT_EQUAL(field.bytes.len, 600);
    CU_ASSERT_EQUAL(rest.len, 0);
    buf_deinit(&out);
}

static void every_wire_type_but_groups_is_skipped_over(void)
{
    static const uint8_t bytes[] = {0x08, 1, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x1d, 1, 2, 3, 4, 0x22, 1, 'x'};
    qvt_slice rest = {bytes, sizeof(bytes)};
    struct protobuf_field field;
    for (uint32_t number = 1; number <= 4; number++) {
        CU_ASSERT_EQUAL(protobuf_next(&rest, &field), QVT_OK);
        CU_ASSERT_EQUAL(field.number, number);
        CU_ASSERT_EQUAL(field.is_bytes, number == 4);
    }
    CU_ASSERT_EQUAL(rest.len, 0);
}

static void what_is_no_protobuf_is_refused(void)
{
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {
        {"\x08", 1},                                              /* no value */
        {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11},     /* over 64 bits */
        {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12}, /* eleven bytes */
        {"\x0a\x05xxxx", 6},                                      /* shorter than it says */
        {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11},     /* length over any */
        {"\x00\x01", 2},                                          /* field 0 */
        {"\x0b", 1},                                              /* group */
        {"\x0c", 1},
        {"\x0e", 1},
        {"\x09xxxxxxx", 8},
        {"\x0dxxx", 4},
        {"\x80\x80\x80\x80\x80\x01", 6}, /* tag over 32 bits */
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        qvt_slice rest = qvt_slice_make(bad[i].bytes, bad[i].len);
        struct protobuf_field field;
        CU_ASSERT_EQUAL(protobuf_next(&rest, &field), QVT_INVALID_ARGUMENT);
    }
}

SUITE_MAIN("rpc/wire/protobuf", SUITE_CASE(fields_read_back_as_written),
           SUITE_CASE(every_wire_type_but_groups_is_skipped_over), SUITE_CASE(what_is_no_protobuf_is_refused))
