#include "server/service/service_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "server/service/change_log.h"
#include "server/service/watch.h"
#include "server/service/write.h"

qvt_status cluster_name(const char *requested, const char **out, qvt_error *error)
{
    *out = requested[0] == '\0' ? "default" : requested;
    return validate_cluster(qvt_slice_text(*out), "cluster", error);
}

/* The index of the name, or where it belongs. */
static size_t search(const struct service *service, const char *name, bool *found)
{
    size_t low = 0;
    size_t high = service->cluster_count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(service->clusters[middle]->name, name);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct cluster *cluster_find(const struct service *service, const char *name)
{
    bool found = false;
    size_t index = search(service, name, &found);
    return found ? service->clusters[index] : NULL;
}

static void renew_generation(struct cluster *cluster)
{
    cluster->generation = ++cluster->service->next_generation;
}

static void on_wake(void *data)
{
    struct cluster *cluster = data;
    cluster->woken = true;
    service_wake(cluster->service);
}

static void on_change(void *data, struct change *change)
{
    struct cluster *cluster = data;
    change_log_write(cluster->service->options.log, cluster->name, change);
    cluster->known_empty = false;
    memcpy(cluster->store_id, change->position.store_id, sizeof(cluster->store_id));
    renew_generation(cluster);
    cluster->has_news = true;
    service_wake(cluster->service);
}

static void on_unload(void *data)
{
    watch_stop_cluster(data);
}

static void on_view_end(void *data)
{
    struct cluster *cluster = data;
    renew_generation(cluster);
    service_wake(cluster->service);
}

/* Another history than before: what clients were told of the end of the old one may be gone. */
static void note_store_id(struct cluster *cluster)
{
    const struct position *head = registry_head(replica_registry(cluster->replica));
    if (cluster->store_id[0] != '\0' && strcmp(cluster->store_id, head->store_id) != 0) {
        log_write(cluster->service->options.log, LOG_WARN, "history lost", log_text("cluster", cluster->name),
                  log_text("store_id", head->store_id), log_text("before", cluster->store_id),
                  log_uint("revision", head->revision));
        cluster->service->metrics.histories_lost++;
    }
    memcpy(cluster->store_id, head->store_id, sizeof(cluster->store_id));
}

static void on_ready(void *data)
{
    struct cluster *cluster = data;
    note_store_id(cluster);
    renew_generation(cluster);
    cluster->has_news = true;
    write_release_waiting(cluster);
    service_wake(cluster->service);
}

static qvt_status make_room(struct service *service)
{
    if (service->cluster_count < service->cluster_cap) {
        return QVT_OK;
    }
    size_t cap = service->cluster_cap == 0 ? 8 : service->cluster_cap * 2;
    struct cluster **clusters = realloc(service->clusters, cap * sizeof(struct cluster *));
    if (clusters == NULL) {
        return QVT_NO_MEMORY;
    }
    service->clusters = clusters;
    service->cluster_cap = cap;
    return QVT_OK;
}

static void insert(struct service *service, struct cluster *cluster)
{
    bool found = false;
    size_t index = search(service, cluster->name, &found);
    memmove(&service->clusters[index + 1], &service->clusters[index],
            (service->cluster_count - index) * sizeof(struct cluster *));
    service->clusters[index] = cluster;
    service->cluster_count++;
}

static void take_out(struct service *service, struct cluster *cluster)
{
    bool found = false;
    size_t index = search(service, cluster->name, &found);
    service->cluster_count--;
    memmove(&service->clusters[index], &service->clusters[index + 1],
            (service->cluster_count - index) * sizeof(struct cluster *));
    answer_cache_forget(&service->cache, &cluster->generation);
}

static void free_cluster(struct cluster *cluster)
{
    buf_deinit(&cluster->prefix);
    free(cluster);
}

static void on_replica_closed(void *data)
{
    struct cluster *cluster = data;
    struct service *service = cluster->service;
    free_cluster(cluster);
    service_closed_one(service);
}

void cluster_close(struct cluster *cluster)
{
    take_out(cluster->service, cluster);
    cluster->service->closing++;
    replica_close(cluster->replica, on_replica_closed, cluster);
}

static qvt_status make_cluster(struct service *service, const char *name, bool listed, struct cluster **out)
{
    struct cluster *cluster = calloc(1, sizeof(*cluster));
    if (cluster == NULL) {
        return QVT_NO_MEMORY;
    }
    cluster->service = service;
    cluster->listed = listed;
    cluster->known_empty = !listed || service->listed;
    snprintf(cluster->name, sizeof(cluster->name), "%s", name);
    list_init(&cluster->watchers);
    list_init(&cluster->waiting);
    renew_generation(cluster);
    insert(service, cluster);
    const struct replica_options options = {
        .store = service->options.store,
        .cluster = cluster->name,
        .entropy = service->options.entropy,
        .limits = service->options.limits,
        .observer = {.on_wake = on_wake,
                     .on_change = on_change,
                     .on_unload = on_unload,
                     .on_ready = on_ready,
                     .on_view_end = on_view_end,
                     .data = cluster},
    };
    qvt_status status = replica_new(&cluster->replica, &options);
    if (status != QVT_OK) {
        take_out(service, cluster);
        free_cluster(cluster);
        return status;
    }
    *out = cluster;
    return QVT_OK;
}

/* Whether it exists, or a write that would create it is on its way; else it is only watched. */
static bool is_created(const struct cluster *cluster)
{
    return cluster->listed || !cluster->known_empty || cluster->submitted > 0 || !list_is_empty(&cluster->waiting);
}

/* Watchers of clusters that nobody created must not keep others from creating theirs: each kind has the whole limit. */
static qvt_status check_limit(const struct service *service, const char *name, bool created, qvt_error *error)
{
    uint32_t count = 0;
    for (size_t i = 0; i < service->cluster_count; i++) {
        count += is_created(service->clusters[i]) == created ? 1 : 0;
    }
    if (count < service->options.clusters_max) {
        return QVT_OK;
    }
    return qvt_error_set(error, QVT_RESOURCE_EXHAUSTED, "TOO_MANY_CLUSTERS",
                         created ? "cluster \"%s\" would be one more than the limit of %u clusters"
                                 : "nobody created cluster \"%s\", and %u others like it are being watched already",
                         name, service->options.clusters_max);
}

qvt_status cluster_open(struct service *service, const char *name, enum cluster_use use, struct cluster **out,
                        qvt_error *error)
{
    *out = cluster_find(service, name);
    bool is_new = *out == NULL;
    if (is_new || (use == CLUSTER_WRITE && !is_created(*out))) {
        QVT_TRY(check_limit(service, name, use != CLUSTER_WATCH, error));
    }
    if (!is_new) {
        return QVT_OK;
    }
    if (make_room(service) != QVT_OK || make_cluster(service, name, use == CLUSTER_LOAD, out) != QVT_OK) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory for cluster \"%s\"", name);
    }
    return QVT_OK;
}

