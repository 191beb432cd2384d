/* A server with one method for each thing that a client may meet; prints its address, stops gracefully on SIGTERM. */
#include "tests/integration/rpc/peer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "base/check.h"

struct process {
    struct peer peer;
    qvt_rpc_runtime *runtime;
    uv_signal_t terminate;
    uint32_t grace_ms;
};

static void print_log(void *data, qvt_rpc_log_level level, qvt_slice line)
{
    (void)data;
    (void)level;
    fprintf(stderr, "%.*s\n", (int)line.len, (const char *)line.data);
}

static void on_server_closed(void *data)
{
    struct process *process = data;
    qvt_rpc_server_free(process->peer.server);
    uv_close((uv_handle_t *)&process->terminate, NULL);
}

static void on_terminate(uv_signal_t *handle, int number)
{
    (void)number;
    struct process *process = handle->data;
    uv_signal_stop(handle);
    qvt_rpc_server_shutdown(process->peer.server, process->grace_ms, on_server_closed, process);
}

static uint32_t option(const char *name, uint32_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : (uint32_t)strtoul(text, NULL, 10);
}

static void watch_signal(struct process *process)
{
    int result = uv_signal_init(qvt_rpc_runtime_loop(process->runtime), &process->terminate);
    QVT_ASSERT(result == 0);
    process->terminate.data = process;
    result = uv_signal_start(&process->terminate, on_terminate, SIGTERM);
    QVT_ASSERT(result == 0);
}

int main(int argc, char **argv)
{
    struct process process = {.grace_ms = option("PEER_GRACE_MS", 2000)};
    qvt_rpc_runtime_options runtime_options = QVT_RPC_RUNTIME_OPTIONS_INIT;
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    qvt_error error;
    runtime_options.on_log = print_log;
    options.preface_timeout_ms = option("PEER_PREFACE_MS", options.preface_timeout_ms);
    options.max_message_bytes = option("PEER_MAX_MESSAGE", options.max_message_bytes);
    options.max_queued_bytes = option("PEER_MAX_QUEUED", options.max_queued_bytes);
    options.max_concurrent_streams = option("PEER_MAX_STREAMS", options.max_concurrent_streams);
    if (qvt_rpc_runtime_new(&process.runtime, &runtime_options) != QVT_OK ||
        qvt_rpc_server_new(&process.peer.server, process.runtime, &options) != QVT_OK ||
        peer_add_methods(&process.peer) != QVT_OK) {
        return 1;
    }
    if (qvt_rpc_server_listen(process.peer.server, argc > 1 ? argv[1] : "127.0.0.1:0", &error) != QVT_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 2;
    }
    watch_signal(&process);
    printf("ready %s\n", qvt_rpc_server_address(process.peer.server));
    fflush(stdout);
    qvt_rpc_runtime_run(process.runtime);
    qvt_rpc_runtime_free(process.runtime);
    return 0;
}
