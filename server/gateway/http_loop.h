/* Drives a libmicrohttpd daemon (external epoll mode) from a libuv loop: no thread, no busy loop, nothing forgotten. */
#ifndef QVT_SERVER_GATEWAY_HTTP_LOOP_H
#define QVT_SERVER_GATEWAY_HTTP_LOOP_H

#include <stdbool.h>

#include <microhttpd.h>
#include <uv.h>

#include "qvt/status.h"
#include "server/gateway/turn.h"

/* Caller's memory, in place from start until on_closed. Invariant: MHD_run is never entered from its own callbacks. */
struct http_loop {
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer;
    struct turn turn;
    unsigned idle_runs; /* runs with a zero timeout in a row in which no callback of ours was reached */
    unsigned open_handles;
    void (*on_closed)(void *data);
    void *data;
};

/* Follows the daemon, which was started with MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME and no thread of its own.
 * UNAVAILABLE when a handle cannot be made; then nothing is left behind. Loop thread, like all of these. */
QVT_MUST_CHECK qvt_status http_loop_start(struct http_loop *loop, uv_loop_t *uv, struct MHD_Daemon *daemon);

/* Asks for one MHD_run before the loop sleeps again: after MHD_resume_connection or MHD_queue_response from outside of
 * MHD's callbacks, which wake nothing by themselves. Cheap, may be called any number of times in a turn. */
void http_loop_kick(struct http_loop *loop);

/* To be called by MHD's callbacks: the daemon makes progress, so a zero timeout is no spin. */
void http_loop_active(struct http_loop *loop);

/* Lets go of the daemon (which the caller may stop at once) and calls on_closed when the handles are closed. */
void http_loop_stop(struct http_loop *loop, void (*on_closed)(void *data), void *data);

#endif
