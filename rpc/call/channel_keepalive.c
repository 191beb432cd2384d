#include "rpc/call/channel.h"

#include "rpc/call/client_call.h"

static uint64_t since(uint64_t now_ms, uint64_t then_ms)
{
    return now_ms > then_ms ? now_ms - then_ms : 0;
}

/* An answer may have come long before the time for it is over: no later than for the next PING. */
static uint64_t wait_for_answer(const qvt_rpc_channel *channel, uint64_t left_ms)
{
    return left_ms < channel->keepalive_ms ? left_ms : channel->keepalive_ms;
}

static uint64_t ask(struct channel_conn *conn)
{
    static const uint8_t payload[8] = {'q', 'v', 't', ' ', 'l', 'i', 'v', 'e'};
    if (http2_session_ping(conn->net.session, payload) != QVT_OK) {
        channel_conn_give_up(conn, "out of memory");
        return 0;
    }
    conn->asked_ms = uv_now(conn->channel->runtime->uv); /* the clock of read_at_ms, which may be a little behind */
    return wait_for_answer(conn->channel, conn->channel->options.keepalive_timeout_ms);
}

/* After how many milliseconds to look again; 0: never. */
static uint64_t look(struct channel_conn *conn, uint64_t now_ms)
{
    const qvt_rpc_channel *channel = conn->channel;
    if (conn->asked_ms != 0 && conn->net.read_at_ms >= conn->asked_ms) {
        conn->asked_ms = 0;
    }
    if (conn->asked_ms != 0) {
        uint64_t waited_ms = since(now_ms, conn->asked_ms);
        if (waited_ms < channel->options.keepalive_timeout_ms) {
            return wait_for_answer(channel, channel->options.keepalive_timeout_ms - waited_ms);
        }
        channel_conn_give_up(conn, "no answer to a PING");
        return 0;
    }
    uint64_t silent_ms = since(now_ms, conn->net.read_at_ms);
    if (silent_ms < channel->keepalive_ms) {
        return channel->keepalive_ms - silent_ms;
    }
    if (conn->streams == 0 && !channel->options.keepalive_without_calls) {
        return channel->keepalive_ms;
    }
    return ask(conn);
}

static void on_due(struct net_timer *timer)
{
    struct channel_conn *conn = LIST_ENTRY(timer, struct channel_conn, keepalive);
    uint64_t next_ms = conn->closed ? 0 : look(conn, net_timer_now_ms());
    if (next_ms > 0) {
        net_timer_start(&conn->channel->runtime->loop->timers, timer, next_ms);
    }
}

void channel_keepalive_start(struct channel_conn *conn)
{
    conn->keepalive.on_due = on_due;
    if (conn->channel->keepalive_ms > 0) {
        net_timer_start(&conn->channel->runtime->loop->timers, &conn->keepalive, conn->channel->keepalive_ms);
    }
}

void channel_keepalive_stop(struct channel_conn *conn)
{
    net_timer_stop(&conn->channel->runtime->loop->timers, &conn->keepalive);
}

/* grpc proposal A8: the server finds the PINGs too many, so that the next connection has fewer. */
void channel_keepalive_calm(qvt_rpc_channel *channel)
{
    channel->keepalive_ms = channel->keepalive_ms > UINT32_MAX / 2 ? UINT32_MAX : channel->keepalive_ms * 2;
}
