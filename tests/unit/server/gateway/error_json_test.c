#include "server/gateway/error_json.h"

#include <CUnit/Basic.h>

#include "tests/support/suite.h"

static void expect(const qvt_error *error, const char *json)
{
    struct buf out = BUF_INIT;
    CU_ASSERT_EQUAL(error_json_write(&out, error), QVT_OK);
    EXPECT_SLICE(buf_slice(&out), json);
    buf_deinit(&out);
}

static void a_plain_error_is_code_and_message(void)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_NOT_FOUND, NULL, "no \"%s\" here\\", "x");
    expect(&error, "{\"code\":5,\"message\":\"no \\\"x\\\" here\\\\\"}");
}

static void details_are_any_with_their_type(void)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_ABORTED, "ETAG_MISMATCH", "changed");
    qvt_error_fact(&error, "etag", "%s", "5.00");
    expect(&error, "{\"code\":10,\"message\":\"changed\",\"details\":[{\"@type\":\"type.googleapis.com/"
                   "google.rpc.ErrorInfo\",\"reason\":\"ETAG_MISMATCH\",\"domain\":\"quark.version.v1\",\"metadata\":"
                   "{\"etag\":\"5.00\"}}]}");
    (void)qvt_error_field(&error, "silo.port", "silo.port is missing");
    expect(&error, "{\"code\":3,\"message\":\"silo.port is missing\",\"details\":[{\"@type\":\"type.googleapis.com/"
                   "google.rpc.BadRequest\",\"fieldViolations\":[{\"field\":\"silo.port\",\"description\":\"silo.port "
                   "is missing\"}]}]}");
    (void)qvt_error_set(&error, QVT_UNAVAILABLE, NULL, "later");
    error.retry_delay_ms = 1500;
    expect(&error, "{\"code\":14,\"message\":\"later\",\"details\":[{\"@type\":\"type.googleapis.com/"
                   "google.rpc.RetryInfo\",\"retryDelay\":\"1.500s\"}]}");
}

static void our_own_codes_travel_as_grpc_codes(void)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_NO_MEMORY, NULL, "out of memory");
    expect(&error, "{\"code\":8,\"message\":\"out of memory\"}");
}

SUITE_MAIN("server/gateway/error_json", SUITE_CASE(a_plain_error_is_code_and_message),
           SUITE_CASE(details_are_any_with_their_type), SUITE_CASE(our_own_codes_travel_as_grpc_codes))
