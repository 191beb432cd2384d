/* <proto>.routes.{h,c}: the HTTP route table of a service, and setters of its requests' fields. */
#include "generator/emit_routes.h"

#include <string.h>

#include "generator/names.h"
#include "generator/text.h"

/* The messages that need a setter, each once. */
struct reached {
    const struct model_message **messages;
    size_t count;
};

static void reach(struct emit *emit, struct reached *reached, const struct model_message *message)
{
    for (size_t i = 0; i < reached->count; i++) {
        if (reached->messages[i] == message) {
            return;
        }
    }
    const struct model_message **larger =
        text_alloc(emit->arena, (reached->count + 1) * sizeof(struct model_message *));
    for (size_t i = 0; i < reached->count; i++) {
        larger[i] = reached->messages[i];
    }
    larger[reached->count++] = message;
    reached->messages = larger;
    for (size_t i = 0; i < message->field_count; i++) {
        if (emit_setters_reach(&message->fields[i])) {
            reach(emit, reached, message->fields[i].message);
        }
    }
}

static void define_setters(struct emit *emit, struct buf *out, const struct model_file *file)
{
    struct reached reached = {0};
    for (size_t i = 0; i < file->service_count; i++) {
        for (size_t j = 0; j < file->services[i].method_count; j++) {
            if (file->services[i].methods[j].route_count > 0) {
                reach(emit, &reached, file->services[i].methods[j].input);
            }
        }
    }
    for (size_t i = 0; i < reached.count; i++) {
        text_add(out,
                 "static qvt_status set_%s(struct json_reader *reader, %s *message, const char *path,\n    const char "
                 "*text);\n",
                 reached.messages[i]->snake, reached.messages[i]->c_type);
    }
    text_raw(out, "\n");
    for (size_t i = 0; i < reached.count; i++) {
        emit_setter(emit, out, reached.messages[i]);
    }
}

static const char *body_name(struct emit *emit, const struct model_route *route)
{
    const char *method =
        text_format(emit->arena, "%s_%s", names_snake(emit->arena, route->method->service->name), route->method->snake);
    if (*route->body == '\0') {
        return "NULL";
    }
    return route->body_field == NULL ? text_format(emit->arena, "body_%s", method)
                                     : text_format(emit->arena, "body_%s_%s", method, route->body);
}

static void define_body(struct emit *emit, struct buf *out, const struct model_route *route)
{
    const struct model_message *input = route->method->input;
    text_add(out, "static qvt_status %s(struct json_reader *reader, json_t *body, ProtobufCMessage *request)\n{\n",
             body_name(emit, route));
    if (route->body_field == NULL) {
        text_add(out, "    return %s_read_json(reader, body, (%s *)request);\n}\n\n", input->snake, input->c_type);
        return;
    }
    const struct model_field *field = route->body_field;
    text_add(out, "    %s *message = (%s *)request;\n    %s__init(message);\n", input->c_type, input->c_type,
             input->c_lower);
    text_add(out, "    message->%s = json_reader_alloc(reader, 1, sizeof(*message->%s));\n", field->c_name,
             field->c_name);
    text_add(out, "    if (message->%s == NULL) {\n        return QVT_RESOURCE_EXHAUSTED;\n    }\n", field->c_name);
    if (field->presence == PRESENCE_CASE) {
        text_add(out, "    message->%s = %s;\n", field->oneof->case_member, field->case_constant);
    }
    text_add(out, "    json_reader_enter_field(reader, \"%s\");\n", field->name);
    text_add(out, "    qvt_status status = %s_read_json(reader, body, message->%s);\n", field->message->snake,
             field->c_name);
    text_raw(out, "    json_reader_leave(reader);\n    return status;\n}\n\n");
}

static bool has_earlier_body(struct emit *emit, const struct model_method *method, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(body_name(emit, &method->routes[i]), body_name(emit, &method->routes[index])) == 0) {
            return true;
        }
    }
    return false;
}

static void define_method(struct emit *emit, struct buf *out, const struct model_method *method)
{
    for (size_t i = 0; i < method->route_count; i++) {
        if (*method->routes[i].body != '\0' && !has_earlier_body(emit, method, i)) {
            define_body(emit, out, &method->routes[i]);
        }
    }
    if (method->route_count > 0) {
        text_add(
            out,
            "qvt_status %s_%s_set_field(struct json_reader *reader, ProtobufCMessage *request,\n    const char *path, "
            "const char *text)\n{\n",
            method->service->snake, method->snake);
        text_raw(out, "    reader->place_count = 0;\n");
        text_add(out, "    return set_%s(reader, (%s *)request, path, text);\n}\n\n", method->input->snake,
                 method->input->c_type);
    }
}

