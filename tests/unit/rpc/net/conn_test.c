#include "rpc/net/conn.h"

#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "rpc/net/listener.h"
#include "tests/support/suite.h"

/* One client connection and the server connection it meets; what happens is counted. */
struct fixture {
    uv_loop_t uv;
    struct net_loop *loop;
    struct net_listener listener;
    struct net_conn client;
    struct net_conn server;
    struct net_conn_setup client_setup;
    struct net_conn_setup server_setup;
    struct http2_options options;
    struct http2_stream requests[2];
    size_t request_count;
    struct http2_stream stream;
    qvt_status connected;
    unsigned connects;
    unsigned settings;
    unsigned goaways;
    unsigned ended;
    unsigned closed;
    unsigned stream_closes;
    bool close_in_event; /* the server closes inside on_headers */
    bool accepted;
    bool listening;
};

static struct fixture *active;

static struct http2_stream *on_request(void *data)
{
    (void)data;
    return &active->requests[active->request_count++];
}

static qvt_status on_header(struct http2_stream *stream, qvt_slice name, qvt_slice value)
{
    (void)stream;
    (void)name;
    (void)value;
    return QVT_OK;
}

static void on_headers(struct http2_stream *stream, bool end)
{
    (void)stream;
    (void)end;
    if (active->close_in_event) {
        net_conn_close(&active->server);
        CU_ASSERT_PTR_NOT_NULL(active->server.session);
    }
}

static void on_data(struct http2_stream *stream, qvt_slice bytes)
{
    (void)stream;
    (void)bytes;
}

static void on_end(struct http2_stream *stream)
{
    (void)stream;
}

static void on_close(struct http2_stream *stream, uint32_t code)
{
    (void)stream;
    (void)code;
    active->stream_closes++;
}

static void on_settings(void *data)
{
    (void)data;
    active->settings++;
}

static void on_goaway(void *data, int32_t last_id, uint32_t code, qvt_slice debug)
{
    (void)data;
    (void)last_id;
    (void)code;
    (void)debug;
    active->goaways++;
}

static const struct http2_events http2_events = {
    .on_request = on_request,
    .on_header = on_header,
    .on_headers = on_headers,
    .on_data = on_data,
    .on_end = on_end,
    .on_close = on_close,
    .on_settings = on_settings,
    .on_goaway = on_goaway,
    .on_output = net_conn_on_output,
};

static void on_connected(struct net_conn *conn, qvt_status status)
{
    active->connects++;
    active->connected = status;
    if (status != QVT_OK) {
        net_conn_close(conn);
    }
}

static void on_ended(struct net_conn *conn, qvt_status status, const char *reason)
{
    (void)status;
    CU_ASSERT_PTR_NOT_NULL(reason);
    active->ended++;
    net_conn_close(conn);
    net_conn_close(conn);
}

static void on_closed(struct net_conn *conn)
{
    CU_ASSERT_PTR_NULL(conn->session);
    active->closed++;
}

static const struct net_conn_events conn_events = {
    .on_connected = on_connected,
    .on_ended = on_ended,
    .on_closed = on_closed,
};

static void on_accept(struct net_listener *listener, int fd, const struct sockaddr_storage *peer)
{
    (void)listener;
    CU_ASSERT_EQUAL(net_conn_accept(&active->server, &active->server_setup, fd, peer), QVT_OK);
    active->accepted = true;
}

static void on_listener_closed(struct net_listener *listener)
{
    (void)listener;
    active->listening = false;
}

static struct net_conn_setup make_setup(struct fixture *fixture, enum http2_role role)
{
    return (struct net_conn_setup){.loop = fixture->loop,
                                   .role = role,
                                   .options = &fixture->options,
                                   .http2_events = &http2_events,
                                   .events = &conn_events,
                                   .max_queued = 1 << 20};
}

