/* What the two files of a connection share. */
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

/* The socket has bytes, or its end. */
void net_conn_read(struct net_conn *conn);

/* The socket takes bytes again. */
void net_conn_write_pending(struct net_conn *conn);

#endif
