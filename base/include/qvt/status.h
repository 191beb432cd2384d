/* The result codes of every qvt function, and the only place where they meet gRPC and HTTP codes. */
#ifndef QVT_STATUS_H
#define QVT_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define QVT_API __attribute__((visibility("default")))
#define QVT_MUST_CHECK __attribute__((warn_unused_result))
#define QVT_PRINTF(string_index, first_checked) __attribute__((format(printf, string_index, first_checked)))
#else
#define QVT_API
#define QVT_MUST_CHECK
#define QVT_PRINTF(string_index, first_checked)
#endif

/* X(name, value, text, gRPC code, HTTP code). The values 0 to 16 are gRPC's own (grpc statuscodes.md) and never
 * change; the HTTP codes are those of google.rpc.Code. Values from 17 on are ours and travel as the gRPC code. */
#define QVT_STATUS_LIST(X)                                                                                             \
    X(OK, 0, "ok", 0, 200)                                                                                             \
    X(CANCELLED, 1, "cancelled", 1, 499)                                                                               \
    X(UNKNOWN, 2, "unknown error", 2, 500)                                                                             \
    X(INVALID_ARGUMENT, 3, "invalid argument", 3, 400)                                                                 \
    X(DEADLINE_EXCEEDED, 4, "deadline exceeded", 4, 504)                                                               \
    X(NOT_FOUND, 5, "not found", 5, 404)                                                                               \
    X(ALREADY_EXISTS, 6, "already exists", 6, 409)                                                                     \
    X(PERMISSION_DENIED, 7, "permission denied", 7, 403)                                                               \
    X(RESOURCE_EXHAUSTED, 8, "resource exhausted", 8, 429)                                                             \
    X(FAILED_PRECONDITION, 9, "failed precondition", 9, 400)                                                           \
    X(ABORTED, 10, "aborted", 10, 409)                                                                                 \
    X(OUT_OF_RANGE, 11, "out of range", 11, 400)                                                                       \
    X(UNIMPLEMENTED, 12, "not implemented", 12, 501)                                                                   \
    X(INTERNAL, 13, "internal error", 13, 500)                                                                         \
    X(UNAVAILABLE, 14, "unavailable", 14, 503)                                                                         \
    X(DATA_LOSS, 15, "data loss", 15, 500)                                                                             \
    X(UNAUTHENTICATED, 16, "unauthenticated", 16, 401)                                                                 \
    X(NO_MEMORY, 17, "out of memory", 8, 503)

typedef enum qvt_status {
#define QVT_STATUS_VALUE(name, value, text, grpc, http) QVT_##name = (value),
    QVT_STATUS_LIST(QVT_STATUS_VALUE)
#undef QVT_STATUS_VALUE
} qvt_status;

/* The status in words, such as "not found"; static; never NULL, also for values outside the list. Any thread. */
QVT_API const char *qvt_status_text(qvt_status status);

/* The name as gRPC and google.rpc.Code write it, such as "NOT_FOUND"; static; never NULL. Any thread. */
QVT_API const char *qvt_status_name(qvt_status status);

/* The code 0 to 16 that stands for the status in `grpc-status`. Any thread. */
QVT_API int qvt_status_to_grpc(qvt_status status);

/* The HTTP status code, 200 to 504, for the status (google.rpc.Code). Any thread. */
QVT_API int qvt_status_to_http(qvt_status status);

/* The status for a `grpc-status` value; UNKNOWN for a value outside 0 to 16 (grpc statuscodes.md). Any thread. */
QVT_API qvt_status qvt_status_from_grpc(long code);

#ifdef __cplusplus
}
#endif

#endif
