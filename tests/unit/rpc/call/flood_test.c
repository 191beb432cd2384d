#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "qvt/rpc/server.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/call/raw_client.h"

enum {
    TYPE_DATA = 0,
    TYPE_HEADERS = 1,
    TYPE_PRIORITY = 2,
    TYPE_RESET = 3,
    TYPE_SETTINGS = 4,
    TYPE_PING = 6,
    TYPE_GOAWAY = 7,
    TYPE_WINDOW_UPDATE = 8,
    TYPE_UNKNOWN = 0x77
};

enum { PADDED = 8, LIMIT = 40, CALM = 0xb };

struct fixture {
    qvt_rpc_runtime *runtime;
    qvt_rpc_server *server;
    struct raw_client client;
    unsigned lines;
};

static void hear(qvt_rpc_server_call *call, qvt_slice message, void *data)
{
    (void)call;
    (void)message;
    (void)data;
}

static void half_close(qvt_rpc_server_call *call, void *data)
{
    (void)data;
    qvt_rpc_server_call_finish(call, NULL);
}

static void echo(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    (void)data;
    qvt_rpc_unary_reply(qvt_rpc_server_call_unary(call), &request, 1);
}

static const qvt_rpc_method hear_method = {.path = "/test.A/Hear", .name = "Hear", .kind = QVT_RPC_CLIENT_STREAMING};
static const qvt_rpc_method echo_method = {.path = "/test.A/Echo", .name = "Echo", .kind = QVT_RPC_UNARY};
static const qvt_rpc_handler hear_handler = {.on_message = hear, .on_half_close = half_close, .on_cancel = half_close};
static const qvt_rpc_handler echo_handler = {.on_request = echo};

static void on_log(void *data, qvt_rpc_log_level level, qvt_slice line)
{
    struct fixture *fixture = data;
    (void)level;
    (void)line;
    fixture->lines++;
}

static void start(struct fixture *fixture)
{
    qvt_rpc_runtime_options runtime_options = QVT_RPC_RUNTIME_OPTIONS_INIT;
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    options.max_empty_data = options.max_pings = LIMIT;
    options.max_window_updates = 2 * LIMIT;
    options.max_settings = options.max_resets = options.max_priorities = LIMIT;
    fixture->lines = 0;
    runtime_options.on_log = on_log;
    runtime_options.data = fixture;
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_runtime_new(&fixture->runtime, &runtime_options), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_server_new(&fixture->server, fixture->runtime, &options), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture->server, &hear_method, &hear_handler, NULL), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture->server, &echo_method, &echo_handler, NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_server_listen(fixture->server, "127.0.0.1:0", NULL), QVT_OK);
}

static void connect_client(struct fixture *fixture)
{
    raw_client_connect(&fixture->client, qvt_rpc_server_address(fixture->server));
    raw_client_send_preface(&fixture->client);
    raw_client_send_headers(&fixture->client, 1, "/test.A/Hear", "application/grpc");
}

static bool wait_for(struct fixture *fixture, uint8_t type, uint32_t stream)
{
    return raw_client_wait(&fixture->client, qvt_rpc_runtime_loop(fixture->runtime), type, stream);
}

static void on_closed(void *data)
{
    (void)data;
}

static void stop(struct fixture *fixture)
{
    qvt_rpc_server_shutdown(fixture->server, 3600000, on_closed, NULL);
    qvt_rpc_runtime_run(fixture->runtime);
    qvt_rpc_server_free(fixture->server);
    qvt_rpc_runtime_free(fixture->runtime);
}

struct noise {
    uint8_t type;
    uint8_t flags;
    uint32_t stream;
    qvt_slice payload;
};

#define BYTES(literal)                                                                                                 \
    {                                                                                                                  \
        (const uint8_t *)(literal), sizeof(literal) - 1                                                                \
    }

static const struct noise empty_data = {TYPE_DATA, 0, 1, {NULL, 0}};
static const struct noise padded_data = {TYPE_DATA, PADDED, 1, BYTES("\2\0\0")};
static const struct noise window_update = {TYPE_WINDOW_UPDATE, 0, 0, BYTES("\0\0\0\1")};
static const struct noise priority = {TYPE_PRIORITY, 0, 1, BYTES("\0\0\0\0\7")};
static const struct noise settings = {TYPE_SETTINGS, 0, 0, {NULL, 0}};
static const struct noise reset = {TYPE_RESET, 0, 1, BYTES("\0\0\0\x8")};

static void send_noise(struct fixture *fixture, const struct noise *noise, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        raw_client_send_frame(&fixture->client, noise->type, noise->flags, noise->stream, noise->payload);
    }
}

static void expect_calm(struct fixture *fixture, const char *debug)
{
    qvt_slice payload = {NULL, 0};
    CU_ASSERT_TRUE_FATAL(wait_for(fixture, TYPE_GOAWAY, 0));
    CU_ASSERT_TRUE(raw_client_has(&fixture->client, TYPE_GOAWAY, 0, &payload));
    CU_ASSERT_TRUE_FATAL(payload.len >= 8);
    CU_ASSERT_EQUAL(payload.data[7], CALM);
    EXPECT_SLICE(qvt_slice_make(payload.data + 8, payload.len - 8), debug);
    CU_ASSERT_FALSE(wait_for(fixture, TYPE_UNKNOWN, 99));
    CU_ASSERT_TRUE(fixture->client.ended);
    raw_client_close(&fixture->client);
}

static uint64_t calmed(const struct fixture *fixture)
{
    qvt_rpc_server_counters counters;
    qvt_rpc_server_read_counters(fixture->server, &counters);
    return counters.connections_calmed;
}

