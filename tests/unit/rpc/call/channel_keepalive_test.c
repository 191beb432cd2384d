#include <CUnit/CUnit.h>
#include <string.h>

#include "rpc/call/channel.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/call/client_harness.h"

static void answer_whole_requests(struct script_stream *stream, void *data)
{
    (void)data;
    if (stream->ended) {
        script_answer(stream, "response");
    }
}

static void ignore(struct script_stream *stream, void *data)
{
    (void)stream;
    (void)data;
}

/* Reads and answers nothing from now on, not even PINGs. */
static void go_silent(struct script_stream *stream, void *data)
{
    (void)data;
    uv_poll_stop(&stream->conn->net.poll);
}

static qvt_rpc_channel_options quick(void)
{
    qvt_rpc_channel_options options = QVT_RPC_CHANNEL_OPTIONS_INIT;
    options.keepalive_ms = 10;
    options.keepalive_timeout_ms = 10;
    return options;
}

static void silent_server_ends_the_call(void)
{
    struct harness harness;
    struct record record = {0};
    qvt_rpc_channel_options options = quick();
    harness_start(&harness, go_silent, &options);
    record_whole_call(&harness, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_UNAVAILABLE);
    CU_ASSERT_TRUE(strstr(record.error.message, "no answer to a PING") != NULL);
    CU_ASSERT_EQUAL(qvt_rpc_channel_get_state(harness.channel), QVT_RPC_CHANNEL_IDLE);
    record_deinit(&record);
    harness_stop(&harness);
}

static struct channel_conn *current(struct harness *harness)
{
    return harness->channel->current;
}

/* Runs until `count` PINGs more were sent or the time is over, whichever comes first. */
static unsigned count_pings(struct harness *harness, unsigned count, uint64_t most_ms)
{
    uint64_t until_ms = net_timer_now_ms() + most_ms;
    uint64_t last_ms = 0;
    unsigned seen = 0;
    while (seen < count && net_timer_now_ms() < until_ms && current(harness) != NULL) {
        if (current(harness)->asked_ms != 0 && current(harness)->asked_ms != last_ms) {
            last_ms = current(harness)->asked_ms;
            seen++;
        }
        harness_turn(harness, 1);
    }
    return seen;
}

static void answered_pings_keep_the_call(void)
{
    struct harness harness;
    struct record record = {0};
    qvt_rpc_channel_options options = quick();
    options.keepalive_timeout_ms = 10000;
    harness_start(&harness, ignore, &options);
    record_start(&harness, &record, &bidi_method, NULL);
    harness_run_until(&harness, &harness.server.requests);
    CU_ASSERT_EQUAL(count_pings(&harness, 3, 20000), 3);
    CU_ASSERT_EQUAL(record.ends, 0);
    qvt_rpc_client_call_cancel(record.call);
    harness_run_until(&harness, &record.ends);
    record_deinit(&record);
    harness_stop(&harness);
}

static void without_calls_there_are_pings_only_on_request(void)
{
    for (unsigned i = 0; i < 2; i++) {
        struct harness harness;
        struct record record = {0};
        qvt_rpc_channel_options options = quick();
        options.keepalive_timeout_ms = 10000;
        options.keepalive_without_calls = i == 1;
        harness_start(&harness, answer_whole_requests, &options);
        record_whole_call(&harness, &record);
        while (current(&harness)->asked_ms != 0) { /* the call took longer than keepalive_ms */
            harness_turn(&harness, 1);
        }
        unsigned seen = count_pings(&harness, 1, i == 1 ? 20000 : 50);
        CU_ASSERT_EQUAL(seen, i);
        CU_ASSERT_EQUAL(qvt_rpc_channel_get_state(harness.channel), QVT_RPC_CHANNEL_READY);
        record_deinit(&record);
        harness_stop(&harness);
    }
}

static void calm_down(struct script_stream *stream, void *data)
{
    (void)data;
    if (stream->ended) {
        CU_ASSERT_EQUAL(http2_session_goaway(stream->conn->net.session, HTTP2_ENHANCE_YOUR_CALM,
                                             qvt_slice_text(stream->conn->server->data)),
                        QVT_OK);
        script_answer(stream, "response");
    }
}

static void too_many_pings_doubles_the_interval(void)
{
    static char too_many[] = "too_many_pings";
    static char other[] = "something else";
    struct harness harness;
    struct record record = {0};
    qvt_rpc_channel_options options = quick();
    options.keepalive_timeout_ms = 10000;
    harness_start(&harness, calm_down, &options);
    harness.server.data = other;
    record_whole_call(&harness, &record);
    CU_ASSERT_EQUAL(harness.channel->keepalive_ms, 10);
    harness.server.data = too_many;
    record_deinit(&record);
    memset(&record, 0, sizeof(record));
    record_whole_call(&harness, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    CU_ASSERT_EQUAL(harness.channel->keepalive_ms, 20);
    harness.channel->keepalive_ms = UINT32_MAX - 5;
    record_deinit(&record);
    memset(&record, 0, sizeof(record));
    record_whole_call(&harness, &record);
    CU_ASSERT_EQUAL(harness.channel->keepalive_ms, UINT32_MAX);
    record_deinit(&record);
    harness_stop(&harness);
}

static void shorter_options_leave_the_rest_at_its_default(void)
{
    struct harness harness;
    struct record record = {0};
    qvt_rpc_channel_options options = quick();
    options.size = offsetof(qvt_rpc_channel_options, keepalive_ms);
    options.max_message_bytes = 100;
    harness_start(&harness, answer_whole_requests, &options);
    record_whole_call(&harness, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    CU_ASSERT_EQUAL(harness.channel->options.max_message_bytes, 100);
    CU_ASSERT_EQUAL(harness.channel->options.keepalive_ms, 0);
    CU_ASSERT_EQUAL(harness.channel->options.keepalive_timeout_ms, 20000);
    record_deinit(&record);
    harness_stop(&harness);
}

SUITE_MAIN("rpc/call/channel_keepalive", SUITE_CASE(silent_server_ends_the_call),
           SUITE_CASE(answered_pings_keep_the_call), SUITE_CASE(without_calls_there_are_pings_only_on_request),
           SUITE_CASE(too_many_pings_doubles_the_interval), SUITE_CASE(shorter_options_leave_the_rest_at_its_default))
