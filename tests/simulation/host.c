#include "tests/simulation/host.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "tests/simulation/world.h"

static int64_t now(const struct host *host)
{
    return host->world->timeline.now_us;
}

static void on_wake(void *data)
{
    struct host *host = data;
    if (host->up) {
        timeline_set(&host->world->timeline, &host->turn, now(host) + dice_between(&host->world->dice, 0, 300));
    }
}

static bool is_stopped(struct host *host, struct event *event)
{
    if (host->link.stopped_us > now(host)) {
        timeline_set(&host->world->timeline, event, host->link.stopped_us);
        return true;
    }
    return false;
}

static void arm(struct host *host)
{
    int64_t deadline_us = service_deadline_us(host->service);
    if (deadline_us == INT64_MAX) {
        timeline_remove(&host->world->timeline, &host->deadline);
    } else {
        int64_t at_us = deadline_us - host->link.boot_us;
        timeline_set(&host->world->timeline, &host->deadline, at_us <= now(host) ? now(host) + 1000 : at_us);
    }
}

static void turn(struct host *host)
{
    service_turn(host->service);
    arm(host);
    host_look(host);
}

static void run_turn(struct event *event)
{
    struct host *host = (struct host *)(void *)((char *)event - offsetof(struct host, turn));
    if (!is_stopped(host, event)) {
        turn(host);
    }
}

static void run_deadline(struct event *event)
{
    struct host *host = (struct host *)(void *)((char *)event - offsetof(struct host, deadline));
    if (!is_stopped(host, event)) {
        turn(host);
    }
}

static void run_restart(struct event *event)
{
    struct host *host = (struct host *)(void *)((char *)event - offsetof(struct host, restart));
    host_start(host);
}

static void on_closed(void *data)
{
    struct host *host = data;
    host->closed = true;
}

/* A server that cannot load what is stored ends; its supervisor starts it again. */
static void on_ready(void *data, const qvt_error *error)
{
    struct host *host = data;
    if (error->status != QVT_OK) {
        world_trace(host->world, "%s cannot load: %s", host->name, error->message);
        timeline_set(&host->world->timeline, &host->restart, now(host) + 100000);
    }
}

void host_start(struct host *host)
{
    struct world *world = host->world;
    if (host->up) {
        host_kill(host, 500000);
        return;
    }
    host->boot++;
    host->up = true;
    host->head = (struct position){.revision = 0};
    link_init(&host->link, world, host->index);
    const struct service_options options = {
        .store = &host->link.base,
        .entropy = &world->tokens.entropy,
        .limits = world->limits,
        .clusters_max = 3,
        .page_size_max = 1000,
        .message_bytes_max = 4 << 20,
        .cache_ttl_ms = 10000,
        .progress_interval_ms = 4000,
        .watch_stall_ms = 60000,
        .find_cache_bytes = 1 << 16,
        .observer = {on_wake, on_ready, host},
    };
    world_trace(world, "%s starts", host->name);
    qvt_status status = service_new(&host->service, &options);
    QVT_ASSERT(status == QVT_OK);
    on_wake(host);
}

static void end_process(struct host *host)
{
    struct timeline *timeline = &host->world->timeline;
    host->up = false;
    host->closed = false;
    timeline_remove(timeline, &host->turn);
    timeline_remove(timeline, &host->deadline);
    timeline_remove(timeline, &host->restart);
    world_host_gone(host->world, host);
    link_die(&host->link);
    service_close(host->service, on_closed, host);
    link_fail_all(&host->link);
    QVT_ASSERT(host->closed);
    host->service = NULL;
}

void host_kill(struct host *host, int64_t down_us)
{
    if (host->up) {
        world_trace(host->world, "%s is killed", host->name);
        end_process(host);
        timeline_set(&host->world->timeline, &host->restart, now(host) + down_us);
    }
}

void host_stop(struct host *host, int64_t until_us)
{
    if (host->up && until_us > host->link.stopped_us) {
        world_trace(host->world, "%s is stopped for %lld ms", host->name, (long long)(until_us - now(host)) / 1000);
        host->link.stopped_us = until_us;
    }
}

bool host_listens(const struct host *host)
{
    return host->up && host->link.stopped_us <= now(host);
}

void host_look(struct host *host)
{
    struct service_cluster cluster;
    if (!host->up || service_cluster_count(host->service) == 0) {
        return;
    }
    service_cluster_at(host->service, 0, &cluster);
    if (cluster.ready && !position_equal(cluster.head, &host->head)) {
        judge_mirror(&host->world->judge, host, &host->head, cluster.head);
        host->head = *cluster.head;
    }
}

void host_init(struct host *host, struct world *world, unsigned index)
{
    *host = (struct host){.world = world, .index = index};
    list_init(&host->link.logs);
    snprintf(host->name, sizeof host->name, "r%u", index);
    host->turn = (struct event){.index = EVENT_NONE, .run = run_turn};
    host->deadline = (struct event){.index = EVENT_NONE, .run = run_deadline};
    host->restart = (struct event){.index = EVENT_NONE, .run = run_restart};
}

void host_deinit(struct host *host)
{
    if (host->up) {
        end_process(host);
    }
}
