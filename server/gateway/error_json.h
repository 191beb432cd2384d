/* An error as google.rpc.Status in JSON, its details as Any with @type (SPEC §3.10). */
#ifndef QVT_SERVER_GATEWAY_ERROR_JSON_H
#define QVT_SERVER_GATEWAY_ERROR_JSON_H

#include "base/buf.h"
#include "qvt/error.h"

/* Appends {"code":…,"message":…,"details":[…]}. NO_MEMORY. */
QVT_MUST_CHECK qvt_status error_json_write(struct buf *out, const qvt_error *error);

#endif
