#include "server/gateway/http_loop.h"

/* A daemon that says "at once" so often without reaching us is waiting for a peer: it is asked again a millisecond
 * later (a stalled TLS handshake keeps MHD_get_timeout at zero for ever). */
enum { IDLE_RUNS_MAX = 64 };

static void on_timer(uv_timer_t *timer);

static void run(struct http_loop *loop)
{
    uv_prepare_stop(&loop->prepare);
    uv_check_stop(&loop->check);
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

static void on_prepare(uv_prepare_t *prepare)
{
    run(prepare->data);
}

static void on_check(uv_check_t *check)
{
    run(check->data);
}

qvt_status http_loop_start(struct http_loop *loop, uv_loop_t *uv, struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    *loop = (struct http_loop){.daemon = daemon};
    if (info == NULL || uv_poll_init(uv, &loop->poll, info->epoll_fd) != 0) {
        return QVT_UNAVAILABLE;
    }
    uv_timer_init(uv, &loop->timer);
    uv_prepare_init(uv, &loop->prepare);
    uv_check_init(uv, &loop->check);
    loop->poll.data = loop->timer.data = loop->prepare.data = loop->check.data = loop;
    loop->open_handles = 4;
    uv_poll_start(&loop->poll, UV_READABLE, on_poll);
    http_loop_kick(loop);
    return QVT_OK;
}

void http_loop_kick(struct http_loop *loop)
{
    /* Whichever comes first: the loop is either before or after its sleep. */
    if (loop->daemon != NULL) {
        uv_prepare_start(&loop->prepare, on_prepare);
        uv_check_start(&loop->check, on_check);
    }
}

void http_loop_active(struct http_loop *loop)
{
    loop->idle_runs = 0;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct http_loop *loop = handle->data;
    if (--loop->open_handles == 0) {
        loop->on_closed(loop->data);
    }
}

void http_loop_stop(struct http_loop *loop, void (*on_closed)(void *data), void *data)
{
    loop->daemon = NULL;
    loop->on_closed = on_closed;
    loop->data = data;
    uv_close((uv_handle_t *)&loop->poll, on_handle_closed);
    uv_close((uv_handle_t *)&loop->timer, on_handle_closed);
    uv_close((uv_handle_t *)&loop->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&loop->check, on_handle_closed);
}
