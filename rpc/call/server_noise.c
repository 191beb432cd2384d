#include "rpc/call/server_private.h"

enum { WINDOW_MS = 1000 };

static const char *const reasons[HTTP2_NOISE_COUNT] = {
    [HTTP2_NOISE_EMPTY_DATA] = "too many empty DATA frames",
    [HTTP2_NOISE_WINDOW_UPDATE] = "too many WINDOW_UPDATE frames",
    [HTTP2_NOISE_PING] = "too many PING frames",
    [HTTP2_NOISE_SETTINGS] = "too many SETTINGS frames",
    [HTTP2_NOISE_RESET] = "too many resets",
    [HTTP2_NOISE_PRIORITY] = "too many PRIORITY frames",
};

void server_noise_limits(uint32_t out[HTTP2_NOISE_COUNT], const qvt_rpc_server_options *options)
{
    out[HTTP2_NOISE_EMPTY_DATA] = options->max_empty_data;
    out[HTTP2_NOISE_WINDOW_UPDATE] = options->max_window_updates;
    out[HTTP2_NOISE_PING] = options->max_pings;
    out[HTTP2_NOISE_SETTINGS] = options->max_settings;
    out[HTTP2_NOISE_RESET] = options->max_resets;
    out[HTTP2_NOISE_PRIORITY] = options->max_priorities;
}

bool server_noise_judge(void *net_conn, enum http2_noise kind)
{
    struct server_conn *conn = LIST_ENTRY(net_conn, struct server_conn, net);
    uint64_t now_ms = uv_now(conn->server->runtime->uv);
    if (now_ms - conn->noise_since_ms >= WINDOW_MS) {
        conn->noise_since_ms = now_ms;
        return true;
    }
    server_noise_calm(conn, reasons[kind], reasons[kind]);
    return false;
}

void server_noise_calm(struct server_conn *conn, const char *reason, const char *debug)
{
    qvt_rpc_server *server = conn->server;
    http2_session_calm(conn->net.session, debug);
    server->counters.connections_calmed++;
    server_complain(conn, &server->calms, LOG_WARN, "rpc connection closed", reason);
}
