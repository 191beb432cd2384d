#include "server/registry/version_set.h"

#include <stdlib.h>

#include "base/check.h"

static bool has_name(const void *item, const void *key)
{
    const struct actor_type *type = item;
    const qvt_slice *name = key;
    return qvt_slice_equal(qvt_slice_make(type->name, type->name_len), *name);
}

struct actor_type *version_index_type(const struct version_index *index, qvt_slice name)
{
    return table_find(&index->types, table_hash(name, 0), has_name, &name);
}

static qvt_status new_type(struct version_index *index, qvt_slice name, struct actor_type **out)
{
    QVT_TRY(table_reserve(&index->types, 1));
    struct actor_type *type = calloc(1, sizeof *type + name.len);
    if (type == NULL) {
        return QVT_NO_MEMORY;
    }
    if (name.len > 0) {
        memcpy(type->name, name.data, name.len);
    }
    type->name_len = name.len;
    type->hash = table_hash(name, 0);
    table_add(&index->types, type->hash, type);
    *out = type;
    return QVT_OK;
}

static void free_type_if_unused(struct version_index *index, struct actor_type *type)
{
    if (type->set_count == 0) {
        table_remove(&index->types, type->hash, type);
        free(type->sets);
        free(type);
    }
}

static qvt_status reserve_type_set(struct actor_type *type)
{
    if (type->set_count < type->set_capacity) {
        return QVT_OK;
    }
    uint32_t capacity = type->set_capacity + type->set_capacity / 2 + 1;
    struct type_set *sets = realloc(type->sets, capacity * sizeof *sets);
    if (sets == NULL) {
        return QVT_NO_MEMORY;
    }
    type->sets = sets;
    type->set_capacity = capacity;
    return QVT_OK;
}

/* Equal types, versions and fingerprints in the same order; build ids and the like do not matter to the index. */
static uint64_t hash_versions(qvt_slice versions, uint32_t *count)
{
    struct silo_view_version version;
    uint64_t hash = 0;
    *count = 0;
    while (silo_view_next_version(&versions, &version)) {
        hash = table_hash(version.text, table_hash(version.actor_type, hash ^ version.fingerprint));
        (*count)++;
    }
    return hash;
}

struct set_key {
    const struct version_index *index;
    qvt_slice versions;
    uint32_t count;
};

static bool same_type(const struct version_index *index, const struct set_type *own,
                      const struct silo_view_version *version)
{
    const struct version_entry *entry = version_entry(&index->versions, own->version);
    return entry->has_fingerprint == version->has_fingerprint && entry->fingerprint == version->fingerprint &&
           has_name(own->type, &version->actor_type) &&
           qvt_slice_equal(qvt_slice_make(entry->text, entry->text_len), version->text);
}

static bool same_set(const void *item, const void *key)
{
    const struct version_set *set = item;
    const struct set_key *wanted = key;
    qvt_slice rest = wanted->versions;
    struct silo_view_version version;
    if (set->type_count != wanted->count) {
        return false;
    }
    for (uint32_t i = 0; i < set->type_count; i++) {
        if (!silo_view_next_version(&rest, &version) || !same_type(wanted->index, &set->types[i], &version)) {
            return false;
        }
    }
    return true;
}

static qvt_status add_type(struct version_index *index, struct version_set *set,
                           const struct silo_view_version *version)
{
    struct set_type *own = &set->types[set->type_count];
    QVT_TRY(version_intern(&index->versions, version, &own->version));
    qvt_status status = QVT_OK;
    own->type = version_index_type(index, version->actor_type);
    if (own->type == NULL) {
        status = new_type(index, version->actor_type, &own->type);
    }
    if (status == QVT_OK) {
        status = reserve_type_set(own->type);
        if (status != QVT_OK) {
            free_type_if_unused(index, own->type);
        }
    }
    if (status != QVT_OK) {
        version_release(&index->versions, own->version);
        return status;
    }
    own->position = own->type->set_count++;
    own->type->sets[own->position] = (struct type_set){set, own->version};
    set->type_count++;
    return QVT_OK;
}

