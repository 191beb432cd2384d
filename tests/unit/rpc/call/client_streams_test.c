#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"
#include "tests/unit/rpc/call/client_harness.h"

static void answer_whole_requests(struct script_stream *stream, void *data)
{
    (void)data;
    if (stream->ended) {
        script_answer(stream, "response");
    }
}

/* Sends the bytes of the body back as they come, without taking the frames apart. */
static void echo(struct script_stream *stream, void *data)
{
    (void)data;
    if (!stream->stream.headers_sent) {
        script_respond_grpc(stream);
    }
    if (stream->body.len > 0) {
        script_bytes(stream, stream->body.data, stream->body.len);
        buf_clear(&stream->body);
    }
    if (stream->ended) {
        script_end(stream, "grpc-status", "0", NULL);
    }
}

static void ignore(struct script_stream *stream, void *data)
{
    (void)stream;
    (void)data;
}

static void send_text(struct record *record, const char *text)
{
    CU_ASSERT_EQUAL(qvt_rpc_client_call_send(record->call, qvt_slice_text(text)), QVT_OK);
}

static void bidi_stream_goes_both_ways(void)
{
    struct harness harness;
    struct record record = {0};
    harness_start(&harness, echo, NULL);
    record_start(&harness, &record, &bidi_method, NULL);
    send_text(&record, "one");
    CU_ASSERT_TRUE(qvt_rpc_client_call_queued(record.call) > 0);
    harness_run_until(&harness, &record.initials);
    send_text(&record, "two");
    send_text(&record, "");
    qvt_rpc_client_call_half_close(record.call);
    CU_ASSERT_EQUAL(qvt_rpc_client_call_send(record.call, qvt_slice_text("late")), QVT_FAILED_PRECONDITION);
    harness_run_until(&harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    EXPECT_SLICE(buf_slice(&record.messages), "one|two||");
    CU_ASSERT_TRUE(record.drains > 0);
    record_deinit(&record);
    harness_stop(&harness);
}

static void answer_before_the_request_is_complete(struct script_stream *stream, void *data)
{
    (void)data;
    if (!stream->stream.headers_sent) {
        script_answer(stream, "early");
    }
}

static void early_answer_ends_the_call_and_resets_the_stream_without_error(void)
{
    struct harness harness;
    struct record record = {0};
    harness_start(&harness, answer_before_the_request_is_complete, NULL);
    record_start(&harness, &record, &bidi_method, NULL);
    harness_run_until(&harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    EXPECT_SLICE(buf_slice(&record.messages), "early|");
    harness_turn(&harness, 3);
    CU_ASSERT_EQUAL(harness.server.resets, 0);
    record_deinit(&record);
    harness_stop(&harness);
}

static void deadline_is_sent_and_kept_here_too(void)
{
    struct harness harness;
    struct record record = {0};
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    options.timeout_ms = 1000;
    harness_start(&harness, ignore, NULL);
    record_unary(&harness, &record, "request", &options);
    harness_run_until(&harness, &harness.server.requests);
    harness_run_until(&harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_DEADLINE_EXCEEDED);
    harness_run_until(&harness, &harness.server.resets);
    CU_ASSERT_EQUAL(harness.server.last_reset, HTTP2_CANCEL);
    record_deinit(&record);
    harness_stop(&harness);
}

static char seen_timeout[32];

static void answer_and_note_timeout(struct script_stream *stream, void *data)
{
    (void)data;
    strncpy(seen_timeout, script_field(stream, "grpc-timeout"), sizeof(seen_timeout) - 1);
    if (stream->ended) {
        script_answer(stream, "response");
    }
}

static void timeout_header_holds_what_is_left(void)
{
    struct harness harness;
    struct record record = {0};
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    options.timeout_ms = 90000;
    harness_start(&harness, answer_and_note_timeout, NULL);
    record_unary(&harness, &record, "request", &options);
    harness_run_until(&harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    CU_ASSERT_EQUAL(seen_timeout[strlen(seen_timeout) - 1], 'u');
    long micros = strtol(seen_timeout, NULL, 10);
    CU_ASSERT_TRUE(micros > 60000000 && micros <= 90000000);
    record_deinit(&record);
    harness_stop(&harness);
}

static void cancel_ends_the_call_later_and_resets_its_stream(void)
{
    struct harness harness;
    struct record record = {0};
    harness_start(&harness, ignore, NULL);
    record_unary(&harness, &record, "request", NULL);
    harness_run_until(&harness, &harness.server.requests);
    qvt_rpc_client_call_cancel(record.call);
    CU_ASSERT_EQUAL(record.ends, 0);
    CU_ASSERT_EQUAL(qvt_rpc_client_call_send(record.call, qvt_slice_text("late")), QVT_CANCELLED);
    qvt_rpc_client_call_cancel(record.call);
    harness_run_until(&harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_CANCELLED);
    harness_run_until(&harness, &harness.server.resets);
    CU_ASSERT_EQUAL(harness.server.last_reset, HTTP2_CANCEL);
    record_deinit(&record);
    harness_stop(&harness);
}

static void call_cancelled_before_it_left_ends_too(void)
{
    struct harness harness;
    struct record record = {0};
    harness_start(&harness, ignore, NULL);
    record_unary(&harness, &record, "request", NULL);
    qvt_rpc_client_call_cancel(record.call);
    harness_run_until(&harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_CANCELLED);
    record_deinit(&record);
    harness_stop(&harness);
}

static void send_three_and_end(struct script_stream *stream, void *data)
{
    (void)data;
    if (!stream->stream.headers_sent) {
        script_respond_grpc(stream);
        script_message(stream, "one");
        script_message(stream, "two");
        script_message(stream, "three");
        script_end(stream, "grpc-status", "0", NULL);
    }
}

static void cancel_inside_on_message_stops_delivery(void)
{
    struct harness harness;
    struct record record = {.cancel_in_message = true};
    harness_start(&harness, send_three_and_end, NULL);
    record_start(&harness, &record, &bidi_method, NULL);
    harness_run_until(&harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_CANCELLED);
    CU_ASSERT_EQUAL(record.message_count, 1);
    record_deinit(&record);
    harness_stop(&harness);
}

static void held_call_delivers_nothing_until_resumed_and_loses_nothing(void)
{
    struct harness harness;
    struct record record = {.hold_each = true};
    harness_start(&harness, send_three_and_end, NULL);
    record_start(&harness, &record, &bidi_method, NULL);
    harness_run_until(&harness, &record.initials);
    for (size_t expected = 1; expected <= 3; expected++) {
        harness_turn(&harness, 10);
        CU_ASSERT_EQUAL(record.message_count, expected);
        CU_ASSERT_EQUAL(record.ends, expected < 3 ? 0 : 1);
        if (record.call != NULL) {
            qvt_rpc_client_call_resume(record.call);
            CU_ASSERT_EQUAL(record.message_count, expected);
        }
    }
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    EXPECT_SLICE(buf_slice(&record.messages), "one|two|three|");
    record_deinit(&record);
    harness_stop(&harness);
}

enum { FLOOD_MESSAGE = 16 * 1024, FLOOD_COUNT = 100 };

static struct script_stream *flooded;

static void flood(struct script_stream *stream, void *data)
{
    static char text[FLOOD_MESSAGE + 1];
    (void)data;
    if (stream->stream.headers_sent) {
        return;
    }
    flooded = stream;
    memset(text, 'x', FLOOD_MESSAGE);
    script_respond_grpc(stream);
    for (unsigned i = 0; i < FLOOD_COUNT; i++) {
        script_message(stream, text);
    }
    script_end(stream, "grpc-status", "0", NULL);
}

/* 100 messages of 16 KiB do not fit into the stream's window of 256 KiB. */
static void held_call_keeps_the_servers_window_closed(void)
{
    struct harness harness;
    struct record record = {.hold_each = true};
    harness_start(&harness, flood, NULL);
    record_start(&harness, &record, &bidi_method, NULL);
    harness_run_until(&harness, &record.initials);
    harness_turn(&harness, 200);
    CU_ASSERT_EQUAL(record.message_count, 1);
    CU_ASSERT_TRUE(flooded->stream.queue.size > (size_t)FLOOD_MESSAGE * FLOOD_COUNT - 300 * 1024);
    CU_ASSERT_TRUE(flooded->stream.queue.size < (size_t)FLOOD_MESSAGE * FLOOD_COUNT - 200 * 1024);
    record.hold_each = false;
    qvt_rpc_client_call_resume(record.call);
    harness_run_until(&harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    CU_ASSERT_EQUAL(record.message_count, FLOOD_COUNT);
    record_deinit(&record);
    harness_stop(&harness);
}

static char seen_metadata[64];

static void note_metadata(struct script_stream *stream, void *data)
{
    (void)data;
    if (stream->ended) {
        (void)snprintf(seen_metadata, sizeof(seen_metadata), "%s %s", script_field(stream, "x-one"),
                       script_field(stream, "x-bin"));
        script_answer(stream, "response");
    }
}

static void metadata_is_sent_and_bin_values_travel_as_base64(void)
{
    struct harness harness;
    struct record record = {0};
    const qvt_rpc_metadata_entry entries[] = {{qvt_slice_text("x-one"), qvt_slice_text("1")},
                                              {qvt_slice_text("x-bin"), qvt_slice_make("\0\xff", 2)}};
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    options.metadata = (qvt_rpc_metadata){entries, 2};
    harness_start(&harness, note_metadata, NULL);
    record_unary(&harness, &record, "request", &options);
    harness_run_until(&harness, &record.ends);
    EXPECT_TEXT(seen_metadata, "1 AP8");
    record_deinit(&record);
    harness_stop(&harness);
}

static void bad_metadata_starts_no_call(void)
{
    struct harness harness;
    qvt_rpc_client_call *call = NULL;
    const qvt_rpc_client_callbacks callbacks = {0};
    const qvt_rpc_metadata_entry entry = {qvt_slice_text("grpc-status"), qvt_slice_text("1")};
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    options.metadata = (qvt_rpc_metadata){&entry, 1};
    harness_start(&harness, ignore, NULL);
    CU_ASSERT_EQUAL(qvt_rpc_client_call_unary(&call, harness.channel, &unary_method, qvt_slice_text(""), &options,
                                              &callbacks, NULL),
                    QVT_INVALID_ARGUMENT);
    harness_stop(&harness);
}

static void call_started_inside_on_end_works(void)
{
    struct harness harness;
    struct record second = {0};
    struct record first = {.start_at_end = &second};
    harness_start(&harness, answer_whole_requests, NULL);
    record_unary(&harness, &first, "request", NULL);
    harness_run_until(&harness, &second.ends);
    CU_ASSERT_EQUAL(second.error.status, QVT_OK);
    CU_ASSERT_EQUAL(harness.server.connections, 1);
    record_deinit(&first);
    record_deinit(&second);
    harness_stop(&harness);
}

static void many_calls_share_one_connection(void)
{
    enum { COUNT = 500 };
    struct harness harness;
    static struct record records[COUNT];
    harness_start(&harness, answer_whole_requests, NULL);
    for (unsigned i = 0; i < COUNT; i++) {
        memset(&records[i], 0, sizeof(records[i]));
        record_unary(&harness, &records[i], "request", NULL);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        harness_run_until(&harness, &records[i].ends);
        CU_ASSERT_EQUAL(records[i].error.status, QVT_OK);
        record_deinit(&records[i]);
    }
    CU_ASSERT_EQUAL(harness.server.connections, 1);
    CU_ASSERT_EQUAL(harness.server.requests, COUNT);
    harness_stop(&harness);
}

static void closing_the_channel_cancels_its_calls(void)
{
    struct harness harness;
    struct record open = {0};
    struct record waiting = {0};
    harness_start(&harness, ignore, NULL);
    record_unary(&harness, &open, "request", NULL);
    harness_run_until(&harness, &harness.server.requests);
    record_unary(&harness, &waiting, "request", NULL);
    harness_stop(&harness);
    CU_ASSERT_EQUAL(open.error.status, QVT_CANCELLED);
    CU_ASSERT_EQUAL(waiting.error.status, QVT_CANCELLED);
    record_deinit(&open);
    record_deinit(&waiting);
}

SUITE_MAIN("rpc/call/client streams", SUITE_CASE(bidi_stream_goes_both_ways),
           SUITE_CASE(early_answer_ends_the_call_and_resets_the_stream_without_error),
           SUITE_CASE(deadline_is_sent_and_kept_here_too), SUITE_CASE(timeout_header_holds_what_is_left),
           SUITE_CASE(cancel_ends_the_call_later_and_resets_its_stream),
           SUITE_CASE(call_cancelled_before_it_left_ends_too), SUITE_CASE(cancel_inside_on_message_stops_delivery),
           SUITE_CASE(held_call_delivers_nothing_until_resumed_and_loses_nothing),
           SUITE_CASE(held_call_keeps_the_servers_window_closed),
           SUITE_CASE(metadata_is_sent_and_bin_values_travel_as_base64), SUITE_CASE(bad_metadata_starts_no_call),
           SUITE_CASE(call_started_inside_on_end_works), SUITE_CASE(many_calls_share_one_connection),
           SUITE_CASE(closing_the_channel_cancels_its_calls))
