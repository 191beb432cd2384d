#include <string.h>

#include <CUnit/CUnit.h>

#include "rpc/http2/session.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/http2/pair.h"

#define OK(call) CU_ASSERT_EQUAL((call), QVT_OK)

enum { WINDOW = 65535 };

static void start(struct pair *pair)
{
    CU_ASSERT_EQUAL_FATAL(pair_init(pair), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(pair_run(pair), QVT_OK);
    (void)pair_log(&pair->client);
    (void)pair_log(&pair->server);
}

static void data_stop_where_the_receiver_does_not_consume(void)
{
    struct pair pair;
    start(&pair);
    pair.server.consume = false;
    OK(pair_open(&pair, 0));
    OK(pair_send(&pair.client.streams[0], 200000));
    OK(pair_run(&pair));
    CU_ASSERT_EQUAL(pair.client.streams[0].queue.size, 200005 - WINDOW);
    CU_ASSERT_EQUAL(http2_session_queued(pair.client.session), 200005 - WINDOW);
    OK(http2_stream_consume(&pair.server.streams[0], WINDOW));
    OK(pair_run(&pair));
    CU_ASSERT_EQUAL(pair.client.streams[0].queue.size, 200005 - 2 * WINDOW);
    pair_deinit(&pair);
}

static void one_held_stream_does_not_stop_the_others(void)
{
    struct pair pair;
    start(&pair);
    pair.server.consume = false;
    OK(pair_open(&pair, 0));
    OK(pair_send(&pair.client.streams[0], 200000));
    OK(pair_run(&pair));
    pair.server.consume = true;
    OK(pair_open(&pair, 1));
    OK(pair_send(&pair.client.streams[1], 500000));
    OK(http2_stream_end(&pair.client.streams[1]));
    OK(pair_run(&pair));
    CU_ASSERT_EQUAL(pair.client.streams[1].queue.size, 0);
    CU_ASSERT_EQUAL(pair.client.streams[0].queue.size, 200005 - WINDOW);
    pair_deinit(&pair);
}

static void consumed_data_let_more_come(void)
{
    struct pair pair;
    start(&pair);
    OK(pair_open(&pair, 0));
    OK(pair_send(&pair.client.streams[0], 1000000));
    OK(http2_stream_end(&pair.client.streams[0]));
    OK(pair_run(&pair));
    CU_ASSERT_EQUAL(http2_session_queued(pair.client.session), 0);
    CU_ASSERT_TRUE(pair.server.streams[0].remote_ended);
    pair_deinit(&pair);
}

static void blobs_are_sent_from_where_they_are(void)
{
    struct pair pair;
    qvt_blob *blob = NULL;
    uint8_t *bytes = NULL;
    struct buf sent = BUF_INIT;
    start(&pair);
    OK(qvt_blob_new(&blob, 20000, &bytes));
    memset(bytes, 'b', 20000);
    OK(pair_open(&pair, 0));
    OK(http2_stream_send_blob(&pair.client.streams[0], blob));
    qvt_blob_unref(blob);
    OK(pair_collect(&pair, &pair.client, &sent));
    CU_ASSERT_EQUAL(http2_session_queued(pair.client.session), 0);
    size_t found = 0;
    for (size_t i = 0; i < sent.len; i++) {
        found += sent.data[i] == 'b' ? 1 : 0;
    }
    CU_ASSERT_TRUE(found >= 20000);
    buf_deinit(&sent);
    pair_deinit(&pair);
}

static void drain_comes_once_the_queue_is_empty(void)
{
    struct pair pair;
    start(&pair);
    OK(pair_open(&pair, 0));
    OK(pair_send(&pair.client.streams[0], 100));
    OK(pair_send(&pair.client.streams[0], 100));
    OK(pair_run(&pair));
    EXPECT_TEXT(pair_log(&pair.client), "drain");
    OK(pair_run(&pair));
    EXPECT_TEXT(pair_log(&pair.client), "");
    pair_deinit(&pair);
}

static void dropped_data_are_not_sent(void)
{
    struct pair pair;
    start(&pair);
    OK(pair_open(&pair, 0));
    OK(http2_stream_end(&pair.client.streams[0]));
    OK(pair_run(&pair));
    struct http2_stream *stream = &pair.server.streams[0];
    OK(pair_respond(stream, false));
    OK(pair_send(stream, 200000));
    OK(pair_run(&pair));
    OK(pair_send(stream, 1));
    http2_stream_drop(stream);
    CU_ASSERT_EQUAL(http2_session_queued(pair.server.session), 0);
    OK(http2_stream_end(stream));
    OK(pair_run(&pair));
    CU_ASSERT_PTR_NULL(stream->session);
    CU_ASSERT_PTR_NOT_NULL(strstr(pair_log(&pair.client), "grpc-status=0 headers-end end close:0"));
    pair_deinit(&pair);
}

static void end_passes_a_closed_window(void)
{
    struct pair pair;
    start(&pair);
    pair.client.consume = false;
    OK(pair_open(&pair, 0));
    OK(http2_stream_end(&pair.client.streams[0]));
    OK(pair_run(&pair));
    struct http2_stream *stream = &pair.server.streams[0];
    OK(pair_respond(stream, false));
    OK(pair_send(stream, 200000));
    OK(http2_stream_end(stream));
    OK(pair_run(&pair));
    CU_ASSERT_PTR_NOT_NULL(stream->session);
    http2_stream_drop(stream);
    OK(http2_stream_end(stream));
    OK(pair_run(&pair));
    CU_ASSERT_PTR_NULL(stream->session);
    CU_ASSERT_PTR_NOT_NULL(strstr(pair_log(&pair.client), "grpc-status=0 headers-end end close:0"));
    pair_deinit(&pair);
}

/* More than a frame holds, on several streams, in batches that end in the middle: sessions share the buffer for frames. */
static void headers_of_many_frames_arrive_whole(void)
{
    static char value[30000];
    struct pair pair;
    start(&pair);
    memset(value, 'v', sizeof(value) - 1);
    const struct http2_header fields[] = {
        {qvt_slice_text(":status"), qvt_slice_text("200"), true},
        {qvt_slice_text("long"), qvt_slice_text(value), true},
    };
    for (size_t i = 0; i < 4; i++) {
        OK(pair_open(&pair, i));
        OK(http2_stream_end(&pair.client.streams[i]));
    }
    OK(pair_run(&pair));
    for (size_t i = 0; i < 4; i++) {
        OK(http2_stream_respond(&pair.server.streams[i], fields, 2, false));
        OK(pair_send(&pair.server.streams[i], 3));
        OK(http2_stream_end(&pair.server.streams[i]));
    }
    pair.step = 1000;
    OK(pair_run(&pair));
    const char *log = pair_log(&pair.client);
    for (size_t i = 0; i < 4; i++) {
        log = strstr(log, ":status=200 headers-too-large");
        CU_ASSERT_PTR_NOT_NULL_FATAL(log);
        log++;
    }
    CU_ASSERT_EQUAL(http2_session_stream_count(pair.client.session), 0);
    pair_deinit(&pair);
}

SUITE_MAIN("rpc/http2/flow", SUITE_CASE(data_stop_where_the_receiver_does_not_consume),
           SUITE_CASE(one_held_stream_does_not_stop_the_others), SUITE_CASE(consumed_data_let_more_come),
           SUITE_CASE(blobs_are_sent_from_where_they_are), SUITE_CASE(drain_comes_once_the_queue_is_empty),
           SUITE_CASE(dropped_data_are_not_sent), SUITE_CASE(end_passes_a_closed_window),
           SUITE_CASE(headers_of_many_frames_arrive_whole))
