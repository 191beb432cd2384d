#include "tests/unit/server/replica/world.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#define WORLD_BEGIN_US INT64_C(1769731200000000)
#define TURNS_MAX 10000

static void on_wake(void *data)
{
    ((struct world *)data)->woken = true;
}

static void on_change(void *data, struct change *change)
{
    struct world *world = data;
    size_t len = strlen(world->events);
    world->changes++;
    if (len + 8 < sizeof world->events) {
        snprintf(world->events + len, sizeof world->events - len, "%s%u", len == 0 ? "" : " ", (unsigned)change->event);
    }
    CU_ASSERT_EQUAL(registry_head(replica_registry(world->replica))->revision, change->position.revision);
}

static void open_replica(struct world *world)
{
    struct replica_options options = {
        .store = world->store,
        .cluster = "default",
        .entropy = &world->entropy,
        .limits = world->limits,
        .observer = {.on_wake = on_wake, .on_change = on_change, .data = world},
    };
    CU_ASSERT_EQUAL_FATAL(replica_new(&world->replica, &options), QVT_OK);
    world_settle(world);
}

void world_init_limits(struct world *world, const struct registry_limits *limits)
{
    *world = (struct world){.seed = 11, .limits = *limits};
    virtual_clock_init(&world->clock, WORLD_BEGIN_US);
    world->entropy = entropy_seeded(&world->seed);
    CU_ASSERT_EQUAL_FATAL(store_memory_new(&world->store, &world->clock.clock), QVT_OK);
    open_replica(world);
}

void world_init(struct world *world)
{
    struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
    world_init_limits(world, &limits);
}

void world_restart(struct world *world)
{
    replica_close(world->replica, NULL, NULL);
    world->woken = false;
    open_replica(world);
}

void world_deinit(struct world *world)
{
    replica_close(world->replica, NULL, NULL);
    store_close(world->store, NULL, NULL);
}

static bool is_due(const struct world *world)
{
    return world->woken || replica_deadline_us(world->replica) <= world->clock.monotonic_us;
}

void world_settle(struct world *world)
{
    int turns = 0;
    while (is_due(world)) {
        CU_ASSERT_FATAL(turns++ < TURNS_MAX);
        world->woken = false;
        replica_turn(world->replica);
    }
}

void world_advance_ms(struct world *world, int64_t delta_ms)
{
    int64_t end_us = world->clock.monotonic_us + delta_ms * 1000;
    while (world->clock.monotonic_us < end_us) {
        int64_t next_us = replica_deadline_us(world->replica);
        next_us = next_us < end_us ? next_us : end_us;
        int64_t step_us = next_us - world->clock.monotonic_us;
        world->clock.monotonic_us += step_us;
        world->clock.wall_us += step_us;
        world_settle(world);
    }
}

void world_on_outcome(void *data, const struct replica_outcome *outcome)
{
    struct world *world = data;
    world->answers++;
    world->status = outcome->status;
    world->position = outcome->position;
    qvt_error_clear(&world->error);
    if (outcome->error != NULL) {
        world->error = *outcome->error;
    }
}

static qvt_status run(struct world *world, const struct command *command)
{
    unsigned before = world->answers;
    replica_submit(world->replica, command, world_on_outcome, world);
    world_settle(world);
    CU_ASSERT_EQUAL(world->answers, before + 1);
    return world->status;
}

qvt_status world_register(struct world *world, const char *silo_id, uint8_t instance, int64_t lease_ms)
{
    struct given_silo given;
    given_silo(&given, silo_id);
    given_types(&given, "Order=1.0.0");
    given_lease(&given, lease_ms);
    if (instance != 0) {
        given_instance(&given, instance);
    }
    struct command command = command_register(&given);
    return run(world, &command);
}

static qvt_status update(struct world *world, const char *silo_id, Quark__Version__V1__SiloInfo *silo)
{
    Quark__Version__V1__UpdateSiloRequest request;
    quark__version__v1__update_silo_request__init(&request);
    request.silo_id = text(silo_id);
    request.silo = silo;
    struct command command = {.kind = COMMAND_UPDATE_SILO, .update_silo = &request};
    return run(world, &command);
}

qvt_status world_update_status(struct world *world, const char *silo_id, int status)
{
    Quark__Version__V1__SiloInfo silo;
    quark__version__v1__silo_info__init(&silo);
    silo.status = (Quark__Version__V1__SiloStatus)status;
    return update(world, silo_id, &silo);
}

qvt_status world_cordon(struct world *world, const char *silo_id)
{
    Quark__Version__V1__SiloInfo silo;
    quark__version__v1__silo_info__init(&silo);
    silo.scheduling = QUARK__VERSION__V1__SCHEDULING__SCHEDULING_CORDONED;
    return update(world, silo_id, &silo);
}

qvt_status world_unregister(struct world *world, const char *silo_id)
{
    Quark__Version__V1__UnregisterSiloRequest request;
    quark__version__v1__unregister_silo_request__init(&request);
    request.silo_id = text(silo_id);
    struct command command = {.kind = COMMAND_UNREGISTER_SILO, .unregister_silo = &request};
    return run(world, &command);
}

static void on_heartbeat(void *data, const struct replica_heartbeat *answer)
{
    struct world *world = data;
    world->answers++;
    world->status = answer->status;
    world->remaining_ms = answer->lease_remaining_ms;
    qvt_error_clear(&world->error);
    if (answer->error != NULL) {
        world->error = *answer->error;
    }
}

qvt_status world_beat(struct world *world, const char *silo_id, double cpu_percent)
{
    Quark__Version__V1__HeartbeatRequest request;
    Quark__Version__V1__Health health;
    unsigned before = world->answers;
    quark__version__v1__heartbeat_request__init(&request);
    quark__version__v1__health__init(&health);
    request.silo_id = text(silo_id);
    if (cpu_percent >= 0) {
        health.cpu_percent = cpu_percent;
        health.memory_percent = cpu_percent;
        request.health = &health;
    }
    replica_heartbeat(world->replica, &request, on_heartbeat, world);
    CU_ASSERT_EQUAL(world->answers, before + 1);
    world_settle(world);
    return world->status;
}

const struct registry_silo *world_silo(const struct world *world, const char *silo_id)
{
    return registry_silo(replica_registry(world->replica), qvt_slice_text(silo_id));
}

const struct registry_counts *world_counts(const struct world *world)
{
    return registry_counts(replica_registry(world->replica));
}
