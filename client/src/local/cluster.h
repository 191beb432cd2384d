/* A cluster within this process, for clients without endpoints (SPEC §9.1): its silos, its position, and the changes that
 * led there. Clients of the same cluster name share one; it ends with the last of them.
 *
 * A silo lives as long as its client, so that no lease ends here: there is no expiry, no suspicion, no self-preservation.
 *
 * All of it, watches too, is guarded by one lock of the process, which is held for one question or change at a time, and
 * never while calling out. */
#ifndef QVT_CLIENT_LOCAL_CLUSTER_H
#define QVT_CLIENT_LOCAL_CLUSTER_H

#include <stdbool.h>

#include "qvt/answer.h"
#include "qvt/error.h"
#include "base/list.h"
#include "client/src/local/silo.h"

/* What a watch may resume within. */
#define LOCAL_HISTORY_CHANGES 1024u
#define LOCAL_HISTORY_BYTES ((size_t)16 << 20)

/* A silo, and what of its heartbeats decides whether it is unhealthy (SPEC §3.4). */
struct local_entry {
    struct local_silo *silo;
    uint64_t incarnation; /* that the rest speaks of */
    uint32_t fit;         /* renewals in a row with a good score */
    bool has_score;
    double score;
};

/* One committed step. */
struct local_change {
    qvt_position position;
    uint64_t previous_token;
    qvt_change_event event;
    int64_t time_us;
    struct local_silo *before; /* NULL: it was not there */
    struct local_silo *after;  /* NULL: it is gone */
    size_t bytes;
};

/* Whoever is to be told that there is a change: a client's link. */
struct local_listener {
    struct list node;
    void (*on_change)(struct local_listener *listener); /* with the lock held; must only leave a note */
};

/* Invariants: entries in byte order of silo ids; changes[(first + i) % LOCAL_HISTORY_CHANGES] has revision
 * head.revision - change_count + 1 + i; head.revision is 0 until the first change, and then store_id is empty. */
struct local_cluster {
    struct list node;
    char *name;
    uint32_t refs;
    uint32_t forks; /* fork_count when it was made */
    qvt_position head;
    uint64_t last_incarnation;
    struct local_entry *entries;
    size_t entry_count, entry_capacity;
    size_t dead_count;
    struct local_change changes[LOCAL_HISTORY_CHANGES];
    size_t first_change, change_count, change_bytes;
    struct list listeners;
};

/* The cluster of that name, made when there is none. NO_MEMORY. Any thread. */
QVT_MUST_CHECK qvt_status local_cluster_open(struct local_cluster **out, const char *name);
void local_cluster_close(struct local_cluster *cluster);

void local_lock(void);
void local_unlock(void);

/* ---- with the lock held ---- */

void local_cluster_listen(struct local_cluster *cluster, struct local_listener *listener);
void local_cluster_unlisten(struct local_listener *listener);

/* NULL: there is none. */
struct local_entry *local_cluster_find(const struct local_cluster *cluster, const char *silo_id);

/* The change with that revision; NULL: it is not kept, or not made yet. */
const struct local_change *local_cluster_change(const struct local_cluster *cluster, uint64_t revision);

/* How a position relates to the history. */
enum local_resume {
    LOCAL_RESUME_KEPT, /* in it: a watch may go on after it */
    LOCAL_RESUME_OLD,  /* of this history, before what is kept */
    LOCAL_RESUME_LOST  /* of another one, or not reached */
};
enum local_resume local_cluster_resume(const struct local_cluster *cluster, const qvt_position *position);

/* Makes a silo what the info says, but for mod_revision and etag, which are this change's. All is copied. NO_MEMORY changes
 * nothing. */
QVT_MUST_CHECK qvt_status local_cluster_put(struct local_cluster *cluster, qvt_change_event event,
                                            const qvt_silo_info *info, const struct local_instance *instance);

#endif
