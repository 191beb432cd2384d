/* A watcher is waiting (its cluster is not loaded), walking, or live. Once started it sits in the service's `ticking`, the
 * one that was looked at or sent something longest ago first: a tick later it is sent progress, or found stalled. */
#include "server/service/watch.h"

#include <stdlib.h>

#include "base/check.h"
#include "server/identity/guard.h"
#include "server/service/answer.h"
#include "server/service/watch_filter.h"
#include "server/service/watch_message.h"

struct watcher {
    struct list in_cluster;
    struct list in_service; /* ticking; alone while waiting */
    struct service *service;
    struct cluster *cluster;
    struct watch_filter *filter;
    struct watch_sink sink;
    struct registry_walk *walk; /* NULL: live or waiting */
    uint64_t next;              /* revision of the next change; live */
    struct position seen;       /* where it stands: revision 0 and waiting to walk unless has_seen */
    struct position acknowledged;
    uint64_t caller;
    uint64_t offered; /* the cluster's round in which it was last offered news */
    int64_t since_us; /* when it was sent something, or ticked */
    int64_t stuck_us; /* since when the peer takes nothing of the sink's queue */
    int64_t given;    /* bytes, to the sink */
    int64_t taken;    /* of them by the peer, at the last tick */
    size_t queued;    /* in the sink at the last tick */
    bool has_seen;
    bool started;
    bool has_sent; /* something, in the pump at hand */
};

/* What a pump looks at before others have their turn, and the watchers offered news in one turn of the loop: the first
 * have work while the others are served, and calls do not wait for all of them. */
enum { PUMP_STEPS_MAX = 1000, OFFERED_MAX = 128 };

static int64_t now_us(const struct watcher *watcher)
{
    return store_monotonic_us(watcher->service->options.store);
}

static struct registry *registry_of(const struct watcher *watcher)
{
    return replica_registry(watcher->cluster->replica);
}

static void enlist(struct watcher *watcher)
{
    watcher->since_us = now_us(watcher);
    list_remove(&watcher->in_service);
    list_push_back(&watcher->service->ticking, &watcher->in_service);
}

static qvt_status send(struct watcher *watcher, qvt_slice message)
{
    watcher->has_sent = true;
    watcher->given += (int64_t)message.len;
    return watcher->sink.send(watcher->sink.data, message);
}

/* Sends what the scratch buffer holds, in the sink's format. position NULL: within a walk. */
static qvt_status send_scratch(struct watcher *watcher, const struct position *position)
{
    struct buf *scratch = &watcher->service->scratch;
    if (watcher->sink.format == NULL) {
        return send(watcher, buf_slice(scratch));
    }
    struct buf text = BUF_INIT;
    qvt_status status = watcher->sink.format->write(buf_slice(scratch), position, &text);
    if (status == QVT_OK) {
        status = send(watcher, buf_slice(&text));
    }
    buf_deinit(&text);
    return status;
}

static qvt_status send_progress(struct watcher *watcher)
{
    buf_clear(&watcher->service->scratch);
    QVT_TRY(watch_message_progress(&watcher->service->scratch, &watcher->seen));
    return send_scratch(watcher, &watcher->seen);
}

static qvt_status begin_walk(struct watcher *watcher)
{
    struct buf *scratch = &watcher->service->scratch;
    QVT_TRY(registry_walk_begin(registry_of(watcher), &watcher->walk));
    /* The reset ends what was seen before: a walk that is broken off begins again. */
    watcher->has_seen = false;
    buf_clear(scratch);
    QVT_TRY(watch_message_reset(scratch, registry_walk_position(watcher->walk)));
    return send_scratch(watcher, NULL);
}

