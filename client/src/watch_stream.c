#include "client/src/watch.h"

#include <string.h>

#include "client/src/client.h"
#include "client/src/methods.h"
#include "client/src/watch_message.h"

#define PAUSE_FIRST_MS 100

static void on_timer(uv_timer_t *timer);

static void back_off(struct qvt_watch *watch, uint32_t at_least_ms)
{
    uint32_t longest = watch->client->options.reconnect_max_ms;
    uint32_t next = watch->pause_ms == 0 ? PAUSE_FIRST_MS : watch->pause_ms * 2;
    watch->pause_ms = next < longest ? next : longest;
    uv_timer_start(&watch->timer, on_timer, watch->pause_ms > at_least_ms ? watch->pause_ms : at_least_ms, 0);
}

static void await_message(struct qvt_watch *watch)
{
    if (watch->options.silence_ms > 0) {
        uv_timer_start(&watch->timer, on_timer, watch->options.silence_ms, 0);
    } else {
        uv_timer_stop(&watch->timer);
    }
}

static qvt_status send_first(struct qvt_watch *watch)
{
    struct buf request = BUF_INIT;
    qvt_status status = buf_append_slice(&request, buf_slice(&watch->filter));
    if (status == QVT_OK && watch->position.store_id[0] != '\0') {
        status = watch_encode_resume(&request, &watch->position);
    }
    if (status == QVT_OK) {
        status = stream_open(&watch->stream, &watch->client->link, METHOD(WATCH));
    }
    if (status == QVT_OK) {
        status = stream_send(&watch->stream, buf_slice(&request));
    }
    buf_deinit(&request);
    return status;
}

void watch_stream_start(struct qvt_watch *watch)
{
    watch->moves = watch->client->channel_moves;
    watch->is_heard = false;
    memset(&watch->acknowledged, 0, sizeof watch->acknowledged);
    if (send_first(watch) == QVT_OK) {
        await_message(watch);
    } else {
        stream_drop(&watch->stream);
        back_off(watch, 0);
    }
}

static void tell_interrupted(struct qvt_watch *watch, const qvt_error *why)
{
    if (watch->options.on_interrupted != NULL && !watch->is_closing) {
        watch->options.on_interrupted(watch->options.data, why);
    }
}

static void restart(struct qvt_watch *watch, const char *why)
{
    qvt_error error;
    bool was_heard = watch->is_heard;
    stream_drop(&watch->stream);
    watch_stream_start(watch);
    if (was_heard) {
        qvt_error_set(&error, QVT_UNAVAILABLE, NULL, "%s", why);
        tell_interrupted(watch, &error);
    }
}

void watch_restart_all(qvt_client *client)
{
    for (struct list *node = client->watches.next; node != &client->watches; node = node->next) {
        struct qvt_watch *watch = LIST_ENTRY(node, struct qvt_watch, node);
        if (stream_is_open(&watch->stream)) {
            restart(watch, "the client went to another endpoint");
        }
    }
}

