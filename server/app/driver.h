/* Gives a service its turns: after the input that woke it has been read, and when its time has come. */
#ifndef QVT_SERVER_APP_DRIVER_H
#define QVT_SERVER_APP_DRIVER_H

#include <uv.h>

#include "server/gateway/turn.h"
#include "server/service/service.h"

/* Caller's memory, in place from driver_init until on_closed. */
struct driver {
    struct service *service; /* NULL until driver_start */
    struct store *store;
    struct turn turn;
    uv_timer_t timer;
    int64_t armed_us; /* what the timer waits for; INT64_MAX: nothing */
    unsigned open_handles;
    void (*on_closed)(void *data);
    void *data;
};

void driver_init(struct driver *driver, uv_loop_t *loop, struct store *store);

/* The service's on_wake, data being the driver. */
void driver_wake(void *data);

/* Follows the service, which may have asked for a turn already. */
void driver_start(struct driver *driver, struct service *service);

void driver_close(struct driver *driver, void (*on_closed)(void *data), void *data);

#endif
