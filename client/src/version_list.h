/* The versions of a silo as the mirror keeps them: parsed, never changed, and shared by all silos with the same ones, of
 * which a cluster has few at a time. */
#ifndef QVT_CLIENT_VERSION_LIST_H
#define QVT_CLIENT_VERSION_LIST_H

#include <stdatomic.h>

#include "qvt/silo.h"
#include "client/src/version_set.h"
#include "version/semver.h"

struct version_list {
    _Atomic(uint32_t) refs;
    struct version_list *next; /* in its bucket */
    uint64_t hash;
    struct version_set *set; /* by actor type in byte order */
    struct semver *parsed;   /* one for each of the set; what cannot be parsed is not offered … */
    bool *is_parsed;         /* … and false here */
};

/* All lists of one mirror, which holds a reference to each. Starts zeroed; one thread. */
struct version_pool {
    struct version_list *buckets[256];
};

/* The list with these versions, with one more reference. NO_MEMORY. */
QVT_MUST_CHECK qvt_status version_list_get(struct version_list **out, struct version_pool *pool,
                                           const qvt_actor_version *versions, size_t count);

/* Any thread. */
void version_list_unref(struct version_list *list);

/* Drops the pool's reference to lists that nobody else uses. */
void version_pool_trim(struct version_pool *pool);
void version_pool_deinit(struct version_pool *pool);

#endif
