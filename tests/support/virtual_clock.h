/* A clock that stands still until a test moves it. */
#ifndef QVT_TESTS_SUPPORT_VIRTUAL_CLOCK_H
#define QVT_TESTS_SUPPORT_VIRTUAL_CLOCK_H

#include "base/clock.h"

struct virtual_clock {
    struct clock clock; /* what the code under test gets; points into this struct */
    int64_t wall_us;
    int64_t monotonic_us;
};

/* wall_us: microseconds since 1970; the monotonic clock starts at one hour. The struct must not move afterwards. */
void virtual_clock_init(struct virtual_clock *virtual, int64_t wall_us);

/* Moves both clocks. */
void virtual_clock_advance_ms(struct virtual_clock *virtual, int64_t delta_ms);

#endif
