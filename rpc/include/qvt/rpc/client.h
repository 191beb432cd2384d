/* A gRPC client: a channel to one of several endpoints, and calls on it. Everything runs on the runtime's loop thread. */
#ifndef QVT_RPC_CLIENT_H
#define QVT_RPC_CLIENT_H

#include <stdbool.h>

#include "qvt/error.h"
#include "qvt/rpc/metadata.h"
#include "qvt/rpc/method.h"
#include "qvt/rpc/runtime.h"
#include "qvt/rpc/tls.h"
#include "qvt/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qvt_rpc_channel qvt_rpc_channel;
typedef struct qvt_rpc_client_call qvt_rpc_client_call;

/* The states of gRPC's connectivity semantics. */
typedef enum qvt_rpc_channel_state {
    QVT_RPC_CHANNEL_IDLE,
    QVT_RPC_CHANNEL_CONNECTING,
    QVT_RPC_CHANNEL_READY,
    QVT_RPC_CHANNEL_TRANSIENT_FAILURE,
    QVT_RPC_CHANNEL_SHUTDOWN
} qvt_rpc_channel_state;

typedef struct qvt_rpc_channel_options {
    uint32_t size;               /* sizeof this struct */
    uint32_t max_message_bytes;  /* a received message; default 4 MiB */
    uint32_t connect_timeout_ms; /* one attempt; default 20000 (grpc connection-backoff) */
    uint32_t backoff_first_ms;   /* default 1000, then ×1.6 ±20 % */
    uint32_t backoff_max_ms;     /* default 120000 */
    const char *user_agent;      /* copied; NULL: "qvt" */
    /* Tells state changes; may be NULL. */
    void (*on_state)(qvt_rpc_channel *channel, qvt_rpc_channel_state state, void *data);
    void *data;
    uint32_t keepalive_ms;         /* without a byte from the server before a PING; servers answer PINGs that come more
                                      often than every 5 minutes with GOAWAY unless told otherwise, and each such
                                      GOAWAY doubles this; default 0: none */
    uint32_t keepalive_timeout_ms; /* for a byte after that before the connection is given up; default 20000 */
    bool keepalive_without_calls;  /* PINGs also while there is no call */
    qvt_rpc_tls *tls;              /* a client's, of which the channel takes a reference; NULL: cleartext */
    qvt_rpc_metadata metadata;     /* of every call, before its own; copied; never logged */
} qvt_rpc_channel_options;

#define QVT_RPC_CHANNEL_OPTIONS_INIT                                                                                   \
    {                                                                                                                  \
        sizeof(qvt_rpc_channel_options), 4u << 20, 20000, 1000, 120000, NULL, NULL, NULL, 0, 20000, false, NULL,       \
        {                                                                                                              \
            NULL, 0                                                                                                    \
        }                                                                                                              \
    }

/* Makes a channel to the endpoints "HOST:PORT", tried in order; copied; at least one. Connects at the first call.
 * options may be NULL. INVALID_ARGUMENT for a bad endpoint (error says which and why; may be NULL), NO_MEMORY. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_channel_new(qvt_rpc_channel **out, qvt_rpc_runtime *runtime,
                                                      const char *const *endpoints, size_t endpoint_count,
                                                      const qvt_rpc_channel_options *options, qvt_error *error);

/* Ends all calls (CANCELLED), closes the connection, then calls on_closed (may be NULL) and frees the channel. */
QVT_API void qvt_rpc_channel_close(qvt_rpc_channel *channel, void (*on_closed)(void *data), void *data);

QVT_API qvt_rpc_channel_state qvt_rpc_channel_get_state(const qvt_rpc_channel *channel);

/* The endpoint in use or tried last, "HOST:PORT"; borrowed until the state changes. */
QVT_API const char *qvt_rpc_channel_endpoint(const qvt_rpc_channel *channel);

/* Why the last attempt to connect failed, "cannot connect to HOST:PORT: why"; "" when none did since the last connection;
 * borrowed until the next attempt. */
QVT_API const char *qvt_rpc_channel_failure(const qvt_rpc_channel *channel);

/* Leaves the current endpoint for the next one: new calls go there, open ones end on the old connection. */
QVT_API void qvt_rpc_channel_try_next(qvt_rpc_channel *channel);

