/* The loop that servers and channels live on. One runtime per loop, one thread per loop, no global state. */
#ifndef QVT_RPC_RUNTIME_H
#define QVT_RPC_RUNTIME_H

#include "qvt/slice.h"
#include "qvt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qvt_rpc_runtime qvt_rpc_runtime;

typedef enum qvt_rpc_log_level { QVT_RPC_DEBUG, QVT_RPC_INFO, QVT_RPC_WARN, QVT_RPC_ERROR } qvt_rpc_log_level;

typedef struct qvt_rpc_runtime_options {
    uint32_t size; /* sizeof this struct */
    /* A `uv_loop_t *` that the caller runs, closes after qvt_rpc_runtime_free, and lends until then. NULL: the runtime
     * makes a loop of its own, run by qvt_rpc_runtime_run. */
    void *uv_loop;
    /* Receives one finished log line at a time, key=value text; NULL: silent. */
    void (*on_log)(void *data, qvt_rpc_log_level level, qvt_slice line);
    void *data;
} qvt_rpc_runtime_options;

#define QVT_RPC_RUNTIME_OPTIONS_INIT                                                                                   \
    {                                                                                                                  \
        sizeof(qvt_rpc_runtime_options), NULL, NULL, NULL                                                              \
    }

/* Makes a runtime; options may be NULL. NO_MEMORY, UNAVAILABLE when the loop cannot be made. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_runtime_new(qvt_rpc_runtime **out, const qvt_rpc_runtime_options *options);

/* Frees the runtime. All its servers and channels must be closed. A loop of the caller's has to run once more before
 * uv_loop_close, so that it gives up the runtime's handles. NULL is fine. */
QVT_API void qvt_rpc_runtime_free(qvt_rpc_runtime *runtime);

/* The `uv_loop_t *`; borrowed. */
QVT_API void *qvt_rpc_runtime_loop(qvt_rpc_runtime *runtime);

/* Runs the loop until qvt_rpc_runtime_stop, or until nothing is left to do. Loop thread. */
QVT_API void qvt_rpc_runtime_run(qvt_rpc_runtime *runtime);

/* Makes qvt_rpc_runtime_run return. Loop thread. */
QVT_API void qvt_rpc_runtime_stop(qvt_rpc_runtime *runtime);

#ifdef __cplusplus
}
#endif

#endif
