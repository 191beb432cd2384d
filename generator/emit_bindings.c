/* <proto>.bindings.{h,c}: a service as tables of json/binding.h. */
#include "generator/emit.h"
#include "generator/names.h"
#include "generator/text.h"

static const char refuse_source[] =
    "static void refuse(qvt_rpc_unary *unary, const char *method)\n"
    "{\n"
    "    qvt_error error;\n"
    "    (void)qvt_error_set(&error, QVT_UNIMPLEMENTED, NULL, \"method %s is not implemented\", method);\n"
    "    qvt_rpc_unary_fail(unary, &error);\n"
    "}\n\n";

static const char *local(struct emit *emit, const struct model_method *method)
{
    return text_format(emit->arena, "dispatch_%s_%s", names_snake(emit->arena, method->service->name), method->snake);
}

static void define_dispatch(struct emit *emit, struct buf *out, const struct model_method *method)
{
    text_add(out,
             "static void %s(const void *handlers, void *self, qvt_rpc_unary *unary,\n    const ProtobufCMessage "
             "*request)\n{\n",
             local(emit, method));
    text_add(out, "    const %s_handlers *typed = handlers;\n", method->service->snake);
    text_add(out, "    if (typed->%s == NULL) {\n        refuse(unary, \"%s\");\n        return;\n    }\n",
             method->member, method->name);
    text_add(out, "    typed->%s(self, unary, (const %s *)request);\n}\n\n", method->member, method->input->c_type);
}

static void define_service(struct emit *emit, struct buf *out, const struct model_service *service)
{
    for (size_t i = 0; i < service->method_count; i++) {
        if (emit_is_unary(&service->methods[i])) {
            define_dispatch(emit, out, &service->methods[i]);
        }
    }
    text_add(out, "const struct json_binding %s_bindings[] = {\n", service->snake);
    for (size_t i = 0; i < service->method_count; i++) {
        const struct model_method *method = &service->methods[i];
        text_add(out, "    {&%s_methods[%zu],\n     &%s_json_type,\n     &%s_json_type,\n     %s,\n", service->snake, i,
                 method->input->snake, method->output->snake, emit_is_unary(method) ? local(emit, method) : "NULL");
        if (method->route_count > 0) {
            text_add(out, "     %s_%s_set_field},\n", service->snake, method->snake);
        } else {
            text_raw(out, "     NULL},\n");
        }
    }
    text_raw(out, "};\n\n");
}

void emit_bindings(struct emit *emit, const struct model_file *file)
{
    bool unary = false;
    bool routed = false;
    size_t methods = 0;
    for (size_t i = 0; i < file->service_count; i++) {
        unary = unary || emit_has_unary(&file->services[i]);
        methods += file->services[i].method_count;
        for (size_t j = 0; j < file->services[i].method_count; j++) {
            routed = routed || file->services[i].methods[j].route_count > 0;
        }
    }
    if (methods == 0) {
        return;
    }
    const char *routes =
        text_format(emit->arena, "#include \"%s\"\n", names_file(emit->arena, file->name, ".routes.h"));
    const char *includes =
        text_format(emit->arena, "#include \"%s\"\n%s#include \"%s\"\n#include \"json/well_known.h\"\n%s",
                    names_file(emit->arena, file->name, ".methods.h"), routed ? routes : "",
                    names_file(emit->arena, file->name, ".server.h"),
                    emit_includes(emit, file, ".json.h", file->message_count > 0));
    struct buf *header =
        emit_open_header(emit, file, "bindings", "Services as tables.", "#include \"json/binding.h\"\n");
    struct buf *source = emit_open_source(emit, file, "bindings", includes);
    text_raw(source, unary ? refuse_source : "");
    for (size_t i = 0; i < file->service_count; i++) {
        const struct model_service *service = &file->services[i];
        if (service->method_count > 0) {
            text_add(header,
                     "/* In the order of %s.methods. */\nextern const struct json_binding %s_bindings[%zu];\n\n",
                     service->full_name, service->snake, service->method_count);
            define_service(emit, source, service);
        }
    }
    emit_close_header(header);
}