/* Connects now, be the pause after attempts that failed over or not; nothing to do while there is a connection or an attempt.
 * For who cannot wait that long; the pauses grow on. */
QVT_API void qvt_rpc_channel_connect(qvt_rpc_channel *channel);

/* How a call ended; borrowed during on_end. */
typedef struct qvt_rpc_result {
    const qvt_error *error; /* error->status OK on success; reason, field, facts and delay from the details */
    qvt_slice details;      /* grpc-status-details-bin, an encoded google.rpc.Status; may be empty */
    const qvt_rpc_metadata *trailing;
} qvt_rpc_result;

/* on_end comes exactly once, last, also when the call never left; the call is invalid after it. The others may be NULL. */
typedef struct qvt_rpc_client_callbacks {
    void (*on_initial)(qvt_rpc_client_call *call, const qvt_rpc_metadata *initial, void *data);
    /* One whole message; borrowed until it returns. */
    void (*on_message)(qvt_rpc_client_call *call, qvt_slice message, void *data);
    /* Queued bytes fell to zero after they were above. */
    void (*on_drain)(qvt_rpc_client_call *call, void *data);
    void (*on_end)(qvt_rpc_client_call *call, const qvt_rpc_result *result, void *data);
} qvt_rpc_client_callbacks;

typedef struct qvt_rpc_call_options {
    uint32_t size;             /* sizeof this struct */
    uint32_t timeout_ms;       /* from now, sent as grpc-timeout and kept here too; 0: none */
    bool wait_for_ready;       /* queue while there is no connection; false: UNAVAILABLE once an attempt has failed */
    qvt_rpc_metadata metadata; /* copied */
    bool compress;             /* messages of this side go with gzip, see qvt_rpc_client_call_compress */
} qvt_rpc_call_options;

#define QVT_RPC_CALL_OPTIONS_INIT                                                                                      \
    {                                                                                                                  \
        sizeof(qvt_rpc_call_options), 0, false, {NULL, 0}, false                                                       \
    }

/* Starts a call; callbacks are copied, options may be NULL. No callback runs before it returns. INVALID_ARGUMENT for bad
 * metadata, NO_MEMORY: then there is no call and no on_end. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_client_call_start(qvt_rpc_client_call **out, qvt_rpc_channel *channel,
                                                            const qvt_rpc_method *method,
                                                            const qvt_rpc_call_options *options,
                                                            const qvt_rpc_client_callbacks *callbacks, void *data);

/* Starts a unary (or server-streaming) call with its one message, sent with the end of the client's side. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_client_call_unary(qvt_rpc_client_call **out, qvt_rpc_channel *channel,
                                                            const qvt_rpc_method *method, qvt_slice request,
                                                            const qvt_rpc_call_options *options,
                                                            const qvt_rpc_client_callbacks *callbacks, void *data);

/* Queues one message; copied. NO_MEMORY; CANCELLED when the call is over but for on_end. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_client_call_send(qvt_rpc_client_call *call, qvt_slice message);

/* For a call whose options said compress: whether the messages sent from now on are compressed. A server that does not
 * know gzip ends the call with UNIMPLEMENTED. */
QVT_API void qvt_rpc_client_call_compress(qvt_rpc_client_call *call, bool on);

/* In on_message: whether it came compressed, which is the server's to choose. */
QVT_API bool qvt_rpc_client_call_came_compressed(const qvt_rpc_client_call *call);

/* Message bytes the transport has not taken yet. */
QVT_API size_t qvt_rpc_client_call_queued(const qvt_rpc_client_call *call);

/* No more messages from this side. Once. */
QVT_API void qvt_rpc_client_call_half_close(qvt_rpc_client_call *call);

/* Back-pressure: while held, no message is delivered and the server's window stays closed. */
QVT_API void qvt_rpc_client_call_hold(qvt_rpc_client_call *call);
QVT_API void qvt_rpc_client_call_resume(qvt_rpc_client_call *call);

/* Resets the call; on_end follows with CANCELLED, not before this returns. */
QVT_API void qvt_rpc_client_call_cancel(qvt_rpc_client_call *call);

#ifdef __cplusplus
}
#endif

#endif
