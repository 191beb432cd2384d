#include "server/gateway/readiness.h"

#include <string.h>

#include "json/writer.h"
#include "server/gateway/caller.h"

static const char *status_of_fault(const qvt_error *fault)
{
    return fault->reason != NULL && strcmp(fault->reason, "WARMING_UP") == 0 ? "warming_up" : "failed";
}

static const char *status_of_cluster(const struct service_cluster *cluster)
{
    if (!cluster->ready) {
        return status_of_fault(&cluster->fault);
    }
    return cluster->age_ms > 0 ? "degraded" : "ready";
}

static void write_member(struct json_writer *writer, const char *quoted, const char *value)
{
    json_writer_name(writer, quoted);
    json_writer_string(writer, value);
}

static void write_cluster(struct json_writer *writer, const struct service_cluster *cluster)
{
    json_writer_begin_object(writer);
    write_member(writer, "\"cluster\"", cluster->name);
    write_member(writer, "\"status\"", status_of_cluster(cluster));
    json_writer_name(writer, "\"revision\"");
    json_writer_uint64(writer, cluster->head->revision);
    if (!cluster->ready) {
        write_member(writer, "\"message\"", cluster->fault.message);
    } else {
        json_writer_name(writer, "\"ageMs\"");
        json_writer_uint32(writer, cluster->age_ms);
    }
    json_writer_end_object(writer);
}

struct readiness {
    const char *status;
    const char *message; /* "" : none */
    uint32_t age_ms;     /* of the oldest cluster */
    size_t total;
    size_t ready;
};

static struct readiness judge(const struct gateway *gateway, qvt_error *error)
{
    const struct service *service = gateway->options.service;
    struct readiness readiness = {.status = "ready", .message = "", .total = service_cluster_count(service)};
    for (size_t i = 0; i < readiness.total; i++) {
        struct service_cluster cluster;
        service_cluster_at(service, i, &cluster);
        readiness.ready += cluster.ready ? 1 : 0;
        readiness.age_ms = cluster.age_ms > readiness.age_ms ? cluster.age_ms : readiness.age_ms;
    }
    if (gateway->draining) {
        readiness.status = "draining";
        readiness.message = "the server is shutting down";
    } else if (service_ready(service, error) != QVT_OK) {
        readiness.status = status_of_fault(error);
        readiness.message = error->message;
    } else if (readiness.age_ms > 0) {
        readiness.status = "degraded";
        readiness.message = "the store is out of reach; answers say how old they are";
    }
    return readiness;
}

/* Only clusters that are not simply ready are listed: there may be a thousand. */
static void write_clusters(struct json_writer *writer, const struct service *service)
{
    json_writer_name(writer, "\"clusters\"");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < service_cluster_count(service); i++) {
        struct service_cluster cluster;
        service_cluster_at(service, i, &cluster);
        if (!cluster.ready || cluster.age_ms > 0) {
            write_cluster(writer, &cluster);
        }
    }
    json_writer_end_array(writer);
}

static void write_details(struct json_writer *writer, const struct readiness *readiness, const struct service *service)
{
    if (readiness->message[0] != '\0') {
        write_member(writer, "\"message\"", readiness->message);
    }
    json_writer_name(writer, "\"ageMs\"");
    json_writer_uint32(writer, readiness->age_ms);
    json_writer_name(writer, "\"clustersTotal\"");
    json_writer_uint32(writer, (uint32_t)readiness->total);
    json_writer_name(writer, "\"clustersReady\"");
    json_writer_uint32(writer, (uint32_t)readiness->ready);
    write_clusters(writer, service);
}

static qvt_status write_body(struct buf *out, const struct readiness *readiness, const struct request *request)
{
    struct json_writer writer;
    json_writer_init(&writer, out);
    json_writer_begin_object(&writer);
    write_member(&writer, "\"status\"", readiness->status);
    if (caller_reads_all(request)) {
        write_details(&writer, readiness, request->gateway->options.service);
    }
    json_writer_end_object(&writer);
    return writer.status == QVT_OK ? buf_append_byte(out, '\n') : writer.status;
}

void readiness_serve(struct request *request)
{
    qvt_error error;
    struct buf body = BUF_INIT;
    struct readiness readiness = judge(request->gateway, &error);
    bool serves = strcmp(readiness.status, "ready") == 0 || strcmp(readiness.status, "degraded") == 0;
    qvt_status status = write_body(&body, &readiness, request);
    if (status == QVT_OK) {
        request_answer(request, serves ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, "application/json", &body);
        return;
    }
    buf_deinit(&body);
    (void)qvt_error_set(&error, status, NULL, "out of memory for the page");
    request_fail(request, &error, 0, NULL);
}
