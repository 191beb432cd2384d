#include "rpc/http2/noise.h"

static void end_data(struct http2_stream *stream, uint32_t *flags)
{
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    const struct http2_events *events = stream->session->events;
    if (events->on_trailers != NULL && !stream->local_ended) {
        events->on_trailers(stream);
    }
    if (stream->local_ended) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    }
    stream->local_ended = true;
}

ssize_t http2_stream_read(nghttp2_session *ng, int32_t id, uint8_t *bytes, size_t len, uint32_t *flags,
                          nghttp2_data_source *source, void *data)
{
    (void)ng;
    (void)id;
    (void)bytes;
    (void)data;
    struct http2_stream *stream = source->ptr;
    if (!http2_output_has_room(stream->session->output)) {
        return NGHTTP2_ERR_PAUSE;
    }
    size_t count = len < stream->queue.size ? len : stream->queue.size;
    if (count == 0 && !stream->end_wanted) {
        stream->data_deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    if (count > 0) {
        *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    }
    if (count == stream->queue.size && stream->end_wanted) {
        end_data(stream, flags);
    } else if (count == stream->queue.size) {
        *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
        stream->session->emptied = stream;
    }
    return (ssize_t)count;
}

int http2_stream_emptied(struct http2_session *session)
{
    struct http2_stream *stream = session->emptied;
    if (stream == NULL) {
        return 0;
    }
    session->emptied = NULL;
    stream->data_started = false;
    bool more = stream->queue.size > 0 || (stream->end_wanted && !stream->local_ended);
    return more ? http2_stream_offer(stream) : 0;
}

int http2_stream_write(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *head, size_t len,
                       nghttp2_data_source *source, void *data)
{
    enum { HEAD_LEN = 9 };
    (void)ng;
    (void)frame;
    struct http2_session *session = data;
    struct http2_stream *stream = source->ptr;
    http2_output_add(session->output, head, HEAD_LEN);
    http2_queue_move(&stream->queue, len, session->output);
    session->queued -= len;
    http2_noise_data_sent(session);
    if (stream->queue.size == 0 && !stream->end_wanted && session->events->on_drain != NULL) {
        session->events->on_drain(stream);
    }
    return 0;
}
