#include <inttypes.h>

#include "base/check.h"
#include "rpc/call/server_private.h"
#include "rpc/wire/gzip.h"

/* What a connection gets in one turn of the loop. */
enum { TURN_CALLS = 256, TURN_BYTES = 128 * 1024 };

static void abort_call(qvt_rpc_server_call *call, qvt_status status, const char *message)
{
    server_respond_abort(call, status, message, HTTP2_NO_ERROR);
}

static bool is_streaming_in(const qvt_rpc_server_call *call)
{
    qvt_rpc_kind kind = call->method->method->kind;
    return kind == QVT_RPC_CLIENT_STREAMING || kind == QVT_RPC_BIDI_STREAMING;
}

/* The message that the decoder has; compressed ones were inflated by then. */
static qvt_slice message_of(const qvt_rpc_server_call *call)
{
    return buf_slice(frame_decoder_is_compressed(&call->decoder) ? &call->inflated : &call->decoder.message);
}

static void refuse_length(qvt_rpc_server_call *call)
{
    qvt_error error;
    server_limit_passed(call->server, QVT_RPC_LIMIT_MESSAGE_BYTES, call->conn->net.peer);
    (void)qvt_error_set(&error, QVT_RESOURCE_EXHAUSTED, NULL,
                        "the request message is too large: at most %" PRIu32 " bytes",
                        call->server->options.max_message_bytes);
    server_respond_refuse(call, &error);
}

/* False: the call is over. */
static bool inflate_message(qvt_rpc_server_call *call)
{
    if (!call->flags.gzip_in) {
        abort_call(call, QVT_INTERNAL, "a compressed message without grpc-encoding");
        return false;
    }
    buf_clear(&call->inflated);
    qvt_slice packed = buf_slice(&call->decoder.message);
    qvt_status status = gzip_inflate(&call->inflated, packed, call->server->options.max_message_bytes);
    if (status == QVT_INTERNAL) {
        abort_call(call, status, "a compressed message is corrupt");
    } else if (status == QVT_RESOURCE_EXHAUSTED) {
        refuse_length(call);
    } else if (status != QVT_OK) {
        abort_call(call, status, "out of memory");
    }
    return status == QVT_OK;
}

static void deliver(qvt_rpc_server_call *call)
{
    if (frame_decoder_is_compressed(&call->decoder) && !inflate_message(call)) {
        return;
    }
    if (is_streaming_in(call)) {
        call->method->handler.on_message(call, message_of(call), call->method->data);
    } else if (call->flags.has_request) {
        abort_call(call, QVT_UNIMPLEMENTED, "more than one request message");
    } else {
        call->flags.has_request = true;
    }
}

static void refuse_frame(qvt_rpc_server_call *call, qvt_status status)
{
    if (status == QVT_RESOURCE_EXHAUSTED) {
        refuse_length(call);
    } else if (status == QVT_NO_MEMORY) {
        abort_call(call, status, "out of memory");
    } else {
        abort_call(call, status, "a message has an unknown flag");
    }
}

/* Hands out whole messages until the bytes are used up, the handler wants no more, or the call is over. */
static void feed(qvt_rpc_server_call *call, qvt_slice *bytes)
{
    while (bytes->len > 0 && !call->flags.held && !call->flags.ended && !call->flags.finished) {
        bool whole = false;
        qvt_status status = frame_decoder_take(&call->decoder, bytes, &whole);
        if (status != QVT_OK) {
            refuse_frame(call, status);
        } else if (whole) {
            deliver(call);
        }
    }
}

static bool is_over(const qvt_rpc_server_call *call)
{
    return call->flags.ended || call->flags.finished;
}

static void give_back(qvt_rpc_server_call *call, size_t count)
{
    /* Without memory for the WINDOW_UPDATE the client stalls until its deadline or the end of the connection. */
    if (http2_stream_consume(&call->stream, count) != QVT_OK) {
        abort_call(call, QVT_NO_MEMORY, "out of memory");
    }
}

