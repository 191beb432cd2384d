/* Keeps the lease of a registered silo: a heartbeat every third of it on one long stream (SPEC §7.1), another endpoint
 * when this one is silent or cannot confirm, and the moment at which it is lost (SPEC §9.6). Loop thread.
 *
 *   IDLE --begin--> RESTING --third of the TTL--> ASKING --answer--> RESTING
 *                                                 ASKING --sixth of the TTL--> ASKING, elsewhere
 *   any --retry--> RETRYING --sixth of the TTL--> the registration tries again, or ASKING
 *
 * Beside that, held: from a confirmed renewal until a TTL after it was sent. */
#ifndef QVT_CLIENT_LEASE_H
#define QVT_CLIENT_LEASE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "client/src/stream.h"

struct registration;

struct lease {
    struct registration *registration;
    struct stream stream;
    uv_timer_t timer;  /* of the states above */
    uv_timer_t expiry; /* runs while held */
    bool is_asking;
    int64_t sent_us; /* when the heartbeat under way was sent, by the monotonic clock */
    unsigned moves;  /* of the channel when the wait began */
    bool is_held;
    int64_t held_until_us;
    _Atomic(int64_t) lapses_us; /* held_until_us as other threads see it; 0: there is no lease */
};

void lease_init(struct lease *lease, struct registration *registration);

/* The lease was granted by an answer to what was sent then. */
void lease_begin(struct lease *lease, int64_t sent_us);

/* Something failed that may succeed later: again after a sixth. */
void lease_retry(struct lease *lease);

/* As lease_retry, within a sixth of the TTL: silos that a tracker lost together do not come back together. A sixth they may
 * have needed to find it, so that all are back within a third. */
void lease_retry_spread(struct lease *lease);

/* The tracker says that the lease is over: no heartbeats until lease_begin; tells the application. */
void lease_lose(struct lease *lease);

/* Nobody wants the lease any more: nothing until lease_begin. */
void lease_end(struct lease *lease);

/* Whether the lease that was held is over by the clock, be that noticed or not: a process that was stopped wakes in any
 * thread. Any thread. */
bool lease_has_lapsed(const struct lease *lease);

/* Closes the timers. */
void lease_close(struct lease *lease);

#endif
