/* How a silo feels and what it is busy with, as it last said: volatile, in no decision but `unhealthy` (SPEC §3.5). */
#ifndef QVT_SERVER_REPLICA_HEALTH_H
#define QVT_SERVER_REPLICA_HEALTH_H

#include <stdbool.h>

#include "base/buf.h"
#include "quark/version/v1/silo.pb-c.h"
#include "qvt/status.h"

struct health {
    double cpu_percent;
    double memory_percent;
    double latency_ms;
    double score;
    bool known;
};

struct activity {
    uint32_t actors;
    uint32_t hot_actors;
    uint32_t queue_depth;
    uint32_t calls_in_flight;
    uint32_t streams;
    bool known;
};

/* Clamps what was reported and makes the score. Not a number counts as 0. */
struct health health_read(const Quark__Version__V1__Health *reported);
struct activity activity_read(const Quark__Version__V1__Activity *reported);

/* Append the fields `health` (31) and `activity` (32) of SiloInfo; nothing when unknown. NO_MEMORY. */
QVT_MUST_CHECK qvt_status health_append(const struct health *health, struct buf *out);
QVT_MUST_CHECK qvt_status activity_append(const struct activity *activity, struct buf *out);

#endif
