#include "tests/simulation/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "server/registry/wire.h"

#define BEGIN_US INT64_C(1769731200000000)
#define STORY_US INT64_C(40000000)
#define CALM_US INT64_C(25000000)
#define PROBE_US INT64_C(6000000)
#define QUIET_US INT64_C(3000000) /* without a change: then all have heard of the last one */
#define ACT_US INT64_C(400000)    /* between two acts of silos, about */

enum { ETAG_FIELD = 20 };

/* ---- what everybody asks the world ---- */

int64_t world_delay_us(struct world *world, unsigned host)
{
    int64_t usual_us = world->delay_us[host];
    if (!world->calm && dice_mille(&world->dice, 10)) {
        return dice_between(&world->dice, usual_us, usual_us + 500000);
    }
    return dice_between(&world->dice, usual_us / 2, usual_us * 2);
}

bool world_loses(struct world *world)
{
    return world->loss_mille > 0 && dice_mille(&world->dice, world->loss_mille);
}

static void print_moment(const struct world *world)
{
    printf("%10.6f ", (double)(world->timeline.now_us - world->begin_us) / 1e6);
}

void world_trace(struct world *world, const char *format, ...)
{
    va_list arguments;
    if (world->tracing) {
        print_moment(world);
        va_start(arguments, format);
        vprintf(format, arguments);
        va_end(arguments);
        putchar('\n');
    }
}

void world_broken(struct world *world, const char *format, ...)
{
    va_list arguments;
    if (world->broken[0] == '\0') {
        va_start(arguments, format);
        vsnprintf(world->broken, sizeof world->broken, format, arguments);
        va_end(arguments);
        world_trace(world, "BROKEN: %s", world->broken);
    }
}

void world_host_gone(struct world *world, struct host *host)
{
    for (unsigned i = 0; i < world->follower_count; i++) {
        if (world->followers[i].host == host) {
            follower_cut(&world->followers[i]);
        }
    }
}

void world_etag(struct world *world, const struct image *image, char etag[POSITION_TEXT_MAX])
{
    (void)world;
    etag[0] = '\0';
    qvt_slice rest = image == NULL ? qvt_slice_make(NULL, 0) : image_value(image);
    struct wire_field field;
    while (wire_next(&rest, &field)) {
        if (field.number == ETAG_FIELD && field.bytes.len < POSITION_TEXT_MAX) {
            memcpy(etag, field.bytes.data, field.bytes.len);
            etag[field.bytes.len] = '\0';
        }
    }
}

void world_request_id(struct world *world, char out[24])
{
    snprintf(out, 24, "q%" PRIu64, ++world->requests);
}

/* ---- the store's ear ---- */

static void on_changed(void *data)
{
    struct world *world = data;
    for (unsigned i = 0; i < world->host_count; i++) {
        link_news(&world->hosts[i].link);
    }
}

static bool on_append(void *data, struct change *change)
{
    struct world *world = data;
    judge_append(&world->judge, change);
    return world->broken[0] == '\0';
}

static void on_reset(void *data)
{
    struct world *world = data;
    judge_reset(&world->judge);
}

/* ---- the story ---- */

static void set_limits(struct world *world)
{
    world->limits = (struct registry_limits)REGISTRY_LIMITS_DEFAULT;
    world->limits.history_changes = dice_mille(&world->dice, 500) ? 300 : 1000;
    world->limits.dead_silos = 1 + dice_roll(&world->dice, 4);
    world->limits.lease_default_ms = 3000;
    world->limits.preserve_max_us = 15000000;
}

static void set_network(struct world *world)
{
    static const int64_t usual_us[] = {50, 200, 1000, 5000, 20000};
    int64_t delay_us = usual_us[dice_roll(&world->dice, 5)];
    for (unsigned i = 0; i < WORLD_HOSTS; i++) {
        world->delay_us[i] = delay_us;
    }
    if (dice_mille(&world->dice, 400)) {
        world->delay_us[0] += 2000;
    }
    world->loss_mille = dice_mille(&world->dice, 600) ? dice_roll(&world->dice, 30) : 0;
}

