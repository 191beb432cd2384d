#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>

enum { CHUNK_MIN = 4096, CHUNK_MAX = 64 * 1024 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
    size_t fill;
    max_align_t memory[];
};

void arena_init(struct arena *arena, size_t cap)
{
    *arena = (struct arena){.cap = cap};
}

static void free_chunks(struct arena_chunk *chunk)
{
    while (chunk != NULL) {
        struct arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
}

void arena_deinit(struct arena *arena)
{
    free_chunks(arena->chunks);
    *arena = (struct arena){.cap = arena->cap};
}

/* Unlinks and returns the largest chunk that may be kept; NULL if there is none. */
static struct arena_chunk *take_keepable(struct arena *arena)
{
    struct arena_chunk **best = NULL;
    for (struct arena_chunk **link = &arena->chunks; *link != NULL; link = &(*link)->next) {
        if ((*link)->size <= CHUNK_MAX && (best == NULL || (*link)->size > (*best)->size)) {
            best = link;
        }
    }
    if (best == NULL) {
        return NULL;
    }
    struct arena_chunk *kept = *best;
    *best = kept->next;
    return kept;
}

void arena_reset(struct arena *arena)
{
    arena->used = 0;
    if (arena->chunks == NULL) {
        return;
    }
    struct arena_chunk *kept = take_keepable(arena);
    free_chunks(arena->chunks);
    arena->chunks = kept;
    if (kept != NULL) {
        kept->next = NULL;
        kept->fill = 0;
    }
}

static size_t next_chunk_size(const struct arena *arena)
{
    const struct arena_chunk *newest = arena->chunks;
    if (newest == NULL) {
        return CHUNK_MIN;
    }
    return newest->size > CHUNK_MAX / 2 ? CHUNK_MAX : newest->size * 2;
}

static struct arena_chunk *add_chunk(struct arena *arena, size_t need)
{
    size_t size = next_chunk_size(arena);
    if (size < need) {
        size = need;
    }
    if (size > SIZE_MAX - sizeof(struct arena_chunk)) {
        return NULL;
    }
    struct arena_chunk *chunk = malloc(sizeof(*chunk) + size);
    if (chunk == NULL) {
        return NULL;
    }
    chunk->size = size;
    chunk->fill = 0;
    /* An oversized chunk is full at once, so it goes behind the one that still has room. */
    struct arena_chunk **link = size > CHUNK_MAX && arena->chunks != NULL ? &arena->chunks->next : &arena->chunks;
    chunk->next = *link;
    *link = chunk;
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t unit = _Alignof(max_align_t);
    if (size > SIZE_MAX - unit) {
        return NULL;
    }
    size_t rounded = size == 0 ? unit : (size + unit - 1) / unit * unit;
    if (rounded > arena->cap - arena->used) {
        return NULL;
    }
    struct arena_chunk *chunk = arena->chunks;
    if (chunk == NULL || rounded > chunk->size - chunk->fill) {
        chunk = add_chunk(arena, rounded);
        if (chunk == NULL) {
            return NULL;
        }
    }
    void *memory = (char *)chunk->memory + chunk->fill;
    chunk->fill += rounded;
    arena->used += rounded;
    return memory;
}
