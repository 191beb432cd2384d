#include <string.h>

#include "base/check.h"
#include "rpc/call/server_private.h"
#include "rpc/wire/base64.h"
#include "rpc/wire/details.h"
#include "rpc/wire/percent.h"

#define LITERAL(text)                                                                                                  \
    {                                                                                                                  \
        (const uint8_t *)(text), sizeof(text) - 1                                                                      \
    }

static const qvt_slice status_name = LITERAL("grpc-status");
static const qvt_slice message_name = LITERAL("grpc-message");
static const qvt_slice details_name = LITERAL("grpc-status-details-bin");

enum { STATUS_FIELDS = 3, HEAD_FIELDS = 2 };

static const struct http2_header head[HEAD_FIELDS] = {
    {LITERAL(":status"), LITERAL("200"), true},
    {LITERAL("content-type"), LITERAL("application/grpc"), true},
};

/* The texts live in the call, which outlives its stream: none is copied. */
static size_t put_metadata(struct http2_header *out, const struct metadata_list *list)
{
    for (size_t i = 0; i < list->view.count; i++) {
        out[i] = (struct http2_header){list->view.entries[i].name, list->view.entries[i].value, true};
    }
    return list->view.count;
}

static size_t put_status(struct http2_header *out, const qvt_rpc_server_call *call)
{
    size_t count = 0;
    const uint8_t *text = call->status_text.data;
    size_t message_len = call->status_message_len;
    size_t details_len = call->status_text.len - message_len;
    out[count++] = (struct http2_header){status_name, qvt_slice_text(mapping_to_grpc_text(call->status)), true};
    if (message_len > 0) {
        out[count++] = (struct http2_header){message_name, qvt_slice_make(text, message_len), true};
    }
    if (details_len > 0) {
        out[count++] = (struct http2_header){details_name, qvt_slice_make(text + message_len, details_len), true};
    }
    return count + put_metadata(out + count, &call->trailing);
}

qvt_status server_respond_headers(qvt_rpc_server_call *call)
{
    if (call->stream.headers_sent) {
        return QVT_OK;
    }
    struct http2_header fields[HEAD_FIELDS + 1 + SERVER_METADATA_MAX];
    memcpy(fields, head, sizeof(head));
    size_t count = HEAD_FIELDS;
    if (call->flags.compress) {
        call->flags.gzip_out = true;
        fields[count++] = (struct http2_header){LITERAL("grpc-encoding"), LITERAL("gzip"), true};
    }
    count += put_metadata(fields + count, &call->initial);
    return http2_stream_respond(&call->stream, fields, count, false);
}

static qvt_status respond_trailers_only(qvt_rpc_server_call *call)
{
    struct http2_header fields[HEAD_FIELDS + STATUS_FIELDS + SERVER_METADATA_MAX];
    memcpy(fields, head, sizeof(head));
    size_t count = HEAD_FIELDS + put_status(fields + HEAD_FIELDS, call);
    return http2_stream_respond(&call->stream, fields, count, true);
}

static qvt_status put_details(struct buf *out, const qvt_error *error)
{
    struct buf details = BUF_INIT;
    qvt_status status = details_write(&details, error);
    if (status == QVT_OK) {
        status = base64_encode(out, buf_slice(&details));
    }
    buf_deinit(&details);
    return status;
}

/* Keeps the error as text; without memory for the text the code alone has to do. */
static void keep_status(qvt_rpc_server_call *call, const qvt_error *error, qvt_slice details)
{
    buf_clear(&call->status_text);
    call->status_message_len = 0;
    call->status = error == NULL ? QVT_OK : error->status;
    if (error == NULL) {
        return;
    }
    if (percent_encode(&call->status_text, qvt_slice_text(error->message)) != QVT_OK) {
        return;
    }
    call->status_message_len = call->status_text.len;
    qvt_status status = QVT_OK;
    if (details.len > 0) {
        status = base64_encode(&call->status_text, details);
    } else if (details_are_needed(error)) {
        status = put_details(&call->status_text, error);
    }
    if (status != QVT_OK) {
        call->status_text.len = call->status_message_len;
    }
}

