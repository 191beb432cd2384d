#include "server/store/redis/poll.h"

#include <stdlib.h>

struct redis_poll {
    uv_poll_t handle;
    redisAsyncContext *context; /* NULL: freed */
    int events;
    void (*on_closed)(void *data);
    void *data;
};

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct redis_poll *poll = handle->data;
    if (status < 0) {
        events = UV_READABLE | UV_WRITABLE;
    }
    if (poll->context != NULL && (events & UV_READABLE) != 0) {
        redisAsyncHandleRead(poll->context);
    }
    if (poll->context != NULL && (events & UV_WRITABLE) != 0) {
        redisAsyncHandleWrite(poll->context);
    }
}

static void want(struct redis_poll *poll, int events)
{
    poll->events = events;
    if (events == 0) {
        (void)uv_poll_stop(&poll->handle);
    } else {
        (void)uv_poll_start(&poll->handle, events, on_poll);
    }
}

static void add_read(void *data)
{
    struct redis_poll *poll = data;
    want(poll, poll->events | UV_READABLE);
}

static void del_read(void *data)
{
    struct redis_poll *poll = data;
    want(poll, poll->events & ~UV_READABLE);
}

static void add_write(void *data)
{
    struct redis_poll *poll = data;
    want(poll, poll->events | UV_WRITABLE);
}

static void del_write(void *data)
{
    struct redis_poll *poll = data;
    want(poll, poll->events & ~UV_WRITABLE);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct redis_poll *poll = handle->data;
    void (*on_closed)(void *data) = poll->on_closed;
    void *data = poll->data;
    free(poll);
    on_closed(data);
}

static void cleanup(void *data)
{
    struct redis_poll *poll = data;
    poll->context = NULL;
    (void)uv_poll_stop(&poll->handle);
    uv_close((uv_handle_t *)&poll->handle, on_handle_closed);
}

qvt_status redis_poll_attach(redisAsyncContext *context, uv_loop_t *loop, void (*on_closed)(void *data), void *data)
{
    struct redis_poll *poll = calloc(1, sizeof *poll);
    if (poll == NULL || uv_poll_init_socket(loop, &poll->handle, context->c.fd) != 0) {
        free(poll);
        return QVT_NO_MEMORY;
    }
    poll->handle.data = poll;
    poll->context = context;
    poll->on_closed = on_closed;
    poll->data = data;
    context->ev.data = poll;
    context->ev.addRead = add_read;
    context->ev.delRead = del_read;
    context->ev.addWrite = add_write;
    context->ev.delWrite = del_write;
    context->ev.cleanup = cleanup;
    return QVT_OK;
}
