#include "base/check.h"
#include "rpc/call/server_private.h"
#include "rpc/net/tls_names.h"

enum { LOG_EVERY_MS = 1000 };

void server_complain(struct server_conn *conn, struct server_complaint *complaint, enum log_level level,
                     const char *message, const char *reason)
{
    qvt_rpc_server *server = conn->server;
    uint64_t now_ms = uv_now(server->runtime->uv);
    if (complaint->logged_ms != 0 && now_ms - complaint->logged_ms < LOG_EVERY_MS) {
        complaint->unlogged++;
        return;
    }
    log_write(&server->runtime->log, level, message, log_text("peer", conn->net.peer), log_text("reason", reason),
              log_uint("others", complaint->unlogged));
    complaint->logged_ms = now_ms;
    complaint->unlogged = 0;
}

void server_secure_connected(struct net_conn *net, qvt_status status)
{
    struct server_conn *conn = LIST_ENTRY(net, struct server_conn, net);
    qvt_rpc_server *server = conn->server;
    QVT_ASSERT(status == QVT_OK);
    server->counters.handshakes_done++;
    if (net_conn_take_names(net, &conn->names) != QVT_OK) {
        net_conn_close(net);
        return;
    }
    if (!conn->stop_announced) {
        net_timer_start(&server->runtime->loop->timers, &conn->timer, server->options.preface_timeout_ms);
    }
}

void server_secure_failed(struct server_conn *conn, const char *reason)
{
    conn->server->counters.handshakes_failed++;
    server_complain(conn, &conn->server->handshakes, LOG_INFO, "tls handshake failed", reason);
}

void qvt_rpc_server_use_tls(qvt_rpc_server *server, qvt_rpc_tls *tls)
{
    qvt_rpc_tls *old = server->setup.tls;
    server->setup.tls = tls == NULL ? NULL : qvt_rpc_tls_ref(tls);
    qvt_rpc_tls_unref(old);
}

const qvt_rpc_peer_names *qvt_rpc_server_call_peer_names(const qvt_rpc_server_call *call)
{
    return call->conn->names == NULL ? &tls_names_none : call->conn->names;
}
