#include "client/src/loop.h"

#include <signal.h>

#include "base/check.h"
#include "base/descriptors.h"

static bool take(struct loop *loop, struct job **out)
{
    bool found;
    uv_mutex_lock(&loop->lock);
    found = !list_is_empty(&loop->inbox);
    if (found) {
        *out = LIST_ENTRY(loop->inbox.next, struct job, node);
        list_remove(&(*out)->node);
    }
    uv_mutex_unlock(&loop->lock);
    return found;
}

static void on_wake(uv_async_t *wake)
{
    struct loop *loop = wake->data;
    struct job *job;
    while (take(loop, &job)) {
        job->run(job);
    }
}

qvt_status loop_init(struct loop *loop)
{
    list_init(&loop->inbox);
    loop->on_orphan = NULL;
    QVT_TRY(descriptors_prepare());
    if (uv_mutex_init(&loop->lock) != 0) {
        return QVT_UNAVAILABLE;
    }
    if (uv_loop_init(&loop->uv) != 0) {
        goto fail_loop;
    }
    if (uv_async_init(&loop->uv, &loop->wake, on_wake) != 0) {
        goto fail_async;
    }
    loop->wake.data = loop;
    return QVT_OK;

fail_async:
    uv_loop_close(&loop->uv);
fail_loop:
    uv_mutex_destroy(&loop->lock);
    return QVT_UNAVAILABLE;
}

static void run(void *data)
{
    struct loop *loop = data;
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    if (loop->on_orphan != NULL) {
        loop->on_orphan(loop);
    }
}

/* Signals are the application's: a thread of a library that receives them would hide them from it. SIGPIPE, raised in the
 * thread that writes, stays blocked too. */
qvt_status loop_start(struct loop *loop)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = uv_thread_create(&loop->thread, run, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed == 0 ? QVT_OK : QVT_UNAVAILABLE;
}

void loop_post(struct loop *loop, struct job *job)
{
    uv_mutex_lock(&loop->lock);
    list_push_back(&loop->inbox, &job->node);
    uv_mutex_unlock(&loop->lock);
    uv_async_send(&loop->wake);
}

bool loop_is_current(const struct loop *loop)
{
    uv_thread_t self = uv_thread_self();
    return uv_thread_equal(&self, &loop->thread) != 0;
}

void loop_orphan(struct loop *loop, void (*on_end)(struct loop *loop))
{
    loop->on_orphan = on_end;
    pthread_detach(loop->thread);
}

void loop_leave(struct loop *loop)
{
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_stop(&loop->uv);
}

void loop_join(struct loop *loop)
{
    uv_thread_join(&loop->thread);
}

void loop_deinit(struct loop *loop)
{
    /* uv_run returns early, once, for the uv_stop of loop_leave. */
    while (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0) {}
    QVT_ASSERT(uv_loop_close(&loop->uv) == 0);
    uv_mutex_destroy(&loop->lock);
}
