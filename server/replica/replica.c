#include "server/replica/replica.h"

#include <stdlib.h>

#include "base/check.h"
#include "server/registry/incarnation.h"
#include "server/registry/wire.h"
#include "server/replica/replica_state.h"

#define RELOAD_DELAY_US INT64_C(1000000)
#define RETRY_DELAY_MS 200u

enum { SILO_LAST_HEARTBEAT = 30, SILO_LEASE_REMAINING_MS = 33 };

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
    for (size_t i = 0; replica->phase == REPLICA_READY && i < count; i++) {
        if (changes[i]->position.revision > registry_head(replica->registry)->revision &&
            !replica_follow(replica, changes[i])) {
            return;
        }
    }
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

void replica_close_if_idle(struct replica *replica)
{
    if (replica->phase == REPLICA_CLOSING && !replica->loading && replica->batch == NULL && replica->beats == 0) {
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
    pulses_init(&replica->pulses);
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
    replica->phase = REPLICA_CLOSING;
    replica->on_closed = on_closed;
    replica->on_closed_data = data;
    replica->observer = (struct replica_observer){.on_wake = NULL};
    replica_refuse_all(replica, &error);
    replica_close_if_idle(replica);
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
    replica_wake(replica);
}

static void on_load(void *data, qvt_status status, const struct store_snapshot *snapshot, const qvt_error *error)
{
    struct replica *replica = data;
    replica->loading = false;
    if (replica->phase == REPLICA_CLOSING) {
        replica_close_if_idle(replica);
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
    replica->load_status = QVT_OK;
    replica->recheck_us = replica->purge_us = store_monotonic_us(replica->store);
    if (replica->observer.on_ready != NULL) {
        replica->observer.on_ready(replica->observer.data);
    }
    replica_wake(replica);
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

/* ---- heartbeats ---- */

struct beat {
    struct replica *replica;
    uint64_t incarnation;
    uint32_t ttl_ms;
    struct health health;
    struct activity activity;
    replica_on_heartbeat on_heartbeat;
    void *data;
    size_t id_len;
    char silo_id[];
};

static void answer_beat(struct replica *replica, const struct beat *beat, const qvt_error *error, uint32_t remaining_ms)
{
    struct replica_heartbeat answer = {
        .status = error == NULL ? QVT_OK : error->status,
        .error = error,
        .position = *registry_head(replica->registry),
        .incarnation = beat->incarnation,
        .lease_remaining_ms = remaining_ms,
    };
    beat->on_heartbeat(beat->data, &answer);
}

/* The silo may have left or been superseded while the renewal was on its way. */
static qvt_status check_renewed(const struct beat *beat, const struct registry_silo *silo, qvt_status status,
                                uint32_t remaining_ms, qvt_error *error)
{
    qvt_slice silo_id = qvt_slice_make(beat->silo_id, beat->id_len);
    if (status != QVT_OK) {
        (void)qvt_error_set(error, QVT_UNAVAILABLE, "STORE_UNAVAILABLE", "the lease could not be renewed: %s",
                            qvt_status_text(status));
        error->retry_delay_ms = RETRY_DELAY_MS;
        return QVT_UNAVAILABLE;
    }
    QVT_TRY(incarnation_check(silo, silo_id, beat->incarnation, true, error));
    if (remaining_ms == 0) {
        return qvt_error_set(error, QVT_NOT_FOUND, "LEASE_EXPIRED",
                             "the lease of silo \"%.*s\" is over: register again", (int)beat->id_len, beat->silo_id);
    }
    return QVT_OK;
}

static void on_renew(void *data, qvt_status status, const uint32_t *remaining_ms, size_t count)
{
    struct beat *beat = data;
    struct replica *replica = beat->replica;
    uint32_t remaining = count == 1 ? remaining_ms[0] : 0;
    const struct registry_silo *silo = registry_silo(replica->registry, qvt_slice_make(beat->silo_id, beat->id_len));
    qvt_error error;
    replica->beats--;
    if (check_renewed(beat, silo, status, remaining, &error) == QVT_OK) {
        replica_hear(replica, silo, &beat->health, &beat->activity);
        answer_beat(replica, beat, NULL, remaining);
    } else {
        answer_beat(replica, beat, &error, 0);
    }
    free(beat);
    replica_close_if_idle(replica);
}

static qvt_status check_request(const struct replica *replica, const Quark__Version__V1__HeartbeatRequest *request,
                                const struct registry_silo **silo, qvt_error *error)
{
    qvt_slice silo_id = qvt_slice_text(request->silo_id);
    QVT_TRY(replica_ready(replica, error));
    *silo = registry_silo(replica->registry, silo_id);
    return incarnation_check(*silo, silo_id, request->incarnation, true, error);
}

static struct beat *make_beat(struct replica *replica, const Quark__Version__V1__HeartbeatRequest *request,
                              const struct registry_silo *silo)
{
    struct beat *beat = malloc(sizeof *beat + silo->id.len);
    if (beat == NULL) {
        return NULL;
    }
    beat->replica = replica;
    beat->incarnation = silo->incarnation;
    beat->ttl_ms = silo->lease_ttl_ms;
    beat->health = health_read(request->health);
    beat->activity = activity_read(request->activity);
    beat->id_len = silo->id.len;
    memcpy(beat->silo_id, silo->id.data, silo->id.len);
    return beat;
}

void replica_heartbeat(struct replica *replica, const Quark__Version__V1__HeartbeatRequest *request,
                       replica_on_heartbeat on_heartbeat, void *data)
{
    qvt_error error;
    const struct registry_silo *silo = NULL;
    struct beat refused = {.on_heartbeat = on_heartbeat, .data = data, .incarnation = request->incarnation};
    if (check_request(replica, request, &silo, &error) != QVT_OK) {
        answer_beat(replica, &refused, &error, 0);
        return;
    }
    struct beat *beat = make_beat(replica, request, silo);
    if (beat == NULL) {
        (void)qvt_error_set(&error, QVT_NO_MEMORY, NULL, "out of memory");
        answer_beat(replica, &refused, &error, 0);
        return;
    }
    beat->on_heartbeat = on_heartbeat;
    beat->data = data;
    replica->beats++;
    struct store_lease lease = {beat->incarnation, beat->ttl_ms};
    store_renew(replica->log, &lease, 1, on_renew, beat);
}

static qvt_status append_fields(const struct replica *replica, const struct registry_silo *silo,
                                const struct pulse *pulse, struct buf *out)
{
    QVT_TRY(wire_put_time_us(out, SILO_LAST_HEARTBEAT, pulse->heard_wall_us));
    QVT_TRY(health_append(&pulse->health, out));
    QVT_TRY(activity_append(&pulse->activity, out));
    uint32_t remaining_ms = store_lease_remaining_ms(replica->log, silo->incarnation);
    return wire_put_varint(out, SILO_LEASE_REMAINING_MS, remaining_ms);
}

qvt_status replica_append_volatile(const struct replica *replica, const struct registry_silo *silo, struct buf *out)
{
    const struct pulse *pulse = pulses_find(&replica->pulses, silo->incarnation);
    size_t before = out->len;
    if (pulse == NULL || silo->status == PLACEMENT_DEAD) {
        return QVT_OK;
    }
    qvt_status status = append_fields(replica, silo, pulse, out);
    if (status != QVT_OK) {
        out->len = before;
    }
    return status;
}

/* ---- the driver ---- */

void replica_turn(struct replica *replica)
{
    replica->wake_asked = false;
    bool due = replica->reload_us <= store_monotonic_us(replica->store);
    if (replica->phase == REPLICA_LOADING && due && !replica->loading && replica->batch == NULL) {
        load(replica);
    }
    if (replica->phase == REPLICA_READY) {
        replica_tick(replica);
        replica_flush(replica);
    }
}

int64_t replica_deadline_us(const struct replica *replica)
{
    if (replica->phase == REPLICA_READY) {
        return replica_next_tick_us(replica);
    }
    return replica->reload_us;
}
