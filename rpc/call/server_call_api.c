#include "base/check.h"
#include "rpc/call/server_private.h"
#include "rpc/wire/base64.h"
#include "rpc/wire/details.h"

const qvt_rpc_metadata *qvt_rpc_server_call_metadata(const qvt_rpc_server_call *call)
{
    return &call->metadata.view;
}

uint64_t qvt_rpc_server_call_id(const qvt_rpc_server_call *call)
{
    return call->unary.id;
}

const char *qvt_rpc_server_call_peer(const qvt_rpc_server_call *call)
{
    return call->conn->net.peer;
}

uint64_t qvt_rpc_server_call_time_left_ms(const qvt_rpc_server_call *call)
{
    if (call->timeout_ns < 0) {
        return UINT64_MAX;
    }
    /* Timers are due a millisecond late rather than early; the client's deadline is not. */
    uint64_t end_ms = call->deadline.due_ms - 1;
    uint64_t now_ms = net_timer_now_ms();
    return end_ms > now_ms ? end_ms - now_ms : 0;
}

void qvt_rpc_server_call_set_context(qvt_rpc_server_call *call, void *context)
{
    call->context = context;
}

void *qvt_rpc_server_call_context(const qvt_rpc_server_call *call)
{
    return call->context;
}

void *qvt_rpc_server_call_alloc(qvt_rpc_server_call *call, size_t size)
{
    return arena_alloc(&call->arena, size);
}

static qvt_status add_metadata(struct metadata_list *list, const qvt_rpc_metadata_entry *entry)
{
    QVT_TRY(qvt_rpc_metadata_check(entry));
    if (list->view.count == SERVER_METADATA_MAX) {
        return QVT_INVALID_ARGUMENT;
    }
    if (!metadata_is_binary(entry->name)) {
        return metadata_list_add(list, entry->name, entry->value);
    }
    struct buf encoded = BUF_INIT;
    qvt_status status = base64_encode(&encoded, entry->value);
    if (status == QVT_OK) {
        status = metadata_list_add(list, entry->name, buf_slice(&encoded));
    }
    buf_deinit(&encoded);
    return status;
}

qvt_status qvt_rpc_server_call_add_initial(qvt_rpc_server_call *call, const qvt_rpc_metadata_entry *entry)
{
    return call->stream.headers_sent ? QVT_FAILED_PRECONDITION : add_metadata(&call->initial, entry);
}

qvt_status qvt_rpc_server_call_add_trailing(qvt_rpc_server_call *call, const qvt_rpc_metadata_entry *entry)
{
    return call->flags.ended ? QVT_FAILED_PRECONDITION : add_metadata(&call->trailing, entry);
}

/* Whether what the handler sends goes anywhere. */
static bool is_open(const qvt_rpc_server_call *call)
{
    return call->stream.session != NULL && !call->flags.ended;
}

qvt_status qvt_rpc_server_call_send_initial(qvt_rpc_server_call *call)
{
    return is_open(call) ? server_respond_headers(call) : QVT_OK;
}

qvt_status qvt_rpc_server_call_send(qvt_rpc_server_call *call, const qvt_slice *parts, size_t part_count)
{
    if (!is_open(call)) {
        return QVT_CANCELLED;
    }
    QVT_TRY(server_respond_headers(call));
    if (server_compress_is_on(call)) {
        return server_compress_send(call, parts, part_count);
    }
    return http2_stream_send(&call->stream, parts, part_count);
}

qvt_status qvt_rpc_server_call_send_blob(qvt_rpc_server_call *call, qvt_blob *message)
{
    if (!is_open(call)) {
        return QVT_CANCELLED;
    }
    QVT_TRY(server_respond_headers(call));
    if (server_compress_is_on(call)) {
        qvt_slice whole = qvt_blob_slice(message);
        return server_compress_send(call, &whole, 1);
    }
    return http2_stream_send_blob(&call->stream, message);
}

