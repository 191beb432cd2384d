#include "rpc/net/loop.h"

#include <stdlib.h>

#include "base/check.h"
#include "rpc/net/conn.h"

static void on_flush(uv_prepare_t *handle)
{
    struct net_loop *loop = handle->data;
    loop->turn++;
    while (!list_is_empty(&loop->unflushed)) {
        net_conn_flush(LIST_ENTRY(loop->unflushed.next, struct net_conn, unflushed));
    }
}

qvt_status net_loop_new(struct net_loop **out, uv_loop_t *uv)
{
    struct net_loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL) {
        return QVT_NO_MEMORY;
    }
    loop->uv = uv;
    list_init(&loop->unflushed);
    net_timers_init(&loop->timers, uv);
    http2_pool_init(&loop->pool);
    uv_prepare_init(uv, &loop->flush);
    loop->flush.data = loop;
    uv_prepare_start(&loop->flush, on_flush);
    uv_unref((uv_handle_t *)&loop->flush);
    loop->handles_open = 2;
    *out = loop;
    return QVT_OK;
}

static void count_closed(struct net_loop *loop)
{
    if (--loop->handles_open > 0) {
        return;
    }
    void (*on_closed)(void *data) = loop->on_closed;
    void *data = loop->data;
    http2_pool_deinit(&loop->pool);
    buf_deinit(&loop->tls_out);
    free(loop);
    if (on_closed != NULL) {
        on_closed(data);
    }
}

static void on_flush_closed(uv_handle_t *handle)
{
    count_closed(handle->data);
}

static void on_timers_closed(uv_handle_t *handle)
{
    struct net_timers *timers = handle->data;
    count_closed(LIST_ENTRY(timers, struct net_loop, timers));
}

void net_loop_close(struct net_loop *loop, void (*on_closed)(void *data), void *data)
{
    QVT_ASSERT(list_is_empty(&loop->unflushed) && loop->timers.root == NULL);
    loop->on_closed = on_closed;
    loop->data = data;
    uv_close((uv_handle_t *)&loop->flush, on_flush_closed);
    uv_close((uv_handle_t *)&loop->timers.handle, on_timers_closed);
}
