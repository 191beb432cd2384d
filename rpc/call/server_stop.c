#include "base/check.h"
#include "rpc/call/server_private.h"

/* How long a peer may take to answer the PING that follows the announcement. */
enum { PING_TIMEOUT_MS = 5000 };

static void on_ping_due(struct net_timer *timer)
{
    server_stop_conn_finally(LIST_ENTRY(timer, struct server_conn, timer));
}

void server_stop_conn(struct server_conn *conn)
{
    static const uint8_t payload[8] = {'q', 'v', 't', ' ', 's', 't', 'o', 'p'};
    if (conn->stop_announced || conn->net.closing) {
        return;
    }
    conn->stop_announced = true;
    if (!http2_session_is_ready(conn->net.session)) {
        server_stop_conn_finally(conn);
        return;
    }
    if (http2_session_announce_stop(conn->net.session, payload) != QVT_OK) {
        net_conn_close(&conn->net);
        return;
    }
    conn->timer.on_due = on_ping_due;
    net_timer_start(&conn->server->runtime->loop->timers, &conn->timer, PING_TIMEOUT_MS);
}

void server_stop_conn_finally(struct server_conn *conn)
{
    net_timer_stop(&conn->server->runtime->loop->timers, &conn->timer);
    if (conn->stop_final || conn->net.closing) {
        return;
    }
    conn->stop_final = true;
    if (http2_session_goaway(conn->net.session, HTTP2_NO_ERROR, qvt_slice_make(NULL, 0)) != QVT_OK) {
        net_conn_close(&conn->net);
    }
}

static void on_grace_due(struct net_timer *timer)
{
    qvt_rpc_server *server = LIST_ENTRY(timer, qvt_rpc_server, stop_timer);
    struct list *node = server->conns.next;
    while (node != &server->conns) {
        struct server_conn *conn = LIST_ENTRY(node, struct server_conn, node);
        node = node->next;
        net_conn_close(&conn->net);
    }
}

static void on_idle_due(struct net_timer *timer)
{
    server_stop_check(LIST_ENTRY(timer, qvt_rpc_server, stop_timer));
}

void qvt_rpc_server_shutdown(qvt_rpc_server *server, uint32_t grace_ms, void (*on_closed)(void *data), void *data)
{
    QVT_ASSERT(!server->stopping);
    server->stopping = true;
    server->on_closed = on_closed;
    server->on_closed_data = data;
    for (struct list *node = server->listeners.next; node != &server->listeners; node = node->next) {
        net_listener_close(&LIST_ENTRY(node, struct server_listener, node)->net);
    }
    for (struct list *node = server->conns.next; node != &server->conns; node = node->next) {
        server_stop_conn(LIST_ENTRY(node, struct server_conn, node));
    }
    bool idle = list_is_empty(&server->listeners) && list_is_empty(&server->conns);
    server->stop_timer.on_due = idle ? on_idle_due : on_grace_due;
    net_timer_start(&server->runtime->loop->timers, &server->stop_timer, idle ? 0 : grace_ms);
}

void server_stop_check(qvt_rpc_server *server)
{
    if (!server->stopping || !list_is_empty(&server->listeners) || !list_is_empty(&server->conns) ||
        server->counters.calls_open > 0) {
        return;
    }
    net_timer_stop(&server->runtime->loop->timers, &server->stop_timer);
    void (*on_closed)(void *data) = server->on_closed;
    server->on_closed = NULL;
    if (on_closed != NULL) {
        on_closed(server->on_closed_data);
    }
}
