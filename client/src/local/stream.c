#include "client/src/local/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "client/src/local/call.h"
#include "client/src/methods.h"
#include "version/validate.h"

/* SPEC §6.5. */
#define PROGRESS_MS 4000

/* Messages that one turn of the loop brings at most. */
#define PUMP_MESSAGES_MAX 256

/* A watch pulls, a heartbeat's answers wait in `answers`, each behind its length. */
struct local_stream {
    struct list node; /* in link->streams; the one that spoke last is last */
    struct local_link *link;
    const qvt_rpc_method *method;
    void (*on_message)(void *data, qvt_slice message);
    void (*on_end)(void *data, const qvt_error *error);
    void *data;
    struct local_watch *watch;
    struct buf answers;
    qvt_error end; /* not OK: ends the stream once the answers are delivered */
    bool is_dropped;
};

static void note_work(struct local_link *link)
{
    if (!link->is_pumping) {
        link->is_pumping = true;
        loop_post(link->loop, &link->pumping);
    }
}

static void on_change(struct local_listener *listener)
{
    note_work(LIST_ENTRY(listener, struct local_link, listener));
}

static void wake(struct local_link *link)
{
    local_lock();
    note_work(link);
    local_unlock();
}

static void free_stream(struct local_stream *stream)
{
    list_remove(&stream->node);
    local_lock();
    local_watch_free(stream->watch);
    local_unlock();
    buf_deinit(&stream->answers);
    free(stream);
}

static void on_tick(uv_timer_t *timer)
{
    struct local_link *link = timer->data;
    bool is_watched = false;
    local_lock();
    for (struct list *node = link->streams.next; node != &link->streams; node = node->next) {
        struct local_stream *stream = LIST_ENTRY(node, struct local_stream, node);
        if (stream->watch != NULL) {
            is_watched = true;
            local_watch_tick(stream->watch);
        }
    }
    local_unlock();
    if (is_watched) {
        wake(link);
    } else {
        uv_timer_stop(&link->tick);
    }
}

/* The oldest answer that waits. */
static qvt_status take_answer(struct local_stream *stream, struct buf *out)
{
    uint32_t len;
    if (stream->answers.len == 0) {
        return QVT_OK;
    }
    memcpy(&len, stream->answers.data, sizeof len);
    qvt_status status = buf_append(out, stream->answers.data + sizeof len, len);
    buf_drop_front(&stream->answers, sizeof len + len);
    return status;
}

/* A message, or the end, of a stream that has one; NULL: none has. */
static struct local_stream *next_stream(struct local_link *link, struct buf *message)
{
    struct list *next;
    for (struct list *node = link->streams.next; node != &link->streams; node = next) {
        struct local_stream *stream = LIST_ENTRY(node, struct local_stream, node);
        qvt_status status;
        next = node->next;
        if (stream->is_dropped) {
            free_stream(stream);
            continue;
        }
        local_lock();
        status = stream->watch != NULL ? local_watch_next(stream->watch, message) : take_answer(stream, message);
        local_unlock();
        if (status != QVT_OK) {
            buf_clear(message);
            qvt_error_set(&stream->end, QVT_UNAVAILABLE, NULL, "no memory for a message");
        }
        if (message->len > 0 || stream->end.status != QVT_OK) {
            return stream;
        }
    }
    return NULL;
}

/* The callbacks may drop this stream and others, which are freed when they are looked at next. */
static void deliver(struct local_stream *stream, const struct buf *message)
{
    list_remove(&stream->node);
    list_push_back(&stream->link->streams, &stream->node);
    if (message->len > 0) {
        stream->on_message(stream->data, buf_slice(message));
        return;
    }
    stream->is_dropped = true;
    stream->on_end(stream->data, &stream->end);
}

