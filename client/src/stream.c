#include "client/src/stream.h"

#include <stdlib.h>

#include "client/src/local/stream.h"
#include "client/src/reasons.h"

/* Lives until the runtime has ended the call, which may be later than the stream cares. On the local tracker: as long as
 * the stream cares. */
struct stream_call {
    struct stream *stream; /* NULL: dropped */
    qvt_rpc_client_call *rpc;
    struct local_stream *local; /* instead of it */
};

static void hear(void *data, qvt_slice message)
{
    struct stream_call *call = data;
    if (call->stream != NULL) {
        call->stream->on_message(call->stream, message);
    }
}

static void end(void *data, const qvt_error *why)
{
    struct stream_call *call = data;
    struct stream *stream = call->stream;
    free(call);
    if (stream != NULL) {
        qvt_error error;
        reasons_own(&error, why);
        stream->call = NULL;
        stream->on_end(stream, &error);
    }
}

static void on_message(qvt_rpc_client_call *rpc, qvt_slice message, void *data)
{
    (void)rpc;
    hear(data, message);
}

static void on_end(qvt_rpc_client_call *rpc, const qvt_rpc_result *result, void *data)
{
    (void)rpc;
    end(data, result->error);
}

static qvt_status begin(struct stream_call *call, const struct link *link, const qvt_rpc_method *method)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_message = on_message, .on_end = on_end};
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    options.wait_for_ready = true;
    return link->local != NULL
               ? local_stream_open(&call->local, link->local, method, hear, end, call)
               : qvt_rpc_client_call_start(&call->rpc, link->channel, method, &options, &callbacks, call);
}

qvt_status stream_open(struct stream *stream, const struct link *link, const qvt_rpc_method *method)
{
    struct stream_call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        return QVT_NO_MEMORY;
    }
    qvt_status status = begin(call, link, method);
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
    if (stream->call->local != NULL) {
        return local_stream_send(stream->call->local, message);
    }
    qvt_status status = qvt_rpc_client_call_send(stream->call->rpc, message);
    /* A call that is over says so by itself, in on_end. */
    return status == QVT_CANCELLED ? QVT_OK : status;
}

void stream_drop(struct stream *stream)
{
    struct stream_call *call = stream->call;
    if (call == NULL) {
        return;
    }
    stream->call = NULL;
    call->stream = NULL;
    if (call->local != NULL) {
        local_stream_drop(call->local);
        free(call);
    } else {
        qvt_rpc_client_call_cancel(call->rpc);
    }
}
