#include "rpc/net/timer.h"

#include <CUnit/CUnit.h>

#include "base/entropy.h"
#include "tests/support/suite.h"

enum { COUNT = 500 };

struct fixture {
    uv_loop_t loop;
    struct net_timers timers;
    struct net_timer many[COUNT];
    uint64_t last_due_ms;
    unsigned fired;
    unsigned early;
    unsigned unordered;
};

static struct fixture *active;

static void on_due(struct net_timer *timer)
{
    active->fired++;
    active->early += net_timer_now_ms() < timer->due_ms ? 1 : 0;
    active->unordered += timer->due_ms < active->last_due_ms ? 1 : 0;
    active->last_due_ms = timer->due_ms;
}

static void start(struct fixture *fixture)
{
    *fixture = (struct fixture){.fired = 0};
    active = fixture;
    CU_ASSERT_EQUAL_FATAL(uv_loop_init(&fixture->loop), 0);
    net_timers_init(&fixture->timers, &fixture->loop);
    for (size_t i = 0; i < COUNT; i++) {
        fixture->many[i].on_due = on_due;
    }
}

static void finish(struct fixture *fixture)
{
    uv_close((uv_handle_t *)&fixture->timers.handle, NULL);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(uv_loop_close(&fixture->loop), 0);
}

static void timers_fire_in_order_and_not_early(void)
{
    uint64_t seed = suite_seed();
    struct entropy entropy = entropy_seeded(&seed);
    struct fixture fixture;
    start(&fixture);
    for (size_t i = 0; i < COUNT; i++) {
        net_timer_start(&fixture.timers, &fixture.many[i], entropy_u64(&entropy) % 30);
    }
    uv_run(&fixture.loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(fixture.fired, COUNT);
    CU_ASSERT_EQUAL(fixture.early, 0);
    CU_ASSERT_EQUAL(fixture.unordered, 0);
    finish(&fixture);
}

static void stopped_timers_do_not_fire(void)
{
    uint64_t seed = suite_seed();
    struct entropy entropy = entropy_seeded(&seed);
    struct fixture fixture;
    unsigned stopped = 0;
    start(&fixture);
    for (size_t i = 0; i < COUNT; i++) {
        net_timer_start(&fixture.timers, &fixture.many[i], entropy_u64(&entropy) % 20);
    }
    for (size_t i = 0; i < COUNT; i++) {
        if (entropy_u64(&entropy) % 2 == 0) {
            stopped++;
            net_timer_stop(&fixture.timers, &fixture.many[i]);
            CU_ASSERT_FALSE(net_timer_is_active(&fixture.many[i]));
            net_timer_stop(&fixture.timers, &fixture.many[i]);
        }
    }
    uv_run(&fixture.loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(fixture.fired, COUNT - stopped);
    CU_ASSERT_EQUAL(fixture.unordered, 0);
    finish(&fixture);
}

static void started_again_a_timer_moves(void)
{
    struct fixture fixture;
    start(&fixture);
    net_timer_start(&fixture.timers, &fixture.many[0], UINT64_MAX);
    net_timer_start(&fixture.timers, &fixture.many[1], 3600000);
    net_timer_start(&fixture.timers, &fixture.many[0], 1);
    net_timer_start(&fixture.timers, &fixture.many[1], 2);
    uv_run(&fixture.loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(fixture.fired, 2);
    CU_ASSERT_EQUAL(fixture.unordered, 0);
    finish(&fixture);
}

static unsigned rounds;

static void start_again(struct net_timer *timer)
{
    CU_ASSERT_FALSE(net_timer_is_active(timer));
    if (++rounds < 3) {
        net_timer_start(&active->timers, timer, 0);
    }
}

static void timer_may_be_started_again_when_it_fires(void)
{
    struct fixture fixture;
    start(&fixture);
    rounds = 0;
    fixture.many[0].on_due = start_again;
    net_timer_start(&fixture.timers, &fixture.many[0], 0);
    uv_run(&fixture.loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(rounds, 3);
    finish(&fixture);
}

static void loop_ends_when_the_last_timer_is_stopped(void)
{
    struct fixture fixture;
    start(&fixture);
    net_timer_start(&fixture.timers, &fixture.many[0], 3600000);
    CU_ASSERT_NOT_EQUAL(uv_loop_alive(&fixture.loop), 0);
    net_timer_stop(&fixture.timers, &fixture.many[0]);
    CU_ASSERT_EQUAL(uv_loop_alive(&fixture.loop), 0);
    finish(&fixture);
}

SUITE_MAIN("rpc/net/timer", SUITE_CASE(timers_fire_in_order_and_not_early), SUITE_CASE(stopped_timers_do_not_fire),
           SUITE_CASE(started_again_a_timer_moves), SUITE_CASE(timer_may_be_started_again_when_it_fires),
           SUITE_CASE(loop_ends_when_the_last_timer_is_stopped))
