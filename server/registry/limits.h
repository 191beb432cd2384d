/* What a cluster may hold and how patient it is: SPEC §3.9, §6.2, §7, every one a flag of qvtd. */
#ifndef QVT_SERVER_REGISTRY_LIMITS_H
#define QVT_SERVER_REGISTRY_LIMITS_H

#include <stdint.h>

struct registry_limits {
    uint32_t silos;              /* of a cluster that are not DEAD */
    uint32_t silo_types;         /* actor types of a silo */
    uint32_t labels;             /* of a silo */
    uint32_t label_bytes;        /* of a label's key, and of its value */
    uint32_t registration_bytes; /* of a silo's encoded record */
    uint32_t lease_default_ms;
    uint32_t lease_min_ms;
    uint32_t lease_max_ms;
    uint32_t suspect_missed;   /* heartbeats, 1 or 2: with the third the lease is over */
    uint32_t recover_renewals; /* in time, that clear suspect and unhealthy */
    uint32_t unhealthy_below;  /* the health score, 0 to 100 */
    uint32_t bulk_silos;       /* in one change of expiry, suspicion or purge */
    uint32_t bulk_bytes;
    uint32_t dead_silos; /* kept */
    int64_t dead_us;     /* how long they are kept */
    uint32_t history_changes;
    int64_t history_us;
    uint64_t history_bytes;
    uint32_t preserve_silos;   /* self-preservation: at least so many lapse within a window … */
    uint32_t preserve_percent; /* … and more than this share */
    int64_t preserve_max_us;   /* how long expiry may pause */
};

#define REGISTRY_LIMITS_DEFAULT                                                                                        \
    {                                                                                                                  \
        .silos = 100000, .silo_types = 1024, .labels = 64, .label_bytes = 256, .registration_bytes = 1u << 20,         \
        .lease_default_ms = 15000, .lease_min_ms = 2000, .lease_max_ms = 600000, .suspect_missed = 2,                  \
        .recover_renewals = 3, .unhealthy_below = 50, .bulk_silos = 1000, .bulk_bytes = 1u << 20, .dead_silos = 1000,  \
        .dead_us = INT64_C(604800000000), .history_changes = 10000, .history_us = INT64_C(3600000000),                 \
        .history_bytes = 64u << 20, .preserve_silos = 3, .preserve_percent = 15, .preserve_max_us = INT64_C(600000000) \
    }

#endif
