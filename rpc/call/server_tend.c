#include "base/entropy.h"
#include "rpc/call/server_private.h"

static uint64_t since(uint64_t now_ms, uint64_t then_ms)
{
    return now_ms > then_ms ? now_ms - then_ms : 0;
}

static uint64_t sooner(uint64_t left, uint64_t right)
{
    return left < right ? left : right;
}

static void close_for(struct server_conn *conn, qvt_rpc_limit limit)
{
    server_limit_passed(conn->server, limit, conn->net.peer);
    net_conn_close(&conn->net);
}

/* Each of the following does what is due and tells after how many milliseconds it wants to look again. */

static uint64_t ask(struct server_conn *conn)
{
    static const uint8_t payload[8] = {'q', 'v', 't', ' ', 'l', 'i', 'v', 'e'};
    if (http2_session_ping(conn->net.session, payload) != QVT_OK) {
        net_conn_close(&conn->net);
    }
    conn->asked_ms = uv_now(conn->server->runtime->uv); /* the clock of read_at_ms, which may be a little behind */
    return conn->server->options.keepalive_timeout_ms;
}

static uint64_t check_silence(struct server_conn *conn, uint64_t now_ms)
{
    const qvt_rpc_server_options *options = &conn->server->options;
    if (options->keepalive_ms == 0) {
        return UINT64_MAX;
    }
    if (conn->asked_ms != 0 && conn->net.read_at_ms >= conn->asked_ms) {
        conn->asked_ms = 0;
    }
    if (conn->asked_ms != 0) {
        uint64_t waited_ms = since(now_ms, conn->asked_ms);
        if (waited_ms < options->keepalive_timeout_ms) {
            return options->keepalive_timeout_ms - waited_ms;
        }
        close_for(conn, QVT_RPC_LIMIT_KEEPALIVE_TIMEOUT);
        return UINT64_MAX;
    }
    uint64_t silent_ms = since(now_ms, conn->net.read_at_ms);
    return silent_ms >= options->keepalive_ms ? ask(conn) : options->keepalive_ms - silent_ms;
}

static uint64_t check_idle(struct server_conn *conn, uint64_t now_ms)
{
    uint64_t max_ms = conn->server->options.max_idle_ms;
    if (max_ms == 0 || conn->stop_announced) {
        return UINT64_MAX;
    }
    uint64_t idle_ms = conn->calls > 0 ? 0 : since(now_ms, conn->idle_since_ms);
    if (idle_ms < max_ms) {
        return max_ms - idle_ms;
    }
    server_limit_passed(conn->server, QVT_RPC_LIMIT_IDLE, conn->net.peer);
    server_stop_conn(conn);
    return UINT64_MAX;
}

static uint64_t check_age(struct server_conn *conn, uint64_t now_ms)
{
    if (conn->end_ms == 0) {
        return UINT64_MAX;
    }
    if (now_ms < conn->end_ms) {
        return conn->end_ms - now_ms;
    }
    if (conn->aged) {
        net_conn_close(&conn->net);
        return UINT64_MAX;
    }
    uint64_t grace_ms = conn->server->options.max_age_grace_ms;
    conn->aged = true;
    server_limit_passed(conn->server, QVT_RPC_LIMIT_AGE, conn->net.peer);
    conn->end_ms = grace_ms == 0 ? 0 : now_ms + grace_ms;
    server_stop_conn(conn);
    return grace_ms == 0 ? UINT64_MAX : grace_ms;
}

static uint64_t check_write(struct server_conn *conn, uint64_t now_ms)
{
    uint64_t max_ms = conn->server->options.write_timeout_ms;
    if (max_ms == 0 || !net_conn_is_blocked(&conn->net)) {
        return UINT64_MAX;
    }
    uint64_t stuck_ms = since(now_ms, conn->net.wrote_at_ms);
    if (stuck_ms < max_ms) {
        return max_ms - stuck_ms;
    }
    close_for(conn, QVT_RPC_LIMIT_WRITE_TIMEOUT);
    return UINT64_MAX;
}

