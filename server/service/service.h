/* The version tracker as its callers see it: clusters by name, every operation of SPEC §4 and §6, whatever carries it.
 *
 * Sans-I/O: time comes from the store, the driver calls service_turn when asked. Everything on one thread. */
#ifndef QVT_SERVER_SERVICE_SERVICE_H
#define QVT_SERVER_SERVICE_SERVICE_H

#include <stdbool.h>

#include "base/entropy.h"
#include "base/log.h"
#include "qvt/error.h"
#include "qvt/rpc/server.h"
#include "quark/version/v1/version_tracker.server.h"
#include "server/registry/limits.h"
#include "server/registry/registry.h"
#include "server/service/call_metrics.h"
#include "server/store/store.h"

struct service;
struct guard;

/* Called by the service; each may be NULL; none may free it. */
struct service_observer {
    /* Call service_turn once this loop turn's input has been read. Asked at most once until the turn. */
    void (*on_wake)(void *data);
    /* Every stored cluster is loaded, or error says why one is not. Once. */
    void (*on_ready)(void *data, const qvt_error *error);
    void *data;
};

struct service_options {
    struct store *store;           /* outlives the service */
    const struct entropy *entropy; /* outlives the service */
    const struct log *log;         /* outlives the service; may be NULL */
    struct guard *guard;           /* who may do what; outlives the service; NULL: everybody everything */
    struct registry_limits limits;
    uint32_t clusters_max;
    uint32_t page_size_max;
    uint32_t message_bytes_max; /* pages of lists stay below it */
    uint32_t cache_ttl_ms;
    uint32_t progress_interval_ms; /* between messages on a quiet watch */
    size_t find_cache_bytes;       /* answers kept until the next change */
    uint32_t watch_stall_ms;       /* a watcher that takes nothing for so long is ended */
    struct service_observer observer;
};

/* Begins to load every cluster of the store. NO_MEMORY. */
QVT_MUST_CHECK qvt_status service_new(struct service **out, const struct service_options *options);

/* Ends watches and waiting writes with UNAVAILABLE, lets appends in flight end, then frees the service and calls
 * on_closed, maybe at once. No call may come after this. */
void service_close(struct service *service, void (*on_closed)(void *data), void *data);

/* Ends every watch with UNAVAILABLE, so that a server can drain; new ones are refused. */
void service_drain(struct service *service);

/* OK, or UNAVAILABLE reason WARMING_UP until everything is loaded, or why loading failed. error may be NULL. */
QVT_MUST_CHECK qvt_status service_ready(const struct service *service, qvt_error *error);

/* Does what waits: appends, expiry, watchers. */
void service_turn(struct service *service);

/* When service_turn must be called next even if nobody asks, store_monotonic_us; INT64_MAX: never. */
int64_t service_deadline_us(const struct service *service);

/* The handlers of every method, for any carrier; their data is the service. Static. */
const quark_version_v1_version_tracker_handlers *service_handlers(void);

/* Serves every method on the gRPC server: FindCompatibleSilos by a path that answers repeated questions from their
 * bytes, Watch and HeartbeatStream as streams, the rest by service_handlers. NO_MEMORY, ALREADY_EXISTS. */
QVT_MUST_CHECK qvt_status service_serve(struct service *service, qvt_rpc_server *server);

/* Who calls: the on_headers of a gRPC server, data being the service, which has a guard. */
qvt_status service_on_headers(void *data, qvt_rpc_server_call *call, const qvt_rpc_method *method, qvt_error *error);

/* The guard's credentials are others now: ends the watches of those who may not watch any more. */
void service_recheck(struct service *service);

/* ---- numbers since start, and of now ---- */

struct service_metrics {
    struct call_metrics calls;
    uint64_t finds_total;
    uint64_t finds_from_cache;
    uint64_t heartbeats;    /* answered, of streams too */
    uint64_t watchers;      /* open */
    uint64_t watches_total; /* begun */
    uint64_t watches_stalled;
    uint64_t histories_lost; /* a cluster got another store_id */
};

/* Borrowed, valid as long as the service. */
const struct service_metrics *service_metrics(const struct service *service);
const struct store_metrics *service_store_metrics(const struct service *service);

/* A call that has ended, over any carrier. */
struct service_call {
    enum call_protocol protocol;
    uint64_t id;                  /* among those of the protocol */
    const qvt_rpc_method *method; /* NULL: none that is served */
    qvt_status status;
    qvt_slice message; /* of the error */
    const char *peer;
    uint64_t took_us; /* UINT64_MAX: not timed */
    bool served;      /* it reached its method */
};

/* Counts it, and logs it at debug. */
void service_call_ended(struct service *service, const struct service_call *call);

/* The same for a gRPC server: its on_call_end, data being the service. */
void service_on_call_end(void *data, const qvt_rpc_call_end *end);

/* What operators see of a cluster; borrowed until the next turn. */
struct service_cluster {
    const char *name;
    const struct position *head;
    const struct registry_counts *counts;
    uint64_t history_changes;
    uint64_t history_bytes;
    size_t leases;
    size_t watchers;
    uint32_t age_ms; /* 0: the store answers */
    bool ready;
    qvt_error fault; /* unless ready: why not */
};

/* Clusters in order of their names; index < count. */
size_t service_cluster_count(const struct service *service);
void service_cluster_at(const struct service *service, size_t index, struct service_cluster *out);

#endif