static void begin(struct world *world, uint64_t seed, bool tracing)
{
    memset(world, 0, sizeof *world);
    world->tracing = tracing;
    dice_init(&world->dice, seed);
    dice_init(&world->tokens, ~seed);
    judge_init(&world->judge, world);
    world->timeline.now_us = world->begin_us = BEGIN_US;
    server_init(&world->server);
    world->server.on_changed = on_changed;
    world->server.on_append = on_append;
    world->server.on_reset = on_reset;
    world->server.data = world;
    world->server.clock_us = dice_between(&world->dice, -3000000, 3000000);
    world->server.lag_us = dice_between(&world->dice, 100, 200000);
    set_limits(world);
    set_network(world);
    world->loses_data = dice_mille(&world->dice, 300);
    world->host_count = 1 + dice_roll(&world->dice, WORLD_HOSTS);
    world->silo_count = 2 + dice_roll(&world->dice, WORLD_SILOS - 1);
    world->follower_count = 1 + dice_roll(&world->dice, WORLD_FOLLOWERS);
    world->admin_count = 1 + dice_roll(&world->dice, WORLD_ADMINS);
    for (unsigned i = 0; i < world->host_count; i++) {
        host_init(&world->hosts[i], world, i);
        host_start(&world->hosts[i]);
    }
    for (unsigned i = 0; i < world->silo_count; i++) {
        silo_init(&world->silos[i], world, i);
    }
    for (unsigned i = 0; i < world->follower_count; i++) {
        follower_init(&world->followers[i], world, i);
    }
    for (unsigned i = 0; i < world->admin_count; i++) {
        admin_init(&world->admins[i], world);
    }
    faults_init(&world->faults, world);
}

static void run_until(struct world *world, int64_t until_us)
{
    while (world->broken[0] == '\0' && timeline_step(&world->timeline, until_us)) {}
}

/* Silos act on their own account all along. */
static void run_acting(struct world *world, int64_t until_us)
{
    while (world->broken[0] == '\0' && world->timeline.now_us < until_us) {
        run_until(world, world->timeline.now_us + dice_between(&world->dice, 0, 2 * ACT_US));
        silo_act(&world->silos[dice_roll(&world->dice, world->silo_count)]);
    }
}

/* Rule: no replica is starved. */
static void probe(struct world *world)
{
    world->ending = true;
    for (unsigned i = 0; i < world->host_count && world->broken[0] == '\0'; i++) {
        admin_probe(&world->admins[0], i);
        run_until(world, world->timeline.now_us + PROBE_US);
    }
}

static void check_end(struct world *world)
{
    judge_end(&world->judge);
    for (unsigned i = 0; i < world->host_count; i++) {
        if (!position_equal(&world->hosts[i].head, &world->server.primary.head)) {
            world_broken(world, "%s stays at revision %" PRIu64 " when nothing is wrong", world->hosts[i].name,
                         world->hosts[i].head.revision);
        }
    }
    for (unsigned i = 0; i < world->follower_count; i++) {
        follower_check_view(&world->followers[i]);
    }
}

static void end(struct world *world)
{
    for (unsigned i = 0; i < world->host_count; i++) {
        host_deinit(&world->hosts[i]);
    }
    for (unsigned i = 0; i < world->follower_count; i++) {
        follower_deinit(&world->followers[i]);
    }
    timeline_deinit(&world->timeline);
    server_deinit(&world->server);
}

void world_run(struct world *world, uint64_t seed, bool tracing)
{
    begin(world, seed, tracing);
    run_acting(world, world->begin_us + STORY_US);
    faults_end(&world->faults);
    run_acting(world, world->timeline.now_us + CALM_US);
    probe(world);
    for (int i = 0; i < 20 && world->timeline.now_us - world->judge.appended_us < QUIET_US; i++) {
        run_until(world, world->judge.appended_us + QUIET_US);
    }
    if (world->broken[0] == '\0') {
        check_end(world);
    }
    end(world);
}
