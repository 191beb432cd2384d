#include "server/service/call_metrics.h"

unsigned call_metrics_row(const qvt_rpc_method *method)
{
    const qvt_rpc_method *ours = quark_version_v1_version_tracker_methods;
    if (method == NULL) {
        return CALL_UNKNOWN;
    }
    return method->index < CALL_METHODS && &ours[method->index] == method ? method->index : CALL_OTHER;
}

void call_metrics_add(struct call_metrics *metrics, enum call_protocol protocol, unsigned row, qvt_status status,
                      uint64_t took_us)
{
    metrics->ended[protocol][row][qvt_status_to_grpc(status)]++;
    if (took_us != UINT64_MAX && row < CALL_METHODS) {
        histogram_add(&metrics->took_us[protocol][row], &histogram_times_us, took_us);
    }
}

const char *call_metrics_method(unsigned row)
{
    if (row < CALL_METHODS) {
        return quark_version_v1_version_tracker_methods[row].name;
    }
    return row == CALL_OTHER ? "other" : "unknown";
}

const char *call_metrics_protocol(enum call_protocol protocol)
{
    return protocol == CALL_GRPC ? "grpc" : "http";
}