static void start(struct fixture *fixture)
{
    *fixture = (struct fixture){.options = {.max_concurrent_streams = 100,
                                            .max_header_bytes = 8192,
                                            .stream_window = 65535,
                                            .connection_window = 65535}};
    active = fixture;
    CU_ASSERT_EQUAL_FATAL(uv_loop_init(&fixture->uv), 0);
    CU_ASSERT_EQUAL_FATAL(net_loop_new(&fixture->loop, &fixture->uv), QVT_OK);
    fixture->client_setup = make_setup(fixture, HTTP2_CLIENT);
    fixture->server_setup = make_setup(fixture, HTTP2_SERVER);
    fixture->listener.on_accept = on_accept;
    fixture->listener.on_closed = on_listener_closed;
    http2_stream_init(&fixture->stream);
    http2_stream_init(&fixture->requests[0]);
    http2_stream_init(&fixture->requests[1]);
    CU_ASSERT_EQUAL_FATAL(net_listener_open(&fixture->listener, &fixture->uv, "127.0.0.1:0", NULL), QVT_OK);
    fixture->listening = true;
}

static void connect_to(struct fixture *fixture, const char *text)
{
    struct sockaddr_storage address;
    CU_ASSERT_EQUAL_FATAL(net_address_parse(&address, text), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(net_conn_connect(&fixture->client, &fixture->client_setup, &address), QVT_OK);
    CU_ASSERT_EQUAL(fixture->connects, 0);
}

static void run_until_ready(struct fixture *fixture)
{
    connect_to(fixture, fixture->listener.address);
    while (fixture->settings < 2) {
        uv_run(&fixture->uv, UV_RUN_ONCE);
    }
    CU_ASSERT_EQUAL(fixture->connected, QVT_OK);
    EXPECT_TEXT(fixture->client.peer, fixture->listener.address);
}

static void open_stream(struct fixture *fixture)
{
    const struct http2_header headers[] = {
        {qvt_slice_text(":method"), qvt_slice_text("POST"), true},
        {qvt_slice_text(":scheme"), qvt_slice_text("http"), true},
        {qvt_slice_text(":path"), qvt_slice_text("/"), true},
        {qvt_slice_text(":authority"), qvt_slice_text("peer"), true},
    };
    CU_ASSERT_EQUAL(http2_stream_open(&fixture->stream, fixture->client.session, headers, 4), QVT_OK);
}

static void finish(struct fixture *fixture, unsigned conns)
{
    if (fixture->listening) {
        net_listener_close(&fixture->listener);
    }
    while (fixture->closed < conns || fixture->listening) {
        uv_run(&fixture->uv, UV_RUN_ONCE);
    }
    net_loop_close(fixture->loop, NULL, NULL);
    uv_run(&fixture->uv, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(uv_loop_close(&fixture->uv), 0);
    CU_ASSERT_EQUAL(fixture->closed, conns);
    http2_stream_deinit(&fixture->stream);
    http2_stream_deinit(&fixture->requests[0]);
    http2_stream_deinit(&fixture->requests[1]);
}

static void close_of_one_side_ends_the_other(void)
{
    struct fixture fixture;
    start(&fixture);
    run_until_ready(&fixture);
    net_conn_close(&fixture.client);
    finish(&fixture, 2);
    CU_ASSERT_EQUAL(fixture.ended, 1);
}

static void streams_open_at_the_close_are_closed(void)
{
    struct fixture fixture;
    start(&fixture);
    run_until_ready(&fixture);
    open_stream(&fixture);
    while (fixture.request_count == 0) {
        uv_run(&fixture.uv, UV_RUN_ONCE);
    }
    net_conn_close(&fixture.server);
    CU_ASSERT_EQUAL(fixture.stream_closes, 1);
    finish(&fixture, 2);
    CU_ASSERT_EQUAL(fixture.stream_closes, 2);
}

static void close_inside_an_event_waits_for_its_end(void)
{
    struct fixture fixture;
    start(&fixture);
    run_until_ready(&fixture);
    fixture.close_in_event = true;
    open_stream(&fixture);
    finish(&fixture, 2);
    CU_ASSERT_EQUAL(fixture.stream_closes, 2);
}

static void refused_connection_is_told_once(void)
{
    struct fixture fixture;
    char address[NET_ADDRESS_TEXT_MAX];
    start(&fixture);
    memcpy(address, fixture.listener.address, sizeof(address));
    net_listener_close(&fixture.listener);
    uv_run(&fixture.uv, UV_RUN_NOWAIT);
    connect_to(&fixture, address);
    finish(&fixture, 1);
    CU_ASSERT_EQUAL(fixture.connects, 1);
    CU_ASSERT_EQUAL(fixture.connected, QVT_UNAVAILABLE);
    CU_ASSERT_EQUAL(fixture.ended, 0);
}

static void connection_may_be_closed_while_connecting(void)
{
    struct fixture fixture;
    start(&fixture);
    connect_to(&fixture, fixture.listener.address);
    net_conn_close(&fixture.client);
    while (!fixture.accepted) {
        uv_run(&fixture.uv, UV_RUN_ONCE);
    }
    finish(&fixture, 2);
    CU_ASSERT_EQUAL(fixture.connects, 0);
}

static void taken_address_is_named(void)
{
    struct fixture fixture;
    struct net_listener second = {.on_accept = on_accept, .on_closed = on_listener_closed};
    qvt_error error;
    start(&fixture);
    CU_ASSERT_EQUAL(net_listener_open(&second, &fixture.uv, fixture.listener.address, &error), QVT_UNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, fixture.listener.address));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "in use"));
    CU_ASSERT_EQUAL(net_listener_open(&second, &fixture.uv, "nowhere", &error), QVT_INVALID_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "nowhere"));
    finish(&fixture, 0);
}

