/* Asks to be greeted: greeter_client [ADDRESS:PORT [NAME]] */
#include <stdio.h>

#include "greeter.client.h"

struct asking {
    qvt_rpc_channel *channel;
    qvt_error error;
};

static void on_message(qvt_rpc_client_call *call, qvt_slice message, void *data)
{
    struct asking *asking = data;
    greeter_v1_HelloReply reply = greeter_v1_HelloReply_init_zero;
    (void)call;
    if (greeter_v1_greeter_client_read_say_hello(message, &reply, &asking->error) == QVT_OK) {
        printf("%s\n", reply.message);
    }
}

static void on_end(qvt_rpc_client_call *call, const qvt_rpc_result *result, void *data)
{
    struct asking *asking = data;
    (void)call;
    asking->error = *result->error;
    qvt_rpc_channel_close(asking->channel, NULL, NULL);
}

int main(int argc, char **argv)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_message = on_message, .on_end = on_end};
    const char *endpoint = argc > 1 ? argv[1] : "127.0.0.1:50051";
    struct asking asking = {.error = {.message = "out of memory"}};
    greeter_v1_HelloRequest request = greeter_v1_HelloRequest_init_zero;
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    qvt_rpc_runtime *runtime = NULL;
    qvt_rpc_client_call *call = NULL;
    options.timeout_ms = 5000;
    snprintf(request.name, sizeof(request.name), "%s", argc > 2 ? argv[2] : "world");
    if (qvt_rpc_runtime_new(&runtime, NULL) != QVT_OK ||
        qvt_rpc_channel_new(&asking.channel, runtime, &endpoint, 1, NULL, &asking.error) != QVT_OK ||
        greeter_v1_greeter_client_say_hello(&call, asking.channel, &request, &options, &callbacks, &asking) != QVT_OK) {
        fprintf(stderr, "%s\n", asking.error.message);
        return 1;
    }
    qvt_rpc_runtime_run(runtime);
    qvt_rpc_runtime_free(runtime);
    if (asking.error.status != QVT_OK) {
        fprintf(stderr, "%s: %s\n", qvt_status_name(asking.error.status), asking.error.message);
    }
    return asking.error.status == QVT_OK ? 0 : 1;
}
