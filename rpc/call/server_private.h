/* The inside of a server, its connections and its calls, for the files server_*.c. */
#ifndef QVT_RPC_CALL_SERVER_PRIVATE_H
#define QVT_RPC_CALL_SERVER_PRIVATE_H

#include "base/arena.h"
#include "base/list.h"
#include "qvt/rpc/server.h"
#include "rpc/call/runtime.h"
#include "rpc/net/addresses.h"
#include "rpc/net/conn.h"
#include "rpc/net/listener.h"
#include "rpc/wire/frame.h"
#include "rpc/wire/metadata.h"

/* Entries that a handler may add to the headers or to the trailers. */
enum { SERVER_METADATA_MAX = 64 };

/* A method with what serves it. */
struct server_method {
    const qvt_rpc_method *method;
    qvt_rpc_handler handler;
    void *data;
    qvt_slice path;
    uint64_t hash;
};

/* Methods by path: open addressing, at most half full. Invariant: cap is 0 or a power of two. */
struct server_methods {
    struct server_method **slots;
    size_t cap;
    size_t count;
    const struct server_method *last; /* found last: mostly the one that is asked for next */
};

void server_methods_deinit(struct server_methods *methods);

/* ALREADY_EXISTS, NO_MEMORY. */
QVT_MUST_CHECK qvt_status server_methods_add(struct server_methods *methods, const qvt_rpc_method *method,
                                             const qvt_rpc_handler *handler, void *data);

/* NULL: nothing serves this path. */
const struct server_method *server_methods_find(struct server_methods *methods, qvt_slice path);

struct server_listener {
    struct net_listener net;
    qvt_rpc_server *server;
    struct list node;
};

/* Invariant: freed once it is closed and no call refers to it. */
struct server_conn {
    struct net_conn net;
    qvt_rpc_server *server;
    struct list node;
    struct list unused; /* in the server's, while no call has come */
    struct net_timer
        timer; /* until the handshake is done; until the preface has come; then, stopping, until the PING is answered */
    struct net_address_count *address; /* of the server's addresses */
    struct list waiting;               /* calls whose requests wait for queued answers to leave */
    qvt_rpc_peer_names *names;         /* of the client's certificate; NULL: it has shown none */
    size_t calls;
    uint64_t turn;           /* of the loop, which the two below are about */
    uint64_t turn_bytes;     /* sent and queued by the connection before it */
    size_t turn_calls;       /* given to their handlers in it */
    uint64_t noise_since_ms; /* when the session began to count */
    struct net_timer tend;
    uint64_t end_ms;        /* of its age; once it is passed, of its grace; 0: none */
    uint64_t idle_since_ms; /* while calls is 0 */
    uint64_t headers_ms;    /* when the header block began that is not whole */
    uint64_t asked_ms;      /* when our PING went out; 0: none is open */
    uint64_t last_ping_ms;  /* the client's; 0: none since the last answer */
    uint32_t ping_strikes;
    bool aged;
    bool closed;
    bool stop_announced;
    bool stop_final;
};

/* At most one log line a second about the same thing. */
struct server_complaint {
    uint64_t logged_ms; /* when a line was written last; 0: never */
    uint64_t unlogged;  /* without a line since */
};

/* A limit's history. */
struct server_limit {
    uint64_t count;
    uint64_t logged_ms; /* when a line about it was written last; 0: never */
    uint64_t unlogged;  /* without a line since */
};

struct qvt_rpc_server {
    qvt_rpc_runtime *runtime;
    qvt_rpc_server_options options;
    struct http2_options http2_options;
    struct net_conn_setup setup;
    struct server_methods methods;
    struct list listeners;
    struct list conns;
    struct list unused; /* connections on which no call has come, the oldest first */
    size_t unused_count;
    qvt_rpc_server_call *spare; /* calls to be used again */
    size_t spare_count;
    struct net_timer stop_timer;
    qvt_rpc_server_counters counters;
    struct server_complaint handshakes;
    struct server_limit limits[QVT_RPC_LIMIT_COUNT];
    struct net_addresses addresses;
    void (*on_closed)(void *data);
    void *on_closed_data;
    bool stopping;
    char address[NET_ADDRESS_TEXT_MAX];
};

