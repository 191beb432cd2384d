#include "server/service/service.h"

#include <stdlib.h>

#include "base/check.h"
#include "server/service/admit.h"
#include "server/service/find.h"
#include "server/service/handlers.h"
#include "server/service/heartbeat.h"
#include "quark/version/v1/version_tracker.methods.h"
#include "server/service/service_impl.h"
#include "server/service/watch.h"
#include "server/service/watch_stream.h"
#include "server/service/write.h"

#define UNARY_HANDLERS                                                                                                 \
    .admit = admit_request, .register_silo = handle_register_silo, .get_silo = handle_get_silo,                        \
    .list_silos = handle_list_silos, .update_silo = handle_update_silo, .unregister_silo = handle_unregister_silo,     \
    .heartbeat = handle_heartbeat, .register_silo_versions = handle_register_silo_versions,                            \
    .get_silo_capabilities = handle_get_silo_capabilities, .list_silo_capabilities = handle_list_silo_capabilities,    \
    .get_actor_type_version = handle_get_actor_type_version, .set_policy = handle_set_policy,                          \
    .get_policy = handle_get_policy, .list_policies = handle_list_policies, .delete_policy = handle_delete_policy,     \
    .get_cluster_status = handle_get_cluster_status

void service_wake(struct service *service)
{
    if (!service->turn_wanted) {
        service->turn_wanted = true;
        if (service->options.observer.on_wake != NULL) {
            service->options.observer.on_wake(service->options.observer.data);
        }
    }
}

static void announce_ready(struct service *service)
{
    if (!service->ready) {
        service->ready = service->fault.status == QVT_OK;
        if (service->options.observer.on_ready != NULL) {
            service->options.observer.on_ready(service->options.observer.data, &service->fault);
        }
    }
}

#define LIST_EVERY_US INT64_C(1000000)
#define LIST_AGAIN_US INT64_C(200000)

static qvt_status open_listed(struct service *service, const char *const *names, size_t count, qvt_error *error)
{
    for (size_t i = 0; i < count; i++) {
        struct cluster *cluster = cluster_find(service, names[i]);
        if (cluster == NULL) {
            QVT_TRY(cluster_open(service, names[i], CLUSTER_LOAD, &cluster, error));
        }
    }
    return QVT_OK;
}

/* A store that others share may be out of reach for a while; one of our own is there, or something is wrong. */
static void list_failed(struct service *service, qvt_status status, const qvt_error *error)
{
    if (!store_is_shared(service->options.store)) {
        (void)qvt_error_set(&service->fault, status, NULL, "the store's clusters cannot be listed: %s",
                            error != NULL ? error->message : qvt_status_text(status));
    }
}

/* Whether what failed first at *since_us, 0 being never, does so for long enough to be told, which it was not yet. */
static bool is_worth_a_line(int64_t *since_us, bool *noted, bool failed, int64_t now_us)
{
    *since_us = !failed ? 0 : *since_us == 0 ? now_us : *since_us;
    bool told = failed && !*noted && now_us - *since_us >= REPLICA_SILENCE_US;
    *noted = failed && (*noted || told);
    return told;
}

static void on_list(void *data, qvt_status status, const char *const *names, size_t count, const qvt_error *error)
{
    struct service *service = data;
    bool shared = store_is_shared(service->options.store);
    service->listing = false;
    service->list_us = INT64_MAX;
    if (service->on_closed != NULL) {
        service_closed_one(service);
        return;
    }
    if (shared) {
        int64_t pause_us = status == QVT_OK ? LIST_EVERY_US : LIST_AGAIN_US;
        service->list_us = store_monotonic_us(service->options.store) + pause_us;
    }
    bool failed = status != QVT_OK && error != NULL;
    if (is_worth_a_line(&service->list_failed_us, &service->list_noted, failed,
                        store_monotonic_us(service->options.store))) {
        log_write(service->options.log, LOG_WARN, "clusters not listed", log_text("why", error->message));
    }
    if (status != QVT_OK) {
        list_failed(service, status, error);
    } else {
        qvt_error failure;
        bool opened = open_listed(service, names, count, &failure) == QVT_OK;
        if (!opened && !service->listed) {
            service->fault = failure;
        }
        service->listed = service->listed || opened;
        service->heard_us = store_monotonic_us(service->options.store);
    }
    service_wake(service);
}

