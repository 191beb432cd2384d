/* A watcher's sink gives messages to a queue; MHD's content reader takes them from it. With nothing to take the connection
 * is suspended, and while it is MHD does not see the client leave: a poll for UV_DISCONNECT does. */
#include "server/gateway/event_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "server/gateway/event_format.h"
#include "server/service/watch.h"

/* Bytes that wait for the reader before the watcher stays behind in the history; what MHD reads at once. */
enum { QUEUED_MAX = 64 * 1024, BLOCK = 8 * 1024 };

struct chunk {
    struct chunk *next;
    qvt_blob *blob;
    size_t sent;
};

/* Freed when MHD has let go of it and its poll is closed. */
struct event_stream {
    struct list in_gateway;
    struct gateway *gateway;
    struct request *request; /* NULL: it is gone */
    struct MHD_Connection *connection;
    struct watcher *watcher; /* NULL: the watch is over */
    struct chunk *first;
    struct chunk **last;
    size_t queued;
    uv_poll_t poll;
    int fd; /* MHD's */
    bool is_sse;
    bool suspended;
    bool gone; /* the client is: end with an error */
    bool was_quiet;
};

static void resume(struct event_stream *stream)
{
    stream->was_quiet = false;
    if (stream->suspended) {
        stream->suspended = false;
        MHD_resume_connection(stream->connection);
        http_loop_kick(&stream->gateway->loop);
    }
}

/* Takes the reference. */
static qvt_status enqueue(struct event_stream *stream, qvt_blob *blob)
{
    struct chunk *chunk = malloc(sizeof(*chunk));
    if (chunk == NULL) {
        qvt_blob_unref(blob);
        return QVT_NO_MEMORY;
    }
    *chunk = (struct chunk){NULL, blob, 0};
    *stream->last = chunk;
    stream->last = &chunk->next;
    stream->queued += qvt_blob_slice(blob).len;
    resume(stream);
    return QVT_OK;
}

static bool sink_is_open(void *data)
{
    const struct event_stream *stream = data;
    return stream->queued < QUEUED_MAX;
}

static qvt_status sink_send(void *data, qvt_slice message)
{
    qvt_blob *blob = NULL;
    qvt_status status = qvt_blob_copy(&blob, message);
    return status == QVT_OK ? enqueue(data, blob) : status;
}

static qvt_status sink_send_blob(void *data, qvt_blob *message)
{
    return enqueue(data, qvt_blob_ref(message));
}

static size_t sink_queued(void *data)
{
    const struct event_stream *stream = data;
    return stream->queued;
}

/* What is queued is still sent, but to a peer that takes nothing: MHD closes a socket that is shut down. */
static void sink_on_end(void *data, const qvt_error *error)
{
    struct event_stream *stream = data;
    stream->watcher = NULL;
    if (stream->request != NULL) {
        request_report(stream->request, error->status, error->message);
    }
    if (error->reason != NULL && strcmp(error->reason, "WATCHER_STALLED") == 0) {
        (void)shutdown(stream->fd, SHUT_RDWR);
    }
    resume(stream);
}

static void drop_first(struct event_stream *stream)
{
    struct chunk *chunk = stream->first;
    stream->first = chunk->next;
    if (stream->first == NULL) {
        stream->last = &stream->first;
    }
    qvt_blob_unref(chunk->blob);
    free(chunk);
}

static size_t take(struct event_stream *stream, char *out, size_t max)
{
    size_t taken = 0;
    while (stream->first != NULL && taken < max) {
        struct chunk *chunk = stream->first;
        qvt_slice bytes = qvt_blob_slice(chunk->blob);
        size_t len = bytes.len - chunk->sent;
        len = len < max - taken ? len : max - taken;
        memcpy(out + taken, bytes.data + chunk->sent, len);
        chunk->sent += len;
        taken += len;
        if (chunk->sent == bytes.len) {
            drop_first(stream);
        }
    }
    stream->queued -= taken;
    return taken;
}

static ssize_t on_read(void *data, uint64_t position, char *out, size_t max)
{
    struct event_stream *stream = data;
    (void)position;
    http_loop_active(&stream->gateway->loop);
    if (stream->gone) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (stream->queued < QUEUED_MAX && stream->watcher != NULL) {
        watcher_continue(stream->watcher);
    }
    size_t taken = take(stream, out, max);
    stream->gateway->counters.bytes_sent += taken;
    if (taken > 0) {
        return (ssize_t)taken;
    }
    if (stream->watcher == NULL) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    stream->suspended = true;
    MHD_suspend_connection(stream->connection);
    return 0;
}

static void end_watch(struct event_stream *stream)
{
    if (stream->watcher != NULL) {
        watcher_free(stream->watcher);
        stream->watcher = NULL;
        if (stream->request != NULL) {
            request_report(stream->request, QVT_CANCELLED, "the client is gone");
        }
    }
}

void event_stream_leave(struct event_stream *stream)
{
    end_watch(stream);
    stream->request = NULL;
}

static void on_disconnect(uv_poll_t *poll, int status, int events)
{
    struct event_stream *stream = poll->data;
    (void)status;
    (void)events;
    uv_poll_stop(poll);
    stream->gone = true;
    end_watch(stream);
    resume(stream);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct event_stream *stream = handle->data;
    struct gateway *gateway = stream->gateway;
    free(stream);
    gateway_closed_one(gateway);
}

