/* <proto>.client.{h,c}: typed nanopb stubs on qvt/rpc/client.h. */
#include "generator/emit.h"
#include "generator/names.h"
#include "generator/text.h"

static const char head_comment[] =
    "/* Requests are encoded before a function returns; what their callbacks borrow is free then. INVALID_ARGUMENT "
    "when a\n"
    " * callback fails, NO_MEMORY, else as the functions of qvt/rpc/client.h. Responses come to callbacks->on_message, "
    "where\n"
    " * `…_client_read_…` decodes them: the caller sets the response's callbacks first; messages nest no deeper than "
    "their\n"
    " * types do, unless such a callback recurses. INTERNAL: the bytes are no such message; error may be NULL. */\n\n";

static const char encode_source[] =
    "/* NULL: out of memory, or a callback of the message failed. To be freed. */\n"
    "static uint8_t *encode(const pb_msgdesc_t *type, const void *message, size_t *len, qvt_status *status)\n"
    "{\n"
    "    *status = QVT_INVALID_ARGUMENT;\n"
    "    if (!pb_get_encoded_size(len, type, message)) {\n"
    "        return NULL;\n"
    "    }\n"
    "    uint8_t *wire = malloc(*len + 1);\n"
    "    if (wire == NULL) {\n"
    "        *status = QVT_NO_MEMORY;\n"
    "        return NULL;\n"
    "    }\n"
    "    pb_ostream_t stream = pb_ostream_from_buffer(wire, *len);\n"
    "    if (!pb_encode(&stream, type, message)) {\n"
    "        free(wire);\n"
    "        return NULL;\n"
    "    }\n"
    "    *status = QVT_OK;\n"
    "    return wire;\n"
    "}\n\n";

static const char start_source[] =
    "static qvt_status start(qvt_rpc_client_call **out, qvt_rpc_channel *channel, const qvt_rpc_method *method,\n"
    "                        const pb_msgdesc_t *type, const void *request, const qvt_rpc_call_options *options,\n"
    "                        const qvt_rpc_client_callbacks *callbacks, void *data)\n"
    "{\n"
    "    size_t len = 0;\n"
    "    qvt_status status;\n"
    "    uint8_t *wire = encode(type, request, &len, &status);\n"
    "    if (wire == NULL) {\n"
    "        return status;\n"
    "    }\n"
    "    status = qvt_rpc_client_call_unary(out, channel, method, qvt_slice_make(wire, len), options, callbacks, "
    "data);\n"
    "    free(wire);\n"
    "    return status;\n"
    "}\n\n";

static const char send_source[] =
    "static qvt_status send_one(qvt_rpc_client_call *call, const pb_msgdesc_t *type, const void *request)\n"
    "{\n"
    "    size_t len = 0;\n"
    "    qvt_status status;\n"
    "    uint8_t *wire = encode(type, request, &len, &status);\n"
    "    if (wire == NULL) {\n"
    "        return status;\n"
    "    }\n"
    "    status = qvt_rpc_client_call_send(call, qvt_slice_make(wire, len));\n"
    "    free(wire);\n"
    "    return status;\n"
    "}\n\n";

static const char read_source[] =
    "static qvt_status read_one(qvt_slice message, const pb_msgdesc_t *type, void *response, qvt_error *error,\n"
    "                           const char *name)\n"
    "{\n"
    "    pb_istream_t stream = pb_istream_from_buffer(message.data, message.len);\n"
    "    if (pb_decode(&stream, type, response)) {\n"
    "        return QVT_OK;\n"
    "    }\n"
    "    return qvt_error_set(error, QVT_INTERNAL, NULL, \"the response is no %s: %s\", name, PB_GET_ERROR(&stream));\n"
    "}\n\n";

