/* Self-preservation: when so many silos lapse at once that the network is likelier to be broken than they (SPEC §7.4).
 * Pure. */
#ifndef QVT_SERVER_REPLICA_PRESERVE_H
#define QVT_SERVER_REPLICA_PRESERVE_H

#include <stdbool.h>

#include "server/registry/limits.h"

enum preserve_verdict {
    PRESERVE_EXPIRE, /* what has lapsed expires */
    PRESERVE_WAIT,   /* so many more are late that nobody expires until they have lapsed or come back */
    PRESERVE_PAUSE,  /* begin a pause */
    PRESERVE_HOLD,   /* the pause goes on */
    PRESERVE_RESUME  /* the pause ends; then what has lapsed expires */
};

struct preserve_scene {
    uint32_t expected; /* silos that should be alive: at the window's beginning, or of the set that was paused */
    uint32_t lapsed;   /* of those: lapsed within the window, expired ones too; in a pause: lapsed now */
    uint32_t late;     /* of those: not lapsed, but a heartbeat is missing */
    bool paused;
    int64_t paused_us; /* for how long */
};

enum preserve_verdict preserve_decide(const struct registry_limits *limits, const struct preserve_scene *scene);

/* 2 × the default TTL. */
int64_t preserve_window_us(const struct registry_limits *limits);

#endif
