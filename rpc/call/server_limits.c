#include "base/check.h"
#include "rpc/call/server_private.h"

enum { LOG_EVERY_MS = 1000 };

static const struct {
    const char *name;
    bool is_quiet; /* happens in the ordinary course of things */
} limits[QVT_RPC_LIMIT_COUNT] = {
    [QVT_RPC_LIMIT_CONNECTIONS] = {"connections", false},
    [QVT_RPC_LIMIT_CONNECTIONS_PER_ADDRESS] = {"connections_per_address", false},
    [QVT_RPC_LIMIT_STREAMS] = {"streams", false},
    [QVT_RPC_LIMIT_HEADER_BYTES] = {"header_bytes", false},
    [QVT_RPC_LIMIT_MESSAGE_BYTES] = {"message_bytes", false},
    [QVT_RPC_LIMIT_QUEUED_BYTES] = {"queued_bytes", true},
    [QVT_RPC_LIMIT_PREFACE_TIMEOUT] = {"preface_timeout", false},
    [QVT_RPC_LIMIT_UNUSED_CONNECTIONS] = {"unused_connections", false},
    [QVT_RPC_LIMIT_HEADER_TIMEOUT] = {"header_timeout", false},
    [QVT_RPC_LIMIT_KEEPALIVE_TIMEOUT] = {"keepalive_timeout", false},
    [QVT_RPC_LIMIT_WRITE_TIMEOUT] = {"write_timeout", false},
    [QVT_RPC_LIMIT_IDLE] = {"idle", true},
    [QVT_RPC_LIMIT_AGE] = {"age", true},
    [QVT_RPC_LIMIT_EMPTY_DATA] = {"empty_data", false},
    [QVT_RPC_LIMIT_WINDOW_UPDATES] = {"window_updates", false},
    [QVT_RPC_LIMIT_PINGS] = {"pings", false},
    [QVT_RPC_LIMIT_SETTINGS] = {"settings", false},
    [QVT_RPC_LIMIT_RESETS] = {"resets", false},
    [QVT_RPC_LIMIT_PRIORITIES] = {"priorities", false},
    [QVT_RPC_LIMIT_PING_INTERVAL] = {"ping_interval", false},
};

void server_limit_passed(qvt_rpc_server *server, qvt_rpc_limit limit, const char *peer)
{
    struct server_limit *state = &server->limits[limit];
    uint64_t now_ms = uv_now(server->runtime->uv);
    state->count++;
    if (limits[limit].is_quiet) {
        return;
    }
    if (state->logged_ms != 0 && now_ms - state->logged_ms < LOG_EVERY_MS) {
        state->unlogged++;
        return;
    }
    log_write(&server->runtime->log, LOG_WARN, "rpc limit passed", log_text("limit", limits[limit].name),
              log_text("peer", peer), log_uint("others", state->unlogged));
    state->logged_ms = now_ms;
    state->unlogged = 0;
}

uint64_t qvt_rpc_server_limit_count(const qvt_rpc_server *server, qvt_rpc_limit limit)
{
    QVT_ASSERT(limit < QVT_RPC_LIMIT_COUNT);
    return server->limits[limit].count;
}

const char *qvt_rpc_limit_name(qvt_rpc_limit limit)
{
    QVT_ASSERT(limit < QVT_RPC_LIMIT_COUNT);
    return limits[limit].name;
}
