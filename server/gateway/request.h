/* Private to server/gateway: one HTTP request, from its first line to the end of its answer. */
#ifndef QVT_SERVER_GATEWAY_REQUEST_H
#define QVT_SERVER_GATEWAY_REQUEST_H

#include <microhttpd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"
#include "json/binding.h"
#include "json/route.h"
#include "qvt/rpc/unary.h"
#include "rpc/net/address.h"
#include "server/gateway/gateway.h"
#include "server/gateway/http_loop.h"
#include "server/gateway/tls_front.h"

enum { GATEWAY_CODE_MIN = 100, GATEWAY_CODES = 500 };

/* Since start, or of now. */
struct gateway_counters {
    uint64_t connections_open;
    uint64_t connections_total;
    uint64_t requests_open;
    uint64_t requests_total;
    uint64_t bytes_received; /* of bodies */
    uint64_t bytes_sent;     /* likewise */
    uint64_t answers[GATEWAY_CODES];
};

struct event_stream;

struct gateway {
    struct gateway_options options;
    struct gateway_counters counters;
    struct MHD_Daemon *daemon;
    struct http_loop loop;
    struct tls_front front;          /* only with options.tls */
    qvt_rpc_peer_names *introducing; /* of the connection that is being given to the daemon */
    uv_timer_t keepalive;
    struct list requests; /* struct request.in_gateway */
    struct list streams;  /* struct event_stream.in_gateway */
    unsigned closing;     /* of http_loop, keepalive, and event streams' polls */
    bool draining;
    bool refusing; /* the service is being closed */
    char address[80];
    void (*on_closed)(void *data);
    void *on_closed_data;
};

/* Invariants: answered at most once; suspended only while the answer is not known. Freed by MHD's completion callback. */
struct request {
    qvt_rpc_unary unary; /* the carrier; first */
    struct list in_gateway;
    struct gateway *gateway;
    struct MHD_Connection *connection;
    char *target; /* path and query as in the request line, still percent-encoded */
    const char *method;
    struct buf body;
    struct arena memory; /* of the decoded request and what the handler allocates */
    const struct json_binding *binding;
    qvt_error *refusal;            /* why it is answered without a look at what it asks, in memory; NULL: it is not */
    struct event_stream *stream;   /* the answer is one; NULL: not, or it is gone */
    struct MHD_Response *response; /* the answer that waits to be queued */
    unsigned http_status;
    uint64_t began_ns; /* 0: not timed */
    uint64_t body_len; /* received, kept or not */
    bool begun;        /* the headers have been looked at */
    bool dispatched;
    bool is_page;   /* no method */
    bool served;    /* it reached its method */
    bool inside;    /* MHD's callback is below us on the stack */
    bool suspended; /* in MHD */
    bool queued;    /* MHD has the answer */
};

/* A request for the target, in the gateway's list; NULL: no memory. */
struct request *request_new(struct gateway *gateway, const char *target);
void request_free(struct request *request);

/* The value of a header, or NULL; borrowed. */
const char *request_header(const struct request *request, const char *name);

/* Whom the client's certificate names, which was verified; all empty when it showed none or speaks no TLS. Never NULL;
 * borrowed while the request lives. */
const qvt_rpc_peer_names *request_peer_names(const struct request *request);

/* Gives the answer: takes the buffer's bytes, which is empty afterwards. content_type is static. Once. */
void request_answer(struct request *request, unsigned http_status, const char *content_type, struct buf *body);

/* Tells the service that the call has ended, once; not for pages, and not when the service is being closed. */
void request_report(const struct request *request, qvt_status status, const char *message);

/* Answers with google.rpc.Status as JSON; http_status 0: that of the error's code. allow: the Allow header, or NULL. */
void request_fail(struct request *request, const qvt_error *error, unsigned http_status, const char *allow);

/* "ADDR:PORT" of the client. */
void request_peer(const struct request *request, char out[NET_ADDRESS_TEXT_MAX]);

/* Gives a finished response object, which it takes; whoever calls this reports the call. */
void request_answer_with(struct request *request, unsigned http_status, struct MHD_Response *response);

/* Decides what serves a request whose body is complete, and starts it. */
void request_dispatch(struct request *request);

#endif
