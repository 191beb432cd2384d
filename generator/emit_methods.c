/* <proto>.methods.{h,c}: the static tables of qvt/rpc/method.h. */
#include "generator/emit.h"
#include "generator/names.h"
#include "generator/text.h"

static const char *kind_of(const struct model_method *method)
{
    if (method->client_streaming) {
        return method->server_streaming ? "QVT_RPC_BIDI_STREAMING" : "QVT_RPC_CLIENT_STREAMING";
    }
    return method->server_streaming ? "QVT_RPC_SERVER_STREAMING" : "QVT_RPC_UNARY";
}

static const char *idempotency_of(const struct model_method *method)
{
    switch (method->idempotency) {
    case 1: return "QVT_RPC_NO_SIDE_EFFECTS";
    case 2: return "QVT_RPC_IDEMPOTENT";
    default: return "QVT_RPC_IDEMPOTENCY_UNKNOWN";
    }
}

static void declare_service(struct emit *emit, struct buf *out, const struct model_service *service)
{
    text_c_comment(out, "", service->comment);
    text_add(out, "extern const qvt_rpc_service %s;\n\n", service->snake);
    if (service->method_count > 0) {
        text_add(out, "extern const qvt_rpc_method %s_methods[%zu];\n\n", service->snake, service->method_count);
    }
    text_raw(out, "/* Where each method is in it. */\nenum {\n");
    for (size_t i = 0; i < service->method_count; i++) {
        const struct model_method *method = &service->methods[i];
        text_add(out, "    %s_%s = %zu,\n", service->upper, names_constant(emit->arena, method->snake), i);
    }
    text_add(out, "    %s_METHOD_COUNT = %zu\n};\n\n", service->upper, service->method_count);
}

static void define_service(struct buf *out, const struct model_service *service)
{
    if (service->method_count > 0) {
        text_add(out, "const qvt_rpc_method %s_methods[%zu] = {\n", service->snake, service->method_count);
    }
    for (size_t i = 0; i < service->method_count; i++) {
        const struct model_method *method = &service->methods[i];
        text_add(out, "    {\"/%s/%s\", \"%s\",\n     \"%s\", \"%s\",\n     %s, %s, %zu},\n", service->full_name,
                 method->name, method->name, method->input->full_name, method->output->full_name, kind_of(method),
                 idempotency_of(method), i);
    }
    text_add(out, "%sconst qvt_rpc_service %s = {\"%s\", ", service->method_count > 0 ? "};\n\n" : "", service->snake,
             service->full_name);
    if (service->method_count > 0) {
        text_add(out, "%s_methods, %zu};\n\n", service->snake, service->method_count);
    } else {
        text_raw(out, "NULL, 0};\n\n");
    }
}

void emit_methods(struct emit *emit, const struct model_file *file)
{
    if (file->service_count == 0) {
        return;
    }
    struct buf *header =
        emit_open_header(emit, file, "methods", "Services and their methods.", "#include \"qvt/rpc/method.h\"\n");
    struct buf *source = emit_open_source(emit, file, "methods", "");
    for (size_t i = 0; i < file->service_count; i++) {
        declare_service(emit, header, &file->services[i]);
        define_service(source, &file->services[i]);
    }
    emit_close_header(header);
}
