#include "server/gateway/turn.h"

#include <CUnit/Basic.h>

#include "tests/support/suite.h"

static uv_loop_t loop;
static struct turn turn;
static unsigned runs;
static unsigned wanted_again;

static void on_run(void *data)
{
    (void)data;
    runs++;
    if (wanted_again > 0) {
        wanted_again--;
        turn_want(&turn);
    }
}

static void ignore(void *data)
{
    (void)data;
}

static void open_loop(void)
{
    runs = 0;
    wanted_again = 0;
    CU_ASSERT_EQUAL_FATAL(uv_loop_init(&loop), 0);
    turn_init(&turn, &loop, on_run, NULL);
}

static void close_loop(void)
{
    turn_close(&turn, ignore, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(uv_loop_close(&loop), 0);
}

static void asking_often_runs_once(void)
{
    open_loop();
    turn_want(&turn);
    turn_want(&turn);
    uv_run(&loop, UV_RUN_NOWAIT);
    uv_run(&loop, UV_RUN_NOWAIT);
    CU_ASSERT_EQUAL(runs, 1);
    close_loop();
}

static void a_wish_taken_back_does_not_run(void)
{
    open_loop();
    turn_want(&turn);
    turn_unwant(&turn);
    uv_run(&loop, UV_RUN_NOWAIT);
    CU_ASSERT_EQUAL(runs, 0);
    close_loop();
}

static void asking_from_the_run_runs_again(void)
{
    open_loop();
    wanted_again = 3;
    turn_want(&turn);
    for (unsigned i = 0; i < 6; i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    CU_ASSERT_EQUAL(runs, 4);
    close_loop();
}

static void on_prepare(uv_prepare_t *prepare)
{
    uv_prepare_stop(prepare);
    turn_want(&turn);
}

/* With a timer an hour away the loop would sleep for an hour if the wish were forgotten. */
static void on_hour(uv_timer_t *timer)
{
    (void)timer;
    CU_FAIL("the loop slept");
}

static void the_loop_does_not_sleep_on_a_wish_made_right_before(void)
{
    uv_prepare_t prepare;
    uv_timer_t timer;
    open_loop();
    uv_prepare_init(&loop, &prepare);
    uv_timer_init(&loop, &timer);
    uv_prepare_start(&prepare, on_prepare);
    uv_timer_start(&timer, on_hour, 3600000, 0);
    uv_run(&loop, UV_RUN_ONCE);
    CU_ASSERT_EQUAL(runs, 1);
    uv_close((uv_handle_t *)&prepare, NULL);
    uv_close((uv_handle_t *)&timer, NULL);
    close_loop();
}

SUITE_MAIN("server/gateway/turn", SUITE_CASE(asking_often_runs_once), SUITE_CASE(a_wish_taken_back_does_not_run),
           SUITE_CASE(asking_from_the_run_runs_again), SUITE_CASE(the_loop_does_not_sleep_on_a_wish_made_right_before))
