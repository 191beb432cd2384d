/* A gRPC server: listens, speaks HTTP/2, and hands calls to handlers. Everything runs on the runtime's loop thread. */
#ifndef QVT_RPC_SERVER_H
#define QVT_RPC_SERVER_H

#include <stdbool.h>

#include "qvt/blob.h"
#include "qvt/error.h"
#include "qvt/rpc/metadata.h"
#include "qvt/rpc/method.h"
#include "qvt/rpc/runtime.h"
#include "qvt/rpc/tls.h"
#include "qvt/rpc/unary.h"
#include "qvt/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qvt_rpc_server qvt_rpc_server;

/* One call being served. It starts with its unary face, so that a typed handler of a unary method needs no more.
 * The handler owns the call until it finishes it: exactly one qvt_rpc_server_call_finish (or unary reply or fail) per
 * call, also after on_cancel. */
typedef struct qvt_rpc_server_call qvt_rpc_server_call;

/* How a call ended, for counting and logging. */
typedef struct qvt_rpc_call_end {
    const qvt_rpc_server_call *call; /* its metadata, peer and unary id may still be read */
    const qvt_rpc_method *method;    /* NULL: none that is served */
    qvt_status status;               /* as sent; CANCELLED: the client, or its connection, was gone first */
    qvt_slice message;               /* of the error, percent-encoded */
    uint64_t took_us;                /* from the whole request to the answer; UINT64_MAX: not measured */
    bool served;                     /* it reached its handler */
} qvt_rpc_call_end;

typedef struct qvt_rpc_server_options {
    uint32_t size;                   /* sizeof this struct */
    uint32_t max_message_bytes;      /* a received message; default 4 MiB */
    uint32_t max_header_bytes;       /* a received header list (RFC 9113 §6.5.2); default 8 KiB */
    uint32_t max_concurrent_streams; /* a connection; default 1000 */
    uint32_t max_connections;        /* default 10000 */
    uint32_t max_queued_bytes;       /* unsent answer bytes of a connection before its calls must wait; default 1 MiB */
    uint32_t max_call_memory_bytes;  /* what one request may cost decoded; default 16 MiB */
    uint32_t preface_timeout_ms;     /* default 5000 */
    /* Frames a second that a connection may send before it is closed with ENHANCE_YOUR_CALM; 0: any number. What our
     * own DATA call for (window updates, measuring pings) is not counted. */
    uint32_t max_empty_data;     /* default 100 */
    uint32_t max_window_updates; /* default 2000 */
    uint32_t max_pings;          /* default 500 */
    uint32_t max_settings;       /* default 200 */
    uint32_t max_resets;         /* cancelled calls; default 1000 */
    uint32_t max_priorities;     /* default 500 */
    /* Ages and silences of connections; 0: no limit. */
    uint32_t keepalive_ms;         /* without a byte from the client before a PING; default 2 h */
    uint32_t keepalive_timeout_ms; /* for a byte after that before the connection is closed; default 20 s */
    uint32_t min_ping_interval_ms; /* of the client; more than max_ping_strikes PINGs that come sooner, with no answer
                                      sent between them, end the connection with `too_many_pings`; default 5 min */
    uint32_t min_idle_ping_ms;     /* as that, without calls; default 2 h */
    uint32_t max_ping_strikes;     /* default 2; 0: none */
    uint32_t max_idle_ms;          /* without calls, at most twice that, before a graceful end; default none */
    uint32_t max_age_ms;           /* ±10 %, before a graceful end; default none */
    uint32_t max_age_grace_ms;     /* for the calls that are open then; default none */
    uint32_t write_timeout_ms;     /* for a client that takes no byte of what waits for it; default 60 s */
    uint32_t handshake_timeout_ms; /* of TLS, before the preface is waited for; default 5 s */
    /* Told of every call once nothing more is sent or received for it; NULL: nobody is. Must not call the server. */
    void (*on_call_end)(void *data, const qvt_rpc_call_end *end);
    /* Asked about every call of a method that is served, once its headers are complete and before the handler sees it:
     * OK, or the call ends with *error. It may read the call's metadata and peer and set its unary's caller. NULL: every
     * call is served. */
    qvt_status (*on_headers)(void *data, qvt_rpc_server_call *call, const qvt_rpc_method *method, qvt_error *error);
    void *data;
    uint32_t max_connections_per_address; /* from loopback any number, from the /64 of an IPv6 address together; default
                                             1000; 0: any number */
    uint32_t max_unused_connections; /* on which no call has come yet: beyond them the oldest is closed; default 1000;
                                             0: any number */
    uint32_t header_timeout_ms;      /* from the first byte of a call's headers to their last; default 10 s; 0: none */
} qvt_rpc_server_options;