static qvt_status send_end(qvt_rpc_server_call *call)
{
    if (!call->stream.headers_sent && call->initial.view.count == 0) {
        return respond_trailers_only(call);
    }
    QVT_TRY(server_respond_headers(call));
    return http2_stream_end(&call->stream);
}

/* A reset needs no memory but nghttp2's own, and without that the connection is lost. */
void server_respond_reset(qvt_rpc_server_call *call)
{
    if (http2_stream_reset(&call->stream, HTTP2_INTERNAL_ERROR) != QVT_OK) {
        net_conn_close(&call->conn->net);
    }
}

static void end(qvt_rpc_server_call *call)
{
    if (send_end(call) != QVT_OK) {
        server_respond_reset(call);
    }
}

static bool is_sending(const qvt_rpc_server_call *call)
{
    return call->stream.session != NULL && !call->stream.remote_ended && !call->stream.reset_sent;
}

void server_respond_end(qvt_rpc_server_call *call, const qvt_error *error, qvt_slice details)
{
    if (call->began_ns != 0) {
        call->took_ns = uv_hrtime() - call->began_ns;
    }
    call->flags.ended = true;
    keep_status(call, error, details);
    end(call);
    if (is_sending(call)) {
        http2_stream_reset_when_sent(&call->stream, HTTP2_NO_ERROR);
    }
}

static void stop_request(qvt_rpc_server_call *call, uint32_t reset_code)
{
    if (!is_sending(call)) {
        return;
    }
    if (reset_code == HTTP2_NO_ERROR) {
        server_linger_begin(call);
    } else {
        http2_stream_reset_when_sent(&call->stream, reset_code);
    }
}

static void abort_with(qvt_rpc_server_call *call, const qvt_error *error, uint32_t reset_code)
{
    net_timer_stop(&call->server->runtime->loop->timers, &call->deadline);
    list_remove(&call->waiting);
    if (call->stream.session != NULL && !call->stream.local_ended) {
        http2_stream_drop(&call->stream);
        call->flags.ended = true;
        keep_status(call, error, qvt_slice_make(NULL, 0));
        end(call);
        stop_request(call, reset_code);
    }
    server_call_cancel(call);
}

void server_respond_abort(qvt_rpc_server_call *call, qvt_status status, const char *message, uint32_t reset_code)
{
    qvt_error error;
    qvt_error_set(&error, status, NULL, "%s", message);
    abort_with(call, &error, reset_code);
}

void server_respond_refuse(qvt_rpc_server_call *call, const qvt_error *error)
{
    abort_with(call, error, HTTP2_NO_ERROR);
}

void server_respond_plain(qvt_rpc_server_call *call, const char *http_status, const char *text)
{
    const struct http2_header fields[] = {
        {LITERAL(":status"), qvt_slice_text(http_status), true},
        {LITERAL("content-type"), LITERAL("text/plain; charset=utf-8"), true},
    };
    call->flags.ended = true;
    call->flags.plain = true;
    if (http2_stream_respond(&call->stream, fields, 2, false) != QVT_OK ||
        http2_stream_send_bytes(&call->stream, qvt_slice_text(text)) != QVT_OK ||
        http2_stream_end(&call->stream) != QVT_OK) {
        server_respond_reset(call);
    }
    stop_request(call, HTTP2_NO_ERROR);
}

void server_respond_trailers(struct http2_stream *stream)
{
    qvt_rpc_server_call *call = server_call_of(stream);
    if (call->flags.plain) {
        return;
    }
    struct http2_header fields[STATUS_FIELDS + SERVER_METADATA_MAX];
    size_t count = put_status(fields, call);
    if (http2_stream_trailers(stream, fields, count) != QVT_OK) {
        server_respond_reset(call);
    }
}
