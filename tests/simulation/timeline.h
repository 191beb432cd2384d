/* Virtual time: events in order of their moments, those of one moment in the order they were added. */
#ifndef QVT_TESTS_SIMULATION_TIMELINE_H
#define QVT_TESTS_SIMULATION_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Embedded in what happens. Start with index EVENT_NONE. It is out of the timeline when `run` is called. */
struct event {
    int64_t at_us;
    uint64_t order;
    size_t index;
    void (*run)(struct event *event);
    void (*drop)(struct event *event); /* the run ends before the event: frees; NULL: nothing to free */
};

#define EVENT_NONE SIZE_MAX

/* Invariant: no event is before its parent in the heap. Start from {0}. */
struct timeline {
    int64_t now_us;
    uint64_t order;
    struct event **heap;
    size_t count;
    size_t capacity;
};

/* Adds the event, or moves it; a moment that has passed is now. */
void timeline_set(struct timeline *timeline, struct event *event, int64_t at_us);
void timeline_remove(struct timeline *timeline, struct event *event);

/* Runs the first event, unless it comes after until_us: then only the time moves there. False: none was run. */
bool timeline_step(struct timeline *timeline, int64_t until_us);

/* Drops every event and frees the heap. */
void timeline_deinit(struct timeline *timeline);

#endif
