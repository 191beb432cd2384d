/* What the file keeps of a cluster's history, held in memory: says which images are still the newest of their record.
 * Private to this folder. Kept by the loop while nothing is on the pool, only read on the pool. */
#ifndef QVT_SERVER_STORE_SQLITE_KEPT_H
#define QVT_SERVER_STORE_SQLITE_KEPT_H

#include "server/registry/history.h"

/* Invariant: `newest` has the last image of every record that the history puts and does not delete after that. Start
 * from {0}. */
struct sqlite_kept {
    bool known; /* false: what the file keeps has not been read */
    struct history history;
    struct table newest; /* of images, borrowed from the history */
};

/* Empty and not known. */
void sqlite_kept_forget(struct sqlite_kept *kept);

/* Adds changes that follow; it is known then, or, for want of memory, all is forgotten. */
void sqlite_kept_add(struct sqlite_kept *kept, struct change *const *changes, size_t count);

/* Drops the changes below the revision, the newest one too. */
void sqlite_kept_drop_below(struct sqlite_kept *kept, uint64_t revision);

/* The newest image of the record in the history, or NULL. */
struct image *sqlite_kept_newest(const struct sqlite_kept *kept, uint32_t kind, qvt_slice key);

#endif
