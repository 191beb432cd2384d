#include <stddef.h>
#include <stdlib.h>

#include "server/gateway/metrics_page.h"

/* A gauge of every cluster, read by a function. */
struct gauge {
    const char *name;
    const char *help;
    uint64_t (*read)(const struct service_cluster *cluster);
};

static uint64_t suspect_of(const struct service_cluster *cluster)
{
    return cluster->counts->suspect;
}

static uint64_t unhealthy_of(const struct service_cluster *cluster)
{
    return cluster->counts->unhealthy;
}

static uint64_t actor_types_of(const struct service_cluster *cluster)
{
    return cluster->counts->actor_types;
}

static uint64_t policies_of(const struct service_cluster *cluster)
{
    return cluster->counts->policies;
}

static uint64_t paused_of(const struct service_cluster *cluster)
{
    return cluster->counts->expiry_paused ? 1 : 0;
}

static uint64_t leases_of(const struct service_cluster *cluster)
{
    return cluster->leases;
}

static uint64_t watchers_of(const struct service_cluster *cluster)
{
    return cluster->watchers;
}

static uint64_t revision_of(const struct service_cluster *cluster)
{
    return cluster->head->revision;
}

static uint64_t changes_of(const struct service_cluster *cluster)
{
    return cluster->history_changes;
}

static uint64_t bytes_of(const struct service_cluster *cluster)
{
    return cluster->history_bytes;
}

static uint64_t ready_of(const struct service_cluster *cluster)
{
    return cluster->ready ? 1 : 0;
}

static const struct gauge GAUGES[] = {
    {"qvt_silos_suspect", "Silos that missed heartbeats and are not dead.", suspect_of},
    {"qvt_silos_unhealthy", "Silos with a bad health score that are not dead.", unhealthy_of},
    {"qvt_leases", "Leases of silos.", leases_of},
    {"qvt_expiry_paused", "1 while self-preservation keeps lapsed silos from expiring.", paused_of},
    {"qvt_actor_types", "Actor types that silos have.", actor_types_of},
    {"qvt_policies", "Policies that are set.", policies_of},
    {"qvt_watchers", "Open watches.", watchers_of},
    {"qvt_revision", "The revision of the last change.", revision_of},
    {"qvt_history_changes", "Changes that watchers can catch up on.", changes_of},
    {"qvt_history_bytes", "What those changes weigh.", bytes_of},
    {"qvt_cluster_ready", "1 once the cluster's records are loaded.", ready_of},
};

static void write_silos(struct prometheus *prometheus, const struct service_cluster *clusters, size_t count)
{
    static const char *const STATUSES[] = {[PLACEMENT_JOINING] = "JOINING",
                                           [PLACEMENT_ACTIVE] = "ACTIVE",
                                           [PLACEMENT_SHUTTING_DOWN] = "SHUTTING_DOWN",
                                           [PLACEMENT_DEAD] = "DEAD"};
    prometheus_family(prometheus, "qvt_silos", PROMETHEUS_GAUGE, "Silos on record, by status.");
    for (size_t i = 0; i < count; i++) {
        for (unsigned status = PLACEMENT_JOINING; status <= PLACEMENT_DEAD; status++) {
            prometheus_uint(prometheus, PROMETHEUS_LABELS({"cluster", clusters[i].name}, {"status", STATUSES[status]}),
                            clusters[i].counts->silos_by_status[status]);
        }
    }
}

static void write_ages(struct prometheus *prometheus, const struct service_cluster *clusters, size_t count)
{
    prometheus_family(prometheus, "qvt_cluster_age_seconds", PROMETHEUS_GAUGE,
                      "How old answers are while the store is out of reach, else 0.");
    for (size_t i = 0; i < count; i++) {
        prometheus_time_us(prometheus, PROMETHEUS_LABELS({"cluster", clusters[i].name}),
                           (uint64_t)clusters[i].age_ms * 1000);
    }
}

static void write_all(struct prometheus *prometheus, const struct service_cluster *clusters, size_t count)
{
    prometheus_family(prometheus, "qvt_clusters", PROMETHEUS_GAUGE, "Clusters.");
    prometheus_uint(prometheus, NULL, count);
    write_silos(prometheus, clusters, count);
    write_ages(prometheus, clusters, count);
    for (size_t gauge = 0; gauge < sizeof(GAUGES) / sizeof(GAUGES[0]); gauge++) {
        prometheus_family(prometheus, GAUGES[gauge].name, PROMETHEUS_GAUGE, GAUGES[gauge].help);
        for (size_t i = 0; i < count; i++) {
            prometheus_uint(prometheus, PROMETHEUS_LABELS({"cluster", clusters[i].name}),
                            GAUGES[gauge].read(&clusters[i]));
        }
    }
}

void metrics_clusters_write(struct prometheus *prometheus, const struct service *service)
{
    size_t count = service_cluster_count(service);
    struct service_cluster *clusters = malloc((count + 1) * sizeof(*clusters));
    if (clusters == NULL) {
        prometheus->status = QVT_NO_MEMORY;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        service_cluster_at(service, i, &clusters[i]);
    }
    write_all(prometheus, clusters, count);
    free(clusters);
}
