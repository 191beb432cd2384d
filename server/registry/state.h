/* The inside of a registry: records, their order, and the silos behind the index of versions. Private to this folder.
 *
 * Invariants:
 * 1. a record is in `table`, in the ordered chain, and in `order`, or in none of them;
 * 2. slots[silo->slot] is the silo, and set->members[silo->position] of its set names that slot. */
#ifndef QVT_SERVER_REGISTRY_STATE_H
#define QVT_SERVER_REGISTRY_STATE_H

#include "base/list.h"
#include "server/registry/history.h"
#include "server/registry/registry.h"
#include "server/registry/table.h"
#include "server/registry/version_set.h"

#define SETTING_INCARNATION_FLOOR "incarnation_floor" /* the highest incarnation of a deleted silo or above */
#define SETTING_EXPIRY_PAUSED "expiry_paused"         /* number: since when, wall clock in microseconds */

/* What hangs in the list of records by mod_revision: records, positions of walks, deletions that a walk must tell. */
enum order_kind { ORDER_RECORD, ORDER_WALK, ORDER_TOMBSTONE };

struct order_node {
    struct list link;
    enum order_kind kind;
};

struct record;

struct silo {
    struct registry_silo view;
    struct record *record;
    struct list dead_link;   /* in registry->dead while DEAD */
    struct version_set *set; /* NULL: no versions */
    uint32_t position;       /* in set->members */
    uint32_t slot;
    bool keeps_set; /* prepared: stays in the set of the silo before */
};

struct policy {
    struct registry_policy view;
    struct record *record;
};

#define CHAIN_LEVELS 10u

/* One (kind, key); stays the same memory while its image changes. */
struct record {
    struct order_node order;
    uint64_t hash;
    struct image *image;
    struct silo *silo;     /* RECORD_SILO */
    struct policy *policy; /* RECORD_POLICY */
    bool pending;          /* an apply in progress puts it */
    uint8_t levels;
    struct record *next[]; /* the ordered chain, a skip list */
};

struct registry {
    struct registry_limits limits;
    struct position head;
    struct history history;
    struct table table; /* (kind, key) → record */
    struct record *chain[CHAIN_LEVELS];
    struct list order;
    struct list walks; /* registry_walk.link */
    size_t tombstones; /* in order */
    struct version_index index;
    struct silo **slots;
    uint32_t *free_slots;
    uint32_t free_slot_count;
    uint32_t slot_used;
    uint32_t slot_capacity;
    struct list dead; /* DEAD silos, longest DEAD first */
    struct registry_counts counts;
    uint64_t last_incarnation; /* the highest ever given */
};

/* ---- records.c: look-up and order ---- */

struct record *records_find(const struct registry *registry, uint32_t kind, qvt_slice key);

/* A record that is in the table but neither in the chain nor in `order`. NO_MEMORY. */
QVT_MUST_CHECK qvt_status records_new(struct registry *registry, uint32_t kind, qvt_slice key, struct image *image,
                                      struct record **out);

/* Takes back records_new. */
void records_discard(struct registry *registry, struct record *record);

void records_link(struct registry *registry, struct record *record);

/* Out of table, chain and order; frees the record and drops its image. */
void records_delete(struct registry *registry, struct record *record);

/* The first record with (kind, key) greater than these, or NULL. */
struct record *records_after(const struct registry *registry, uint32_t kind, qvt_slice key);

/* ---- silo_index.c ---- */

/* A silo for the image, with everything reserved that the commit needs; `old` is the record's present one or NULL, `batch`
 * the one that has read the image, or NULL. NO_MEMORY; DATA_LOSS. */
QVT_MUST_CHECK qvt_status silo_prepare(struct registry *registry, struct image *image, const struct silo *old,
                                       const struct batch *batch, struct silo **out);

/* Takes back silo_prepare. */
void silo_abandon(struct registry *registry, struct silo *silo);

/* Puts the prepared silo in the place of record->silo; frees that. */
void silo_commit(struct registry *registry, struct record *record, struct silo *silo);

/* Takes the silo out of all indexes and frees it. */
void silo_remove(struct registry *registry, struct silo *silo);

/* ---- policy_view.c ---- */

QVT_MUST_CHECK qvt_status policy_new(struct policy **out, struct image *image);

/* The number of an encoded Setting. */
uint64_t setting_number(const struct image *image);

/* ---- walk.c ---- */

struct tombstone {
    struct order_node order;
    uint64_t revision;
    uint32_t kind;
    size_t key_len;
    uint8_t key[];
};

QVT_MUST_CHECK qvt_status tombstone_new(struct tombstone **out, uint32_t kind, qvt_slice key, uint64_t revision);

#endif
