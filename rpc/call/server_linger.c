#include "rpc/call/server_private.h"

enum {
    LINGER_MS = 1000,
    DISCARD_MAX = 64 * 1024 /* bytes of a request that nobody reads */
};

static void end_linger(qvt_rpc_server_call *call)
{
    net_timer_stop(&call->server->runtime->loop->timers, &call->deadline);
    call->flags.lingering = false;
    if (call->stream.remote_ended) {
        return;
    }
    if (!http2_stream_is_sent(&call->stream)) {
        http2_stream_reset_when_sent(&call->stream, HTTP2_NO_ERROR);
    } else if (http2_stream_reset(&call->stream, HTTP2_NO_ERROR) != QVT_OK) {
        net_conn_close(&call->conn->net);
    }
}

static void on_linger_due(struct net_timer *timer)
{
    end_linger(LIST_ENTRY(timer, qvt_rpc_server_call, deadline));
}

void server_linger_begin(qvt_rpc_server_call *call)
{
    call->flags.lingering = true;
    call->discarded = 0;
    call->deadline.on_due = on_linger_due;
    net_timer_start(&call->server->runtime->loop->timers, &call->deadline, LINGER_MS);
}

void server_linger_data(qvt_rpc_server_call *call, size_t len)
{
    call->discarded += len;
    if (call->discarded > DISCARD_MAX) {
        end_linger(call);
    } else if (http2_stream_consume(&call->stream, len) != QVT_OK) {
        server_respond_reset(call);
    }
}
