#include "base/check.h"
#include "rpc/http2/session_private.h"

/* More fields than this in one block is our own doing; the list limits of peers are far below. */
enum { HEADERS_MAX = 256 };

void http2_stream_init(struct http2_stream *stream)
{
    *stream = (struct http2_stream){.id = -1, .queue = HTTP2_QUEUE_INIT};
    list_init(&stream->open);
}

void http2_stream_deinit(struct http2_stream *stream)
{
    QVT_ASSERT(stream->session == NULL);
    http2_queue_deinit(&stream->queue);
}

void http2_stream_recycle(struct http2_stream *stream, size_t keep_cap)
{
    QVT_ASSERT(stream->session == NULL);
    struct http2_queue queue = stream->queue;
    http2_queue_clear(&queue, keep_cap);
    http2_stream_init(stream);
    stream->queue = queue;
}

void http2_stream_attach(struct http2_stream *stream, struct http2_session *session, int32_t id)
{
    QVT_ASSERT(stream->session == NULL);
    stream->session = session;
    stream->id = id;
    session->stream_count++;
    list_push_back(&session->streams, &stream->open);
}

void http2_stream_detach(struct http2_stream *stream, uint32_t code)
{
    struct http2_session *session = stream->session;
    session->stream_count--;
    session->resets_waiting -= stream->reset_after_end ? 1 : 0;
    http2_stream_drop(stream);
    list_remove(&stream->open);
    stream->session = NULL;
    if (session->receiving == stream) {
        session->receiving = NULL;
    }
    if (session->emptied == stream) {
        session->emptied = NULL;
    }
    session->events->on_close(stream, code);
}

static qvt_status convert(nghttp2_nv *out, const struct http2_header *headers, size_t count)
{
    if (count > HEADERS_MAX) {
        return QVT_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < count; i++) {
        /* nghttp2 takes both as mutable and only reads them. */
        union {
            const uint8_t *given;
            uint8_t *taken;
        } name = {headers[i].name.data}, value = {headers[i].value.data};
        out[i].name = name.taken;
        out[i].namelen = headers[i].name.len;
        out[i].value = value.taken;
        out[i].valuelen = headers[i].value.len;
        out[i].flags =
            headers[i].kept ? NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE : NGHTTP2_NV_FLAG_NONE;
    }
    return QVT_OK;
}

qvt_status http2_stream_open(struct http2_stream *stream, struct http2_session *session,
                             const struct http2_header *headers, size_t count)
{
    nghttp2_nv fields[HEADERS_MAX];
    QVT_TRY(convert(fields, headers, count));
    nghttp2_data_provider provider = {.source = {.ptr = stream}, .read_callback = http2_stream_read};
    if (!nghttp2_session_check_request_allowed(session->ng)) {
        return QVT_UNAVAILABLE;
    }
    int32_t id = nghttp2_submit_request(session->ng, NULL, fields, count, &provider, stream);
    if (id < 0) {
        return id == NGHTTP2_ERR_NOMEM ? QVT_NO_MEMORY : QVT_UNAVAILABLE;
    }
    http2_stream_attach(stream, session, id);
    stream->headers_sent = true;
    stream->data_started = true;
    http2_session_tell_output(session);
    return QVT_OK;
}

static qvt_status submit_headers(struct http2_stream *stream, const struct http2_header *headers, size_t count,
                                 bool end)
{
    nghttp2_nv fields[HEADERS_MAX];
    QVT_TRY(convert(fields, headers, count));
    stream->headers_sent = true;
    stream->local_ended = end;
    uint8_t flags = end ? NGHTTP2_FLAG_END_STREAM : NGHTTP2_FLAG_NONE;
    int result = nghttp2_submit_headers(stream->session->ng, flags, stream->id, NULL, fields, count, NULL);
    http2_session_tell_output(stream->session);
    return http2_session_check(result);
}

qvt_status http2_stream_respond(struct http2_stream *stream, const struct http2_header *headers, size_t count, bool end)
{
    QVT_ASSERT(stream->session != NULL && !stream->headers_sent);
    return submit_headers(stream, headers, count, end);
}

qvt_status http2_stream_trailers(struct http2_stream *stream, const struct http2_header *headers, size_t count)
{
    QVT_ASSERT(stream->session != NULL && stream->headers_sent && !stream->local_ended);
    return submit_headers(stream, headers, count, true);
}

