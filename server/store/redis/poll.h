/* hiredis on a libuv loop. The adapter that comes with hiredis never reports a refused connection: it ignores a poll
 * that failed. */
#ifndef QVT_SERVER_STORE_REDIS_POLL_H
#define QVT_SERVER_STORE_REDIS_POLL_H

#include <hiredis/async.h>
#include <uv.h>

#include "qvt/status.h"

/* Drives the context from the loop until it is freed; on_closed runs once the loop has let go, later than that. */
QVT_MUST_CHECK qvt_status redis_poll_attach(redisAsyncContext *context, uv_loop_t *loop, void (*on_closed)(void *data),
                                            void *data);

#endif
