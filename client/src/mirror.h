/* What a watch has told so far, kept by the loop thread: silos, policies, and for each watched actor type its members.
 *
 * Invariants: a silo is a member of each watched type that it has; members are in byte order of silo ids; a type is dirty
 * while its table does not show its members and rules. */
#ifndef QVT_CLIENT_MIRROR_H
#define QVT_CLIENT_MIRROR_H

#include <stdbool.h>

#include "base/list.h"
#include "client/src/text_map.h"
#include "client/src/type_table.h"

struct mirror_type {
    struct text_node node;
    struct list dirty; /* in mirror.dirty; an empty list: clean */
    struct type_member *members;
    uint32_t count;
    uint32_t capacity;
    struct type_table *table; /* NULL: none made yet */
    char name[];
};

struct mirror {
    struct text_map silos;
    struct text_map policies;
    struct text_map types;
    struct list dirty;
    struct version_pool pool;
    bool is_damaged;     /* a record was lost: not to be shown */
    struct mirror *next; /* among those that are no longer shown */
};

void mirror_init(struct mirror *mirror);
void mirror_deinit(struct mirror *mirror);

/* Adds a type to watch, before any silo is put; a second time: nothing. NO_MEMORY. */
QVT_MUST_CHECK qvt_status mirror_add_type(struct mirror *mirror, const char *actor_type);

struct mirror_type *mirror_type(const struct mirror *mirror, const char *actor_type);

/* Takes a record as it is now, copied; kinds that answer no find are ignored. NO_MEMORY: the mirror may have lost the
 * record, and must be filled anew. */
QVT_MUST_CHECK qvt_status mirror_put(struct mirror *mirror, const qvt_record *record);
void mirror_remove(struct mirror *mirror, const qvt_record_key *key);

/* Makes the table of a dirty type anew; the old one is the caller's. NO_MEMORY: it stays dirty, *old is NULL. */
QVT_MUST_CHECK qvt_status mirror_refresh(struct mirror *mirror, struct mirror_type *type, struct type_table **old);

#endif
