/* Keeps one cluster's mirror in step with its log: queues commands, batches them into appends, renews leases, expires
 * and suspects silos. Sans-I/O: the driver calls replica_turn when asked, time and random come from outside. */
#ifndef QVT_SERVER_REPLICA_REPLICA_H
#define QVT_SERVER_REPLICA_REPLICA_H

#include "base/entropy.h"
#include "server/registry/propose.h"
#include "server/store/store.h"

struct replica;

/* Called by the replica; each may be NULL. None may free the replica. */
struct replica_observer {
    /* Call replica_turn once this loop turn's input has been read. Asked at most once until the turn. */
    void (*on_wake)(void *data);
    /* The mirror is at the change's position now. Called once per applied change, in order. */
    void (*on_change)(void *data, struct change *change);
    /* The mirror was (re)loaded: ready for reads and writes. Watchers start from a reset. */
    void (*on_ready)(void *data);
    void *data;
    /* The mirror is about to be replaced: end all walks, forget what was borrowed from the registry. */
    void (*on_unload)(void *data);
    /* Reads are answered from the mirror again, see replica_view. */
    void (*on_view_end)(void *data);
};

struct replica_options {
    struct store *store;
    const char *cluster;           /* copied */
    const struct entropy *entropy; /* must outlive the replica */
    struct registry_limits limits;
    struct replica_observer observer;
};

/* Opens the cluster's log and begins to load it: replica_ready until then refuses. The store must outlive it. Callbacks
 * may run before this returns; *out is set before the first. NO_MEMORY. */
QVT_MUST_CHECK qvt_status replica_new(struct replica **out, const struct replica_options *options);

/* Answers what waits with UNAVAILABLE, lets an append in flight end, then frees it. on_closed may run at once; NULL is
 * fine for it. */
void replica_close(struct replica *replica, void (*on_closed)(void *data), void *data);

/* Whether there is a mirror to read: OK from the first load on, also while it is loaded anew or the store is out of reach.
 * Else UNAVAILABLE reason WARMING_UP (SPEC §7.5), or why loading failed. error may be NULL. */
QVT_MUST_CHECK qvt_status replica_ready(const struct replica *replica, qvt_error *error);

/* Whether the last load failed, as replica_ready tells, and the next one has not succeeded yet. */
bool replica_load_failed(const struct replica *replica);

/* The mirror, for reads; at revision 0 until ready. Borrowed. Walks need it without const. */
struct registry *replica_registry(struct replica *replica);

/* What Find and List are answered from: the mirror, or, for one lease after a replica found the store emptied and made
 * it anew without silos, the mirror of before (SPEC §7.5). Borrowed. */
struct registry *replica_view(struct replica *replica);

/* Without a word from a store that others share for so long, answers carry their age. */
#define REPLICA_SILENCE_US INT64_C(2500000)

/* 0 while the store answers and the view is the mirror; else how old the view is. */
uint32_t replica_age_ms(const struct replica *replica);

/* error NULL: the mirror shows it, or the position is of another history. */
typedef void (*replica_on_synced)(void *data, qvt_status status, const qvt_error *error);

/* Waits until the mirror is at the position, or, `least` being NULL, shows everything that was committed before the call:
 * a look at the head a loop turn, however many wait. UNAVAILABLE: not within 2 s (BEHIND), or the store does not answer.
 * May call back at once. */
void replica_sync(struct replica *replica, const struct position *least, replica_on_synced on_synced, void *data);

/* Leases of the cluster's silos, as the store has them. */
size_t replica_lease_count(const struct replica *replica);

/* ---- writes ---- */

struct replica_outcome {
    qvt_status status;        /* OK: committed, or nothing was to be changed */
    const qvt_error *error;   /* of the refusal or failure; NULL when OK */
    struct position position; /* of the change, of the repeated change, or the head */
    struct image *image;      /* the record to answer with, borrowed; NULL: none */
};

/* The mirror already shows the change. */
typedef void (*replica_on_outcome)(void *data, const struct replica_outcome *outcome);

/* Queues a command; what it borrows must live until the outcome, which comes exactly once, maybe before this returns
 * (warming up, out of memory). The next replica_turn flushes. */
void replica_submit(struct replica *replica, const struct command *command, replica_on_outcome on_outcome, void *data);

/* ---- heartbeats ---- */

struct replica_heartbeat {
    qvt_status status;
    const qvt_error *error; /* NOT_FOUND SILO_NOT_FOUND or LEASE_EXPIRED, ABORTED SUPERSEDED, UNAVAILABLE, … */
    struct position position;
    uint64_t incarnation;
    uint32_t lease_remaining_ms; /* as the store confirmed it */
};

typedef void (*replica_on_heartbeat)(void *data, const struct replica_heartbeat *answer);

/* Renews the silo's lease and takes its health and activity. The request is borrowed until this returns; the answer
 * comes exactly once, maybe before that. */
void replica_heartbeat(struct replica *replica, const Quark__Version__V1__HeartbeatRequest *request,
                       replica_on_heartbeat on_heartbeat, void *data);

/* Appends the volatile fields of a silo (last_heartbeat, health, activity, lease_remaining_ms) as encoded SiloInfo
 * fields: record image + these bytes = the answer of Get and List. A registration counts as a heartbeat; what was heard
 * before this process is not known and left out. NO_MEMORY leaves `out` as it was. */
QVT_MUST_CHECK qvt_status replica_append_volatile(const struct replica *replica, const struct registry_silo *silo,
                                                  struct buf *out);

/* ---- the driver ---- */

/* Flushes what waits into one append (at most 100 changes or 1 MiB, one in flight) and does what time asks for: expiry,
 * suspicion, purge. */
void replica_turn(struct replica *replica);

/* When replica_turn must be called next even if nobody asks, store_monotonic_us; INT64_MAX: never. */
int64_t replica_deadline_us(const struct replica *replica);

#endif
