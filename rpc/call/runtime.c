#include <stdlib.h>

#include "base/check.h"
#include "base/descriptors.h"
#include "rpc/call/options.h"
#include "rpc/call/runtime.h"

static void write_line(void *data, enum log_level level, qvt_slice line)
{
    qvt_rpc_runtime *runtime = data;
    runtime->options.on_log(runtime->options.data, (qvt_rpc_log_level)level, line);
}

static void init(qvt_rpc_runtime *runtime, const qvt_rpc_runtime_options *options)
{
    runtime->options = (qvt_rpc_runtime_options)QVT_RPC_RUNTIME_OPTIONS_INIT;
    options_read(&runtime->options, sizeof(runtime->options), options, options == NULL ? 0 : options->size);
    runtime->log = (struct log){.level = LOG_DEBUG, .format = LOG_TEXT, .data = runtime};
    if (runtime->options.on_log != NULL) {
        runtime->log.sink = write_line;
    }
    runtime->uv = runtime->options.uv_loop;
}

qvt_status qvt_rpc_runtime_new(qvt_rpc_runtime **out, const qvt_rpc_runtime_options *options)
{
    qvt_rpc_runtime *runtime = calloc(1, sizeof(*runtime));
    if (runtime == NULL) {
        return QVT_NO_MEMORY;
    }
    init(runtime, options);
    qvt_status status = QVT_UNAVAILABLE;
    if (runtime->uv == NULL) {
        if (descriptors_prepare() != QVT_OK || uv_loop_init(&runtime->own_loop) != 0) {
            goto fail_loop;
        }
        runtime->uv = &runtime->own_loop;
    }
    status = net_loop_new(&runtime->loop, runtime->uv);
    if (status != QVT_OK) {
        goto fail_net;
    }
    *out = runtime;
    return QVT_OK;
fail_net:
    if (runtime->uv == &runtime->own_loop) {
        uv_loop_close(&runtime->own_loop);
    }
fail_loop:
    free(runtime);
    return status;
}

void qvt_rpc_runtime_free(qvt_rpc_runtime *runtime)
{
    if (runtime == NULL) {
        return;
    }
    net_loop_close(runtime->loop, NULL, NULL);
    if (runtime->uv == &runtime->own_loop) {
        uv_run(runtime->uv, UV_RUN_DEFAULT);
        int result = uv_loop_close(runtime->uv);
        QVT_ASSERT(result == 0);
    }
    free(runtime);
}

void runtime_use_log(qvt_rpc_runtime *runtime, const struct log *log)
{
    runtime->log = *log;
}

void *qvt_rpc_runtime_loop(qvt_rpc_runtime *runtime)
{
    return runtime->uv;
}

void qvt_rpc_runtime_run(qvt_rpc_runtime *runtime)
{
    uv_run(runtime->uv, UV_RUN_DEFAULT);
}

void qvt_rpc_runtime_stop(qvt_rpc_runtime *runtime)
{
    uv_stop(runtime->uv);
}
