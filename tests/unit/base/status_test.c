#include "qvt/status.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static void values_0_to_16_are_grpcs_own(void)
{
    for (int code = 0; code <= 16; code++) {
        CU_ASSERT_EQUAL(qvt_status_from_grpc(code), (qvt_status)code);
        CU_ASSERT_EQUAL(qvt_status_to_grpc((qvt_status)code), code);
    }
}

static void code_outside_grpcs_list_is_unknown(void)
{
    CU_ASSERT_EQUAL(qvt_status_from_grpc(-1), QVT_UNKNOWN);
    CU_ASSERT_EQUAL(qvt_status_from_grpc(17), QVT_UNKNOWN);
    CU_ASSERT_EQUAL(qvt_status_from_grpc(4294967296L), QVT_UNKNOWN);
}

static void out_of_memory_travels_as_resource_exhausted(void)
{
    CU_ASSERT_EQUAL(qvt_status_to_grpc(QVT_NO_MEMORY), 8);
    CU_ASSERT_EQUAL(qvt_status_to_http(QVT_NO_MEMORY), 503);
}

static void names_are_grpcs(void)
{
    EXPECT_TEXT(qvt_status_name(QVT_OK), "OK");
    EXPECT_TEXT(qvt_status_name(QVT_INVALID_ARGUMENT), "INVALID_ARGUMENT");
    EXPECT_TEXT(qvt_status_text(QVT_NOT_FOUND), "not found");
}

static void http_codes_are_those_of_google_rpc_code(void)
{
    static const int expected[] = {200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401};
    for (int code = 0; code <= 16; code++) {
        CU_ASSERT_EQUAL(qvt_status_to_http((qvt_status)code), expected[code]);
    }
}

static void value_outside_the_list_still_has_words(void)
{
    int outside = 99;
    qvt_status status;
    memcpy(&status, &outside, sizeof(status));
    CU_ASSERT_PTR_NOT_NULL(qvt_status_text(status));
    EXPECT_TEXT(qvt_status_name(status), "UNKNOWN");
    CU_ASSERT_EQUAL(qvt_status_to_grpc(status), 2);
    CU_ASSERT_EQUAL(qvt_status_to_http(status), 500);
}

SUITE_MAIN("base/status", SUITE_CASE(values_0_to_16_are_grpcs_own), SUITE_CASE(code_outside_grpcs_list_is_unknown),
           SUITE_CASE(out_of_memory_travels_as_resource_exhausted), SUITE_CASE(names_are_grpcs),
           SUITE_CASE(http_codes_are_those_of_google_rpc_code), SUITE_CASE(value_outside_the_list_still_has_words))
