#include "rpc/call/channel.h"

#include <stdio.h>
#include <stdlib.h>

static void start_timer(qvt_rpc_channel *channel, uint64_t delay_ms, void (*on_due)(struct net_timer *timer))
{
    channel->timer.on_due = on_due;
    net_timer_start(&channel->runtime->loop->timers, &channel->timer, delay_ms);
}

static void stop_timer(qvt_rpc_channel *channel)
{
    net_timer_stop(&channel->runtime->loop->timers, &channel->timer);
}

static void forget_addresses(qvt_rpc_channel *channel)
{
    free(channel->round.addresses);
    channel->round.addresses = NULL;
    channel->round.address_count = 0;
    channel->round.address = 0;
    channel->round.resolved = false;
}

static void abandon_lookup(qvt_rpc_channel *channel)
{
    if (channel->is_resolving) {
        channel->is_resolve_stale = true;
        (void)uv_cancel((uv_req_t *)&channel->resolving);
    }
}

void channel_abandon_round(qvt_rpc_channel *channel)
{
    stop_timer(channel);
    forget_addresses(channel);
    channel->step_due = false;
    abandon_lookup(channel);
}

void channel_step_soon(qvt_rpc_channel *channel)
{
    channel->step_due = true;
    channel_soon(channel);
}

void channel_attempt_failed(qvt_rpc_channel *channel, const char *why)
{
    (void)snprintf(channel->failure, sizeof(channel->failure), "cannot connect to %s: %s",
                   channel->endpoints[channel->endpoint].text, why);
    log_write(&channel->runtime->log, LOG_WARN, "connection attempt failed",
              log_text("endpoint", channel->endpoints[channel->endpoint].text), log_text("reason", why));
    stop_timer(channel);
    channel_step_soon(channel);
}

void channel_leave_endpoint(qvt_rpc_channel *channel)
{
    abandon_lookup(channel);
    channel->round.resolved = true;
    channel->round.address = channel->round.address_count;
    if (channel->current != NULL) {
        channel_conn_retire(channel->current);
    } else {
        channel_attempt_failed(channel, "left for the next one");
    }
}

void channel_attempt_succeeded(qvt_rpc_channel *channel)
{
    channel_abandon_round(channel);
    backoff_reset(&channel->backoff);
    channel->failure[0] = '\0';
    channel_set_state(channel, QVT_RPC_CHANNEL_READY);
    channel_dispatch(channel);
}

const char *qvt_rpc_channel_failure(const qvt_rpc_channel *channel)
{
    return channel->failure;
}

static void on_backoff_over(struct net_timer *timer)
{
    qvt_rpc_channel *channel = LIST_ENTRY(timer, qvt_rpc_channel, timer);
    channel_set_state(channel, QVT_RPC_CHANNEL_IDLE);
    channel_soon(channel);
}

/* The delay counts from the round's beginning, so that slow failures do not add to it. */
static void give_round_up(qvt_rpc_channel *channel)
{
    uint64_t delay = backoff_next_ms(&channel->backoff, entropy_system());
    uint64_t elapsed = net_timer_now_ms() - channel->round.started_ms;
    channel_abandon_round(channel);
    start_timer(channel, delay > elapsed ? delay - elapsed : 0, on_backoff_over);
    channel_set_state(channel, QVT_RPC_CHANNEL_TRANSIENT_FAILURE);
}

static void next_endpoint(qvt_rpc_channel *channel)
{
    forget_addresses(channel);
    channel->endpoint = (channel->endpoint + 1) % channel->endpoint_count;
    if (--channel->round.endpoints_left == 0) {
        give_round_up(channel);
    } else {
        channel_step_soon(channel);
    }
}

static void on_attempt_timeout(struct net_timer *timer)
{
    qvt_rpc_channel *channel = LIST_ENTRY(timer, qvt_rpc_channel, timer);
    struct channel_conn *conn = channel->current;
    conn->lost = "no answer in time";
    conn->retired = true;
    channel->current = NULL;
    channel_attempt_failed(channel, conn->lost);
}

static void next_address(qvt_rpc_channel *channel)
{
    const struct sockaddr_storage *address = &channel->round.addresses[channel->round.address++];
    start_timer(channel, channel->options.connect_timeout_ms, on_attempt_timeout);
    qvt_status status = channel_conn_open(channel, address);
    if (status != QVT_OK) {
        channel_attempt_failed(channel, status == QVT_UNAVAILABLE ? "unreachable" : qvt_status_text(status));
    }
}

void channel_step(qvt_rpc_channel *channel)
{
    if (channel->state != QVT_RPC_CHANNEL_CONNECTING || channel->current != NULL) {
        return;
    }
    if (channel->round.address < channel->round.address_count) {
        next_address(channel);
    } else if (!channel->round.resolved) {
        channel->round.resolved = true;
        channel_resolve(channel);
    } else {
        next_endpoint(channel);
    }
}
