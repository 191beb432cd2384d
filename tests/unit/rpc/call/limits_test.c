#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "qvt/rpc/server.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/call/raw_client.h"

enum {
    TYPE_DATA = 0,
    TYPE_HEADERS = 1,
    TYPE_RESET = 3,
    TYPE_SETTINGS = 4,
    TYPE_GOAWAY = 7,
    TYPE_CONTINUATION = 9,
    TYPE_NONE = 0x77,
    NEVER = 99
};

struct fixture {
    qvt_rpc_runtime *runtime;
    qvt_rpc_server *server;
    struct raw_client client;
    unsigned lines;
    char last_line[256];
};

static void echo(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    (void)data;
    qvt_rpc_unary_reply(qvt_rpc_server_call_unary(call), &request, 1);
}

static void hear(qvt_rpc_server_call *call, qvt_slice message, void *data)
{
    (void)call;
    (void)message;
    (void)data;
}

static void end(qvt_rpc_server_call *call, void *data)
{
    (void)data;
    qvt_rpc_server_call_finish(call, NULL);
}

static const qvt_rpc_method echo_method = {.path = "/test.A/Echo", .name = "Echo", .kind = QVT_RPC_UNARY};
static const qvt_rpc_method hear_method = {.path = "/test.A/Hear", .name = "Hear", .kind = QVT_RPC_CLIENT_STREAMING};
static const qvt_rpc_handler echo_handler = {.on_request = echo};
static const qvt_rpc_handler hear_handler = {.on_message = hear, .on_half_close = end, .on_cancel = end};

static void on_log(void *data, qvt_rpc_log_level level, qvt_slice line)
{
    struct fixture *fixture = data;
    (void)level;
    size_t len = line.len < sizeof(fixture->last_line) ? line.len : sizeof(fixture->last_line) - 1;
    memcpy(fixture->last_line, line.data, len);
    fixture->last_line[len] = '\0';
    fixture->lines++;
}

static void start(struct fixture *fixture, const qvt_rpc_server_options *options)
{
    qvt_rpc_runtime_options runtime = QVT_RPC_RUNTIME_OPTIONS_INIT;
    memset(fixture, 0, sizeof(*fixture));
    runtime.on_log = on_log;
    runtime.data = fixture;
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_runtime_new(&fixture->runtime, &runtime), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_server_new(&fixture->server, fixture->runtime, options), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture->server, &echo_method, &echo_handler, NULL), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture->server, &hear_method, &hear_handler, NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_server_listen(fixture->server, "127.0.0.1:0", NULL), QVT_OK);
    raw_client_connect(&fixture->client, qvt_rpc_server_address(fixture->server));
}

static bool wait_for(struct fixture *fixture, struct raw_client *client, uint8_t type, uint32_t stream)
{
    return raw_client_wait(client, qvt_rpc_runtime_loop(fixture->runtime), type, stream);
}

static void stop(struct fixture *fixture)
{
    raw_client_end(&fixture->client, fixture->server, fixture->runtime);
}

/* That limit was passed so often, no other was, and the log says so. */
static void expect_count(const struct fixture *fixture, qvt_rpc_limit limit, uint64_t count)
{
    char named[64];
    for (unsigned i = 0; i < QVT_RPC_LIMIT_COUNT; i++) {
        uint64_t expected = i == (unsigned)limit ? count : 0;
        CU_ASSERT_EQUAL(qvt_rpc_server_limit_count(fixture->server, (qvt_rpc_limit)i), expected);
    }
    (void)snprintf(named, sizeof(named), "limit=%s ", qvt_rpc_limit_name(limit));
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture->last_line, named));
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture->last_line, "peer=127.0.0.1:"));
}

static void connections_over_the_limit_are_refused(void)
{
    struct fixture fixture;
    struct raw_client second;
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    options.max_connections = 1;
    start(&fixture, &options);
    raw_client_send_preface(&fixture.client);
    raw_client_send_request(&fixture.client, 1, "/test.A/Echo", qvt_slice_make("\0\0\0\0\2hi", 7));
    CU_ASSERT_TRUE(wait_for(&fixture, &fixture.client, TYPE_DATA, 1));
    for (unsigned i = 1; i <= 3; i++) {
        raw_client_connect(&second, qvt_rpc_server_address(fixture.server));
        CU_ASSERT_FALSE(wait_for(&fixture, &second, TYPE_NONE, NEVER));
        raw_client_close(&second);
        expect_count(&fixture, QVT_RPC_LIMIT_CONNECTIONS, i);
    }
    raw_client_send_request(&fixture.client, 3, "/test.A/Echo", qvt_slice_make("\0\0\0\0\2hi", 7));
    CU_ASSERT_TRUE(wait_for(&fixture, &fixture.client, TYPE_DATA, 3));
    CU_ASSERT_TRUE(fixture.lines >= 1);
    stop(&fixture);
}

