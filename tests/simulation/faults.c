#include "tests/simulation/faults.h"

#include "tests/simulation/world.h"

static void wait(struct faults *faults)
{
    struct world *world = faults->world;
    timeline_set(&world->timeline, &faults->next,
                 world->timeline.now_us + dice_between(&world->dice, 0, 2 * faults->pace_us));
}

static struct host *any_host(struct world *world)
{
    return &world->hosts[dice_roll(&world->dice, world->host_count)];
}

static struct silo *any_silo(struct world *world)
{
    return &world->silos[dice_roll(&world->dice, world->silo_count)];
}

static void heal(struct world *world)
{
    for (unsigned i = 0; i < world->host_count; i++) {
        world->hosts[i].link.cut = false;
    }
    world->server.up = true;
}

static void run_heal(struct event *event)
{
    struct faults *faults = (struct faults *)(void *)((char *)event - offsetof(struct faults, heal));
    world_trace(faults->world, "the network is whole again");
    heal(faults->world);
}

static void cut(struct faults *faults, bool all)
{
    struct world *world = faults->world;
    if (all) {
        world_trace(world, "the store is out of reach");
        world->server.up = false;
    } else {
        struct host *host = any_host(world);
        world_trace(world, "%s is cut from the store", host->name);
        host->link.cut = true;
    }
    timeline_set(&world->timeline, &faults->heal, world->timeline.now_us + dice_between(&world->dice, 50000, 9000000));
}

/* Back by anything; forward beyond what a gap in the ticks hides, for a smaller step is a faster clock: so two steps that
 * no tick has seen must not add up to one. */
static void step_clock(struct world *world)
{
    /* Incarnations do not repeat as long as the clocks of the store's hosts agree. */
    if (world->server.stepped || world->loses_data) {
        return;
    }
    int64_t step_us = dice_mille(&world->dice, 500) ? dice_between(&world->dice, -20000000, -1000)
                                                    : dice_between(&world->dice, 2100000, 20000000);
    world_trace(world, "the store's clock steps by %lld ms", (long long)step_us / 1000);
    world->server.clock_us += step_us;
    world->server.stepped = true;
}

static void fail_over(struct world *world)
{
    uint64_t before = world->server.primary.head.revision;
    server_fail_over(&world->server, world->timeline.now_us);
    world_trace(world, "the store fails over: %llu changes are lost",
                (unsigned long long)(before - world->server.primary.head.revision));
    judge_data_changed(&world->judge);
}

static void empty(struct world *world)
{
    world_trace(world, "the store is emptied");
    server_empty(&world->server);
    judge_data_changed(&world->judge);
}

static void harm_store(struct faults *faults)
{
    struct world *world = faults->world;
    uint32_t roll = dice_roll(&world->dice, 10);
    if (world->loses_data && roll < 3) {
        fail_over(world);
    } else if (world->loses_data && roll < 4) {
        empty(world);
    } else {
        cut(faults, true);
    }
}

static void harm_replica(struct faults *faults)
{
    struct world *world = faults->world;
    struct host *host = any_host(world);
    switch (dice_roll(&world->dice, 4)) {
    case 0: host_kill(host, dice_between(&world->dice, 10000, 5000000)); break;
    case 1: host_stop(host, world->timeline.now_us + dice_between(&world->dice, 10000, 12000000)); break;
    default: cut(faults, false); break;
    }
}

static void harm_silo(struct world *world)
{
    struct silo *silo = any_silo(world);
    switch (dice_roll(&world->dice, 3)) {
    case 0: silo_kill(silo, dice_between(&world->dice, 10000, 9000000)); break;
    case 1:
        silo_stop(silo, world->timeline.now_us + dice_between(&world->dice, 100000, 3000 * (int64_t)silo->ttl_ms));
        break;
    default: silo_kill(silo, 1000); break;
    }
}

static void harm_follower(struct world *world)
{
    struct follower *follower = &world->followers[dice_roll(&world->dice, world->follower_count)];
    if (dice_mille(&world->dice, 600)) {
        if (follower->host != NULL) {
            follower_cut(follower);
        }
    } else {
        follower_slow(follower, world->timeline.now_us + dice_between(&world->dice, 100000, 8000000));
    }
}

static void run_next(struct event *event)
{
    struct faults *faults = (struct faults *)(void *)((char *)event - offsetof(struct faults, next));
    struct world *world = faults->world;
    switch (dice_roll(&world->dice, 12)) {
    case 0: harm_store(faults); break;
    case 1: step_clock(world); break;
    case 2:
    case 3:
    case 4: harm_replica(faults); break;
    case 5:
    case 6:
    case 7: harm_silo(world); break;
    default: harm_follower(world); break;
    }
    wait(faults);
}

void faults_init(struct faults *faults, struct world *world)
{
    *faults = (struct faults){.world = world};
    faults->pace_us = dice_between(&world->dice, 200000, 3000000);
    faults->next = (struct event){.index = EVENT_NONE, .run = run_next};
    faults->heal = (struct event){.index = EVENT_NONE, .run = run_heal};
    timeline_set(&world->timeline, &faults->next,
                 world->timeline.now_us + dice_between(&world->dice, 2000000, 8000000));
}

void faults_end(struct faults *faults)
{
    struct world *world = faults->world;
    world_trace(world, "calm");
    timeline_remove(&world->timeline, &faults->next);
    timeline_remove(&world->timeline, &faults->heal);
    heal(world);
    world->loss_mille = 0;
    world->calm = true;
    for (unsigned i = 0; i < world->host_count; i++) {
        world->hosts[i].link.stopped_us = 0;
    }
    for (unsigned i = 0; i < world->silo_count; i++) {
        world->silos[i].stopped_us = 0;
    }
    for (unsigned i = 0; i < world->follower_count; i++) {
        world->followers[i].slow_until_us = 0;
    }
}
