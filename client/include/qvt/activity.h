/* How busy each actor of this process is: what decides who moves first when a silo is emptied (SPEC §9.4).
 *
 * Lock-free and from any thread. An actor is a handle; each event is a few instructions on its own cache line. Where the
 * tracker is off, which is a NULL one, every function takes NULL and does nothing. */
#ifndef QVT_ACTIVITY_H
#define QVT_ACTIVITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qvt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qvt_activity qvt_activity;
typedef struct qvt_actor qvt_actor;

typedef struct qvt_activity_options {
    uint32_t size;            /* sizeof this struct */
    uint32_t expected_actors; /* more cost time, not correctness; default 16384 */
} qvt_activity_options;

#define QVT_ACTIVITY_OPTIONS_INIT                                                                                      \
    {                                                                                                                  \
        sizeof(qvt_activity_options), 16384                                                                            \
    }

/* A tracker without actors, freed by the caller. options may be NULL. INVALID_ARGUMENT for the size, NO_MEMORY. */
QVT_API QVT_MUST_CHECK qvt_status qvt_activity_new(qvt_activity **out, const qvt_activity_options *options);

/* Every handle must have been released, and nobody may be in a call. NULL is fine. */
QVT_API void qvt_activity_free(qvt_activity *activity);

/* The actor of this type and id, with one more handle on it, released by the caller, who keeps it as long as something
 * began that has not ended. activity NULL: *out is NULL, OK.
 * INVALID_ARGUMENT for a NULL text, NO_MEMORY. */
QVT_API QVT_MUST_CHECK qvt_status qvt_activity_actor(qvt_actor **out, qvt_activity *activity, const char *actor_type,
                                                     const char *actor_id);
QVT_API void qvt_actor_release(qvt_actor *actor);

/* What happens at an actor: a message waits and no longer does, a call runs, a stream is open. Counters never go below 0. No
 * lock, no system call. */
QVT_API void qvt_actor_enqueued(qvt_actor *actor);
QVT_API void qvt_actor_dequeued(qvt_actor *actor);
QVT_API void qvt_actor_call_began(qvt_actor *actor);
QVT_API void qvt_actor_call_ended(qvt_actor *actor);
QVT_API void qvt_actor_stream_opened(qvt_actor *actor);
QVT_API void qvt_actor_stream_closed(qvt_actor *actor);

/* One actor at one moment. Made by the library; later versions may append members. */
typedef struct qvt_actor_activity {
    const char *actor_type;
    const char *actor_id;
    uint32_t queue_depth;
    uint32_t calls_in_flight;
    uint32_t streams;
    uint64_t idle_ms; /* since the last event */
    double score;     /* 0 idle to 1 busy */
    bool is_hot;      /* score > 0.5, or a call in flight, or a message waiting */
} qvt_actor_activity;

/* min(queue/10, 0.4) + min(calls/5, 0.3) + (streams > 0 ? 0.2 : 0) + 0.1·max(0, 1 − idle/60 s), at most 1. Pure. */
QVT_API double qvt_activity_score(uint32_t queue_depth, uint32_t calls_in_flight, uint32_t streams, uint64_t idle_ms);

/* Immutable, independent of its tracker. */
typedef struct qvt_activity_list qvt_activity_list;

/* All actors in the order in which they should move: score, queue, calls, ascending. Not one moment for all of them.
 * *out is freed by the caller. NO_MEMORY. */
QVT_API QVT_MUST_CHECK qvt_status qvt_activity_list_new(qvt_activity_list **out, qvt_activity *activity);
QVT_API size_t qvt_activity_list_count(const qvt_activity_list *list);
QVT_API const qvt_actor_activity *qvt_activity_list_actor(const qvt_activity_list *list, size_t index);
QVT_API void qvt_activity_list_free(qvt_activity_list *list); /* NULL is fine */

/* The sums over all actors. Its layout is final. */
typedef struct qvt_activity_totals {
    uint32_t actors;
    uint32_t hot_actors;
    uint32_t queue_depth;
    uint32_t calls_in_flight;
    uint32_t streams;
} qvt_activity_totals;

/* Writes the sums at this moment. */
QVT_API void qvt_activity_read_totals(qvt_activity *activity, qvt_activity_totals *out);

/* Forgets actors without handle, whose counters are 0 and to whom nothing happened for so long. How many. */
QVT_API size_t qvt_activity_clean(qvt_activity *activity, uint64_t idle_ms);

#ifdef __cplusplus
}
#endif

#endif
