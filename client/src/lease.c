#include "client/src/lease.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/list.h"
#include "client/src/client.h"
#include "client/src/methods.h"

#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 5000

static void on_tick(uv_timer_t *timer);
static void on_expiry(uv_timer_t *timer);

static int64_t now_us(void)
{
    return clock_monotonic_us(clock_system());
}

static qvt_client *client_of(const struct lease *lease)
{
    return lease->registration->client;
}

static uint32_t ttl_ms(const struct lease *lease)
{
    return lease->registration->held.lease_ttl_ms;
}

static void tick_in(struct lease *lease, uint64_t delay_ms)
{
    if (!lease->registration->is_stopped) {
        uv_timer_start(&lease->timer, on_tick, delay_ms, 0);
    }
}

void lease_retry(struct lease *lease)
{
    uint32_t sixth = ttl_ms(lease) / 6;
    lease->is_asking = false;
    tick_in(lease, sixth < RETRY_MIN_MS ? RETRY_MIN_MS : sixth > RETRY_MAX_MS ? RETRY_MAX_MS : sixth);
}

void lease_retry_spread(struct lease *lease)
{
    uint32_t sixth = ttl_ms(lease) / 6;
    lease->is_asking = false;
    tick_in(lease, entropy_u64(entropy_system()) % (sixth + 1));
}

static void set_held(struct lease *lease, bool is_held)
{
    const qvt_client_options *options = &client_of(lease)->options;
    bool was_held = lease->is_held;
    lease->is_held = is_held;
    lease->registration->shown.is_lease_held = is_held;
    registration_publish(lease->registration);
    if (was_held && !is_held && options->on_lease_lost != NULL) {
        options->on_lease_lost(options->data);
    } else if (!was_held && is_held && options->on_lease_held != NULL) {
        options->on_lease_held(options->data);
    }
}

bool lease_has_lapsed(const struct lease *lease)
{
    int64_t lapses_us = atomic_load_explicit(&lease->lapses_us, memory_order_relaxed);
    return lapses_us != 0 && now_us() >= lapses_us;
}

/* The tracker confirmed this much of the lease to what was sent then; its clock may run a little ahead of ours. */
static void hold(struct lease *lease, int64_t sent_us, uint32_t remaining_ms)
{
    int64_t until_us = sent_us + (int64_t)remaining_ms * 1000;
    if (lease->is_held && lease_has_lapsed(lease)) {
        /* The loop stood still, and the answer was quicker than the timer. */
        set_held(lease, false);
    }
    lease->held_until_us = until_us > lease->held_until_us ? until_us : lease->held_until_us;
    atomic_store_explicit(&lease->lapses_us, lease->held_until_us, memory_order_relaxed);
    int64_t left_us = lease->held_until_us - now_us();
    if (left_us > 0) {
        uv_timer_start(&lease->expiry, on_expiry, (uint64_t)(left_us + 999) / 1000, 0);
        set_held(lease, true);
    } else {
        set_held(lease, false);
    }
}

static void on_expiry(uv_timer_t *timer)
{
    struct lease *lease = timer->data;
    int64_t left_us = lease->held_until_us - now_us();
    if (left_us > 0) {
        uv_timer_start(&lease->expiry, on_expiry, (uint64_t)(left_us + 999) / 1000, 0);
    } else {
        set_held(lease, false);
    }
}

static qvt_status send_heartbeat(struct lease *lease)
{
    const struct registration *registration = lease->registration;
    qvt_client *client = client_of(lease);
    struct buf request = BUF_INIT;
    struct silo_name name = {client->cluster, registration->silo->options.silo_id, registration->held.incarnation};
    qvt_health health;
    bool has_health = facts_read_health(&client->facts, &health);
    qvt_activity_totals totals;
    qvt_activity *activity = atomic_load(&client->activity);
    qvt_activity_read_totals(activity, &totals);
    qvt_status status =
        silo_encode_heartbeat(&request, &name, has_health ? &health : NULL, activity != NULL ? &totals : NULL);
    if (status == QVT_OK && !stream_is_open(&lease->stream)) {
        status = stream_open(&lease->stream, &client->link, METHOD(HEARTBEAT_STREAM));
    }
    if (status == QVT_OK) {
        status = stream_send(&lease->stream, buf_slice(&request));
    }
    buf_deinit(&request);
    return status;
}

