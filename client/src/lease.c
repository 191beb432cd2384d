#include "client/src/lease.h"

#include "base/list.h"
#include "client/src/client.h"
#include "client/src/methods.h"

#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 5000

static void on_tick(uv_timer_t *timer);

static void tick_in(struct registration *registration, uint32_t delay_ms)
{
    if (!registration->is_stopped) {
        uv_timer_start(&registration->timer, on_tick, delay_ms, 0);
    }
}

static uint32_t retry_ms(const struct registration *registration)
{
    uint32_t sixth = registration->held.lease_ttl_ms / 6;
    return sixth < RETRY_MIN_MS ? RETRY_MIN_MS : sixth > RETRY_MAX_MS ? RETRY_MAX_MS : sixth;
}

static void on_renewed(struct registration *registration)
{
    registration->shown.renewals++;
    registration->shown.lease_remaining_ms = registration->lease_remaining_ms;
    registration_publish(registration);
}

static qvt_status on_heartbeat_answer(struct unary *unary, qvt_slice answer, qvt_error *error)
{
    struct registration *registration = LIST_ENTRY(unary, struct registration, heartbeat_call);
    return silo_decode_heartbeat(answer, &registration->lease_remaining_ms, error);
}

/* Connected, and no answer for a third of the lease: another endpoint may know better. */
static void leave_silent_endpoint(struct registration *registration)
{
    qvt_rpc_channel *channel = registration->client->channel;
    if (qvt_rpc_channel_get_state(channel) == QVT_RPC_CHANNEL_READY) {
        qvt_rpc_channel_try_next(channel);
    }
    tick_in(registration, RETRY_MIN_MS);
}

static void on_heartbeat_done(struct unary *unary, const qvt_error *error)
{
    struct registration *registration = LIST_ENTRY(unary, struct registration, heartbeat_call);
    registration->is_beating = false;
    if (registration->shown.state != QVT_SILO_REGISTERED || registration->is_stopped ||
        registration->held.incarnation != registration->beat_incarnation) {
        return;
    }
    switch (error->status) {
    case QVT_OK: on_renewed(registration); break;
    case QVT_NOT_FOUND:
    case QVT_ABORTED: registration_refused(registration, error); break;
    case QVT_DEADLINE_EXCEEDED: leave_silent_endpoint(registration); break;
    default: lease_retry(registration); break;
    }
}

static void beat(struct registration *registration)
{
    struct buf request = BUF_INIT;
    struct silo_name name = {registration->client->cluster, registration->silo->options.silo_id,
                             registration->held.incarnation};
    uint32_t third = registration->held.lease_ttl_ms / 3;
    tick_in(registration, third);
    if (!registration->is_beating && silo_encode_heartbeat(&request, &name) == QVT_OK) {
        registration->is_beating = true;
        registration->beat_incarnation = name.incarnation;
        unary_start(&registration->heartbeat_call, registration->client->channel, METHOD(HEARTBEAT),
                    buf_slice(&request), third, false);
    }
    buf_deinit(&request);
}

static void on_tick(uv_timer_t *timer)
{
    struct registration *registration = timer->data;
    if (registration->shown.state == QVT_SILO_REGISTERED) {
        beat(registration);
    } else {
        registration_retry(registration);
    }
}

void lease_init(struct registration *registration)
{
    registration->heartbeat_call.decode = on_heartbeat_answer;
    registration->heartbeat_call.on_done = on_heartbeat_done;
    uv_timer_init(&registration->client->loop.uv, &registration->timer);
    registration->timer.data = registration;
}

void lease_begin(struct registration *registration)
{
    tick_in(registration, registration->held.lease_ttl_ms / 3);
}

void lease_retry(struct registration *registration)
{
    tick_in(registration, retry_ms(registration));
}

void lease_end(struct registration *registration)
{
    uv_timer_stop(&registration->timer);
}

void lease_close(struct registration *registration)
{
    uv_close((uv_handle_t *)&registration->timer, NULL);
}
