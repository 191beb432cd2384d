#include <string.h>

#include "base/check.h"
#include "rpc/call/server_private.h"
#include "rpc/wire/gzip.h"
#include "rpc/wire/timeout.h"

enum { NS_PER_MS = 1000000 };

static bool is_text(qvt_slice slice, const char *text, size_t len)
{
    return slice.len == len && memcmp(slice.data, text, len) == 0;
}

#define IS(slice, literal) is_text((slice), (literal), sizeof(literal) - 1)

static void refuse_later(qvt_rpc_server_call *call, enum server_refusal refusal)
{
    if (call->refusal == SERVER_ACCEPTED) {
        call->refusal = refusal;
    }
}

static qvt_status take_pseudo(qvt_rpc_server_call *call, qvt_slice name, qvt_slice value)
{
    if (IS(name, ":method")) {
        call->flags.is_post = IS(value, "POST");
    } else if (IS(name, ":path")) {
        call->method = server_methods_find(&call->server->methods, value);
        if (call->method == NULL) {
            return buf_append_slice(&call->path, value);
        }
    }
    return QVT_OK;
}

static void take_grpc(qvt_rpc_server_call *call, qvt_slice name, qvt_slice value)
{
    if (IS(name, "grpc-timeout")) {
        if (timeout_parse(value, &call->timeout_ns) != QVT_OK) {
            refuse_later(call, SERVER_BAD_TIMEOUT);
        }
    } else if (IS(name, "grpc-accept-encoding")) {
        call->flags.accepts_gzip = gzip_is_listed(value);
    } else if (IS(name, "grpc-encoding") && IS(value, "gzip")) {
        call->flags.gzip_in = true;
    } else if (IS(name, "grpc-encoding") && !IS(value, "identity")) {
        refuse_later(call, SERVER_BAD_ENCODING);
    }
}

static bool ends_here(qvt_slice text, size_t at)
{
    return text.len == at || text.data[at] == ';';
}

/* application/grpc, alone or with +x or ;x behind it (grpc PROTOCOL-HTTP2); messages are protobuf's. */
static void take_content_type(qvt_rpc_server_call *call, qvt_slice value)
{
    static const char grpc[] = "application/grpc";
    static const char proto[] = "application/grpc+proto";
    const size_t len = sizeof(grpc) - 1;
    const size_t proto_len = sizeof(proto) - 1;
    if (value.len < len || memcmp(value.data, grpc, len) != 0) {
        return;
    }
    bool is_plain = ends_here(value, len);
    call->flags.has_content_type = is_plain || value.data[len] == '+';
    if (!is_plain &&
        (value.len < proto_len || memcmp(value.data, proto, proto_len) != 0 || !ends_here(value, proto_len))) {
        refuse_later(call, SERVER_BAD_CODEC);
    }
}

qvt_status server_request_header(struct http2_stream *stream, qvt_slice name, qvt_slice value)
{
    qvt_rpc_server_call *call = server_call_of(stream);
    if (call->flags.begun) {
        return QVT_OK;
    }
    if (name.len > 0 && name.data[0] == ':') {
        return take_pseudo(call, name, value);
    }
    if (IS(name, "content-type")) {
        take_content_type(call, value);
        return QVT_OK;
    }
    if (metadata_is_reserved(name)) {
        take_grpc(call, name, value);
        return QVT_OK;
    }
    return metadata_list_add_wire(&call->metadata, name, value);
}

static enum server_refusal judge(const qvt_rpc_server_call *call)
{
    if (call->stream.headers_too_large) {
        return SERVER_HEADERS_TOO_LARGE;
    }
    if (!call->flags.is_post) {
        return SERVER_BAD_METHOD;
    }
    if (!call->flags.has_content_type) {
        return SERVER_BAD_CONTENT_TYPE;
    }
    return call->method == NULL ? SERVER_UNKNOWN_METHOD : call->refusal;
}

