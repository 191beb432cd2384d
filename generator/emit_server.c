/* <proto>.server.{h,c}: the handler interface of a service on qvt/rpc/server.h. */
#include "generator/emit.h"
#include "generator/names.h"
#include "generator/text.h"

static void declare_stream_handler(struct buf *out, const struct model_service *service,
                                   const struct model_method *method)
{
    const char *type = method->input->c_type;
    text_add(out,
             "/* Serves %s. What is NULL is not called. Every call that began is finished by the handler, once. */\n",
             method->name);
    text_raw(out, "typedef struct ");
    text_add(out, "%s_%s_handler {\n", service->snake, method->snake);
    if (method->client_streaming) {
        text_raw(out, "    void (*on_begin)(void *self, qvt_rpc_server_call *call);\n"
                      "    /* The request is valid until it returns. */\n");
        text_add(out, "    void (*on_message)(void *self, qvt_rpc_server_call *call, const %s *request);\n", type);
        text_raw(out,
                 "    /* A message that is no valid request, or is not admitted; the handler finishes the call, as a "
                 "rule with\n"
                 "     * the error. NULL: the call is finished with the error. */\n"
                 "    void (*on_invalid)(void *self, qvt_rpc_server_call *call, const qvt_error *error);\n"
                 "    void (*on_half_close)(void *self, qvt_rpc_server_call *call);\n");
    } else {
        text_raw(out, "    /* The request is valid until the call is finished. */\n");
        text_add(out, "    void (*on_request)(void *self, qvt_rpc_server_call *call, const %s *request);\n", type);
    }
    text_raw(out, "    void (*on_cancel)(void *self, qvt_rpc_server_call *call);\n");
    if (method->server_streaming) {
        text_raw(out, "    void (*on_drain)(void *self, qvt_rpc_server_call *call);\n");
    }
    text_add(out, "} %s_%s_handler;\n\n", service->snake, method->snake);
}

static const char admit_comment[] = "    /* Asked about every request, also of a stream, before its handler, which "
                                    "sees what it changes in the request: OK,\n"
                                    "     * or the call ends with *error. NULL: every request is served. */\n";

static void declare_handlers(struct buf *out, const struct model_service *service)
{
    text_add(
        out,
        "/* What serves %s. self is that of the service. A unary request is valid until the reply or fail that each\n"
        " * handler owes. A method whose handler is NULL (of a stream: on_message or on_request) is unimplemented. */\n"
        "typedef struct %s_handlers {\n",
        service->full_name, service->snake);
    if (service->method_count > 0) {
        text_raw(out, admit_comment);
        text_raw(out, "    qvt_status (*admit)(void *self, qvt_rpc_unary *unary, const qvt_rpc_method *method, "
                      "ProtobufCMessage *request,\n                        qvt_error *error);\n");
    }
    for (size_t i = 0; i < service->method_count; i++) {
        const struct model_method *method = &service->methods[i];
        text_c_comment(out, "    ", method->comment);
        if (emit_is_unary(method)) {
            text_add(out, "    void (*%s)(void *self, qvt_rpc_unary *unary, const %s *request);\n", method->member,
                     method->input->c_type);
        } else {
            text_add(out, "    %s_%s_handler %s;\n", service->snake, method->snake, method->member);
        }
    }
    if (service->method_count == 0) {
        text_raw(out, "    void *none;\n");
    }
    text_add(out, "} %s_handlers;\n\n", service->snake);
}

static void declare_service(struct buf *out, const struct model_service *service)
{
    for (size_t i = 0; i < service->method_count; i++) {
        if (!emit_is_unary(&service->methods[i])) {
            declare_stream_handler(out, service, &service->methods[i]);
        }
    }
    declare_handlers(out, service);
    text_add(out,
             "/* An implementation: handlers and what they work on, both borrowed. */\n"
             "typedef struct %s_service {\n    const %s_handlers *handlers;\n    void *self;\n} %s_service;\n\n",
             service->snake, service->snake, service->snake);
    text_add(
        out,
        "/* Adds every method that has a handler to the server. The service is borrowed until the server is freed.\n"
        " * ALREADY_EXISTS, NO_MEMORY. */\n"
        "QVT_MUST_CHECK qvt_status %s_serve(qvt_rpc_server *server, const %s_service *service);\n\n",
        service->snake, service->snake);
}

