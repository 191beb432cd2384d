#include "server/replica/replica.h"

#include <stdlib.h>

#include "base/check.h"
#include "server/replica/replica_state.h"

#define RELOAD_DELAY_US INT64_C(1000000)

static void load(struct replica *replica);

void replica_wake(struct replica *replica)
{
    if (!replica->wake_asked && replica->observer.on_wake != NULL) {
        replica->wake_asked = true;
        replica->observer.on_wake(replica->observer.data);
    }
}

static void on_changes(void *data, struct change *const *changes, size_t count)
{
    struct replica *replica = data;
    replica_enter(replica);
    for (size_t i = 0; replica->phase == REPLICA_READY && i < count; i++) {
        if (changes[i]->position.revision > registry_head(replica->registry)->revision) {
            (void)replica_follow(replica, changes[i]);
        }
    }
    if (!list_is_empty(&replica->queue)) {
        replica_wake(replica);
    }
    replica_leave(replica);
}

static void free_replica(struct replica *replica)
{
    void (*on_closed)(void *data) = replica->on_closed;
    void *data = replica->on_closed_data;
    store_close_log(replica->log);
    pulses_deinit(&replica->pulses);
    while (!list_is_empty(&replica->lapses)) {
        struct list *node = replica->lapses.next;
        list_remove(node);
        free(LIST_ENTRY(node, struct lapse, link));
    }
    registry_free(replica->registry);
    free(replica);
    if (on_closed != NULL) {
        on_closed(data);
    }
}

void replica_enter(struct replica *replica)
{
    replica->depth++;
}

void replica_leave(struct replica *replica)
{
    bool flying = replica->batch != NULL || replica->checking;
    bool idle = --replica->depth == 0 && !replica->loading && !flying && replica->beats == 0;
    if (idle && replica->phase == REPLICA_CLOSING) {
        free_replica(replica);
    }
}

qvt_status replica_new(struct replica **out, const struct replica_options *options)
{
    size_t len = strlen(options->cluster) + 1;
    struct replica *replica = calloc(1, sizeof *replica + len);
    if (replica == NULL) {
        return QVT_NO_MEMORY;
    }
    memcpy(replica->cluster, options->cluster, len);
    replica->store = options->store;
    replica->entropy = options->entropy;
    replica->limits = options->limits;
    replica->observer = options->observer;
    replica->reload_us = replica->recheck_us = replica->purge_us = INT64_MAX;
    list_init(&replica->queue);
    list_init(&replica->flying);
    list_init(&replica->lapses);
    pulses_init(&replica->pulses, options->limits.suspect_missed);
    qvt_status status = registry_new(&replica->registry, &replica->limits);
    if (status == QVT_OK) {
        status = store_open_log(replica->store, replica->cluster, on_changes, replica, &replica->log);
    }
    if (status != QVT_OK) {
        registry_free(replica->registry);
        free(replica);
        return status;
    }
    *out = replica;
    load(replica);
    return QVT_OK;
}

void replica_close(struct replica *replica, void (*on_closed)(void *data), void *data)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_UNAVAILABLE, "SHUTTING_DOWN", "the tracker is stopping");
    error.retry_delay_ms = RETRY_DELAY_MS;
    replica_enter(replica);
    replica->phase = REPLICA_CLOSING;
    replica->on_closed = on_closed;
    replica->on_closed_data = data;
    replica->observer = (struct replica_observer){.on_wake = NULL};
    replica_refuse_all(replica, &error);
    replica_leave(replica);
}

static qvt_status fill(struct registry *registry, const struct store_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->record_count; i++) {
        QVT_TRY(registry_load_record(registry, snapshot->records[i]));
    }
    for (size_t i = 0; i < snapshot->history_count; i++) {
        QVT_TRY(registry_load_change(registry, snapshot->history[i]));
    }
    return registry_load_end(registry, &snapshot->head);
}

