#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/check.h"
#include "rpc/net/conn_private.h"

enum {
    PENDING_KEEP = 4096,    /* a buffer that grew larger than this is not kept for the next time */
    TURN_BYTES = 256 * 1024 /* sent in one turn: nobody waits long for a connection that takes all it can get */
};

void net_conn_on_output(void *data)
{
    struct net_conn *conn = data;
    if (!conn->broken && !conn->closing && list_is_empty(&conn->unflushed)) {
        list_push_back(&conn->setup->loop->unflushed, &conn->unflushed);
    }
}

/* The length of a TLS alert; a frame of HTTP/2 is longer. */
enum { TLS_ALERT_BYTES = 7 };

static void check_done(struct net_conn *conn)
{
    if (!conn->broken && !conn->closing && conn->pending.len == 0 && http2_session_is_done(conn->session)) {
        net_conn_end(conn, QVT_OK, "session done");
    }
}

void net_conn_receive(struct net_conn *conn, qvt_slice bytes)
{
    net_conn_enter(conn);
    qvt_status status = http2_session_receive(conn->session, bytes);
    net_conn_leave(conn);
    if (conn->closing) {
        return;
    }
    /* Answers that are ready leave while what they were made of is still in the processor's cache; a GOAWAY that says
     * what was wrong leaves before the end. */
    net_conn_flush(conn);
    if (status != QVT_OK) {
        net_conn_end(conn, status, "protocol violated");
    }
}

bool net_conn_read(struct net_conn *conn)
{
    char *buffer = conn->setup->loop->read_buffer;
    ssize_t len = recv(conn->fd, buffer, NET_READ_CAP, 0);
    if (len > 0) {
        qvt_slice bytes = qvt_slice_make(buffer, (size_t)len);
        conn->bytes_received += bytes.len;
        conn->read_at_ms = uv_now(conn->setup->loop->uv);
        if (conn->tls == NULL) {
            net_conn_receive(conn, bytes);
        } else {
            net_conn_tls_receive(conn, bytes);
        }
    } else if (len == 0) {
        net_conn_end(conn, QVT_UNAVAILABLE,
                     conn->bytes_received == TLS_ALERT_BYTES && conn->tls == NULL
                         ? "closed by the peer, which seems to speak TLS"
                         : "closed by the peer");
    } else if (errno != EAGAIN && errno != EINTR) {
        net_conn_end(conn, QVT_UNAVAILABLE, "connection lost");
    }
    return len > 0;
}

void net_conn_last_words(struct net_conn *conn)
{
    bool is_client = conn->setup->role == HTTP2_CLIENT;
    bool more = !conn->mute && (is_client || conn->tls != NULL);
    conn->mute = true;
    while (more && !conn->broken && !conn->closing) {
        more = net_conn_read(conn) && is_client;
    }
}

