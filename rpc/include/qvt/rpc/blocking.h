/* Unary calls that run the loop until they have ended: for tools and tests that have nothing else to do. */
#ifndef QVT_RPC_BLOCKING_H
#define QVT_RPC_BLOCKING_H

#include "qvt/blob.h"
#include "qvt/rpc/client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Makes the call and runs the runtime's loop until it has ended; whatever else lives on the loop is served meanwhile.
 * The runtime made its loop itself, and nothing runs it now. OK: *response holds the answer, one reference, the
 * caller's. Otherwise *response is NULL and error (may be NULL) is what the call ended with, or why it could not
 * start; its reason and fact names live until the channel's next blocking call. options may be NULL: then there is no
 * deadline. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_call_blocking(qvt_rpc_runtime *runtime, qvt_rpc_channel *channel,
                                                        const qvt_rpc_method *method, qvt_slice request,
                                                        const qvt_rpc_call_options *options, qvt_blob **response,
                                                        qvt_error *error);

/* Closes the channel and runs the loop until it is gone. */
QVT_API void qvt_rpc_channel_close_blocking(qvt_rpc_runtime *runtime, qvt_rpc_channel *channel);

#ifdef __cplusplus
}
#endif

#endif
