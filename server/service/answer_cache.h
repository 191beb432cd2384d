/* Encoded answers by the bytes of their requests: the hot path of FindCompatibleSilos looks nothing else up. */
#ifndef QVT_SERVER_SERVICE_ANSWER_CACHE_H
#define QVT_SERVER_SERVICE_ANSWER_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "qvt/slice.h"
#include "qvt/status.h"

struct answer_entry;

struct answer_slot {
    uint64_t hash;
    struct answer_entry *entry;
};

/* One remembered answer; request and answer bytes follow it in the same block. */
struct answer_entry {
    const uint64_t *current; /* the generation of the cluster that answered; must outlive the entry */
    uint64_t generation;     /* the answer holds while *current equals it */
    uint64_t served;         /* how often it was given: what a demand ledger counts, once for the entry */
    uint32_t request_len;
    uint32_t answer_len;
    uint8_t bytes[];
};

/* Invariants: bytes <= bytes_max; an entry sits within PROBES slots of its hash. Start with answer_cache_init. */
struct answer_cache {
    struct answer_slot *slots; /* NULL until the first put */
    size_t bytes;
    size_t bytes_max;
    /* Told of each entry before it goes, with its request and how often it was served; may be NULL. */
    void (*on_drop)(void *data, qvt_slice request, uint64_t served);
    void *data;
};

void answer_cache_init(struct answer_cache *cache, size_t bytes_max);
void answer_cache_deinit(struct answer_cache *cache);

/* The answer to exactly these request bytes, if it is still true: the generation it was made at is the current one.
 * Counts it as served. *out is borrowed until the next put. Allocates nothing. */
bool answer_cache_get(struct answer_cache *cache, qvt_slice request, qvt_slice *out);

/* Remembers the answer of generation *current, served once. An answer too large for the cache, or one that finds no
 * memory, is not remembered. */
void answer_cache_put(struct answer_cache *cache, qvt_slice request, qvt_slice answer, const uint64_t *current);

/* Forgets the entries of one cluster, before `current` goes. */
void answer_cache_forget(struct answer_cache *cache, const uint64_t *current);

#endif
