/* The client against Debian's python3-grpcio, the server of the C++ core. */
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "qvt/rpc/blocking.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/call/client_harness.h"
#include "tests/unit/rpc/call/stock_server.h"

static void ignore(struct script_stream *stream, void *data)
{
    (void)stream;
    (void)data;
}

static void start(struct harness *harness)
{
    const char *endpoint = stock_server_endpoint();
    harness_start_with(harness, ignore, &endpoint, 1, NULL);
}

static qvt_rpc_method method(const char *path, qvt_rpc_kind kind)
{
    return (qvt_rpc_method){.path = path, .name = path, .kind = kind};
}

static void unary_call_carries_message_and_metadata(void)
{
    struct harness harness;
    struct record record = {0};
    const qvt_rpc_method echo = method("/test.Service/Echo", QVT_RPC_UNARY);
    const qvt_rpc_metadata_entry entries[] = {{qvt_slice_text("x-word"), qvt_slice_text("word")},
                                              {qvt_slice_text("x-word-bin"), qvt_slice_make("\xff\x01", 2)}};
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    options.metadata = (qvt_rpc_metadata){entries, 2};
    options.timeout_ms = 10000;
    start(&harness);
    record_start(&harness, &record, &echo, &options);
    CU_ASSERT_EQUAL(qvt_rpc_client_call_send(record.call, qvt_slice_text("hello")), QVT_OK);
    qvt_rpc_client_call_half_close(record.call);
    harness_run_until(&harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    EXPECT_SLICE(buf_slice(&record.messages), "hello|");
    EXPECT_TEXT(record.trailing, "left=over;");
    CU_ASSERT_TRUE(strstr(record.initial, "seen=word;") != NULL);
    CU_ASSERT_TRUE(strstr(record.initial, "seen-bin=\xff\x01;") != NULL);
    record_deinit(&record);
    harness_stop(&harness);
}

static void blocking_call(void)
{
    struct harness harness;
    const qvt_rpc_method echo = method("/test.Service/Echo", QVT_RPC_UNARY);
    qvt_blob *response = NULL;
    qvt_error error;
    start(&harness);
    CU_ASSERT_EQUAL(qvt_rpc_call_blocking(harness.runtime, harness.channel, &echo, qvt_slice_text("hello"), NULL,
                                          &response, &error),
                    QVT_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(response);
    EXPECT_SLICE(qvt_blob_slice(response), "hello");
    qvt_blob_unref(response);
    harness_stop(&harness);
}

static void status_message_and_details_arrive(void)
{
    struct harness harness;
    const qvt_rpc_method fail = method("/test.Service/Fail", QVT_RPC_UNARY);
    qvt_blob *response = NULL;
    qvt_error error;
    start(&harness);
    CU_ASSERT_EQUAL(
        qvt_rpc_call_blocking(harness.runtime, harness.channel, &fail, qvt_slice_text(""), NULL, &response, &error),
        QVT_NOT_FOUND);
    CU_ASSERT_PTR_NULL(response);
    EXPECT_TEXT(error.message, "n\xc3\xb6t \xe2\x82\xac 100% found\\x0a");
    harness_stop(&harness);
}

static void unknown_method_is_unimplemented(void)
{
    struct harness harness;
    const qvt_rpc_method none = method("/test.Service/None", QVT_RPC_UNARY);
    qvt_blob *response = NULL;
    start(&harness);
    CU_ASSERT_EQUAL(
        qvt_rpc_call_blocking(harness.runtime, harness.channel, &none, qvt_slice_text(""), NULL, &response, NULL),
        QVT_UNIMPLEMENTED);
    harness_stop(&harness);
}

static void deadline_passes(void)
{
    struct harness harness;
    const qvt_rpc_method sleep_method = method("/test.Service/Sleep", QVT_RPC_UNARY);
    qvt_blob *response = NULL;
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    options.timeout_ms = 50;
    start(&harness);
    CU_ASSERT_EQUAL(qvt_rpc_call_blocking(harness.runtime, harness.channel, &sleep_method, qvt_slice_text(""), &options,
                                          &response, NULL),
                    QVT_DEADLINE_EXCEEDED);
    harness_stop(&harness);
}

static void client_streaming_sends_many(void)
{
    struct harness harness;
    struct record record = {0};
    const qvt_rpc_method join = method("/test.Service/Join", QVT_RPC_CLIENT_STREAMING);
    start(&harness);
    record_start(&harness, &record, &join, NULL);
    for (unsigned i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(qvt_rpc_client_call_send(record.call, qvt_slice_text("ab")), QVT_OK);
    }
    qvt_rpc_client_call_half_close(record.call);
    harness_run_until(&harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    EXPECT_SLICE(buf_slice(&record.messages), "ab+ab+ab+ab+ab|");
    record_deinit(&record);
    harness_stop(&harness);
}

static void server_streaming_receives_many(void)
{
    struct harness harness;
    struct record record = {0};
    const qvt_rpc_method count = method("/test.Service/Count", QVT_RPC_SERVER_STREAMING);
    start(&harness);
    record_start(&harness, &record, &count, NULL);
    CU_ASSERT_EQUAL(qvt_rpc_client_call_send(record.call, qvt_slice_text("1000")), QVT_OK);
    qvt_rpc_client_call_half_close(record.call);
    harness_run_until(&harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    CU_ASSERT_EQUAL(record.message_count, 1000);
    CU_ASSERT_EQUAL(record.messages.len, 10 * 1001 + 90 * 2001 + 900 * 3001);
    record_deinit(&record);
    harness_stop(&harness);
}

/* 4 MiB there and back need both windows updated many times. */
static void large_message_goes_both_ways(void)
{
    struct harness harness;
    const qvt_rpc_method echo = method("/test.Service/Echo", QVT_RPC_UNARY);
    const size_t size = (4u << 20) - 100;
    uint8_t *bytes = malloc(size);
    qvt_blob *response = NULL;
    QVT_ASSERT(bytes != NULL);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    start(&harness);
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_call_blocking(harness.runtime, harness.channel, &echo, qvt_slice_make(bytes, size),
                                                NULL, &response, NULL),
                          QVT_OK);
    CU_ASSERT_TRUE(qvt_slice_equal(qvt_blob_slice(response), qvt_slice_make(bytes, size)));
    qvt_blob_unref(response);
    free(bytes);
    harness_stop(&harness);
}

static void bidi_stream_is_cancelled(void)
{
    struct harness harness;
    struct record record = {0};
    const qvt_rpc_method chat = method("/test.Service/Chat", QVT_RPC_BIDI_STREAMING);
    start(&harness);
    record_start(&harness, &record, &chat, NULL);
    CU_ASSERT_EQUAL(qvt_rpc_client_call_send(record.call, qvt_slice_text("hello")), QVT_OK);
    harness_run_until(&harness, &record.initials);
    qvt_rpc_client_call_cancel(record.call);
    harness_run_until(&harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_CANCELLED);
    record_deinit(&record);
    harness_stop(&harness);
}

int main(int argc, char **argv)
{
    static const struct suite_case cases[] = {SUITE_CASE(unary_call_carries_message_and_metadata),
                                              SUITE_CASE(blocking_call),
                                              SUITE_CASE(status_message_and_details_arrive),
                                              SUITE_CASE(unknown_method_is_unimplemented),
                                              SUITE_CASE(deadline_passes),
                                              SUITE_CASE(client_streaming_sends_many),
                                              SUITE_CASE(server_streaming_receives_many),
                                              SUITE_CASE(large_message_goes_both_ways),
                                              SUITE_CASE(bidi_stream_is_cancelled)};
    stock_server_start();
    int result = suite_run("rpc/call/client grpcio", cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
    stock_server_stop();
    return result;
}
