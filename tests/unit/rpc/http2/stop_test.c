#include <CUnit/CUnit.h>

#include "rpc/http2/session.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/http2/pair.h"

#define OK(call) CU_ASSERT_EQUAL((call), QVT_OK)

static const uint8_t payload[8] = {'1', '2', '3', '4', '5', '6', '7', '8'};

static void start(struct pair *pair)
{
    CU_ASSERT_EQUAL_FATAL(pair_init(pair), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(pair_run(pair), QVT_OK);
    CU_ASSERT_TRUE(http2_session_is_ready(pair->client.session) && http2_session_is_ready(pair->server.session));
    (void)pair_log(&pair->client);
    (void)pair_log(&pair->server);
}

static void ping_comes_back(void)
{
    struct pair pair;
    start(&pair);
    OK(http2_session_ping(pair.client.session, payload));
    OK(pair_run(&pair));
    EXPECT_TEXT(pair_log(&pair.client), "pong:12345678");
    pair_deinit(&pair);
}

static void announced_stop_still_serves_what_was_on_its_way(void)
{
    struct pair pair;
    start(&pair);
    OK(pair_open(&pair, 0));
    OK(http2_session_announce_stop(pair.server.session, payload));
    OK(pair_run(&pair));
    EXPECT_TEXT(pair_log(&pair.client), "goaway:2147483647:0:");
    CU_ASSERT_EQUAL(pair.server.stream_count, 1);
    OK(pair_run(&pair));
    pair_deinit(&pair);
}

static void ping_follows_the_announcement(void)
{
    struct pair pair;
    struct buf sent = BUF_INIT;
    start(&pair);
    OK(http2_session_announce_stop(pair.server.session, payload));
    OK(pair_collect(&pair, &pair.server, &sent));
    CU_ASSERT_EQUAL_FATAL(sent.len, 17 + 17);
    CU_ASSERT_EQUAL(sent.data[3], 7);
    CU_ASSERT_EQUAL(sent.data[17 + 3], 6);
    buf_deinit(&sent);
    pair_deinit(&pair);
}

static void stopped_session_is_done_after_its_last_stream(void)
{
    struct pair pair;
    start(&pair);
    OK(pair_open(&pair, 0));
    OK(http2_stream_end(&pair.client.streams[0]));
    OK(pair_run(&pair));
    OK(http2_session_goaway(pair.server.session, HTTP2_NO_ERROR, qvt_slice_text("bye")));
    OK(pair_run(&pair));
    CU_ASSERT_FALSE(http2_session_is_done(pair.server.session));
    OK(pair_respond(&pair.server.streams[0], true));
    OK(pair_run(&pair));
    CU_ASSERT_TRUE(http2_session_is_done(pair.server.session));
    EXPECT_TEXT(pair_log(&pair.client), "goaway:1:0:bye :status=200 headers-end end close:0");
    pair_deinit(&pair);
}

static void stopped_session_takes_no_new_stream(void)
{
    struct pair pair;
    start(&pair);
    OK(http2_session_goaway(pair.server.session, HTTP2_NO_ERROR, qvt_slice_text("")));
    OK(pair_run(&pair));
    CU_ASSERT_EQUAL(pair_open(&pair, 0), QVT_UNAVAILABLE);
    CU_ASSERT_PTR_NULL(pair.client.streams[0].session);
    pair_deinit(&pair);
}

static void streams_above_the_last_id_did_not_start(void)
{
    struct pair pair;
    start(&pair);
    for (size_t i = 0; i < 6; i++) {
        OK(pair_open(&pair, i));
    }
    OK(pair_run(&pair));
    CU_ASSERT_EQUAL(pair.server.stream_count, 4);
    (void)pair_log(&pair.client);
    OK(http2_session_goaway(pair.server.session, HTTP2_NO_ERROR, qvt_slice_text("")));
    OK(pair_run(&pair));
    for (size_t i = 0; i < 4; i++) {
        OK(pair_respond(&pair.server.streams[i], true));
        http2_stream_reset_when_sent(&pair.server.streams[i], HTTP2_NO_ERROR);
    }
    OK(pair_run(&pair));
    CU_ASSERT_EQUAL(http2_session_stream_count(pair.client.session), 0);
    const char *log = pair_log(&pair.client);
    CU_ASSERT_PTR_NOT_NULL(strstr(log, "close:7 close:7"));
    pair_deinit(&pair);
}

SUITE_MAIN("rpc/http2/stop", SUITE_CASE(ping_comes_back), SUITE_CASE(announced_stop_still_serves_what_was_on_its_way),
           SUITE_CASE(ping_follows_the_announcement), SUITE_CASE(stopped_session_is_done_after_its_last_stream),
           SUITE_CASE(stopped_session_takes_no_new_stream), SUITE_CASE(streams_above_the_last_id_did_not_start))
