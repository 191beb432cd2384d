/* Which silos have which actor types. Silos of one deployment have the same versions, so the index goes from a type to
 * the sets of versions that contain it, and from a set to its silos; a silo costs one entry, however many types it has.
 * Private to this folder. */
#ifndef QVT_SERVER_REGISTRY_VERSION_SET_H
#define QVT_SERVER_REGISTRY_VERSION_SET_H

#include "server/registry/intern.h"

struct version_set;

/* A set that contains the type, and at which version. */
struct type_set {
    struct version_set *set;
    uint32_t version; /* id in version_index.versions */
};

struct actor_type {
    uint64_t hash;
    struct type_set *sets;
    uint32_t set_count;
    uint32_t set_capacity;
    size_t name_len;
    char name[];
};

struct set_type {
    struct actor_type *type;
    uint32_t version;
    uint32_t position; /* in type->sets */
};

/* Invariants: lives while it has members or reservations; sets[types[i].position] of types[i].type is this set. */
struct version_set {
    uint64_t hash;
    uint32_t *members; /* slots of silos, in no order */
    uint32_t member_count;
    uint32_t member_capacity;
    uint32_t reserved; /* members that an apply in progress may add */
    uint32_t type_count;
    struct set_type types[];
};

/* Start from {0}. */
struct version_index {
    struct table sets;
    struct table types;
    struct version_interner versions;
};

/* No set is left. */
void version_index_deinit(struct version_index *index);

/* The set of these encoded version entries (silo_view_versions), with room reserved for one more member; NULL for no
 * entries. NO_MEMORY; DATA_LOSS: a version cannot be read. */
QVT_MUST_CHECK qvt_status version_set_reserve(struct version_index *index, qvt_slice versions,
                                              struct version_set **out);

/* Takes back version_set_reserve; NULL is fine. */
void version_set_release(struct version_index *index, struct version_set *set);

/* Makes the slot a member in the reserved place; returns its position. */
uint32_t version_set_join(struct version_set *set, uint32_t slot);

/* Takes the member at `position` out; the slot that moves there instead, or UINT32_MAX. */
uint32_t version_set_leave(struct version_index *index, struct version_set *set, uint32_t position);

struct actor_type *version_index_type(const struct version_index *index, qvt_slice name);

/* How many silos have the type. */
uint32_t actor_type_members(const struct actor_type *type);

#endif
