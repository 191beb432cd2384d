#include <stdlib.h>

#include "base/check.h"
#include "rpc/call/server_private.h"

enum {
    SPARE_MAX = 256,   /* calls kept for later */
    SPARE_LARGE = 32,  /* so many of them keep a large arena */
    KEEP_BYTES = 4096, /* of each of a spare call's buffers */
};

static qvt_rpc_server_call *new_call(qvt_rpc_server *server)
{
    qvt_rpc_server_call *call = malloc(sizeof(*call));
    if (call == NULL) {
        return NULL;
    }
    *call = (qvt_rpc_server_call){.unary = {&server_call_carrier, 0, 0}, .server = server, .timeout_ns = -1};
    http2_stream_init(&call->stream);
    list_init(&call->waiting);
    frame_decoder_init(&call->decoder, server->options.max_message_bytes);
    arena_init(&call->arena, server->options.max_call_memory_bytes);
    return call;
}

qvt_rpc_server_call *server_call_take(struct server_conn *conn)
{
    qvt_rpc_server *server = conn->server;
    qvt_rpc_server_call *call = server->spare;
    if (call != NULL) {
        server->spare = call->next_spare;
        server->spare_count--;
    } else {
        call = new_call(server);
    }
    if (call != NULL) {
        call->conn = conn;
        conn->calls++;
        server->counters.calls_open++;
    }
    return call;
}

static void free_call(qvt_rpc_server_call *call)
{
    http2_stream_deinit(&call->stream);
    frame_decoder_deinit(&call->decoder);
    buf_deinit(&call->held_bytes);
    buf_deinit(&call->inflated);
    metadata_list_deinit(&call->metadata);
    metadata_list_deinit(&call->initial);
    metadata_list_deinit(&call->trailing);
    buf_deinit(&call->status_text);
    buf_deinit(&call->path);
    arena_deinit(&call->arena);
    free(call);
}

void server_call_free_spare(qvt_rpc_server *server)
{
    while (server->spare != NULL) {
        qvt_rpc_server_call *call = server->spare;
        server->spare = call->next_spare;
        free_call(call);
    }
}

static void clear_buf(struct buf *buf)
{
    buf_clear(buf);
    if (buf->cap > KEEP_BYTES) {
        buf_deinit(buf);
    }
}

/* As new_call leaves it, but for the memory. */
static void clean(qvt_rpc_server_call *call)
{
    http2_stream_recycle(&call->stream, KEEP_BYTES);
    frame_decoder_reset(&call->decoder, KEEP_BYTES);
    clear_buf(&call->held_bytes);
    clear_buf(&call->inflated);
    clear_buf(&call->status_text);
    clear_buf(&call->path);
    metadata_list_clear(&call->metadata);
    metadata_list_clear(&call->initial);
    metadata_list_clear(&call->trailing);
    if (call->arena.used > KEEP_BYTES && call->server->spare_count >= SPARE_LARGE) {
        arena_deinit(&call->arena);
    } else {
        arena_reset(&call->arena);
    }
    call->unary.caller = 0;
    call->conn = NULL;
    call->method = NULL;
    call->context = NULL;
    call->status_message_len = 0;
    call->status = QVT_OK;
    call->timeout_ns = -1;
    call->began_ns = call->took_ns = 0;
    call->refusal = SERVER_ACCEPTED;
    call->flags = (struct server_call_flags){.is_post = false};
}

void server_call_release(qvt_rpc_server_call *call)
{
    qvt_rpc_server *server = call->server;
    struct server_conn *conn = call->conn;
    conn->calls--;
    conn->idle_since_ms = uv_now(server->runtime->uv);
    server->counters.calls_open--;
    if (server->spare_count < SPARE_MAX) {
        clean(call);
        call->next_spare = server->spare;
        server->spare = call;
        server->spare_count++;
    } else {
        free_call(call);
    }
    server_conn_release(conn);
    server_stop_check(server);
}

void server_call_cancel(qvt_rpc_server_call *call)
{
    struct server_call_flags *flags = &call->flags;
    if (!flags->dispatched || flags->finished || flags->cancelled) {
        return;
    }
    flags->cancelled = true;
    const struct server_method *method = call->method;
    if (method->handler.on_cancel != NULL) {
        method->handler.on_cancel(call, method->data);
    }
}

static void report_end(const qvt_rpc_server_call *call)
{
    const qvt_rpc_server_options *options = &call->server->options;
    if (options->on_call_end == NULL || !call->flags.begun) {
        return;
    }
    const qvt_rpc_call_end end = {
        .call = call,
        .method = call->method == NULL ? NULL : call->method->method,
        .status = !call->flags.ended  ? QVT_CANCELLED
                  : call->flags.plain ? QVT_UNIMPLEMENTED
                                      : call->status,
        .message = qvt_slice_make(call->status_text.data, call->status_message_len),
        .took_us = call->took_ns == 0 ? UINT64_MAX : call->took_ns / 1000,
        .served = call->flags.dispatched,
    };
    options->on_call_end(options->data, &end);
}

void server_call_close(qvt_rpc_server_call *call)
{
    report_end(call);
    net_timer_stop(&call->server->runtime->loop->timers, &call->deadline);
    if (!call->flags.dispatched || call->flags.finished) {
        server_call_release(call);
        return;
    }
    server_call_cancel(call);
}
