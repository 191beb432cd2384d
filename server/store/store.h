/* Where logs of clusters live: one interface, several implementations, one conformance suite (DESIGN "The core").
 *
 * Every call that takes a callback answers exactly once, either before it returns (memory) or later on the loop
 * (sqlite). A callback may close the log it belongs to: nothing of the log is touched after it. All on
 * the loop's thread. */
#ifndef QVT_SERVER_STORE_STORE_H
#define QVT_SERVER_STORE_STORE_H

#include "base/histogram.h"
#include "qvt/error.h"
#include "server/registry/change.h"
#include "server/registry/position.h"

struct store;
struct store_log;

/* ---- the store ---- */

/* Frees the store after its pending work; on_closed may run at once. No log may be open. */
void store_close(struct store *store, void (*on_closed)(void *data), void *data);

/* Names of the clusters that exist; borrowed during the call. */
typedef void (*store_on_list)(void *data, qvt_status status, const char *const *names, size_t count,
                              const qvt_error *error);
void store_list(struct store *store, store_on_list on_list, void *data);

/* Whether others may write the same clusters: refusals are then answers about store_head. */
bool store_is_shared(const struct store *store);

/* The store's clock: wall (incarnations, shown times) and monotonic (leases), in microseconds. */
int64_t store_wall_us(const struct store *store);
int64_t store_monotonic_us(const struct store *store);

/* ---- a cluster's logs: two, of one store_id ---- */

/* Called with changes that another replica appended, in order, gapless, from the position of the load on. */
typedef void (*store_on_changes)(void *data, struct change *const *changes, size_t count);

/* Opens the log of a cluster, which need not exist. `name` is copied; on_changes may be NULL. NO_MEMORY. */
QVT_MUST_CHECK qvt_status store_open_log(struct store *store, const char *name, store_on_changes on_changes, void *data,
                                         struct store_log **out);

/* Likewise the cluster's second log: owners of actors and their migrations (SPEC §10.1). It has a head, records and history
 * of its own, and neither leases nor soft state. */
QVT_MUST_CHECK qvt_status store_open_moves(struct store *store, const char *name, store_on_changes on_changes,
                                           void *data, struct store_log **out);

/* No call may be pending. NULL is fine. */
void store_close_log(struct store_log *log);

/* Borrowed during the callback; take references to what is kept. */
struct store_snapshot {
    struct position head; /* revision 0: the cluster does not exist */
    struct image *const *records;
    size_t record_count;
    struct change *const *history; /* oldest first, ends at head, without gap */
    size_t history_count;
};

typedef void (*store_on_load)(void *data, qvt_status status, const struct store_snapshot *snapshot,
                              const qvt_error *error);
/* Reads everything. DATA_LOSS: unreadable; UNAVAILABLE. Every silo that is not DEAD has a full lease afterwards (stores
 * that keep leases in memory). */
void store_load(struct store_log *log, store_on_load on_load, void *data);

/* A lease to grant or renew; a grant makes it, a renewal only finds it. */
struct store_lease {
    uint64_t incarnation;
    uint32_t ttl_ms;
};

/* Until when, by the monotonic clock, it is another replica's turn to append: what is decided before that has most likely
 * missed what the other decides. News may end it sooner. At most now: it is nobody else's. */
int64_t store_turn_us(const struct store_log *log);

/* Borrowed until the answer. */
struct store_append {
    const struct position *expected; /* the head it builds on */
    struct change *const *changes;
    size_t change_count;
    const struct store_lease *grants; /* leases of new incarnations, full from now */
    size_t grant_count;
    const uint64_t *ends; /* incarnations whose leases end with the commit, after the grants */
    size_t end_count;
    const uint64_t *lapsed; /* condition: these leases are over, or there are none */
    size_t lapsed_count;
    uint64_t keep_from; /* history below this revision may be dropped */
    /* Moves only, required there: the head of the cluster's own log that the changes were decided at, and whose store_id
     * they carry. It exists. */
    const struct position *cluster_head;
};

