#include <stdlib.h>

#include "base/check.h"
#include "server/registry/state.h"

struct record_name {
    uint32_t kind;
    qvt_slice key;
};

static bool has_name(const void *item, const void *key)
{
    const struct record *record = item;
    const struct record_name *name = key;
    return image_kind(record->image) == name->kind && qvt_slice_equal(image_key(record->image), name->key);
}

struct record *records_find(const struct registry *registry, uint32_t kind, qvt_slice key)
{
    struct record_name name = {kind, key};
    return table_find(&registry->table, table_hash(key, kind), has_name, &name);
}

/* One level in four reaches the next; the hash decides, so that every replica builds the same chain. */
static uint8_t pick_levels(uint64_t hash)
{
    uint8_t levels = 1;
    while (levels < CHAIN_LEVELS && (hash & 3u) == 3u) {
        levels++;
        hash >>= 2;
    }
    return levels;
}

qvt_status records_new(struct registry *registry, uint32_t kind, qvt_slice key, struct image *image,
                       struct record **out)
{
    QVT_TRY(table_reserve(&registry->table, 1));
    uint64_t hash = table_hash(key, kind);
    uint8_t levels = pick_levels(hash >> 20);
    struct record *record = calloc(1, sizeof *record + levels * sizeof(struct record *));
    if (record == NULL) {
        return QVT_NO_MEMORY;
    }
    record->hash = hash;
    record->levels = levels;
    record->image = image_ref(image);
    record->order.kind = ORDER_RECORD;
    list_init(&record->order.link);
    table_add(&registry->table, hash, record);
    *out = record;
    return QVT_OK;
}

void records_discard(struct registry *registry, struct record *record)
{
    table_remove(&registry->table, record->hash, record);
    image_unref(record->image);
    free(record);
}

static bool is_before(const struct record *record, uint32_t kind, qvt_slice key)
{
    uint32_t own = image_kind(record->image);
    return own != kind ? own < kind : qvt_slice_compare(image_key(record->image), key) < 0;
}

/* For each level the link behind the last record before (kind, key). */
static void find_links(struct registry *registry, uint32_t kind, qvt_slice key, struct record **links[CHAIN_LEVELS])
{
    struct record **next = registry->chain;
    for (unsigned level = CHAIN_LEVELS; level-- > 0;) {
        while (next[level] != NULL && is_before(next[level], kind, key)) {
            next = next[level]->next;
        }
        links[level] = &next[level];
    }
}

void records_link(struct registry *registry, struct record *record)
{
    struct record **links[CHAIN_LEVELS];
    find_links(registry, image_kind(record->image), image_key(record->image), links);
    for (unsigned level = 0; level < record->levels; level++) {
        record->next[level] = *links[level];
        *links[level] = record;
    }
    list_push_back(&registry->order, &record->order.link);
}

void records_delete(struct registry *registry, struct record *record)
{
    struct record **links[CHAIN_LEVELS];
    find_links(registry, image_kind(record->image), image_key(record->image), links);
    for (unsigned level = 0; level < record->levels; level++) {
        QVT_ASSERT(*links[level] == record);
        *links[level] = record->next[level];
    }
    list_remove(&record->order.link);
    records_discard(registry, record);
}

struct record *records_after(const struct registry *registry, uint32_t kind, qvt_slice key)
{
    struct record *const *next = registry->chain;
    for (unsigned level = CHAIN_LEVELS; level-- > 0;) {
        while (next[level] != NULL && is_before(next[level], kind, key)) {
            next = next[level]->next;
        }
    }
    struct record *found = next[0];
    bool same = found != NULL && image_kind(found->image) == kind && qvt_slice_equal(image_key(found->image), key);
    return same ? found->next[0] : found;
}
