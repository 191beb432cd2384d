#include "server/app/driver.h"

static void run(void *data);

static void on_timer(uv_timer_t *timer)
{
    struct driver *driver = timer->data;
    driver->armed_us = INT64_MAX;
    run(driver);
}

/* The timer only moves to an earlier time: waking early is cheaper than arming it every turn. */
static void arm(struct driver *driver)
{
    int64_t deadline_us = service_deadline_us(driver->service);
    if (deadline_us >= driver->armed_us) {
        return;
    }
    int64_t wait_us = deadline_us - store_monotonic_us(driver->store);
    uint64_t wait_ms = wait_us <= 0 ? 0 : (uint64_t)(wait_us + 999) / 1000;
    driver->armed_us = deadline_us;
    uv_timer_start(&driver->timer, on_timer, wait_ms, 0);
}

static void run(void *data)
{
    struct driver *driver = data;
    if (driver->service != NULL) {
        service_turn(driver->service);
        arm(driver);
    }
}

void driver_init(struct driver *driver, uv_loop_t *loop, struct store *store)
{
    *driver = (struct driver){.store = store, .armed_us = INT64_MAX, .open_handles = 2};
    turn_init(&driver->turn, loop, run, driver);
    uv_timer_init(loop, &driver->timer);
    driver->timer.data = driver;
}

void driver_wake(void *data)
{
    struct driver *driver = data;
    turn_want(&driver->turn);
}

void driver_start(struct driver *driver, struct service *service)
{
    driver->service = service;
    turn_want(&driver->turn);
}

static void closed_one(void *data)
{
    struct driver *driver = data;
    if (--driver->open_handles == 0) {
        driver->on_closed(driver->data);
    }
}

static void on_timer_closed(uv_handle_t *handle)
{
    closed_one(handle->data);
}

void driver_close(struct driver *driver, void (*on_closed)(void *data), void *data)
{
    driver->service = NULL;
    driver->on_closed = on_closed;
    driver->data = data;
    uv_close((uv_handle_t *)&driver->timer, on_timer_closed);
    turn_close(&driver->turn, closed_one, driver);
}