enum store_append_outcome {
    STORE_APPENDED, /* with an error: committed, but not as safely as the store was asked to; callers are told the error */
    STORE_CONFLICT,      /* the head differs; what was missed comes with it, nothing: reload */
    STORE_UNMET,         /* a lease of the condition runs again */
    STORE_CLUSTER_MOVED, /* moves only: the cluster's own log is not at cluster_head: catch up there, decide again */
    STORE_FAILED,        /* nothing was applied: see error (RESOURCE_EXHAUSTED, UNAVAILABLE, NO_MEMORY) */
    STORE_UNCERTAIN      /* applied or not, cannot be known: reload */
};

typedef void (*store_on_append)(void *data, enum store_append_outcome outcome, struct change *const *missed,
                                size_t missed_count, const qvt_error *error);
/* Atomic; at most one in flight per log. */
void store_append(struct store_log *log, const struct store_append *append, store_on_append on_append, void *data);

typedef void (*store_on_head)(void *data, qvt_status status, const struct position *head);
void store_head(struct store_log *log, store_on_head on_head, void *data);

/* For a shared store that lost changes this replica has seen: if the head is still `seen`, gives the cluster the store_id
 * (STORE_ID_LEN characters, NUL) at the same revision and token, and forgets its history. Answers with the head then in
 * force, whoever made it. UNAVAILABLE. */
void store_reset(struct store_log *log, const struct position *seen, const char *store_id, store_on_head on_head,
                 void *data);

/* ---- leases: they never touch the log ---- */

/* remaining_ms[i]: what is left of leases[i] after the renewal; 0: there is no such lease. A lease that is over and that
 * nobody dropped yet is renewed as well. */
typedef void (*store_on_renew)(void *data, qvt_status status, const uint32_t *remaining_ms, size_t count);
void store_renew(struct store_log *log, const struct store_lease *leases, size_t count, store_on_renew on_renew,
                 void *data);

/* Ends leases of incarnations that are gone; unknown ones are ignored. */
void store_drop(struct store_log *log, const uint64_t *incarnations, size_t count);

/* Incarnations whose leases are over by the store's clock and not dropped, at most `max`, longest first. */
typedef void (*store_on_lapsed)(void *data, qvt_status status, const uint64_t *incarnations, size_t count);
void store_lapsed(struct store_log *log, size_t max, store_on_lapsed on_lapsed, void *data);

/* When store_lapsed may next have something new to say, store_monotonic_us; INT64_MAX: no lease runs. May be early. */
int64_t store_next_lapse_us(const struct store_log *log);

/* What is left of a lease as last confirmed; 0: none. */
uint32_t store_lease_remaining_ms(const struct store_log *log, uint64_t incarnation);

/* ---- soft state: replica registry, demand, canary buckets, acknowledgements ---- */

/* Publishes this replica's value under the key until ttl_ms has passed; replaces the one before. */
QVT_MUST_CHECK qvt_status store_publish(struct store_log *log, const char *replica, const char *key, qvt_slice value,
                                        uint32_t ttl_ms);

struct store_soft {
    const char *replica;
    qvt_slice value;
};

typedef void (*store_on_collect)(void *data, qvt_status status, const struct store_soft *values, size_t count);
/* What all replicas have published under the key and is still valid. */
void store_collect(struct store_log *log, const char *key, store_on_collect on_collect, void *data);

/* ---- numbers since start ---- */

struct store_metrics {
    uint64_t appends[STORE_UNCERTAIN + 1]; /* by outcome */
    struct histogram append_us;            /* of those that were appended */
    struct histogram append_changes;       /* likewise: histogram_sizes */
};

/* Borrowed, valid as long as the store. */
const struct store_metrics *store_metrics(const struct store *store);

/* Leases that run, or are over and not dropped; 0 when the store keeps them elsewhere. */
size_t store_lease_count(const struct store_log *log);

#endif
