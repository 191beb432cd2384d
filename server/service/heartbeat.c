#include "server/service/heartbeat.h"

#include "base/check.h"
#include "server/registry/incarnation.h"
#include "server/service/answer.h"
#include "server/service/counters.h"
#include "server/service/handlers.h"

typedef Quark__Version__V1__HeartbeatRequest heartbeat_request;

/* Fields of HeartbeatResponse; unsent answer bytes of a stream before it is read no further. */
enum { HEARTBEAT_INCARNATION = 4, HEARTBEAT_REMAINING = 5, QUEUED_MAX = 64 * 1024 };

/* Finds the cluster, which a heartbeat never makes. Where others write the store too, only the store knows whether somebody
 * made it: it is opened, and until it is loaded the answer is UNAVAILABLE. */
static qvt_status find_cluster(struct service *service, const heartbeat_request *request, struct cluster **out,
                               qvt_error *error)
{
    const char *name = NULL;
    QVT_TRY(cluster_name(request->cluster, &name, error));
    QVT_TRY(validate_silo_id(qvt_slice_text(request->silo_id), "silo_id", error));
    QVT_TRY(counters_check_calls(request, error));
    *out = cluster_find(service, name);
    if (*out == NULL && !service->listed) {
        return service_ready(service, error);
    }
    if (store_is_shared(service->options.store)) {
        QVT_TRY(cluster_open(service, name, CLUSTER_WATCH, out, error));
        (*out)->asked_us = store_monotonic_us(service->options.store);
    }
    return *out != NULL ? QVT_OK : incarnation_refuse_unknown(qvt_slice_text(request->silo_id), error);
}

/* Mostly the answer is about the cluster as it is now, whose prefix is encoded already. */
static void put_prefix(struct encoder *encoder, struct service *service, struct cluster *cluster,
                       const struct position *position)
{
    struct registry *registry = NULL;
    if (cluster_registry(cluster, &registry, NULL) == QVT_OK && position_equal(registry_head(registry), position)) {
        answer_prefix(encoder, service, cluster);
    } else {
        answer_prefix_at(encoder, service, position, replica_age_ms(cluster->replica));
    }
}

static qvt_status encode(struct service *service, struct cluster *cluster, const struct replica_heartbeat *heartbeat)
{
    service->metrics.heartbeats++;
    buf_clear(&service->scratch);
    struct encoder encoder = {&service->scratch, QVT_OK};
    put_prefix(&encoder, service, cluster, &heartbeat->position);
    encode_uint(&encoder, HEARTBEAT_INCARNATION, heartbeat->incarnation);
    encode_uint(&encoder, HEARTBEAT_REMAINING, heartbeat->lease_remaining_ms);
    return encoder.status;
}

/* ---- unary ---- */

struct single {
    struct service *service;
    struct cluster *cluster;
    qvt_rpc_unary *unary;
};

static void fail_without_memory(qvt_rpc_unary *unary)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_NO_MEMORY, NULL, "out of memory for the answer");
    qvt_rpc_unary_fail(unary, &error);
}

static void on_single(void *data, const struct replica_heartbeat *heartbeat)
{
    struct single *single = data;
    if (heartbeat->status != QVT_OK) {
        qvt_rpc_unary_fail(single->unary, heartbeat->error);
    } else if (encode(single->service, single->cluster, heartbeat) != QVT_OK) {
        fail_without_memory(single->unary);
    } else {
        qvt_slice answer = buf_slice(&single->service->scratch);
        qvt_rpc_unary_reply(single->unary, &answer, 1);
    }
}

SERVICE_HANDLER(handle_heartbeat, Heartbeat)
{
    struct cluster *cluster = NULL;
    qvt_error error;
    if (find_cluster(self, request, &cluster, &error) != QVT_OK) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    struct single *single = qvt_rpc_unary_alloc(unary, sizeof(*single));
    if (single == NULL) {
        fail_without_memory(unary);
        return;
    }
    *single = (struct single){self, cluster, unary};
    replica_heartbeat(cluster->replica, request, on_single, single);
}

