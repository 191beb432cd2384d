#include "server/gateway/tls_relay.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "rpc/net/socket.h"
#include "rpc/net/tls_names.h"

static void update(struct tls_relay *relay);

/* ---- the end of a relay ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct tls_relay *relay = handle->data;
    struct tls_front *front = relay->front;
    if (--relay->handles > 0) {
        return;
    }
    list_remove(&relay->node);
    buf_deinit(&relay->outer.pending);
    buf_deinit(&relay->inner.pending);
    tls_session_free(relay->session);
    free(relay);
    tls_front_release(front);
}

static void leave_unused(struct tls_relay *relay)
{
    if (relay->is_unused) {
        relay->is_unused = false;
        list_remove(&relay->unused_node);
        relay->front->unused_count--;
    }
}

static void close_end(struct relay_end *end)
{
    if (end->fd >= 0) {
        uv_close((uv_handle_t *)&end->poll, on_handle_closed);
        close(end->fd);
        end->fd = -1;
    }
}

static void close_relay(struct tls_relay *relay)
{
    if (!relay->closing) {
        relay->closing = true;
        leave_unused(relay);
        close_end(&relay->outer);
        close_end(&relay->inner);
        uv_close((uv_handle_t *)&relay->timer, on_handle_closed);
    }
}

static void on_linger_over(uv_timer_t *timer)
{
    close_relay(timer->data);
}

void tls_relay_finish(struct tls_relay *relay)
{
    if (relay->inner.fd < 0) {
        close_relay(relay);
    } else {
        uv_timer_start(&relay->timer, on_linger_over, relay->front->options.linger_ms, 0);
    }
}

/* ---- bytes ---- */

