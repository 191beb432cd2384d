#include "rpc/http2/session.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/alloc.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/http2/pair.h"

#define OK(call) CU_ASSERT_EQUAL((call), QVT_OK)

#define REQUEST_FIELDS ":method=POST :scheme=http :path=/a/B :authority=peer"

static void start(struct pair *pair)
{
    CU_ASSERT_EQUAL_FATAL(pair_init(pair), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(pair_run(pair), QVT_OK);
    EXPECT_TEXT(pair_log(&pair->client), "settings");
    EXPECT_TEXT(pair_log(&pair->server), "settings");
}

static void unary(struct pair *pair)
{
    struct http2_stream *asked = &pair->server.streams[0];
    OK(pair_open(pair, 0));
    OK(pair_send(&pair->client.streams[0], 10));
    OK(http2_stream_end(&pair->client.streams[0]));
    OK(pair_run(pair));
    OK(pair_respond(asked, false));
    OK(pair_send(asked, 20));
    OK(http2_stream_end(asked));
    OK(pair_run(pair));
}

static void unary_call_in_any_pieces(void)
{
    for (size_t step = 1; step < 60; step++) {
        struct pair pair;
        start(&pair);
        pair.step = step;
        unary(&pair);
        const char *client = pair_log(&pair.client);
        CU_ASSERT_PTR_NOT_NULL(strstr(client, ":status=200 headers data:"));
        CU_ASSERT_PTR_NOT_NULL(strstr(client, " grpc-status=0 headers-end end close:0"));
        const char *server = pair_log(&pair.server);
        CU_ASSERT_PTR_NOT_NULL(strstr(server, "request " REQUEST_FIELDS " headers data:"));
        CU_ASSERT_PTR_NOT_NULL(strstr(server, " end close:0"));
        CU_ASSERT_EQUAL(http2_session_stream_count(pair.client.session), 0);
        CU_ASSERT_EQUAL(http2_session_stream_count(pair.server.session), 0);
        CU_ASSERT_EQUAL(http2_session_queued(pair.client.session), 0);
        pair_deinit(&pair);
    }
}

static void clients_end_goes_with_the_last_data(void)
{
    struct pair pair;
    start(&pair);
    unary(&pair);
    EXPECT_TEXT(pair_log(&pair.server), "request " REQUEST_FIELDS " headers data:15 end close:0");
    EXPECT_TEXT(pair_log(&pair.client), ":status=200 headers data:25 grpc-status=0 headers-end end close:0");
    pair_deinit(&pair);
}

static void client_may_end_without_data(void)
{
    struct pair pair;
    start(&pair);
    OK(pair_open(&pair, 0));
    OK(http2_stream_end(&pair.client.streams[0]));
    OK(pair_run(&pair));
    EXPECT_TEXT(pair_log(&pair.server), "request " REQUEST_FIELDS " headers end");
    pair_deinit(&pair);
}

static void client_may_end_after_the_data_left(void)
{
    struct pair pair;
    start(&pair);
    OK(pair_open(&pair, 0));
    OK(pair_send(&pair.client.streams[0], 1));
    OK(pair_run(&pair));
    EXPECT_TEXT(pair_log(&pair.client), "drain");
    OK(http2_stream_end(&pair.client.streams[0]));
    OK(pair_run(&pair));
    EXPECT_TEXT(pair_log(&pair.server), "request " REQUEST_FIELDS " headers data:6 end");
    pair_deinit(&pair);
}

/* The stream is closed by that frame, so none came after its end. The frame's head comes whole and in pieces. */
static void client_may_end_after_the_answer(void)
{
    static const size_t steps[] = {4096, 4};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct pair pair;
        start(&pair);
        pair.step = steps[i];
        OK(pair_open(&pair, 0));
        OK(pair_send(&pair.client.streams[0], 1));
        OK(pair_run(&pair));
        OK(pair_respond(&pair.server.streams[0], true));
        OK(pair_run(&pair));
        (void)pair_log(&pair.server);
        OK(http2_stream_end(&pair.client.streams[0]));
        OK(pair_run(&pair));
        EXPECT_TEXT(pair_log(&pair.server), "end close:0");
        CU_ASSERT_FALSE(http2_session_is_done(pair.server.session));
        OK(pair_open(&pair, 1));
        OK(pair_run(&pair));
        EXPECT_TEXT(pair_log(&pair.server), "request " REQUEST_FIELDS " headers");
        pair_deinit(&pair);
    }
}

