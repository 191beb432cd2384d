#include <CUnit/CUnit.h>
#include <string.h>

#include "rpc/wire/frame.h"
#include "rpc/wire/gzip.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/call/client_harness.h"

enum { LONG = 10000 };

static const char *encoding;
static bool corrupt;

static void answer_packed(struct script_stream *stream, qvt_slice message)
{
    struct buf packed = BUF_INIT;
    CU_ASSERT_EQUAL_FATAL(gzip_frame(&packed, &message, 1), QVT_OK);
    packed.data[packed.len - 5] ^= corrupt ? 1 : 0;
    script_respond(stream, SCRIPT_MORE, ":status", "200", "content-type", "application/grpc", "grpc-encoding", encoding,
                   NULL);
    script_bytes(stream, packed.data, packed.len);
    script_end(stream, "grpc-status", "0", NULL);
    buf_deinit(&packed);
}

static void answer_long(struct script_stream *stream, void *data)
{
    (void)data;
    if (stream->ended) {
        char text[LONG];
        memset(text, 'a', sizeof(text));
        CU_ASSERT_STRING_EQUAL(script_field(stream, "grpc-accept-encoding"), "identity,gzip");
        CU_ASSERT_STRING_EQUAL(script_field(stream, "grpc-encoding"), "");
        answer_packed(stream, qvt_slice_make(text, sizeof(text)));
    }
}

static void call_for_long(const char *named, bool changed, uint32_t max_message_bytes, struct record *record)
{
    struct harness harness;
    qvt_rpc_channel_options options = QVT_RPC_CHANNEL_OPTIONS_INIT;
    encoding = named;
    corrupt = changed;
    options.max_message_bytes = max_message_bytes;
    memset(record, 0, sizeof(*record));
    harness_start(&harness, answer_long, &options);
    record_whole_call(&harness, record);
    harness_stop(&harness);
}

static void compressed_answer_is_inflated(void)
{
    struct record record;
    call_for_long("gzip", false, LONG, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    CU_ASSERT_EQUAL(record.messages.len, LONG + 1);
    CU_ASSERT_EQUAL(record.came_compressed, 1);
    record_deinit(&record);
}

static void answer_that_grows_over_the_limit_is_refused(void)
{
    struct record record;
    call_for_long("gzip", false, LONG - 1, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_RESOURCE_EXHAUSTED);
    CU_ASSERT_EQUAL(record.message_count, 0);
    record_deinit(&record);
}

static void corrupt_or_unannounced_compression_is_internal(void)
{
    struct record record;
    call_for_long("gzip", true, LONG, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_INTERNAL);
    EXPECT_TEXT(record.error.message, "the server's compressed message is corrupt");
    record_deinit(&record);
    call_for_long("deflate", false, LONG, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_INTERNAL);
    record_deinit(&record);
    call_for_long("identity", false, LONG, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_INTERNAL);
    EXPECT_TEXT(record.error.message, "the server's message is compressed with something else than gzip");
    record_deinit(&record);
}

/* What the requests were, each with its flag in front. */
static struct buf requests;

static void read_requests(struct script_stream *stream, void *data)
{
    (void)data;
    if (!stream->ended) {
        return;
    }
    struct frame_decoder decoder;
    qvt_slice rest = buf_slice(&stream->body);
    CU_ASSERT_STRING_EQUAL(script_field(stream, "grpc-encoding"), "gzip");
    frame_decoder_init(&decoder, 1000);
    buf_clear(&requests);
    while (rest.len > 0) {
        bool whole = false;
        CU_ASSERT_EQUAL_FATAL(frame_decoder_take(&decoder, &rest, &whole), QVT_OK);
        CU_ASSERT_TRUE_FATAL(whole);
        bool packed = frame_decoder_is_compressed(&decoder);
        CU_ASSERT_EQUAL(buf_append_byte(&requests, packed ? '1' : '0'), QVT_OK);
        CU_ASSERT_EQUAL(packed ? gzip_inflate(&requests, buf_slice(&decoder.message), 1000)
                               : buf_append_slice(&requests, buf_slice(&decoder.message)),
                        QVT_OK);
    }
    frame_decoder_deinit(&decoder);
    script_answer(stream, "response");
}

static void send_text(struct record *record, const char *text)
{
    CU_ASSERT_EQUAL(qvt_rpc_client_call_send(record->call, qvt_slice_text(text)), QVT_OK);
}

static void requests_are_compressed_message_by_message(void)
{
    struct harness harness;
    struct record record = {0};
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    options.compress = true;
    harness_start(&harness, read_requests, NULL);
    record_start(&harness, &record, &bidi_method, &options);
    send_text(&record, "one");
    qvt_rpc_client_call_compress(record.call, false);
    send_text(&record, "two");
    harness_run_until(&harness, &harness.server.requests);
    qvt_rpc_client_call_compress(record.call, true);
    send_text(&record, "three");
    send_text(&record, "");
    qvt_rpc_client_call_half_close(record.call);
    harness_run_until(&harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    EXPECT_SLICE(buf_slice(&requests), "1one0two1three1");
    CU_ASSERT_EQUAL(record.came_compressed, 0);
    buf_deinit(&requests);
    record_deinit(&record);
    harness_stop(&harness);
}

static void refuse_first(struct script_stream *stream, void *data)
{
    if (stream->conn->server->requests == 1) {
        if (stream->ended) {
            CU_ASSERT_EQUAL(http2_stream_reset(&stream->stream, HTTP2_REFUSED_STREAM), QVT_OK);
        }
        return;
    }
    read_requests(stream, data);
}

static void compressed_request_is_the_same_at_the_second_attempt(void)
{
    struct harness harness;
    struct record record = {0};
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    options.compress = true;
    harness_start(&harness, refuse_first, NULL);
    record_unary(&harness, &record, "request", &options);
    harness_run_until(&harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    CU_ASSERT_EQUAL(harness.server.requests, 2);
    EXPECT_SLICE(buf_slice(&requests), "1request");
    buf_deinit(&requests);
    record_deinit(&record);
    harness_stop(&harness);
}

static void without_the_option_nothing_is_compressed(void)
{
    struct harness harness;
    struct record record = {0};
    encoding = "gzip";
    corrupt = false;
    harness_start(&harness, answer_long, NULL);
    record_start(&harness, &record, &bidi_method, NULL);
    qvt_rpc_client_call_compress(record.call, true);
    send_text(&record, "plain");
    qvt_rpc_client_call_half_close(record.call);
    harness_run_until(&harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    record_deinit(&record);
    harness_stop(&harness);
}

SUITE_MAIN("rpc/call/client_compress", SUITE_CASE(compressed_answer_is_inflated),
           SUITE_CASE(answer_that_grows_over_the_limit_is_refused),
           SUITE_CASE(corrupt_or_unannounced_compression_is_internal),
           SUITE_CASE(requests_are_compressed_message_by_message),
           SUITE_CASE(compressed_request_is_the_same_at_the_second_attempt),
           SUITE_CASE(without_the_option_nothing_is_compressed))
