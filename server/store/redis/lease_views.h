/* What one replica knows of the leases of a cluster that Redis keeps: when each ends, and when to look again, because
 * other replicas renew them too. Times are microseconds of Redis's clock unless said. */
#ifndef QVT_SERVER_STORE_REDIS_LEASE_VIEWS_H
#define QVT_SERVER_STORE_REDIS_LEASE_VIEWS_H

#include "server/registry/table.h"
#include "server/store/deadlines.h"

/* Start from {0}. */
struct lease_views {
    struct table table;
    struct deadlines due; /* by Redis's clock */
};

void lease_views_deinit(struct lease_views *views);

/* The lease is known to end then; 0: not known, look at once. A lease is looked at when half of it has passed without news:
 * a renewal is due every third. Out of memory: it is not known. */
void lease_views_set(struct lease_views *views, uint64_t incarnation, uint32_t ttl_ms, int64_t end_us, int64_t now_us);

/* As lease_views_set, for a lease that is known already and keeps its ttl. */
void lease_views_move(struct lease_views *views, uint64_t incarnation, int64_t end_us);
void lease_views_drop(struct lease_views *views, uint64_t incarnation);

/* What is left, rounded up; 0: over, or not known. */
uint32_t lease_views_remaining_ms(const struct lease_views *views, uint64_t incarnation, int64_t now_us);

/* 0: not known. */
uint32_t lease_views_ttl_ms(const struct lease_views *views, uint64_t incarnation);

/* Fills `out` with leases to look at, at most `most`; each is not looked at again for again_us unless moved. */
size_t lease_views_take_due(struct lease_views *views, int64_t now_us, int64_t again_us, uint64_t *out, size_t most);

#endif
