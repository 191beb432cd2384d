#include "server/registry/table.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/check.h"

uint64_t table_hash(qvt_slice bytes, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes.len == 0 ? "" : (const void *)bytes.data, bytes.len, seed);
}

void table_deinit(struct table *table)
{
    free(table->slots);
    *table = (struct table){NULL, 0, 0};
}

static size_t find_free(const struct table_slot *slots, size_t mask, uint64_t hash)
{
    size_t i = (size_t)hash & mask;
    while (slots[i].item != NULL) {
        i = (i + 1) & mask;
    }
    return i;
}

qvt_status table_reserve(struct table *table, size_t extra)
{
    size_t needed = table->count + extra;
    if (needed * 4 <= table->capacity * 3) {
        return QVT_OK;
    }
    size_t capacity = table->capacity == 0 ? 16 : table->capacity * 2;
    while (needed * 4 > capacity * 3) {
        capacity *= 2;
    }
    struct table_slot *slots = calloc(capacity, sizeof *slots);
    if (slots == NULL) {
        return QVT_NO_MEMORY;
    }
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].item != NULL) {
            slots[find_free(slots, capacity - 1, table->slots[i].hash)] = table->slots[i];
        }
    }
    free(table->slots);
    table->slots = slots;
    table->capacity = capacity;
    return QVT_OK;
}

void *table_find(const struct table *table, uint64_t hash, table_match match, const void *key)
{
    if (table->count == 0) {
        return NULL;
    }
    size_t mask = table->capacity - 1;
    for (size_t i = (size_t)hash & mask; table->slots[i].item != NULL; i = (i + 1) & mask) {
        if (table->slots[i].hash == hash && match(table->slots[i].item, key)) {
            return table->slots[i].item;
        }
    }
    return NULL;
}

void table_add(struct table *table, uint64_t hash, void *item)
{
    QVT_ASSERT((table->count + 1) * 4 <= table->capacity * 3);
    size_t i = find_free(table->slots, table->capacity - 1, hash);
    table->slots[i] = (struct table_slot){hash, item};
    table->count++;
}

/* Items after the hole move back unless that would put them before their home slot. */
static void close_hole(struct table *table, size_t hole)
{
    size_t mask = table->capacity - 1;
    for (size_t i = (hole + 1) & mask; table->slots[i].item != NULL; i = (i + 1) & mask) {
        size_t home = (size_t)table->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            table->slots[hole] = table->slots[i];
            hole = i;
        }
    }
    table->slots[hole].item = NULL;
}

void table_remove(struct table *table, uint64_t hash, const void *item)
{
    QVT_ASSERT(table->count > 0);
    size_t mask = table->capacity - 1;
    size_t i = (size_t)hash & mask;
    while (table->slots[i].item != item) {
        QVT_ASSERT(table->slots[i].item != NULL);
        i = (i + 1) & mask;
    }
    close_hole(table, i);
    table->count--;
}

void *table_next(const struct table *table, size_t *cursor)
{
    while (*cursor < table->capacity) {
        void *item = table->slots[(*cursor)++].item;
        if (item != NULL) {
            return item;
        }
    }
    return NULL;
}
