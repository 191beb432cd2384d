#include <CUnit/CUnit.h>
#include <string.h>

#include "tests/support/certificates.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/call/client_harness.h"

static void (*current_answer)(struct script_stream *stream);

static void answer_at_end(struct script_stream *stream, void *data)
{
    (void)data;
    if (stream->ended) {
        current_answer(stream);
    }
}

static void call_with(void (*answer)(struct script_stream *stream), const qvt_rpc_channel_options *options,
                      struct record *record)
{
    struct harness harness;
    current_answer = answer;
    memset(record, 0, sizeof(*record));
    harness_start(&harness, answer_at_end, options);
    record_whole_call(&harness, record);
    harness_stop(&harness);
}

static void call_once(void (*answer)(struct script_stream *stream), struct record *record)
{
    call_with(answer, NULL, record);
}

static void answer_ok(struct script_stream *stream)
{
    CU_ASSERT_STRING_EQUAL(script_field(stream, ":method"), "POST");
    CU_ASSERT_STRING_EQUAL(script_field(stream, ":scheme"), stream->conn->net.tls == NULL ? "http" : "https");
    CU_ASSERT_STRING_EQUAL(script_field(stream, ":path"), "/test.Service/Unary");
    CU_ASSERT_STRING_EQUAL(script_field(stream, ":authority"), stream->conn->server->listener.address);
    CU_ASSERT_STRING_EQUAL(script_field(stream, "content-type"), "application/grpc");
    CU_ASSERT_STRING_EQUAL(script_field(stream, "te"), "trailers");
    CU_ASSERT_STRING_EQUAL(script_field(stream, "user-agent"), "qvt");
    CU_ASSERT_STRING_EQUAL(script_field(stream, "grpc-timeout"), "");
    CU_ASSERT_TRUE(qvt_slice_equal(buf_slice(&stream->body), qvt_slice_make("\0\0\0\0\x07request", 12)));
    script_respond(stream, SCRIPT_MORE, ":status", "200", "content-type", "application/grpc+proto", "first", "1",
                   "first", "2", NULL);
    script_message(stream, "response");
    script_end(stream, "grpc-status", "0", "last-bin", "aGk", NULL);
}

static void unary_call_gives_message_and_metadata(void)
{
    struct record record;
    call_once(answer_ok, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    EXPECT_SLICE(buf_slice(&record.messages), "response|");
    EXPECT_TEXT(record.initial, "first=1;first=2;");
    EXPECT_TEXT(record.trailing, "last-bin=hi;");
    EXPECT_TEXT(record.error.message, "");
    CU_ASSERT_EQUAL(record.initials, 1);
    record_deinit(&record);
}

static qvt_rpc_tls *server_tls(const struct certificate_files *files)
{
    qvt_rpc_tls_server_options options = QVT_RPC_TLS_SERVER_OPTIONS_INIT;
    qvt_rpc_tls *tls = NULL;
    options.certificate_file = files->certificate;
    options.key_file = files->key;
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_tls_new_server(&tls, &options, NULL), QVT_OK);
    return tls;
}

static qvt_rpc_tls *client_tls(const struct certificate_files *files)
{
    qvt_rpc_tls_client_options options = QVT_RPC_TLS_CLIENT_OPTIONS_INIT;
    qvt_rpc_tls *tls = NULL;
    options.authority_file = files->certificate;
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_tls_new_client(&tls, &options, NULL), QVT_OK);
    return tls;
}

