/* One TCP connection that carries an HTTP/2 session, either side, in clear or over TLS. */
#ifndef QVT_RPC_NET_CONN_H
#define QVT_RPC_NET_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/buf.h"
#include "rpc/http2/session.h"
#include "rpc/net/address.h"
#include "rpc/net/loop.h"
#include "rpc/net/tls_session.h"

struct net_conn;

/* What a connection tells its owner. */
struct net_conn_events {
    /* Client: the connection is made and has its session; not OK: it is not, net_conn_close it. Over TLS: the handshake
     * is complete, on a server too. May be NULL on servers. */
    void (*on_connected)(struct net_conn *conn, qvt_status status);
    /* The transport ended: by the peer, by an error, or because the session is done. The owner calls net_conn_close, at
     * once or later. reason is a text for a log line that lives until on_closed. At most once, never after net_conn_close. */
    void (*on_ended)(struct net_conn *conn, qvt_status status, const char *reason);
    /* After net_conn_close: the memory is the owner's again. Streams that were open have had on_close(HTTP2_CANCEL). */
    void (*on_closed)(struct net_conn *conn);
    /* The socket takes no more bytes for now. Do not close the connection in it. (may be NULL) */
    void (*on_blocked)(struct net_conn *conn);
    /* The turn after net_conn_yield. (may be NULL) */
    void (*on_turn)(struct net_conn *conn);
};

/* What both ways of making a connection need; everything it points to must outlive the connection. */
struct net_conn_setup {
    struct net_loop *loop;
    enum http2_role role;
    const struct http2_options *options;
    const struct http2_events *http2_events; /* on_output is net_conn_on_output; their data is the net_conn */
    const struct net_conn_events *events;
    size_t max_queued;    /* message bytes above which a connection that does not take bytes is not read either */
    qvt_rpc_tls *tls;     /* what new connections use, which take a reference; NULL: cleartext */
    const char *tls_host; /* client: the host, as tls_session_new takes it; read by net_conn_connect only */
};

/* Embedded in its owner's struct; read only the members above `fd`.
 * Invariants: securing implies tls; pending is not empty only while the socket takes no bytes; a connection is in loop->unflushed at most
 * once; session is not freed while busy. */
struct net_conn {
    struct http2_session *session; /* NULL before it is connected and after the close */
    uint64_t bytes_received;
    uint64_t bytes_sent;
    uint64_t read_at_ms;  /* when bytes came last; the loop's time, as the next */
    uint64_t wrote_at_ms; /* when the socket last took bytes, or began to take none */
    bool closing;
    char peer[NET_ADDRESS_TEXT_MAX]; /* of the other side */
    int fd;
    struct tls_session *tls; /* NULL: cleartext; from the start until on_closed */
    uv_poll_t poll;
    int poll_events; /* what poll waits for */
    const struct net_conn_setup *setup;
    struct list unflushed;
    struct buf pending;
    size_t pending_sent;
    bool connecting;
    bool securing; /* the handshake is not complete: nothing of the session is sent */
    bool busy;     /* inside the session: a close waits */
    bool mute;     /* nothing more is sent */
    bool broken;   /* nothing more is read or sent */
    bool ended;    /* on_ended was called */
    bool yielded;  /* there is more to send: other connections come first */
};

/* Server: takes over the accepted, non-blocking socket and starts its session. Not OK (NO_MEMORY, UNAVAILABLE): the
 * socket is closed and nothing is owed. */
QVT_MUST_CHECK qvt_status net_conn_accept(struct net_conn *conn, const struct net_conn_setup *setup, int fd,
                                          const struct sockaddr_storage *peer);

/* Client: connects; on_connected follows, not before this returns. Not OK (NO_MEMORY, UNAVAILABLE): nothing is owed. */
QVT_MUST_CHECK qvt_status net_conn_connect(struct net_conn *conn, const struct net_conn_setup *setup,
                                           const struct sockaddr_storage *address);

/* Give this as http2_events.on_output. */
void net_conn_on_output(void *conn);

/* The names in the peer's verified certificate, the caller's, for tls_names_free; NULL: there is none. From on_connected
 * on, before net_conn_close. NO_MEMORY. */
QVT_MUST_CHECK qvt_status net_conn_take_names(struct net_conn *conn, qvt_rpc_peer_names **out);

/* Whether bytes wait for the socket. */
static inline bool net_conn_is_blocked(const struct net_conn *conn)
{
    return conn->pending.len > 0 || conn->yielded;
}

/* Sends what the session has queued now, as far as the socket takes it. Not inside the session's events. */
void net_conn_flush(struct net_conn *conn);

/* The rest of what there is to do and to send waits for the next turn: other connections come first. */
static inline void net_conn_yield(struct net_conn *conn)
{
    conn->yielded = true;
}

/* Frees the session (open streams get on_close) and closes the socket; on_closed runs within a later turn. Inside the
 * session's events the close happens when they are over. Harmless the second time. */
void net_conn_close(struct net_conn *conn);

#endif
