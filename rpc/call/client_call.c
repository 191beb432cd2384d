#include "rpc/call/client_call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/wire/details.h"

void client_call_release(qvt_rpc_client_call *call)
{
    if (!call->told || call->stream.session != NULL) {
        return;
    }
    list_remove(&call->sibling);
    list_remove(&call->link);
    list_remove(&call->todo);
    if (call->channel->closing) {
        channel_soon(call->channel);
    }
    http2_stream_deinit(&call->stream);
    metadata_list_deinit(&call->metadata);
    buf_deinit(&call->replay);
    buf_deinit(&call->stash);
    buf_deinit(&call->inflated);
    frame_decoder_deinit(&call->decoder);
    client_response_deinit(&call->response);
    free(call);
}

/* The status and message of the call win over those inside the details, which may be cut or differ. */
static void fill_error(const struct client_ending *ending, struct details *out)
{
    if (ending->details.len == 0 || details_read(out, buf_slice(&ending->details)) != QVT_OK) {
        qvt_error_clear(&out->error);
    }
    if (ending->status == QVT_OK) {
        qvt_error_clear(&out->error);
    } else if (ending->text.len > 0) {
        qvt_error shown;
        (void)qvt_error_set(&shown, ending->status, NULL, "%.*s", (int)ending->text.len,
                            (const char *)ending->text.data);
        memcpy(out->error.message, shown.message, sizeof(shown.message));
    }
    out->error.status = ending->status;
}

void client_call_tell(qvt_rpc_client_call *call)
{
    struct details details;
    const struct client_ending *ending = &call->response.ending;
    call->told = true;
    list_remove(&call->todo);
    fill_error(ending, &details);
    const qvt_rpc_result result = {&details.error, buf_slice(&ending->details), &call->response.trailing.view};
    if (call->callbacks.on_end != NULL) {
        call->callbacks.on_end(call, &result, call->data);
    }
    client_call_release(call);
}

/* RFC 9113 §8.1: a client that has the whole answer may stop sending, NO_ERROR says that nothing is wrong. Without
 * memory for the reset the stream lasts as long as its connection, which then is not used any further. */
static void reset_stream(qvt_rpc_client_call *call)
{
    http2_stream_drop(&call->stream);
    if (http2_stream_reset(&call->stream, call->server_done ? HTTP2_NO_ERROR : HTTP2_CANCEL) != QVT_OK) {
        channel_conn_retire(call->conn);
    }
}

void client_call_set_over(qvt_rpc_client_call *call)
{
    call->over = true;
    list_remove(&call->link);
    net_timer_stop(&call->channel->runtime->loop->timers, &call->deadline);
    if (call->stream.session != NULL && !(call->server_done && call->stream.local_ended)) {
        reset_stream(call);
    }
}

static void set_todo(qvt_rpc_client_call *call)
{
    list_remove(&call->todo);
    list_push_back(&call->channel->todo, &call->todo);
    channel_soon(call->channel);
}

void client_call_fail(qvt_rpc_client_call *call, qvt_status status, const char *format, ...)
{
    char text[QVT_ERROR_MESSAGE_MAX];
    va_list arguments;
    if (call->over) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    client_ending_set(&call->response.ending, status, "%s", text);
    client_call_set_over(call);
    set_todo(call);
}

void client_call_work(qvt_rpc_client_call *call)
{
    list_remove(&call->todo);
    if (call->over) {
        client_call_tell(call);
    } else if (!call->held) {
        client_feed_stash(call);
    }
}

void qvt_rpc_client_call_hold(qvt_rpc_client_call *call)
{
    call->held = true;
}

void qvt_rpc_client_call_resume(qvt_rpc_client_call *call)
{
    call->held = false;
    if (!call->over && !call->feeding && call->stash.len > 0) {
        set_todo(call);
    }
}

void qvt_rpc_client_call_cancel(qvt_rpc_client_call *call)
{
    client_call_fail(call, QVT_CANCELLED, "cancelled by the caller");
}