/* A channel that went elsewhere since is not to blame, the stream may hang on the connection before. */
static void on_silence(struct qvt_watch *watch)
{
    if (watch->moves == watch->client->channel_moves) {
        client_leave_endpoint(watch->client);
    }
    if (watch->moves != watch->client->channel_moves && stream_is_open(&watch->stream)) {
        restart(watch, "the tracker was silent");
    } else {
        await_message(watch);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct qvt_watch *watch = timer->data;
    if (stream_is_open(&watch->stream)) {
        on_silence(watch);
    } else {
        watch_stream_start(watch);
    }
}

static void on_acknowledging(struct job *job)
{
    struct qvt_watch *watch = LIST_ENTRY(job, struct qvt_watch, acknowledging);
    struct buf request = BUF_INIT;
    watch->is_acknowledging = false;
    if (stream_is_open(&watch->stream) && watch_encode_acknowledged(&request, &watch->acknowledged) == QVT_OK) {
        /* Without memory: the next one says it too. */
        (void)!stream_send(&watch->stream, buf_slice(&request));
    }
    buf_deinit(&request);
}

/* Once a turn of the loop, however many messages it brought. */
void watch_stream_acknowledge(struct qvt_watch *watch, const qvt_position *position)
{
    const qvt_position *before = &watch->acknowledged;
    if (before->revision == position->revision && before->token == position->token &&
        strcmp(before->store_id, position->store_id) == 0) {
        return;
    }
    watch->acknowledged = *position;
    if (!watch->is_acknowledging) {
        watch->is_acknowledging = true;
        loop_post(&watch->client->loop, &watch->acknowledging);
    }
}

void watch_stream_walk_again(struct qvt_watch *watch)
{
    memset(&watch->position, 0, sizeof watch->position);
    stream_drop(&watch->stream);
    back_off(watch, 0);
}

static void on_reset(struct qvt_watch *watch, const qvt_position *position)
{
    qvt_watch_reset reset = {*position, false};
    reset.is_new_store = watch->store_id[0] != '\0' && strcmp(watch->store_id, position->store_id) != 0;
    /* Until the walk is over there is nothing to go on after. */
    memset(&watch->position, 0, sizeof watch->position);
    memcpy(watch->store_id, position->store_id, sizeof watch->store_id);
    if (watch->options.on_reset != NULL) {
        watch->options.on_reset(watch->options.data, &reset);
    }
}

static void deliver(struct qvt_watch *watch, const struct watch_message *message)
{
    switch (message->event) {
    case WATCH_RESET: on_reset(watch, &message->reset); break;
    case WATCH_RECORD: WATCH_TELL(watch, on_record, &message->record); break;
    case WATCH_REMOVED: WATCH_TELL(watch, on_removed, &message->removed); break;
    case WATCH_WALK_END: WATCH_TELL(watch, on_walk_end, &message->position); break;
    case WATCH_CHANGE: WATCH_TELL(watch, on_change, &message->change); break;
    case WATCH_PROGRESS: WATCH_TELL(watch, on_progress, &message->position); break;
    case WATCH_UNKNOWN: break;
    }
}

static void note_position(struct qvt_watch *watch, const qvt_position *position)
{
    watch->position = *position;
    memcpy(watch->store_id, position->store_id, sizeof watch->store_id);
    if (!watch->options.acknowledges_by_hand) {
        watch_stream_acknowledge(watch, position);
    }
}

static void on_message(struct stream *stream, qvt_slice wire)
{
    struct qvt_watch *watch = LIST_ENTRY(stream, struct qvt_watch, stream);
    struct watch_message message;
    qvt_error error;
    if (watch->is_closing) {
        return;
    }
    arena_reset(&watch->arena);
    if (watch_message_decode(&message, wire, &watch->arena, &error) != QVT_OK) {
        stream_drop(stream);
        back_off(watch, 0);
        tell_interrupted(watch, &error);
        return;
    }
    watch->moves = watch->is_heard ? watch->moves : watch->client->channel_moves;
    watch->is_heard = true;
    watch->pause_ms = 0;
    await_message(watch);
    deliver(watch, &message);
    if (message.has_position && !watch->is_closing && stream_is_open(stream)) {
        note_position(watch, &message.position);
    }
}

static bool is_refusal(qvt_status status)
{
    return status == QVT_INVALID_ARGUMENT || status == QVT_UNIMPLEMENTED;
}

/* A tracker reads its credentials anew while it runs, and counts failures: seldom, but for ever. */
static uint32_t least_pause_ms(const struct qvt_watch *watch, const qvt_error *error)
{
    bool is_denied = error->status == QVT_UNAUTHENTICATED || error->status == QVT_PERMISSION_DENIED;
    uint32_t least = is_denied ? watch->client->options.reconnect_max_ms : 0;
    return error->retry_delay_ms > least ? error->retry_delay_ms : least;
}

static void on_end(struct stream *stream, const qvt_error *error)
{
    struct qvt_watch *watch = LIST_ENTRY(stream, struct qvt_watch, stream);
    qvt_client *client = watch->client;
    qvt_error ended;
    if (is_refusal(error->status)) {
        uv_timer_stop(&watch->timer);
        watch->is_refused = true;
        client_note_error(client, error);
        WATCH_TELL(watch, on_closed, error);
        return;
    }
    if (error->status == QVT_OK) {
        error = &ended;
        qvt_error_set(&ended, QVT_UNAVAILABLE, NULL, "the tracker ended the watch");
    }
    back_off(watch, least_pause_ms(watch, error));
    /* It is there and cannot serve: another one may. */
    if (error->status == QVT_UNAVAILABLE && client->options.endpoint_count > 1 && watch->pause_ms > PAUSE_FIRST_MS &&
        link_is_connected(&client->link)) {
        client_leave_endpoint(client);
    }
    tell_interrupted(watch, error);
}

void watch_stream_init(struct qvt_watch *watch)
{
    watch->stream.on_message = on_message;
    watch->stream.on_end = on_end;
    watch->acknowledging.run = on_acknowledging;
}
