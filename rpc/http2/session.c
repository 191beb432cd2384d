#include "rpc/http2/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "rpc/http2/pool.h"
#include "rpc/http2/session_private.h"

qvt_status http2_session_check(int result)
{
    return result < 0 && nghttp2_is_fatal(result) ? QVT_NO_MEMORY : QVT_OK;
}

void http2_session_tell_output(struct http2_session *session)
{
    if (!session->output_told && session->output == NULL) {
        session->output_told = true;
        session->events->on_output(session->data);
    }
}

static int make_pooled(struct http2_session *session, const nghttp2_session_callbacks *callbacks,
                       const nghttp2_option *option, nghttp2_mem *mem)
{
    if (session->role == HTTP2_SERVER) {
        return nghttp2_session_server_new3(&session->ng, callbacks, session, option, mem);
    }
    return nghttp2_session_client_new3(&session->ng, callbacks, session, option, mem);
}

static int make_session(struct http2_session *session, const nghttp2_session_callbacks *callbacks,
                        const nghttp2_option *option, struct http2_pool *pool)
{
    if (pool == NULL) {
        return make_pooled(session, callbacks, option, NULL);
    }
    nghttp2_mem mem = {pool, http2_pool_malloc, http2_pool_free, http2_pool_calloc, http2_pool_realloc};
    pool->making_session = true;
    int result = make_pooled(session, callbacks, option, &mem);
    pool->making_session = false;
    return result;
}

static int make_with_options(struct http2_session *session, const nghttp2_session_callbacks *callbacks,
                             const struct http2_options *options)
{
    nghttp2_option *option = NULL;
    if (nghttp2_option_new(&option) != 0) {
        return NGHTTP2_ERR_NOMEM;
    }
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    uint32_t resets = options->noise_limits[HTTP2_NOISE_RESET];
    if (resets > 0) {
        /* nghttp2's own limit is 33 a second: clients whose deadlines pass reach that. */
        nghttp2_option_set_stream_reset_rate_limit(option, UINT64_C(4) * resets, resets);
    }
    int result = make_session(session, callbacks, option, options->pool);
    nghttp2_option_del(option);
    return result;
}

static int make(struct http2_session *session)
{
    nghttp2_session_callbacks *callbacks = http2_callbacks_new();
    if (callbacks == NULL) {
        return NGHTTP2_ERR_NOMEM;
    }
    int result = make_with_options(session, callbacks, &session->options);
    nghttp2_session_callbacks_del(callbacks);
    return result;
}

/* SETTINGS_NO_RFC7540_PRIORITIES is left out: with it, nghttp2 1.52 keeps a pointer to an item that it freed when the
 * queue for it could not grow. */
static int submit_settings(struct http2_session *session, const struct http2_options *options)
{
    nghttp2_settings_entry entries[] = {
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options->stream_window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options->max_header_bytes},
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options->max_concurrent_streams},
    };
    size_t count = sizeof(entries) / sizeof(entries[0]);
    if (session->role == HTTP2_CLIENT) {
        entries[2] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
        count--;
    }
    int result = nghttp2_submit_settings(session->ng, NGHTTP2_FLAG_NONE, entries, count);
    if (result != 0) {
        return result;
    }
    return nghttp2_session_set_local_window_size(session->ng, NGHTTP2_FLAG_NONE, 0,
                                                 (int32_t)options->connection_window);
}

/* Harmless when it has begun. */
static qvt_status begin(struct http2_session *session)
{
    if (session->ng != NULL) {
        return QVT_OK;
    }
    if (make(session) == 0 && submit_settings(session, &session->options) == 0) {
        return QVT_OK;
    }
    nghttp2_session_del(session->ng);
    session->ng = NULL;
    return QVT_NO_MEMORY;
}

qvt_status http2_session_new(struct http2_session **out, enum http2_role role, const struct http2_options *options,
                             const struct http2_events *events, void *data)
{
    QVT_ASSERT(options->stream_window <= INT32_MAX && options->connection_window <= INT32_MAX);
    struct http2_session *session = calloc(1, sizeof(*session));
    if (session == NULL) {
        return QVT_NO_MEMORY;
    }
    session->role = role;
    session->events = events;
    session->data = data;
    session->options = *options;
    http2_frames_init(&session->frames, role == HTTP2_SERVER ? HTTP2_PREFACE_LEN : 0);
    list_init(&session->streams);
    if (role == HTTP2_CLIENT && begin(session) != QVT_OK) {
        free(session);
        return QVT_NO_MEMORY;
    }
    *out = session;
    return QVT_OK;
}

void http2_session_free(struct http2_session *session)
{
    if (session == NULL) {
        return;
    }
    /* nghttp2 frees its streams without a word. */
    while (!list_is_empty(&session->streams)) {
        http2_stream_detach(LIST_ENTRY(session->streams.next, struct http2_stream, open), HTTP2_CANCEL);
    }
    nghttp2_session_del(session->ng);
    free(session);
}

/* Gives nghttp2 the bytes from *fed up to `end`. 0, or a fatal error. */
static int feed(struct http2_session *session, qvt_slice bytes, size_t *fed, size_t end)
{
    if (end <= *fed) {
        return 0;
    }
    ssize_t taken = nghttp2_session_mem_recv(session->ng, bytes.data + *fed, end - *fed);
    *fed = end;
    return taken < 0 ? (int)taken : 0;
}

