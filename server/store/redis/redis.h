/* The store in Redis, shared by any number of replicas (REDIS.md in docs: redis.md). */
#ifndef QVT_SERVER_STORE_REDIS_REDIS_H
#define QVT_SERVER_STORE_REDIS_REDIS_H

#include <uv.h>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/log.h"
#include "server/store/redis/url.h"
#include "server/store/store.h"

struct store_redis_options {
    uv_loop_t *loop;
    const struct clock *clock;     /* monotonic; wall until Redis has said what time it is */
    const struct entropy *entropy; /* for the replica's name; used at once */
    const struct log *log;         /* may be NULL */
    struct redis_url url;
    uint32_t timeout_ms; /* of connecting and of every answer; a write has twice as long */
    uint32_t replicas;   /* of Redis that must have a write before it counts as safe; 0: do not ask */
    bool test_time;      /* the scripts take the clock's wall time instead of Redis's own */
};

/* Returns before anything is reached: until then load and list wait for the attempt that is under way and then answer
 * UNAVAILABLE, writes are refused. NO_MEMORY. */
QVT_MUST_CHECK qvt_status store_redis_new(struct store **out, const struct store_redis_options *options);

#endif
