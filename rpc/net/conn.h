/* One TCP connection that carries an HTTP/2 session, either side. */
#ifndef QVT_RPC_NET_CONN_H
#define QVT_RPC_NET_CONN_H

#include <stdbool.h>

#include <uv.h>

#include "base/buf.h"
#include "rpc/http2/session.h"
#include "rpc/net/address.h"
#include "rpc/net/loop.h"

struct net_conn;

/* What a connection tells its owner. */
struct net_conn_events {
    /* Client: the connection is made, its session exists (or, when status is not OK, is not made: net_conn_close it).
     * May be NULL for servers. */
    void (*on_connected)(struct net_conn *conn, qvt_status status);
    /* The transport ended, by the peer, by an error or because the session is done. The owner calls net_conn_close, at
     * once or later. reason is static text for a log line. Once, not after net_conn_close. */
    void (*on_ended)(struct net_conn *conn, qvt_status status, const char *reason);
    /* After net_conn_close: the memory is the owner's again. Streams that were open have had on_close(HTTP2_CANCEL). */
    void (*on_closed)(struct net_conn *conn);
};

/* Embedded in its owner's struct. Invariants: pending is not empty only while a uv_write is in flight; a connection is
 * in loop->unflushed at most once. */
struct net_conn {
    uv_tcp_t tcp;
    uv_connect_t connecting;
    uv_write_t writing;
    struct net_loop *loop;
    struct http2_session *session; /* NULL before it is connected and after the close */
    const struct net_conn_events *events;
    enum http2_role role;
    const struct http2_options *options;
    const struct http2_events *http2_events; /* on_output must be net_conn_on_output */
    struct list unflushed;
    struct buf pending; /* what the socket did not take */
    size_t max_queued;  /* message bytes above which a blocked connection is not read either; 0: no bound */
    uint64_t bytes_received;
    uint64_t bytes_sent;
    bool reading;
    bool broken; /* the session or the socket failed: nothing more is read */
    bool ended;  /* on_ended was called */
    bool closing;
    char peer[NET_ADDRESS_TEXT_MAX];
};

/* What both ways of making a connection need; all pointers are kept. The session's events get the net_conn as data. */
struct net_conn_setup {
    struct net_loop *loop;
    enum http2_role role;
    const struct http2_options *options;
    const struct http2_events *http2_events;
    const struct net_conn_events *events;
    size_t max_queued;
};

/* Server: takes the connection that waits at the listener and starts its session. UNAVAILABLE, NO_MEMORY: call
 * net_conn_close all the same, on_closed follows. */
QVT_MUST_CHECK qvt_status net_conn_accept(struct net_conn *conn, const struct net_conn_setup *setup,
                                          uv_stream_t *listener);

/* Client: connects; on_connected follows, not before this returns. UNAVAILABLE, NO_MEMORY as above. */
QVT_MUST_CHECK qvt_status net_conn_connect(struct net_conn *conn, const struct net_conn_setup *setup,
                                           const struct sockaddr *address);

/* Give this as http2_events.on_output. */
void net_conn_on_output(void *conn);

/* Sends what the session has queued now, as far as the socket takes it: before a close that follows at once. */
void net_conn_flush(struct net_conn *conn);

/* Frees the session (open streams get on_close) and closes the socket; on_closed runs within a later turn. Harmless
 * the second time. */
void net_conn_close(struct net_conn *conn);

#endif
