/* The table behind qvt/activity.h: chains that grow at their heads, by compare-and-set, and that one cleaner at a time
 * cuts actors out of; those who still look at a cut actor are waited for as readers.h says. */
#ifndef QVT_CLIENT_ACTIVITY_H
#define QVT_CLIENT_ACTIVITY_H

#include <stdatomic.h>

#include "qvt/activity.h"
#include "client/src/readers.h"

/* The handles that are out are counted in the low half of qvt_actor.handles, how often one was taken in the high half: who
 * finds the word unchanged knows that nobody had a handle in between. */
#define ACTOR_TAKEN (UINT64_C(1) << 32 | 1)
#define ACTOR_OUT UINT64_C(0x7fffffff)
/* An actor that was cut out: nobody takes it any more. */
#define ACTOR_GONE UINT64_C(0x80000000)

struct qvt_actor {
    _Atomic(uint64_t) handles;
    _Atomic(uint32_t) queue;
    _Atomic(uint32_t) calls;
    _Atomic(uint32_t) streams;
    _Atomic(int64_t) active_ms; /* the last event, by the coarse clock */
    uint64_t hash;
    _Atomic(struct qvt_actor *) next;
    struct retired retired;
    const char *id;
    char type[]; /* then the id */
};

struct qvt_activity {
    size_t bucket_count; /* a power of two */
    _Atomic(bool) is_cleaning;
    struct retire_list retired; /* the cleaner's */
    _Atomic(struct qvt_actor *) buckets[];
};

/* Milliseconds of a clock that costs little and steps a few at a time. */
int64_t activity_now_ms(void);

/* Nobody has a handle of the actor, nothing of it is open, and its last event was not after before_ms. *seen is for
 * activity_end. */
bool activity_is_idle(const qvt_actor *actor, int64_t before_ms, uint64_t *seen);

/* The idle actor is gone. False: somebody has had a handle since it was seen. */
bool activity_end(qvt_actor *actor, uint64_t seen);

/* Every actor that is not gone, inside reader_enter of this thread. */
void activity_each(qvt_activity *activity, void (*visit)(void *data, qvt_actor *actor), void *data);

/* The actor at this moment; texts are borrowed. */
void activity_describe(const qvt_actor *actor, int64_t now_ms, qvt_actor_activity *out);

#endif
