#include "tests/simulation/silo.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "tests/simulation/world.h"

enum { CALL_US = 700000, PATIENCE_US = 6000000 };

static void write_again(struct silo *silo);

static int64_t now(const struct silo *silo)
{
    return silo->world->timeline.now_us;
}

static struct host *endpoint(const struct silo *silo)
{
    return &silo->world->hosts[silo->endpoint];
}

static void move_on(struct silo *silo)
{
    silo->endpoint = (silo->endpoint + 1) % silo->world->host_count;
}

static void repeat_at(struct silo *silo, int64_t delay_us)
{
    timeline_set(&silo->world->timeline, &silo->again, now(silo) + delay_us);
}

/* ---- writes ---- */

static void learn(struct silo *silo, const struct reply *reply)
{
    silo->incarnation = reply->incarnation;
    memcpy(silo->store_id, reply->position.store_id, sizeof silo->store_id);
}

static void begin_write(struct silo *silo, enum ask_kind kind)
{
    silo->ask = (struct ask){.kind = kind, .ttl_ms = silo->ttl_ms, .types = silo->types};
    memcpy(silo->ask.key, silo->id, sizeof silo->ask.key);
    memcpy(silo->ask.instance, silo->instance, sizeof silo->instance);
    if (kind == ASK_REGISTER) {
        silo->ask.held = silo->incarnation;
        memcpy(silo->ask.held_store_id, silo->store_id, sizeof silo->store_id);
    } else {
        silo->ask.incarnation = silo->incarnation;
    }
    silo->ask.port = 1000 + (uint32_t)(silo->world->requests % 60000);
    world_request_id(silo->world, silo->ask.request_id);
    silo->writing = true;
    silo->gives_up_us = now(silo) + PATIENCE_US;
    write_again(silo);
}

static void beat_soon(struct silo *silo)
{
    timeline_set(&silo->world->timeline, &silo->pulse, now(silo) + (int64_t)silo->ttl_ms * 1000 / 3);
}

static void end_process(struct silo *silo, int64_t down_us)
{
    world_trace(silo->world, "silo %s ends", silo->id);
    silo->state = SILO_DOWN;
    silo->writing = false;
    call_cancel(silo->call);
    call_cancel(silo->beat);
    silo->call = silo->beat = NULL;
    timeline_remove(&silo->world->timeline, &silo->pulse);
    timeline_set(&silo->world->timeline, &silo->again, now(silo) + down_us);
}

static void on_registered(struct silo *silo, const struct reply *reply)
{
    if (reply->status == QVT_OK) {
        learn(silo, reply);
        silo->state = SILO_SERVING;
        beat_soon(silo);
    } else if (strcmp(reply->reason, "SUPERSEDED") == 0) {
        end_process(silo, dice_between(&silo->world->dice, 500000, 8000000));
    } else {
        repeat_at(silo, 500000);
    }
}

/* What a replica cannot say now is asked of another; a write in doubt is repeated with its request_id. */
static void on_write(void *data, const struct ask *ask, const struct reply *reply)
{
    struct silo *silo = data;
    silo->call = NULL;
    world_trace(silo->world, "silo %s %d: %s %s", silo->id, ask->kind, qvt_status_text(reply->status), reply->reason);
    if (reply->status == QVT_UNAVAILABLE || reply->status == QVT_DEADLINE_EXCEEDED) {
        if (now(silo) < silo->gives_up_us) {
            move_on(silo);
            repeat_at(silo, dice_between(&silo->world->dice, 20000, 400000));
            return;
        }
    }
    silo->writing = false;
    if (ask->kind == ASK_REGISTER) {
        on_registered(silo, reply);
    } else if (ask->kind == ASK_UNREGISTER) {
        end_process(silo, dice_between(&silo->world->dice, 100000, 8000000));
    }
}

static void write_again(struct silo *silo)
{
    silo->call = call_new(silo->world, endpoint(silo), &silo->ask, CALL_US, on_write, silo);
}

static void run_again(struct event *event)
{
    struct silo *silo = (struct silo *)(void *)((char *)event - offsetof(struct silo, again));
    if (silo->stopped_us > now(silo)) {
        timeline_set(&silo->world->timeline, event, silo->stopped_us);
    } else if (silo->state == SILO_DOWN) {
        silo_start(silo);
    } else if (silo->writing) {
        write_again(silo);
    } else if (silo->state == SILO_REGISTERING) {
        begin_write(silo, ASK_REGISTER);
    }
}