int http2_stream_offer(struct http2_stream *stream)
{
    nghttp2_session *ng = stream->session->ng;
    int result = 0;
    if (!stream->data_started) {
        nghttp2_data_provider provider = {.source = {.ptr = stream}, .read_callback = http2_stream_read};
        result = nghttp2_submit_data(ng, NGHTTP2_FLAG_END_STREAM, stream->id, &provider);
        stream->data_started = result == 0;
    } else if (stream->data_deferred) {
        result = nghttp2_session_resume_data(ng, stream->id);
        stream->data_deferred = result != 0;
    }
    http2_session_tell_output(stream->session);
    return result;
}

static qvt_status offer_data(struct http2_stream *stream)
{
    return http2_session_check(http2_stream_offer(stream));
}

static qvt_status account(struct http2_stream *stream, size_t before)
{
    stream->session->queued += stream->queue.size - before;
    return offer_data(stream);
}

qvt_status http2_stream_send(struct http2_stream *stream, const qvt_slice *parts, size_t part_count)
{
    QVT_ASSERT(stream->session != NULL && stream->headers_sent && !stream->end_wanted);
    size_t before = stream->queue.size;
    QVT_TRY(http2_queue_add_message(&stream->queue, parts, part_count));
    return account(stream, before);
}

qvt_status http2_stream_send_blob(struct http2_stream *stream, qvt_blob *message)
{
    QVT_ASSERT(stream->session != NULL && stream->headers_sent && !stream->end_wanted);
    size_t before = stream->queue.size;
    QVT_TRY(http2_queue_add_blob(&stream->queue, message));
    return account(stream, before);
}

qvt_status http2_stream_send_parts(struct http2_stream *stream, const qvt_blob_part *parts, size_t part_count)
{
    QVT_ASSERT(stream->session != NULL && stream->headers_sent && !stream->end_wanted);
    size_t before = stream->queue.size;
    QVT_TRY(http2_queue_add_parts(&stream->queue, parts, part_count));
    return account(stream, before);
}

qvt_status http2_stream_send_bytes(struct http2_stream *stream, qvt_slice bytes)
{
    QVT_ASSERT(stream->session != NULL && stream->headers_sent && !stream->end_wanted);
    size_t before = stream->queue.size;
    QVT_TRY(http2_queue_add_bytes(&stream->queue, bytes));
    return account(stream, before);
}

qvt_status http2_stream_end(struct http2_stream *stream)
{
    QVT_ASSERT(stream->session != NULL && stream->headers_sent && !stream->local_ended);
    stream->end_wanted = true;
    const struct http2_events *events = stream->session->events;
    if (stream->queue.size == 0 && events->on_trailers != NULL) {
        /* Without DATA to go with, the trailers need not wait to be asked for. */
        events->on_trailers(stream);
        if (stream->local_ended) {
            return QVT_OK;
        }
    }
    return offer_data(stream);
}

void http2_stream_drop(struct http2_stream *stream)
{
    stream->session->queued -= stream->queue.size;
    http2_queue_clear(&stream->queue, stream->queue.bytes.cap);
}

void http2_stream_reset_when_sent(struct http2_stream *stream, uint32_t code)
{
    QVT_ASSERT(stream->session != NULL);
    stream->session->resets_waiting += stream->reset_after_end ? 0 : 1;
    stream->reset_after_end = true;
    stream->reset_code = code;
}

bool http2_stream_is_sent(const struct http2_stream *stream)
{
    return nghttp2_session_get_stream_local_close(stream->session->ng, stream->id) == 1;
}

qvt_status http2_stream_reset(struct http2_stream *stream, uint32_t code)
{
    QVT_ASSERT(stream->session != NULL);
    if (stream->reset_sent) {
        return QVT_OK;
    }
    stream->reset_sent = true;
    int result = nghttp2_submit_rst_stream(stream->session->ng, NGHTTP2_FLAG_NONE, stream->id, code);
    http2_session_tell_output(stream->session);
    return http2_session_check(result);
}

qvt_status http2_stream_consume(struct http2_stream *stream, size_t count)
{
    if (stream->session == NULL || stream->remote_ended || count == 0) {
        return QVT_OK;
    }
    int result = nghttp2_session_consume_stream(stream->session->ng, stream->id, count);
    /* Whether a WINDOW_UPDATE is due is nghttp2's to decide. */
    if (nghttp2_session_want_write(stream->session->ng)) {
        http2_session_tell_output(stream->session);
    }
    return http2_session_check(result);
}
