/* Private to server/service: the service, its clusters, and how they are reached. */
#ifndef QVT_SERVER_SERVICE_SERVICE_IMPL_H
#define QVT_SERVER_SERVICE_SERVICE_IMPL_H

#include "base/buf.h"
#include "base/list.h"
#include "server/registry/validate.h"
#include "server/replica/replica.h"
#include "server/service/answer_cache.h"
#include "server/service/call_id.h"
#include "server/service/encode.h"
#include "server/service/find_memory.h"
#include "server/service/service.h"

/* A cluster with a replica. Invariants: in service->clusters, sorted by name; generation differs after each change of
 * what a read could answer. */
struct cluster {
    struct service *service;
    struct replica *replica;
    char name[CLUSTER_NAME_MAX + 1];
    uint64_t generation;
    struct list watchers;       /* struct watcher.in_cluster */
    struct list waiting;        /* struct write.in_cluster: for a new cluster's replica to load */
    size_t submitted;           /* writes whose outcome is not known */
    struct buf prefix;          /* position and cache_ttl, encoded, of prefix_generation */
    uint64_t prefix_generation; /* 0: none */
    int64_t asked_us;           /* of the last heartbeat, on a shared store; 0: none */
    bool listed;                /* opened because the store has it */
    bool known_empty; /* the store did not have it, or not at the listing before: until loaded, it reads as empty */
    bool woken;
    int64_t waiting_till_us;         /* of waiting's oldest */
    int64_t load_failed_us;          /* since when it cannot be loaded; 0: it can */
    bool load_noted;                 /* why it is not loaded: logged */
    bool degraded;                   /* its store is out of reach: logged */
    char store_id[STORE_ID_LEN + 1]; /* of the mirror last loaded */
    bool has_news;                   /* changes that its watchers have not been offered */
    bool offering;                   /* some watchers have yet to be offered those of this round */
    uint64_t round;                  /* of offering news to all */
};

struct service {
    struct service_options options;
    struct registry *empty; /* what a cluster that nobody created reads as */
    struct cluster **clusters;
    size_t cluster_count;
    size_t cluster_cap;
    bool listed;            /* the store's clusters are known */
    int64_t list_failed_us; /* since when they cannot be listed; 0: they can */
    bool list_noted;        /* why they cannot be listed: logged */
    bool listing;           /* being asked */
    int64_t list_us;        /* when to ask again: other replicas create clusters too; INT64_MAX: never */
    int64_t heard_us;       /* when a store that others share last told them */
    bool ready;
    bool turn_wanted;
    bool reads_mirror; /* the read being answered wants the mirror, not the view of before */
    bool draining;
    qvt_error fault; /* OK, or why a cluster could not be loaded */
    struct answer_cache cache;
    struct buf scratch;          /* of the answer being made */
    struct encode_shares shares; /* of it */
    struct find_memory find_memory;
    uint64_t next_generation; /* never given twice */
    struct service_metrics metrics;
    struct list ticking; /* struct watcher.in_service */
    struct list filters; /* struct watch_filter */
    size_t closing;      /* replicas that are being closed, and service_close itself */
    quark_version_v1_version_tracker_handlers grpc_handlers;
    quark_version_v1_version_tracker_service grpc;
    void (*on_closed)(void *data);
    void *on_closed_data;
};

/* The request's cluster name, "" being "default"; INVALID_ARGUMENT. */
QVT_MUST_CHECK qvt_status cluster_name(const char *requested, const char **out, qvt_error *error);

/* The cluster with this name, or NULL: nobody created it. */
struct cluster *cluster_find(const struct service *service, const char *name);

enum cluster_use {
    CLUSTER_LOAD, /* the store has it */
    CLUSTER_WATCH,
    CLUSTER_WRITE
};

/* The cluster, made when missing: it exists for others once a change is committed. RESOURCE_EXHAUSTED: too many are
 * created, or for CLUSTER_WATCH too many are watched that nobody created; *out is NULL or the watched one then. */
QVT_MUST_CHECK qvt_status cluster_open(struct service *service, const char *name, enum cluster_use use,
                                       struct cluster **out, qvt_error *error);

/* Lets go of clusters that nobody created and nobody waits for. Not from a replica's callbacks. */
void clusters_sweep(struct service *service);

/* Takes the cluster off the service and closes its replica; service_closed_one follows once it is gone. */
void cluster_close(struct cluster *cluster);

/* One of service->closing is done; the last one, after service_close, frees the service. */
void service_closed_one(struct service *service);

/* The registry to read, the empty one while a new cluster loads. UNAVAILABLE: not loaded. */
QVT_MUST_CHECK qvt_status cluster_registry(const struct cluster *cluster, struct registry **out, qvt_error *error);

/* Asks the driver for a turn. */
void service_wake(struct service *service);

#endif