#define QVT_RPC_SERVER_OPTIONS_INIT                                                                                    \
    {                                                                                                                  \
        sizeof(qvt_rpc_server_options), 4u << 20, 8u << 10, 1000, 10000, 1u << 20, 16u << 20, 5000, 100, 2000, 500,    \
            200, 1000, 500, 7200000, 20000, 300000, 7200000, 2, 0, 0, 0, 60000, 5000, NULL, NULL, NULL, 1000, 1000,    \
            10000                                                                                                      \
    }

/* What serves one method. Callbacks not named for the method's kind may be NULL. */
typedef struct qvt_rpc_handler {
    /* Unary and server streaming: the whole request, exactly one message. Borrowed until it returns. */
    void (*on_request)(qvt_rpc_server_call *call, qvt_slice request, void *data);
    /* Client and bidi streaming: headers have arrived. May be NULL. */
    void (*on_begin)(qvt_rpc_server_call *call, void *data);
    /* Client and bidi streaming: one whole message. Borrowed until it returns. */
    void (*on_message)(qvt_rpc_server_call *call, qvt_slice message, void *data);
    /* Client and bidi streaming: the client will send no more. */
    void (*on_half_close)(qvt_rpc_server_call *call, void *data);
    /* All, may be NULL: the client reset the call or is gone, or the deadline passed. What is sent from now on goes
     * nowhere; the call still has to be finished, here or later. At most once, never after finish. */
    void (*on_cancel)(qvt_rpc_server_call *call, void *data);
    /* Streaming answers, may be NULL: the bytes queued for this call fell to zero after qvt_rpc_server_call_queued was
     * above zero: time to send more. */
    void (*on_drain)(qvt_rpc_server_call *call, void *data);
    /* Unary: its calls are not timed for on_call_end unless the handler asks, see qvt_rpc_server_call_measure. */
    bool unmeasured;
} qvt_rpc_handler;

/* Makes a server; options may be NULL. NO_MEMORY. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_server_new(qvt_rpc_server **out, qvt_rpc_runtime *runtime,
                                                     const qvt_rpc_server_options *options);

/* Serves one method of a service, before listen. method is static storage; handler is copied; data is given to every
 * callback. ALREADY_EXISTS, NO_MEMORY. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_server_add_method(qvt_rpc_server *server, const qvt_rpc_method *method,
                                                            const qvt_rpc_handler *handler, void *data);

/* Connections accepted from now on speak TLS with these credentials, and HTTP/2 must be agreed on by ALPN; NULL:
 * cleartext, as at first. The server takes a reference. Connections that are there keep what they began with, so that
 * new credentials can be given at any time; session tickets of the old ones are worthless then. */
QVT_API void qvt_rpc_server_use_tls(qvt_rpc_server *server, qvt_rpc_tls *tls);

/* Listens on "ADDR:PORT" ("[::1]:0"; port 0: a free one); may be called for several addresses. INVALID_ARGUMENT for the
 * text, UNAVAILABLE when the address cannot be had; error says which and why. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_server_listen(qvt_rpc_server *server, const char *address, qvt_error *error);

/* The last listened address with its real port, "127.0.0.1:7070"; borrowed; "" before listen. */
QVT_API const char *qvt_rpc_server_address(const qvt_rpc_server *server);

/* Stops gracefully: closes the listeners, sends GOAWAY, lets open calls finish, after grace_ms closes what is left
 * (their handlers see on_cancel), then calls on_closed; only then may the server be freed. Once. */
QVT_API void qvt_rpc_server_shutdown(qvt_rpc_server *server, uint32_t grace_ms, void (*on_closed)(void *data),
                                     void *data);