/* ---- heartbeats ---- */

static void register_again(struct silo *silo)
{
    if (silo->call == NULL && !silo->writing) {
        silo->state = SILO_REGISTERING;
        begin_write(silo, ASK_REGISTER);
    }
}

static void on_beat(void *data, const struct ask *ask, const struct reply *reply)
{
    struct silo *silo = data;
    silo->beat = NULL;
    if (silo->state != SILO_SERVING || ask->incarnation != silo->incarnation) {
        return;
    }
    if (reply->status == QVT_NOT_FOUND) {
        world_trace(silo->world, "silo %s beats: %s", silo->id, reply->reason);
        register_again(silo);
    } else if (strcmp(reply->reason, "SUPERSEDED") == 0) {
        end_process(silo, dice_between(&silo->world->dice, 500000, 8000000));
    } else if (reply->status != QVT_OK) {
        move_on(silo);
        timeline_set(&silo->world->timeline, &silo->pulse, now(silo) + 50000);
    }
}

static void run_pulse(struct event *event)
{
    struct silo *silo = (struct silo *)(void *)((char *)event - offsetof(struct silo, pulse));
    if (silo->stopped_us > now(silo)) {
        timeline_set(&silo->world->timeline, event, silo->stopped_us);
        return;
    }
    beat_soon(silo);
    if (silo->state == SILO_SERVING && silo->beat == NULL) {
        struct ask ask = {.kind = ASK_HEARTBEAT, .incarnation = silo->incarnation};
        memcpy(ask.key, silo->id, sizeof ask.key);
        silo->beat = call_new(silo->world, endpoint(silo), &ask, (int64_t)silo->ttl_ms * 1000 / 6, on_beat, silo);
    }
}

/* ---- life ---- */

void silo_init(struct silo *silo, struct world *world, unsigned index)
{
    *silo = (struct silo){.world = world, .state = SILO_DOWN};
    snprintf(silo->id, sizeof silo->id, "s%u", index);
    silo->ttl_ms = 2000 + 1000 * dice_roll(&world->dice, 4);
    silo->again = (struct event){.index = EVENT_NONE, .run = run_again};
    silo->pulse = (struct event){.index = EVENT_NONE, .run = run_pulse};
    timeline_set(&world->timeline, &silo->again, world->timeline.now_us + dice_between(&world->dice, 1000000, 9000000));
}

void silo_start(struct silo *silo)
{
    struct dice *dice = &silo->world->dice;
    entropy_fill(&dice->entropy, silo->instance, sizeof silo->instance);
    silo->incarnation = 0;
    silo->store_id[0] = '\0';
    silo->types = dice_roll(dice, 4);
    silo->endpoint = dice_roll(dice, silo->world->host_count);
    silo->stopped_us = 0;
    silo->state = SILO_REGISTERING;
    begin_write(silo, ASK_REGISTER);
}

void silo_kill(struct silo *silo, int64_t down_us)
{
    if (silo->state != SILO_DOWN) {
        end_process(silo, down_us);
    }
}

void silo_stop(struct silo *silo, int64_t until_us)
{
    if (silo->state != SILO_DOWN && until_us > silo->stopped_us) {
        world_trace(silo->world, "silo %s is stopped for %lld ms", silo->id, (long long)(until_us - now(silo)) / 1000);
        silo->stopped_us = until_us;
    }
}

void silo_act(struct silo *silo)
{
    struct dice *dice = &silo->world->dice;
    if (silo->state != SILO_SERVING || silo->writing || silo->stopped_us > now(silo)) {
        return;
    }
    switch (dice_roll(dice, 12)) {
    case 0:
        silo->state = SILO_LEAVING;
        begin_write(silo, ASK_UNREGISTER);
        break;
    case 1:
    case 2:
    case 3:
        silo->types = 1 + dice_roll(dice, 3);
        begin_write(silo, ASK_VERSIONS);
        break;
    case 4:
        silo->types = dice_roll(dice, 4);
        begin_write(silo, ASK_REGISTER);
        break;
    default: begin_write(silo, ASK_UPDATE); break;
    }
}
