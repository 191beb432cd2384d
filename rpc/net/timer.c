#include "rpc/net/timer.h"

#include <stddef.h>

uint64_t net_timer_now_ms(void)
{
    return uv_hrtime() / 1000000;
}

static void set_next(struct net_timer *timer, struct net_timer *next)
{
    timer->next = next;
    if (next != NULL) {
        next->link = &timer->next;
    }
}

/* Joins two heaps; either may be NULL. The result's link and next are the caller's to set. */
static struct net_timer *meld(struct net_timer *a, struct net_timer *b)
{
    if (a == NULL || b == NULL) {
        return a == NULL ? b : a;
    }
    struct net_timer *first = b->due_ms < a->due_ms ? b : a;
    struct net_timer *second = first == a ? b : a;
    set_next(second, first->child);
    first->child = second;
    second->link = &first->child;
    return first;
}

/* Joins a list of siblings pair by pair, then all pairs from the last to the first. */
static struct net_timer *meld_siblings(struct net_timer *siblings)
{
    struct net_timer *pairs = NULL;
    while (siblings != NULL) {
        struct net_timer *a = siblings;
        struct net_timer *b = a->next;
        siblings = b == NULL ? NULL : b->next;
        a->next = NULL;
        if (b != NULL) {
            b->next = NULL;
        }
        struct net_timer *pair = meld(a, b);
        pair->next = pairs;
        pairs = pair;
    }
    struct net_timer *root = NULL;
    while (pairs != NULL) {
        struct net_timer *pair = pairs;
        pairs = pair->next;
        pair->next = NULL;
        root = meld(root, pair);
    }
    return root;
}

static void set_root(struct net_timers *timers, struct net_timer *root)
{
    timers->root = root;
    if (root != NULL) {
        root->next = NULL;
        root->link = &timers->root;
    }
}

static void unlink_timer(struct net_timers *timers, struct net_timer *timer)
{
    struct net_timer *children = meld_siblings(timer->child);
    *timer->link = timer->next;
    if (timer->next != NULL) {
        timer->next->link = timer->link;
    }
    timer->child = NULL;
    timer->next = NULL;
    timer->link = NULL;
    set_root(timers, meld(timers->root, children));
}

static void arm(struct net_timers *timers);

static void on_handle(uv_timer_t *handle)
{
    struct net_timers *timers = handle->data;
    uint64_t now_ms = net_timer_now_ms();
    timers->armed_ms = 0;
    while (timers->root != NULL && timers->root->due_ms <= now_ms) {
        struct net_timer *timer = timers->root;
        unlink_timer(timers, timer);
        timer->on_due(timer);
    }
    arm(timers);
}

/* A handle that waits for an earlier moment than the first timer's is left: it fires and is set anew, which costs less
 * than setting it for every timer that comes and goes. */
static void arm(struct net_timers *timers)
{
    if (timers->root == NULL) {
        timers->armed_ms = 0;
        uv_timer_stop(&timers->handle);
        return;
    }
    uint64_t due_ms = timers->root->due_ms;
    if (timers->armed_ms != 0 && timers->armed_ms <= due_ms) {
        return;
    }
    timers->armed_ms = due_ms;
    uint64_t loop_ms = uv_now(timers->handle.loop);
    uv_timer_start(&timers->handle, on_handle, due_ms > loop_ms ? due_ms - loop_ms : 0, 0);
}

void net_timers_init(struct net_timers *timers, uv_loop_t *loop)
{
    *timers = (struct net_timers){.root = NULL};
    uv_timer_init(loop, &timers->handle);
    timers->handle.data = timers;
}

void net_timer_start(struct net_timers *timers, struct net_timer *timer, uint64_t delay_ms)
{
    if (timer->link != NULL) {
        unlink_timer(timers, timer);
    }
    uint64_t now_ms = net_timer_now_ms();
    /* The clock's reading is cut to whole milliseconds: one more makes sure that the delay has passed. */
    timer->due_ms = delay_ms < UINT64_MAX - now_ms - 1 ? now_ms + delay_ms + 1 : UINT64_MAX;
    set_root(timers, meld(timers->root, timer));
    arm(timers);
}

void net_timer_stop(struct net_timers *timers, struct net_timer *timer)
{
    if (timer->link == NULL) {
        return;
    }
    unlink_timer(timers, timer);
    arm(timers);
}
