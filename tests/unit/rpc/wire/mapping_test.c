#include "rpc/wire/mapping.h"

#include <stdio.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static void resets_map_as_grpc_says(void)
{
    static const qvt_status expected[] = {
        QVT_INTERNAL, QVT_INTERNAL,           QVT_INTERNAL,          QVT_INTERNAL,  QVT_INTERNAL,
        QVT_UNKNOWN,  QVT_INTERNAL,           QVT_UNAVAILABLE,       QVT_CANCELLED, QVT_INTERNAL,
        QVT_INTERNAL, QVT_RESOURCE_EXHAUSTED, QVT_PERMISSION_DENIED, QVT_UNKNOWN,   QVT_UNKNOWN,
    };
    for (uint32_t code = 0; code < sizeof(expected) / sizeof(expected[0]); code++) {
        CU_ASSERT_EQUAL(mapping_from_http2(code), expected[code]);
    }
    CU_ASSERT_EQUAL(mapping_from_http2(UINT32_MAX), QVT_UNKNOWN);
    EXPECT_TEXT(mapping_http2_name(HTTP2_REFUSED_STREAM), "REFUSED_STREAM");
    EXPECT_TEXT(mapping_http2_name(99), "unknown code");
}

static void http_maps_as_grpc_says(void)
{
    static const struct {
        int code;
        qvt_status status;
    } cases[] = {
        {400, QVT_INTERNAL},    {401, QVT_UNAUTHENTICATED}, {403, QVT_PERMISSION_DENIED}, {404, QVT_UNIMPLEMENTED},
        {429, QVT_UNAVAILABLE}, {502, QVT_UNAVAILABLE},     {503, QVT_UNAVAILABLE},       {504, QVT_UNAVAILABLE},
        {200, QVT_UNKNOWN},     {500, QVT_UNKNOWN},         {415, QVT_UNKNOWN},           {-1, QVT_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CU_ASSERT_EQUAL(mapping_from_http(cases[i].code), cases[i].status);
    }
}

static void grpc_status_is_a_decimal_of_0_to_16(void)
{
    for (int code = 0; code <= 16; code++) {
        char text[16];
        snprintf(text, sizeof(text), "%d", code);
        CU_ASSERT_EQUAL((int)mapping_from_grpc_text(qvt_slice_text(text)), code);
        EXPECT_TEXT(mapping_to_grpc_text((qvt_status)code), text);
    }
    const char *const bad[] = {"", "17", "-1", "00", "1 ", "x"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CU_ASSERT_EQUAL(mapping_from_grpc_text(qvt_slice_text(bad[i])), QVT_UNKNOWN);
    }
    EXPECT_TEXT(mapping_to_grpc_text(QVT_NO_MEMORY), "8");
}

SUITE_MAIN("rpc/wire/mapping", SUITE_CASE(resets_map_as_grpc_says), SUITE_CASE(http_maps_as_grpc_says),
           SUITE_CASE(grpc_status_is_a_decimal_of_0_to_16))