/* Negative when a is preferred: at the first difference it has the literal. Routes of different length never meet; by their
 * length they are ordered so that this is an order. */
static int prefer(const struct model_route *a, const struct model_route *b)
{
    for (size_t i = 0; i < a->segment_count && i < b->segment_count; i++) {
        int left = a->segments[i].literal == NULL;
        int right = b->segments[i].literal == NULL;
        if (left != right) {
            return left - right;
        }
    }
    return (a->segment_count > b->segment_count) - (a->segment_count < b->segment_count);
}

static size_t sort_routes(const struct model_service *service, const struct model_route **sorted)
{
    size_t count = 0;
    for (size_t i = 0; i < service->method_count; i++) {
        for (size_t j = 0; j < service->methods[i].route_count; j++) {
            size_t at = count++;
            for (; at > 0 && prefer(&service->methods[i].routes[j], sorted[at - 1]) < 0; at--) {
                sorted[at] = sorted[at - 1];
            }
            sorted[at] = &service->methods[i].routes[j];
        }
    }
    return count;
}

static void define_table(struct emit *emit, struct buf *out, const struct model_service *service, size_t total)
{
    static const char *const verbs[] = {"GET", "PUT", "POST", "DELETE", "PATCH"};
    const struct model_route **sorted = text_alloc(emit->arena, total * sizeof(*sorted));
    size_t count = sort_routes(service, sorted);
    for (size_t i = 0; i < count; i++) {
        text_add(out, "static const struct json_segment %s_segments_%zu[] = {\n", service->snake, i);
        for (size_t j = 0; j < sorted[i]->segment_count; j++) {
            const struct model_segment *segment = &sorted[i]->segments[j];
            text_add(out, segment->literal != NULL ? "    {\"%s\", NULL},\n" : "    {NULL, \"%s\"},\n",
                     segment->literal != NULL ? segment->literal : segment->field_path);
        }
        text_raw(out, "};\n\n");
    }
    text_add(out, "static const struct json_route %s_route_list[] = {\n", service->snake);
    for (size_t i = 0; i < count; i++) {
        text_add(out, "    {JSON_VERB_%s, \"%s\",\n     %s_segments_%zu, %zu, %zu, %s},\n", verbs[sorted[i]->verb],
                 sorted[i]->text, service->snake, i, sorted[i]->segment_count, sorted[i]->method->index,
                 body_name(emit, sorted[i]));
    }
    text_add(out, "};\n\nconst struct json_routes %s_routes = {%s_route_list, %zu};\n\n", service->snake,
             service->snake, count);
}

static size_t count_routes(const struct model_service *service)
{
    size_t total = 0;
    for (size_t i = 0; i < service->method_count; i++) {
        total += service->methods[i].route_count;
    }
    return total;
}

static void declare_service(struct buf *out, const struct model_service *service)
{
    text_add(out, "/* The HTTP routes of %s; `method` is the index in its methods and bindings. */\n",
             service->full_name);
    text_add(out, "extern const struct json_routes %s_routes;\n\n", service->snake);
    text_raw(out, "/* Set one field of a method's request by its path, as json_binding.set_field. */\n");
    for (size_t i = 0; i < service->method_count; i++) {
        if (service->methods[i].route_count > 0) {
            text_add(
                out,
                "QVT_MUST_CHECK qvt_status %s_%s_set_field(struct json_reader *reader,\n    ProtobufCMessage *request, "
                "const char *path, const char *text);\n",
                service->snake, service->methods[i].snake);
        }
    }
    text_raw(out, "\n");
}

void emit_routes(struct emit *emit, const struct model_file *file)
{
    size_t total = 0;
    for (size_t i = 0; i < file->service_count; i++) {
        total += count_routes(&file->services[i]);
    }
    if (total == 0) {
        return;
    }
    const char *includes = text_format(emit->arena, "#include \"json/field.h\"\n#include \"json/well_known.h\"\n%s",
                                       emit_includes(emit, file, ".json.h", true));
    struct buf *header = emit_open_header(emit, file, "routes", "HTTP routes.", "#include \"json/route.h\"\n");
    struct buf *source = emit_open_source(emit, file, "routes", includes);
    define_setters(emit, source, file);
    for (size_t i = 0; i < file->service_count; i++) {
        const struct model_service *service = &file->services[i];
        if (count_routes(service) > 0) {
            declare_service(header, service);
            for (size_t j = 0; j < service->method_count; j++) {
                define_method(emit, source, &service->methods[j]);
            }
            define_table(emit, source, service, count_routes(service));
        }
    }
    emit_close_header(header);
}