static void list_clusters(struct service *service)
{
    service->listing = true;
    store_list(service->options.store, on_list, service);
}

static void init_lists(struct service *service)
{
    list_init(&service->ticking);
    list_init(&service->filters);
}

qvt_status service_new(struct service **out, const struct service_options *options)
{
    struct service *service = calloc(1, sizeof(*service));
    if (service == NULL) {
        return QVT_NO_MEMORY;
    }
    service->options = *options;
    init_lists(service);
    answer_cache_init(&service->cache, options->find_cache_bytes);
    qvt_status status = registry_new(&service->empty, &options->limits);
    if (status != QVT_OK) {
        free(service);
        return status;
    }
    *out = service;
    list_clusters(service);
    return QVT_OK;
}

qvt_status service_ready(const struct service *service, qvt_error *error)
{
    if (service->fault.status != QVT_OK) {
        return qvt_error_set(error, service->fault.status, service->fault.reason, "%s", service->fault.message);
    }
    if (service->ready) {
        return QVT_OK;
    }
    (void)qvt_error_set(error, QVT_UNAVAILABLE, "WARMING_UP", "records are being loaded");
    if (error != NULL) {
        error->retry_delay_ms = 100;
    }
    return QVT_UNAVAILABLE;
}

/* Whether the store's clusters are all loaded, or one cannot be. */
static void check_loading(struct service *service)
{
    qvt_error error;
    for (size_t i = 0; service->listed && i < service->cluster_count; i++) {
        qvt_status status = replica_ready(service->clusters[i]->replica, &error);
        if (status != QVT_OK && error.reason != NULL && strcmp(error.reason, "WARMING_UP") == 0) {
            return;
        }
        if (status != QVT_OK) {
            service->fault = error;
            break;
        }
    }
    if (service->listed || service->fault.status != QVT_OK) {
        announce_ready(service);
    }
}

/* A new cluster whose replica could not load answers what waits for it, unless the next try may help: a store of several
 * nodes tells where the right one is, or one of them is down. Who then asks again finds it loaded. */
static void check_waiting(struct cluster *cluster, int64_t now_us)
{
    qvt_error error;
    if (list_is_empty(&cluster->waiting) || !replica_load_failed(cluster->replica) ||
        replica_ready(cluster->replica, &error) == QVT_OK) {
        return;
    }
    bool passing = error.reason != NULL && strcmp(error.reason, "WARMING_UP") == 0;
    if (!passing || cluster->waiting_till_us <= now_us) {
        cluster->asked_us = now_us;
        write_fail_waiting(cluster, &error);
    }
}

static void note_load(struct cluster *cluster, int64_t now_us)
{
    qvt_error error;
    bool failed = replica_load_failed(cluster->replica) && replica_ready(cluster->replica, &error) != QVT_OK;
    /* The store has it, and it may be long until it can be read: it does not read as empty any more. */
    cluster->known_empty = cluster->known_empty && !(failed && cluster->listed);
    if (is_worth_a_line(&cluster->load_failed_us, &cluster->load_noted, failed, now_us)) {
        log_write(cluster->service->options.log, LOG_WARN, "records not loaded", log_text("cluster", cluster->name),
                  log_text("why", error.message));
    }
}

static void note_degraded(struct cluster *cluster)
{
    const struct log *log = cluster->service->options.log;
    uint32_t age_ms = replica_age_ms(cluster->replica);
    if (cluster->degraded == (age_ms > 0)) {
        return;
    }
    cluster->degraded = age_ms > 0;
    if (cluster->degraded) {
        log_write(log, LOG_WARN, "store out of reach", log_text("cluster", cluster->name), log_uint("age_ms", age_ms));
    } else {
        log_write(log, LOG_INFO, "store answers again", log_text("cluster", cluster->name));
    }
}