static void trailers_only_is_one_block(void)
{
    struct pair pair;
    start(&pair);
    OK(pair_open(&pair, 0));
    OK(http2_stream_end(&pair.client.streams[0]));
    OK(pair_run(&pair));
    OK(pair_respond(&pair.server.streams[0], true));
    OK(pair_run(&pair));
    EXPECT_TEXT(pair_log(&pair.client), ":status=200 headers-end end close:0");
    pair_deinit(&pair);
}

static void server_may_end_with_plain_data(void)
{
    struct pair pair;
    start(&pair);
    pair.server.trailers = false;
    OK(pair_open(&pair, 0));
    OK(http2_stream_end(&pair.client.streams[0]));
    OK(pair_run(&pair));
    OK(pair_respond(&pair.server.streams[0], false));
    OK(http2_stream_send_bytes(&pair.server.streams[0], qvt_slice_text("plain")));
    OK(http2_stream_end(&pair.server.streams[0]));
    OK(pair_run(&pair));
    EXPECT_TEXT(pair_log(&pair.client), ":status=200 headers data:5 end close:0");
    pair_deinit(&pair);
}

static void reset_closes_both_ends_with_its_code(void)
{
    struct pair pair;
    start(&pair);
    OK(pair_open(&pair, 0));
    OK(pair_run(&pair));
    OK(http2_stream_reset(&pair.client.streams[0], HTTP2_CANCEL));
    OK(http2_stream_reset(&pair.client.streams[0], HTTP2_CANCEL));
    EXPECT_TEXT(pair_log(&pair.client), "");
    OK(pair_run(&pair));
    EXPECT_TEXT(pair_log(&pair.client), "close:8");
    EXPECT_TEXT(pair_log(&pair.server), "request " REQUEST_FIELDS " headers close:8");
    pair_deinit(&pair);
}

static void early_trailers_are_followed_by_the_reset(void)
{
    struct pair pair;
    start(&pair);
    OK(pair_open(&pair, 0));
    OK(pair_run(&pair));
    OK(pair_respond(&pair.server.streams[0], false));
    OK(http2_stream_end(&pair.server.streams[0]));
    http2_stream_reset_when_sent(&pair.server.streams[0], HTTP2_NO_ERROR);
    OK(pair_run(&pair));
    EXPECT_TEXT(pair_log(&pair.client), ":status=200 headers grpc-status=0 headers-end end close:0");
    EXPECT_TEXT(pair_log(&pair.server), "request " REQUEST_FIELDS " headers close:0");
    pair_deinit(&pair);
}

static void refused_request_was_not_handled(void)
{
    struct pair pair;
    start(&pair);
    pair.server.refuse = true;
    OK(pair_open(&pair, 0));
    OK(pair_run(&pair));
    EXPECT_TEXT(pair_log(&pair.client), "close:7");
    EXPECT_TEXT(pair_log(&pair.server), "");
    pair_deinit(&pair);
}

static void streams_over_the_peers_limit_wait(void)
{
    struct pair pair;
    start(&pair);
    CU_ASSERT_EQUAL(http2_session_peer_max_streams(pair.client.session), 4);
    for (size_t i = 0; i < 5; i++) {
        OK(pair_open(&pair, i));
        OK(http2_stream_end(&pair.client.streams[i]));
    }
    OK(pair_run(&pair));
    CU_ASSERT_EQUAL(pair.server.stream_count, 4);
    CU_ASSERT_EQUAL(http2_session_stream_count(pair.client.session), 5);
    OK(pair_respond(&pair.server.streams[0], true));
    OK(pair_run(&pair));
    CU_ASSERT_EQUAL(pair.server.stream_count, 5);
    pair_deinit(&pair);
}

