/* The standard service grpc.reflection, v1 and v1alpha: tells tools which services there are and what they speak. */
#ifndef QVT_RPC_REFLECTION_H
#define QVT_RPC_REFLECTION_H

#include "qvt/rpc/descriptor.h"
#include "qvt/rpc/server.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qvt_rpc_reflection qvt_rpc_reflection;

/* NO_MEMORY. All functions: the server's thread. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_reflection_new(qvt_rpc_reflection **out);

/* After the servers that serve it are freed. NULL is fine. */
QVT_API void qvt_rpc_reflection_free(qvt_rpc_reflection *reflection);

/* Tells a file and everything it imports; the services that the file itself declares are listed. Of files with the same
 * name the first that was added counts. set: `<file>_proto` of a generated `<file>.descriptor.h`. NO_MEMORY. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_reflection_add(qvt_rpc_reflection *reflection,
                                                         const qvt_rpc_descriptor_set *set);

/* As qvt_rpc_reflection_add for grpc.health.v1.Health of qvt/rpc/health.h. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_reflection_add_health(qvt_rpc_reflection *reflection);

/* Adds both versions of the service to the server, and their files to what is told. ALREADY_EXISTS, NO_MEMORY. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_reflection_serve(qvt_rpc_reflection *reflection, qvt_rpc_server *server);

#ifdef __cplusplus
}
#endif

#endif
