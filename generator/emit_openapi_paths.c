#include "generator/emit_openapi.h"

#include <string.h>

#include "generator/names.h"
#include "generator/text.h"

static const char *const verbs[] = {"get", "put", "post", "delete", "patch"};

struct route_list {
    const struct model_route **routes;
    size_t count;
};

static struct route_list collect(struct emit *emit)
{
    size_t total = 0;
    struct route_list list = {0};
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < emit->model->file_count; i++) {
            const struct model_file *file = &emit->model->files[i];
            for (size_t j = 0; j < file->service_count; j++) {
                for (size_t k = 0; k < file->services[j].method_count; k++) {
                    const struct model_method *method = &file->services[j].methods[k];
                    total += method->route_count;
                    for (size_t r = 0; pass == 1 && r < method->route_count; r++) {
                        list.routes[list.count++] = &method->routes[r];
                    }
                }
            }
        }
        if (pass == 0) {
            list.routes = text_alloc(emit->arena, total * sizeof(*list.routes));
        }
    }
    return list;
}

static void write_path(struct buf *out, const struct model_route *route)
{
    for (size_t i = 0; i < route->segment_count; i++) {
        const struct model_segment *segment = &route->segments[i];
        text_add(out, segment->literal != NULL ? "/%s" : "/{%s}",
                 segment->literal != NULL ? segment->literal : segment->field_path);
    }
}

/* OpenAPI groups by path. */
static bool same_path(const struct model_route *a, const struct model_route *b)
{
    if (a->segment_count != b->segment_count) {
        return false;
    }
    for (size_t i = 0; i < a->segment_count; i++) {
        const char *left = a->segments[i].literal != NULL ? a->segments[i].literal : a->segments[i].field_path;
        const char *right = b->segments[i].literal != NULL ? b->segments[i].literal : b->segments[i].field_path;
        if ((a->segments[i].literal == NULL) != (b->segments[i].literal == NULL) || strcmp(left, right) != 0) {
            return false;
        }
    }
    return true;
}

static bool is_captured(const struct model_route *route, const char *path)
{
    for (size_t i = 0; i < route->segment_count; i++) {
        if (route->segments[i].field_path != NULL && strcmp(route->segments[i].field_path, path) == 0) {
            return true;
        }
    }
    return false;
}

static void write_parameter(struct emit *emit, struct buf *out, struct emit_schemas *schemas, const char *place,
                            const char *name, const struct model_field *field, size_t *count)
{
    text_add(out, "%s          {\"name\": ", (*count)++ == 0 ? "        \"parameters\": [\n" : ",\n");
    text_json_literal(out, name);
    text_add(out, ", \"in\": \"%s\"%s", place, strcmp(place, "path") == 0 ? ", \"required\": true" : "");
    if (*field->comment != '\0') {
        text_raw(out, ", \"description\": ");
        text_json_literal(out, field->comment);
    }
    text_raw(out, ", \"schema\": ");
    emit_openapi_field(emit, out, schemas, field, "");
    text_raw(out, "}");
}

/* A message's field as a query names it, by both spellings. */
struct query_name {
    const char *proto;
    const char *json;
};

static struct query_name join(struct emit *emit, const struct query_name *parent, const struct model_field *field)
{
    return parent == NULL ? (struct query_name){field->name, field->json_name}
                          : (struct query_name){text_format(emit->arena, "%s.%s", parent->proto, field->name),
                                                text_format(emit->arena, "%s.%s", parent->json, field->json_name)};
}

/* Query parameters: every field that is no capture; messages by their fields, two levels deep. */
static void write_query(struct emit *emit, struct buf *out, struct emit_schemas *schemas,
                        const struct model_route *route, const struct model_message *message,
                        const struct query_name *parent, size_t *count)
{
    for (size_t i = 0; i < message->field_count; i++) {
        const struct model_field *field = &message->fields[i];
        const struct query_name name = join(emit, parent, field);
        if (is_captured(route, name.proto) || (field->repeated && field->message != NULL)) {
            continue;
        }
        if (field->message == NULL || model_is_well_known(field->message)) {
            write_parameter(emit, out, schemas, "query", name.json, field, count);
        } else if (parent == NULL) {
            write_query(emit, out, schemas, route, field->message, &name, count);
        }
    }
}