static const char decode_source[] = "/* NULL: it was no valid request, and the call has been answered. */\n"
                                    "static ProtobufCMessage *decode(qvt_rpc_unary *unary, const "
                                    "ProtobufCMessageDescriptor *type, qvt_slice wire)\n"
                                    "{\n"
                                    "    ProtobufCMessage *message = NULL;\n"
                                    "    qvt_error error;\n"
                                    "    if (qvt_rpc_unary_decode(unary, type, wire, &message, &error) != QVT_OK) {\n"
                                    "        qvt_rpc_unary_fail(unary, &error);\n"
                                    "        return NULL;\n"
                                    "    }\n"
                                    "    return message;\n"
                                    "}\n\n";

static const char take_block_source[] = "/* A decoded message is one block. */\n"
                                        "static void *take_block(void *data, size_t size)\n"
                                        "{\n"
                                        "    void **block = data;\n"
                                        "    *block = malloc(size);\n"
                                        "    return *block;\n"
                                        "}\n\n";

/* One a service: its handlers are a type of their own. */
static void define_admits(struct emit *emit, struct buf *out, const struct model_service *service)
{
    text_add(out,
             "static qvt_status admit_%s(const %s_service *service, qvt_rpc_unary *unary, size_t method, "
             "ProtobufCMessage *request,\n    qvt_error *error)\n{\n",
             names_snake(emit->arena, service->name), service->snake);
    text_raw(out, "    if (service->handlers->admit == NULL) {\n        return QVT_OK;\n    }\n");
    text_add(out,
             "    return service->handlers->admit(service->self, unary, &%s_methods[method], request, error);\n}\n\n",
             service->snake);
}

/* The static function that stands between the server and one callback: "version_tracker__watch", and
 * "version_tracker__heartbeat__on_begin", which no method in the style of protobuf is called. */
static const char *local(struct emit *emit, const struct model_method *method, const char *callback)
{
    return text_format(emit->arena, "%s__%s%s%s", names_snake(emit->arena, method->service->name), method->snake,
                       *callback == '\0' ? "" : "__", callback);
}

static void define_request(struct emit *emit, struct buf *out, const struct model_method *method)
{
    bool unary = emit_is_unary(method);
    text_add(out, "static void %s(qvt_rpc_server_call *call, qvt_slice wire, void *data)\n{\n",
             local(emit, method, ""));
    text_add(out, "    const %s_service *service = data;\n", method->service->snake);
    text_raw(out, "    qvt_rpc_unary *unary = qvt_rpc_server_call_unary(call);\n");
    text_add(out, "    ProtobufCMessage *request = decode(unary, &%s__descriptor, wire);\n", method->input->c_lower);
    text_raw(out, "    qvt_error error;\n    if (request == NULL) {\n        return;\n    }\n");
    text_add(out, "    if (admit_%s(service, unary, %zu, request, &error) != QVT_OK) {\n",
             names_snake(emit->arena, method->service->name), method->index);
    text_raw(out, "        qvt_rpc_unary_fail(unary, &error);\n        return;\n    }\n");
    text_add(out, "    service->handlers->%s%s(service->self, %s, (const %s *)request);\n}\n\n", method->member,
             unary ? "" : ".on_request", unary ? "unary" : "call", method->input->c_type);
}

static void define_message(struct emit *emit, struct buf *out, const struct model_method *method)
{
    text_add(out, "static void %s(qvt_rpc_server_call *call, qvt_slice wire, void *data)\n{\n",
             local(emit, method, "on_message"));
    text_add(out, "    const %s_service *service = data;\n    const %s_%s_handler *handler = &service->handlers->%s;\n",
             method->service->snake, method->service->snake, method->snake, method->member);
    text_raw(out, "    void *block = NULL;\n"
                  "    const qvt_rpc_message_memory memory = {take_block, &block, 0};\n"
                  "    ProtobufCMessage *request = NULL;\n"
                  "    qvt_error error;\n");
    text_add(out,
             "    qvt_status status = qvt_rpc_message_decode(&request, &%s__descriptor, wire, &memory, &error);\n"
             "    if (status == QVT_OK) {\n"
             "        status = admit_%s(service, qvt_rpc_server_call_unary(call), %zu, request, &error);\n"
             "    }\n"
             "    if (status == QVT_OK) {\n",
             method->input->c_lower, names_snake(emit->arena, method->service->name), method->index);
    text_add(out, "        handler->on_message(service->self, call, (const %s *)request);\n", method->input->c_type);
    text_raw(out, "    } else if (handler->on_invalid != NULL) {\n"
                  "        handler->on_invalid(service->self, call, &error);\n"
                  "    } else {\n"
                  "        qvt_rpc_server_call_finish(call, &error);\n"
                  "    }\n"
                  "    free(block);\n"
                  "}\n\n");
}