/* After on_closed, or when it never listened. NULL is fine. */
QVT_API void qvt_rpc_server_free(qvt_rpc_server *server);

/* Numbers since start. */
typedef struct qvt_rpc_server_counters {
    uint64_t connections_total;
    uint64_t connections_open;
    uint64_t calls_total;
    uint64_t calls_open;
    uint64_t bytes_received;
    uint64_t bytes_sent;
    uint64_t connections_calmed; /* closed with ENHANCE_YOUR_CALM */
    uint64_t handshakes_done;    /* of TLS */
    uint64_t handshakes_failed;
} qvt_rpc_server_counters;

QVT_API void qvt_rpc_server_read_counters(const qvt_rpc_server *server, qvt_rpc_server_counters *out);

/* The limits of qvt_rpc_server_options. */
typedef enum qvt_rpc_limit {
    QVT_RPC_LIMIT_CONNECTIONS,             /* the connection was refused */
    QVT_RPC_LIMIT_CONNECTIONS_PER_ADDRESS, /* the connection was refused */
    QVT_RPC_LIMIT_STREAMS,                 /* the call was refused: REFUSED_STREAM */
    QVT_RPC_LIMIT_HEADER_BYTES,            /* the call was refused: RESOURCE_EXHAUSTED */
    QVT_RPC_LIMIT_MESSAGE_BYTES,           /* the call was refused: RESOURCE_EXHAUSTED */
    QVT_RPC_LIMIT_QUEUED_BYTES,            /* the call waits for its connection */
    QVT_RPC_LIMIT_PREFACE_TIMEOUT,         /* the connection was closed, as in those below */
    QVT_RPC_LIMIT_UNUSED_CONNECTIONS,
    QVT_RPC_LIMIT_HEADER_TIMEOUT,
    QVT_RPC_LIMIT_KEEPALIVE_TIMEOUT,
    QVT_RPC_LIMIT_WRITE_TIMEOUT,
    QVT_RPC_LIMIT_IDLE,
    QVT_RPC_LIMIT_AGE,
    QVT_RPC_LIMIT_EMPTY_DATA, /* ENHANCE_YOUR_CALM, as in those below */
    QVT_RPC_LIMIT_WINDOW_UPDATES,
    QVT_RPC_LIMIT_PINGS,
    QVT_RPC_LIMIT_SETTINGS,
    QVT_RPC_LIMIT_RESETS,
    QVT_RPC_LIMIT_PRIORITIES,
    QVT_RPC_LIMIT_PING_INTERVAL,
    QVT_RPC_LIMIT_COUNT
} qvt_rpc_limit;

/* How often a limit was passed since start. */
QVT_API uint64_t qvt_rpc_server_limit_count(const qvt_rpc_server *server, qvt_rpc_limit limit);

/* "connections_per_address"; static. */
QVT_API const char *qvt_rpc_limit_name(qvt_rpc_limit limit);

/* --- a call --- */

/* Metadata of the request, in order; borrowed until finish. */
QVT_API const qvt_rpc_metadata *qvt_rpc_server_call_metadata(const qvt_rpc_server_call *call);

/* The call's number among those of its server, from 1 on; for logs. */
QVT_API uint64_t qvt_rpc_server_call_id(const qvt_rpc_server_call *call);

/* "ADDR:PORT" of the client; borrowed until finish. */
QVT_API const char *qvt_rpc_server_call_peer(const qvt_rpc_server_call *call);

/* Whom the client's certificate names, which was verified; all empty when it showed none or speaks no TLS. Never NULL;
 * borrowed until finish. */
QVT_API const qvt_rpc_peer_names *qvt_rpc_server_call_peer_names(const qvt_rpc_server_call *call);

/* Milliseconds left of the client's deadline, at least 0; UINT64_MAX without one. */
QVT_API uint64_t qvt_rpc_server_call_time_left_ms(const qvt_rpc_server_call *call);

/* A pointer of the handler's own, NULL at first. */
QVT_API void qvt_rpc_server_call_set_context(qvt_rpc_server_call *call, void *context);
QVT_API void *qvt_rpc_server_call_context(const qvt_rpc_server_call *call);

