#include "generator/model_parts.h"

#include "generator/names.h"
#include "generator/text.h"

/* Field numbers of descriptor.proto, and the extension google.api.http. */
enum {
    FILE_SERVICE = 6,
    SERVICE_METHOD = 2,
    METHOD_OPTIONS = 4,
    OPTION_HTTP = 72295728,
};

static void add_method(struct model *model, struct model_service *service,
                       const Google__Protobuf__MethodDescriptorProto *proto, const struct location *at)
{
    struct model_method *method = &service->methods[service->method_count];
    method->index = service->method_count++;
    method->name = proto->name;
    method->snake = names_snake(model->arena, proto->name);
    method->member = names_member(model->arena, method->snake);
    method->service = service;
    method->input = model_find_message(model, proto->input_type);
    method->output = model_find_message(model, proto->output_type);
    method->client_streaming = proto->client_streaming;
    method->server_streaming = proto->server_streaming;
    method->comment = location_comment(model->arena, at);
    method->line = location_line(at);
    if (proto->options != NULL) {
        method->idempotency = (int)proto->options->idempotency_level;
        method->deprecated = proto->options->deprecated;
        method->http_line = location_option_line(at, METHOD_OPTIONS, OPTION_HTTP);
        model_add_routes(model, method, proto);
    }
}

void model_add_services(struct model *model, struct model_file *file)
{
    const Google__Protobuf__FileDescriptorProto *proto = file->proto;
    struct location root = {.file = proto};
    file->services = text_alloc(model->arena, proto->n_service * sizeof(*file->services));
    for (size_t i = 0; i < proto->n_service; i++) {
        const Google__Protobuf__ServiceDescriptorProto *from = proto->service[i];
        struct location at = location_child(&root, FILE_SERVICE, (int32_t)i);
        struct model_service *service = &file->services[file->service_count++];
        service->name = from->name;
        service->full_name =
            *file->package == '\0' ? from->name : text_format(model->arena, "%s.%s", file->package, from->name);
        service->file = file;
        service->snake = names_snake(model->arena, service->full_name);
        service->upper = names_constant(model->arena, service->snake);
        service->comment = location_comment(model->arena, &at);
        service->line = location_line(&at);
        service->methods = text_alloc(model->arena, from->n_method * sizeof(*service->methods));
        for (size_t j = 0; j < from->n_method; j++) {
            struct location method = location_child(&at, SERVICE_METHOD, (int32_t)j);
            add_method(model, service, from->method[j], &method);
        }
    }
}