/* MSG_NOSIGNAL: a library must not raise SIGPIPE. */
static ssize_t send_once(int fd, struct iovec *pieces, size_t count)
{
    if (count == 1) {
        return send(fd, pieces->iov_base, pieces->iov_len, MSG_NOSIGNAL);
    }
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

/* The bytes the socket took, 0 when it takes none; -1 when it is broken. */
static ssize_t send_pieces(struct net_conn *conn, struct iovec *pieces, size_t count)
{
    ssize_t sent = 0;
    do {
        sent = send_once(conn->fd, pieces, count);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return errno == EAGAIN ? 0 : -1;
    }
    conn->bytes_sent += (uint64_t)sent;
    conn->wrote_at_ms = uv_now(conn->setup->loop->uv);
    return sent;
}

static void blocked(struct net_conn *conn)
{
    conn->wrote_at_ms = uv_now(conn->setup->loop->uv);
    if (conn->setup->events->on_blocked != NULL) {
        conn->setup->events->on_blocked(conn);
    }
}

qvt_status net_conn_send_bytes(struct net_conn *conn, qvt_slice bytes)
{
    ssize_t sent = 0;
    if (conn->pending.len == 0) {
        union {
            const uint8_t *given;
            void *taken;
        } base = {bytes.data};
        struct iovec piece = {base.taken, bytes.len};
        sent = send_pieces(conn, &piece, 1);
        if (sent < 0) {
            return QVT_UNAVAILABLE;
        }
        if ((size_t)sent < bytes.len) {
            blocked(conn);
        }
    }
    return buf_append(&conn->pending, bytes.data + sent, bytes.len - (size_t)sent);
}

static qvt_status keep_rest(struct net_conn *conn, const struct http2_output *output, size_t sent)
{
    QVT_TRY(buf_reserve(&conn->pending, output->total - sent));
    for (size_t i = 0; i < output->count; i++) {
        qvt_slice piece = output->pieces[i].bytes;
        size_t skipped = sent < piece.len ? sent : piece.len;
        sent -= skipped;
        QVT_TRY(buf_append(&conn->pending, piece.data + skipped, piece.len - skipped));
    }
    return QVT_OK;
}

/* Sends the batch, or keeps what the socket does not take. */
static qvt_status send_output(struct net_conn *conn, const struct http2_output *output)
{
    struct iovec pieces[HTTP2_OUTPUT_PIECES];
    for (size_t i = 0; i < output->count; i++) {
        /* sendmsg only reads. */
        union {
            const uint8_t *given;
            void *taken;
        } base = {output->pieces[i].bytes.data};
        pieces[i] = (struct iovec){base.taken, output->pieces[i].bytes.len};
    }
    ssize_t sent = send_pieces(conn, pieces, output->count);
    if (sent < 0) {
        return QVT_UNAVAILABLE;
    }
    if ((size_t)sent == output->total) {
        return QVT_OK;
    }
    blocked(conn);
    return keep_rest(conn, output, (size_t)sent);
}

/* *more: the batch was not all that there is to send, and the socket took it. */
static qvt_status send_batch(struct net_conn *conn, struct http2_output *output, bool *more)
{
    *more = false;
    net_conn_enter(conn);
    qvt_status status = http2_session_send(conn->session, output);
    if (output->total > 0) {
        qvt_status sent = conn->tls == NULL ? send_output(conn, output) : net_conn_tls_send(conn, output);
        status = status == QVT_OK ? sent : status;
        *more = status == QVT_OK && conn->pending.len == 0 && http2_session_wants_send(conn->session);
    }
    http2_output_clear(output);
    net_conn_leave(conn);
    return status;
}

void net_conn_flush(struct net_conn *conn)
{
    list_remove(&conn->unflushed);
    qvt_status status = QVT_OK;
    bool more = conn->pending.len == 0 && !conn->securing && !conn->yielded && !conn->mute;
    const uint64_t sent_before = conn->bytes_sent;
    while (more && !conn->broken && !conn->closing && !conn->yielded) {
        if (conn->bytes_sent - sent_before >= TURN_BYTES) {
            net_conn_yield(conn);
            blocked(conn);
            break;
        }
        status = send_batch(conn, &conn->setup->loop->output, &more);
    }
    if (conn->closing) {
        return;
    }
    if (status == QVT_UNAVAILABLE) {
        net_conn_last_words(conn);
    }
    if (status != QVT_OK) {
        net_conn_end(conn, status, "connection lost");
        return;
    }
    net_conn_update_poll(conn);
    check_done(conn);
}

static void write_pending(struct net_conn *conn)
{
    struct buf *pending = &conn->pending;
    if (pending->len == 0) {
        net_conn_flush(conn);
        return;
    }
    struct iovec rest = {pending->data + conn->pending_sent, pending->len - conn->pending_sent};
    ssize_t sent = send_pieces(conn, &rest, 1);
    if (sent < 0) {
        net_conn_last_words(conn);
        net_conn_end(conn, QVT_UNAVAILABLE, "connection lost");
        return;
    }
    conn->pending_sent += (size_t)sent;
    if (conn->pending_sent < pending->len) {
        return;
    }
    conn->pending_sent = 0;
    buf_clear(pending);
    if (pending->cap > PENDING_KEEP) {
        buf_deinit(pending);
    }
    net_conn_flush(conn);
}

/* The session's next bytes first, so that what the turn adds finds room. */
void net_conn_write_ready(struct net_conn *conn)
{
    bool was_yielded = conn->yielded;
    conn->yielded = false;
    write_pending(conn);
    if (was_yielded && !conn->broken && !conn->closing && conn->setup->events->on_turn != NULL) {
        net_conn_enter(conn);
        conn->setup->events->on_turn(conn);
        net_conn_leave(conn);
        net_conn_update_poll(conn);
    }
}
