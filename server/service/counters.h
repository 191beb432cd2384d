/* What clients counted: each entry names an actor type, and a version that parses (SPEC §3.7, §4.6). */
#ifndef QVT_SERVER_SERVICE_COUNTERS_H
#define QVT_SERVER_SERVICE_COUNTERS_H

#include "quark/version/v1/version_tracker.pb-c.h"
#include "qvt/error.h"

/* OK or INVALID_ARGUMENT with *error. Pure. */

/* Calls that a silo served. */
QVT_MUST_CHECK qvt_status counters_check_calls(const Quark__Version__V1__HeartbeatRequest *request, qvt_error *error);

/* Finds that a watcher answered itself; one without a version asked for none. */
QVT_MUST_CHECK qvt_status counters_check_finds(const Quark__Version__V1__WatchRequest *request, qvt_error *error);

#endif
