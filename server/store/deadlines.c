#include "server/store/deadlines.h"

#include <stdlib.h>

#include "base/check.h"

void deadlines_deinit(struct deadlines *deadlines)
{
    free(deadlines->items);
    *deadlines = (struct deadlines){NULL, 0, 0};
}

qvt_status deadlines_reserve(struct deadlines *deadlines, size_t total)
{
    if (total <= deadlines->capacity) {
        return QVT_OK;
    }
    size_t capacity = deadlines->capacity == 0 ? 16 : deadlines->capacity * 2;
    capacity = capacity < total ? total : capacity;
    struct deadline **items = realloc(deadlines->items, capacity * sizeof(struct deadline *));
    if (items == NULL) {
        return QVT_NO_MEMORY;
    }
    deadlines->items = items;
    deadlines->capacity = capacity;
    return QVT_OK;
}

static void place(struct deadlines *deadlines, size_t index, struct deadline *item)
{
    deadlines->items[index] = item;
    item->index = index;
}

static void sift_up(struct deadlines *deadlines, size_t index)
{
    struct deadline *item = deadlines->items[index];
    while (index > 0 && deadlines->items[(index - 1) / 2]->due_us > item->due_us) {
        place(deadlines, index, deadlines->items[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    place(deadlines, index, item);
}

static void sift_down(struct deadlines *deadlines, size_t index)
{
    struct deadline *item = deadlines->items[index];
    for (;;) {
        size_t child = 2 * index + 1;
        if (child + 1 < deadlines->count && deadlines->items[child + 1]->due_us < deadlines->items[child]->due_us) {
            child++;
        }
        if (child >= deadlines->count || deadlines->items[child]->due_us >= item->due_us) {
            break;
        }
        place(deadlines, index, deadlines->items[child]);
        index = child;
    }
    place(deadlines, index, item);
}

static void settle(struct deadlines *deadlines, size_t index)
{
    struct deadline *item = deadlines->items[index];
    sift_up(deadlines, index);
    sift_down(deadlines, item->index);
}

void deadlines_set(struct deadlines *deadlines, struct deadline *item, int64_t due_us)
{
    item->due_us = due_us;
    if (item->index == DEADLINE_NONE) {
        QVT_ASSERT(deadlines->count < deadlines->capacity);
        place(deadlines, deadlines->count++, item);
    }
    settle(deadlines, item->index);
}

void deadlines_remove(struct deadlines *deadlines, struct deadline *item)
{
    if (item->index == DEADLINE_NONE) {
        return;
    }
    size_t index = item->index;
    struct deadline *last = deadlines->items[--deadlines->count];
    item->index = DEADLINE_NONE;
    if (last != item) {
        place(deadlines, index, last);
        settle(deadlines, index);
    }
}