/* The last set of the type takes the free place; it must know. */
static void remove_type(struct version_index *index, const struct set_type *own)
{
    struct actor_type *type = own->type;
    uint32_t last = --type->set_count;
    if (own->position != last) {
        struct version_set *moved = type->sets[last].set;
        type->sets[own->position] = type->sets[last];
        uint32_t i = 0;
        while (moved->types[i].type != type || moved->types[i].position != last) {
            i++;
            QVT_ASSERT(i < moved->type_count);
        }
        moved->types[i].position = own->position;
    }
    version_release(&index->versions, own->version);
    free_type_if_unused(index, type);
}

static void free_set(struct version_index *index, struct version_set *set)
{
    for (uint32_t i = 0; i < set->type_count; i++) {
        remove_type(index, &set->types[i]);
    }
    free(set->members);
    free(set);
}

static qvt_status new_set(struct version_index *index, const struct set_key *key, uint64_t hash,
                          struct version_set **out)
{
    QVT_TRY(table_reserve(&index->sets, 1));
    struct version_set *set = calloc(1, sizeof *set + key->count * sizeof set->types[0]);
    if (set == NULL) {
        return QVT_NO_MEMORY;
    }
    qvt_slice rest = key->versions;
    struct silo_view_version version;
    while (silo_view_next_version(&rest, &version)) {
        qvt_status status = add_type(index, set, &version);
        if (status != QVT_OK) {
            free_set(index, set);
            return status;
        }
    }
    set->hash = hash;
    table_add(&index->sets, hash, set);
    *out = set;
    return QVT_OK;
}

static void free_set_if_unused(struct version_index *index, struct version_set *set)
{
    if (set->member_count + set->reserved == 0) {
        table_remove(&index->sets, set->hash, set);
        free_set(index, set);
    }
}

static qvt_status reserve_member(struct version_set *set)
{
    uint32_t needed = set->member_count + set->reserved + 1;
    if (needed > set->member_capacity) {
        uint32_t capacity = needed + needed / 4;
        uint32_t *members = realloc(set->members, capacity * sizeof *members);
        if (members == NULL) {
            return QVT_NO_MEMORY;
        }
        set->members = members;
        set->member_capacity = capacity;
    }
    set->reserved++;
    return QVT_OK;
}

qvt_status version_set_reserve(struct version_index *index, qvt_slice versions, struct version_set **out)
{
    struct set_key key = {index, versions, 0};
    uint64_t hash = hash_versions(versions, &key.count);
    *out = NULL;
    if (key.count == 0) {
        return QVT_OK;
    }
    struct version_set *set = table_find(&index->sets, hash, same_set, &key);
    if (set == NULL) {
        QVT_TRY(new_set(index, &key, hash, &set));
    }
    qvt_status status = reserve_member(set);
    if (status != QVT_OK) {
        free_set_if_unused(index, set);
        return status;
    }
    *out = set;
    return QVT_OK;
}

void version_set_release(struct version_index *index, struct version_set *set)
{
    if (set != NULL) {
        set->reserved--;
        free_set_if_unused(index, set);
    }
}

uint32_t version_set_join(struct version_set *set, uint32_t slot)
{
    QVT_ASSERT(set->reserved > 0);
    set->reserved--;
    set->members[set->member_count] = slot;
    return set->member_count++;
}

uint32_t version_set_leave(struct version_index *index, struct version_set *set, uint32_t position)
{
    uint32_t moved = UINT32_MAX;
    uint32_t last = --set->member_count;
    if (position != last) {
        moved = set->members[position] = set->members[last];
    }
    free_set_if_unused(index, set);
    return moved;
}

uint32_t actor_type_members(const struct actor_type *type)
{
    uint32_t members = 0;
    for (uint32_t i = 0; i < type->set_count; i++) {
        members += type->sets[i].set->member_count;
    }
    return members;
}

void version_index_deinit(struct version_index *index)
{
    QVT_ASSERT(index->sets.count == 0 && index->types.count == 0);
    table_deinit(&index->sets);
    table_deinit(&index->types);
    version_interner_deinit(&index->versions);
}