/* MHD is done with the response and is about to close the socket or to read the next request from it. */
static void on_free(void *data)
{
    struct event_stream *stream = data;
    end_watch(stream);
    if (stream->request != NULL) {
        stream->request->stream = NULL;
    }
    while (stream->first != NULL) {
        drop_first(stream);
    }
    list_remove(&stream->in_gateway);
    stream->gateway->closing++;
    uv_close((uv_handle_t *)&stream->poll, on_poll_closed);
}

static struct event_stream *make_stream(struct request *request, bool is_sse)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct event_stream *stream = calloc(1, sizeof(*stream));
    if (stream == NULL || info == NULL ||
        uv_poll_init(request->gateway->options.loop, &stream->poll, info->connect_fd) != 0) {
        free(stream);
        return NULL;
    }
    stream->gateway = request->gateway;
    stream->request = request;
    stream->connection = request->connection;
    stream->fd = info->connect_fd;
    stream->is_sse = is_sse;
    stream->last = &stream->first;
    stream->poll.data = stream;
    uv_poll_start(&stream->poll, UV_DISCONNECT, on_disconnect);
    list_push_back(&request->gateway->streams, &stream->in_gateway);
    return stream;
}

static void fail_without_memory(struct request *request)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_NO_MEMORY, NULL, "out of memory for the watch");
    request_fail(request, &error, 0, NULL);
}

static qvt_status read_resume_point(const struct request *request, const Quark__Version__V1__WatchRequest *watch,
                                    struct position *out, bool *found, qvt_error *error)
{
    const char *last_event_id = request_header(request, "Last-Event-ID");
    const Quark__Version__V1__Position *after = watch->resume_after;
    *found = after != NULL || (last_event_id != NULL && last_event_id[0] != '\0');
    if (last_event_id != NULL && last_event_id[0] != '\0') {
        if (position_parse(out, qvt_slice_text(last_event_id)) != QVT_OK) {
            return qvt_error_field(error, "Last-Event-ID",
                                   "Last-Event-ID \"%s\" is no position such as 12.0123456789abcdef", last_event_id);
        }
    } else if (after != NULL) {
        *out = (struct position){.revision = after->revision, .token = after->token};
        snprintf(out->store_id, sizeof(out->store_id), "%s", after->store_id);
    }
    return QVT_OK;
}

static bool wants_ndjson(const struct request *request)
{
    const char *accept = request_header(request, MHD_HTTP_HEADER_ACCEPT);
    return accept != NULL && strstr(accept, "application/x-ndjson") != NULL &&
           strstr(accept, "text/event-stream") == NULL;
}

static void answer_with_stream(struct request *request, struct event_stream *stream)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_read, stream, on_free);
    if (response == NULL) {
        stream->request = NULL;
        on_free(stream);
        fail_without_memory(request);
        return;
    }
    request->stream = stream;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                  stream->is_sse ? "text/event-stream" : "application/x-ndjson");
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    request_answer_with(request, MHD_HTTP_OK, response);
}

void event_stream_start(struct request *request, const Quark__Version__V1__WatchRequest *watch)
{
    struct position resume_after;
    bool resumes = false;
    qvt_error error;
    if (read_resume_point(request, watch, &resume_after, &resumes, &error) != QVT_OK) {
        request_fail(request, &error, 0, NULL);
        return;
    }
    bool is_sse = !wants_ndjson(request);
    struct event_stream *stream = make_stream(request, is_sse);
    if (stream == NULL) {
        fail_without_memory(request);
        return;
    }
    request->began_ns = 0; /* how long a watch lasts is no latency */
    const struct watch_sink sink = {is_sse ? &event_format_sse : &event_format_ndjson,
                                    sink_is_open,
                                    sink_send,
                                    sink_send_blob,
                                    sink_queued,
                                    sink_on_end,
                                    stream};
    const struct watch_query query = {
        .cluster = watch->cluster,
        .caller = request->unary.caller,
        .lists = {watch->actor_types, watch->silo_ids, watch->actor_type_prefixes, watch->silo_id_prefixes},
        .counts = {watch->n_actor_types, watch->n_silo_ids, watch->n_actor_type_prefixes, watch->n_silo_id_prefixes},
        .resume_after = resumes ? &resume_after : NULL,
    };
    if (watcher_new(&stream->watcher, request->gateway->options.service, &query, &sink, &error) != QVT_OK) {
        on_free(stream);
        request_fail(request, &error, 0, NULL);
        return;
    }
    answer_with_stream(request, stream);
}

static void send_comment(struct event_stream *stream)
{
    static const char COMMENT[] = ": quiet\n\n";
    if (stream->is_sse && stream->queued == 0 && sink_send(stream, qvt_slice_text(COMMENT)) != QVT_OK) {
        stream->gone = true;
        end_watch(stream);
        resume(stream);
    }
}

void event_streams_keep_alive(struct gateway *gateway)
{
    for (struct list *node = gateway->streams.next; node != &gateway->streams; node = node->next) {
        struct event_stream *stream = LIST_ENTRY(node, struct event_stream, in_gateway);
        if (stream->was_quiet) {
            send_comment(stream);
        }
        stream->was_quiet = true;
    }
}
