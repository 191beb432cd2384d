/* The inside of a runtime: the loop that servers and channels of this layer are built on. */
#ifndef QVT_RPC_CALL_RUNTIME_H
#define QVT_RPC_CALL_RUNTIME_H

#include "base/log.h"
#include "qvt/rpc/runtime.h"
#include "rpc/net/loop.h"

struct qvt_rpc_runtime {
    uv_loop_t own_loop; /* in use when uv points to it */
    uv_loop_t *uv;
    struct net_loop *loop;
    struct log log;
    qvt_rpc_runtime_options options;
};

/* Events go to this log, with their fields, instead of to the options' on_log. Copied; its sink and clock must outlive
 * the runtime. */
void runtime_use_log(qvt_rpc_runtime *runtime, const struct log *log);

#endif
