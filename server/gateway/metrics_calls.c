#include "server/gateway/metrics_page.h"

static void write_ended(struct prometheus *prometheus, const struct call_metrics *calls)
{
    prometheus_family(prometheus, "qvt_calls_total", PROMETHEUS_COUNTER, "Calls that have ended, by gRPC code.");
    for (unsigned protocol = 0; protocol < CALL_PROTOCOLS; protocol++) {
        for (unsigned row = 0; row < CALL_ROWS; row++) {
            for (unsigned code = 0; code < CALL_CODES; code++) {
                if (calls->ended[protocol][row][code] == 0) {
                    continue;
                }
                prometheus_uint(prometheus,
                                PROMETHEUS_LABELS({"method", call_metrics_method(row)},
                                                  {"protocol", call_metrics_protocol((enum call_protocol)protocol)},
                                                  {"code", qvt_status_name((qvt_status)code)}),
                                calls->ended[protocol][row][code]);
            }
        }
    }
}

static uint64_t count_of(const struct histogram *histogram)
{
    uint64_t count = 0;
    for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        count += histogram->counts[i];
    }
    return count;
}

static void write_times(struct prometheus *prometheus, const struct call_metrics *calls)
{
    prometheus_family(prometheus, "qvt_call_duration_seconds", PROMETHEUS_HISTOGRAM,
                      "From the whole request to its answer; without streams and finds answered from the cache.");
    for (unsigned protocol = 0; protocol < CALL_PROTOCOLS; protocol++) {
        for (unsigned row = 0; row < CALL_METHODS; row++) {
            const struct histogram *took = &calls->took_us[protocol][row];
            if (count_of(took) > 0) {
                prometheus_histogram(
                    prometheus,
                    PROMETHEUS_LABELS({"method", call_metrics_method(row)},
                                      {"protocol", call_metrics_protocol((enum call_protocol)protocol)}),
                    took, &histogram_times_us);
            }
        }
    }
}

static void write_refused(struct prometheus *prometheus, const struct call_metrics *calls)
{
    prometheus_family(prometheus, "qvt_requests_refused_total", PROMETHEUS_COUNTER,
                      "Requests that did not reach their method: malformed, too large, unknown.");
    for (unsigned protocol = 0; protocol < CALL_PROTOCOLS; protocol++) {
        const char *name = call_metrics_protocol((enum call_protocol)protocol);
        prometheus_uint(prometheus, PROMETHEUS_LABELS({"protocol", name}), calls->refused[protocol]);
    }
}

void metrics_calls_write(struct prometheus *prometheus, const struct service_metrics *metrics)
{
    write_ended(prometheus, &metrics->calls);
    write_times(prometheus, &metrics->calls);
    write_refused(prometheus, &metrics->calls);
    prometheus_family(prometheus, "qvt_finds_total", PROMETHEUS_COUNTER, "FindCompatibleSilos calls.");
    prometheus_uint(prometheus, NULL, metrics->finds_total);
    prometheus_family(prometheus, "qvt_finds_from_cache_total", PROMETHEUS_COUNTER,
                      "FindCompatibleSilos calls answered from the bytes of an earlier answer.");
    prometheus_uint(prometheus, NULL, metrics->finds_from_cache);
    prometheus_family(prometheus, "qvt_heartbeats_total", PROMETHEUS_COUNTER, "Heartbeats answered, on streams too.");
    prometheus_uint(prometheus, NULL, metrics->heartbeats);
    prometheus_family(prometheus, "qvt_watches_total", PROMETHEUS_COUNTER, "Watches begun.");
    prometheus_uint(prometheus, NULL, metrics->watches_total);
    prometheus_family(prometheus, "qvt_watches_stalled_total", PROMETHEUS_COUNTER,
                      "Watches ended because their client took no byte for too long.");
    prometheus_uint(prometheus, NULL, metrics->watches_stalled);
}