static uint64_t check_headers(struct server_conn *conn, uint64_t now_ms)
{
    uint64_t max_ms = conn->server->options.header_timeout_ms;
    if (max_ms == 0 || !http2_session_in_headers(conn->net.session)) {
        return UINT64_MAX;
    }
    uint64_t waited_ms = since(now_ms, conn->headers_ms);
    if (waited_ms < max_ms) {
        return max_ms - waited_ms;
    }
    close_for(conn, QVT_RPC_LIMIT_HEADER_TIMEOUT);
    return UINT64_MAX;
}

static void on_due(struct net_timer *timer)
{
    static uint64_t (*const checks[])(struct server_conn *, uint64_t) = {check_write, check_headers, check_silence,
                                                                         check_age, check_idle};
    struct server_conn *conn = LIST_ENTRY(timer, struct server_conn, tend);
    uint64_t now_ms = net_timer_now_ms();
    uint64_t next_ms = UINT64_MAX;
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && !conn->net.closing; i++) {
        next_ms = sooner(next_ms, checks[i](conn, now_ms));
    }
    if (!conn->net.closing && next_ms != UINT64_MAX) {
        net_timer_start(&conn->server->runtime->loop->timers, timer, next_ms);
    }
}

/* So that connections made at once do not end at once. */
static uint64_t spread(uint64_t age_ms)
{
    uint64_t tenth = age_ms / 10;
    return age_ms - tenth + entropy_u64(entropy_system()) % (2 * tenth + 1);
}

void server_tend_start(struct server_conn *conn)
{
    uint64_t max_age_ms = conn->server->options.max_age_ms;
    uint64_t now_ms = net_timer_now_ms();
    conn->tend.on_due = on_due;
    conn->idle_since_ms = now_ms;
    conn->end_ms = max_age_ms == 0 ? 0 : now_ms + spread(max_age_ms);
    on_due(&conn->tend);
}

void server_tend_stop(struct server_conn *conn)
{
    net_timer_stop(&conn->server->runtime->loop->timers, &conn->tend);
}

/* 0: never. */
static void look_within(struct server_conn *conn, uint64_t max_ms)
{
    uint64_t due_ms = net_timer_now_ms() + max_ms;
    if (max_ms > 0 && (!net_timer_is_active(&conn->tend) || conn->tend.due_ms > due_ms)) {
        net_timer_start(&conn->server->runtime->loop->timers, &conn->tend, max_ms);
    }
}

void server_tend_blocked(struct net_conn *net)
{
    struct server_conn *conn = LIST_ENTRY(net, struct server_conn, net);
    look_within(conn, conn->server->options.write_timeout_ms);
}

void server_tend_headers(void *net_conn)
{
    struct server_conn *conn = LIST_ENTRY(net_conn, struct server_conn, net);
    conn->headers_ms = net_timer_now_ms();
    look_within(conn, conn->server->options.header_timeout_ms);
}

/* Pings that nothing of ours gave reason for are counted (grpc keepalive, proposal A8). */
void server_tend_ping(void *net_conn)
{
    struct server_conn *conn = LIST_ENTRY(net_conn, struct server_conn, net);
    const qvt_rpc_server_options *options = &conn->server->options;
    uint64_t now_ms = uv_now(conn->server->runtime->uv);
    uint64_t min_ms = conn->calls > 0 ? options->min_ping_interval_ms : options->min_idle_ping_ms;
    if (http2_session_take_answered(conn->net.session)) {
        conn->ping_strikes = 0;
        conn->last_ping_ms = 0;
    }
    if (conn->last_ping_ms != 0 && since(now_ms, conn->last_ping_ms) < min_ms) {
        conn->ping_strikes++;
    }
    conn->last_ping_ms = now_ms;
    if (options->max_ping_strikes != 0 && conn->ping_strikes > options->max_ping_strikes) {
        server_noise_calm(conn, QVT_RPC_LIMIT_PING_INTERVAL, "too_many_pings");
    }
}