/* A record that changed after the walk began and does not match may be one that was sent before. */
static qvt_status send_step(struct watcher *watcher, const struct registry_step *step)
{
    struct buf *scratch = &watcher->service->scratch;
    buf_clear(scratch);
    if (step->image == NULL) {
        if (!watch_filter_takes_key(watcher->filter, step->removed_kind, step->removed_key, NULL, 0) &&
            step->removed_kind != RECORD_SILO) {
            return QVT_OK;
        }
        QVT_TRY(watch_message_removed(scratch, step->removed_kind, step->removed_key));
    } else if (watch_filter_takes(watcher->filter, step->image)) {
        QVT_TRY(watch_message_record(scratch, step->image));
    } else if (image_origin(step->image).revision > registry_walk_position(watcher->walk)->revision) {
        QVT_TRY(watch_message_removed(scratch, image_kind(step->image), image_key(step->image)));
    } else {
        return QVT_OK;
    }
    return send_scratch(watcher, NULL);
}

static void go_live(struct watcher *watcher, const struct position *position)
{
    watcher->seen = *position;
    watcher->has_seen = true;
    watcher->next = position->revision + 1;
}

static qvt_status end_walk(struct watcher *watcher)
{
    struct buf *scratch = &watcher->service->scratch;
    registry_walk_end(watcher->walk);
    watcher->walk = NULL;
    go_live(watcher, registry_head(registry_of(watcher)));
    buf_clear(scratch);
    QVT_TRY(watch_message_walk_end(scratch, &watcher->seen));
    return send_scratch(watcher, &watcher->seen);
}

static qvt_status step_walk(struct watcher *watcher)
{
    struct registry_step step;
    return registry_walk_next(watcher->walk, &step) ? send_step(watcher, &step) : end_walk(watcher);
}

static qvt_status step_live(struct watcher *watcher)
{
    qvt_blob *message = NULL;
    struct change *change = registry_change(registry_of(watcher), watcher->next);
    if (change == NULL) {
        return begin_walk(watcher);
    }
    QVT_TRY(watch_message_change(watcher->filter, change, watcher->sink.format, &message));
    if (message != NULL) {
        watcher->has_sent = true;
        watcher->given += (int64_t)qvt_blob_slice(message).len;
        QVT_TRY(watcher->sink.send_blob(watcher->sink.data, message));
    }
    go_live(watcher, &change->position);
    return QVT_OK;
}

static bool has_more(const struct watcher *watcher)
{
    return watcher->walk != NULL || watcher->next <= registry_head(registry_of(watcher))->revision;
}

static void end(struct watcher *watcher, qvt_status status, const char *reason, const char *message)
{
    struct watch_sink sink = watcher->sink;
    qvt_error error;
    (void)qvt_error_set(&error, status, reason, "%s", message);
    error.retry_delay_ms = status == QVT_UNAVAILABLE ? 1000 : 0;
    watcher_free(watcher);
    sink.on_end(sink.data, &error);
}

/* Sends while there is something to send and the sink takes it. false: the watcher is gone. */
static bool pump(struct watcher *watcher)
{
    qvt_status status = QVT_OK;
    unsigned steps = 0;
    watcher->has_sent = false;
    while (status == QVT_OK && steps < PUMP_STEPS_MAX && has_more(watcher) &&
           watcher->sink.is_open(watcher->sink.data)) {
        status = watcher->walk != NULL ? step_walk(watcher) : step_live(watcher);
        steps++;
    }
    if (status != QVT_OK) {
        end(watcher, status, NULL, status == QVT_NO_MEMORY ? "out of memory for the watch" : "the client is gone");
        return false;
    }
    if (watcher->has_sent) {
        enlist(watcher);
    }
    if (steps == PUMP_STEPS_MAX) {
        watcher->cluster->has_news = true;
        service_wake(watcher->service);
    }
    return true;
}

