#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "client/src/activity.h"
#include "client/src/version_set.h"

struct qvt_activity_list {
    struct arena arena; /* texts */
    qvt_actor_activity *actors;
    size_t count;
    size_t capacity;
    qvt_status status;
    int64_t now_ms;
};

double qvt_activity_score(uint32_t queue_depth, uint32_t calls_in_flight, uint32_t streams, uint64_t idle_ms)
{
    double queue = queue_depth >= 4 ? 0.4 : queue_depth / 10.0;
    double calls = calls_in_flight >= 2 ? 0.3 : calls_in_flight / 5.0;
    double recent = idle_ms >= 60000 ? 0 : 0.1 * (1 - (double)idle_ms / 60000.0);
    double score = queue + calls + (streams > 0 ? 0.2 : 0) + recent;
    return score > 1 ? 1 : score;
}

void activity_each(qvt_activity *activity, void (*visit)(void *data, qvt_actor *actor), void *data)
{
    for (size_t i = 0; i < activity->bucket_count; i++) {
        for (qvt_actor *actor = atomic_load(&activity->buckets[i]); actor != NULL; actor = atomic_load(&actor->next)) {
            if ((atomic_load_explicit(&actor->handles, memory_order_relaxed) & ACTOR_GONE) == 0) {
                visit(data, actor);
            }
        }
    }
}

void activity_describe(const qvt_actor *actor, int64_t now_ms, qvt_actor_activity *out)
{
    int64_t active_ms = atomic_load_explicit(&actor->active_ms, memory_order_relaxed);
    *out = (qvt_actor_activity){
        .actor_type = actor->type,
        .actor_id = actor->id,
        .queue_depth = atomic_load_explicit(&actor->queue, memory_order_relaxed),
        .calls_in_flight = atomic_load_explicit(&actor->calls, memory_order_relaxed),
        .streams = atomic_load_explicit(&actor->streams, memory_order_relaxed),
        .idle_ms = now_ms > active_ms ? (uint64_t)(now_ms - active_ms) : 0,
    };
    out->score = qvt_activity_score(out->queue_depth, out->calls_in_flight, out->streams, out->idle_ms);
    out->is_hot = out->score > 0.5 || out->calls_in_flight > 0 || out->queue_depth > 0;
}

static void keep(void *data, qvt_actor *actor)
{
    qvt_activity_list *list = data;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 256 : list->capacity * 2;
        qvt_actor_activity *actors = realloc(list->actors, capacity * sizeof *actors);
        if (actors == NULL) {
            list->status = QVT_NO_MEMORY;
            return;
        }
        list->actors = actors;
        list->capacity = capacity;
    }
    qvt_actor_activity *entry = &list->actors[list->count];
    activity_describe(actor, list->now_ms, entry);
    if (copy_text(&list->arena, actor->type, &entry->actor_type) != QVT_OK ||
        copy_text(&list->arena, actor->id, &entry->actor_id) != QVT_OK) {
        list->status = QVT_NO_MEMORY;
        return;
    }
    list->count++;
}

static int compare(const void *left, const void *right)
{
    const qvt_actor_activity *a = left, *b = right;
    if (a->score < b->score || a->score > b->score) {
        return a->score < b->score ? -1 : 1;
    }
    if (a->queue_depth != b->queue_depth) {
        return a->queue_depth < b->queue_depth ? -1 : 1;
    }
    if (a->calls_in_flight != b->calls_in_flight) {
        return a->calls_in_flight < b->calls_in_flight ? -1 : 1;
    }
    int order = strcmp(a->actor_type, b->actor_type);
    return order != 0 ? order : strcmp(a->actor_id, b->actor_id);
}

qvt_status qvt_activity_list_new(qvt_activity_list **out, qvt_activity *activity)
{
    struct reader *reader = reader_of_thread();
    qvt_activity_list *list = calloc(1, sizeof *list);
    if (list == NULL || reader == NULL) {
        free(list);
        return QVT_NO_MEMORY;
    }
    arena_init(&list->arena, SIZE_MAX / 2);
    list->now_ms = activity_now_ms();
    if (activity != NULL) {
        reader_enter(reader);
        activity_each(activity, keep, list);
        reader_leave(reader);
    }
    if (list->status != QVT_OK) {
        qvt_activity_list_free(list);
        return QVT_NO_MEMORY;
    }
    if (list->count > 0) {
        qsort(list->actors, list->count, sizeof *list->actors, compare);
    }
    *out = list;
    return QVT_OK;
}

size_t qvt_activity_list_count(const qvt_activity_list *list)
{
    return list->count;
}

const qvt_actor_activity *qvt_activity_list_actor(const qvt_activity_list *list, size_t index)
{
    QVT_ASSERT(index < list->count);
    return &list->actors[index];
}

void qvt_activity_list_free(qvt_activity_list *list)
{
    if (list != NULL) {
        arena_deinit(&list->arena);
        free(list->actors);
        free(list);
    }
}

struct totals {
    qvt_activity_totals *sums;
    int64_t now_ms;
};

static void sum(void *data, qvt_actor *actor)
{
    const struct totals *totals = data;
    qvt_actor_activity one;
    activity_describe(actor, totals->now_ms, &one);
    totals->sums->actors++;
    totals->sums->hot_actors += one.is_hot;
    totals->sums->queue_depth += one.queue_depth;
    totals->sums->calls_in_flight += one.calls_in_flight;
    totals->sums->streams += one.streams;
}

void qvt_activity_read_totals(qvt_activity *activity, qvt_activity_totals *out)
{
    struct totals totals = {out, activity_now_ms()};
    struct reader *reader = activity == NULL ? NULL : reader_of_thread();
    *out = (qvt_activity_totals){0, 0, 0, 0, 0};
    if (reader != NULL) {
        reader_enter(reader);
        activity_each(activity, sum, &totals);
        reader_leave(reader);
    }
}
