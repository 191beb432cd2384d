#include "rpc/call/server_private.h"

/* What it costs is given back at once: a client that was about to call sees from the GOAWAY that its call was not
 * begun, and makes it on another connection. */
static void end(struct server_conn *conn)
{
    if (conn->net.closing) {
        server_unused_remove(conn);
        return;
    }
    server_limit_passed(conn->server, QVT_RPC_LIMIT_UNUSED_CONNECTIONS, conn->net.peer);
    server_unused_remove(conn);
    if (http2_session_is_ready(conn->net.session) &&
        http2_session_goaway(conn->net.session, HTTP2_NO_ERROR, qvt_slice_text("too many unused connections")) ==
            QVT_OK) {
        net_conn_flush(&conn->net);
    }
    net_conn_close(&conn->net);
}

void server_unused_add(struct server_conn *conn)
{
    qvt_rpc_server *server = conn->server;
    uint32_t max = server->options.max_unused_connections;
    list_push_back(&server->unused, &conn->unused);
    server->unused_count++;
    if (max != 0 && server->unused_count > max) {
        end(LIST_ENTRY(server->unused.next, struct server_conn, unused));
    }
}

void server_unused_remove(struct server_conn *conn)
{
    if (!list_is_empty(&conn->unused)) {
        list_remove(&conn->unused);
        conn->server->unused_count--;
    }
}
