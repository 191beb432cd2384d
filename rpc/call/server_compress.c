#include "rpc/call/server_private.h"
#include "rpc/wire/gzip.h"

void qvt_rpc_server_call_compress(qvt_rpc_server_call *call, bool on)
{
    call->flags.compress = on && call->flags.accepts_gzip;
}

bool qvt_rpc_server_call_came_compressed(const qvt_rpc_server_call *call)
{
    return frame_decoder_is_compressed(&call->decoder);
}

qvt_status server_compress_send(qvt_rpc_server_call *call, const qvt_slice *parts, size_t part_count)
{
    struct buf message = BUF_INIT;
    qvt_status status = gzip_frame(&message, parts, part_count);
    if (status == QVT_OK) {
        status = http2_stream_send_bytes(&call->stream, buf_slice(&message));
    }
    buf_deinit(&message);
    return status;
}
