/* Timers by the thousand on one uv_timer: adding and removing never allocates, nothing runs while there are none. */
#ifndef QVT_RPC_NET_TIMER_H
#define QVT_RPC_NET_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

/* One deadline, embedded in its owner's struct. Zero it before the first use. */
struct net_timer {
    void (*on_due)(struct net_timer *timer); /* once; the timer is already removed and may be added again or freed */
    uint64_t due_ms;
    struct net_timer *child; /* of the pairing heap */
    struct net_timer *next;
    struct net_timer **link; /* what points here; NULL when not added */
};

struct net_timers {
    uv_timer_t handle;
    struct net_timer *root;
    uint64_t armed_ms; /* what handle waits for; 0: stopped */
};

void net_timers_init(struct net_timers *timers, uv_loop_t *loop);

/* Adds the timer, or moves it when it was added. delay_ms counts from the real now, not from the loop's. */
void net_timer_start(struct net_timers *timers, struct net_timer *timer, uint64_t delay_ms);

/* Harmless when it was not added. */
void net_timer_stop(struct net_timers *timers, struct net_timer *timer);

static inline bool net_timer_is_active(const struct net_timer *timer)
{
    return timer->link != NULL;
}

/* Milliseconds of the clock that due_ms is on: monotonic, read now. */
uint64_t net_timer_now_ms(void);

#endif
