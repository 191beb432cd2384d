#include "base/clock.h"

#include <time.h>

#include "base/check.h"

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    QVT_ASSERT(clock_gettime(id, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t wall_us(void *data)
{
    (void)data;
    return read_us(CLOCK_REALTIME);
}

static int64_t monotonic_us(void *data)
{
    (void)data;
    return read_us(CLOCK_BOOTTIME);
}

const struct clock *clock_system(void)
{
    static const struct clock system = {wall_us, monotonic_us, NULL};
    return &system;
}