/* grpc PROTOCOL-HTTP2 "Scheme". */
static void call_over_tls_says_so(void)
{
    static const struct certificate_facts signer = {.common_name = "Test authority", .is_authority = 1};
    static const struct certificate_facts facts = {.common_name = "server", .address = "127.0.0.1"};
    struct certificates certificates;
    struct certificate_files authority;
    struct certificate_files files;
    struct harness harness;
    struct record record = {.call = NULL};
    qvt_rpc_channel_options options = QVT_RPC_CHANNEL_OPTIONS_INIT;
    certificates_init(&certificates);
    certificates_make(&certificates, &authority, &signer, NULL);
    certificates_make(&certificates, &files, &facts, &authority);
    options.tls = client_tls(&authority);
    current_answer = answer_ok;
    harness_start(&harness, answer_at_end, &options);
    harness.server.setup.tls = server_tls(&files);
    record_whole_call(&harness, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    EXPECT_TEXT(record.error.message, "");
    qvt_rpc_tls_unref(harness.server.setup.tls);
    harness_stop(&harness);
    record_deinit(&record);
    qvt_rpc_tls_unref(options.tls);
    certificates_deinit(&certificates);
}

static void answer_trailers_only(struct script_stream *stream)
{
    script_respond(stream, SCRIPT_LAST, ":status", "200", "content-type", "application/grpc", "grpc-status", "5",
                   "grpc-message", "no caf%C3%A9 100% %zz", "extra", "x", NULL);
}

static void trailers_only_answer_is_the_status(void)
{
    struct record record;
    call_once(answer_trailers_only, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_NOT_FOUND);
    EXPECT_TEXT(record.error.message, "no caf\xc3\xa9 100% %zz");
    EXPECT_TEXT(record.trailing, "extra=x;");
    CU_ASSERT_EQUAL(record.initials, 0);
    record_deinit(&record);
}

/* google.rpc.Status{code 9, message "m", ErrorInfo{reason "ETAG_MISMATCH", domain "d"}} in base64. */
static const char details[] =
    "CAkSAW0aPgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLkVycm9ySW5mbxISCg1FVEFHX01JU01BVENIEgFk";

static void answer_details(struct script_stream *stream)
{
    script_respond(stream, SCRIPT_LAST, ":status", "200", "content-type", "application/grpc", "grpc-status", "9",
                   "grpc-message", "the etag differs", "grpc-status-details-bin", details, NULL);
}

static void details_become_the_error(void)
{
    struct record record;
    call_once(answer_details, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_FAILED_PRECONDITION);
    EXPECT_TEXT(record.error.message, "the etag differs");
    EXPECT_TEXT(record.reason, "ETAG_MISMATCH");
    CU_ASSERT_TRUE(record.details_len > 0);
    record_deinit(&record);
}

static void answer_bad_details(struct script_stream *stream)
{
    script_respond(stream, SCRIPT_LAST, ":status", "200", "content-type", "application/grpc", "grpc-status", "9",
                   "grpc-message", "message", "grpc-status-details-bin", "CP__", NULL);
}

static void unreadable_details_do_not_hide_the_status(void)
{
    struct record record;
    call_once(answer_bad_details, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_FAILED_PRECONDITION);
    EXPECT_TEXT(record.error.message, "message");
    record_deinit(&record);
}

static const char *http_status;

static void answer_http(struct script_stream *stream)
{
    script_respond(stream, SCRIPT_LAST, ":status", http_status, "content-type", "text/html", NULL);
}

static void http_status_without_grpc_status_is_mapped(void)
{
    static const struct {
        const char *http;
        qvt_status status;
    } rows[] = {{"400", QVT_INTERNAL},      {"401", QVT_UNAUTHENTICATED}, {"403", QVT_PERMISSION_DENIED},
                {"404", QVT_UNIMPLEMENTED}, {"429", QVT_UNAVAILABLE},     {"502", QVT_UNAVAILABLE},
                {"503", QVT_UNAVAILABLE},   {"504", QVT_UNAVAILABLE},     {"500", QVT_UNKNOWN},
                {"200", QVT_UNKNOWN}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct record record;
        http_status = rows[i].http;
        call_once(answer_http, &record);
        CU_ASSERT_EQUAL(record.error.status, rows[i].status);
        record_deinit(&record);
    }
}

static void answer_html_for_ever(struct script_stream *stream)
{
    script_respond(stream, SCRIPT_MORE, ":status", "503", "content-type", "text/html", NULL);
    script_bytes(stream, "<html>", 6);
}

static void answer_of_a_proxy_ends_the_call_before_its_body_ends(void)
{
    struct record record;
    call_once(answer_html_for_ever, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_UNAVAILABLE);
    EXPECT_TEXT(record.error.message, "the server answered with HTTP status 503");
    CU_ASSERT_EQUAL(record.message_count, 0);
    record_deinit(&record);
}

static void answer_without_trailers(struct script_stream *stream)
{
    script_respond_grpc(stream);
    script_message(stream, "response");
    script_end(stream, NULL);
}

static void end_without_grpc_status_is_unknown(void)
{
    struct record record;
    call_once(answer_without_trailers, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_UNKNOWN);
    record_deinit(&record);
}

static void answer_strange_status(struct script_stream *stream)
{
    script_respond(stream, SCRIPT_LAST, ":status", "200", "content-type", "application/grpc", "grpc-status", "99",
                   NULL);
}

static void status_outside_the_list_is_unknown(void)
{
    struct record record;
    call_once(answer_strange_status, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_UNKNOWN);
    record_deinit(&record);
}

static void answer_nothing(struct script_stream *stream)
{
    script_respond(stream, SCRIPT_LAST, ":status", "200", "content-type", "application/grpc", "grpc-status", "0", NULL);
}

static void answer_twice(struct script_stream *stream)
{
    script_respond_grpc(stream);
    script_message(stream, "one");
    script_message(stream, "two");
    script_end(stream, "grpc-status", "0", NULL);
}

static void unary_call_with_no_or_two_messages_is_unimplemented(void)
{
    struct record record;
    call_once(answer_nothing, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_UNIMPLEMENTED);
    record_deinit(&record);
    call_once(answer_twice, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_UNIMPLEMENTED);
    record_deinit(&record);
}

static void answer_cut(struct script_stream *stream)
{
    script_respond_grpc(stream);
    script_bytes(stream, "\0\0\0\0\x09six...", 11);
    script_end(stream, "grpc-status", "0", NULL);
}

static void answer_bad_flag(struct script_stream *stream)
{
    script_respond_grpc(stream);
    script_bytes(stream, "\x02\0\0\0\0", 5);
}

static void answer_compressed(struct script_stream *stream)
{
    script_respond_grpc(stream);
    script_bytes(stream, "\x01\0\0\0\x01x", 6);
}

static void broken_framing_is_internal(void)
{
    static void (*const answers[])(struct script_stream *) = {answer_cut, answer_bad_flag, answer_compressed};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct record record;
        call_once(answers[i], &record);
        CU_ASSERT_EQUAL(record.error.status, QVT_INTERNAL);
        CU_ASSERT_EQUAL(record.message_count, 0);
        record_deinit(&record);
    }
}