static void descriptor_for_refusals_is_had_again(void)
{
    struct fixture fixture;
    start(&fixture);
    close(fixture.listener.spare_fd);
    fixture.listener.spare_fd = -1; /* as when the whole system has none left */
    run_until_ready(&fixture);
    CU_ASSERT_TRUE(fixture.listener.spare_fd >= 0);
    net_conn_close(&fixture.client);
    finish(&fixture, 2);
}

static void session_that_is_done_ends_the_connection(void)
{
    struct fixture fixture;
    start(&fixture);
    run_until_ready(&fixture);
    CU_ASSERT_EQUAL(http2_session_goaway(fixture.server.session, HTTP2_NO_ERROR, qvt_slice_text("")), QVT_OK);
    finish(&fixture, 2);
    CU_ASSERT_EQUAL(fixture.ended, 2);
}

/* Whatever the server sent before it reset the connection is there to be read. */
static void bytes_before_a_reset_are_read(void)
{
    static const struct linger at_once = {1, 0};
    struct fixture fixture;
    start(&fixture);
    run_until_ready(&fixture);
    CU_ASSERT_EQUAL(setsockopt(fixture.server.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    CU_ASSERT_EQUAL(http2_session_goaway(fixture.server.session, HTTP2_NO_ERROR, qvt_slice_text("")), QVT_OK);
    net_conn_flush(&fixture.server);
    finish(&fixture, 2);
    CU_ASSERT_EQUAL(fixture.goaways, 1);
    CU_ASSERT_EQUAL(fixture.ended, 2);
}

SUITE_MAIN("rpc/net/conn", SUITE_CASE(close_of_one_side_ends_the_other),
           SUITE_CASE(streams_open_at_the_close_are_closed), SUITE_CASE(close_inside_an_event_waits_for_its_end),
           SUITE_CASE(refused_connection_is_told_once), SUITE_CASE(connection_may_be_closed_while_connecting),
           SUITE_CASE(taken_address_is_named), SUITE_CASE(descriptor_for_refusals_is_had_again),
           SUITE_CASE(session_that_is_done_ends_the_connection), SUITE_CASE(bytes_before_a_reset_are_read))
