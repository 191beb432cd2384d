/* One connection between a client that speaks TLS and the daemon that does not. */
#ifndef QVT_SERVER_GATEWAY_TLS_RELAY_H
#define QVT_SERVER_GATEWAY_TLS_RELAY_H

#include "server/gateway/tls_front.h"

/* One of the two sockets, and what waits until it takes bytes. */
struct relay_end {
    int fd; /* -1: closed, or not open yet */
    uv_poll_t poll;
    int events; /* what poll waits for */
    struct buf pending;
    bool ended; /* it has sent its last byte */
};

/* Invariants: no byte is read for an end that has bytes pending; inner is open only after session->open, from the first
 * byte of a request on. */
struct tls_relay {
    struct list node; /* in front->relays */
    struct tls_front *front;
    struct tls_session *session;
    struct relay_end outer; /* the client's */
    struct relay_end inner; /* the daemon's */
    uv_timer_t timer;       /* the handshake's; then that of the first request; later the lingering's */
    struct sockaddr_storage peer;
    unsigned handles;        /* open */
    struct list unused_node; /* in front->unused while is_unused */
    bool is_unused;
    bool closing;
};

/* Takes the accepted socket. */
void tls_relay_accept(struct tls_front *front, int fd, const struct sockaddr_storage *peer);

/* Goes away within linger_ms, at once when its handshake is not done. */
void tls_relay_finish(struct tls_relay *relay);

/* --- tls_front.c --- */

/* The handshake has failed. */
void tls_front_complain(struct tls_front *front, const struct sockaddr_storage *peer, const char *reason);

/* The relay was closed for being unused longest. */
void tls_front_note_unused(struct tls_front *front, const struct sockaddr_storage *peer);

/* The relay is gone. */
void tls_front_release(struct tls_front *front);

#endif
