/* FindCompatibleSilos: the question in terms of version/placement, and its answer straight into bytes. */
#ifndef QVT_SERVER_SERVICE_FIND_H
#define QVT_SERVER_SERVICE_FIND_H

#include "qvt/rpc/server.h"
#include "server/service/service_impl.h"

/* A gRPC request as it came: answered from the cache when the same bytes were answered since the last change of the
 * cluster, else decoded, resolved and remembered. data is the service. */
void find_on_request(qvt_rpc_server_call *call, qvt_slice request, void *data);

#endif
