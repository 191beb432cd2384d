#include "generator/model_parts.h"

#include <string.h>

#include "generator/names.h"

static void check_field(struct model *model, const struct model_field *field)
{
    const struct model_message *message = field->parent;
    if (field->type == TYPE_GROUP) {
        model_error(model, message->file, field->line, "%s.%s: groups are not supported", message->full_name,
                    field->name);
        return;
    }
    if (field->message != NULL && strcmp(field->message->file->name, "google/protobuf/struct.proto") == 0) {
        model_error(model, message->file, field->line, "%s.%s: %s is not supported", message->full_name, field->name,
                    field->message->full_name);
    }
    for (const struct model_field *other = message->fields; other < field; other++) {
        if (strcmp(other->c_name, field->c_name) == 0) {
            model_error(model, message->file, field->line, "%s: fields \"%s\" and \"%s\" have the same name in C",
                        message->full_name, other->name, field->name);
        }
        if (strcmp(other->json_name, field->json_name) == 0 || strcmp(other->name, field->json_name) == 0 ||
            strcmp(other->json_name, field->name) == 0) {
            model_error(model, message->file, field->line, "%s: fields \"%s\" and \"%s\" have the same name in JSON",
                        message->full_name, other->name, field->name);
        }
    }
}

static void check_messages(struct model *model, const struct model_file *file)
{
    for (size_t i = 0; i < file->message_count; i++) {
        const struct model_message *message = &file->messages[i];
        for (size_t j = 0; j < message->field_count && !message->map_entry; j++) {
            check_field(model, &message->fields[j]);
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(file->messages[j].snake, message->snake) == 0) {
                model_error(model, file, message->line, "%s and %s have the same name in C",
                            file->messages[j].full_name, message->full_name);
            }
        }
    }
}

static bool same_route(const struct model_route *a, const struct model_route *b)
{
    if (a->verb != b->verb || a->segment_count != b->segment_count) {
        return false;
    }
    for (size_t i = 0; i < a->segment_count; i++) {
        const char *left = a->segments[i].literal;
        const char *right = b->segments[i].literal;
        if ((left == NULL) != (right == NULL) || (left != NULL && strcmp(left, right) != 0)) {
            return false;
        }
    }
    return true;
}

/* Reports each route of `method` that an earlier method or an earlier route of the same one has. */
static void check_routes(struct model *model, const struct model_service *service, const struct model_method *method)
{
    for (size_t i = 0; i < method->route_count; i++) {
        for (size_t j = 0; j <= method->index; j++) {
            const struct model_method *other = &service->methods[j];
            size_t limit = other == method ? i : other->route_count;
            for (size_t k = 0; k < limit; k++) {
                if (same_route(&method->routes[i], &other->routes[k])) {
                    model_error(model, service->file, method->http_line, "%s: path \"%s\" is taken by %s", method->name,
                                method->routes[i].text, other->name);
                }
            }
        }
    }
}

static void check_services(struct model *model, const struct model_file *file)
{
    for (size_t i = 0; i < file->service_count; i++) {
        const struct model_service *service = &file->services[i];
        for (size_t j = 0; j < i; j++) {
            if (strcmp(file->services[j].snake, service->snake) == 0) {
                model_error(model, file, service->line, "services %s and %s have the same name in C",
                            file->services[j].name, service->name);
            }
        }
        for (size_t j = 0; j < service->method_count; j++) {
            const struct model_method *method = &service->methods[j];
            check_routes(model, service, method);
            for (size_t k = 0; k < j; k++) {
                if (strcmp(service->methods[k].snake, method->snake) == 0 ||
                    strcmp(service->methods[k].member, method->member) == 0) {
                    model_error(model, file, method->line, "methods %s and %s have the same name in C",
                                service->methods[k].name, method->name);
                }
            }
        }
    }
}

void model_check(struct model *model, const struct model_file *file)
{
    if (model->with_json) {
        if (file->message_count > 0 && model_is_well_known(&file->messages[0])) {
            model_error(model, file, 0, "comes with qvt and is not generated again");
        }
        check_messages(model, file);
    }
    check_services(model, file);
}
