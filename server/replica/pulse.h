/* What a replica knows of a living silo beside its record: when it was heard, how it feels, what it should be marked.
 * Volatile: lost at a restart, in no log. */
#ifndef QVT_SERVER_REPLICA_PULSE_H
#define QVT_SERVER_REPLICA_PULSE_H

#include "base/list.h"
#include "server/registry/table.h"
#include "server/replica/health.h"
#include "server/store/deadlines.h"

struct pulse {
    uint64_t incarnation;
    uint32_t ttl_ms;
    struct deadline late;     /* when it will be suspect unless heard; moved lazily */
    struct list suspect_link; /* in pulses.suspects while suspect_wanted may differ from the record */
    struct list health_link;  /* in pulses.unhealthy likewise */
    int64_t heard_us;         /* monotonic: the last sign of life */
    int64_t heard_wall_us;    /* the same by the wall clock; 0: not heard in this process */
    int64_t begun_us;         /* monotonic: when the lease was first granted; INT64_MIN: unknown, long ago */
    struct health health;
    struct activity activity;
    uint32_t in_time; /* renewals in time, one after the other */
    uint32_t fit;     /* of those: with a good score */
    bool suspect_wanted;
    bool unhealthy_wanted;
    bool leaving; /* SHUTTING_DOWN: no longer expected */
    bool member;  /* of the set for which expiry was paused */
    bool assumed; /* heard_us is no sign of life, but the time that it is given to send one */
    size_t id_len;
    char silo_id[];
};

/* Start from pulses_init. */
struct pulses {
    struct table table; /* by incarnation */
    struct deadlines late;
    struct list suspects;
    struct list unhealthy;
    uint32_t suspect_missed; /* heartbeats missed that make a silo suspect: 1 or 2, the third ends the lease */
};

void pulses_init(struct pulses *pulses, uint32_t suspect_missed);
void pulses_deinit(struct pulses *pulses);

struct pulse *pulses_find(const struct pulses *pulses, uint64_t incarnation);

/* A pulse for an incarnation that has none. It counts as heard now, for it may have been, but not by us: heard_wall_us is 0.
 * NO_MEMORY. */
QVT_MUST_CHECK qvt_status pulses_add(struct pulses *pulses, uint64_t incarnation, qvt_slice silo_id, uint32_t ttl_ms,
                                     int64_t now_us, struct pulse **out);
void pulses_remove(struct pulses *pulses, uint64_t incarnation);

/* A sign of life: counts renewals in time and sets the moment of the next suspicion. A heartbeat is due every TTL/3
 * (SPEC §7.1); one is in time up to half an interval late, and a silo suspect once suspect_missed of them have not come
 * and a quarter of an interval has passed for those on the way: 2.25 intervals, 11.25 s of a lease of 15 s. */
void pulse_hear(struct pulses *pulses, struct pulse *pulse, int64_t now_us, int64_t wall_us);

/* The next pulse that looks silent by now_us, or NULL; it is then not looked at again until heard or watched. */
struct pulse *pulses_take_late(struct pulses *pulses, int64_t now_us);

/* Whether so many heartbeats are missing that the silo is suspect. */
bool pulse_is_silent(const struct pulses *pulses, const struct pulse *pulse, int64_t now_us);

/* It was heard by another replica at heard_us, if that is later than known here. */
void pulse_learn(struct pulses *pulses, struct pulse *pulse, int64_t heard_us);

/* Nothing could be heard until now: it gets the time to be. */
void pulse_assume(struct pulses *pulses, struct pulse *pulse, int64_t now_us);

/* Its lease is over, as the store says: nothing is assumed any more. */
void pulse_end(struct pulse *pulse, int64_t now_us);

/* When the lease ends, as far as this replica knows. */
int64_t pulse_end_us(const struct pulse *pulse);

/* Whether a heartbeat is missing. */
bool pulse_is_late(const struct pulse *pulse, int64_t now_us);

static inline qvt_slice pulse_id(const struct pulse *pulse)
{
    return qvt_slice_make(pulse->silo_id, pulse->id_len);
}

#endif
