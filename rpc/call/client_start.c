#include <stdlib.h>

#include "base/check.h"
#include "rpc/call/client_call.h"
#include "rpc/call/options.h"
#include "rpc/wire/base64.h"

static void on_deadline(struct net_timer *timer)
{
    qvt_rpc_client_call *call = LIST_ENTRY(timer, qvt_rpc_client_call, deadline);
    client_call_fail(call, QVT_DEADLINE_EXCEEDED, "the deadline passed");
}

qvt_status client_metadata_add(struct metadata_list *out, const qvt_rpc_metadata_entry *entry)
{
    struct buf encoded = BUF_INIT;
    QVT_TRY(qvt_rpc_metadata_check(entry));
    if (!metadata_is_binary(entry->name)) {
        return metadata_list_add(out, entry->name, entry->value);
    }
    qvt_status status = base64_encode(&encoded, entry->value);
    if (status == QVT_OK) {
        status = metadata_list_add(out, entry->name, buf_slice(&encoded));
    }
    buf_deinit(&encoded);
    return status;
}

static qvt_status apply_options(qvt_rpc_client_call *call, const qvt_rpc_call_options *given)
{
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    options_read(&options, sizeof(options), given, given == NULL ? 0 : given->size);
    call->wait_for_ready = options.wait_for_ready;
    call->gzip_out = options.compress;
    call->compress = options.compress;
    const qvt_rpc_metadata *shared = &call->channel->metadata.view;
    for (size_t i = 0; i < shared->count; i++) {
        QVT_TRY(metadata_list_add(&call->metadata, shared->entries[i].name, shared->entries[i].value));
    }
    for (size_t i = 0; i < options.metadata.count; i++) {
        QVT_TRY(client_metadata_add(&call->metadata, &options.metadata.entries[i]));
    }
    if (options.timeout_ms > 0) {
        call->deadline.on_due = on_deadline;
        call->deadline_ms = net_timer_now_ms() + options.timeout_ms;
        net_timer_start(&call->channel->runtime->loop->timers, &call->deadline, options.timeout_ms);
    }
    return QVT_OK;
}

/* Frees a call that nobody will hear of. */
static void discard(qvt_rpc_client_call *call)
{
    client_call_set_over(call);
    call->told = true;
    client_call_release(call);
}

static qvt_status make(qvt_rpc_client_call **out, qvt_rpc_channel *channel, const qvt_rpc_method *method,
                       const qvt_rpc_call_options *options, const qvt_rpc_client_callbacks *callbacks, void *data)
{
    if (channel->closing) {
        return QVT_UNAVAILABLE;
    }
    qvt_rpc_client_call *call = calloc(1, sizeof(*call));
    if (call == NULL) {
        return QVT_NO_MEMORY;
    }
    http2_stream_init(&call->stream);
    call->channel = channel;
    list_push_back(&channel->calls, &call->sibling);
    list_init(&call->link);
    list_init(&call->todo);
    call->method = method;
    call->callbacks = *callbacks;
    call->data = data;
    call->replayable = true;
    frame_decoder_init(&call->decoder, channel->options.max_message_bytes);
    qvt_status status = apply_options(call, options);
    if (status != QVT_OK) {
        discard(call);
        return status;
    }
    *out = call;
    return QVT_OK;
}

/* A connection that takes no new streams is about to be replaced, so the call waits for the next one. */
static qvt_status launch(qvt_rpc_client_call *call)
{
    qvt_status status = channel_is_ready(call->channel) ? client_call_open(call) : QVT_UNAVAILABLE;
    if (status == QVT_UNAVAILABLE) {
        list_push_back(&call->channel->waiting, &call->link);
        channel_soon(call->channel);
        return QVT_OK;
    }
    if (status != QVT_OK) {
        discard(call);
    }
    return status;
}

qvt_status qvt_rpc_client_call_start(qvt_rpc_client_call **out, qvt_rpc_channel *channel, const qvt_rpc_method *method,
                                     const qvt_rpc_call_options *options, const qvt_rpc_client_callbacks *callbacks,
                                     void *data)
{
    QVT_TRY(make(out, channel, method, options, callbacks, data));
    return launch(*out);
}

qvt_status qvt_rpc_client_call_unary(qvt_rpc_client_call **out, qvt_rpc_channel *channel, const qvt_rpc_method *method,
                                     qvt_slice request, const qvt_rpc_call_options *options,
                                     const qvt_rpc_client_callbacks *callbacks, void *data)
{
    QVT_TRY(make(out, channel, method, options, callbacks, data));
    qvt_status status = qvt_rpc_client_call_send(*out, request);
    if (status != QVT_OK) {
        discard(*out);
        return status;
    }
    qvt_rpc_client_call_half_close(*out);
    return launch(*out);
}
