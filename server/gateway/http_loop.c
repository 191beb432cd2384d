#include "server/gateway/http_loop.h"

/* A daemon that says "at once" so often without reaching us is waiting for a peer: it is asked again a millisecond
 * later (a stalled TLS handshake keeps MHD_get_timeout at zero for ever). */
enum { IDLE_RUNS_MAX = 64 };

static void on_timer(uv_timer_t *timer);

static void run(struct http_loop *loop)
{
    turn_unwant(&loop->turn);
    MHD_run(loop->daemon);
    MHD_UNSIGNED_LONG_LONG timeout = 0;
    if (MHD_get_timeout(loop->daemon, &timeout) != MHD_YES) {
        uv_timer_stop(&loop->timer);
        return;
    }
    if (timeout == 0 && ++loop->idle_runs > IDLE_RUNS_MAX) {
        timeout = 1;
    }
    uv_timer_start(&loop->timer, on_timer, timeout, 0);
}

static void on_timer(uv_timer_t *timer)
{
    run(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct http_loop *loop = poll->data;
    loop->idle_runs = 0;
    run(loop);
}

static void on_turn(void *data)
{
    run(data);
}

qvt_status http_loop_start(struct http_loop *loop, uv_loop_t *uv, struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    *loop = (struct http_loop){.daemon = daemon};
    if (info == NULL || uv_poll_init(uv, &loop->poll, info->epoll_fd) != 0) {
        return QVT_UNAVAILABLE;
    }
    uv_timer_init(uv, &loop->timer);
    turn_init(&loop->turn, uv, on_turn, loop);
    loop->poll.data = loop->timer.data = loop;
    loop->open_handles = 3;
    uv_poll_start(&loop->poll, UV_READABLE, on_poll);
    http_loop_kick(loop);
    return QVT_OK;
}

void http_loop_kick(struct http_loop *loop)
{
    if (loop->daemon != NULL) {
        turn_want(&loop->turn);
    }
}

void http_loop_active(struct http_loop *loop)
{
    loop->idle_runs = 0;
}

static void closed_one(void *data)
{
    struct http_loop *loop = data;
    if (--loop->open_handles == 0) {
        loop->on_closed(loop->data);
    }
}

static void on_handle_closed(uv_handle_t *handle)
{
    closed_one(handle->data);
}

void http_loop_stop(struct http_loop *loop, void (*on_closed)(void *data), void *data)
{
    loop->daemon = NULL;
    loop->on_closed = on_closed;
    loop->data = data;
    uv_close((uv_handle_t *)&loop->poll, on_handle_closed);
    uv_close((uv_handle_t *)&loop->timer, on_handle_closed);
    turn_close(&loop->turn, closed_one, loop);
}
