/* The rules of the seed on a replica over sqlite: between the writes and the questions everything is closed, and the file
 * is opened again. */
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/check.h"
#include "server/replica/replica.h"
#include "tests/unit/server/registry/seed_rules.h"
#include "tests/unit/server/store/scene.h"

struct durable {
    struct scene scene;
    uint64_t seed;
    struct entropy entropy;
    struct replica *replica;
    bool woken;
    bool ready;
    bool closed;
    bool answered;
    qvt_status status;
    qvt_error *error;
};

static void on_wake(void *data)
{
    ((struct durable *)data)->woken = true;
}

static void on_ready(void *data)
{
    ((struct durable *)data)->ready = true;
}

static void on_closed(void *data)
{
    ((struct durable *)data)->closed = true;
}

static void on_outcome(void *data, const struct replica_outcome *outcome)
{
    struct durable *durable = data;
    durable->answered = true;
    durable->status = outcome->status;
    if (outcome->error != NULL) {
        *durable->error = *outcome->error;
    }
}

/* The driver: turns when asked, else whatever the store has to say. */
static void drive(struct durable *durable, const bool *done)
{
    while (!*done) {
        if (durable->woken) {
            durable->woken = false;
            replica_turn(durable->replica);
        } else {
            QVT_ASSERT(uv_run(&durable->scene.loop, UV_RUN_ONCE) != 0 || *done || durable->woken);
        }
    }
}

static void open_replica(struct durable *durable)
{
    const struct replica_options options = {
        .store = durable->scene.store,
        .cluster = "default",
        .entropy = &durable->entropy,
        .limits = REGISTRY_LIMITS_DEFAULT,
        .observer = {.on_wake = on_wake, .on_ready = on_ready, .data = durable},
    };
    durable->ready = false;
    CU_ASSERT_EQUAL_FATAL(replica_new(&durable->replica, &options), QVT_OK);
    drive(durable, &durable->ready);
}

static void close_replica(struct durable *durable)
{
    durable->woken = false;
    durable->closed = false;
    replica_close(durable->replica, on_closed, durable);
    durable->replica = NULL;
    scene_wait(&durable->scene, &durable->closed);
}

static qvt_status run(void *data, const struct command *command, qvt_error *error)
{
    struct durable *durable = data;
    durable->answered = false;
    durable->error = error;
    replica_submit(durable->replica, command, on_outcome, durable);
    drive(durable, &durable->answered);
    return durable->status;
}

static const struct registry *restart(void *data)
{
    struct durable *durable = data;
    struct position before = *registry_head(replica_registry(durable->replica));
    close_replica(durable);
    scene_restart(&durable->scene);
    open_replica(durable);
    const struct registry *registry = replica_registry(durable->replica);
    CU_ASSERT_NOT_EQUAL(before.revision, 0);
    CU_ASSERT_TRUE(position_equal(registry_head(registry), &before));
    return registry;
}

static void close_durable(void *data)
{
    struct durable *durable = data;
    close_replica(durable);
    scene_deinit(&durable->scene);
}

static void open_durable(struct seed_world *world)
{
    static struct durable durable;
    memset(&durable, 0, sizeof durable);
    scene_init(&durable.scene, SCENE_sqlite);
    durable.seed = 11;
    durable.entropy = entropy_seeded(&durable.seed);
    open_replica(&durable);
    *world = (struct seed_world){run, restart, close_durable, &durable};
}

int main(int argc, char **argv)
{
    return seed_run("server/replica/seed", open_durable, argc, argv);
}
