#include "server/service/write.h"

#include "server/registry/propose.h"
#include "server/service/answer.h"
#include "server/service/write_log.h"

/* For a new cluster's replica to load, where that failed once. */
#define WAITING_US INT64_C(4000000)

/* Lives in the call's memory. */
struct write {
    struct list in_cluster; /* cluster->waiting; alone once submitted */
    struct service *service;
    struct cluster *cluster;
    qvt_rpc_unary *unary;
    struct command command;
};

static void fail_without_memory(qvt_rpc_unary *unary)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_NO_MEMORY, NULL, "out of memory for the answer");
    qvt_rpc_unary_fail(unary, &error);
}

/* The record is not copied: it is a part of the answer. */
static void reply(struct service *service, qvt_rpc_unary *unary, const struct position *position, uint32_t age_ms,
                  const struct image *image)
{
    buf_clear(&service->scratch);
    struct encoder encoder = {&service->scratch, QVT_OK};
    answer_prefix_at(&encoder, service, position, age_ms);
    if (image != NULL) {
        encode_message(&encoder, ANSWER_BODY, image_value(image), qvt_slice_make(NULL, 0));
    }
    if (encoder.status != QVT_OK) {
        fail_without_memory(unary);
        return;
    }
    qvt_slice answer = buf_slice(&service->scratch);
    qvt_rpc_unary_reply(unary, &answer, 1);
}

static void on_outcome(void *data, const struct replica_outcome *outcome)
{
    struct write *write = data;
    write->cluster->submitted--;
    write_log(write->service->options.log, write->unary, write->cluster->name, &write->command, outcome);
    if (outcome->status != QVT_OK) {
        answer_fail(write->unary, outcome->error);
        return;
    }
    reply(write->service, write->unary, &outcome->position, replica_age_ms(write->cluster->replica), outcome->image);
}

static void submit(struct write *write)
{
    write->cluster->submitted++;
    replica_submit(write->cluster->replica, &write->command, on_outcome, write);
}

void write_release_waiting(struct cluster *cluster)
{
    while (!list_is_empty(&cluster->waiting)) {
        struct write *write = LIST_ENTRY(cluster->waiting.next, struct write, in_cluster);
        list_remove(&write->in_cluster);
        submit(write);
    }
}

void write_fail_waiting(struct cluster *cluster, const qvt_error *error)
{
    while (!list_is_empty(&cluster->waiting)) {
        struct write *write = LIST_ENTRY(cluster->waiting.next, struct write, in_cluster);
        list_remove(&write->in_cluster);
        qvt_rpc_unary_fail(write->unary, error);
    }
}

/* Whether the command would make the cluster; what would not is answered here. */
static bool creates_cluster(struct service *service, qvt_rpc_unary *unary, const struct command *command)
{
    struct batch *batch = NULL;
    struct proposal proposal;
    qvt_error error;
    if (batch_new(&batch, service->empty) != QVT_OK) {
        fail_without_memory(unary);
        return false;
    }
    bool creates = false;
    if (batch_propose(batch, command, store_wall_us(service->options.store), service->options.entropy, &proposal,
                      &error) != QVT_OK) {
        answer_fail(unary, &error);
    } else {
        creates = proposal.change != NULL;
        if (!creates) {
            reply(service, unary, registry_head(service->empty), 0, proposal.image);
        }
        proposal_deinit(&proposal);
    }
    batch_free(batch);
    return creates;
}

static void queue(struct service *service, struct cluster *cluster, qvt_rpc_unary *unary, const struct command *command)
{
    struct write *write = qvt_rpc_unary_alloc(unary, sizeof(*write));
    if (write == NULL) {
        fail_without_memory(unary);
        return;
    }
    *write = (struct write){.service = service, .cluster = cluster, .unary = unary, .command = *command};
    list_init(&write->in_cluster);
    if (cluster->known_empty && replica_ready(cluster->replica, NULL) != QVT_OK) {
        if (list_is_empty(&cluster->waiting)) {
            cluster->waiting_till_us = store_monotonic_us(service->options.store) + WAITING_US;
        }
        list_push_back(&cluster->waiting, &write->in_cluster);
        service_wake(service);
    } else {
        submit(write);
    }
}

void write_submit(struct service *service, qvt_rpc_unary *unary, const char *cluster_requested,
                  const struct command *command)
{
    qvt_error error;
    const char *name = NULL;
    struct cluster *cluster = NULL;
    if (cluster_name(cluster_requested, &name, &error) != QVT_OK ||
        (!service->listed && service_ready(service, &error) != QVT_OK)) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    /* Where others write too, only the store knows who created the cluster. */
    cluster = cluster_find(service, name);
    bool ours = !store_is_shared(service->options.store);
    if (cluster == NULL && ours && !creates_cluster(service, unary, command)) {
        return;
    }
    if (cluster_open(service, name, CLUSTER_WRITE, &cluster, &error) != QVT_OK) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    queue(service, cluster, unary, command);
}
