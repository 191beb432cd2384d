#include <stdio.h>
#include <stdlib.h>

#include "rpc/call/channel.h"
#include "rpc/call/client_call.h"

static const struct http2_options http2_options = {
    .max_header_bytes = 16 * 1024,
    .stream_window = 256 * 1024,
    .connection_window = 1024 * 1024,
};

static struct channel_conn *conn_of(void *net)
{
    return LIST_ENTRY(net, struct channel_conn, net);
}

static void on_settings(void *data)
{
    struct channel_conn *conn = conn_of(data);
    channel_keepalive_start(conn);
    if (conn->channel->current == conn && conn->channel->state == QVT_RPC_CHANNEL_CONNECTING) {
        channel_attempt_succeeded(conn->channel);
    }
}

static void on_goaway(void *data, int32_t last_id, uint32_t code, qvt_slice debug)
{
    struct channel_conn *conn = conn_of(data);
    (void)last_id;
    if (code == HTTP2_ENHANCE_YOUR_CALM && qvt_slice_equal(debug, qvt_slice_text("too_many_pings"))) {
        channel_keepalive_calm(conn->channel);
    }
    log_write(&conn->channel->runtime->log, LOG_INFO, "goaway received", log_text("endpoint", conn->endpoint),
              log_text("code", mapping_http2_name(code)), log_slice("debug", debug));
    channel_conn_retire(conn);
}

static const struct http2_events http2_events = {
    .on_header = client_on_header,
    .on_headers = client_on_headers,
    .on_data = client_on_data,
    .on_end = client_on_end,
    .on_drain = client_on_drain,
    .on_close = client_on_close,
    .on_settings = on_settings,
    .on_goaway = on_goaway,
    .on_output = net_conn_on_output,
};

/* The connection is no longer the channel's. */
static void detach(struct channel_conn *conn, const char *why)
{
    qvt_rpc_channel *channel = conn->channel;
    conn->retired = true;
    channel_soon(channel);
    if (channel->current != conn) {
        return;
    }
    channel->current = NULL;
    if (channel->state == QVT_RPC_CHANNEL_CONNECTING) {
        channel_attempt_failed(channel, why);
    } else {
        channel_set_state(channel, QVT_RPC_CHANNEL_IDLE);
    }
}

void channel_conn_retire(struct channel_conn *conn)
{
    detach(conn, "the server takes no new calls");
}

static void close_conn(struct channel_conn *conn)
{
    if (!conn->closed) {
        conn->closed = true;
        channel_keepalive_stop(conn);
        net_conn_close(&conn->net);
    }
}

static void on_connected(struct net_conn *net, qvt_status status)
{
    struct channel_conn *conn = conn_of(net);
    if (status != QVT_OK && !conn->closed) {
        conn->lost = "no connection";
        detach(conn, status == QVT_UNAVAILABLE ? "refused or unreachable" : qvt_status_text(status));
        close_conn(conn);
    }
}

void channel_conn_give_up(struct channel_conn *conn, const char *why)
{
    if (conn->closed) {
        return;
    }
    conn->lost = why;
    detach(conn, why);
    close_conn(conn);
}

static void on_ended(struct net_conn *net, qvt_status status, const char *reason)
{
    (void)status;
    channel_conn_give_up(conn_of(net), reason);
}

static void on_closed(struct net_conn *net)
{
    struct channel_conn *conn = conn_of(net);
    list_remove(&conn->link);
    if (conn->channel->closing) {
        channel_soon(conn->channel);
    }
    free(conn);
}

static const struct net_conn_events net_events = {on_connected, on_ended, on_closed, NULL, NULL};

void channel_conn_fill_setup(struct net_conn_setup *setup, struct net_loop *loop)
{
    /* A client always reads: two ends that only write would wait for each other. */
    *setup = (struct net_conn_setup){
        .loop = loop,
        .role = HTTP2_CLIENT,
        .options = &http2_options,
        .http2_events = &http2_events,
        .events = &net_events,
        .max_queued = SIZE_MAX,
    };
}

qvt_status channel_conn_open(qvt_rpc_channel *channel, const struct sockaddr_storage *address)
{
    struct channel_conn *conn = calloc(1, sizeof(*conn));
    if (conn == NULL) {
        return QVT_NO_MEMORY;
    }
    conn->channel = channel;
    (void)snprintf(conn->endpoint, sizeof(conn->endpoint), "%s", channel->endpoints[channel->endpoint].text);
    channel->setup.tls_host = channel->endpoints[channel->endpoint].host;
    qvt_status status = net_conn_connect(&conn->net, &channel->setup, address);
    if (status != QVT_OK) {
        free(conn);
        return status;
    }
    list_push_back(&channel->conns, &conn->link);
    channel->current = conn;
    return QVT_OK;
}

/* What is queued goes out first, so that the server learns of cancelled calls by their own reset. */
static void say_goodbye(struct channel_conn *conn)
{
    if (conn->net.session != NULL && conn->lost == NULL &&
        http2_session_goaway(conn->net.session, HTTP2_NO_ERROR, qvt_slice_make(NULL, 0)) == QVT_OK) {
        net_conn_flush(&conn->net);
    }
}

void channel_close_conns(qvt_rpc_channel *channel, bool all)
{
    struct list *next = NULL;
    for (struct list *node = channel->conns.next; node != &channel->conns; node = next) {
        struct channel_conn *conn = LIST_ENTRY(node, struct channel_conn, link);
        next = node->next;
        if (!conn->closed && (all || (conn->retired && conn->streams == 0))) {
            say_goodbye(conn);
            close_conn(conn);
        }
    }
}
