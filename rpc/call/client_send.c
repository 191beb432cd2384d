#include "rpc/call/client_call.h"

#include "base/check.h"
#include "rpc/wire/gzip.h"

static qvt_status keep_plain(struct buf *replay, qvt_slice message)
{
    uint8_t prefix[FRAME_PREFIX_LEN];
    frame_write_prefix(prefix, false, message.len);
    QVT_TRY(buf_append(replay, prefix, sizeof(prefix)));
    return buf_append_slice(replay, message);
}

/* packed: the message as it goes, or empty when it goes uncompressed. */
static qvt_status keep_and_pass_on(qvt_rpc_client_call *call, qvt_slice message, qvt_slice packed)
{
    if (call->conn == NULL || call->replayable) {
        QVT_TRY(packed.len > 0 ? buf_append_slice(&call->replay, packed) : keep_plain(&call->replay, message));
    }
    if (call->conn == NULL) {
        return QVT_OK;
    }
    return packed.len > 0 ? http2_stream_send_bytes(&call->stream, packed)
                          : http2_stream_send(&call->stream, &message, 1);
}

static qvt_status send_message(qvt_rpc_client_call *call, qvt_slice message, qvt_slice packed)
{
    size_t kept = call->replay.len;
    qvt_status status = keep_and_pass_on(call, message, packed);
    if (status != QVT_OK) {
        call->replay.len = kept;
    } else if (call->conn != NULL && call->replay.len > CLIENT_REPLAY_MAX) {
        call->replayable = false;
        buf_deinit(&call->replay);
    }
    return status;
}

qvt_status qvt_rpc_client_call_send(qvt_rpc_client_call *call, qvt_slice message)
{
    if (call->over || call->server_done) {
        return QVT_CANCELLED;
    }
    if (call->half_closed) {
        return QVT_FAILED_PRECONDITION;
    }
    if (message.len > UINT32_MAX) {
        return QVT_RESOURCE_EXHAUSTED;
    }
    if (!call->compress) {
        return send_message(call, message, qvt_slice_make(NULL, 0));
    }
    struct buf packed = BUF_INIT;
    qvt_status status = gzip_frame(&packed, &message, 1);
    if (status == QVT_OK) {
        status = send_message(call, message, buf_slice(&packed));
    }
    buf_deinit(&packed);
    return status;
}

void qvt_rpc_client_call_compress(qvt_rpc_client_call *call, bool on)
{
    call->compress = on && call->gzip_out;
}

size_t qvt_rpc_client_call_queued(const qvt_rpc_client_call *call)
{
    if (call->over) {
        return 0;
    }
    return call->conn != NULL ? call->stream.queue.size : call->replay.len;
}

void qvt_rpc_client_call_half_close(qvt_rpc_client_call *call)
{
    if (call->over || call->half_closed) {
        return;
    }
    call->half_closed = true;
    if (call->conn != NULL && http2_stream_end(&call->stream) != QVT_OK) {
        client_call_fail(call, QVT_NO_MEMORY, "out of memory");
    }
}