static void on_pump(struct job *job)
{
    struct local_link *link = LIST_ENTRY(job, struct local_link, pumping);
    struct buf message = BUF_INIT;
    struct local_stream *stream = NULL;
    local_lock();
    link->is_pumping = false;
    local_unlock();
    for (unsigned i = 0; i < PUMP_MESSAGES_MAX && (stream = next_stream(link, &message)) != NULL; i++) {
        deliver(stream, &message);
        buf_clear(&message);
    }
    buf_deinit(&message);
    if (stream != NULL) {
        wake(link);
    }
}

qvt_status local_link_open(struct local_link **out, struct loop *loop, const char *cluster)
{
    struct local_link *link = calloc(1, sizeof *link);
    if (link == NULL) {
        return QVT_NO_MEMORY;
    }
    if (local_cluster_open(&link->cluster, cluster) != QVT_OK) {
        free(link);
        return QVT_NO_MEMORY;
    }
    link->loop = loop;
    link->listener.on_change = on_change;
    link->pumping.run = on_pump;
    list_init(&link->streams);
    QVT_ASSERT(uv_timer_init(&loop->uv, &link->tick) == 0);
    link->tick.data = link;
    local_lock();
    local_cluster_listen(link->cluster, &link->listener);
    local_unlock();
    *out = link;
    return QVT_OK;
}

static void on_closed(uv_handle_t *timer)
{
    free(timer->data);
}

void local_link_close(struct local_link *link)
{
    while (!list_is_empty(&link->streams)) {
        free_stream(LIST_ENTRY(link->streams.next, struct local_stream, node));
    }
    local_lock();
    local_cluster_unlisten(&link->listener);
    local_unlock();
    local_cluster_close(link->cluster);
    uv_close((uv_handle_t *)&link->tick, on_closed);
}

qvt_status local_stream_open(struct local_stream **out, struct local_link *link, const qvt_rpc_method *method,
                             void (*on_message)(void *data, qvt_slice message),
                             void (*on_end)(void *data, const qvt_error *error), void *data)
{
    struct local_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        return QVT_NO_MEMORY;
    }
    stream->link = link;
    stream->method = method;
    stream->on_message = on_message;
    stream->on_end = on_end;
    stream->data = data;
    list_push_back(&link->streams, &stream->node);
    *out = stream;
    return QVT_OK;
}

/* Only the first request of a watch asks for something: there is nobody to acknowledge to, and no ledger. */
static void watch(struct local_stream *stream, qvt_slice request)
{
    struct local_link *link = stream->link;
    if (stream->watch != NULL) {
        return;
    }
    local_lock();
    if (validate_cluster(qvt_slice_text(link->cluster->name), "cluster", &stream->end) == QVT_OK) {
        (void)!local_watch_new(&stream->watch, link->cluster, request, &stream->end);
    }
    local_unlock();
    if (stream->watch != NULL && !uv_is_active((uv_handle_t *)&link->tick)) {
        uv_timer_start(&link->tick, on_tick, PROGRESS_MS, PROGRESS_MS);
    }
}

static qvt_status beat(struct local_stream *stream, qvt_slice request)
{
    struct buf answer = BUF_INIT;
    qvt_status status = QVT_OK;
    if (local_call(stream->link->cluster, stream->method, request, &answer, &stream->end) == QVT_OK) {
        uint32_t len = (uint32_t)answer.len;
        status = buf_reserve(&stream->answers, sizeof len + len);
        if (status == QVT_OK) {
            (void)!buf_append(&stream->answers, &len, sizeof len);
            (void)!buf_append_slice(&stream->answers, buf_slice(&answer));
        }
    }
    buf_deinit(&answer);
    return status;
}

qvt_status local_stream_send(struct local_stream *stream, qvt_slice request)
{
    qvt_status status = QVT_OK;
    if (stream->end.status == QVT_OK) {
        if (stream->method == METHOD(WATCH)) {
            watch(stream, request);
        } else {
            status = beat(stream, request);
        }
    }
    wake(stream->link);
    return status;
}

void local_stream_drop(struct local_stream *stream)
{
    stream->is_dropped = true;
    wake(stream->link);
}