/* Why a request is refused before its method is called. */
enum server_refusal {
    SERVER_ACCEPTED,
    SERVER_BAD_METHOD,       /* 405 */
    SERVER_BAD_CONTENT_TYPE, /* 415 */
    SERVER_BAD_CODEC,
    SERVER_BAD_TIMEOUT,
    SERVER_BAD_ENCODING,
    SERVER_UNKNOWN_METHOD,
    SERVER_HEADERS_TOO_LARGE
};

struct server_call_flags {
    bool is_post;
    bool has_content_type;
    bool begun;        /* the request's headers are complete */
    bool has_request;  /* unary and server streaming: one message has come */
    bool dispatched;   /* the handler owns the call */
    bool finished;     /* by the handler */
    bool cancelled;    /* on_cancel was due */
    bool ended;        /* how the call ends is decided */
    bool plain;        /* the answer is HTTP, not gRPC */
    bool held;         /* the handler wants no messages */
    bool delivering;   /* messages are being handed out */
    bool end_received; /* and not handed out yet */
    bool gzip_in;      /* the request's messages may be compressed */
    bool accepts_gzip; /* the client does */
    bool compress;     /* what is sent from now on */
    bool gzip_out;     /* the headers said so */
    bool lingering;    /* answered before the request was whole; the rest of that is thrown away */
};

/* Life: on_request takes one from the spare ones; on_close and, when the handler owns it, finish must both have
 * happened before it goes back. Invariants: unary is the first member; held_bytes is not empty only while held; after
 * flags.ended nothing is queued. */
struct qvt_rpc_server_call {
    qvt_rpc_unary unary;
    struct http2_stream stream;
    qvt_rpc_server *server;
    struct server_conn *conn;
    const struct server_method *method;
    void *context;
    qvt_rpc_server_call *next_spare;
    struct list waiting; /* in the connection's */
    struct frame_decoder decoder;
    struct buf held_bytes;
    struct buf inflated; /* a message that came compressed */
    struct metadata_list metadata;
    struct metadata_list initial; /* in its form on the wire, as is trailing */
    struct metadata_list trailing;
    struct buf status_text; /* grpc-message, then grpc-status-details-bin */
    size_t status_message_len;
    qvt_status status;
    struct buf path; /* only of an unknown method */
    struct arena arena;
    struct net_timer deadline; /* while lingering: its end */
    int64_t timeout_ns;        /* -1: none */
    uint64_t began_ns;         /* 0: not measured */
    uint64_t took_ns;
    size_t discarded; /* bytes that came while lingering */
    enum server_refusal refusal;
    struct server_call_flags flags;
};

extern const struct net_conn_events server_conn_net_events;
extern const struct http2_events server_conn_http2_events;
extern const qvt_rpc_unary_carrier server_call_carrier;

/* --- server_conn.c --- */

/* Takes the accepted socket, or closes it. address: what net_addresses_take gave for it. */
void server_conn_accept(qvt_rpc_server *server, int fd, const struct sockaddr_storage *peer,
                        struct net_address_count *address);

/* Drops a reference that a call held. */
void server_conn_release(struct server_conn *conn);

/* --- server_unused.c --- */

/* A new connection: closes the oldest of those that nobody uses when they are too many. */
void server_unused_add(struct server_conn *conn);

/* A call has come, or the end. Harmless the second time. */
void server_unused_remove(struct server_conn *conn);

/* --- server_noise.c --- */

/* The limits as the session takes them. */
void server_noise_limits(uint32_t out[HTTP2_NOISE_COUNT], const qvt_rpc_server_options *options);

/* The events of the session. */
bool server_noise_judge(void *net_conn, enum http2_noise kind);
void server_noise_bomb(void *net_conn);

/* Ends the connection with ENHANCE_YOUR_CALM and counts that. debug is for the peer. */
void server_noise_calm(struct server_conn *conn, qvt_rpc_limit limit, const char *debug);

/* --- server_limits.c --- */

/* Counts, and writes one line a second about each limit. peer is "ADDR:PORT". */
void server_limit_passed(qvt_rpc_server *server, qvt_rpc_limit limit, const char *peer);

/* --- server_secure.c --- */

/* Writes the line, unless one was written less than a second ago. */
void server_complain(struct server_conn *conn, struct server_complaint *complaint, enum log_level level,
                     const char *message, const char *reason);

/* The TLS handshake is complete; the event of the connection. */
void server_secure_connected(struct net_conn *net, qvt_status status);

/* The connection ends before that. */
void server_secure_failed(struct server_conn *conn, const char *reason);

/* --- server_tend.c --- */

