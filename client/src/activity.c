#define _DEFAULT_SOURCE /* CLOCK_MONOTONIC_COARSE */
#include "client/src/activity.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/list.h"
#include "client/src/options.h"
#include "client/src/text_map.h"

#define LINE_BYTES 64u
#define BUCKETS_MAX ((size_t)1 << 24)

int64_t activity_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

qvt_status qvt_activity_new(qvt_activity **out, const qvt_activity_options *given)
{
    qvt_activity_options options = QVT_ACTIVITY_OPTIONS_INIT;
    size_t buckets = 64;
    QVT_TRY(options_read(&options, sizeof options, given, "qvt_activity_options", NULL));
    while (buckets < options.expected_actors && buckets < BUCKETS_MAX) {
        buckets *= 2;
    }
    qvt_activity *activity = calloc(1, sizeof *activity + buckets * sizeof activity->buckets[0]);
    if (activity == NULL) {
        return QVT_NO_MEMORY;
    }
    activity->bucket_count = buckets;
    *out = activity;
    return QVT_OK;
}

static void free_actor(struct retired *retired)
{
    free(LIST_ENTRY(retired, struct qvt_actor, retired));
}

void qvt_activity_free(qvt_activity *activity)
{
    if (activity == NULL) {
        return;
    }
    for (size_t i = 0; i < activity->bucket_count; i++) {
        qvt_actor *actor = atomic_load(&activity->buckets[i]);
        while (actor != NULL) {
            qvt_actor *next = atomic_load(&actor->next);
            QVT_ASSERT((atomic_load(&actor->handles) & ACTOR_OUT) == 0);
            free(actor);
            actor = next;
        }
    }
    retire_abandon(&activity->retired);
    free(activity);
}

/* A handle on an actor that is not gone. */
static bool take(qvt_actor *actor)
{
    uint64_t handles = atomic_load_explicit(&actor->handles, memory_order_relaxed);
    while ((handles & ACTOR_GONE) == 0) {
        if (atomic_compare_exchange_weak(&actor->handles, &handles, handles + ACTOR_TAKEN)) {
            return true;
        }
    }
    return false;
}

struct actor_key {
    const char *type, *id;
    size_t type_size, id_size;
    uint64_t hash;
};

/* Takes the actor with this key between two places of a chain. */
static qvt_actor *find_between(qvt_actor *actor, const qvt_actor *end, const struct actor_key *key)
{
    for (; actor != end && actor != NULL; actor = atomic_load(&actor->next)) {
        if (actor->hash == key->hash && strcmp(actor->type, key->type) == 0 && strcmp(actor->id, key->id) == 0 &&
            take(actor)) {
            return actor;
        }
    }
    return NULL;
}

