#include "server/service/answer_cache.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

enum { SLOTS = 4096, PROBES = 4, ENTRY_MAX = 64 * 1024 };

void answer_cache_init(struct answer_cache *cache, size_t bytes_max)
{
    *cache = (struct answer_cache){.bytes_max = bytes_max};
}

static size_t entry_size(const struct answer_entry *entry)
{
    return sizeof(*entry) + entry->request_len + entry->answer_len;
}

static void drop(struct answer_cache *cache, struct answer_slot *slot)
{
    struct answer_entry *entry = slot->entry;
    if (entry == NULL) {
        return;
    }
    if (cache->on_drop != NULL) {
        cache->on_drop(cache->data, qvt_slice_make(entry->bytes, entry->request_len), entry->served);
    }
    cache->bytes -= entry_size(entry);
    slot->entry = NULL;
    free(entry);
}

static void drop_all(struct answer_cache *cache)
{
    for (size_t i = 0; cache->slots != NULL && i < SLOTS; i++) {
        drop(cache, &cache->slots[i]);
    }
}

void answer_cache_deinit(struct answer_cache *cache)
{
    drop_all(cache);
    free(cache->slots);
    cache->slots = NULL;
}

static bool is_for(const struct answer_slot *slot, uint64_t hash, qvt_slice request)
{
    const struct answer_entry *entry = slot->entry;
    return entry != NULL && slot->hash == hash && entry->request_len == request.len &&
           memcmp(entry->bytes, request.data, request.len) == 0;
}

bool answer_cache_get(struct answer_cache *cache, qvt_slice request, qvt_slice *out)
{
    if (cache->slots == NULL || request.len == 0) {
        return false;
    }
    uint64_t hash = XXH3_64bits(request.data, request.len);
    for (uint64_t i = 0; i < PROBES; i++) {
        struct answer_slot *slot = &cache->slots[(hash + i) % SLOTS];
        if (!is_for(slot, hash, request)) {
            continue;
        }
        struct answer_entry *entry = slot->entry;
        if (entry->generation != *entry->current) {
            return false;
        }
        entry->served++;
        *out = qvt_slice_make(entry->bytes + entry->request_len, entry->answer_len);
        return true;
    }
    return false;
}

/* The slot with this request, else a free one, else a stale one, else the one at the hash itself. */
static struct answer_slot *choose_slot(struct answer_cache *cache, uint64_t hash, qvt_slice request)
{
    struct answer_slot *free_slot = NULL;
    struct answer_slot *stale_slot = NULL;
    for (uint64_t i = PROBES; i-- > 0;) {
        struct answer_slot *slot = &cache->slots[(hash + i) % SLOTS];
        if (is_for(slot, hash, request)) {
            return slot;
        }
        if (slot->entry == NULL) {
            free_slot = slot;
        } else if (slot->entry->generation != *slot->entry->current) {
            stale_slot = slot;
        }
    }
    if (free_slot != NULL) {
        return free_slot;
    }
    return stale_slot != NULL ? stale_slot : &cache->slots[hash % SLOTS];
}

static struct answer_entry *make_entry(qvt_slice request, qvt_slice answer, const uint64_t *current)
{
    struct answer_entry *entry = malloc(sizeof(*entry) + request.len + answer.len);
    if (entry == NULL) {
        return NULL;
    }
    entry->current = current;
    entry->generation = *current;
    entry->served = 1;
    entry->request_len = (uint32_t)request.len;
    entry->answer_len = (uint32_t)answer.len;
    memcpy(entry->bytes, request.data, request.len);
    if (answer.len > 0) {
        memcpy(entry->bytes + request.len, answer.data, answer.len);
    }
    return entry;
}

void answer_cache_put(struct answer_cache *cache, qvt_slice request, qvt_slice answer, const uint64_t *current)
{
    if (cache->slots == NULL) {
        cache->slots = calloc(SLOTS, sizeof(*cache->slots));
    }
    size_t size = sizeof(struct answer_entry) + request.len + answer.len;
    if (cache->slots == NULL || request.len == 0 || size > ENTRY_MAX || size > cache->bytes_max) {
        return;
    }
    if (cache->bytes + size > cache->bytes_max) {
        drop_all(cache);
    }
    struct answer_entry *entry = make_entry(request, answer, current);
    if (entry == NULL) {
        return;
    }
    uint64_t hash = XXH3_64bits(request.data, request.len);
    struct answer_slot *slot = choose_slot(cache, hash, request);
    drop(cache, slot);
    *slot = (struct answer_slot){hash, entry};
    cache->bytes += size;
}

void answer_cache_forget(struct answer_cache *cache, const uint64_t *current)
{
    for (size_t i = 0; cache->slots != NULL && i < SLOTS; i++) {
        if (cache->slots[i].entry != NULL && cache->slots[i].entry->current == current) {
            drop(cache, &cache->slots[i]);
        }
    }
}
