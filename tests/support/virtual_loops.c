#define _GNU_SOURCE /* syscall, ppoll */
#include "tests/support/virtual_loops.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"

enum { WAITERS_MAX = 128 };

/* How long nothing may happen, in real time, before nothing is taken to be under way in the kernel or a thread pool. */
static const struct timespec quiet = {0, 200000};

/* A loop in epoll_wait. */
struct waiter {
    int epoll;
    int wake; /* an eventfd of the thread */
    int64_t deadline_us;
    const atomic_bool *is_frozen; /* NULL: never */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct waiter *waiters[WAITERS_MAX];
static int waiter_count, loop_count;
static unsigned long moves; /* of waiters, in and out */
static _Atomic(int64_t) now_us = 1000000000;

static _Thread_local int own_wake = -1;
static _Thread_local const atomic_bool *own_freeze;

int64_t virtual_now_us(void)
{
    return now_us;
}

void virtual_loops_freeze_by(const atomic_bool *is_frozen)
{
    own_freeze = is_frozen;
}

void virtual_loops_changed(int by)
{
    pthread_mutex_lock(&lock);
    loop_count += by;
    pthread_mutex_unlock(&lock);
}

/* --- what libuv and base/clock.c call */

#define SEEN_BY_LIBRARIES __attribute__((visibility("default")))

SEEN_BY_LIBRARIES int clock_gettime(clockid_t id, struct timespec *out)
{
    if (id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE && id != CLOCK_BOOTTIME) {
        return (int)syscall(SYS_clock_gettime, id, out);
    }
    int64_t now = now_us;
    *out = (struct timespec){now / 1000000, (long)(now % 1000000) * 1000};
    return 0;
}

static int take_events(int epoll, struct epoll_event *events, int count)
{
    return (int)syscall(SYS_epoll_pwait, epoll, events, count, 0, NULL, (size_t)_NSIG / 8);
}

static void enter(struct waiter *waiter)
{
    pthread_mutex_lock(&lock);
    QVT_ASSERT(waiter_count < WAITERS_MAX);
    waiters[waiter_count++] = waiter;
    moves++;
    pthread_mutex_unlock(&lock);
}

static void leave(const struct waiter *waiter)
{
    pthread_mutex_lock(&lock);
    int i = 0;
    while (waiters[i] != waiter) {
        i++;
    }
    waiters[i] = waiters[--waiter_count];
    moves++;
    pthread_mutex_unlock(&lock);
}

static bool is_frozen(const struct waiter *waiter)
{
    return waiter->is_frozen != NULL && *waiter->is_frozen;
}

static void sleep_until_woken(const struct waiter *waiter)
{
    uint64_t count;
    struct pollfd fds[] = {{waiter->wake, POLLIN, 0}, {waiter->epoll, POLLIN, 0}};
    (void)poll(fds, is_frozen(waiter) ? 1 : 2, -1);
    if ((fds[0].revents & POLLIN) != 0) {
        (void)!read(waiter->wake, &count, sizeof count);
    }
}

SEEN_BY_LIBRARIES int epoll_wait(int epoll, struct epoll_event *events, int count, int timeout)
{
    if (timeout == 0) {
        return take_events(epoll, events, count);
    }
    if (own_wake < 0) {
        own_wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    }
    struct waiter waiter = {epoll, own_wake, INT64_MAX, own_freeze};
    waiter.deadline_us = timeout < 0 ? INT64_MAX : now_us + (int64_t)timeout * 1000;
    enter(&waiter);
    int taken = 0;
    while (taken == 0) {
        sleep_until_woken(&waiter);
        if (!is_frozen(&waiter)) {
            taken = take_events(epoll, events, count);
            if (taken == 0 && now_us >= waiter.deadline_us) {
                break;
            }
        }
    }
    leave(&waiter);
    return taken;
}

SEEN_BY_LIBRARIES int epoll_pwait(int epoll, struct epoll_event *events, int count, int timeout, const sigset_t *mask)
{
    QVT_ASSERT(mask == NULL);
    return epoll_wait(epoll, events, count, timeout);
}

/* --- the passing of time */

/* Every loop waits for later, with nothing to read, and goes on to for a moment. */
static bool all_rest(void)
{
    struct pollfd fds[WAITERS_MAX];
    nfds_t count = 0;
    pthread_mutex_lock(&lock);
    bool all_wait = waiter_count == loop_count;
    unsigned long before = moves;
    for (int i = 0; i < waiter_count; i++) {
        if (!is_frozen(waiters[i])) {
            all_wait = all_wait && waiters[i]->deadline_us > now_us;
            fds[count++] = (struct pollfd){waiters[i]->epoll, POLLIN, 0};
        }
    }
    pthread_mutex_unlock(&lock);
    if (!all_wait || ppoll(fds, count, &quiet, NULL) != 0) {
        return false;
    }
    pthread_mutex_lock(&lock);
    bool nothing_moved = moves == before;
    pthread_mutex_unlock(&lock);
    return nothing_moved;
}

static void await_rest(void)
{
    static const struct timespec moment = {0, 20000};
    while (!all_rest()) {
        nanosleep(&moment, NULL);
    }
}

/* To the next deadline, at most to the end; wakes whose time has come. */
static void advance(int64_t end_us)
{
    static const uint64_t one = 1;
    int64_t next_us = end_us;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < waiter_count; i++) {
        if (!is_frozen(waiters[i]) && waiters[i]->deadline_us < next_us) {
            next_us = waiters[i]->deadline_us;
        }
    }
    if (next_us > now_us) {
        now_us = next_us;
    }
    for (int i = 0; i < waiter_count; i++) {
        if (!is_frozen(waiters[i]) && waiters[i]->deadline_us <= now_us) {
            (void)!write(waiters[i]->wake, &one, sizeof one);
        }
    }
    pthread_mutex_unlock(&lock);
}

/* Who was frozen looks again. */
static void wake_all(void)
{
    static const uint64_t one = 1;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < waiter_count; i++) {
        (void)!write(waiters[i]->wake, &one, sizeof one);
    }
    pthread_mutex_unlock(&lock);
}

void virtual_run_us(int64_t duration_us)
{
    int64_t end_us = now_us + duration_us;
    wake_all();
    await_rest();
    while (now_us < end_us) {
        advance(end_us);
        await_rest();
    }
}
