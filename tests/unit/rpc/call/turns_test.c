/* A connection that asks for much at once gets a share of each turn of the loop, and all of it in the end. */
#include <string.h>
#include <sys/socket.h>

#include <CUnit/CUnit.h>

#include "qvt/rpc/server.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/call/raw_client.h"

enum { TYPE_SETTINGS = 4, TYPE_WINDOW_UPDATE = 8, ANSWER_BYTES = 32 * 1024, QUEUED_MAX = 1024 * 1024 };

/* What server_receive.c gives: so many calls, or the one that passes so many bytes. */
enum { TURN_CALLS = 256, TURN_BYTES = 128 * 1024, TURN_LARGE_CALLS = TURN_BYTES / ANSWER_BYTES };

struct fixture {
    qvt_rpc_runtime *runtime;
    qvt_rpc_server *server;
    struct raw_client client;
    unsigned calls;
    size_t answer_bytes;
};

static void answer(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    static const uint8_t bytes[ANSWER_BYTES];
    struct fixture *fixture = data;
    (void)request;
    qvt_slice message = qvt_slice_make(bytes, fixture->answer_bytes);
    fixture->calls++;
    qvt_rpc_unary_reply(qvt_rpc_server_call_unary(call), &message, 1);
}

static const qvt_rpc_method method = {.path = "/test.A/Get", .name = "Get", .kind = QVT_RPC_UNARY};
static const qvt_rpc_handler handler = {.on_request = answer};

static void start(struct fixture *fixture, size_t answer_bytes)
{
    qvt_rpc_runtime_options runtime = QVT_RPC_RUNTIME_OPTIONS_INIT;
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    memset(fixture, 0, sizeof(*fixture));
    fixture->answer_bytes = answer_bytes;
    options.max_queued_bytes = QUEUED_MAX;
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_runtime_new(&fixture->runtime, &runtime), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_server_new(&fixture->server, fixture->runtime, &options), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture->server, &method, &handler, fixture), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_server_listen(fixture->server, "127.0.0.1:0", NULL), QVT_OK);
    raw_client_connect(&fixture->client, qvt_rpc_server_address(fixture->server));
    raw_client_send_preface(&fixture->client);
    CU_ASSERT_TRUE(raw_client_wait(&fixture->client, qvt_rpc_runtime_loop(fixture->runtime), TYPE_SETTINGS, 0));
}

static void stop(struct fixture *fixture)
{
    raw_client_end(&fixture->client, fixture->server, fixture->runtime);
}

/* For the connection and each stream. */
static void open_windows(struct fixture *fixture)
{
    raw_client_send_frame(&fixture->client, TYPE_SETTINGS, 0, 0, qvt_slice_make("\0\4\x7f\xff\xff\xff", 6));
    raw_client_send_frame(&fixture->client, TYPE_WINDOW_UPDATE, 0, 0, qvt_slice_make("\x7f\0\0\0", 4));
}

static void ask(struct fixture *fixture, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        raw_client_send_request(&fixture->client, 2 * i + 1, "/test.A/Get", qvt_slice_make("\0\0\0\0\0", 5));
    }
}

/* One turn of the loop; the calls that it began. What comes is thrown away. */
static unsigned turn(struct fixture *fixture)
{
    uint8_t sink[64 * 1024];
    unsigned before = fixture->calls;
    uv_run(qvt_rpc_runtime_loop(fixture->runtime), UV_RUN_NOWAIT);
    while (recv(fixture->client.fd, sink, sizeof(sink), 0) > 0) {}
    return fixture->calls - before;
}

static void large_answers_are_spread_over_turns(void)
{
    struct fixture fixture;
    start(&fixture, ANSWER_BYTES);
    open_windows(&fixture);
    ask(&fixture, 100);
    unsigned turns = 0;
    while (fixture.calls < 100) {
        CU_ASSERT_FATAL(turn(&fixture) <= TURN_LARGE_CALLS);
        turns++;
    }
    CU_ASSERT(turns >= 100 / TURN_LARGE_CALLS);
    stop(&fixture);
}

static void many_calls_are_spread_over_turns(void)
{
    struct fixture fixture;
    start(&fixture, 1);
    ask(&fixture, TURN_CALLS + 30);
    unsigned most = 0;
    while (fixture.calls < TURN_CALLS + 30) {
        unsigned calls = turn(&fixture);
        most = calls > most ? calls : most;
    }
    CU_ASSERT(most <= TURN_CALLS);
    stop(&fixture);
}

/* Nothing leaves, so that no answer that has left wakes the next. */
static void closed_windows_do_not_stop_the_turns(void)
{
    struct fixture fixture;
    start(&fixture, ANSWER_BYTES);
    raw_client_send_frame(&fixture.client, TYPE_SETTINGS, 0, 0, qvt_slice_make("\0\4\0\0\0\0", 6));
    ask(&fixture, 100);
    while (fixture.calls < QUEUED_MAX / ANSWER_BYTES) {
        CU_ASSERT_FATAL(turn(&fixture) <= TURN_LARGE_CALLS);
    }
    for (unsigned i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(turn(&fixture), 0);
    }
    CU_ASSERT(qvt_rpc_server_limit_count(fixture.server, QVT_RPC_LIMIT_QUEUED_BYTES) > 0);
    stop(&fixture);
}

SUITE_MAIN("rpc/call/turns", SUITE_CASE(large_answers_are_spread_over_turns),
           SUITE_CASE(many_calls_are_spread_over_turns), SUITE_CASE(closed_windows_do_not_stop_the_turns))