void service_turn(struct service *service)
{
    int64_t now_us = store_monotonic_us(service->options.store);
    service->turn_wanted = false;
    for (size_t i = 0; i < service->cluster_count; i++) {
        struct cluster *cluster = service->clusters[i];
        if (cluster->woken || replica_deadline_us(cluster->replica) <= now_us) {
            cluster->woken = false;
            replica_turn(cluster->replica);
        }
        check_waiting(cluster, now_us);
        note_load(cluster, now_us);
        note_degraded(cluster);
    }
    if (!service->listing && service->list_us <= now_us) {
        list_clusters(service);
    }
    watch_turn(service, now_us);
    clusters_sweep(service);
    if (!service->ready) {
        check_loading(service);
    }
}

int64_t service_deadline_us(const struct service *service)
{
    int64_t deadline = watch_deadline_us(service);
    if (!service->listing && service->list_us < deadline) {
        deadline = service->list_us;
    }
    for (size_t i = 0; i < service->cluster_count; i++) {
        const struct cluster *cluster = service->clusters[i];
        int64_t own = replica_deadline_us(cluster->replica);
        deadline = own < deadline ? own : deadline;
        bool waits = !list_is_empty(&cluster->waiting) && replica_load_failed(cluster->replica);
        if (waits && cluster->waiting_till_us < deadline) {
            deadline = cluster->waiting_till_us;
        }
    }
    return deadline;
}

static void free_service(struct service *service)
{
    void (*on_closed)(void *data) = service->on_closed;
    void *data = service->on_closed_data;
    registry_free(service->empty);
    answer_cache_deinit(&service->cache);
    find_memory_deinit(&service->find_memory);
    buf_deinit(&service->scratch);
    buf_deinit(&service->shares.list);
    free(service->clusters);
    free(service);
    on_closed(data);
}

void service_closed_one(struct service *service)
{
    if (--service->closing == 0 && service->on_closed != NULL) {
        free_service(service);
    }
}

void service_drain(struct service *service)
{
    service->draining = true;
    watch_end_all(service);
}

void service_recheck(struct service *service)
{
    watch_recheck(service);
}

void service_close(struct service *service, void (*on_closed)(void *data), void *data)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_UNAVAILABLE, "SHUTTING_DOWN", "the server is shutting down");
    service->on_closed = on_closed;
    service->on_closed_data = data;
    service->closing += service->listing ? 2 : 1;
    service_drain(service);
    while (service->cluster_count > 0) {
        struct cluster *cluster = service->clusters[service->cluster_count - 1];
        write_fail_waiting(cluster, &error);
        cluster_close(cluster);
    }
    service_closed_one(service);
}

const quark_version_v1_version_tracker_handlers *service_handlers(void)
{
    static const quark_version_v1_version_tracker_handlers HANDLERS = {
        UNARY_HANDLERS,
        .find_compatible_silos = handle_find_compatible_silos,
    };
    return &HANDLERS;
}

qvt_status service_serve(struct service *service, qvt_rpc_server *server)
{
    static const qvt_rpc_handler FIND = {.on_request = find_on_request, .unmeasured = true};
    const qvt_rpc_method *methods = quark_version_v1_version_tracker.methods;
    QVT_TRY(qvt_rpc_server_add_method(server, &methods[QUARK_VERSION_V1_VERSION_TRACKER_FIND_COMPATIBLE_SILOS], &FIND,
                                      service));
    service->grpc_handlers = (quark_version_v1_version_tracker_handlers){
        UNARY_HANDLERS,
        .heartbeat_stream = heartbeat_stream_handler,
        .watch = watch_stream_handler,
    };
    service->grpc = (quark_version_v1_version_tracker_service){&service->grpc_handlers, service};
    return quark_version_v1_version_tracker_serve(server, &service->grpc);
}
