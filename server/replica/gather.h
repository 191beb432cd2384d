/* Whether waiting commands go into the next append at once, or wait a moment for company. An append costs much the same for
 * one command and for a hundred, and those whose answers have just left are likely to ask again: begun at once, the next
 * append would leave without them, and half as full as it could be, from then on.
 *
 * Pure; for a store of one process. Where replicas share one, whose turn it is decides. */
#ifndef QVT_SERVER_REPLICA_GATHER_H
#define QVT_SERVER_REPLICA_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GATHER_WAIT_US = 1000, /* the longest wait */
    GATHER_TOOK_US = 200,  /* an append that is quicker is not worth waiting for */
    GATHER_REST = 64       /* appends that do not wait, after a wait for which nobody came */
};

/* Start from {0}. Times are a monotonic clock's, in microseconds. */
struct gather {
    size_t wanted;    /* commands to wait for; 0: none */
    size_t waiting;   /* while that is not 0: those that wait */
    size_t waited;    /* the same when the append ended */
    int64_t until_us; /* the end of the wait */
    unsigned rest;    /* appends that still do not wait */
};

/* An append of `answered` commands has ended after took_us; `waiting` others came meanwhile; `most` fit into one. */
void gather_append_ended(struct gather *gather, size_t answered, size_t waiting, size_t most, int64_t took_us,
                         int64_t now_us);

/* Another command has come. */
static inline void gather_came(struct gather *gather)
{
    gather->waiting++;
}

/* Whether they should wait on, until gather->until_us at the latest. */
bool gather_waits(struct gather *gather, int64_t now_us);

#endif
