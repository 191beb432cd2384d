#include "tests/support/virtual_clock.h"

static int64_t wall_us(void *data)
{
    const struct virtual_clock *virtual = data;
    return virtual->wall_us;
}

static int64_t monotonic_us(void *data)
{
    const struct virtual_clock *virtual = data;
    return virtual->monotonic_us;
}

void virtual_clock_init(struct virtual_clock *virtual, int64_t start_us)
{
    *virtual = (struct virtual_clock){{wall_us, monotonic_us, virtual}, start_us, INT64_C(3600000000)};
}

void virtual_clock_advance_ms(struct virtual_clock *virtual, int64_t delta_ms)
{
    virtual->wall_us += delta_ms * 1000;
    virtual->monotonic_us += delta_ms * 1000;
}
