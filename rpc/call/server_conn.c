#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "rpc/call/server_private.h"
#include "rpc/net/tls_names.h"

static struct server_conn *conn_of(struct net_conn *net)
{
    return LIST_ENTRY(net, struct server_conn, net);
}

static void on_preface_due(struct net_timer *timer)
{
    struct server_conn *conn = LIST_ENTRY(timer, struct server_conn, timer);
    if (conn->net.securing) {
        server_secure_failed(conn, "no TLS handshake in time");
        net_conn_close(&conn->net);
        return;
    }
    server_limit_passed(conn->server, QVT_RPC_LIMIT_PREFACE_TIMEOUT, conn->net.peer);
    net_conn_close(&conn->net);
}

void server_conn_accept(qvt_rpc_server *server, int fd, const struct sockaddr_storage *peer,
                        struct net_address_count *address)
{
    struct server_conn *conn = calloc(1, sizeof(*conn));
    if (conn == NULL) {
        net_addresses_give_back(&server->addresses, address);
        close(fd);
        return;
    }
    conn->address = address;
    conn->server = server;
    conn->timer.on_due = on_preface_due;
    conn->noise_since_ms = uv_now(server->runtime->uv);
    list_init(&conn->waiting);
    list_init(&conn->unused);
    if (net_conn_accept(&conn->net, &server->setup, fd, peer) != QVT_OK) {
        net_addresses_give_back(&server->addresses, address);
        free(conn);
        return;
    }
    list_push_back(&server->conns, &conn->node);
    server->counters.connections_total++;
    server->counters.connections_open++;
    net_timer_start(&server->runtime->loop->timers, &conn->timer,
                    conn->net.securing ? server->options.handshake_timeout_ms : server->options.preface_timeout_ms);
    server_tend_start(conn);
    server_unused_add(conn);
    if (server->stopping) {
        server_stop_conn(conn);
    }
}

static void on_ended(struct net_conn *net, qvt_status status, const char *reason)
{
    struct server_conn *conn = conn_of(net);
    if (net->securing) {
        server_secure_failed(conn, reason);
    } else if (status != QVT_OK && status != QVT_UNAVAILABLE) {
        log_write(&conn->server->runtime->log, LOG_INFO, "rpc connection failed", log_text("peer", net->peer),
                  log_text("reason", reason), log_text("status", qvt_status_text(status)));
    }
    net_conn_close(net);
}

void server_conn_release(struct server_conn *conn)
{
    if (conn->closed && conn->calls == 0) {
        tls_names_free(conn->names);
        free(conn);
    }
}

static void on_closed(struct net_conn *net)
{
    struct server_conn *conn = conn_of(net);
    qvt_rpc_server *server = conn->server;
    net_timer_stop(&server->runtime->loop->timers, &conn->timer);
    server_tend_stop(conn);
    server_unused_remove(conn);
    list_remove(&conn->node);
    net_addresses_give_back(&server->addresses, conn->address);
    server->counters.connections_open--;
    server->counters.bytes_received += net->bytes_received;
    server->counters.bytes_sent += net->bytes_sent;
    conn->closed = true;
    server_conn_release(conn);
    server_stop_check(server);
}

const struct net_conn_events server_conn_net_events = {
    .on_connected = server_secure_connected,
    .on_ended = on_ended,
    .on_blocked = server_tend_blocked,
    .on_turn = server_receive_turn,
    .on_closed = on_closed,
};

static struct http2_stream *on_request(void *data)
{
    qvt_rpc_server_call *call = server_call_take(conn_of(data));
    return call == NULL ? NULL : &call->stream;
}

static void on_settings(void *data)
{
    struct server_conn *conn = conn_of(data);
    if (!conn->stop_announced) {
        net_timer_stop(&conn->server->runtime->loop->timers, &conn->timer);
    }
}

static void on_ping_ack(void *data, const uint8_t payload[8])
{
    (void)payload;
    struct server_conn *conn = conn_of(data);
    if (conn->stop_announced) {
        server_stop_conn_finally(conn);
    }
}

static void on_refused(void *data)
{
    struct server_conn *conn = conn_of(data);
    server_limit_passed(conn->server, QVT_RPC_LIMIT_STREAMS, conn->net.peer);
}

static void on_close(struct http2_stream *stream, uint32_t code)
{
    (void)code;
    qvt_rpc_server_call *call = server_call_of(stream);
    struct server_conn *conn = call->conn;
    conn->calls++; /* the connection stays while its waiting calls are looked at */
    list_remove(&call->waiting);
    server_call_close(call);
    server_receive_waiting(conn);
    conn->calls--;
    server_conn_release(conn);
}

static void on_drain(struct http2_stream *stream)
{
    qvt_rpc_server_call *call = server_call_of(stream);
    server_receive_waiting(call->conn);
    const struct server_call_flags *flags = &call->flags;
    if (flags->dispatched && !flags->finished && !flags->cancelled && call->method->handler.on_drain != NULL) {
        call->method->handler.on_drain(call, call->method->data);
    }
}

const struct http2_events server_conn_http2_events = {
    .on_request = on_request,
    .on_header = server_request_header,
    .on_headers = server_request_headers,
    .on_data = server_receive_data,
    .on_end = server_receive_end,
    .on_drain = on_drain,
    .on_trailers = server_respond_trailers,
    .on_close = on_close,
    .on_settings = on_settings,
    .on_ping_ack = on_ping_ack,
    .on_ping = server_tend_ping,
    .on_noise = server_noise_judge,
    .on_bomb = server_noise_bomb,
    .on_unfinished_headers = server_tend_headers,
    .on_refused = on_refused,
    .on_output = net_conn_on_output,
};
