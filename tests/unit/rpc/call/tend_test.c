#include <stdlib.h>

#include <CUnit/CUnit.h>

#include "qvt/rpc/server.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/call/raw_client.h"

enum { TYPE_DATA = 0, TYPE_HEADERS = 1, TYPE_SETTINGS = 4, TYPE_PING = 6, TYPE_GOAWAY = 7, TYPE_WINDOW_UPDATE = 8 };

enum { ACK = 1, TYPE_NONE = 0x77, NEVER = 99, CALM = 0xb, LARGE = 24 << 20 };

struct fixture {
    qvt_rpc_runtime *runtime;
    qvt_rpc_server *server;
    struct raw_client client;
    qvt_rpc_server_call *waiting;
};

static void echo(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    (void)data;
    qvt_rpc_unary_reply(qvt_rpc_server_call_unary(call), &request, 1);
}

static void flood(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    (void)request;
    (void)data;
    qvt_slice answer = qvt_slice_make(calloc(1, LARGE), LARGE);
    qvt_rpc_unary_reply(qvt_rpc_server_call_unary(call), &answer, 1);
    union {
        const uint8_t *given;
        void *taken;
    } memory = {answer.data};
    free(memory.taken);
}

static void wait_for_it(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    struct fixture *fixture = data;
    (void)request;
    fixture->waiting = call;
}

static void on_cancel(qvt_rpc_server_call *call, void *data)
{
    struct fixture *fixture = data;
    fixture->waiting = NULL;
    qvt_rpc_server_call_finish(call, NULL);
}

static const qvt_rpc_method echo_method = {.path = "/test.A/Echo", .name = "Echo", .kind = QVT_RPC_UNARY};
static const qvt_rpc_method wait_method = {.path = "/test.A/Wait", .name = "Wait", .kind = QVT_RPC_UNARY};
static const qvt_rpc_method flood_method = {.path = "/test.A/Flood", .name = "Flood", .kind = QVT_RPC_UNARY};
static const qvt_rpc_handler echo_handler = {.on_request = echo};
static const qvt_rpc_handler wait_handler = {.on_request = wait_for_it, .on_cancel = on_cancel};
static const qvt_rpc_handler flood_handler = {.on_request = flood};

static void start(struct fixture *fixture, const qvt_rpc_server_options *options)
{
    fixture->waiting = NULL;
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_runtime_new(&fixture->runtime, NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_server_new(&fixture->server, fixture->runtime, options), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture->server, &echo_method, &echo_handler, fixture), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture->server, &wait_method, &wait_handler, fixture), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture->server, &flood_method, &flood_handler, fixture), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_server_listen(fixture->server, "127.0.0.1:0", NULL), QVT_OK);
    raw_client_connect(&fixture->client, qvt_rpc_server_address(fixture->server));
    raw_client_send_preface(&fixture->client);
}

static bool wait_for(struct fixture *fixture, uint8_t type, uint32_t stream)
{
    return raw_client_wait(&fixture->client, qvt_rpc_runtime_loop(fixture->runtime), type, stream);
}

static void ask(struct fixture *fixture, uint32_t stream, const char *path)
{
    raw_client_send_request(&fixture->client, stream, path, qvt_slice_make("\0\0\0\0\2hi", 7));
}

static void ping(struct fixture *fixture, uint8_t flags)
{
    raw_client_send_frame(&fixture->client, TYPE_PING, flags, 0, qvt_slice_text("12345678"));
}

static void expect_goaway(struct fixture *fixture, uint8_t code, const char *debug)
{
    qvt_slice payload = {NULL, 0};
    CU_ASSERT_TRUE_FATAL(wait_for(fixture, TYPE_GOAWAY, 0));
    CU_ASSERT_TRUE(raw_client_has(&fixture->client, TYPE_GOAWAY, 0, &payload));
    CU_ASSERT_TRUE_FATAL(payload.len >= 8);
    CU_ASSERT_EQUAL(payload.data[7], code);
    EXPECT_SLICE(qvt_slice_make(payload.data + 8, payload.len - 8), debug);
}

static void expect_end(struct fixture *fixture)
{
    CU_ASSERT_FALSE(wait_for(fixture, TYPE_NONE, NEVER));
}

static void expect_count(const struct fixture *fixture, qvt_rpc_limit limit, uint64_t count)
{
    CU_ASSERT_EQUAL(qvt_rpc_server_limit_count(fixture->server, limit), count);
}

static void stop(struct fixture *fixture)
{
    raw_client_end(&fixture->client, fixture->server, fixture->runtime);
}

static void silent_client_is_asked_and_then_left(void)
{
    struct fixture fixture;
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    options.keepalive_ms = 20;
    options.keepalive_timeout_ms = 20;
    start(&fixture, &options);
    CU_ASSERT_TRUE(wait_for(&fixture, TYPE_PING, 0));
    expect_end(&fixture);
    expect_count(&fixture, QVT_RPC_LIMIT_KEEPALIVE_TIMEOUT, 1);
    stop(&fixture);
}