/* Long enough for a silo whose heartbeat came while the cluster was opened to ask again. */
#define ASKED_KEPT_US INT64_C(5000000)

static bool is_idle(const struct cluster *cluster)
{
    int64_t now_us = store_monotonic_us(cluster->service->options.store);
    if (cluster->asked_us != 0 && now_us - cluster->asked_us < ASKED_KEPT_US) {
        return false;
    }
    return !cluster->listed && cluster->known_empty && replica_ready(cluster->replica, NULL) == QVT_OK &&
           registry_head(replica_registry(cluster->replica))->revision == 0 && list_is_empty(&cluster->watchers) &&
           list_is_empty(&cluster->waiting) && cluster->submitted == 0;
}

void clusters_sweep(struct service *service)
{
    for (size_t i = service->cluster_count; i-- > 0;) {
        if (is_idle(service->clusters[i])) {
            cluster_close(service->clusters[i]);
        }
    }
}

qvt_status cluster_registry(const struct cluster *cluster, struct registry **out, qvt_error *error)
{
    qvt_status status = replica_ready(cluster->replica, error);
    if (status == QVT_OK) {
        *out = cluster->service->reads_mirror ? replica_registry(cluster->replica) : replica_view(cluster->replica);
        return QVT_OK;
    }
    if (cluster->known_empty && status == QVT_UNAVAILABLE) {
        *out = cluster->service->empty;
        return QVT_OK;
    }
    return status;
}
