#include "rpc/net/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "rpc/net/conn_private.h"
#include "rpc/net/socket.h"

static void init(struct net_conn *conn, const struct net_conn_setup *setup, int fd, const struct sockaddr_storage *peer)
{
    *conn = (struct net_conn){.fd = fd, .setup = setup, .pending = BUF_INIT};
    conn->read_at_ms = conn->wrote_at_ms = uv_now(setup->loop->uv);
    list_init(&conn->unflushed);
    net_address_format(conn->peer, peer);
}

static qvt_status make_session(struct net_conn *conn)
{
    const struct net_conn_setup *setup = conn->setup;
    int on = 1;
    /* Failure only costs latency. */
    (void)setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return http2_session_new(&conn->session, setup->role, setup->options, setup->http2_events, conn);
}

void net_conn_enter(struct net_conn *conn)
{
    QVT_ASSERT(!conn->busy);
    conn->busy = true;
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct net_conn *conn = handle->data;
    buf_deinit(&conn->pending);
    struct tls_session *tls = conn->tls;
    conn->setup->events->on_closed(conn);
    tls_session_free(tls);
}

static void close_now(struct net_conn *conn)
{
    list_remove(&conn->unflushed);
    struct http2_session *session = conn->session;
    http2_session_free(session);
    conn->session = NULL;
    net_conn_tls_close(conn);
    uv_close((uv_handle_t *)&conn->poll, on_poll_closed);
    close(conn->fd);
    conn->fd = -1;
}

void net_conn_leave(struct net_conn *conn)
{
    conn->busy = false;
    if (conn->closing) {
        close_now(conn);
    }
}

void net_conn_close(struct net_conn *conn)
{
    if (conn->closing) {
        return;
    }
    conn->closing = true;
    if (!conn->busy) {
        close_now(conn);
    }
}

void net_conn_end(struct net_conn *conn, qvt_status status, const char *reason)
{
    conn->broken = true;
    if (conn->ended || conn->closing) {
        return;
    }
    conn->ended = true;
    net_conn_update_poll(conn);
    conn->setup->events->on_ended(conn, status, reason);
}

static void finish_connect(struct net_conn *conn)
{
    int error = 0;
    socklen_t len = sizeof(error);
    conn->connecting = false;
    qvt_status status = QVT_UNAVAILABLE;
    if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0) {
        status = make_session(conn);
    }
    conn->broken = status != QVT_OK;
    net_conn_update_poll(conn);
    if (status == QVT_OK && conn->securing) {
        net_conn_tls_start(conn);
        return;
    }
    if (status == QVT_OK) {
        net_conn_on_output(conn);
    }
    conn->setup->events->on_connected(conn, status);
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct net_conn *conn = handle->data;
    if (conn->connecting) {
        finish_connect(conn);
        return;
    }
    if (status < 0) {
        /* libuv has stopped the handle. */
        conn->poll_events = 0;
        net_conn_last_words(conn);
        net_conn_end(conn, QVT_UNAVAILABLE, "connection lost");
        return;
    }
    if ((events & UV_WRITABLE) != 0) {
        net_conn_write_ready(conn);
    }
    if ((events & UV_READABLE) != 0 && !conn->broken && !conn->closing) {
        (void)net_conn_read(conn);
    }
}

void net_conn_update_poll(struct net_conn *conn)
{
    int events = 0;
    if (conn->closing) {
        return;
    }
    bool blocked = net_conn_is_blocked(conn);
    if (conn->connecting || (blocked && !conn->broken)) {
        events |= UV_WRITABLE;
    }
    if (!conn->connecting && !conn->broken &&
        !(blocked && http2_session_queued(conn->session) > conn->setup->max_queued)) {
        events |= UV_READABLE;
    }
    if (events == conn->poll_events) {
        return;
    }
    conn->poll_events = events;
    int result = events == 0 ? uv_poll_stop(&conn->poll) : uv_poll_start(&conn->poll, events, on_poll);
    QVT_ASSERT(result == 0);
}

static qvt_status start_poll(struct net_conn *conn)
{
    int result = uv_poll_init(conn->setup->loop->uv, &conn->poll, conn->fd);
    if (result != 0) {
        return result == UV_ENOMEM ? QVT_NO_MEMORY : QVT_UNAVAILABLE;
    }
    conn->poll.data = conn;
    net_conn_update_poll(conn);
    return QVT_OK;
}

qvt_status net_conn_accept(struct net_conn *conn, const struct net_conn_setup *setup, int fd,
                           const struct sockaddr_storage *peer)
{
    init(conn, setup, fd, peer);
    qvt_status status = net_conn_tls_init(conn);
    if (status == QVT_OK) {
        status = make_session(conn);
    }
    if (status == QVT_OK) {
        status = start_poll(conn);
    }
    if (status != QVT_OK) {
        http2_session_free(conn->session);
        tls_session_free(conn->tls);
        conn->session = NULL;
        close(fd);
        return status;
    }
    net_conn_on_output(conn);
    return QVT_OK;
}

/* UNAVAILABLE when it failed at once. */
static qvt_status begin_connect(int fd, const struct sockaddr_storage *address)
{
    socklen_t len = address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    int result = 0;
    do {
        result = connect(fd, (const struct sockaddr *)address, len);
    } while (result != 0 && errno == EINTR);
    return result == 0 || errno == EINPROGRESS ? QVT_OK : QVT_UNAVAILABLE;
}

qvt_status net_conn_connect(struct net_conn *conn, const struct net_conn_setup *setup,
                            const struct sockaddr_storage *address)
{
    int fd = socket(address->ss_family, SOCK_STREAM, 0);
    if (fd < 0) {
        return QVT_UNAVAILABLE;
    }
    init(conn, setup, fd, address);
    conn->connecting = true;
    qvt_status status = net_conn_tls_init(conn);
    if (status == QVT_OK) {
        status = net_socket_prepare(fd) ? begin_connect(fd, address) : QVT_UNAVAILABLE;
    }
    if (status == QVT_OK) {
        status = start_poll(conn);
    }
    if (status != QVT_OK) {
        tls_session_free(conn->tls);
        close(fd);
    }
    return status;
}
