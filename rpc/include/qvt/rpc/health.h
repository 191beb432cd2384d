/* The standard service grpc.health.v1.Health: tells clients and load balancers whether a server takes calls. */
#ifndef QVT_RPC_HEALTH_H
#define QVT_RPC_HEALTH_H

#include "qvt/rpc/server.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qvt_rpc_health qvt_rpc_health;

/* The numbers of HealthCheckResponse.ServingStatus that an application may set. */
typedef enum qvt_rpc_health_status {
    QVT_RPC_HEALTH_UNKNOWN = 0,
    QVT_RPC_HEALTH_SERVING = 1,
    QVT_RPC_HEALTH_NOT_SERVING = 2
} qvt_rpc_health_status;

/* Makes the statuses; that of the server as a whole, "", is SERVING. NO_MEMORY. All functions: the server's thread. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_health_new(qvt_rpc_health **out);

/* After the servers that serve it are freed. NULL is fine. */
QVT_API void qvt_rpc_health_free(qvt_rpc_health *health);

/* Adds Check and Watch to the server. ALREADY_EXISTS, NO_MEMORY. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_health_serve(qvt_rpc_health *health, qvt_rpc_server *server);

/* Sets the status of a service, "package.Service", or of the server as a whole, ""; copied. Who watches it is told when
 * that is a change. Without effect after shutdown. NO_MEMORY, for a service that is new. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_health_set(qvt_rpc_health *health, const char *service,
                                                     qvt_rpc_health_status status);

/* Forgets a service: Check answers NOT_FOUND, who watches is told SERVICE_UNKNOWN. Unknown ones are fine. */
QVT_API void qvt_rpc_health_clear(qvt_rpc_health *health, const char *service);

/* Before the server is shut down: every service is NOT_SERVING from now on, and watches end with UNAVAILABLE behind
 * that news, so that they do not hold up the server. Once more is harmless. */
QVT_API void qvt_rpc_health_shutdown(qvt_rpc_health *health);

#ifdef __cplusplus
}
#endif

#endif
