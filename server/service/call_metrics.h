/* Calls by method, protocol and code, and how long they took: fixed tables, nothing allocated. */
#ifndef QVT_SERVER_SERVICE_CALL_METRICS_H
#define QVT_SERVER_SERVICE_CALL_METRICS_H

#include "base/histogram.h"
#include "quark/version/v1/version_tracker.methods.h"
#include "qvt/status.h"

enum call_protocol { CALL_GRPC, CALL_HTTP, CALL_PROTOCOLS };

enum {
    CALL_METHODS = QUARK_VERSION_V1_VERSION_TRACKER_METHOD_COUNT,
    CALL_OTHER = CALL_METHODS, /* a method of another service */
    CALL_UNKNOWN,              /* none that is served */
    CALL_ROWS,
    CALL_CODES = 17 /* gRPC's */
};

/* Start from all zero. */
struct call_metrics {
    uint64_t ended[CALL_PROTOCOLS][CALL_ROWS][CALL_CODES];
    struct histogram took_us[CALL_PROTOCOLS][CALL_METHODS]; /* histogram_times_us; of the calls that were timed */
    uint64_t refused[CALL_PROTOCOLS];                       /* that did not reach their method */
};

/* The row of a method, NULL being CALL_UNKNOWN. */
unsigned call_metrics_row(const qvt_rpc_method *method);

/* Counts one call. took_us UINT64_MAX: it was not timed. */
void call_metrics_add(struct call_metrics *metrics, enum call_protocol protocol, unsigned row, qvt_status status,
                      uint64_t took_us);

/* As labels: "RegisterSilo", "other", "unknown"; "grpc", "http". Static. */
const char *call_metrics_method(unsigned row);
const char *call_metrics_protocol(enum call_protocol protocol);

#endif
