/* google.rpc.Status with ErrorInfo, BadRequest and RetryInfo: how an error travels in `grpc-status-details-bin`. */
#ifndef QVT_RPC_WIRE_DETAILS_H
#define QVT_RPC_WIRE_DETAILS_H

#include <stdbool.h>

#include "base/buf.h"
#include "qvt/error.h"

/* Whether the error says more than a code and a message, so that details are worth sending. */
bool details_are_needed(const qvt_error *error);

/* Appends the error as an encoded google.rpc.Status. NO_MEMORY leaves out as it was. */
QVT_MUST_CHECK qvt_status details_write(struct buf *out, const qvt_error *error);

/* In two steps, for details of another's making: code and message, then each detail. NO_MEMORY; then the end of out is
 * undefined. */
QVT_MUST_CHECK qvt_status details_write_status(struct buf *out, const qvt_error *error);
QVT_MUST_CHECK qvt_status details_write_any(struct buf *out, const char *type_url, qvt_slice value);

/* An error that was read: error.reason and the fact names point into the struct, which must not be moved. */
struct details {
    qvt_error error;
    char reason[64];
    char fact_names[QVT_ERROR_FACT_MAX][64];
};

/* Reads an encoded google.rpc.Status: code, message, and what of the details fits; the first ErrorInfo, the first
 * field violation and the first RetryInfo count, unknown details are skipped, texts are cut at a character and
 * escaped. INTERNAL for bytes that are not a Status; out is then an empty error with that status. */
QVT_MUST_CHECK qvt_status details_read(struct details *out, qvt_slice bytes);

#endif