/* The head of a starting function; without a request where the client streams. */
static void add_start(struct buf *out, const struct model_method *method)
{
    text_add(out, "qvt_status %s_client_%s(qvt_rpc_client_call **out, qvt_rpc_channel *channel,\n    ",
             method->service->snake, method->snake);
    if (!method->client_streaming) {
        text_add(out, "const %s *request, ", method->input->nanopb_type);
    }
    text_raw(out, "const qvt_rpc_call_options *options,\n    const qvt_rpc_client_callbacks *callbacks, void *data)");
}

static void add_send(struct buf *out, const struct model_method *method)
{
    text_add(out, "qvt_status %s_client_send_%s(qvt_rpc_client_call *call,\n    const %s *request)",
             method->service->snake, method->snake, method->input->nanopb_type);
}

static void add_read(struct buf *out, const struct model_method *method)
{
    text_add(out, "qvt_status %s_client_read_%s(qvt_slice message,\n    %s *response, qvt_error *error)",
             method->service->snake, method->snake, method->output->nanopb_type);
}

static void declare_method(struct buf *out, const struct model_method *method)
{
    text_c_comment(out, "", method->comment);
    text_raw(out, "QVT_MUST_CHECK ");
    add_start(out, method);
    text_raw(out, ";\n");
    if (method->client_streaming) {
        text_raw(out, "QVT_MUST_CHECK ");
        add_send(out, method);
        text_raw(out, ";\n");
    }
    text_raw(out, "QVT_MUST_CHECK ");
    add_read(out, method);
    text_raw(out, ";\n\n");
}

static void define_method(struct buf *out, const struct model_method *method)
{
    add_start(out, method);
    if (method->client_streaming) {
        text_add(out,
                 "\n{\n    return qvt_rpc_client_call_start(out, channel, &%s_methods[%zu], options, callbacks, "
                 "data);\n}\n\n",
                 method->service->snake, method->index);
        add_send(out, method);
        text_add(out, "\n{\n    return send_one(call, %s_fields, request);\n}\n\n", method->input->nanopb_type);
    } else {
        text_add(out,
                 "\n{\n    return start(out, channel, &%s_methods[%zu], %s_fields,\n        request, options, "
                 "callbacks, data);\n}\n\n",
                 method->service->snake, method->index, method->input->nanopb_type);
    }
    add_read(out, method);
    text_add(out, "\n{\n    return read_one(message, %s_fields, response, error, \"%s\");\n}\n\n",
             method->output->nanopb_type, method->output->full_name);
}

static void define_shared(struct buf *out, const struct model_file *file)
{
    bool whole = false;
    bool streamed = false;
    for (size_t i = 0; i < file->service_count; i++) {
        for (size_t j = 0; j < file->services[i].method_count; j++) {
            bool client_streaming = file->services[i].methods[j].client_streaming;
            streamed = streamed || client_streaming;
            whole = whole || !client_streaming;
        }
    }
    text_raw(out, encode_source);
    text_raw(out, whole ? start_source : "");
    text_raw(out, streamed ? send_source : "");
    text_raw(out, read_source);
}

void emit_client(struct emit *emit, const struct model_file *file)
{
    size_t methods = 0;
    for (size_t i = 0; i < file->service_count; i++) {
        methods += file->services[i].method_count;
    }
    if (methods == 0) {
        return;
    }
    const char *head =
        text_format(emit->arena, "#include \"qvt/rpc/client.h\"\n%s", emit_includes(emit, file, ".pb.h", true));
    const char *includes = text_format(
        emit->arena, "#include <stdlib.h>\n\n#include <pb_decode.h>\n#include <pb_encode.h>\n\n#include \"%s\"\n",
        names_file(emit->arena, file->name, ".methods.h"));
    struct buf *header = emit_open_header(emit, file, "client", "Client stubs on nanopb messages.", head);
    struct buf *source = emit_open_source(emit, file, "client", includes);
    text_raw(header, head_comment);
    define_shared(source, file);
    for (size_t i = 0; i < file->service_count; i++) {
        for (size_t j = 0; j < file->services[i].method_count; j++) {
            declare_method(header, &file->services[i].methods[j]);
            define_method(source, &file->services[i].methods[j]);
        }
    }
    emit_close_header(header);
}
