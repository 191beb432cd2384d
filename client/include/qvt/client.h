/* A connection to the version tracker, with one background thread that connects, keeps a silo registered and carries
 * the calls of all other threads.
 *
 * Without endpoints, neither in the options nor in $QVT_ENDPOINTS, the local tracker answers: one in this process for each
 * cluster name, which all clients of that name share, and which ends with the last of them. It follows the same rules and
 * answers alike, so that going from local to cluster takes no change of code. There is no network, so that no lease is ever
 * lost; there are no operators, so that policies and scheduling stay as they are.
 *
 * Every function may be called from any thread at the same time, but qvt_client_free.
 *
 * A call blocks until the answer, an error or its deadline. Beside every call that blocks stands its callback form, with
 * _async behind its name: it copies what it is given, returns OK once the call is under way, and then on_done is called
 * exactly once, on the background thread, possibly before it returns. Not OK: nothing was begun and on_done is not
 * called. The qvt_error that on_done gets is borrowed; qvt_call_options.error receives only what kept the call from
 * beginning.
 *
 * Callbacks of all kinds run one after the other on the background thread, which renews the lease too: they must not
 * block for long. From within one, every function that does not block may be called, callback forms and
 * qvt_client_free included; one that blocks is refused with FAILED_PRECONDITION. */
#ifndef QVT_CLIENT_H
#define QVT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qvt/error.h"
#include "qvt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qvt_client qvt_client;

/* Where the client's silo stands with the tracker. */
typedef enum qvt_silo_state {
    QVT_SILO_UNREGISTERED, /* not yet, or no longer, by the application's wish */
    QVT_SILO_REGISTERED,   /* the lease was renewed in time, as far as is known */
    QVT_SILO_LOST,         /* the tracker no longer knows the silo; the library is registering it anew */
    QVT_SILO_SUPERSEDED    /* another process took the silo id; final for this client */
} qvt_silo_state;

typedef enum qvt_log_level { QVT_LOG_DEBUG, QVT_LOG_INFO, QVT_LOG_WARN, QVT_LOG_ERROR } qvt_log_level;

typedef struct qvt_client_options {
    uint32_t size;                /* sizeof this struct */
    const char *const *endpoints; /* "HOST:PORT" each, tried in order; none: those of $QVT_ENDPOINTS, between commas,
                                   * and if there are none either, the local tracker */
    size_t endpoint_count;
    const char *cluster;         /* NULL: "default" */
    uint32_t default_timeout_ms; /* of calls that name none; default 5000 */
    uint32_t reconnect_max_ms;   /* longest pause between attempts to connect, which begin at 1000; default 10000 */
    /* Tells that the silo's state changed, why is NULL or says the reason; may be NULL. Background thread. */
    void (*on_silo_state)(void *data, qvt_silo_state state, const qvt_error *why);
    /* Receives one log line without its end; may be NULL. Background thread; it must not call the library. */
    void (*on_log)(void *data, qvt_log_level level, const char *line);
    void *data;
    /* No tracker confirmed the lease for a whole TTL since a heartbeat was sent, or one said that it is over: from now on
     * others may take the silo for dead. Where two owners of an actor would do harm, stop delivering until on_lease_held;
     * else go on, so that an outage of the tracker does not stop actors. Not called after unregistering. May be NULL.
     * Background thread. */
    void (*on_lease_lost)(void *data);
    /* The lease is held: after the first registration, and again after on_lease_lost. May be NULL. Background thread. */
    void (*on_lease_held)(void *data);
    /* The client is gone, after qvt_client_free within a callback; the last one of all. May be NULL. Background thread,
     * which ends with it. */
    void (*on_freed)(void *data);
    uint32_t connect_timeout_ms; /* of one attempt at one endpoint; default 2000 */
    /* Finds are answered from a snapshot of the actor types asked for, which a watch keeps current: the first find of a
     * type asks the tracker, later ones do not leave the process. These types are watched from the start. */
    const char *const *cached_types;
    size_t cached_type_count;
    bool without_cache; /* every find asks the tracker */
    /* TLS, when any of the next five is set; PEM files, read once. */
    const char *tls_authority_file;   /* who may have signed the tracker's certificate; NULL: whom the system trusts */
    const char *tls_certificate_file; /* shown to a tracker that asks for one; with its key, or neither */
    const char *tls_key_file;
    const char *tls_server_name; /* that the tracker's certificate must be for; NULL: the endpoint's host */
    bool tls;
    /* A token, "qvt_…", that says who calls; sent with every call and written nowhere. NULL: none. */
    const char *token;
} qvt_client_options;

#define QVT_CLIENT_OPTIONS_INIT                                                                                        \
    {                                                                                                                  \
        sizeof(qvt_client_options), NULL, 0, NULL, 5000, 10000, NULL, NULL, NULL, NULL, NULL, NULL, 2000, NULL, 0,     \
            false, NULL, NULL, NULL, NULL, false, NULL                                                                 \
    }

/* How one call is made. NULL instead of it, and zeros in it, mean the defaults. */
typedef struct qvt_call_options {
    uint32_t size;       /* sizeof this struct */
    uint32_t timeout_ms; /* from now; 0: the client's default_timeout_ms */
    bool fail_fast;      /* UNAVAILABLE once an attempt to connect has failed; false: wait for one until the deadline */
    qvt_error *error;    /* the caller's; receives how the call ended, OK too; NULL: only the status */
} qvt_call_options;

#define QVT_CALL_OPTIONS_INIT                                                                                          \
    {                                                                                                                  \
        sizeof(qvt_call_options), 0, false, NULL                                                                       \
    }

/* Starts the thread; connects by itself, also when the tracker is not there yet. All options are copied, *out is freed by the
 * caller. error may be NULL. INVALID_ARGUMENT for the endpoint, cluster or size at fault, NO_MEMORY, UNAVAILABLE without threads. */
QVT_API QVT_MUST_CHECK qvt_status qvt_client_new(qvt_client **out, const qvt_client_options *options, qvt_error *error);

/* Ends what is under way (CANCELLED at the latest), closes the watches, unregisters the silo if it is registered (waiting
 * at most default_timeout_ms, and as long again for a registration that the tracker may have got already), ends the thread
 * and frees the client. Callbacks run until it returns, and may begin nothing
 * new (CANCELLED). From within a callback it returns at once, all this happens after the callback has returned, and
 * on_freed tells the end.
 * No other thread may be inside a call of this client, or begin one. Results stay valid. NULL is fine. */
QVT_API void qvt_client_free(qvt_client *client);

/* Whether the local tracker answers. No lock; any thread. */
QVT_API bool qvt_client_is_local(const qvt_client *client);

/* Copies how the last call that failed, on any thread, ended; an OK error when none did. For one call's own error use
 * qvt_call_options. */
QVT_API void qvt_client_last_error(const qvt_client *client, qvt_error *out);

#ifdef __cplusplus
}
#endif

#endif
