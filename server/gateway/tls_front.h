/* TLS before the HTTP daemon: accepts connections, completes handshakes, and hands the daemon one end of a socket pair
 * for each. A connection that never completes its handshake, or sends no request, never reaches the daemon. */
#ifndef QVT_SERVER_GATEWAY_TLS_FRONT_H
#define QVT_SERVER_GATEWAY_TLS_FRONT_H

#include <stdbool.h>
#include <sys/socket.h>

#include <uv.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/log.h"
#include "qvt/rpc/tls.h"
#include "rpc/net/listener.h"
#include "rpc/net/tls_session.h"

struct tls_front_options {
    uv_loop_t *loop;
    const struct log *log; /* may be NULL */
    uint32_t handshake_timeout_ms;
    uint32_t idle_ms;   /* after the handshake, without a byte of a request */
    uint32_t linger_ms; /* for a client to take the end of what the daemon has sent */
    uint32_t connections_max;
    uint32_t unused_max; /* connections without a byte of a request: beyond them the oldest is closed; 0: any number */
    /* The daemon's side: takes the socket and the names (may be NULL). */
    void (*on_connection)(void *data, int fd, const struct sockaddr_storage *peer, qvt_rpc_peer_names *names);
    void (*on_closed)(void *data); /* after tls_front_close */
    void *data;
};

/* Caller's memory, in place from open until on_closed. Read the counters only. */
struct tls_front {
    uint64_t handshakes_done;
    uint64_t handshakes_failed;
    uint64_t unused_closed;
    struct tls_front_options options;
    qvt_rpc_tls *tls;
    struct net_listener listener;
    struct list relays; /* struct tls_relay.node */
    size_t relay_count;
    struct list unused; /* struct tls_relay.unused_node, oldest first */
    size_t unused_count;
    uint64_t complained_ms; /* when a line about a handshake was written last; 0: never */
    uint64_t complaints;    /* without a line since */
    bool listening;         /* the listener's handle is not closed */
    bool closing;
    struct buf made; /* what a session has made; sent at once */
    char bytes[TLS_RECORD_BYTES];
    char plain[TLS_RECORD_BYTES];
};

/* Listens on the numeric "ADDR:PORT". As net_listener_open; then nothing is owed. */
QVT_MUST_CHECK qvt_status tls_front_open(struct tls_front *front, const struct tls_front_options *options,
                                         qvt_rpc_tls *tls, const char *address, qvt_error *error);

/* The address with its real port; borrowed. */
const char *tls_front_address(const struct tls_front *front);

/* Connections from now on use these credentials, of which it takes a reference. */
void tls_front_use(struct tls_front *front, qvt_rpc_tls *tls);

/* Accepts no more. */
void tls_front_drain(struct tls_front *front);

/* Lets the connections go once the daemon has closed its ends and what it sent has left, at latest after linger_ms,
 * then calls on_closed, before it returns when nothing is left. */
void tls_front_close(struct tls_front *front);

#endif