/* False: the end takes no bytes any more. */
static bool send_some(struct relay_end *end, const void *bytes, size_t len, size_t *taken)
{
    ssize_t sent = 0;
    *taken = 0;
    do {
        sent = send(end->fd, bytes, len, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return errno == EAGAIN;
    }
    *taken = (size_t)sent;
    return true;
}

/* Sends the bytes behind those that wait. */
static bool give(struct relay_end *end, qvt_slice bytes)
{
    size_t taken = 0;
    if (end->pending.len == 0 && bytes.len > 0 && !send_some(end, bytes.data, bytes.len, &taken)) {
        return false;
    }
    return buf_append(&end->pending, bytes.data + taken, bytes.len - taken) == QVT_OK;
}

static bool give_pending(struct relay_end *end)
{
    size_t taken = 0;
    if (!send_some(end, end->pending.data, end->pending.len, &taken)) {
        return false;
    }
    buf_drop_front(&end->pending, taken);
    if (end->pending.len == 0) {
        buf_deinit(&end->pending);
    }
    return true;
}

/* What the session has made goes to the client. */
static bool give_made(struct tls_relay *relay)
{
    struct buf *made = &relay->front->made;
    bool given = made->len == 0 || give(&relay->outer, buf_slice(made));
    buf_clear(made);
    return given;
}

/* ---- the handshake ---- */

static void on_handshake_due(uv_timer_t *timer)
{
    struct tls_relay *relay = timer->data;
    tls_front_complain(relay->front, &relay->peer, "no TLS handshake in time");
    close_relay(relay);
}

static bool watch(struct tls_relay *relay, struct relay_end *end, int fd)
{
    if (uv_poll_init(relay->front->options.loop, &end->poll, fd) != 0) {
        return false;
    }
    end->fd = fd;
    end->poll.data = relay;
    relay->handles++;
    return true;
}

/* No request came. */
static void on_unused_for_long(uv_timer_t *timer)
{
    close_relay(timer->data);
}

/* Gives the daemon its end. */
static bool introduce(struct tls_relay *relay)
{
    const struct tls_front_options *options = &relay->front->options;
    int pair[2];
    qvt_rpc_peer_names *names = NULL;
    if (tls_names_of_peer(&names, relay->session->gnutls) != QVT_OK || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) {
        tls_names_free(names);
        return false;
    }
    if (!net_socket_prepare(pair[0]) || !net_socket_prepare(pair[1]) || !watch(relay, &relay->inner, pair[0])) {
        close(pair[0]);
        close(pair[1]);
        tls_names_free(names);
        return false;
    }
    options->on_connection(options->data, pair[1], &relay->peer, names);
    return true;
}

static bool shake(struct tls_relay *relay, qvt_slice *bytes)
{
    struct tls_front *front = relay->front;
    qvt_status status = tls_session_handshake(relay->session, bytes, &front->made);
    bool given = give_made(relay);
    if (status != QVT_OK || !given) {
        tls_front_complain(front, &relay->peer, status != QVT_OK ? relay->session->failure : "connection lost");
        return false;
    }
    if (!relay->session->open) {
        return true;
    }
    front->handshakes_done++;
    uv_timer_start(&relay->timer, on_unused_for_long, front->options.idle_ms, 0);
    return true;
}

/* The daemon keeps tens of KiB for a connection: it hears of it with the first byte of a request. */
static bool begin_use(struct tls_relay *relay)
{
    leave_unused(relay);
    uv_timer_stop(&relay->timer);
    return introduce(relay);
}

/* ---- both directions ---- */

/* The client sends no more; the daemon learns that as it would from the client. */
static void end_outer(struct tls_relay *relay)
{
    relay->outer.ended = true;
    if (relay->inner.fd >= 0 && relay->inner.pending.len == 0) {
        (void)shutdown(relay->inner.fd, SHUT_WR);
    }
}

static bool take_from_client(struct tls_relay *relay, qvt_slice bytes)
{
    struct tls_front *front = relay->front;
    if (!relay->session->open) {
        if (!shake(relay, &bytes)) {
            return false;
        }
        if (!relay->session->open) {
            return true;
        }
    }
    for (size_t len = 1; len > 0;) {
        qvt_status status =
            tls_session_read(relay->session, &bytes, front->plain, sizeof(front->plain), &len, &front->made);
        if (!give_made(relay) || (status != QVT_OK && status != QVT_UNAVAILABLE)) {
            return false;
        }
        if (status == QVT_UNAVAILABLE) {
            end_outer(relay);
            return relay->inner.fd >= 0;
        }
        if (len > 0 && relay->inner.fd < 0 && !begin_use(relay)) {
            return false;
        }
        if (!give(&relay->inner, qvt_slice_make(front->plain, len))) {
            return false;
        }
    }
    return true;
}

static bool read_outer(struct tls_relay *relay)
{
    struct tls_front *front = relay->front;
    ssize_t len = recv(relay->outer.fd, front->bytes, sizeof(front->bytes), 0);
    if (len > 0) {
        return take_from_client(relay, qvt_slice_make(front->bytes, (size_t)len));
    }
    if (len < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    if (!relay->session->open) {
        tls_front_complain(front, &relay->peer, "closed by the peer");
    }
    end_outer(relay);
    return relay->inner.fd >= 0;
}

static bool read_inner(struct tls_relay *relay)
{
    struct tls_front *front = relay->front;
    ssize_t len = recv(relay->inner.fd, front->plain, sizeof(front->plain), 0);
    if (len < 0) {
        return errno == EAGAIN || errno == EINTR || errno == ECONNRESET;
    }
    if (len == 0) {
        relay->inner.ended = true;
        tls_session_close(relay->session, &front->made);
        uv_timer_start(&relay->timer, on_linger_over, front->options.linger_ms, 0);
        return give_made(relay);
    }
    qvt_status status = tls_session_write(relay->session, qvt_slice_make(front->plain, (size_t)len), &front->made);
    return give_made(relay) && status == QVT_OK;
}

static void on_outer(uv_poll_t *poll, int status, int events)
{
    struct tls_relay *relay = poll->data;
    bool alive = status == 0;
    if (alive && (events & UV_WRITABLE) != 0 && relay->outer.pending.len > 0) {
        alive = give_pending(&relay->outer);
    }
    if (alive && (events & UV_READABLE) != 0) {
        alive = read_outer(relay);
    }
    if (!alive) {
        close_relay(relay);
        return;
    }
    update(relay);
}

static void on_inner(uv_poll_t *poll, int status, int events)
{
    struct tls_relay *relay = poll->data;
    bool alive = true;
    if (status < 0) {
        /* The daemon has closed its end with bytes unread; what it wrote before that is still there. */
        relay->inner.events = 0;
        events = UV_READABLE;
    }
    if ((events & UV_WRITABLE) != 0 && relay->inner.pending.len > 0) {
        alive = give_pending(&relay->inner);
        if (alive && relay->outer.ended) {
            end_outer(relay);
        }
    }
    if (alive && (events & UV_READABLE) != 0) {
        alive = read_inner(relay);
    }
    if (!alive) {
        close_relay(relay);
        return;
    }
    update(relay);
}

static void wait_for(struct relay_end *end, int events, uv_poll_cb on_ready)
{
    if (end->fd < 0 || end->events == events) {
        return;
    }
    end->events = events;
    int result = events == 0 ? uv_poll_stop(&end->poll) : uv_poll_start(&end->poll, events, on_ready);
    QVT_ASSERT(result == 0);
}

/* Each end is read only while the other takes what comes. */
static void update(struct tls_relay *relay)
{
    bool outer_full = relay->outer.pending.len > 0;
    bool inner_full = relay->inner.pending.len > 0;
    if (relay->inner.ended && !outer_full) {
        close_relay(relay);
        return;
    }
    wait_for(&relay->outer, (outer_full ? UV_WRITABLE : 0) | (inner_full || relay->outer.ended ? 0 : UV_READABLE),
             on_outer);
    wait_for(&relay->inner, (inner_full ? UV_WRITABLE : 0) | (outer_full || relay->inner.ended ? 0 : UV_READABLE),
             on_inner);
}

static void join_unused(struct tls_relay *relay)
{
    struct tls_front *front = relay->front;
    uint32_t max = front->options.unused_max;
    relay->is_unused = true;
    list_push_back(&front->unused, &relay->unused_node);
    if (++front->unused_count > max && max > 0) {
        struct tls_relay *oldest = LIST_ENTRY(front->unused.next, struct tls_relay, unused_node);
        tls_front_note_unused(front, &oldest->peer);
        close_relay(oldest);
    }
}

void tls_relay_accept(struct tls_front *front, int fd, const struct sockaddr_storage *peer)
{
    struct tls_relay *relay = calloc(1, sizeof(*relay));
    if (relay == NULL) {
        close(fd);
        return;
    }
    relay->front = front;
    relay->peer = *peer;
    relay->inner.fd = -1;
    if (tls_session_new(&relay->session, front->tls, TLS_HTTP1, NULL) != QVT_OK || !watch(relay, &relay->outer, fd)) {
        tls_session_free(relay->session);
        free(relay);
        close(fd);
        return;
    }
    int on = 1;
    /* Failure only costs latency. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    uv_timer_init(front->options.loop, &relay->timer);
    relay->timer.data = relay;
    relay->handles++;
    uv_timer_start(&relay->timer, on_handshake_due, front->options.handshake_timeout_ms, 0);
    list_push_back(&front->relays, &relay->node);
    front->relay_count++;
    join_unused(relay);
    update(relay);
}
