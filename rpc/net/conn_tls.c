/* The seam between a connection and its TLS session: a connection without one never comes here. */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "rpc/net/conn_private.h"
#include "rpc/net/tls_names.h"

qvt_status net_conn_tls_init(struct net_conn *conn)
{
    const struct net_conn_setup *setup = conn->setup;
    if (setup->tls == NULL) {
        return QVT_OK;
    }
    conn->securing = true;
    return tls_session_new(&conn->tls, setup->tls, TLS_HTTP2, setup->tls_host);
}

/* Sends what the session has made. UNAVAILABLE, NO_MEMORY. */
static qvt_status send_made(struct net_conn *conn)
{
    struct buf *made = &conn->setup->loop->tls_out;
    qvt_status status = made->len == 0 ? QVT_OK : net_conn_send_bytes(conn, buf_slice(made));
    buf_clear(made);
    return status;
}

static void fail(struct net_conn *conn, qvt_status status)
{
    /* The alert that says why. */
    (void)send_made(conn);
    net_conn_end(conn, status, conn->tls->failure);
}

static void secured(struct net_conn *conn)
{
    conn->securing = false;
    if (conn->setup->events->on_connected != NULL) {
        conn->setup->events->on_connected(conn, QVT_OK);
    }
    if (!conn->closing) {
        net_conn_flush(conn);
    }
}

/* False: nothing more is to be done with the connection for now. */
static bool shake(struct net_conn *conn, qvt_slice *bytes)
{
    qvt_status status = tls_session_handshake(conn->tls, bytes, &conn->setup->loop->tls_out);
    if (status != QVT_OK) {
        fail(conn, status);
        return false;
    }
    status = send_made(conn);
    if (status != QVT_OK) {
        net_conn_end(conn, status, "connection lost");
        return false;
    }
    if (!conn->tls->open) {
        net_conn_update_poll(conn);
        return false;
    }
    secured(conn);
    return !conn->closing && !conn->broken;
}

void net_conn_tls_start(struct net_conn *conn)
{
    qvt_slice none = qvt_slice_make(NULL, 0);
    (void)shake(conn, &none);
}

void net_conn_tls_receive(struct net_conn *conn, qvt_slice bytes)
{
    struct net_loop *loop = conn->setup->loop;
    if (conn->securing && !shake(conn, &bytes)) {
        return;
    }
    for (size_t len = 1; len > 0 && !conn->closing && !conn->broken;) {
        qvt_status status =
            tls_session_read(conn->tls, &bytes, loop->tls_plain, sizeof(loop->tls_plain), &len, &loop->tls_out);
        if (status != QVT_OK) {
            fail(conn, status);
            return;
        }
        status = send_made(conn);
        if (status != QVT_OK) {
            net_conn_end(conn, status, "connection lost");
            return;
        }
        if (len > 0) {
            net_conn_receive(conn, qvt_slice_make(loop->tls_plain, len));
        }
    }
}

/* Puts pieces together, so that a record is as long as it may be. */
static qvt_status encrypt(struct net_conn *conn, const struct http2_output *output)
{
    struct net_loop *loop = conn->setup->loop;
    size_t len = 0;
    for (size_t i = 0; i < output->count; i++) {
        qvt_slice piece = output->pieces[i].bytes;
        while (piece.len > 0) {
            size_t room = sizeof(loop->tls_record) - len;
            size_t taken = piece.len < room ? piece.len : room;
            memcpy(loop->tls_record + len, piece.data, taken);
            piece = qvt_slice_make(piece.data + taken, piece.len - taken);
            len += taken;
            if (len == sizeof(loop->tls_record)) {
                QVT_TRY(tls_session_write(conn->tls, qvt_slice_make(loop->tls_record, len), &loop->tls_out));
                len = 0;
            }
        }
    }
    return len == 0 ? QVT_OK : tls_session_write(conn->tls, qvt_slice_make(loop->tls_record, len), &loop->tls_out);
}

qvt_status net_conn_tls_send(struct net_conn *conn, const struct http2_output *output)
{
    qvt_status status = encrypt(conn, output);
    if (status != QVT_OK) {
        buf_clear(&conn->setup->loop->tls_out);
        return status;
    }
    return send_made(conn);
}

void net_conn_tls_close(struct net_conn *conn)
{
    if (conn->tls != NULL && !conn->securing && !conn->broken && conn->pending.len == 0) {
        tls_session_close(conn->tls, &conn->setup->loop->tls_out);
        (void)send_made(conn);
    }
}

qvt_status net_conn_take_names(struct net_conn *conn, qvt_rpc_peer_names **out)
{
    *out = NULL;
    return conn->tls == NULL ? QVT_OK : tls_names_of_peer(out, conn->tls->gnutls);
}
