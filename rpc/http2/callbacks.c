#include "rpc/http2/noise.h"

/* What RFC 9113 §6.5.2 adds to a field's name and value. */
enum { FIELD_OVERHEAD = 32 };

/* So many times the limit, and a header list is not an accident. */
enum { HEADERS_BOMB = 4 };

static struct http2_stream *find_stream(struct http2_session *session, int32_t id)
{
    return nghttp2_session_get_stream_user_data(session->ng, id);
}

static int fail_connection(struct http2_session *session, uint32_t code)
{
    return nghttp2_session_terminate_session(session->ng, code) == 0 ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

/* Nothing but PRIORITY, WINDOW_UPDATE and RST_STREAM may follow what the peer itself ended (RFC 9113 §5.1). */
static int judge_ended(struct http2_session *session, int32_t id)
{
    switch (http2_ended_find(&session->ended, id)) {
    case HTTP2_END_UNKNOWN: return 0;
    case HTTP2_END_SENT: return fail_connection(session, NGHTTP2_STREAM_CLOSED);
    case HTTP2_END_RESET: break;
    }
    int result = nghttp2_submit_rst_stream(session->ng, NGHTTP2_FLAG_NONE, id, NGHTTP2_STREAM_CLOSED);
    return result == 0 ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

/* A stream id below one that was used opens nothing: it is a connection error (RFC 9113 §5.1.1). nghttp2 ignores the
 * frame, as it must for streams that were open once. */
static int judge_headers(struct http2_session *session, int32_t id)
{
    if (id >= session->skipped_low && id <= session->skipped_high) {
        return fail_connection(session, NGHTTP2_PROTOCOL_ERROR);
    }
    return id <= session->last_id ? judge_ended(session, id) : 0;
}

static int on_begin_frame(nghttp2_session *ng, const nghttp2_frame_hd *head, void *data)
{
    (void)ng;
    struct http2_session *session = data;
    if (head->type == NGHTTP2_DATA) {
        return 0;
    }
    int result = head->type == NGHTTP2_HEADERS ? judge_headers(session, head->stream_id) : 0;
    return result != 0 ? result : http2_noise_receive(session, head);
}

int http2_session_data_begins(struct http2_session *session, const nghttp2_frame_hd *head)
{
    /* DATA of the connection itself is nghttp2's to refuse. */
    int result = head->stream_id == 0 ? 0 : judge_ended(session, head->stream_id);
    return result != 0 ? result : http2_noise_receive(session, head);
}

static void note_id(struct http2_session *session, int32_t id)
{
    if (id > session->last_id + 2) {
        session->skipped_low = session->last_id + 1;
        session->skipped_high = id - 1;
    }
    session->last_id = id;
}

static int begin_request(struct http2_session *session, int32_t id)
{
    if (session->events->on_request == NULL) {
        /* A server that sends a request: nghttp2 shows it to a client too. */
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    note_id(session, id);
    struct http2_stream *stream = session->events->on_request(session->data);
    session->receiving = stream;
    if (stream == NULL) {
        int result = nghttp2_submit_rst_stream(session->ng, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
        return result == 0 ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    http2_stream_attach(stream, session, id);
    nghttp2_session_set_stream_user_data(session->ng, id, stream);
    return 0;
}

static int on_begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *data)
{
    (void)ng;
    struct http2_session *session = data;
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        return begin_request(session, frame->hd.stream_id);
    }
    session->receiving = find_stream(session, frame->hd.stream_id);
    if (session->receiving != NULL) {
        session->receiving->header_bytes = 0;
    }
    return 0;
}

/* The rest of a list that is a little too large is thrown away. A few bytes that expand to a list of any size are an
 * attack on the processor. */
static int judge_size(struct http2_session *session, const struct http2_stream *stream)
{
    bool is_bomb = stream->header_bytes / HEADERS_BOMB > session->options.max_header_bytes;
    if (!is_bomb || session->events->on_bomb == NULL) {
        return 0;
    }
    session->events->on_bomb(session->data);
    return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                     const uint8_t *value, size_t value_len, uint8_t flags, void *data)
{
    (void)ng;
    (void)frame;
    (void)flags;
    struct http2_session *session = data;
    struct http2_stream *stream = session->receiving;
    if (stream == NULL) {
        return 0;
    }
    stream->header_bytes += (uint32_t)(name_len + value_len + FIELD_OVERHEAD);
    if (stream->header_bytes > session->options.max_header_bytes) {
        stream->headers_too_large = true;
        return judge_size(session, stream);
    }
    qvt_status status =
        session->events->on_header(stream, qvt_slice_make(name, name_len), qvt_slice_make(value, value_len));
    return status == QVT_OK ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_data_chunk(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *bytes, size_t len, void *data)
{
    struct http2_session *session = data;
    if (nghttp2_session_consume_connection(ng, len) != 0) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    struct http2_stream *stream = find_stream(session, id);
    if (stream == NULL) {
        return 0;
    }
    /* Known before the frame is whole: the window of a stream that ends needs no update. */
    stream->remote_ended = stream->remote_ended || (flags & NGHTTP2_FLAG_END_STREAM) != 0;
    session->events->on_data(stream, qvt_slice_make(bytes, len));
    return 0;
}

static void end_remote(struct http2_session *session, struct http2_stream *stream)
{
    stream->remote_ended = true;
    session->events->on_end(stream);
}

static void receive_headers(struct http2_session *session, const nghttp2_frame *frame)
{
    struct http2_stream *stream = session->receiving;
    bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    session->receiving = NULL;
    if (stream == NULL) {
        return;
    }
    session->events->on_headers(stream, end);
    if (end) {
        end_remote(session, stream);
    }
}

static void receive_data(struct http2_session *session, const nghttp2_frame *frame)
{
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) {
        return;
    }
    struct http2_stream *stream = find_stream(session, frame->hd.stream_id);
    if (stream != NULL) {
        end_remote(session, stream);
    }
}

static void receive_settings(struct http2_session *session, const nghttp2_frame *frame)
{
    if (session->ready || (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
        return;
    }
    session->ready = true;
    if (session->events->on_settings != NULL) {
        session->events->on_settings(session->data);
    }
}

static void receive_ping(struct http2_session *session, const nghttp2_frame *frame)
{
    const struct http2_events *events = session->events;
    bool is_ack = (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
    if (is_ack && events->on_ping_ack != NULL) {
        events->on_ping_ack(session->data, frame->ping.opaque_data);
    } else if (!is_ack && events->on_ping != NULL) {
        events->on_ping(session->data);
    }
}

static void receive_goaway(struct http2_session *session, const nghttp2_goaway *goaway)
{
    if (session->events->on_goaway != NULL) {
        session->events->on_goaway(session->data, goaway->last_stream_id, goaway->error_code,
                                   qvt_slice_make(goaway->opaque_data, goaway->opaque_data_len));
    }
}

static void receive_reset(struct http2_session *session, int32_t id)
{
    struct http2_stream *stream = find_stream(session, id);
    if (stream != NULL) {
        stream->reset_received = true;
    }
}

static int on_frame_recv(nghttp2_session *ng, const nghttp2_frame *frame, void *data)
{
    (void)ng;
    struct http2_session *session = data;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS: receive_headers(session, frame); break;
    case NGHTTP2_DATA: receive_data(session, frame); break;
    case NGHTTP2_RST_STREAM: receive_reset(session, frame->hd.stream_id); break;
    case NGHTTP2_SETTINGS: receive_settings(session, frame); break;
    case NGHTTP2_PING: receive_ping(session, frame); break;
    case NGHTTP2_GOAWAY: receive_goaway(session, &frame->goaway); break;
    default: break;
    }
    return session->calmed ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int send_waiting_reset(struct http2_session *session, int32_t id)
{
    struct http2_stream *stream = find_stream(session, id);
    if (stream == NULL || !stream->reset_after_end) {
        return 0;
    }
    stream->reset_after_end = false;
    session->resets_waiting--;
    return nghttp2_submit_rst_stream(session->ng, NGHTTP2_FLAG_NONE, id, stream->reset_code);
}

static int send_waiting_ping(struct http2_session *session)
{
    session->ping_after_goaway = false;
    return nghttp2_submit_ping(session->ng, NGHTTP2_FLAG_NONE, session->ping_payload);
}

static void note_reset(struct http2_session *session, uint32_t code)
{
    http2_noise_reset_sent(session, code);
    if (code == NGHTTP2_REFUSED_STREAM && session->events->on_refused != NULL) {
        session->events->on_refused(session->data);
    }
}

static int on_frame_send(nghttp2_session *ng, const nghttp2_frame *frame, void *data)
{
    (void)ng;
    struct http2_session *session = data;
    int result = 0;
    session->answered = session->answered || frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (session->resets_waiting > 0 && (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        result = send_waiting_reset(session, frame->hd.stream_id);
    } else if (frame->hd.type == NGHTTP2_RST_STREAM) {
        note_reset(session, frame->rst_stream.error_code);
    } else if (session->ping_after_goaway && frame->hd.type == NGHTTP2_GOAWAY) {
        result = send_waiting_ping(session);
    }
    if (frame->hd.type == NGHTTP2_DATA && !nghttp2_is_fatal(result)) {
        result = http2_stream_emptied(session);
    }
    return nghttp2_is_fatal(result) ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/* A request that cannot leave any more provably did not start. */
static int on_frame_not_send(nghttp2_session *ng, const nghttp2_frame *frame, int error, void *data)
{
    (void)ng;
    (void)error;
    struct http2_session *session = data;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        struct http2_stream *stream = find_stream(session, frame->hd.stream_id);
        if (stream != NULL && !stream->reset_sent) {
            stream->refused = true;
        }
    }
    return 0;
}

static void note_end(struct http2_session *session, const struct http2_stream *stream)
{
    if (session->role == HTTP2_SERVER && (stream->reset_received || stream->remote_ended)) {
        http2_ended_note(&session->ended, stream->id, stream->reset_received ? HTTP2_END_RESET : HTTP2_END_SENT);
    }
}

static int on_stream_close(nghttp2_session *ng, int32_t id, uint32_t code, void *data)
{
    (void)ng;
    struct http2_stream *stream = find_stream(data, id);
    if (stream != NULL) {
        note_end(data, stream);
        http2_stream_detach(stream, stream->refused ? HTTP2_REFUSED_STREAM : code);
    }
    return 0;
}

nghttp2_session_callbacks *http2_callbacks_new(void)
{
    nghttp2_session_callbacks *callbacks = NULL;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) {
        return NULL;
    }
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, on_frame_not_send);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, http2_stream_write);
    return callbacks;
}