/* Begins to look after the age and the silence of a new connection. */
void server_tend_start(struct server_conn *conn);
void server_tend_stop(struct server_conn *conn);

/* The socket takes no bytes. */
void server_tend_blocked(struct net_conn *net);

/* A header block is not whole; the event of the session. */
void server_tend_headers(void *net_conn);

/* A PING of the client; the event of the session. */
void server_tend_ping(void *net_conn);

/* --- server_stop.c --- */

/* Announces the stop to the peer: GOAWAY(2^31-1) and PING. */
void server_stop_conn(struct server_conn *conn);

/* The PING was answered, or is not going to be. */
void server_stop_conn_finally(struct server_conn *conn);

/* Calls on_closed when nothing is left; the server may be gone afterwards. */
void server_stop_check(qvt_rpc_server *server);

/* --- server_call.c --- */

/* A call, fresh or used before; NULL when out of memory. */
qvt_rpc_server_call *server_call_take(struct server_conn *conn);

/* Gives the call back; neither the stream nor the handler needs it any more. */
void server_call_release(qvt_rpc_server_call *call);

void server_call_free_spare(qvt_rpc_server *server);

/* Tells the handler once that the call is of no use any more, when it owns it. */
void server_call_cancel(qvt_rpc_server_call *call);

/* The stream is over: gives the call back, or leaves it to the handler until it finishes. */
void server_call_close(qvt_rpc_server_call *call);

static inline qvt_rpc_server_call *server_call_of(struct http2_stream *stream)
{
    return LIST_ENTRY(stream, qvt_rpc_server_call, stream);
}

/* --- server_request.c --- */

qvt_status server_request_header(struct http2_stream *stream, qvt_slice name, qvt_slice value);
void server_request_headers(struct http2_stream *stream, bool end);

/* --- server_receive.c --- */

void server_receive_data(struct http2_stream *stream, qvt_slice bytes);
void server_receive_end(struct http2_stream *stream);

/* Hands out what was held. */
void server_receive_resume(qvt_rpc_server_call *call);

/* Answers have left: calls that waited for that begin. */
void server_receive_waiting(struct server_conn *conn);

/* Another turn: calls that the last one left begin. The event of the connection. */
void server_receive_turn(struct net_conn *net);

/* --- server_respond.c --- */

/* Sends the response's headers unless that was done. NO_MEMORY. */
QVT_MUST_CHECK qvt_status server_respond_headers(qvt_rpc_server_call *call);

/* The last resort for a call without memory: resets it, and when even that fails closes the connection. */
void server_respond_reset(qvt_rpc_server_call *call);

/* Decides how the call ends and sends it after what is queued; error NULL: OK. details: an encoded google.rpc.Status
 * in place of the error's own, empty for those. */
void server_respond_end(qvt_rpc_server_call *call, const qvt_error *error, qvt_slice details);

/* Ends a call that the server itself has to end: what is queued is dropped, the handler gets on_cancel. A client that
 * is still sending is told to stop with reset_code: at once, or in the case of NO_ERROR when it does not end by itself
 * soon, because clients that are reset while they send lose the answer. */
void server_respond_abort(qvt_rpc_server_call *call, qvt_status status, const char *message, uint32_t reset_code);

/* The same with everything that the error says, for a call whose handler was not reached. */
void server_respond_refuse(qvt_rpc_server_call *call, const qvt_error *error);

/* Answers in plain HTTP. */
void server_respond_plain(qvt_rpc_server_call *call, const char *http_status, const char *text);

/* The stream's queue is empty and the end wanted. */
void server_respond_trailers(struct http2_stream *stream);

/* --- server_compress.c --- */

/* Whether the next message goes compressed; after the headers. */
static inline bool server_compress_is_on(const qvt_rpc_server_call *call)
{
    return call->flags.compress && call->flags.gzip_out;
}

/* Queues one message, compressed. As http2_stream_send. */
QVT_MUST_CHECK qvt_status server_compress_send(qvt_rpc_server_call *call, const qvt_slice *parts, size_t part_count);

/* --- server_linger.c --- */

/* The answer is queued and the request is not whole: what comes of that is thrown away for a while before the client
 * is told to stop with RST_STREAM(NO_ERROR). */
void server_linger_begin(qvt_rpc_server_call *call);

/* More of the request has come. */
void server_linger_data(qvt_rpc_server_call *call, size_t len);

#endif