/* ---- stream ---- */

/* Lives in the call's memory. At most one request is with the replica: the call is held meanwhile. */
struct stream {
    struct service *service;
    struct cluster *cluster; /* of the request at hand */
    qvt_rpc_server_call *call;
    bool asked; /* the replica owes an answer */
    bool held;
    bool half_closed;
};

static void finish(struct stream *stream, const qvt_error *error)
{
    qvt_rpc_server_call_finish(stream->call, error);
}

static void send(struct stream *stream, const struct replica_heartbeat *heartbeat)
{
    qvt_status status = encode(stream->service, stream->cluster, heartbeat);
    qvt_slice answer = buf_slice(&stream->service->scratch);
    if (status == QVT_OK) {
        status = qvt_rpc_server_call_send(stream->call, &answer, 1);
    }
    if (status == QVT_NO_MEMORY) {
        qvt_error error;
        (void)qvt_error_set(&error, QVT_NO_MEMORY, NULL, "out of memory for the answer");
        finish(stream, &error);
        return;
    }
    if (stream->half_closed) {
        finish(stream, NULL);
    } else if (stream->held && qvt_rpc_server_call_queued(stream->call) < QUEUED_MAX) {
        stream->held = false;
        qvt_rpc_server_call_resume(stream->call);
    }
}

static void on_answer(void *data, const struct replica_heartbeat *heartbeat)
{
    struct stream *stream = data;
    stream->asked = false;
    if (heartbeat->status != QVT_OK) {
        finish(stream, heartbeat->error);
    } else if (qvt_rpc_server_call_is_cancelled(stream->call)) {
        finish(stream, NULL);
    } else {
        send(stream, heartbeat);
    }
}

static void on_begin(void *self, qvt_rpc_server_call *call)
{
    struct stream *stream = qvt_rpc_server_call_alloc(call, sizeof(*stream));
    if (stream != NULL) {
        *stream = (struct stream){.service = self, .call = call};
        qvt_rpc_server_call_set_context(call, stream);
    }
}

/* Held before it is asked: the answer may come, and end the call, before replica_heartbeat returns. */
static void on_message(void *self, qvt_rpc_server_call *call, const heartbeat_request *request)
{
    struct stream *stream = qvt_rpc_server_call_context(call);
    qvt_error error;
    if (stream == NULL) {
        (void)qvt_error_set(&error, QVT_NO_MEMORY, NULL, "out of memory for the stream");
        qvt_rpc_server_call_finish(call, &error);
        return;
    }
    if (find_cluster(self, request, &stream->cluster, &error) != QVT_OK) {
        qvt_rpc_server_call_finish(call, &error);
        return;
    }
    stream->asked = true;
    stream->held = true;
    qvt_rpc_server_call_hold(call);
    replica_heartbeat(stream->cluster->replica, request, on_answer, stream);
}

static void on_half_close(void *self, qvt_rpc_server_call *call)
{
    (void)self;
    struct stream *stream = qvt_rpc_server_call_context(call);
    if (stream == NULL || !stream->asked) {
        qvt_rpc_server_call_finish(call, NULL);
        return;
    }
    stream->half_closed = true;
}

static void on_cancel(void *self, qvt_rpc_server_call *call)
{
    (void)self;
    struct stream *stream = qvt_rpc_server_call_context(call);
    if (stream == NULL || !stream->asked) {
        qvt_rpc_server_call_finish(call, NULL);
    }
}

static void on_drain(void *self, qvt_rpc_server_call *call)
{
    (void)self;
    struct stream *stream = qvt_rpc_server_call_context(call);
    if (stream->held && !stream->asked) {
        stream->held = false;
        qvt_rpc_server_call_resume(call);
    }
}

const quark_version_v1_version_tracker_heartbeat_stream_handler heartbeat_stream_handler = {
    .on_begin = on_begin,
    .on_message = on_message,
    .on_half_close = on_half_close,
    .on_cancel = on_cancel,
    .on_drain = on_drain,
};