/* Memory that lives until finish, aligned for any type; NULL over max_call_memory_bytes. */
QVT_API void *qvt_rpc_server_call_alloc(qvt_rpc_server_call *call, size_t size);

/* Adds an entry to the initial metadata (before the first send) or to the trailers; copied. INVALID_ARGUMENT,
 * FAILED_PRECONDITION when the headers are gone, NO_MEMORY. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_server_call_add_initial(qvt_rpc_server_call *call,
                                                                  const qvt_rpc_metadata_entry *entry);
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_server_call_add_trailing(qvt_rpc_server_call *call,
                                                                   const qvt_rpc_metadata_entry *entry);

/* Sends the initial metadata now, before any message. Once; harmless later. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_server_call_send_initial(qvt_rpc_server_call *call);

/* Queues one message: the concatenation of the parts, copied. NO_MEMORY; CANCELLED when it goes nowhere. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_server_call_send(qvt_rpc_server_call *call, const qvt_slice *parts,
                                                           size_t part_count);

/* Queues one message that is shared, not copied: the call holds a reference until it is sent. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_server_call_send_blob(qvt_rpc_server_call *call, qvt_blob *message);

/* Queues one message, the concatenation of the parts: those with a blob are shared, the others copied; never
 * compressed. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_server_call_send_parts(qvt_rpc_server_call *call, const qvt_blob_part *parts,
                                                                 size_t part_count);

/* Whether the messages sent from now on are compressed (gzip), where the client accepts that; off at first. Effective
 * when it is on by the time that the headers go; then it may change from message to message. */
QVT_API void qvt_rpc_server_call_compress(qvt_rpc_server_call *call, bool on);

/* Whether the request, or the message being delivered, came compressed. */
QVT_API bool qvt_rpc_server_call_came_compressed(const qvt_rpc_server_call *call);

/* Message bytes of this call that the transport has not taken yet: what to look at before sending more. */
QVT_API size_t qvt_rpc_server_call_queued(const qvt_rpc_server_call *call);

/* Back-pressure for streams: while held, no further message is delivered and the client's window stays closed. What is held
 * of a call that was cancelled is never delivered. */
QVT_API void qvt_rpc_server_call_hold(qvt_rpc_server_call *call);
QVT_API void qvt_rpc_server_call_resume(qvt_rpc_server_call *call);

/* Whether on_cancel has happened. */
QVT_API bool qvt_rpc_server_call_is_cancelled(const qvt_rpc_server_call *call);

/* Ends the call after what is queued; error NULL: OK. The handle is invalid afterwards. */
QVT_API void qvt_rpc_server_call_finish(qvt_rpc_server_call *call, const qvt_error *error);

/* As qvt_rpc_server_call_finish, with details of the caller's own: an encoded google.rpc.Status, copied into
 * grpc-status-details-bin in place of what the error's reason, field, facts and delay would make. */
QVT_API void qvt_rpc_server_call_finish_with_details(qvt_rpc_server_call *call, const qvt_error *error,
                                                     qvt_slice details);

/* An entry of google.rpc.Status.details: a google.protobuf.Any. */
typedef struct qvt_rpc_detail {
    const char *type_url; /* "type.googleapis.com/google.rpc.Help" */
    qvt_slice value;      /* the encoded message */
} qvt_rpc_detail;

/* As that, with the google.rpc.Status made here, of the error's code and message and of these details; copied. */
QVT_API void qvt_rpc_server_call_finish_with(qvt_rpc_server_call *call, const qvt_error *error,
                                             const qvt_rpc_detail *details, size_t count);

/* Times the call from now on, unless it is timed already; only with on_call_end. Reads the clock. */
QVT_API void qvt_rpc_server_call_measure(qvt_rpc_server_call *call);

/* The unary face of a call, and back: NULL when something else than gRPC carries the unary. */
QVT_API qvt_rpc_unary *qvt_rpc_server_call_unary(qvt_rpc_server_call *call);
QVT_API qvt_rpc_server_call *qvt_rpc_server_call_of_unary(qvt_rpc_unary *unary);

#ifdef __cplusplus
}
#endif

#endif
