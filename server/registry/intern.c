#include "server/registry/intern.h"

#include <stdlib.h>

#include "base/check.h"

void version_interner_deinit(struct version_interner *interner)
{
    QVT_ASSERT(interner->table.count == 0);
    table_deinit(&interner->table);
    free(interner->by_id);
    free(interner->free_ids);
    *interner = (struct version_interner){.used = 0};
}

static bool matches(const void *item, const void *key)
{
    const struct version_entry *entry = item;
    const struct silo_view_version *version = key;
    return entry->has_fingerprint == version->has_fingerprint && entry->fingerprint == version->fingerprint &&
           qvt_slice_equal(qvt_slice_make(entry->text, entry->text_len), version->text);
}

/* The list of free ids is as long as that of entries, so that a release never allocates. */
static qvt_status grow(struct version_interner *interner)
{
    QVT_TRY(table_reserve(&interner->table, 1));
    if (interner->free_count > 0 || interner->used < interner->capacity) {
        return QVT_OK;
    }
    uint32_t capacity = interner->capacity == 0 ? 16 : interner->capacity * 2;
    struct version_entry **by_id = realloc(interner->by_id, capacity * sizeof *by_id);
    if (by_id == NULL) {
        return QVT_NO_MEMORY;
    }
    interner->by_id = by_id;
    uint32_t *free_ids = realloc(interner->free_ids, capacity * sizeof *free_ids);
    if (free_ids == NULL) {
        return QVT_NO_MEMORY;
    }
    interner->free_ids = free_ids;
    interner->capacity = capacity;
    return QVT_OK;
}

static qvt_status add(struct version_interner *interner, const struct silo_view_version *version, uint64_t hash,
                      uint32_t *id)
{
    QVT_TRY(grow(interner));
    struct version_entry *entry = malloc(sizeof *entry + version->text.len);
    if (entry == NULL) {
        return QVT_NO_MEMORY;
    }
    if (version->text.len > 0) {
        memcpy(entry->text, version->text.data, version->text.len);
    }
    entry->text_len = version->text.len;
    const char *why;
    if (semver_parse(&entry->semver, qvt_slice_make(entry->text, entry->text_len), &why) != QVT_OK) {
        free(entry);
        return QVT_DATA_LOSS;
    }
    entry->refs = 1;
    entry->hash = hash;
    entry->fingerprint = version->fingerprint;
    entry->has_fingerprint = version->has_fingerprint;
    entry->id = interner->free_count > 0 ? interner->free_ids[--interner->free_count] : interner->used++;
    interner->by_id[entry->id] = entry;
    table_add(&interner->table, hash, entry);
    *id = entry->id;
    return QVT_OK;
}

qvt_status version_intern(struct version_interner *interner, const struct silo_view_version *version, uint32_t *id)
{
    uint64_t hash = table_hash(version->text, version->fingerprint);
    struct version_entry *entry = table_find(&interner->table, hash, matches, version);
    if (entry == NULL) {
        return add(interner, version, hash, id);
    }
    entry->refs++;
    *id = entry->id;
    return QVT_OK;
}

void version_release(struct version_interner *interner, uint32_t id)
{
    struct version_entry *entry = interner->by_id[id];
    QVT_ASSERT(entry != NULL && entry->refs > 0);
    entry->refs--;
    if (entry->refs > 0) {
        return;
    }
    table_remove(&interner->table, entry->hash, entry);
    interner->by_id[id] = NULL;
    interner->free_ids[interner->free_count++] = id;
    free(entry);
}