static void connection_without_preface_is_closed(void)
{
    struct fixture fixture;
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    options.preface_timeout_ms = 20;
    start(&fixture, &options);
    CU_ASSERT_FALSE(wait_for(&fixture, &fixture.client, TYPE_NONE, NEVER));
    expect_count(&fixture, QVT_RPC_LIMIT_PREFACE_TIMEOUT, 1);
    stop(&fixture);
}

static void preface_without_settings_is_none(void)
{
    struct fixture fixture;
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    options.preface_timeout_ms = 20;
    start(&fixture, &options);
    CU_ASSERT_EQUAL(write(fixture.client.fd, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24), 24);
    CU_ASSERT_FALSE(wait_for(&fixture, &fixture.client, TYPE_NONE, NEVER));
    expect_count(&fixture, QVT_RPC_LIMIT_PREFACE_TIMEOUT, 1);
    stop(&fixture);
}

static void ready(struct fixture *fixture, struct raw_client *client)
{
    raw_client_connect(client, qvt_rpc_server_address(fixture->server));
    raw_client_send_preface(client);
    CU_ASSERT_TRUE(wait_for(fixture, client, TYPE_SETTINGS, 0));
}

static void expect_answer(struct fixture *fixture, struct raw_client *client, uint32_t stream)
{
    raw_client_send_request(client, stream, "/test.A/Echo", qvt_slice_make("\0\0\0\0\2hi", 7));
    CU_ASSERT_TRUE(wait_for(fixture, client, TYPE_DATA, stream));
}

static void oldest_connection_that_nobody_uses_is_closed(void)
{
    struct fixture fixture;
    struct raw_client unused[3];
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    qvt_slice payload = {NULL, 0};
    options.max_unused_connections = 2;
    start(&fixture, &options);
    raw_client_send_preface(&fixture.client);
    expect_answer(&fixture, &fixture.client, 1);
    for (size_t i = 0; i < 3; i++) {
        ready(&fixture, &unused[i]);
    }
    CU_ASSERT_TRUE(wait_for(&fixture, &unused[0], TYPE_GOAWAY, 0));
    CU_ASSERT_TRUE(raw_client_has(&unused[0], TYPE_GOAWAY, 0, &payload));
    CU_ASSERT_TRUE_FATAL(payload.len > 8);
    CU_ASSERT_EQUAL(memcmp(payload.data, "\0\0\0\0\0\0\0\0", 8), 0);
    CU_ASSERT_FALSE(wait_for(&fixture, &unused[0], TYPE_NONE, NEVER));
    expect_count(&fixture, QVT_RPC_LIMIT_UNUSED_CONNECTIONS, 1);
    expect_answer(&fixture, &fixture.client, 3);
    for (size_t i = 1; i < 3; i++) {
        expect_answer(&fixture, &unused[i], 1);
    }
    for (size_t i = 0; i < 3; i++) {
        raw_client_close(&unused[i]);
    }
    stop(&fixture);
}

/* Its end and the next connection come within one turn of the loop. */
static void connection_that_is_being_closed_is_not_closed_again(void)
{
    struct fixture fixture;
    struct raw_client next;
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    options.max_unused_connections = 1;
    start(&fixture, &options);
    raw_client_send_preface(&fixture.client);
    CU_ASSERT_TRUE(wait_for(&fixture, &fixture.client, TYPE_SETTINGS, 0));
    raw_client_close(&fixture.client);
    ready(&fixture, &next);
    expect_answer(&fixture, &next, 1);
    CU_ASSERT_EQUAL(qvt_rpc_server_limit_count(fixture.server, QVT_RPC_LIMIT_UNUSED_CONNECTIONS), 0);
    fixture.client = next;
    stop(&fixture);
}

static void headers_that_do_not_end_in_time_end_the_connection(void)
{
    /* Without END_HEADERS, and a frame that is not whole. */
    static const char frames[2][10] = {"\0\0\1\1\0\0\0\0\3\x83", "\0\0\2\1\4\0\0\0\3\x83"};
    for (size_t i = 0; i < 2; i++) {
        struct fixture fixture;
        qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
        options.header_timeout_ms = 30;
        start(&fixture, &options);
        raw_client_send_preface(&fixture.client);
        expect_answer(&fixture, &fixture.client, 1);
        CU_ASSERT_EQUAL(write(fixture.client.fd, frames[i], sizeof(frames[i])), (ssize_t)sizeof(frames[i]));
        CU_ASSERT_FALSE(wait_for(&fixture, &fixture.client, TYPE_NONE, NEVER));
        expect_count(&fixture, QVT_RPC_LIMIT_HEADER_TIMEOUT, 1);
        stop(&fixture);
    }
}

static void headers_in_pieces_are_no_slow_headers(void)
{
    struct fixture fixture;
    struct raw_client slow;
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    options.header_timeout_ms = 50;
    start(&fixture, &options);
    raw_client_send_preface(&fixture.client);
    raw_client_send_frame(&fixture.client, TYPE_HEADERS, 0, 1, qvt_slice_text("\x83"));
    raw_client_send_frame(&fixture.client, TYPE_CONTINUATION, 4, 1, qvt_slice_text("\x86"));
    CU_ASSERT_TRUE(wait_for(&fixture, &fixture.client, TYPE_RESET, 1));
    ready(&fixture, &slow);
    raw_client_send_frame(&slow, TYPE_HEADERS, 0, 1, qvt_slice_text("\x83"));
    CU_ASSERT_FALSE(wait_for(&fixture, &slow, TYPE_NONE, NEVER));
    expect_count(&fixture, QVT_RPC_LIMIT_HEADER_TIMEOUT, 1);
    expect_answer(&fixture, &fixture.client, 3);
    raw_client_close(&slow);
    stop(&fixture);
}

