#include "server/gateway/turn.h"

void turn_init(struct turn *turn, uv_loop_t *loop, void (*run)(void *data), void *data)
{
    *turn = (struct turn){.run = run, .data = data, .open_handles = 2};
    uv_idle_init(loop, &turn->idle);
    uv_check_init(loop, &turn->check);
    turn->idle.data = turn->check.data = turn;
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

static void on_check(uv_check_t *check)
{
    struct turn *turn = check->data;
    turn_unwant(turn);
    turn->run(turn->data);
}

void turn_want(struct turn *turn)
{
    if (!uv_is_closing((uv_handle_t *)&turn->check)) {
        uv_idle_start(&turn->idle, on_idle);
        uv_check_start(&turn->check, on_check);
    }
}

void turn_unwant(struct turn *turn)
{
    uv_idle_stop(&turn->idle);
    uv_check_stop(&turn->check);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct turn *turn = handle->data;
    if (--turn->open_handles == 0) {
        turn->on_closed(turn->on_closed_data);
    }
}

void turn_close(struct turn *turn, void (*on_closed)(void *data), void *data)
{
    turn->on_closed = on_closed;
    turn->on_closed_data = data;
    uv_close((uv_handle_t *)&turn->idle, on_handle_closed);
    uv_close((uv_handle_t *)&turn->check, on_handle_closed);
}