static void define_event(struct emit *emit, struct buf *out, const struct model_method *method, const char *event)
{
    text_add(out, "static void %s(qvt_rpc_server_call *call, void *data)\n{\n", local(emit, method, event));
    text_add(out, "    const %s_service *service = data;\n", method->service->snake);
    text_add(out,
             "    if (service->handlers->%s.%s != NULL) {\n        service->handlers->%s.%s(service->self, call);\n    "
             "}\n}\n\n",
             method->member, event, method->member, event);
}

static void define_method(struct emit *emit, struct buf *out, const struct model_method *method)
{
    if (method->client_streaming) {
        define_event(emit, out, method, "on_begin");
        define_message(emit, out, method);
        define_event(emit, out, method, "on_half_close");
    } else {
        define_request(emit, out, method);
    }
    if (!emit_is_unary(method)) {
        define_event(emit, out, method, "on_cancel");
    }
    if (method->server_streaming) {
        define_event(emit, out, method, "on_drain");
    }
}

static void add_registration(struct emit *emit, struct buf *out, const struct model_method *method)
{
    const char *trigger = emit_is_unary(method) ? "" : method->client_streaming ? ".on_message" : ".on_request";
    text_add(out, "    if (status == QVT_OK && service->handlers->%s%s != NULL) {\n", method->member, trigger);
    text_raw(out, "        static const qvt_rpc_handler handler = {\n");
    if (method->client_streaming) {
        text_add(out, "            .on_begin = %s,\n", local(emit, method, "on_begin"));
        text_add(out, "            .on_message = %s,\n", local(emit, method, "on_message"));
        text_add(out, "            .on_half_close = %s,\n", local(emit, method, "on_half_close"));
    } else {
        text_add(out, "            .on_request = %s,\n", local(emit, method, ""));
    }
    if (!emit_is_unary(method)) {
        text_add(out, "            .on_cancel = %s,\n", local(emit, method, "on_cancel"));
    }
    if (method->server_streaming) {
        text_add(out, "            .on_drain = %s,\n", local(emit, method, "on_drain"));
    }
    text_add(out,
             "        };\n        status = qvt_rpc_server_add_method(server, &%s_methods[%zu], &handler, (void "
             "*)service);\n    }\n",
             method->service->snake, method->index);
}

static void define_service(struct emit *emit, struct buf *out, const struct model_service *service)
{
    if (service->method_count > 0) {
        define_admits(emit, out, service);
    }
    for (size_t i = 0; i < service->method_count; i++) {
        define_method(emit, out, &service->methods[i]);
    }
    text_add(out, "qvt_status %s_serve(qvt_rpc_server *server, const %s_service *service)\n{\n", service->snake,
             service->snake);
    text_raw(out, "    qvt_status status = QVT_OK;\n");
    if (service->method_count == 0) {
        text_raw(out, "    (void)server;\n    (void)service;\n");
    }
    for (size_t i = 0; i < service->method_count; i++) {
        add_registration(emit, out, &service->methods[i]);
    }
    text_raw(out, "    return status;\n}\n\n");
}

/* Which of the shared static functions the file needs. */
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
    text_raw(out, whole ? decode_source : "");
    text_raw(out, streamed ? take_block_source : "");
}

void emit_server(struct emit *emit, const struct model_file *file)
{
    if (file->service_count == 0) {
        return;
    }
    const char *header_includes =
        text_format(emit->arena, "#include \"qvt/rpc/server.h\"\n%s", emit_includes(emit, file, ".pb-c.h", true));
    const char *methods = names_file(emit->arena, file->name, ".methods.h");
    const char *source_includes =
        text_format(emit->arena, "#include <stdlib.h>\n\n#include \"%s\"\n#include \"qvt/rpc/message.h\"\n", methods);
    struct buf *header = emit_open_header(emit, file, "server", "Handler interfaces.", header_includes);
    struct buf *source = emit_open_source(emit, file, "server", source_includes);
    define_shared(source, file);
    for (size_t i = 0; i < file->service_count; i++) {
        declare_service(header, &file->services[i]);
        define_service(emit, source, &file->services[i]);
    }
    emit_close_header(header);
}
