/* What the files of a connection share. */
#ifndef QVT_RPC_NET_CONN_PRIVATE_H
#define QVT_RPC_NET_CONN_PRIVATE_H

#include "rpc/net/conn.h"

/* Around everything that runs the session: leave performs a close that was wanted meanwhile. */
void net_conn_enter(struct net_conn *conn);
void net_conn_leave(struct net_conn *conn);

/* Stops all traffic and tells the owner, once. */
void net_conn_end(struct net_conn *conn, qvt_status status, const char *reason);

/* Waits for what the state of the connection calls for. */
void net_conn_update_poll(struct net_conn *conn);

/* The socket has bytes, or its end. False: no bytes came. */
bool net_conn_read(struct net_conn *conn);

/* The socket is broken: nothing more is sent, and what the peer sent before is taken. A server takes only what may say why:
 * its answers would reach nobody. */
void net_conn_last_words(struct net_conn *conn);

/* The socket takes bytes, or a turn has begun after net_conn_yield. */
void net_conn_write_ready(struct net_conn *conn);

/* Hands bytes in clear to the session, and sends what it answers. */
void net_conn_receive(struct net_conn *conn, qvt_slice bytes);

/* Sends the bytes after those that wait, and keeps what the socket does not take. UNAVAILABLE, NO_MEMORY. */
QVT_MUST_CHECK qvt_status net_conn_send_bytes(struct net_conn *conn, qvt_slice bytes);

/* --- conn_tls.c --- */

/* Makes the TLS session, when the setup wants one. NO_MEMORY, INTERNAL. */
QVT_MUST_CHECK qvt_status net_conn_tls_init(struct net_conn *conn);

/* Client: begins the handshake. */
void net_conn_tls_start(struct net_conn *conn);

/* Bytes have come from the socket. */
void net_conn_tls_receive(struct net_conn *conn, qvt_slice bytes);

/* Encrypts the batch and sends it, or keeps what the socket does not take. */
QVT_MUST_CHECK qvt_status net_conn_tls_send(struct net_conn *conn, const struct http2_output *output);

/* Says goodbye, when there is a session to say it in. */
void net_conn_tls_close(struct net_conn *conn);

#endif
