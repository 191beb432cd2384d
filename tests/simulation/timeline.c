#include "tests/simulation/timeline.h"

#include <stdlib.h>

#include "base/check.h"

static bool is_before(const struct event *a, const struct event *b)
{
    return a->at_us < b->at_us || (a->at_us == b->at_us && a->order < b->order);
}

static void place(struct timeline *timeline, size_t index, struct event *event)
{
    timeline->heap[index] = event;
    event->index = index;
}

static void sift_up(struct timeline *timeline, size_t index)
{
    struct event *event = timeline->heap[index];
    while (index > 0 && is_before(event, timeline->heap[(index - 1) / 2])) {
        place(timeline, index, timeline->heap[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    place(timeline, index, event);
}

static void sift_down(struct timeline *timeline, size_t index)
{
    struct event *event = timeline->heap[index];
    for (size_t child; (child = 2 * index + 1) < timeline->count; index = child) {
        if (child + 1 < timeline->count && is_before(timeline->heap[child + 1], timeline->heap[child])) {
            child++;
        }
        if (!is_before(timeline->heap[child], event)) {
            break;
        }
        place(timeline, index, timeline->heap[child]);
    }
    place(timeline, index, event);
}

void timeline_remove(struct timeline *timeline, struct event *event)
{
    size_t index = event->index;
    if (index == EVENT_NONE) {
        return;
    }
    struct event *last = timeline->heap[--timeline->count];
    event->index = EVENT_NONE;
    if (last != event) {
        place(timeline, index, last);
        sift_up(timeline, index);
        sift_down(timeline, last->index);
    }
}

void timeline_set(struct timeline *timeline, struct event *event, int64_t at_us)
{
    timeline_remove(timeline, event);
    if (timeline->count == timeline->capacity) {
        timeline->capacity = timeline->capacity == 0 ? 64 : timeline->capacity * 2;
        timeline->heap = realloc(timeline->heap, timeline->capacity * sizeof(struct event *));
        QVT_ASSERT(timeline->heap != NULL);
    }
    event->at_us = at_us < timeline->now_us ? timeline->now_us : at_us;
    event->order = timeline->order++;
    timeline->heap[timeline->count] = event;
    sift_up(timeline, timeline->count++);
}

bool timeline_step(struct timeline *timeline, int64_t until_us)
{
    if (timeline->count == 0 || timeline->heap[0]->at_us > until_us) {
        timeline->now_us = until_us;
        return false;
    }
    struct event *event = timeline->heap[0];
    timeline_remove(timeline, event);
    timeline->now_us = event->at_us;
    event->run(event);
    return true;
}

void timeline_deinit(struct timeline *timeline)
{
    while (timeline->count > 0) {
        struct event *event = timeline->heap[0];
        timeline_remove(timeline, event);
        if (event->drop != NULL) {
            event->drop(event);
        }
    }
    free(timeline->heap);
    *timeline = (struct timeline){.heap = NULL};
}
