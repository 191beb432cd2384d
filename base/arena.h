/* A bump allocator with a cap: many small allocations, freed together. The cap bounds what one message may cost. */
#ifndef QVT_BASE_ARENA_H
#define QVT_BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

/* Invariants: used <= cap; the first chunk is kept by arena_reset so that a recycled arena does not malloc. */
struct arena {
    struct arena_chunk *chunks;
    size_t used;
    size_t cap;
};

/* cap: bytes that may be handed out between two resets. Allocates nothing. */
void arena_init(struct arena *arena, size_t cap);
void arena_deinit(struct arena *arena);

/* Forgets every allocation; keeps one chunk of at most 64 KiB. */
void arena_reset(struct arena *arena);

/* Memory aligned for any type, not zeroed, valid until reset; NULL over the cap or out of memory. */
void *arena_alloc(struct arena *arena, size_t size);

#endif