static void refuse_encoding(qvt_rpc_server_call *call)
{
    qvt_status status =
        metadata_list_add(&call->initial, qvt_slice_text("grpc-accept-encoding"), qvt_slice_text("identity,gzip"));
    server_respond_abort(call, status == QVT_OK ? QVT_UNIMPLEMENTED : status, "unknown grpc-encoding", HTTP2_NO_ERROR);
}

static void refuse_method(qvt_rpc_server_call *call)
{
    enum { SHOWN_MAX = 200 };
    int len = call->path.len > SHOWN_MAX ? SHOWN_MAX : (int)call->path.len;
    qvt_error error;
    qvt_error_set(&error, QVT_UNIMPLEMENTED, NULL, "unknown method %.*s", len, (const char *)call->path.data);
    server_respond_abort(call, QVT_UNIMPLEMENTED, error.message, HTTP2_NO_ERROR);
}

static void refuse(qvt_rpc_server_call *call, enum server_refusal refusal)
{
    switch (refusal) {
    case SERVER_ACCEPTED: break;
    case SERVER_BAD_METHOD: server_respond_plain(call, "405", "only POST is served here\n"); break;
    case SERVER_BAD_CONTENT_TYPE: server_respond_plain(call, "415", "content-type is not application/grpc\n"); break;
    case SERVER_BAD_CODEC:
        server_respond_abort(call, QVT_UNIMPLEMENTED, "messages other than +proto", HTTP2_NO_ERROR);
        break;
    case SERVER_BAD_TIMEOUT: server_respond_abort(call, QVT_INTERNAL, "malformed grpc-timeout", HTTP2_NO_ERROR); break;
    case SERVER_BAD_ENCODING: refuse_encoding(call); break;
    case SERVER_UNKNOWN_METHOD: refuse_method(call); break;
    case SERVER_HEADERS_TOO_LARGE:
        server_limit_passed(call->server, QVT_RPC_LIMIT_HEADER_BYTES, call->conn->net.peer);
        server_respond_abort(call, QVT_RESOURCE_EXHAUSTED, "the request's headers are too large", HTTP2_NO_ERROR);
        break;
    }
}

static void on_deadline(struct net_timer *timer)
{
    qvt_rpc_server_call *call = LIST_ENTRY(timer, qvt_rpc_server_call, deadline);
    server_respond_abort(call, QVT_DEADLINE_EXCEEDED, "deadline exceeded", HTTP2_CANCEL);
}

static void start_deadline(qvt_rpc_server_call *call)
{
    uint64_t delay_ms = ((uint64_t)call->timeout_ns + NS_PER_MS - 1) / NS_PER_MS;
    call->deadline.on_due = on_deadline;
    net_timer_start(&call->server->runtime->loop->timers, &call->deadline, delay_ms);
}

/* Whether the application takes the call. */
static bool is_taken(qvt_rpc_server_call *call)
{
    const qvt_rpc_server_options *options = &call->server->options;
    qvt_error error;
    if (options->on_headers == NULL ||
        options->on_headers(options->data, call, call->method->method, &error) == QVT_OK) {
        return true;
    }
    server_respond_refuse(call, &error);
    return false;
}

void server_request_headers(struct http2_stream *stream, bool end)
{
    (void)end;
    qvt_rpc_server_call *call = server_call_of(stream);
    if (call->flags.begun) {
        return;
    }
    call->flags.begun = true;
    server_unused_remove(call->conn);
    call->unary.id = ++call->server->counters.calls_total;
    enum server_refusal refusal = judge(call);
    if (refusal != SERVER_ACCEPTED) {
        refuse(call, refusal);
        return;
    }
    if (!is_taken(call)) {
        return;
    }
    if (call->timeout_ns >= 0) {
        start_deadline(call);
    }
    const struct server_method *method = call->method;
    if (method->method->kind == QVT_RPC_CLIENT_STREAMING || method->method->kind == QVT_RPC_BIDI_STREAMING) {
        call->flags.dispatched = true;
        if (method->handler.on_begin != NULL) {
            method->handler.on_begin(call, method->data);
        }
    }
}