static void answer_11_bytes(struct script_stream *stream)
{
    script_respond_grpc(stream);
    script_bytes(stream, "\0\0\0\0\x0b", 5);
}

static void too_large_message_is_refused_by_its_prefix(void)
{
    qvt_rpc_channel_options options = QVT_RPC_CHANNEL_OPTIONS_INIT;
    struct record record;
    options.max_message_bytes = 10;
    call_with(answer_11_bytes, &options, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_RESOURCE_EXHAUSTED);
    EXPECT_TEXT(record.error.message, "the server's message is larger than 10 bytes");
    record_deinit(&record);
}

static uint32_t reset_code;

static void answer_reset(struct script_stream *stream)
{
    CU_ASSERT_EQUAL(http2_stream_reset(&stream->stream, reset_code), QVT_OK);
}

static void reset_code_is_mapped(void)
{
    static const struct {
        uint32_t code;
        qvt_status status;
    } rows[] = {{0x0, QVT_INTERNAL},  {0x1, QVT_INTERNAL},           {0x2, QVT_INTERNAL},         {0x3, QVT_INTERNAL},
                {0x8, QVT_CANCELLED}, {0xb, QVT_RESOURCE_EXHAUSTED}, {0xc, QVT_PERMISSION_DENIED}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct record record;
        reset_code = rows[i].code;
        call_once(answer_reset, &record);
        CU_ASSERT_EQUAL(record.error.status, rows[i].status);
        record_deinit(&record);
    }
}

static void answer_drop(struct script_stream *stream)
{
    net_conn_close(&stream->conn->net);
}

static void lost_connection_is_unavailable(void)
{
    struct record record;
    call_once(answer_drop, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_UNAVAILABLE);
    CU_ASSERT_TRUE(strstr(record.error.message, "ended: closed by the peer") != NULL);
    record_deinit(&record);
}

static void answer_large_header(struct script_stream *stream)
{
    static char value[20000];
    memset(value, 'x', sizeof(value) - 1);
    script_respond(stream, SCRIPT_LAST, ":status", "200", "content-type", "application/grpc", "grpc-status", "0",
                   "large", value, NULL);
}

static void too_large_headers_are_resource_exhausted(void)
{
    struct record record;
    call_once(answer_large_header, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_RESOURCE_EXHAUSTED);
    record_deinit(&record);
}

SUITE_MAIN("rpc/call/client answers", SUITE_CASE(unary_call_gives_message_and_metadata),
           SUITE_CASE(call_over_tls_says_so), SUITE_CASE(trailers_only_answer_is_the_status),
           SUITE_CASE(details_become_the_error), SUITE_CASE(unreadable_details_do_not_hide_the_status),
           SUITE_CASE(http_status_without_grpc_status_is_mapped),
           SUITE_CASE(answer_of_a_proxy_ends_the_call_before_its_body_ends),
           SUITE_CASE(end_without_grpc_status_is_unknown), SUITE_CASE(status_outside_the_list_is_unknown),
           SUITE_CASE(unary_call_with_no_or_two_messages_is_unimplemented), SUITE_CASE(broken_framing_is_internal),
           SUITE_CASE(too_large_message_is_refused_by_its_prefix), SUITE_CASE(reset_code_is_mapped),
           SUITE_CASE(lost_connection_is_unavailable), SUITE_CASE(too_large_headers_are_resource_exhausted))
