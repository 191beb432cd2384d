#include <stdlib.h>

#include "base/check.h"
#include "server/registry/incarnation.h"
#include "server/registry/wire.h"
#include "server/replica/replica_state.h"

enum { SILO_LAST_HEARTBEAT = 30, SILO_LEASE_REMAINING_MS = 33 };

struct beat {
    struct replica *replica;
    uint64_t asked_incarnation; /* 0: whichever there is */
    uint64_t incarnation;
    bool checked; /* the mirror is up to date enough for a refusal */
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

static void begin(struct beat *beat);
static void on_checked(void *data, qvt_status status, const qvt_error *error);

/* Ends the beat, or, where others share the store, first sees whether the mirror is just behind. */
static void refuse(struct beat *beat, const qvt_error *error)
{
    struct replica *replica = beat->replica;
    bool doubtful = store_is_shared(replica->store) && !beat->checked && error->status != QVT_UNAVAILABLE &&
                    error->status != QVT_NO_MEMORY;
    if (doubtful) {
        beat->checked = true;
        replica_sync(replica, NULL, on_checked, beat);
        return;
    }
    answer_beat(replica, beat, error, 0);
    replica->beats--;
    free(beat);
}

static void on_checked(void *data, qvt_status status, const qvt_error *error)
{
    struct beat *beat = data;
    struct replica *replica = beat->replica;
    replica_enter(replica);
    if (status != QVT_OK) {
        refuse(beat, error);
    } else {
        begin(beat);
    }
    replica_leave(replica);
}

static void on_renew(void *data, qvt_status status, const uint32_t *remaining_ms, size_t count)
{
    struct beat *beat = data;
    struct replica *replica = beat->replica;
    uint32_t remaining = count == 1 ? remaining_ms[0] : 0;
    const struct registry_silo *silo = registry_silo(replica->registry, qvt_slice_make(beat->silo_id, beat->id_len));
    qvt_error error;
    replica_enter(replica);
    if (status == QVT_OK) {
        replica_answered(replica);
    }
    if (check_renewed(beat, silo, status, remaining, &error) == QVT_OK) {
        replica_hear(replica, silo, &beat->health, &beat->activity);
        answer_beat(replica, beat, NULL, remaining);
        replica->beats--;
        free(beat);
    } else {
        refuse(beat, &error);
    }
    replica_leave(replica);
}

static void begin(struct beat *beat)
{
    struct replica *replica = beat->replica;
    qvt_slice silo_id = qvt_slice_make(beat->silo_id, beat->id_len);
    const struct registry_silo *silo = registry_silo(replica->registry, silo_id);
    qvt_error error;
    if (incarnation_check(silo, silo_id, beat->asked_incarnation, true, &error) != QVT_OK) {
        refuse(beat, &error);
        return;
    }
    beat->incarnation = silo->incarnation;
    beat->ttl_ms = silo->lease_ttl_ms;
    struct store_lease lease = {beat->incarnation, beat->ttl_ms};
    store_renew(replica->log, &lease, 1, on_renew, beat);
}

static struct beat *make_beat(struct replica *replica, const Quark__Version__V1__HeartbeatRequest *request)
{
    size_t len = strlen(request->silo_id);
    struct beat *beat = calloc(1, sizeof *beat + len);
    if (beat == NULL) {
        return NULL;
    }
    beat->replica = replica;
    beat->asked_incarnation = beat->incarnation = request->incarnation;
    beat->health = health_read(request->health);
    beat->activity = activity_read(request->activity);
    beat->id_len = len;
    memcpy(beat->silo_id, request->silo_id, len);
    return beat;
}

void replica_heartbeat(struct replica *replica, const Quark__Version__V1__HeartbeatRequest *request,
                       replica_on_heartbeat on_heartbeat, void *data)
{
    qvt_error error;
    struct beat refused = {.on_heartbeat = on_heartbeat, .data = data, .incarnation = request->incarnation};
    bool loaded = replica_ready(replica, &error) == QVT_OK;
    if (!loaded && !store_is_shared(replica->store)) {
        answer_beat(replica, &refused, &error, 0);
        return;
    }
    struct beat *beat = make_beat(replica, request);
    if (beat == NULL) {
        (void)qvt_error_set(&error, QVT_NO_MEMORY, NULL, "out of memory");
        answer_beat(replica, &refused, &error, 0);
        return;
    }
    beat->on_heartbeat = on_heartbeat;
    beat->data = data;
    replica->beats++;
    replica_enter(replica);
    if (loaded) {
        begin(beat);
    } else {
        replica_sync(replica, NULL, on_checked, beat);
    }
    replica_leave(replica);
}

/* Where nobody else renews it, the pulse has heard all that the store knows, and is at hand. */
static uint32_t left_ms(const struct replica *replica, const struct registry_silo *silo, const struct pulse *pulse)
{
    if (store_is_shared(replica->store)) {
        return store_lease_remaining_ms(replica->log, silo->incarnation);
    }
    int64_t left_us = pulse_end_us(pulse) - replica_now_us(replica);
    return left_us <= 0 ? 0 : (uint32_t)((left_us + 999) / 1000);
}

/* Where others renew the lease too, what is left of it tells when it was renewed last. 0: not since the start. */
static int64_t last_heard_wall_us(const struct replica *replica, const struct pulse *pulse, uint32_t remaining_ms)
{
    if (!store_is_shared(replica->store) || remaining_ms == 0 || remaining_ms > pulse->ttl_ms) {
        return pulse->heard_wall_us;
    }
    int64_t renewed_us = store_wall_us(replica->store) - ((int64_t)pulse->ttl_ms - remaining_ms) * 1000;
    return renewed_us > pulse->heard_wall_us ? renewed_us : pulse->heard_wall_us;
}

static qvt_status append_fields(const struct replica *replica, const struct registry_silo *silo,
                                const struct pulse *pulse, struct buf *out)
{
    uint32_t remaining_ms = left_ms(replica, silo, pulse);
    int64_t heard_wall_us = last_heard_wall_us(replica, pulse, remaining_ms);
    if (heard_wall_us != 0) {
        QVT_TRY(wire_put_time_us(out, SILO_LAST_HEARTBEAT, heard_wall_us));
    }
    QVT_TRY(health_append(&pulse->health, out));
    QVT_TRY(activity_append(&pulse->activity, out));
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

size_t replica_lease_count(const struct replica *replica)
{
    return store_lease_count(replica->log);
}
