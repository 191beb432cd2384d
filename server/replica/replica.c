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
    replica_answered(replica);
    for (size_t i = 0; replica->phase == REPLICA_READY && i < count; i++) {
        if (changes[i]->position.revision > registry_head(replica->registry)->revision) {
            (void)replica_follow(replica, changes[i]);
        }
    }
    replica_sync_settle(replica);
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
    registry_free(replica->view);
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
    bool flying = replica->batch != NULL || replica->checking || replica->refilling;
    bool idle = --replica->depth == 0 && !replica->loading && !flying && replica->beats + replica->asked == 0;
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
    replica->look_us = replica->flush_us = INT64_MAX;
    list_init(&replica->queue);
    list_init(&replica->flying);
    list_init(&replica->lapses);
    list_init(&replica->waits);
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
    replica_sync_refuse_all(replica);
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

/* A store that a replica made anew has no silos yet: until they had the time to register, reads see those of before. */
static void keep_view(struct replica *replica, const struct store_snapshot *snapshot)
{
    bool made_anew = replica->loaded && store_is_shared(replica->store) && snapshot->history_count > 0 &&
                     snapshot->history[0]->event == CHANGE_CLUSTER_CREATED &&
                     snapshot->history[0]->position.revision > 1 &&
                     strcmp(snapshot->head.store_id, registry_head(replica->registry)->store_id) != 0;
    if (!made_anew || replica->view != NULL) {
        return;
    }
    replica->view = replica->registry;
    replica->registry = NULL;
    replica->view_began_us = replica->answered_us;
    replica->view_until_us = replica_now_us(replica) + (int64_t)replica->limits.lease_default_ms * 1000;
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
    keep_view(replica, snapshot);
    registry_free(replica->registry);
    replica->registry = registry;
    return replica_load_pulses(replica);
}

/* Whether our position is in the history of the snapshot, as far as that reaches back. */
static bool was_lost(const struct replica *replica, const struct store_snapshot *snapshot)
{
    const struct position *mine = registry_head(replica->registry);
    if (mine->revision == 0 || strcmp(mine->store_id, snapshot->head.store_id) != 0) {
        return false;
    }
    if (mine->revision >= snapshot->head.revision) {
        return !position_equal(mine, &snapshot->head);
    }
    uint64_t first = snapshot->history_count > 0 ? snapshot->history[0]->position.revision : 0;
    return first > 0 && mine->revision >= first &&
           snapshot->history[mine->revision - first]->position.token != mine->token;
}

/* What this replica knew and the store does not any more. True: the load is not taken. */
static bool repair(struct replica *replica, const struct store_snapshot *snapshot)
{
    if (!store_is_shared(replica->store) || !replica->loaded) {
        return false;
    }
    if (snapshot->head.revision == 0 && registry_head(replica->registry)->revision > 0) {
        replica_refill(replica);
        return replica->repairing;
    }
    if (was_lost(replica, snapshot)) {
        replica_disown(replica, &snapshot->head);
        return true;
    }
    return false;
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
    if (status == QVT_OK && repair(replica, snapshot)) {
        return;
    }
    if (status == QVT_OK) {
        status = take_snapshot(replica, snapshot);
    }
    if (status != QVT_OK) {
        load_failed(replica, status, error);
        return;
    }
    replica->phase = REPLICA_READY;
    replica->loaded = true;
    replica->behind.revision = 0;
    replica_answered(replica);
    replica->look_us = replica_now_us(replica);
    replica->load_status = QVT_OK;
    replica->recheck_us = replica->purge_us = replica_now_us(replica);
    if (replica->observer.on_ready != NULL) {
        replica->observer.on_ready(replica->observer.data);
    }
    replica_sync_settle(replica);
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
    if (replica->phase == REPLICA_CLOSING) {
        return;
    }
    replica->phase = REPLICA_LOADING;
    replica->reload_us = store_monotonic_us(replica->store);
    replica_wake(replica);
}

qvt_status replica_ready(const struct replica *replica, qvt_error *error)
{
    if (replica->phase == REPLICA_READY || (replica->phase == REPLICA_LOADING && replica->loaded)) {
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

bool replica_load_failed(const struct replica *replica)
{
    return replica->phase == REPLICA_LOADING && replica->load_status != QVT_OK;
}

struct registry *replica_registry(struct replica *replica)
{
    return replica->registry;
}

struct registry *replica_view(struct replica *replica)
{
    return replica->view != NULL ? replica->view : replica->registry;
}

void replica_turn(struct replica *replica)
{
    replica_enter(replica);
    replica->wake_asked = false;
    replica_check_store(replica);
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
        int64_t tick_us = replica_next_tick_us(replica);
        int64_t look_us = replica_next_look_us(replica);
        int64_t next_us = tick_us < look_us ? tick_us : look_us;
        return replica->flush_us < next_us ? replica->flush_us : next_us;
    }
    int64_t look_us = replica_next_look_us(replica);
    int64_t reload_us =
        replica->loading || replica->batch != NULL || replica->checking ? INT64_MAX : replica->reload_us;
    return reload_us < look_us ? reload_us : look_us;
}
