#include "server/gateway/metrics_page.h"

#include <stdio.h>

#include "server/gateway/process_stats.h"

void metrics_store_write(struct prometheus *prometheus, const struct store_metrics *metrics)
{
    static const char *const OUTCOMES[] = {
        [STORE_APPENDED] = "appended",           [STORE_CONFLICT] = "conflict", [STORE_UNMET] = "unmet",
        [STORE_CLUSTER_MOVED] = "cluster_moved", [STORE_FAILED] = "failed",     [STORE_UNCERTAIN] = "uncertain"};
    prometheus_family(prometheus, "qvt_store_appends_total", PROMETHEUS_COUNTER, "Appends to the store, by outcome.");
    for (unsigned i = 0; i < sizeof(OUTCOMES) / sizeof(OUTCOMES[0]); i++) {
        prometheus_uint(prometheus, PROMETHEUS_LABELS({"outcome", OUTCOMES[i]}), metrics->appends[i]);
    }
    prometheus_family(prometheus, "qvt_store_append_duration_seconds", PROMETHEUS_HISTOGRAM,
                      "From the append to its commit.");
    prometheus_histogram(prometheus, NULL, &metrics->append_us, &histogram_times_us);
    prometheus_family(prometheus, "qvt_store_append_changes", PROMETHEUS_HISTOGRAM, "Changes committed by one append.");
    prometheus_histogram(prometheus, NULL, &metrics->append_changes, &histogram_sizes);
}

/* One value for each protocol. */
static void write_pair(struct prometheus *prometheus, const char *name, enum prometheus_type type, const char *help,
                       uint64_t grpc, uint64_t http)
{
    prometheus_family(prometheus, name, type, help);
    prometheus_uint(prometheus, PROMETHEUS_LABELS({"protocol", "grpc"}), grpc);
    prometheus_uint(prometheus, PROMETHEUS_LABELS({"protocol", "http"}), http);
}

static void write_answers(struct prometheus *prometheus, const struct gateway_counters *http)
{
    prometheus_family(prometheus, "qvt_http_requests_total", PROMETHEUS_COUNTER,
                      "HTTP requests that have ended, pages too, by status code.");
    for (unsigned code = 0; code < GATEWAY_CODES; code++) {
        if (http->answers[code] > 0) {
            char text[8];
            snprintf(text, sizeof(text), "%u", code + GATEWAY_CODE_MIN);
            prometheus_uint(prometheus, PROMETHEUS_LABELS({"code", text}), http->answers[code]);
        }
    }
}

static void write_limits(struct prometheus *prometheus, const qvt_rpc_server *grpc)
{
    if (grpc == NULL) {
        return;
    }
    prometheus_family(prometheus, "qvt_grpc_limits_passed_total", PROMETHEUS_COUNTER,
                      "Times that gRPC clients passed a limit, by limit.");
    for (unsigned i = 0; i < QVT_RPC_LIMIT_COUNT; i++) {
        prometheus_uint(prometheus, PROMETHEUS_LABELS({"limit", qvt_rpc_limit_name((qvt_rpc_limit)i)}),
                        qvt_rpc_server_limit_count(grpc, (qvt_rpc_limit)i));
    }
}

static void write_handshakes(struct prometheus *prometheus, const char *protocol, uint64_t done, uint64_t failed)
{
    prometheus_uint(prometheus, PROMETHEUS_LABELS({"protocol", protocol}, {"outcome", "ok"}), done);
    prometheus_uint(prometheus, PROMETHEUS_LABELS({"protocol", protocol}, {"outcome", "failed"}), failed);
}

static void write_tls(struct prometheus *prometheus, const struct gateway *gateway, const qvt_rpc_server_counters *grpc)
{
    prometheus_family(prometheus, "qvt_tls_handshakes_total", PROMETHEUS_COUNTER, "TLS handshakes, by outcome.");
    write_handshakes(prometheus, "grpc", grpc->handshakes_done, grpc->handshakes_failed);
    write_handshakes(prometheus, "http", gateway->front.handshakes_done, gateway->front.handshakes_failed);
    prometheus_family(prometheus, "qvt_tls_unused_connections_closed_total", PROMETHEUS_COUNTER,
                      "HTTP connections over TLS that were closed because too many had sent no request.");
    prometheus_uint(prometheus, NULL, gateway->front.unused_closed);
    prometheus_family(prometheus, "qvt_tls_certificate_expires_seconds", PROMETHEUS_GAUGE,
                      "When the server's certificate ends, since the epoch.");
    int64_t expires_at = qvt_rpc_tls_expires_at(gateway->options.tls);
    prometheus_uint(prometheus, NULL, expires_at < 0 ? 0 : (uint64_t)expires_at);
}