static void write_parameters(struct emit *emit, struct buf *out, struct emit_schemas *schemas,
                             const struct model_route *route)
{
    size_t count = 0;
    for (size_t i = 0; i < route->segment_count; i++) {
        if (route->segments[i].field_path != NULL) {
            write_parameter(emit, out, schemas, "path", route->segments[i].field_path, route->segments[i].field,
                            &count);
        }
    }
    if (*route->body == '\0') {
        write_query(emit, out, schemas, route, route->method->input, NULL, &count);
    }
    text_raw(out, count > 0 ? "\n        ],\n" : "");
}

static void write_body(struct emit *emit, struct buf *out, struct emit_schemas *schemas,
                       const struct model_route *route)
{
    if (*route->body == '\0') {
        return;
    }
    text_raw(out, "        \"requestBody\": {\"required\": true, \"content\": {\"application/json\": {\"schema\": ");
    emit_openapi_message(emit, out, schemas,
                         route->body_field == NULL ? route->method->input : route->body_field->message);
    text_raw(out, "}}},\n");
}

static void write_responses(struct emit *emit, struct buf *out, struct emit_schemas *schemas,
                            const struct model_route *route)
{
    bool stream = route->method->server_streaming;
    text_raw(out, "        \"responses\": {\n          \"200\": {\"description\": \"OK\", \"content\": {");
    text_add(out, "\"%s\": {\"schema\": ", stream ? "text/event-stream" : "application/json");
    emit_openapi_message(emit, out, schemas, route->method->output);
    if (stream) {
        text_raw(out, "}, \"application/x-ndjson\": {\"schema\": ");
        emit_openapi_message(emit, out, schemas, route->method->output);
    }
    text_raw(
        out,
        "}}},\n          \"default\": {\"description\": \"An error\", \"content\": {\"application/json\": {\"schema\": "
        "{\"$ref\": \"#/components/schemas/google.rpc.Status\"}}}}\n        }\n      }");
}

/* The first sentence of a comment. */
static const char *summary_of(struct emit *emit, const char *comment)
{
    size_t len = 0;
    while (comment[len] != '\0' && comment[len] != '\n' && !(comment[len] == '.' && comment[len + 1] <= ' ')) {
        len++;
    }
    return text_format(emit->arena, "%.*s", (int)len, comment);
}

static void write_operation(struct emit *emit, struct buf *out, struct emit_schemas *schemas,
                            const struct model_route *route)
{
    const struct model_method *method = route->method;
    text_add(out, "      \"%s\": {\n        \"operationId\": \"%s", verbs[route->verb], method->name);
    if (route->is_additional) {
        text_add(out, "_%td", route - method->routes);
    }
    text_add(out, "\",\n        \"tags\": [\"%s\"],\n", method->service->name);
    if (*method->comment != '\0') {
        text_raw(out, "        \"summary\": ");
        text_json_literal(out, summary_of(emit, method->comment));
        text_raw(out, ",\n        \"description\": ");
        text_json_literal(out, method->comment);
        text_raw(out, ",\n");
    }
    text_raw(out, method->deprecated ? "        \"deprecated\": true,\n" : "");
    write_parameters(emit, out, schemas, route);
    write_body(emit, out, schemas, route);
    write_responses(emit, out, schemas, route);
}

void emit_openapi_paths(struct emit *emit, struct buf *out, struct emit_schemas *schemas)
{
    struct route_list list = collect(emit);
    bool first = true;
    text_raw(out, "  \"paths\": {");
    for (size_t i = 0; i < list.count; i++) {
        bool seen = false;
        for (size_t j = 0; j < i; j++) {
            seen = seen || same_path(list.routes[j], list.routes[i]);
        }
        if (seen) {
            continue;
        }
        text_raw(out, first ? "\n    \"" : ",\n    \"");
        write_path(out, list.routes[i]);
        text_raw(out, "\": {\n");
        first = false;
        for (size_t j = i; j < list.count; j++) {
            if (same_path(list.routes[j], list.routes[i])) {
                text_raw(out, j == i ? "" : ",\n");
                write_operation(emit, out, schemas, list.routes[j]);
            }
        }
        text_raw(out, "\n    }");
    }
    text_raw(out, "\n  },\n");
}
