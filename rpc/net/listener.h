/* A listening TCP socket. */
#ifndef QVT_RPC_NET_LISTENER_H
#define QVT_RPC_NET_LISTENER_H

#include <uv.h>

#include "qvt/error.h"
#include "rpc/net/address.h"

/* Embedded in its owner's struct; the owner sets the callbacks first. */
struct net_listener {
    /* A connection came; the socket is the owner's, non-blocking: net_conn_accept it or close it. */
    void (*on_accept)(struct net_listener *listener, int fd, const struct sockaddr_storage *peer);
    /* After net_listener_close: the memory is the owner's again. */
    void (*on_closed)(struct net_listener *listener);
    char address[NET_ADDRESS_TEXT_MAX]; /* with the real port */
    uv_poll_t poll;
    int fd;
    int spare_fd; /* given up for a moment to refuse a connection when the process has no descriptors left */
};

/* Binds and listens. Not OK: nothing is owed; INVALID_ARGUMENT for the text, UNAVAILABLE when the address cannot be
 * had; error (may be NULL) says which and why. */
QVT_MUST_CHECK qvt_status net_listener_open(struct net_listener *listener, uv_loop_t *uv, const char *text,
                                            qvt_error *error);

/* Refuses further connections; on_closed runs within a later turn. */
void net_listener_close(struct net_listener *listener);

#endif