/* From where the watcher stands, or from the beginning. */
static bool start(struct watcher *watcher)
{
    qvt_status status = QVT_OK;
    watcher->started = true;
    enlist(watcher);
    registry_trim(registry_of(watcher), store_wall_us(watcher->service->options.store));
    if (watcher->has_seen && registry_resume(registry_of(watcher), &watcher->seen) == REGISTRY_RESUME_LIVE) {
        watcher->next = watcher->seen.revision + 1;
        if (!has_more(watcher)) {
            status = send_progress(watcher);
        }
    } else {
        status = begin_walk(watcher);
    }
    if (status != QVT_OK) {
        end(watcher, status, NULL, "out of memory for the watch");
        return false;
    }
    return pump(watcher);
}

static qvt_status find_cluster(struct service *service, const struct watch_query *query, struct cluster **out,
                               qvt_error *error)
{
    const char *name = NULL;
    QVT_TRY(cluster_name(query->cluster, &name, error));
    if (service->draining) {
        return qvt_error_set(error, QVT_UNAVAILABLE, "SHUTTING_DOWN", "the server is shutting down");
    }
    *out = cluster_find(service, name);
    if (*out == NULL && !service->listed) {
        return service_ready(service, error);
    }
    QVT_TRY(cluster_open(service, name, CLUSTER_WATCH, out, error));
    if (!(*out)->known_empty) {
        QVT_TRY(replica_ready((*out)->replica, error));
    }
    return QVT_OK;
}

qvt_status watcher_new(struct watcher **out, struct service *service, const struct watch_query *query,
                       const struct watch_sink *sink, qvt_error *error)
{
    struct cluster *cluster = NULL;
    struct watch_filter *filter = NULL;
    QVT_TRY(watch_filter_get(&filter, &service->filters, query, error));
    qvt_status status = find_cluster(service, query, &cluster, error);
    struct watcher *watcher = status == QVT_OK ? calloc(1, sizeof(*watcher)) : NULL;
    if (watcher == NULL) {
        watch_filter_unref(filter);
        return status != QVT_OK ? status : qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory for the watch");
    }
    watcher->service = service;
    watcher->cluster = cluster;
    watcher->filter = filter;
    watcher->sink = *sink;
    watcher->caller = query->caller;
    if (query->resume_after != NULL) {
        watcher->seen = *query->resume_after;
        watcher->has_seen = true;
    }
    list_init(&watcher->in_service);
    list_push_back(&cluster->watchers, &watcher->in_cluster);
    service->metrics.watchers++;
    service->metrics.watches_total++;
    cluster->has_news = true;
    service_wake(service);
    *out = watcher;
    return QVT_OK;
}

void watcher_free(struct watcher *watcher)
{
    registry_walk_end(watcher->walk);
    list_remove(&watcher->in_cluster);
    list_remove(&watcher->in_service);
    watch_filter_unref(watcher->filter);
    watcher->service->metrics.watchers--;
    service_wake(watcher->service);
    free(watcher);
}

void watcher_continue(struct watcher *watcher)
{
    if (watcher->started) {
        (void)pump(watcher);
    }
}

void watcher_acknowledge(struct watcher *watcher, const struct position *position)
{
    if (position->revision > watcher->acknowledged.revision) {
        watcher->acknowledged = *position;
    }
}

void watch_stop_cluster(struct cluster *cluster)
{
    for (struct list *node = cluster->watchers.next; node != &cluster->watchers; node = node->next) {
        struct watcher *watcher = LIST_ENTRY(node, struct watcher, in_cluster);
        registry_walk_end(watcher->walk);
        watcher->walk = NULL;
        watcher->started = false;
        list_remove(&watcher->in_service);
    }
}

/* The watcher that was offered news longest ago stands first. */
static struct watcher *next_to_offer(struct cluster *cluster)
{
    if (list_is_empty(&cluster->watchers)) {
        return NULL;
    }
    struct watcher *watcher = LIST_ENTRY(cluster->watchers.next, struct watcher, in_cluster);
    if (watcher->offered == cluster->round) {
        return NULL;
    }
    watcher->offered = cluster->round;
    list_remove(&watcher->in_cluster);
    list_push_back(&cluster->watchers, &watcher->in_cluster);
    return watcher;
}

