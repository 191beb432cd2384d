/* Versions by number: each distinct (text, fingerprint) of a cluster is parsed and kept once, released by count. */
#ifndef QVT_SERVER_REGISTRY_INTERN_H
#define QVT_SERVER_REGISTRY_INTERN_H

#include "server/registry/silo_view.h"
#include "server/registry/table.h"
#include "version/semver.h"

struct version_entry {
    uint32_t refs;
    uint32_t id;
    uint64_t hash;
    uint64_t fingerprint;
    bool has_fingerprint;
    struct semver semver; /* borrows from text */
    size_t text_len;
    char text[];
};

/* Start from {0}. */
struct version_interner {
    struct table table;
    struct version_entry **by_id; /* NULL: a free id */
    uint32_t *free_ids;
    uint32_t free_count;
    uint32_t used; /* ids handed out so far */
    uint32_t capacity;
};

/* All entries have been released. */
void version_interner_deinit(struct version_interner *interner);

/* The id of the version, with one more reference. NO_MEMORY; DATA_LOSS: the text is no version. */
QVT_MUST_CHECK qvt_status version_intern(struct version_interner *interner, const struct silo_view_version *version,
                                         uint32_t *id);
void version_release(struct version_interner *interner, uint32_t id);

static inline const struct version_entry *version_entry(const struct version_interner *interner, uint32_t id)
{
    return interner->by_id[id];
}

#endif
