/* What a service is made of: the static tables that the generator emits and both ends read. */
#ifndef QVT_RPC_METHOD_H
#define QVT_RPC_METHOD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qvt_rpc_kind {
    QVT_RPC_UNARY,
    QVT_RPC_CLIENT_STREAMING,
    QVT_RPC_SERVER_STREAMING,
    QVT_RPC_BIDI_STREAMING
} qvt_rpc_kind;

typedef enum qvt_rpc_idempotency {
    QVT_RPC_IDEMPOTENCY_UNKNOWN,
    QVT_RPC_NO_SIDE_EFFECTS,
    QVT_RPC_IDEMPOTENT
} qvt_rpc_idempotency;

/* One method; static storage. */
typedef struct qvt_rpc_method {
    const char *path; /* "/package.Service/Method" */
    const char *name; /* "Method" */
    const char *request_type;
    const char *response_type; /* full protobuf names, such as "google.protobuf.Empty" */
    qvt_rpc_kind kind;
    qvt_rpc_idempotency idempotency;
    uint32_t index; /* in the service's methods */
} qvt_rpc_method;

/* One service; static storage. */
typedef struct qvt_rpc_service {
    const char *name; /* "package.Service" */
    const qvt_rpc_method *methods;
    size_t method_count;
} qvt_rpc_service;

#ifdef __cplusplus
}
#endif

#endif
