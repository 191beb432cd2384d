/* Greets: greeter_server [ADDRESS:PORT] */
#include <stdio.h>

#include <qvt/rpc/message.h>

#include "greeter.server.h"

static void say_hello(void *self, qvt_rpc_unary *unary, const Greeter__V1__HelloRequest *request)
{
    Greeter__V1__HelloReply reply = GREETER__V1__HELLO_REPLY__INIT;
    char message[128];
    qvt_error error;
    (void)self;
    if (snprintf(message, sizeof(message), "Hello, %s!", request->name) >= (int)sizeof(message)) {
        qvt_error_field(&error, "name", "at most 100 bytes");
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    reply.message = message;
    qvt_rpc_unary_reply_message(unary, &reply.base);
}

int main(int argc, char **argv)
{
    static const greeter_v1_greeter_handlers handlers = {.say_hello = say_hello};
    const greeter_v1_greeter_service service = {&handlers, NULL};
    qvt_rpc_runtime *runtime = NULL;
    qvt_rpc_server *server = NULL;
    qvt_error error = {.message = "out of memory"};
    if (qvt_rpc_runtime_new(&runtime, NULL) != QVT_OK || qvt_rpc_server_new(&server, runtime, NULL) != QVT_OK ||
        greeter_v1_greeter_serve(server, &service) != QVT_OK ||
        qvt_rpc_server_listen(server, argc > 1 ? argv[1] : "127.0.0.1:50051", &error) != QVT_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    printf("listening on %s\n", qvt_rpc_server_address(server));
    fflush(stdout);
    qvt_rpc_runtime_run(runtime);
    return 0;
}