void server_receive_data(struct http2_stream *stream, qvt_slice bytes)
{
    qvt_rpc_server_call *call = server_call_of(stream);
    if (is_over(call)) {
        if (call->flags.lingering) {
            server_linger_data(call, bytes.len);
        }
        return;
    }
    size_t taken = 0;
    if (call->held_bytes.len == 0) {
        size_t before = bytes.len;
        call->flags.delivering = true;
        feed(call, &bytes);
        call->flags.delivering = false;
        taken = before - bytes.len;
    }
    if (is_over(call)) {
        return;
    }
    /* What is held is bounded by the stream's window, which stays closed for it. */
    if (buf_append_slice(&call->held_bytes, bytes) != QVT_OK) {
        abort_call(call, QVT_NO_MEMORY, "out of memory");
        return;
    }
    give_back(call, taken);
}

static bool is_full(const struct server_conn *conn)
{
    return http2_session_queued(conn->net.session) >= conn->server->options.max_queued_bytes;
}

/* Nobody waits long for a connection that asks for much. */
static bool has_had_its_turn(struct server_conn *conn)
{
    uint64_t bytes = conn->net.bytes_sent + http2_session_queued(conn->net.session);
    if (conn->turn != conn->server->runtime->loop->turn) {
        conn->turn = conn->server->runtime->loop->turn;
        conn->turn_bytes = bytes;
        conn->turn_calls = 0;
    }
    return conn->turn_calls >= TURN_CALLS || bytes >= conn->turn_bytes + TURN_BYTES;
}

static void dispatch(qvt_rpc_server_call *call)
{
    call->conn->turn_calls++;
    call->flags.dispatched = true;
    if (!call->method->handler.unmeasured) {
        qvt_rpc_server_call_measure(call);
    }
    call->method->handler.on_request(call, message_of(call), call->method->data);
}

static void admit(qvt_rpc_server_call *call)
{
    struct server_conn *conn = call->conn;
    if (!call->flags.has_request) {
        abort_call(call, QVT_UNIMPLEMENTED, "no request message");
        return;
    }
    bool full = is_full(conn);
    if (full) {
        server_limit_passed(call->server, QVT_RPC_LIMIT_QUEUED_BYTES, conn->net.peer);
    }
    if (full || !list_is_empty(&conn->waiting)) {
        list_push_back(&conn->waiting, &call->waiting);
    } else if (has_had_its_turn(conn)) {
        list_push_back(&conn->waiting, &call->waiting);
        net_conn_yield(&conn->net);
    } else {
        dispatch(call);
    }
}

void server_receive_waiting(struct server_conn *conn)
{
    while (!list_is_empty(&conn->waiting) && !conn->net.closing && !is_full(conn)) {
        if (has_had_its_turn(conn)) {
            net_conn_yield(&conn->net);
            return;
        }
        qvt_rpc_server_call *call = LIST_ENTRY(conn->waiting.next, qvt_rpc_server_call, waiting);
        list_remove(&call->waiting);
        if (!is_over(call)) {
            dispatch(call);
        }
    }
}

void server_receive_turn(struct net_conn *net)
{
    struct server_conn *conn = LIST_ENTRY(net, struct server_conn, net);
    server_receive_waiting(conn);
    if (!list_is_empty(&conn->waiting) && is_full(conn)) {
        server_limit_passed(conn->server, QVT_RPC_LIMIT_QUEUED_BYTES, net->peer);
    }
}

static void deliver_end(qvt_rpc_server_call *call)
{
    if (is_over(call)) {
        return;
    }
    if (frame_decoder_is_inside(&call->decoder)) {
        abort_call(call, QVT_INTERNAL, "the request ends inside a message");
    } else if (!is_streaming_in(call)) {
        admit(call);
    } else if (call->method->handler.on_half_close != NULL) {
        call->method->handler.on_half_close(call, call->method->data);
    }
}

void server_receive_end(struct http2_stream *stream)
{
    qvt_rpc_server_call *call = server_call_of(stream);
    if (is_over(call)) {
        return;
    }
    if (call->flags.held) {
        call->flags.end_received = true;
        return;
    }
    deliver_end(call);
}

void server_receive_resume(qvt_rpc_server_call *call)
{
    if (call->flags.delivering || call->flags.cancelled || is_over(call)) {
        return;
    }
    qvt_slice rest = buf_slice(&call->held_bytes);
    call->flags.delivering = true;
    feed(call, &rest);
    call->flags.delivering = false;
    size_t taken = call->held_bytes.len - rest.len;
    buf_drop_front(&call->held_bytes, taken);
    if (is_over(call)) {
        return;
    }
    give_back(call, taken);
    if (call->flags.end_received && !call->flags.held) {
        call->flags.end_received = false;
        deliver_end(call);
    }
}
