#include "server/service/current.h"

#include <stdio.h>

#include "server/service/answer.h"

/* Lives in the call's memory. */
struct waiting_read {
    struct service *service;
    struct cluster *cluster;
    qvt_rpc_unary *unary;
    current_read read;
    const void *request;
};

bool current_must_wait(const struct service *service, const struct current_wanted *wanted)
{
    bool least = wanted->min_position != NULL && wanted->min_position->revision > 0;
    return (wanted->linearizable || least) && store_is_shared(service->options.store);
}

static void on_synced(void *data, qvt_status status, const qvt_error *error)
{
    struct waiting_read *waiting = data;
    struct service *service = waiting->service;
    waiting->cluster->submitted--;
    if (status != QVT_OK) {
        answer_fail(waiting->unary, error);
        return;
    }
    service->reads_mirror = true;
    waiting->read(service, waiting->unary, waiting->request);
    service->reads_mirror = false;
}

static void wait_for(struct waiting_read *waiting, const struct current_wanted *wanted)
{
    struct position least = {.revision = 0};
    if (wanted->min_position != NULL) {
        least.revision = wanted->min_position->revision;
        least.token = wanted->min_position->token;
        (void)snprintf(least.store_id, sizeof(least.store_id), "%s", wanted->min_position->store_id);
    }
    waiting->cluster->submitted++;
    replica_sync(waiting->cluster->replica, wanted->linearizable ? NULL : &least, on_synced, waiting);
}

void current_begin(struct service *service, qvt_rpc_unary *unary, const struct current_wanted *wanted,
                   current_read read, const void *request)
{
    qvt_error error;
    const char *name = NULL;
    struct cluster *cluster = NULL;
    struct waiting_read *waiting = NULL;
    if (cluster_name(wanted->cluster, &name, &error) != QVT_OK ||
        (!service->listed && service_ready(service, &error) != QVT_OK) ||
        cluster_open(service, name, CLUSTER_WATCH, &cluster, &error) != QVT_OK) {
        answer_fail(unary, &error);
        return;
    }
    waiting = qvt_rpc_unary_alloc(unary, sizeof(*waiting));
    if (waiting == NULL) {
        (void)qvt_error_set(&error, QVT_NO_MEMORY, NULL, "out of memory for the answer");
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    *waiting = (struct waiting_read){service, cluster, unary, read, request};
    wait_for(waiting, wanted);
}
