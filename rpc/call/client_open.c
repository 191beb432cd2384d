#include "rpc/call/client_call.h"

#include <stdlib.h>

#include "base/check.h"
#include "rpc/wire/timeout.h"

enum { OWN_HEADERS = 11 };

static struct http2_header kept_header(const char *name, const char *value)
{
    return (struct http2_header){qvt_slice_text(name), qvt_slice_text(value), true};
}

static qvt_status reserve_headers(qvt_rpc_channel *channel, size_t count)
{
    if (count <= channel->header_cap) {
        return QVT_OK;
    }
    struct http2_header *grown = realloc(channel->headers, count * sizeof(*grown));
    if (grown == NULL) {
        return QVT_NO_MEMORY;
    }
    channel->headers = grown;
    channel->header_cap = count;
    return QVT_OK;
}

/* A deadline that has passed meanwhile is sent as 0: the server then refuses what our own timer is about to end. */
static size_t format_timeout(const qvt_rpc_client_call *call, char out[TIMEOUT_TEXT_MAX])
{
    uint64_t now = net_timer_now_ms();
    uint64_t left = call->deadline_ms > now ? call->deadline_ms - now : 0;
    return timeout_format((int64_t)left * 1000000, out);
}

/* The order is that of grpc PROTOCOL-HTTP2 "Request-Headers". */
static size_t fill_headers(qvt_rpc_client_call *call, char timeout[TIMEOUT_TEXT_MAX])
{
    struct http2_header *headers = call->channel->headers;
    size_t count = 0;
    headers[count++] = kept_header(":method", "POST");
    headers[count++] = kept_header(":scheme", call->channel->setup.tls == NULL ? "http" : "https");
    headers[count++] = kept_header(":path", call->method->path);
    headers[count++] = kept_header(":authority", call->channel->endpoints[call->channel->endpoint].text);
    headers[count++] = kept_header("te", "trailers");
    if (call->deadline_ms != 0) {
        qvt_slice text = qvt_slice_make(timeout, format_timeout(call, timeout));
        headers[count++] = (struct http2_header){qvt_slice_text("grpc-timeout"), text, false};
    }
    headers[count++] = kept_header("content-type", "application/grpc");
    if (call->gzip_out) {
        headers[count++] = kept_header("grpc-encoding", "gzip");
    }
    headers[count++] = kept_header("grpc-accept-encoding", "identity,gzip");
    headers[count++] = kept_header("user-agent", call->channel->user_agent);
    for (size_t i = 0; i < call->metadata.view.count; i++) {
        const qvt_rpc_metadata_entry *entry = &call->metadata.view.entries[i];
        headers[count++] = (struct http2_header){entry->name, entry->value, false};
    }
    return count;
}

static qvt_status open_stream(qvt_rpc_client_call *call)
{
    char timeout[TIMEOUT_TEXT_MAX];
    qvt_status status = reserve_headers(call->channel, OWN_HEADERS + call->metadata.view.count);
    if (status != QVT_OK) {
        return status;
    }
    size_t count = fill_headers(call, timeout);
    struct channel_conn *conn = call->channel->current;
    status = http2_stream_open(&call->stream, conn->net.session, call->channel->headers, count);
    if (status == QVT_OK) {
        call->conn = conn;
        conn->streams++;
        call->attempts++;
    }
    return status;
}

static qvt_status send_queued(qvt_rpc_client_call *call)
{
    if (call->replay.len > 0) {
        QVT_TRY(http2_stream_send_bytes(&call->stream, buf_slice(&call->replay)));
    }
    return call->half_closed ? http2_stream_end(&call->stream) : QVT_OK;
}

qvt_status client_call_open(qvt_rpc_client_call *call)
{
    qvt_status status = open_stream(call);
    if (status != QVT_OK) {
        return status;
    }
    list_remove(&call->link);
    if (send_queued(call) != QVT_OK) {
        client_call_fail(call, QVT_NO_MEMORY, "out of memory");
    }
    if (call->replay.len > CLIENT_REPLAY_MAX) {
        call->replayable = false;
    }
    if (!call->replayable) {
        buf_deinit(&call->replay);
    }
    return QVT_OK;
}
