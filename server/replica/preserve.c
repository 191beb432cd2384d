#include "server/replica/preserve.h"

static bool is_too_many(const struct registry_limits *limits, uint32_t lapsed, uint32_t expected)
{
    return lapsed >= limits->preserve_silos && (uint64_t)lapsed * 100 > (uint64_t)expected * limits->preserve_percent;
}

enum preserve_verdict preserve_decide(const struct registry_limits *limits, const struct preserve_scene *scene)
{
    bool too_many = is_too_many(limits, scene->lapsed, scene->expected);
    if (scene->paused) {
        /* Who is late may have lapsed where the pause began. */
        too_many = is_too_many(limits, scene->lapsed + scene->late, scene->expected);
        return too_many && scene->paused_us < limits->preserve_max_us ? PRESERVE_HOLD : PRESERVE_RESUME;
    }
    if (too_many) {
        return PRESERVE_PAUSE;
    }
    /* Silos that died together lapse one after the other; the first must not expire before the others are seen. */
    return is_too_many(limits, scene->lapsed + scene->late, scene->expected) ? PRESERVE_WAIT : PRESERVE_EXPIRE;
}

int64_t preserve_window_us(const struct registry_limits *limits)
{
    return 2 * (int64_t)limits->lease_default_ms * 1000;
}
