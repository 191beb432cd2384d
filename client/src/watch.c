#include "client/src/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "client/src/client.h"
#include "client/src/decode.h"
#include "client/src/options.h"
#include "client/src/watch_message.h"

static void on_timer_closed(uv_handle_t *handle)
{
    struct qvt_watch *watch = handle->data;
    if (!watch->is_refused) {
        WATCH_TELL(watch, on_closed, &watch->end);
    }
    arena_deinit(&watch->arena);
    buf_deinit(&watch->filter);
    free(watch);
}

static void shut(struct qvt_watch *watch)
{
    watch->is_closing = true;
    list_remove(&watch->node);
    stream_drop(&watch->stream);
    uv_close((uv_handle_t *)&watch->timer, on_timer_closed);
}

static void shut_with_client(struct qvt_watch *watch)
{
    qvt_error_set(&watch->end, QVT_CANCELLED, NULL, "the client is being freed");
    shut(watch);
}

void watch_close_all(qvt_client *client)
{
    while (!list_is_empty(&client->watches)) {
        shut_with_client(LIST_ENTRY(client->watches.next, struct qvt_watch, node));
    }
}

/* A callback, or a find that is to be cached, may begin a watch while the end of the client waits for its turn. */
static void on_starting(struct job *job)
{
    struct qvt_watch *watch = LIST_ENTRY(job, struct qvt_watch, starting);
    QVT_ASSERT(uv_timer_init(&watch->client->loop.uv, &watch->timer) == 0);
    watch->timer.data = watch;
    if (watch->client->is_leaving) {
        shut_with_client(watch);
        return;
    }
    list_push_back(&watch->client->watches, &watch->node);
    watch_stream_start(watch);
}

static bool is_shut(const struct qvt_watch *watch)
{
    return uv_is_closing((const uv_handle_t *)&watch->timer) != 0;
}

static void on_closing(struct job *job)
{
    struct qvt_watch *watch = LIST_ENTRY(job, struct qvt_watch, closing);
    if (!is_shut(watch)) {
        shut(watch);
    }
}

static struct qvt_watch *new_watch(qvt_client *client, const qvt_watch_options *options)
{
    struct qvt_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) {
        return NULL;
    }
    if (watch_encode_filter(&watch->filter, client->cluster, options) != QVT_OK) {
        buf_deinit(&watch->filter);
        free(watch);
        return NULL;
    }
    arena_init(&watch->arena, DECODE_MEMORY_MAX);
    list_init(&watch->node);
    watch->client = client;
    watch->options = *options;
    if (options->resume_after != NULL) {
        watch->position = *options->resume_after;
        memcpy(watch->store_id, watch->position.store_id, sizeof watch->store_id);
    }
    watch_stream_init(watch);
    watch->starting.run = on_starting;
    watch->closing.run = on_closing;
    return watch;
}

qvt_status qvt_client_watch(qvt_watch **out, qvt_client *client, const qvt_watch_options *given, qvt_error *error)
{
    struct call_terms terms;
    qvt_watch_options options = QVT_WATCH_OPTIONS_INIT;
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    call.error = error;
    QVT_TRY(call_begin_async(client, &terms, &call));
    if (options_read(&options, sizeof options, given, "qvt_watch_options", terms.error) != QVT_OK) {
        return call_finish(client, &terms);
    }
    struct qvt_watch *watch = new_watch(client, &options);
    if (watch == NULL) {
        qvt_error_set(terms.error, QVT_NO_MEMORY, NULL, "no memory for a watch");
        return call_finish(client, &terms);
    }
    *out = watch;
    loop_post(&client->loop, &watch->starting);
    return QVT_OK;
}

void qvt_watch_close(qvt_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    if (loop_is_current(&watch->client->loop)) {
        watch->is_closing = true;
        if (is_shut(watch)) {
            return;
        }
    }
    loop_post(&watch->client->loop, &watch->closing);
}

/* An acknowledgement on its way to the loop. */
struct applied {
    struct job job;
    struct qvt_watch *watch;
    qvt_position position;
};

static void on_applied(struct job *job)
{
    struct applied *applied = LIST_ENTRY(job, struct applied, job);
    watch_stream_acknowledge(applied->watch, &applied->position);
    free(applied);
}

qvt_status qvt_watch_acknowledge(qvt_watch *watch, const qvt_position *position)
{
    struct applied *applied = malloc(sizeof *applied);
    if (applied == NULL) {
        return QVT_NO_MEMORY;
    }
    *applied = (struct applied){{.run = on_applied}, watch, *position};
    loop_post(&watch->client->loop, &applied->job);
    return QVT_OK;
}
