#include "rpc/call/server_private.h"

enum { WINDOW_MS = 1000 };

static const struct {
    qvt_rpc_limit limit;
    const char *debug;
} kinds[HTTP2_NOISE_COUNT] = {
    [HTTP2_NOISE_EMPTY_DATA] = {QVT_RPC_LIMIT_EMPTY_DATA, "too many empty DATA frames"},
    [HTTP2_NOISE_WINDOW_UPDATE] = {QVT_RPC_LIMIT_WINDOW_UPDATES, "too many WINDOW_UPDATE frames"},
    [HTTP2_NOISE_PING] = {QVT_RPC_LIMIT_PINGS, "too many PING frames"},
    [HTTP2_NOISE_SETTINGS] = {QVT_RPC_LIMIT_SETTINGS, "too many SETTINGS frames"},
    [HTTP2_NOISE_RESET] = {QVT_RPC_LIMIT_RESETS, "too many resets"},
    [HTTP2_NOISE_PRIORITY] = {QVT_RPC_LIMIT_PRIORITIES, "too many PRIORITY frames"},
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
    server_noise_calm(conn, kinds[kind].limit, kinds[kind].debug);
    return false;
}

void server_noise_bomb(void *net_conn)
{
    struct server_conn *conn = LIST_ENTRY(net_conn, struct server_conn, net);
    server_noise_calm(conn, QVT_RPC_LIMIT_HEADER_BYTES, "headers far too large");
}

void server_noise_calm(struct server_conn *conn, qvt_rpc_limit limit, const char *debug)
{
    http2_session_calm(conn->net.session, debug);
    conn->server->counters.connections_calmed++;
    server_limit_passed(conn->server, limit, conn->net.peer);
}
