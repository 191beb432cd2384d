/* The server that gRPC's interoperability clients are run against: interop_server --port N [--host ADDRESS] */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grpc/testing/test.descriptor.h"
#include "qvt/rpc/health.h"
#include "qvt/rpc/reflection.h"
#include "tests/conformance/server/service.h"

enum { GRACE_MS = 2000 };

struct process {
    qvt_rpc_runtime *runtime;
    qvt_rpc_server *server;
    qvt_rpc_health *health;
    qvt_rpc_reflection *reflection;
    grpc_testing_test_service_handlers handlers;
    grpc_testing_test_service_service service;
    struct output_service output;
    uv_signal_t terminate;
};

static void print_log(void *data, qvt_rpc_log_level level, qvt_slice line)
{
    (void)data;
    (void)level;
    fprintf(stderr, "%.*s\n", (int)line.len, (const char *)line.data);
}

static void on_closed(void *data)
{
    struct process *process = data;
    uv_close((uv_handle_t *)&process->terminate, NULL);
}

static void on_terminate(uv_signal_t *handle, int number)
{
    struct process *process = handle->data;
    (void)number;
    uv_signal_stop(handle);
    qvt_rpc_health_shutdown(process->health);
    qvt_rpc_server_shutdown(process->server, GRACE_MS, on_closed, process);
}

static qvt_status add_services(struct process *process)
{
    qvt_status status = grpc_testing_test_service_serve(process->server, &process->service);
    if (status == QVT_OK) {
        status = qvt_rpc_health_serve(process->health, process->server);
    }
    if (status == QVT_OK) {
        status = qvt_rpc_reflection_add(process->reflection, &grpc_testing_test_proto);
    }
    if (status == QVT_OK) {
        status = qvt_rpc_reflection_serve(process->reflection, process->server);
    }
    return status;
}

static int serve(struct process *process, const char *address)
{
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    qvt_error error;
    if (qvt_rpc_server_new(&process->server, process->runtime, &options) != QVT_OK ||
        qvt_rpc_health_new(&process->health) != QVT_OK || qvt_rpc_reflection_new(&process->reflection) != QVT_OK ||
        add_services(process) != QVT_OK) {
        return 1;
    }
    if (qvt_rpc_server_listen(process->server, address, &error) != QVT_OK) {
        fprintf(stderr, "interop_server: %s\n", error.message);
        return 2;
    }
    uv_signal_init(process->output.loop, &process->terminate);
    process->terminate.data = process;
    uv_signal_start(&process->terminate, on_terminate, SIGTERM);
    printf("ready %s\n", qvt_rpc_server_address(process->server));
    fflush(stdout);
    qvt_rpc_runtime_run(process->runtime);
    return 0;
}

/* The word behind `--name` or `--name=`; NULL when there is none. */
static const char *option(int argc, char **argv, const char *name)
{
    size_t len = strlen(name);
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], name, len) == 0 && argv[i][len] == '=') {
            return argv[i] + len + 1;
        }
        if (strcmp(argv[i], name) == 0 && i + 1 < argc) {
            return argv[i + 1];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct process process = {.service = {&process.handlers, &process.output}};
    qvt_rpc_runtime_options options = QVT_RPC_RUNTIME_OPTIONS_INIT;
    const char *host = option(argc, argv, "--host");
    const char *port = option(argc, argv, "--port");
    char address[128];
    if (port == NULL) {
        fputs("usage: interop_server --port N [--host ADDRESS]\n", stderr);
        return 2;
    }
    (void)snprintf(address, sizeof(address), "%s:%s", host == NULL ? "127.0.0.1" : host, port);
    service_fill(&process.handlers);
    options.on_log = print_log;
    if (qvt_rpc_runtime_new(&process.runtime, &options) != QVT_OK) {
        return 1;
    }
    process.output.loop = qvt_rpc_runtime_loop(process.runtime);
    int result = serve(&process, address);
    qvt_rpc_server_free(process.server);
    qvt_rpc_health_free(process.health);
    qvt_rpc_reflection_free(process.reflection);
    qvt_rpc_runtime_free(process.runtime);
    return result;
}