/* Whether the server is through with what was sent; false: it has closed the connection. */
static bool settle(struct fixture *fixture, uint32_t stream)
{
    raw_client_send_request(&fixture->client, stream, "/test.A/Sing", qvt_slice_make(NULL, 0));
    return wait_for(fixture, TYPE_HEADERS, stream);
}

/* The allowed number of frames is served; more of them end the connection: on a machine that is slow not the first
 * time, because a second may end between them. */
static void expect_limit(const struct noise *noise, unsigned allowed, qvt_rpc_limit limit, const char *debug)
{
    struct fixture fixture;
    start(&fixture);
    connect_client(&fixture);
    send_noise(&fixture, noise, allowed);
    uint32_t stream = 3;
    CU_ASSERT_TRUE(settle(&fixture, stream));
    CU_ASSERT_EQUAL(calmed(&fixture), 0);
    do {
        stream += 2;
        send_noise(&fixture, noise, LIMIT + 1);
    } while (settle(&fixture, stream));
    expect_calm(&fixture, debug);
    CU_ASSERT_EQUAL(calmed(&fixture), 1);
    CU_ASSERT_EQUAL(qvt_rpc_server_limit_count(fixture.server, limit), 1);
    stop(&fixture);
}

static void empty_data_end_the_connection(void)
{
    expect_limit(&empty_data, LIMIT, QVT_RPC_LIMIT_EMPTY_DATA, "too many empty DATA frames");
}

static void data_of_padding_end_the_connection(void)
{
    expect_limit(&padded_data, LIMIT, QVT_RPC_LIMIT_EMPTY_DATA, "too many empty DATA frames");
}

static void window_updates_end_the_connection(void)
{
    expect_limit(&window_update, 2 * LIMIT, QVT_RPC_LIMIT_WINDOW_UPDATES, "too many WINDOW_UPDATE frames");
}

static void priorities_end_the_connection(void)
{
    expect_limit(&priority, LIMIT, QVT_RPC_LIMIT_PRIORITIES, "too many PRIORITY frames");
}

static void settings_end_the_connection(void)
{
    /* The first came with the preface. */
    expect_limit(&settings, LIMIT - 1, QVT_RPC_LIMIT_SETTINGS, "too many SETTINGS frames");
}

/* Opens streams and sends the frame on each until the connection ends. */
static void expect_limit_of_streams(struct noise noise, const char *debug)
{
    struct fixture fixture;
    uint32_t stream = 1;
    start(&fixture);
    connect_client(&fixture);
    do {
        for (unsigned i = 0; i < LIMIT; i++) {
            noise.stream = stream += 2;
            raw_client_send_headers(&fixture.client, stream, "/test.A/Hear", "application/grpc");
            send_noise(&fixture, &noise, 1);
        }
        stream += 2;
    } while (settle(&fixture, stream));
    expect_calm(&fixture, debug);
    qvt_rpc_server_counters counters;
    qvt_rpc_server_read_counters(fixture.server, &counters);
    CU_ASSERT_EQUAL(counters.connections_calmed, 1);
    CU_ASSERT_EQUAL(qvt_rpc_server_limit_count(fixture.server, QVT_RPC_LIMIT_RESETS), 1);
    CU_ASSERT_EQUAL(counters.calls_open, 0);
    stop(&fixture);
}

static void resets_end_the_connection(void)
{
    expect_limit_of_streams(reset, "too many resets");
}

/* The peer's way around the limit: frames that make the server reset. */
static void provoked_resets_end_the_connection(void)
{
    static const struct noise overflow = {TYPE_WINDOW_UPDATE, 0, 1, BYTES("\x7f\xff\xff\xff")};
    expect_limit_of_streams(overflow, "too many resets");
}

/* Each answer may be followed by two window updates and a ping for ever. */
static void what_answers_call_for_is_not_counted(void)
{
    static const struct noise ping = {TYPE_PING, 0, 0, BYTES("12345678")};
    struct fixture fixture;
    start(&fixture);
    connect_client(&fixture);
    for (uint32_t i = 1; i <= 4 * LIMIT; i++) {
        raw_client_send_request(&fixture.client, 2 * i + 1, "/test.A/Echo", qvt_slice_make("\0\0\0\0\2hi", 7));
        CU_ASSERT_TRUE_FATAL(wait_for(&fixture, TYPE_DATA, 2 * i + 1));
        send_noise(&fixture, &window_update, 2);
        send_noise(&fixture, &ping, 1);
    }
    CU_ASSERT_EQUAL(calmed(&fixture), 0);
    raw_client_close(&fixture.client);
    stop(&fixture);
}

static void floods_are_logged_once_a_second(void)
{
    struct fixture fixture;
    start(&fixture);
    uint64_t before = uv_hrtime();
    for (unsigned i = 0; i < 3; i++) {
        connect_client(&fixture);
        send_noise(&fixture, &priority, 4 * LIMIT);
        expect_calm(&fixture, "too many PRIORITY frames");
    }
    uint64_t seconds = (uv_hrtime() - before + 999999999) / 1000000000; /* begun */
    CU_ASSERT_EQUAL(calmed(&fixture), 3);
    CU_ASSERT_TRUE(fixture.lines >= 1 && fixture.lines <= 1 + seconds);
    stop(&fixture);
}

SUITE_MAIN("rpc/call/flood", SUITE_CASE(empty_data_end_the_connection), SUITE_CASE(data_of_padding_end_the_connection),
           SUITE_CASE(window_updates_end_the_connection), SUITE_CASE(priorities_end_the_connection),
           SUITE_CASE(settings_end_the_connection), SUITE_CASE(resets_end_the_connection),
           SUITE_CASE(provoked_resets_end_the_connection), SUITE_CASE(what_answers_call_for_is_not_counted),
           SUITE_CASE(floods_are_logged_once_a_second))
