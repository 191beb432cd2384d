#include "server/gateway/json_call.h"

#include "json/writer.h"

static void fail_with(struct request *request, qvt_status status, const char *message)
{
    qvt_error error;
    (void)qvt_error_set(&error, status, NULL, "%s", message);
    request_fail(request, &error, 0, NULL);
}

static qvt_status write_json(const struct json_message_type *type, qvt_slice wire, struct buf *out)
{
    struct json_writer writer;
    ProtobufCMessage *message = protobuf_c_message_unpack(type->descriptor, NULL, wire.len, wire.data);
    if (message == NULL) {
        return QVT_NO_MEMORY;
    }
    json_writer_init(&writer, out);
    type->write(&writer, message);
    protobuf_c_message_free_unpacked(message, NULL);
    return writer.status == QVT_OK ? buf_append_byte(out, '\n') : writer.status;
}

static void answer(struct request *request, qvt_slice wire)
{
    struct buf body = BUF_INIT;
    qvt_status status = write_json(request->binding->response, wire, &body);
    if (status == QVT_OK) {
        request_answer(request, MHD_HTTP_OK, "application/json", &body);
        return;
    }
    buf_deinit(&body);
    fail_with(request, status, "the answer cannot be written as JSON");
}

static void reply(qvt_rpc_unary *unary, const qvt_slice *parts, size_t part_count)
{
    struct request *request = (struct request *)unary;
    struct buf wire = BUF_INIT;
    qvt_status status = QVT_OK;
    if (part_count == 1) {
        answer(request, parts[0]);
        return;
    }
    for (size_t i = 0; i < part_count && status == QVT_OK; i++) {
        status = buf_append_slice(&wire, parts[i]);
    }
    if (status == QVT_OK) {
        answer(request, buf_slice(&wire));
    } else {
        fail_with(request, status, "out of memory for the answer");
    }
    buf_deinit(&wire);
}

static void fail(qvt_rpc_unary *unary, const qvt_error *error)
{
    request_fail((struct request *)unary, error, 0, NULL);
}

static void *alloc(qvt_rpc_unary *unary, size_t size)
{
    return arena_alloc(&((struct request *)unary)->memory, size);
}

void json_call_prepare(struct request *request)
{
    static const qvt_rpc_unary_carrier CARRIER = {reply, fail, alloc, "http"};
    request->unary.carrier = &CARRIER;
}

void json_call_start(struct request *request, const ProtobufCMessage *message)
{
    request->binding->dispatch(service_handlers(), request->gateway->options.service, &request->unary, message);
}
