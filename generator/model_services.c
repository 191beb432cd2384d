#include "generator/model_parts.h"

#include <string.h>

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
    if (method->input == NULL || method->output == NULL) {
        model_error(model, service->file, 0, "%s.%s: nobody declares %s", service->full_name, proto->name,
                    method->input == NULL ? proto->input_type : proto->output_type);
        return;
    }
    method->client_streaming = proto->client_streaming;
    method->server_streaming = proto->server_streaming;
    method->comment = location_comment(model->arena, at);
    method->line = location_line(at);
    if (proto->options != NULL) {
        method->idempotency = (int)proto->options->idempotency_level;
        method->deprecated = proto->options->deprecated;
        method->http_line = location_option_line(at, METHOD_OPTIONS, OPTION_HTTP);
        if (model->with_json) {
            model_add_routes(model, method, proto);
        }
    }
}

static bool is_joined(const char *name, const char *front, const char *back)
{
    size_t len = strlen(front);
    return strncmp(name, front, len) == 0 && strcmp(name + len, back) == 0;
}

/* The client has `send_x` and `read_x` beside `x`, the table of methods ends with `METHOD_COUNT`. */
static bool is_taken(const struct model_service *service, const char *snake)
{
    bool taken = strcmp(snake, "method_count") == 0;
    for (size_t i = 0; i < service->method_count && !taken; i++) {
        const char *other = service->methods[i].snake;
        taken = is_joined(snake, "send_", other) || is_joined(snake, "read_", other);
    }
    return taken;
}

static void avoid_clashes(struct model *model, struct model_service *service)
{
    for (size_t i = 0; i < service->method_count; i++) {
        struct model_method *method = &service->methods[i];
        if (is_taken(service, method->snake)) {
            method->snake = text_format(model->arena, "%s_", method->snake);
        }
    }
}

/* What everything of the service is called. Without a package one word alone could be a function of the C library or
 * a keyword; with the suffix of what is emitted for another service it would be that. */
static const char *prefix_of(struct model *model, const struct model_file *file, const char *full_name)
{
    static const char *const suffixes[] = {"_handlers", "_methods", "_serve", "_service"};
    const char *snake = names_snake(model->arena, full_name);
    if (strchr(snake, '_') == NULL) {
        return text_format(model->arena, "%s_service", snake);
    }
    for (size_t i = 0; i < file->service_count; i++) {
        for (size_t j = 0; j < sizeof(suffixes) / sizeof(suffixes[0]); j++) {
            if (is_joined(snake, file->services[i].snake, suffixes[j]) ||
                is_joined(file->services[i].snake, snake, suffixes[j])) {
                return text_format(model->arena, "%s_", snake);
            }
        }
    }
    return snake;
}

void model_add_services(struct model *model, struct model_file *file)
{
    const Google__Protobuf__FileDescriptorProto *proto = file->proto;
    struct location root = {.file = proto};
    file->services = text_alloc(model->arena, proto->n_service * sizeof(*file->services));
    for (size_t i = 0; i < proto->n_service; i++) {
        const Google__Protobuf__ServiceDescriptorProto *from = proto->service[i];
        struct location at = location_child(&root, FILE_SERVICE, (int32_t)i);
        struct model_service *service = &file->services[file->service_count];
        service->name = from->name;
        service->full_name =
            *file->package == '\0' ? from->name : text_format(model->arena, "%s.%s", file->package, from->name);
        service->file = file;
        service->snake = prefix_of(model, file, service->full_name);
        service->upper = names_constant(model->arena, service->snake);
        service->comment = location_comment(model->arena, &at);
        service->line = location_line(&at);
        service->methods = text_alloc(model->arena, from->n_method * sizeof(*service->methods));
        for (size_t j = 0; j < from->n_method; j++) {
            struct location method = location_child(&at, SERVICE_METHOD, (int32_t)j);
            add_method(model, service, from->method[j], &method);
        }
        avoid_clashes(model, service);
        file->service_count++;
    }
}
