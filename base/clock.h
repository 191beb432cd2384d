/* Time as a value that is passed in: real clocks in a process, virtual time in tests. */
#ifndef QVT_BASE_CLOCK_H
#define QVT_BASE_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t (*wall_us)(void *data);      /* microseconds since 1970 (CLOCK_REALTIME); may step */
    int64_t (*monotonic_us)(void *data); /* microseconds since boot (CLOCK_BOOTTIME); never steps back */
    void *data;
};

/* The machine's clocks; static. Any thread. */
const struct clock *clock_system(void);

static inline int64_t clock_wall_us(const struct clock *clock)
{
    return clock->wall_us(clock->data);
}

static inline int64_t clock_monotonic_us(const struct clock *clock)
{
    return clock->monotonic_us(clock->data);
}

#endif
