/* Names and numbers of google/rpc/status.proto, error_details.proto, any.proto and duration.proto. */
#ifndef QVT_RPC_WIRE_DETAILS_FIELDS_H
#define QVT_RPC_WIRE_DETAILS_FIELDS_H

enum {
    STATUS_CODE = 1,
    STATUS_MESSAGE = 2,
    STATUS_DETAILS = 3,
    ANY_TYPE_URL = 1,
    ANY_VALUE = 2,
    ERROR_INFO_REASON = 1,
    ERROR_INFO_DOMAIN = 2,
    ERROR_INFO_METADATA = 3,
    MAP_KEY = 1,
    MAP_VALUE = 2,
    BAD_REQUEST_VIOLATIONS = 1,
    VIOLATION_FIELD = 1,
    VIOLATION_DESCRIPTION = 2,
    RETRY_INFO_DELAY = 1,
    DURATION_SECONDS = 1,
    DURATION_NANOS = 2
};

#define DETAILS_TYPE_PREFIX "type.googleapis.com/"
#define DETAILS_ERROR_INFO "google.rpc.ErrorInfo"
#define DETAILS_BAD_REQUEST "google.rpc.BadRequest"
#define DETAILS_RETRY_INFO "google.rpc.RetryInfo"

#endif