void metrics_transport_write(struct prometheus *prometheus, const struct gateway *gateway)
{
    const struct gateway_counters *http = &gateway->counters;
    qvt_rpc_server_counters grpc = {0};
    if (gateway->options.grpc != NULL) {
        qvt_rpc_server_read_counters(gateway->options.grpc, &grpc);
    }
    write_pair(prometheus, "qvt_connections", PROMETHEUS_GAUGE, "Open connections.", grpc.connections_open,
               http->connections_open);
    write_pair(prometheus, "qvt_connections_total", PROMETHEUS_COUNTER, "Connections accepted.", grpc.connections_total,
               http->connections_total);
    write_pair(prometheus, "qvt_calls_open", PROMETHEUS_GAUGE, "Calls under way, streams too.", grpc.calls_open,
               http->requests_open);
    write_pair(prometheus, "qvt_received_bytes_total", PROMETHEUS_COUNTER, "Bytes received; of HTTP only bodies.",
               grpc.bytes_received, http->bytes_received);
    write_pair(prometheus, "qvt_sent_bytes_total", PROMETHEUS_COUNTER, "Bytes sent; of HTTP only bodies.",
               grpc.bytes_sent, http->bytes_sent);
    write_answers(prometheus, http);
    write_limits(prometheus, gateway->options.grpc);
    if (gateway->options.tls != NULL) {
        write_tls(prometheus, gateway, &grpc);
    }
}

void metrics_process_write(struct prometheus *prometheus)
{
    struct process_stats stats;
    process_stats_read(&stats);
    prometheus_family(prometheus, "process_cpu_seconds_total", PROMETHEUS_COUNTER, "Processor time, user and system.");
    prometheus_time_us(prometheus, NULL, stats.cpu_us);
    prometheus_family(prometheus, "process_resident_memory_bytes", PROMETHEUS_GAUGE, "Resident memory.");
    prometheus_uint(prometheus, NULL, stats.resident_bytes);
    prometheus_family(prometheus, "process_virtual_memory_bytes", PROMETHEUS_GAUGE, "Virtual memory.");
    prometheus_uint(prometheus, NULL, stats.virtual_bytes);
    prometheus_family(prometheus, "process_open_fds", PROMETHEUS_GAUGE, "Open file descriptors.");
    prometheus_uint(prometheus, NULL, stats.open_fds);
    prometheus_family(prometheus, "process_max_fds", PROMETHEUS_GAUGE, "How many it may open.");
    prometheus_uint(prometheus, NULL, stats.max_fds);
    prometheus_family(prometheus, "process_start_time_seconds", PROMETHEUS_GAUGE, "When it started, since the epoch.");
    prometheus_time_us(prometheus, NULL, stats.started_us);
}

static void write_build(struct prometheus *prometheus, const struct gateway *gateway)
{
    prometheus_family(prometheus, "qvt_build_info", PROMETHEUS_GAUGE, "1; the version is in the label.");
    prometheus_uint(prometheus, PROMETHEUS_LABELS({"version", gateway->options.version}), 1);
    prometheus_family(prometheus, "qvt_ready", PROMETHEUS_GAUGE, "1 while /readyz answers 200.");
    bool ready = !gateway->draining && service_ready(gateway->options.service, NULL) == QVT_OK;
    prometheus_uint(prometheus, NULL, ready ? 1 : 0);
}

void metrics_page_serve(struct request *request)
{
    const struct gateway *gateway = request->gateway;
    struct buf body = BUF_INIT;
    struct prometheus prometheus = {&body, QVT_OK, NULL};
    write_build(&prometheus, gateway);
    metrics_calls_write(&prometheus, service_metrics(gateway->options.service));
    metrics_clusters_write(&prometheus, gateway->options.service);
    metrics_auth_write(&prometheus, gateway->options.guard);
    metrics_store_write(&prometheus, service_store_metrics(gateway->options.service));
    metrics_transport_write(&prometheus, gateway);
    metrics_process_write(&prometheus);
    if (prometheus.status == QVT_OK) {
        request_answer(request, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", &body);
        return;
    }
    qvt_error error;
    buf_deinit(&body);
    (void)qvt_error_set(&error, prometheus.status, NULL, "out of memory for the metrics");
    request_fail(request, &error, 0, NULL);
}