static void long_message_and_headers_are_counted(void)
{
    struct fixture fixture;
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    options.max_message_bytes = 1;
    start(&fixture, &options);
    raw_client_send_preface(&fixture.client);
    raw_client_send_request(&fixture.client, 1, "/test.A/Echo", qvt_slice_make("\0\0\0\0\2hi", 7));
    CU_ASSERT_TRUE(wait_for(&fixture, &fixture.client, TYPE_HEADERS, 1));
    expect_count(&fixture, QVT_RPC_LIMIT_MESSAGE_BYTES, 1);
    stop(&fixture);
    options.max_header_bytes = 100;
    start(&fixture, &options);
    raw_client_send_preface(&fixture.client);
    raw_client_send_request(&fixture.client, 1, "/test.A/Echo", qvt_slice_make(NULL, 0));
    CU_ASSERT_TRUE(wait_for(&fixture, &fixture.client, TYPE_HEADERS, 1));
    expect_count(&fixture, QVT_RPC_LIMIT_HEADER_BYTES, 1);
    stop(&fixture);
}

static void streams_over_the_limit_are_refused(void)
{
    struct fixture fixture;
    qvt_slice payload = {NULL, 0};
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    options.max_concurrent_streams = 2;
    start(&fixture, &options);
    raw_client_send_preface(&fixture.client);
    for (uint32_t stream = 1; stream <= 5; stream += 2) {
        raw_client_send_headers(&fixture.client, stream, "/test.A/Hear", "application/grpc");
    }
    CU_ASSERT_TRUE(wait_for(&fixture, &fixture.client, TYPE_RESET, 5));
    CU_ASSERT_TRUE(raw_client_has(&fixture.client, TYPE_RESET, 5, &payload));
    CU_ASSERT_TRUE_FATAL(payload.len == 4);
    CU_ASSERT_EQUAL(payload.data[3], 7);
    expect_count(&fixture, QVT_RPC_LIMIT_STREAMS, 1);
    stop(&fixture);
}

static void each_limit_has_its_own_name(void)
{
    for (unsigned i = 0; i < QVT_RPC_LIMIT_COUNT; i++) {
        for (unsigned j = 0; j < i; j++) {
            CU_ASSERT_STRING_NOT_EQUAL(qvt_rpc_limit_name((qvt_rpc_limit)i), qvt_rpc_limit_name((qvt_rpc_limit)j));
        }
    }
}

static void shorter_and_longer_options_are_taken(void)
{
    struct {
        qvt_rpc_server_options known;
        uint32_t unknown;
    } longer = {QVT_RPC_SERVER_OPTIONS_INIT, 7};
    struct fixture fixture;
    qvt_rpc_server_options shorter = QVT_RPC_SERVER_OPTIONS_INIT;
    shorter.size = offsetof(qvt_rpc_server_options, max_header_bytes);
    shorter.max_message_bytes = 1;
    shorter.max_header_bytes = 1;
    start(&fixture, &shorter);
    raw_client_send_preface(&fixture.client);
    raw_client_send_request(&fixture.client, 1, "/test.A/Echo", qvt_slice_make("\0\0\0\0\2hi", 7));
    CU_ASSERT_TRUE(wait_for(&fixture, &fixture.client, TYPE_HEADERS, 1));
    expect_count(&fixture, QVT_RPC_LIMIT_MESSAGE_BYTES, 1);
    stop(&fixture);
    longer.known.size = sizeof(longer);
    start(&fixture, &longer.known);
    raw_client_send_preface(&fixture.client);
    raw_client_send_request(&fixture.client, 1, "/test.A/Echo", qvt_slice_make("\0\0\0\0\2hi", 7));
    CU_ASSERT_TRUE(wait_for(&fixture, &fixture.client, TYPE_DATA, 1));
    stop(&fixture);
}

SUITE_MAIN("rpc/call/limits", SUITE_CASE(connections_over_the_limit_are_refused),
           SUITE_CASE(connection_without_preface_is_closed), SUITE_CASE(preface_without_settings_is_none),
           SUITE_CASE(oldest_connection_that_nobody_uses_is_closed),
           SUITE_CASE(connection_that_is_being_closed_is_not_closed_again),
           SUITE_CASE(headers_that_do_not_end_in_time_end_the_connection),
           SUITE_CASE(headers_in_pieces_are_no_slow_headers), SUITE_CASE(long_message_and_headers_are_counted),
           SUITE_CASE(streams_over_the_limit_are_refused), SUITE_CASE(each_limit_has_its_own_name),
           SUITE_CASE(shorter_and_longer_options_are_taken))
