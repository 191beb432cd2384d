#include "server/store/deadlines.h"

#include <stdlib.h>

#include "base/check.h"

#define CHILDREN 4u

void deadlines_deinit(struct deadlines *deadlines)
{
    free(deadlines->slots);
    *deadlines = (struct deadlines){NULL, 0, 0};
}

qvt_status deadlines_reserve(struct deadlines *deadlines, size_t total)
{
    if (total <= deadlines->capacity) {
        return QVT_OK;
    }
    size_t capacity = deadlines->capacity == 0 ? 16 : deadlines->capacity * 2;
    capacity = capacity < total ? total : capacity;
    struct deadline_slot *slots = realloc(deadlines->slots, capacity * sizeof *slots);
    if (slots == NULL) {
        return QVT_NO_MEMORY;
    }
    deadlines->slots = slots;
    deadlines->capacity = capacity;
    return QVT_OK;
}

static void place(struct deadlines *deadlines, size_t index, struct deadline_slot slot)
{
    deadlines->slots[index] = slot;
    slot.item->index = index;
}

static size_t sift_up(struct deadlines *deadlines, size_t index)
{
    struct deadline_slot slot = deadlines->slots[index];
    while (index > 0 && deadlines->slots[(index - 1) / CHILDREN].due_us > slot.due_us) {
        place(deadlines, index, deadlines->slots[(index - 1) / CHILDREN]);
        index = (index - 1) / CHILDREN;
    }
    place(deadlines, index, slot);
    return index;
}

/* The earliest child of the slot; the count where it has none. */
static size_t first_child(const struct deadlines *deadlines, size_t index)
{
    size_t first = index * CHILDREN + 1;
    if (first >= deadlines->count) {
        return deadlines->count;
    }
    size_t end = deadlines->count - first < CHILDREN ? deadlines->count : first + CHILDREN;
    for (size_t child = first + 1; child < end; child++) {
        first = deadlines->slots[child].due_us < deadlines->slots[first].due_us ? child : first;
    }
    return first;
}

static void sift_down(struct deadlines *deadlines, size_t index)
{
    struct deadline_slot slot = deadlines->slots[index];
    size_t child = first_child(deadlines, index);
    while (child < deadlines->count && deadlines->slots[child].due_us < slot.due_us) {
        place(deadlines, index, deadlines->slots[child]);
        index = child;
        child = first_child(deadlines, index);
    }
    place(deadlines, index, slot);
}

static void settle(struct deadlines *deadlines, size_t index)
{
    sift_down(deadlines, sift_up(deadlines, index));
}

void deadlines_set(struct deadlines *deadlines, struct deadline *item, int64_t due_us)
{
    item->due_us = due_us;
    if (item->index == DEADLINE_NONE) {
        QVT_ASSERT(deadlines->count < deadlines->capacity);
        item->index = deadlines->count++;
    }
    place(deadlines, item->index, (struct deadline_slot){due_us, item});
    settle(deadlines, item->index);
}

void deadlines_remove(struct deadlines *deadlines, struct deadline *item)
{
    if (item->index == DEADLINE_NONE) {
        return;
    }
    size_t index = item->index;
    struct deadline_slot last = deadlines->slots[--deadlines->count];
    item->index = DEADLINE_NONE;
    if (last.item != item) {
        place(deadlines, index, last);
        settle(deadlines, index);
    }
}