static void ask(struct lease *lease)
{
    if (send_heartbeat(lease) != QVT_OK) {
        lease_retry(lease);
        return;
    }
    lease->is_asking = true;
    lease->sent_us = now_us();
    lease->moves = client_of(lease)->channel_moves;
    tick_in(lease, ttl_ms(lease) / 6);
}

/* No answer for a sixth of the lease. A channel that went elsewhere meanwhile gets another sixth. */
static void on_silence(struct lease *lease)
{
    qvt_client *client = client_of(lease);
    if (lease->moves != client->channel_moves) {
        lease->moves = client->channel_moves;
        tick_in(lease, ttl_ms(lease) / 6);
        return;
    }
    stream_drop(&lease->stream);
    client_leave_endpoint(client);
    ask(lease);
}

static void on_tick(uv_timer_t *timer)
{
    struct lease *lease = timer->data;
    client_connect(client_of(lease));
    if (lease->registration->shown.state != QVT_SILO_REGISTERED) {
        registration_retry(lease->registration);
    } else if (lease->is_asking) {
        on_silence(lease);
    } else {
        ask(lease);
    }
}

/* Half of the lease is gone although the tracker is there: it cannot reach its store, another one may. */
static void leave_weak_endpoint(struct lease *lease)
{
    stream_drop(&lease->stream);
    client_leave_endpoint(client_of(lease));
    lease_retry(lease);
}

static void rest(struct lease *lease)
{
    int64_t left_us = lease->sent_us + (int64_t)ttl_ms(lease) * 1000 / 3 - now_us();
    tick_in(lease, left_us > 0 ? (uint64_t)left_us / 1000 : 0);
}

static void on_answer(struct stream *stream, qvt_slice answer)
{
    struct lease *lease = LIST_ENTRY(stream, struct lease, stream);
    struct registration *registration = lease->registration;
    uint32_t remaining_ms;
    if (!lease->is_asking) {
        return;
    }
    if (silo_decode_heartbeat(answer, &remaining_ms, NULL) != QVT_OK) {
        stream_drop(stream);
        lease_retry(lease);
        return;
    }
    lease->is_asking = false;
    registration->shown.renewals++;
    registration->shown.lease_remaining_ms = remaining_ms;
    hold(lease, lease->sent_us, remaining_ms);
    registration_publish(registration);
    if (remaining_ms < ttl_ms(lease) / 2 && client_of(lease)->options.endpoint_count > 1) {
        leave_weak_endpoint(lease);
    } else {
        rest(lease);
    }
}

static void on_end(struct stream *stream, const qvt_error *error)
{
    struct lease *lease = LIST_ENTRY(stream, struct lease, stream);
    qvt_client *client = client_of(lease);
    if (error->status == QVT_NOT_FOUND || error->status == QVT_ABORTED) {
        registration_refused(lease->registration, error);
        return;
    }
    /* While nothing is asked, the next heartbeat opens another stream in time. */
    if (lease->is_asking) {
        if (link_is_connected(&client->link) && lease->moves == client->channel_moves &&
            client->options.endpoint_count > 1) {
            client_leave_endpoint(client);
        }
        lease_retry(lease);
    }
}

void lease_init(struct lease *lease, struct registration *registration)
{
    lease->registration = registration;
    lease->stream.on_message = on_answer;
    lease->stream.on_end = on_end;
    uv_timer_init(&registration->client->loop.uv, &lease->timer);
    uv_timer_init(&registration->client->loop.uv, &lease->expiry);
    lease->timer.data = lease;
    lease->expiry.data = lease;
}

static void stop(struct lease *lease)
{
    stream_drop(&lease->stream);
    lease->is_asking = false;
    lease->held_until_us = 0;
    uv_timer_stop(&lease->timer);
    uv_timer_stop(&lease->expiry);
}

void lease_begin(struct lease *lease, int64_t sent_us)
{
    stop(lease);
    lease->sent_us = sent_us;
    hold(lease, sent_us, ttl_ms(lease));
    rest(lease);
}

void lease_lose(struct lease *lease)
{
    stop(lease);
    if (lease->is_held) {
        set_held(lease, false);
    }
}

void lease_end(struct lease *lease)
{
    stop(lease);
    atomic_store_explicit(&lease->lapses_us, 0, memory_order_relaxed);
    lease->is_held = false;
    lease->registration->shown.is_lease_held = false;
}

void lease_close(struct lease *lease)
{
    uv_close((uv_handle_t *)&lease->timer, NULL);
    uv_close((uv_handle_t *)&lease->expiry, NULL);
}
