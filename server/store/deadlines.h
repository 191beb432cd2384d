/* A heap of moments at which something is due, the earliest first. */
#ifndef QVT_SERVER_STORE_DEADLINES_H
#define QVT_SERVER_STORE_DEADLINES_H

#include <stddef.h>
#include <stdint.h>

#include "qvt/status.h"

/* Embedded in what is due. Start with index DEADLINE_NONE. */
struct deadline {
    int64_t due_us;
    size_t index; /* private; DEADLINE_NONE: not in the heap */
};

#define DEADLINE_NONE SIZE_MAX

/* The moment is copied beside the pointer, so that the heap is put in order without looking at what is due. */
struct deadline_slot {
    int64_t due_us;
    struct deadline *item;
};

/* Invariants: slots[(i - 1) / 4].due_us <= slots[i].due_us, slots[i].due_us == slots[i].item->due_us. Start from {0}. */
struct deadlines {
    struct deadline_slot *slots;
    size_t count;
    size_t capacity;
};

void deadlines_deinit(struct deadlines *deadlines);

/* Makes room for `total` items. NO_MEMORY. */
QVT_MUST_CHECK qvt_status deadlines_reserve(struct deadlines *deadlines, size_t total);

/* Adds the item, or moves it, to due_us; there is room. */
void deadlines_set(struct deadlines *deadlines, struct deadline *item, int64_t due_us);

/* Takes it out; nothing if it is not in. */
void deadlines_remove(struct deadlines *deadlines, struct deadline *item);

/* The earliest, or NULL. */
static inline struct deadline *deadlines_first(const struct deadlines *deadlines)
{
    return deadlines->count == 0 ? NULL : deadlines->slots[0].item;
}

#endif