static void offer_news(struct cluster *cluster)
{
    struct watcher *watcher = NULL;
    cluster->round += cluster->has_news ? 1 : 0;
    cluster->has_news = false;
    for (size_t i = 0; i < OFFERED_MAX; i++) {
        watcher = next_to_offer(cluster);
        if (watcher == NULL) {
            cluster->offering = false;
            return;
        }
        if (watcher->started) {
            (void)pump(watcher);
        } else {
            (void)start(watcher);
        }
    }
    cluster->offering = true;
    service_wake(cluster->service);
}

/* Whether the peer has taken no byte of what is queued for too long (SPEC §6.6). What it took may have been replaced by as
 * much: the queue's length alone does not tell. */
static bool is_stalled(struct watcher *watcher, int64_t now)
{
    size_t queued = watcher->sink.queued(watcher->sink.data);
    int64_t taken = watcher->given - (int64_t)queued;
    if (queued == 0 || watcher->queued == 0 || taken > watcher->taken) {
        watcher->stuck_us = now;
    }
    watcher->queued = queued;
    watcher->taken = taken;
    return queued > 0 && now - watcher->stuck_us >= (int64_t)watcher->service->options.watch_stall_ms * 1000;
}

static void tick(struct watcher *watcher, int64_t now)
{
    if (is_stalled(watcher, now)) {
        watcher->service->metrics.watches_stalled++;
        end(watcher, QVT_UNAVAILABLE, "WATCHER_STALLED", "the watcher took nothing for too long");
        return;
    }
    enlist(watcher);
    if (!has_more(watcher) && watcher->sink.is_open(watcher->sink.data) && send_progress(watcher) != QVT_OK) {
        end(watcher, QVT_CANCELLED, NULL, "the client is gone");
    }
}

static int64_t next_tick_us(const struct service *service)
{
    const struct watcher *first = LIST_ENTRY(service->ticking.next, struct watcher, in_service);
    return first->since_us + (int64_t)service->options.progress_interval_ms * 1000;
}

void watch_turn(struct service *service, int64_t now)
{
    for (size_t i = 0; i < service->cluster_count; i++) {
        struct cluster *cluster = service->clusters[i];
        if ((cluster->has_news || cluster->offering) && replica_ready(cluster->replica, NULL) == QVT_OK) {
            offer_news(cluster);
        }
    }
    while (!list_is_empty(&service->ticking) && next_tick_us(service) <= now) {
        tick(LIST_ENTRY(service->ticking.next, struct watcher, in_service), now);
    }
}

int64_t watch_deadline_us(const struct service *service)
{
    return list_is_empty(&service->ticking) ? INT64_MAX : next_tick_us(service);
}

void watch_end_all(struct service *service)
{
    for (size_t i = 0; i < service->cluster_count; i++) {
        struct list *watchers = &service->clusters[i]->watchers;
        while (!list_is_empty(watchers)) {
            struct watcher *watcher = LIST_ENTRY(watchers->next, struct watcher, in_cluster);
            end(watcher, QVT_UNAVAILABLE, "SHUTTING_DOWN", "the server is shutting down");
        }
    }
}

void watch_recheck(struct service *service)
{
    for (size_t i = 0; i < service->cluster_count; i++) {
        struct cluster *cluster = service->clusters[i];
        struct list *next = NULL;
        for (struct list *node = cluster->watchers.next; node != &cluster->watchers; node = next) {
            struct watcher *watcher = LIST_ENTRY(node, struct watcher, in_cluster);
            qvt_error error;
            next = node->next;
            if (guard_admit_read(service->options.guard, watcher->caller, "Watch", cluster->name, &error) != QVT_OK) {
                end(watcher, error.status, error.reason, error.message);
            }
        }
    }
}