static qvt_actor *new_actor(const struct actor_key *key)
{
    size_t size = sizeof(qvt_actor) + key->type_size + key->id_size;
    qvt_actor *actor = aligned_alloc(LINE_BYTES, (size + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES);
    if (actor == NULL) {
        return NULL;
    }
    memset(actor, 0, sizeof *actor);
    atomic_init(&actor->handles, ACTOR_TAKEN);
    atomic_init(&actor->active_ms, activity_now_ms());
    actor->hash = key->hash;
    memcpy(actor->type, key->type, key->type_size);
    actor->id = memcpy(actor->type + key->type_size, key->id, key->id_size);
    return actor;
}

/* Whoever loses the race for the head looks whether the winner brought the same actor. */
static qvt_status add(qvt_actor **out, _Atomic(qvt_actor *) *head, qvt_actor *seen, const struct actor_key *key)
{
    qvt_actor *actor = new_actor(key);
    if (actor == NULL) {
        return QVT_NO_MEMORY;
    }
    qvt_actor *first = seen;
    atomic_store_explicit(&actor->next, first, memory_order_relaxed);
    while (!atomic_compare_exchange_strong(head, &first, actor)) {
        qvt_actor *found = find_between(first, seen, key);
        if (found != NULL) {
            free(actor);
            *out = found;
            return QVT_OK;
        }
        seen = first;
        atomic_store_explicit(&actor->next, first, memory_order_relaxed);
    }
    *out = actor;
    return QVT_OK;
}

qvt_status qvt_activity_actor(qvt_actor **out, qvt_activity *activity, const char *actor_type, const char *actor_id)
{
    *out = NULL;
    if (activity == NULL) {
        return QVT_OK;
    }
    if (actor_type == NULL || actor_id == NULL) {
        return QVT_INVALID_ARGUMENT;
    }
    struct actor_key key = {actor_type, actor_id, strlen(actor_type) + 1, strlen(actor_id) + 1, 0};
    struct reader *reader = reader_of_thread();
    if (reader == NULL) {
        return QVT_NO_MEMORY;
    }
    key.hash = text_hash(actor_type, key.type_size) * 31 + text_hash(actor_id, key.id_size);
    key.hash ^= key.hash >> 29;
    _Atomic(qvt_actor *) *head = &activity->buckets[key.hash & (activity->bucket_count - 1)];
    qvt_status status = QVT_OK;
    reader_enter(reader);
    qvt_actor *first = atomic_load(head);
    *out = find_between(first, NULL, &key);
    if (*out == NULL) {
        status = add(out, head, first, &key);
    }
    reader_leave(reader);
    return status;
}

void qvt_actor_release(qvt_actor *actor)
{
    if (actor != NULL) {
        atomic_fetch_sub_explicit(&actor->handles, 1, memory_order_release);
    }
}

static inline void touch(qvt_actor *actor)
{
    atomic_store_explicit(&actor->active_ms, activity_now_ms(), memory_order_relaxed);
}

static inline void raise(_Atomic(uint32_t) *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static inline void lower(_Atomic(uint32_t) *counter)
{
    uint32_t value = atomic_load_explicit(counter, memory_order_relaxed);
    while (value > 0 && !atomic_compare_exchange_weak_explicit(counter, &value, value - 1, memory_order_relaxed,
                                                               memory_order_relaxed)) {}
}

#define DEFINE_EVENT(name, change, counter)                                                                            \
    void qvt_actor_##name(qvt_actor *actor)                                                                            \
    {                                                                                                                  \
        if (actor != NULL) {                                                                                           \
            change(&actor->counter);                                                                                   \
            touch(actor);                                                                                              \
        }                                                                                                              \
    }

DEFINE_EVENT(enqueued, raise, queue)
DEFINE_EVENT(dequeued, lower, queue)
DEFINE_EVENT(call_began, raise, calls)
DEFINE_EVENT(call_ended, lower, calls)
DEFINE_EVENT(stream_opened, raise, streams)
DEFINE_EVENT(stream_closed, lower, streams)

/* Cuts the actor out of its chain; only heads change under the cleaner, and only by growing. */
static void cut(_Atomic(qvt_actor *) *head, qvt_actor *actor)
{
    qvt_actor *first = actor;
    if (atomic_compare_exchange_strong(head, &first, atomic_load(&actor->next))) {
        return;
    }
    while (atomic_load(&first->next) != actor) {
        first = atomic_load(&first->next);
    }
    atomic_store(&first->next, atomic_load(&actor->next));
}

bool activity_is_idle(const qvt_actor *actor, int64_t before_ms, uint64_t *seen)
{
    *seen = atomic_load(&actor->handles);
    return (*seen & (ACTOR_OUT | ACTOR_GONE)) == 0 && atomic_load(&actor->queue) == 0 &&
           atomic_load(&actor->calls) == 0 && atomic_load(&actor->streams) == 0 &&
           atomic_load(&actor->active_ms) <= before_ms;
}

bool activity_end(qvt_actor *actor, uint64_t seen)
{
    return atomic_compare_exchange_strong(&actor->handles, &seen, ACTOR_GONE);
}

static size_t clean_bucket(qvt_activity *activity, _Atomic(qvt_actor *) *head, int64_t before_ms)
{
    size_t count = 0;
    qvt_actor *actor = atomic_load(head);
    while (actor != NULL) {
        uint64_t seen;
        qvt_actor *next = atomic_load(&actor->next);
        if (activity_is_idle(actor, before_ms, &seen) && activity_end(actor, seen)) {
            cut(head, actor);
            retire_push(&activity->retired, &actor->retired, NULL, free_actor);
            count++;
        }
        actor = next;
    }
    return count;
}

size_t qvt_activity_clean(qvt_activity *activity, uint64_t idle_ms)
{
    bool busy = false;
    size_t count = 0;
    if (activity == NULL || !atomic_compare_exchange_strong(&activity->is_cleaning, &busy, true)) {
        return 0;
    }
    int64_t before_ms = activity_now_ms() - (int64_t)(idle_ms > INT64_MAX ? INT64_MAX : idle_ms);
    for (size_t i = 0; i < activity->bucket_count; i++) {
        count += clean_bucket(activity, &activity->buckets[i], before_ms);
    }
    retire_sweep(&activity->retired);
    atomic_store(&activity->is_cleaning, false);
    return count;
}