static void silent_client_that_answers_is_asked_again(void)
{
    struct fixture fixture;
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    options.keepalive_ms = 20;
    options.keepalive_timeout_ms = 2000; /* what is answered later is an answer too late */
    start(&fixture, &options);
    for (int i = 0; i < 2; i++) {
        fixture.client.received_len = 0;
        CU_ASSERT_TRUE(wait_for(&fixture, TYPE_PING, 0));
        ping(&fixture, ACK);
    }
    expect_count(&fixture, QVT_RPC_LIMIT_KEEPALIVE_TIMEOUT, 0);
    stop(&fixture);
}

static void pings_without_answers_between_them_end_the_connection(void)
{
    struct fixture fixture;
    start(&fixture, NULL);
    for (int i = 0; i < 4; i++) {
        ping(&fixture, 0);
    }
    expect_goaway(&fixture, CALM, "too_many_pings");
    expect_end(&fixture);
    expect_count(&fixture, QVT_RPC_LIMIT_PING_INTERVAL, 1);
    stop(&fixture);
}

static void answers_forgive_pings(void)
{
    struct fixture fixture;
    start(&fixture, NULL);
    for (uint32_t i = 0; i < 10; i++) {
        for (int j = 0; j < 3; j++) {
            ping(&fixture, 0);
        }
        ask(&fixture, 2 * i + 1, "/test.A/Echo");
        CU_ASSERT_TRUE_FATAL(wait_for(&fixture, TYPE_DATA, 2 * i + 1));
    }
    CU_ASSERT_FALSE(raw_client_has(&fixture.client, TYPE_GOAWAY, 0, NULL));
    stop(&fixture);
}

static void pings_that_take_their_time_are_no_strikes(void)
{
    struct fixture fixture;
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    options.min_idle_ping_ms = 0;
    start(&fixture, &options);
    for (int i = 0; i < 20; i++) {
        ping(&fixture, 0);
    }
    ask(&fixture, 1, "/test.A/Echo");
    CU_ASSERT_TRUE(wait_for(&fixture, TYPE_DATA, 1));
    stop(&fixture);
}

static void idle_connection_ends_gracefully(void)
{
    struct fixture fixture;
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    options.max_idle_ms = 20;
    start(&fixture, &options);
    expect_goaway(&fixture, 0, "");
    CU_ASSERT_TRUE(wait_for(&fixture, TYPE_PING, 0));
    ping(&fixture, ACK);
    expect_end(&fixture);
    expect_count(&fixture, QVT_RPC_LIMIT_IDLE, 1);
    stop(&fixture);
}

/* What ends it in the end is its age. */
static void connection_with_a_call_is_not_idle(void)
{
    struct fixture fixture;
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    options.max_idle_ms = 500;
    options.max_age_ms = 1500;
    uint64_t before = uv_hrtime();
    start(&fixture, &options);
    ask(&fixture, 1, "/test.A/Wait");
    expect_goaway(&fixture, 0, "");
    CU_ASSERT_TRUE(uv_hrtime() - before >= 1350000000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(fixture.waiting);
    qvt_rpc_server_call_finish(fixture.waiting, NULL);
    CU_ASSERT_TRUE(wait_for(&fixture, TYPE_HEADERS, 1));
    stop(&fixture);
}

static void aged_connection_ends_after_its_grace(void)
{
    struct fixture fixture;
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    options.max_age_ms = 200;
    options.max_age_grace_ms = 50;
    start(&fixture, &options);
    ask(&fixture, 1, "/test.A/Wait");
    expect_goaway(&fixture, 0, "");
    expect_end(&fixture);
    CU_ASSERT_PTR_NULL(fixture.waiting);
    expect_count(&fixture, QVT_RPC_LIMIT_AGE, 1);
    stop(&fixture);
}

static void client_that_takes_no_bytes_is_left(void)
{
    struct fixture fixture;
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    qvt_rpc_server_counters counters;
    options.write_timeout_ms = 50;
    start(&fixture, &options);
    raw_client_send_frame(&fixture.client, TYPE_SETTINGS, 0, 0, qvt_slice_make("\0\4\x7f\xff\xff\xff", 6));
    raw_client_send_frame(&fixture.client, TYPE_WINDOW_UPDATE, 0, 0, qvt_slice_make("\x7f\0\0\0", 4));
    ask(&fixture, 1, "/test.A/Flood");
    do {
        uv_run(qvt_rpc_runtime_loop(fixture.runtime), UV_RUN_ONCE);
        qvt_rpc_server_read_counters(fixture.server, &counters);
    } while (counters.connections_total == 0 || counters.connections_open > 0);
    CU_ASSERT_TRUE(counters.bytes_sent > 0);
    expect_count(&fixture, QVT_RPC_LIMIT_WRITE_TIMEOUT, 1);
    stop(&fixture);
}

SUITE_MAIN("rpc/call/tend", SUITE_CASE(silent_client_is_asked_and_then_left),
           SUITE_CASE(silent_client_that_answers_is_asked_again),
           SUITE_CASE(pings_without_answers_between_them_end_the_connection), SUITE_CASE(answers_forgive_pings),
           SUITE_CASE(pings_that_take_their_time_are_no_strikes), SUITE_CASE(idle_connection_ends_gracefully),
           SUITE_CASE(connection_with_a_call_is_not_idle), SUITE_CASE(aged_connection_ends_after_its_grace),
           SUITE_CASE(client_that_takes_no_bytes_is_left))
