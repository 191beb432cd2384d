/* HTTP/1.1 for people, browsers and curl: every unary method as JSON, Watch as an event stream, the pages of an
 * operator. One libmicrohttpd daemon in the caller's loop, no thread. */
#ifndef QVT_SERVER_GATEWAY_GATEWAY_H
#define QVT_SERVER_GATEWAY_GATEWAY_H

#include <uv.h>

#include "qvt/error.h"
#include "qvt/rpc/tls.h"
#include "server/service/service.h"

struct gateway;

struct gateway_options {
    uv_loop_t *loop;         /* outlives the gateway */
    struct service *service; /* outlives the gateway's requests */
    struct guard *guard;     /* as the service's; NULL: everybody may do everything */
    const struct log *log;   /* outlives the gateway; may be NULL */
    uint32_t body_bytes_max;
    uint32_t request_memory_max; /* what one request may cost decoded */
    uint32_t connections_max;
    uint32_t unused_connections_max; /* over TLS, without a byte of a request; 0: any number */
    uint32_t idle_timeout_s;         /* a connection that neither sends nor takes a byte for so long is closed */
    uint32_t keepalive_interval_ms;  /* between comments on a quiet event stream */
    bool ignore_unknown_fields;      /* of JSON; else they are refused */
    const qvt_rpc_server *grpc;      /* whose numbers are shown too; outlives the gateway's requests; may be NULL */
    const char *version;             /* of the program; static */
    qvt_rpc_tls *tls;                /* a server's; NULL: cleartext; the gateway takes a reference */
    uint32_t handshake_timeout_ms;   /* of TLS */
};

/* Listens on "ADDR:PORT" (port 0: a free one; "[::1]:0") and serves. INVALID_ARGUMENT for the text, UNAVAILABLE when the
 * address cannot be had: *error says which and why; NO_MEMORY. */
QVT_MUST_CHECK qvt_status gateway_new(struct gateway **out, const struct gateway_options *options, const char *listen,
                                      qvt_error *error);

/* The listened address with its real port; borrowed. */
const char *gateway_address(const struct gateway *gateway);

/* Connections from now on use these credentials; only when it was made with some. Takes a reference. */
void gateway_use_tls(struct gateway *gateway, qvt_rpc_tls *tls);

/* Takes no more connections; event streams end as their watches do; what is under way is answered. */
void gateway_drain(struct gateway *gateway);

/* Requests from now on are answered with UNAVAILABLE without the service: before service_close. */
void gateway_refuse(struct gateway *gateway);

/* Whether no request is under way. */
bool gateway_is_idle(const struct gateway *gateway);

/* Closes every connection, then frees the gateway and calls on_closed. Every request must have been answered by the
 * service (service_drain and service_close see to that). */
void gateway_close(struct gateway *gateway, void (*on_closed)(void *data), void *data);

#endif