static int receive(struct http2_session *session, qvt_slice bytes)
{
    size_t fed = 0;
    size_t at = 0;
    while (at < bytes.len) {
        nghttp2_frame_hd head;
        if (!http2_frames_next(&session->frames, bytes, &at, &head) || head.type != NGHTTP2_DATA) {
            continue;
        }
        /* What came before it, and not yet its own head: that of an empty frame may end the stream. */
        int result = feed(session, bytes, &fed, at < HTTP2_FRAME_HEAD_LEN ? 0 : at - HTTP2_FRAME_HEAD_LEN);
        result = result == 0 ? http2_session_data_begins(session, &head) : result;
        if (result != 0) {
            return result;
        }
    }
    return feed(session, bytes, &fed, bytes.len);
}

static void tell_unfinished(struct http2_session *session)
{
    const struct http2_frames *frames = &session->frames;
    if (!http2_frames_in_block(frames) || frames->blocks == session->blocks_told) {
        return;
    }
    session->blocks_told = frames->blocks;
    if (session->events->on_unfinished_headers != NULL) {
        session->events->on_unfinished_headers(session->data);
    }
}

qvt_status http2_session_receive(struct http2_session *session, qvt_slice bytes)
{
    if (bytes.len == 0) {
        return QVT_OK;
    }
    QVT_TRY(begin(session));
    int result = receive(session, bytes);
    if (nghttp2_session_want_write(session->ng)) {
        http2_session_tell_output(session);
    }
    if (result == 0) {
        tell_unfinished(session);
        return QVT_OK;
    }
    if (session->calmed) {
        return QVT_UNAVAILABLE;
    }
    switch (result) {
    case NGHTTP2_ERR_NOMEM:
    case NGHTTP2_ERR_CALLBACK_FAILURE: return QVT_NO_MEMORY;
    case NGHTTP2_ERR_FLOODED: return QVT_UNAVAILABLE;
    default: return QVT_INVALID_ARGUMENT;
    }
}

static qvt_status fill(struct http2_session *session, struct http2_output *output)
{
    while (session->ng != NULL && http2_output_has_room(output)) {
        const uint8_t *bytes = NULL;
        ssize_t len = nghttp2_session_mem_send(session->ng, &bytes);
        if (len < 0) {
            return QVT_NO_MEMORY;
        }
        if (len == 0) {
            break;
        }
        http2_output_add(output, bytes, (size_t)len);
    }
    return QVT_OK;
}

qvt_status http2_session_send(struct http2_session *session, struct http2_output *output)
{
    session->output = output;
    qvt_status status = fill(session, output);
    session->output = NULL;
    session->output_told = false;
    return status;
}

bool http2_session_wants_send(const struct http2_session *session)
{
    return session->ng != NULL && nghttp2_session_want_write(session->ng) != 0;
}

bool http2_session_is_done(const struct http2_session *session)
{
    return session->ng != NULL && nghttp2_session_want_read(session->ng) == 0 &&
           nghttp2_session_want_write(session->ng) == 0;
}

bool http2_session_in_headers(const struct http2_session *session)
{
    return http2_frames_in_block(&session->frames);
}

bool http2_session_is_ready(const struct http2_session *session)
{
    return session->ready;
}

size_t http2_session_queued(const struct http2_session *session)
{
    return session->queued;
}

size_t http2_session_stream_count(const struct http2_session *session)
{
    return session->stream_count;
}

uint32_t http2_session_peer_max_streams(const struct http2_session *session)
{
    return nghttp2_session_get_remote_settings(session->ng, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

/* What the three below queue is not about a stream, so that any failure means no memory. */
static qvt_status told(struct http2_session *session, int result)
{
    http2_session_tell_output(session);
    return result == 0 ? QVT_OK : QVT_NO_MEMORY;
}

qvt_status http2_session_ping(struct http2_session *session, const uint8_t payload[8])
{
    QVT_TRY(begin(session));
    return told(session, nghttp2_submit_ping(session->ng, NGHTTP2_FLAG_NONE, payload));
}

qvt_status http2_session_announce_stop(struct http2_session *session, const uint8_t payload[8])
{
    QVT_TRY(begin(session));
    session->ping_after_goaway = true;
    memcpy(session->ping_payload, payload, sizeof(session->ping_payload));
    return told(session, nghttp2_submit_shutdown_notice(session->ng));
}

qvt_status http2_session_goaway(struct http2_session *session, uint32_t code, qvt_slice debug)
{
    QVT_TRY(begin(session));
    int32_t last_id = nghttp2_session_get_last_proc_stream_id(session->ng);
    return told(session, nghttp2_submit_goaway(session->ng, NGHTTP2_FLAG_NONE, last_id, code, debug.data, debug.len));
}

void http2_session_calm(struct http2_session *session, const char *debug)
{
    session->calmed = true;
    /* Without memory for the GOAWAY the connection is closed without a word. */
    (void)!http2_session_goaway(session, HTTP2_ENHANCE_YOUR_CALM, qvt_slice_text(debug));
}

bool http2_session_take_answered(struct http2_session *session)
{
    bool answered = session->answered;
    session->answered = false;
    return answered;
}