static qvt_status take_snapshot(struct replica *replica, const struct store_snapshot *snapshot)
{
    struct registry *registry;
    QVT_TRY(registry_new(&registry, &replica->limits));
    qvt_status status = fill(registry, snapshot);
    if (status != QVT_OK) {
        registry_free(registry);
        return status;
    }
    if (replica->observer.on_unload != NULL) {
        replica->observer.on_unload(replica->observer.data);
    }
    registry_free(replica->registry);
    replica->registry = registry;
    return replica_load_pulses(replica);
}

static void load_failed(struct replica *replica, qvt_status status, const qvt_error *error)
{
    replica->load_status = status;
    replica->reload_us = store_monotonic_us(replica->store) + RELOAD_DELAY_US;
    if (error != NULL) {
        replica->load_error = *error;
    } else {
        (void)qvt_error_set(&replica->load_error, status, NULL, "records of cluster %s cannot be loaded: %s",
                            replica->cluster, qvt_status_text(status));
    }
    replica_refuse_all(replica, &replica->load_error);
    replica_wake(replica);
}

static void loaded(struct replica *replica, qvt_status status, const struct store_snapshot *snapshot,
                   const qvt_error *error)
{
    if (status == QVT_OK) {
        status = take_snapshot(replica, snapshot);
    }
    if (status != QVT_OK) {
        load_failed(replica, status, error);
        return;
    }
    replica->phase = REPLICA_READY;
    replica->behind.revision = 0;
    replica->load_status = QVT_OK;
    replica->recheck_us = replica->purge_us = replica_now_us(replica);
    if (replica->observer.on_ready != NULL) {
        replica->observer.on_ready(replica->observer.data);
    }
    replica_wake(replica);
}

static void on_load(void *data, qvt_status status, const struct store_snapshot *snapshot, const qvt_error *error)
{
    struct replica *replica = data;
    replica_enter(replica);
    replica->loading = false;
    if (replica->phase == REPLICA_LOADING) {
        loaded(replica, status, snapshot, error);
    }
    replica_leave(replica);
}

static void load(struct replica *replica)
{
    replica->phase = REPLICA_LOADING;
    replica->reload_us = INT64_MAX;
    replica->loading = true;
    store_load(replica->log, on_load, replica);
}

void replica_reload(struct replica *replica)
{
    if (replica->phase != REPLICA_READY) {
        return;
    }
    replica->phase = REPLICA_LOADING;
    replica->reload_us = store_monotonic_us(replica->store);
    replica_wake(replica);
}

qvt_status replica_ready(const struct replica *replica, qvt_error *error)
{
    if (replica->phase == REPLICA_READY) {
        return QVT_OK;
    }
    if (replica->phase == REPLICA_LOADING && replica->load_status != QVT_OK) {
        if (error != NULL) {
            *error = replica->load_error;
        }
        return replica->load_status;
    }
    qvt_status status =
        qvt_error_set(error, QVT_UNAVAILABLE, "WARMING_UP", "records of cluster %s are being loaded", replica->cluster);
    if (error != NULL) {
        error->retry_delay_ms = RETRY_DELAY_MS;
    }
    return status;
}

struct registry *replica_registry(struct replica *replica)
{
    return replica->registry;
}

uint32_t replica_age_ms(const struct replica *replica)
{
    (void)replica;
    return 0;
}

void replica_turn(struct replica *replica)
{
    replica_enter(replica);
    replica->wake_asked = false;
    bool due = replica->reload_us <= store_monotonic_us(replica->store);
    if (replica->phase == REPLICA_LOADING && due && !replica->loading && replica->batch == NULL && !replica->checking) {
        load(replica);
    }
    if (replica->phase == REPLICA_READY) {
        replica_tick(replica);
        replica_flush(replica);
    }
    replica_leave(replica);
}

int64_t replica_deadline_us(const struct replica *replica)
{
    if (replica->phase == REPLICA_READY) {
        return replica_next_tick_us(replica);
    }
    return replica->reload_us;
}
