#include "server/service/service_impl.h"

size_t service_cluster_count(const struct service *service)
{
    return service->cluster_count;
}

static size_t count_watchers(const struct cluster *cluster)
{
    size_t count = 0;
    for (const struct list *node = cluster->watchers.next; node != &cluster->watchers; node = node->next) {
        count++;
    }
    return count;
}

void service_cluster_at(const struct service *service, size_t index, struct service_cluster *out)
{
    struct cluster *cluster = service->clusters[index];
    struct registry *registry = replica_registry(cluster->replica);
    const struct position *head = registry_head(registry);
    *out = (struct service_cluster){
        .name = cluster->name,
        .head = head,
        .counts = registry_counts(registry),
        .history_changes = head->revision + 1 - registry_history_first(registry),
        .history_bytes = registry_history_bytes(registry),
        .leases = replica_lease_count(cluster->replica),
        .watchers = count_watchers(cluster),
        .age_ms = replica_age_ms(cluster->replica),
    };
    out->ready = replica_ready(cluster->replica, &out->fault) == QVT_OK;
}

const struct service_metrics *service_metrics(const struct service *service)
{
    return &service->metrics;
}

const struct store_metrics *service_store_metrics(const struct service *service)
{
    return store_metrics(service->options.store);
}