qvt_status qvt_rpc_server_call_send_parts(qvt_rpc_server_call *call, const qvt_blob_part *parts, size_t part_count)
{
    if (!is_open(call)) {
        return QVT_CANCELLED;
    }
    QVT_TRY(server_respond_headers(call));
    return http2_stream_send_parts(&call->stream, parts, part_count);
}

size_t qvt_rpc_server_call_queued(const qvt_rpc_server_call *call)
{
    return call->stream.queue.size;
}

void qvt_rpc_server_call_hold(qvt_rpc_server_call *call)
{
    call->flags.held = true;
}

void qvt_rpc_server_call_resume(qvt_rpc_server_call *call)
{
    if (call->flags.held) {
        call->flags.held = false;
        server_receive_resume(call);
    }
}

bool qvt_rpc_server_call_is_cancelled(const qvt_rpc_server_call *call)
{
    return call->flags.cancelled;
}

void qvt_rpc_server_call_finish(qvt_rpc_server_call *call, const qvt_error *error)
{
    qvt_rpc_server_call_finish_with_details(call, error, qvt_slice_make(NULL, 0));
}

void qvt_rpc_server_call_finish_with_details(qvt_rpc_server_call *call, const qvt_error *error, qvt_slice details)
{
    QVT_ASSERT(call->flags.dispatched && !call->flags.finished);
    call->flags.finished = true;
    if (call->stream.session == NULL) {
        server_call_release(call);
    } else if (!call->flags.ended) {
        server_respond_end(call, error, details);
    }
}

static qvt_status encode_status(struct buf *out, const qvt_error *error, const qvt_rpc_detail *details, size_t count)
{
    QVT_TRY(details_write_status(out, error));
    for (size_t i = 0; i < count; i++) {
        QVT_TRY(details_write_any(out, details[i].type_url, details[i].value));
    }
    return QVT_OK;
}

void qvt_rpc_server_call_finish_with(qvt_rpc_server_call *call, const qvt_error *error, const qvt_rpc_detail *details,
                                     size_t count)
{
    struct buf encoded = BUF_INIT;
    /* Without memory for the details the code and the message have to do. */
    if (count > 0 && encode_status(&encoded, error, details, count) != QVT_OK) {
        buf_clear(&encoded);
    }
    qvt_rpc_server_call_finish_with_details(call, error, buf_slice(&encoded));
    buf_deinit(&encoded);
}

void qvt_rpc_server_call_measure(qvt_rpc_server_call *call)
{
    if (call->server->options.on_call_end != NULL && call->began_ns == 0) {
        call->began_ns = uv_hrtime();
    }
}

qvt_rpc_unary *qvt_rpc_server_call_unary(qvt_rpc_server_call *call)
{
    return &call->unary;
}

static qvt_rpc_server_call *call_of(qvt_rpc_unary *unary)
{
    return LIST_ENTRY(unary, qvt_rpc_server_call, unary);
}

static void reply(qvt_rpc_unary *unary, const qvt_slice *parts, size_t part_count)
{
    qvt_rpc_server_call *call = call_of(unary);
    qvt_status status = qvt_rpc_server_call_send(call, parts, part_count);
    if (status == QVT_OK || status == QVT_CANCELLED) {
        qvt_rpc_server_call_finish(call, NULL);
        return;
    }
    qvt_error error;
    qvt_error_set(&error, status, NULL, "the answer could not be queued");
    qvt_rpc_server_call_finish(call, &error);
}

static void fail(qvt_rpc_unary *unary, const qvt_error *error)
{
    qvt_rpc_server_call_finish(call_of(unary), error);
}

static void *alloc(qvt_rpc_unary *unary, size_t size)
{
    return arena_alloc(&call_of(unary)->arena, size);
}

qvt_rpc_server_call *qvt_rpc_server_call_of_unary(qvt_rpc_unary *unary)
{
    return unary->carrier == &server_call_carrier ? call_of(unary) : NULL;
}

const qvt_rpc_unary_carrier server_call_carrier = {
    .reply = reply,
    .fail = fail,
    .alloc = alloc,
    .name = "grpc",
};
