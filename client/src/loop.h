/* The background thread: one libuv loop, and an inbox through which other threads hand it jobs.
 *
 * Its mutex and that of facts.h are the library's only locks; both are held for a few instructions, never while calling
 * out. Everything else belongs to the loop thread alone. */
#ifndef QVT_CLIENT_LOOP_H
#define QVT_CLIENT_LOOP_H

#include <stdbool.h>

#include <uv.h>

#include "qvt/status.h"
#include "base/list.h"

/* Embedded in what waits for it; run is called once, on the loop thread. */
struct job {
    struct list node;
    void (*run)(struct job *job);
};

struct loop {
    uv_loop_t uv;
    uv_async_t wake;
    uv_thread_t thread;
    uv_mutex_t lock; /* guards inbox */
    struct list inbox;
    void (*on_orphan)(struct loop *loop); /* of loop_orphan */
};

/* Prepares the loop; no thread yet. UNAVAILABLE when the system has no descriptors left. */
QVT_MUST_CHECK qvt_status loop_init(struct loop *loop);

/* Starts the thread, which receives no signals and runs until loop_leave. UNAVAILABLE: there is no thread. */
QVT_MUST_CHECK qvt_status loop_start(struct loop *loop);

/* Hands over a job; jobs run in order. Any thread. */
void loop_post(struct loop *loop, struct job *job);

/* Any thread. */
bool loop_is_current(const struct loop *loop);

/* Nobody will join: when the thread ends, it calls on_end last of all, which may free the loop. Loop thread. */
void loop_orphan(struct loop *loop, void (*on_end)(struct loop *loop));

/* Makes the thread end. Loop thread, or before loop_start. */
void loop_leave(struct loop *loop);

/* Waits for the thread to end. */
void loop_join(struct loop *loop);

/* Runs what is left until every handle on the loop is closed, then frees it. After loop_leave, without thread. */
void loop_deinit(struct loop *loop);

#endif
