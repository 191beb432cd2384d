/* The leases of one cluster, kept in memory: for stores of one process (SPEC §7.3). */
#ifndef QVT_SERVER_STORE_LEASES_H
#define QVT_SERVER_STORE_LEASES_H

#include "base/list.h"
#include "server/registry/table.h"
#include "server/store/deadlines.h"

/* Start from leases_init. Times are a monotonic clock's, in microseconds. */
struct leases {
    struct table table;       /* by incarnation */
    struct deadlines running; /* due lazily: a renewal only moves the lease's end */
    struct list over;         /* ended and not dropped, longest first */
    struct list spare;        /* reserved for grants */
    size_t spare_count;
};

void leases_init(struct leases *leases);
void leases_deinit(struct leases *leases);

/* Makes room for `count` grants that then cannot fail. NO_MEMORY. */
QVT_MUST_CHECK qvt_status leases_reserve(struct leases *leases, size_t count);

/* A full lease for the incarnation, new or not; reserved before. */
void leases_grant(struct leases *leases, uint64_t incarnation, uint32_t ttl_ms, int64_t now_us);

/* While held, a lease is not renewed: a commit that ends it is under way. Each hold needs its release. */
void leases_hold(struct leases *leases, uint64_t incarnation, bool held);

/* Whether there was a lease to renew. */
bool leases_renew(struct leases *leases, uint64_t incarnation, uint32_t ttl_ms, int64_t now_us);

void leases_drop(struct leases *leases, uint64_t incarnation);

/* Whether there is one, over or not. */
bool leases_has(const struct leases *leases, uint64_t incarnation);

/* What is left, rounded up; 0: over, or none. */
uint32_t leases_remaining_ms(const struct leases *leases, uint64_t incarnation, int64_t now_us);

/* Fills `out` with up to `max` incarnations whose leases are over, longest first; returns how many. */
size_t leases_lapsed(struct leases *leases, int64_t now_us, uint64_t *out, size_t max);

/* When the next running lease may end; INT64_MAX: none runs. May be early. */
int64_t leases_next_us(const struct leases *leases);

#endif
