/* A listening TCP socket. */
#ifndef QVT_RPC_NET_LISTENER_H
#define QVT_RPC_NET_LISTENER_H

#include <stdbool.h>

#include <uv.h>

#include "qvt/error.h"
#include "rpc/net/address.h"

/* Embedded in its owner's struct. */
struct net_listener {
    uv_tcp_t tcp;
    void (*on_connection)(struct net_listener *listener); /* take it with net_conn_accept */
    void (*on_closed)(struct net_listener *listener);
    char address[NET_ADDRESS_TEXT_MAX]; /* with the real port */
};

/* Binds and listens. INVALID_ARGUMENT for the text, UNAVAILABLE when the address cannot be had; error (may be NULL)
 * says which and why. on_connection and on_closed must be set. *opened tells whether net_listener_close is owed (also
 * after a failure). */
QVT_MUST_CHECK qvt_status net_listener_open(struct net_listener *listener, uv_loop_t *uv, const char *text,
                                            bool *opened, qvt_error *error);

/* on_closed runs within a later turn: the memory is the owner's again. */
void net_listener_close(struct net_listener *listener);

#endif
