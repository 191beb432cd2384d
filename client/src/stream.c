#include "client/src/stream.h"

#include <stdlib.h>

#include "client/src/reasons.h"

/* Lives until the runtime has ended the call, which may be later than the stream cares. */
struct stream_call {
    struct stream *stream; /* NULL: dropped */
    qvt_rpc_client_call *rpc;
};

static void on_message(qvt_rpc_client_call *rpc, qvt_slice message, void *data)
{
    struct stream_call *call = data;
    (void)rpc;
    if (call->stream != NULL) {
        call->stream->on_message(call->stream, message);
    }
}

static void on_end(qvt_rpc_client_call *rpc, const qvt_rpc_result *result, void *data)
{
    struct stream_call *call = data;
    struct stream *stream = call->stream;
    (void)rpc;
    free(call);
    if (stream != NULL) {
        qvt_error error;
        reasons_own(&error, result->error);
        stream->call = NULL;
        stream->on_end(stream, &error);
    }
}

qvt_status stream_open(struct stream *stream, qvt_rpc_channel *channel, const qvt_rpc_method *method)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_message = on_message, .on_end = on_end};
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    struct stream_call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        return QVT_NO_MEMORY;
    }
    options.wait_for_ready = true;
    qvt_status status = qvt_rpc_client_call_start(&call->rpc, channel, method, &options, &callbacks, call);
    if (status != QVT_OK) {
        free(call);
        return status;
    }
    call->stream = stream;
    stream->call = call;
    return QVT_OK;
}

qvt_status stream_send(struct stream *stream, qvt_slice message)
{
    qvt_status status = qvt_rpc_client_call_send(stream->call->rpc, message);
    /* A call that is over says so by itself, in on_end. */
    return status == QVT_CANCELLED ? QVT_OK : status;
}

void stream_drop(struct stream *stream)
{
    if (stream->call != NULL) {
        stream->call->stream = NULL;
        qvt_rpc_client_call_cancel(stream->call->rpc);
        stream->call = NULL;
    }
}
