/* v1 and v1alpha differ in their names only, so the messages of v1 serve both. */
#include "qvt/rpc/reflection.h"

#include <stdlib.h>
#include <string.h>

#include "grpc/health/v1/health.descriptor.h"
#include "grpc/reflection/v1/reflection.descriptor.h"
#include "grpc/reflection/v1/reflection.methods.h"
#include "grpc/reflection/v1alpha/reflection.descriptor.h"
#include "grpc/reflection/v1alpha/reflection.methods.h"
#include "qvt/rpc/message.h"
#include "rpc/standard/answer.h"
#include "rpc/standard/files.h"

struct qvt_rpc_reflection {
    struct files files;
};

/* A decoded message is one block. */
static void *take_block(void *data, size_t size)
{
    void **block = data;
    *block = malloc(size);
    return *block;
}

static void finish(qvt_rpc_server_call *call, qvt_status status, const char *message)
{
    qvt_error error;
    (void)qvt_error_set(&error, status, NULL, "%s", message);
    qvt_rpc_server_call_finish(call, &error);
}

static void answer_one(const qvt_rpc_reflection *reflection, qvt_rpc_server_call *call, ProtobufCMessage *message)
{
    struct answer answer;
    qvt_status status = answer_init(&answer, &reflection->files, (answer_request *)(void *)message);
    if (status == QVT_OK) {
        status = qvt_rpc_server_call_send_message(call, &answer.response.base);
    }
    answer_deinit(&answer);
    if (status != QVT_OK && status != QVT_CANCELLED) {
        finish(call, status, "no memory for the answer");
    } else if (qvt_rpc_server_call_queued(call) > 0) {
        /* An answer is far larger than its request: one at a time. */
        qvt_rpc_server_call_hold(call);
    }
}

static void on_message(qvt_rpc_server_call *call, qvt_slice wire, void *data)
{
    void *block = NULL;
    const qvt_rpc_message_memory memory = {take_block, &block, 0};
    ProtobufCMessage *message = NULL;
    qvt_error error;
    if (qvt_rpc_message_decode(&message, &grpc__reflection__v1__server_reflection_request__descriptor, wire, &memory,
                               &error) == QVT_OK) {
        answer_one(data, call, message);
    } else {
        qvt_rpc_server_call_finish(call, &error);
    }
    free(block);
}

static void on_drain(qvt_rpc_server_call *call, void *data)
{
    (void)data;
    qvt_rpc_server_call_resume(call);
}

static void on_over(qvt_rpc_server_call *call, void *data)
{
    (void)data;
    qvt_rpc_server_call_finish(call, NULL);
}

qvt_status qvt_rpc_reflection_new(qvt_rpc_reflection **out)
{
    *out = calloc(1, sizeof(**out));
    return *out == NULL ? QVT_NO_MEMORY : QVT_OK;
}

void qvt_rpc_reflection_free(qvt_rpc_reflection *reflection)
{
    if (reflection != NULL) {
        files_deinit(&reflection->files);
        free(reflection);
    }
}

qvt_status qvt_rpc_reflection_add(qvt_rpc_reflection *reflection, const qvt_rpc_descriptor_set *set)
{
    return files_add(&reflection->files, set);
}

qvt_status qvt_rpc_reflection_add_health(qvt_rpc_reflection *reflection)
{
    return files_add(&reflection->files, &grpc_health_v1_health_proto);
}

qvt_status qvt_rpc_reflection_serve(qvt_rpc_reflection *reflection, qvt_rpc_server *server)
{
    static const qvt_rpc_handler handler = {
        .on_message = on_message, .on_half_close = on_over, .on_cancel = on_over, .on_drain = on_drain};
    qvt_status status = files_add(&reflection->files, &grpc_reflection_v1_reflection_proto);
    if (status == QVT_OK) {
        status = files_add(&reflection->files, &grpc_reflection_v1alpha_reflection_proto);
    }
    if (status == QVT_OK) {
        status =
            qvt_rpc_server_add_method(server, &grpc_reflection_v1_server_reflection_methods[0], &handler, reflection);
    }
    if (status == QVT_OK) {
        status = qvt_rpc_server_add_method(server, &grpc_reflection_v1alpha_server_reflection_methods[0], &handler,
                                           reflection);
    }
    return status;
}