static void waiting_stream_may_be_reset(void)
{
    struct pair pair;
    start(&pair);
    for (size_t i = 0; i < 5; i++) {
        OK(pair_open(&pair, i));
    }
    OK(pair_run(&pair));
    OK(http2_stream_reset(&pair.client.streams[4], HTTP2_CANCEL));
    OK(http2_stream_reset(&pair.client.streams[0], HTTP2_CANCEL));
    OK(pair_run(&pair));
    EXPECT_TEXT(pair_log(&pair.client), "close:8 close:8");
    CU_ASSERT_EQUAL(http2_session_stream_count(pair.client.session), 3);
    pair_deinit(&pair);
}

static void freeing_a_session_closes_its_streams(void)
{
    struct pair pair;
    start(&pair);
    for (size_t i = 0; i < 5; i++) {
        OK(pair_open(&pair, i));
        OK(pair_send(&pair.client.streams[i], 100));
    }
    OK(pair_run(&pair));
    (void)pair_log(&pair.client);
    pair_free_session(&pair.client);
    EXPECT_TEXT(pair_log(&pair.client), "close:8 close:8 close:8 close:8 close:8");
    pair_deinit(&pair);
}

static void header_list_over_the_limit_is_cut_and_told(void)
{
    char value[901];
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    struct http2_header headers[] = {
        {qvt_slice_text(":method"), qvt_slice_text("POST"), true},
        {qvt_slice_text(":scheme"), qvt_slice_text("http"), true},
        {qvt_slice_text(":path"), qvt_slice_text("/"), true},
        {qvt_slice_text(":authority"), qvt_slice_text("peer"), true},
        {qvt_slice_text("long"), qvt_slice_text(value), false},
        {qvt_slice_text("after"), qvt_slice_text("v"), false},
    };
    struct pair pair;
    start(&pair);
    OK(http2_stream_open(&pair.client.streams[0], pair.client.session, headers, 6));
    OK(pair_run(&pair));
    EXPECT_TEXT(pair_log(&pair.server), "request :method=POST :scheme=http :path=/ :authority=peer headers-too-large");
    pair_deinit(&pair);
}

static void what_is_not_http2_is_refused(void)
{
    struct pair pair;
    CU_ASSERT_EQUAL_FATAL(pair_init(&pair), QVT_OK);
    CU_ASSERT_EQUAL(http2_session_receive(pair.server.session, qvt_slice_text("GET / HTTP/1.1\r\n\r\n")),
                    QVT_INVALID_ARGUMENT);
    pair_deinit(&pair);
}

/* Any allocation may fail, ours and nghttp2's: nothing leaks, nothing hangs. */
static void every_failing_allocation_ends_cleanly(void)
{
    unsigned long nth = 1;
    bool failed = true;
    while (failed) {
        struct pair pair;
        alloc_fail_at(nth++);
        qvt_status status = pair_init(&pair);
        if (status == QVT_OK) {
            status = pair_run(&pair);
        }
        if (status == QVT_OK && (status = pair_open(&pair, 0)) == QVT_OK &&
            (status = pair_send(&pair.client.streams[0], 10)) == QVT_OK &&
            (status = http2_stream_end(&pair.client.streams[0])) == QVT_OK) {
            status = pair_run(&pair);
        }
        failed = alloc_failed();
        alloc_fail_at(0);
        CU_ASSERT_TRUE(status == QVT_OK || (failed && status == QVT_NO_MEMORY));
        pair_deinit(&pair);
    }
    CU_ASSERT_TRUE(nth > 30);
}

SUITE_MAIN("rpc/http2/session", SUITE_CASE(unary_call_in_any_pieces), SUITE_CASE(clients_end_goes_with_the_last_data),
           SUITE_CASE(client_may_end_without_data), SUITE_CASE(client_may_end_after_the_data_left),
           SUITE_CASE(client_may_end_after_the_answer), SUITE_CASE(trailers_only_is_one_block),
           SUITE_CASE(server_may_end_with_plain_data), SUITE_CASE(reset_closes_both_ends_with_its_code),
           SUITE_CASE(early_trailers_are_followed_by_the_reset), SUITE_CASE(refused_request_was_not_handled),
           SUITE_CASE(streams_over_the_peers_limit_wait), SUITE_CASE(waiting_stream_may_be_reset),
           SUITE_CASE(freeing_a_session_closes_its_streams), SUITE_CASE(header_list_over_the_limit_is_cut_and_told),
           SUITE_CASE(what_is_not_http2_is_refused), SUITE_CASE(every_failing_allocation_ends_cleanly))
