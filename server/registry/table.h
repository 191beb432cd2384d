/* An open-addressing hash table of pointers whose keys live in the items. */
#ifndef QVT_SERVER_REGISTRY_TABLE_H
#define QVT_SERVER_REGISTRY_TABLE_H

#include <stdbool.h>

#include "qvt/slice.h"
#include "qvt/status.h"

struct table_slot {
    uint64_t hash;
    void *item; /* NULL: empty */
};

/* Whether the item has the key that is looked for. */
typedef bool (*table_match)(const void *item, const void *key);

/* Invariants: capacity is 0 or a power of two; count is at most 3/4 of it. Start from {0}. */
struct table {
    struct table_slot *slots;
    size_t capacity;
    size_t count;
};

/* XXH3 of the bytes, mixed with `seed` (a kind, a flag). */
uint64_t table_hash(qvt_slice bytes, uint64_t seed);

void table_deinit(struct table *table);

/* Makes room for `extra` more items. NO_MEMORY leaves the table as it was. */
QVT_MUST_CHECK qvt_status table_reserve(struct table *table, size_t extra);

/* The item, or NULL. */
void *table_find(const struct table *table, uint64_t hash, table_match match, const void *key);

/* Adds an item that is not in the table; there is room (table_reserve). */
void table_add(struct table *table, uint64_t hash, void *item);

/* Removes this very item, which is in the table. */
void table_remove(struct table *table, uint64_t hash, const void *item);

/* The next item from slot *cursor on, in no useful order, or NULL; start with 0. Not while the table changes. */
void *table_next(const struct table *table, size_t *cursor);

#endif
