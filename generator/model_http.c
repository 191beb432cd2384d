#include "generator/model_parts.h"

#include <string.h>

#include "generator/text.h"
#include "google/api/http.pb-c.h"

enum {
    OPTION_HTTP = 72295728,
    VARINT_BYTES_MAX = 10,
};

/* protobuf-c keeps a length-delimited unknown field with its length prefix in front. */
static qvt_slice payload_of(const ProtobufCMessageUnknownField *field)
{
    size_t prefix = 0;
    while (prefix < field->len && prefix < VARINT_BYTES_MAX && (field->data[prefix] & 0x80) != 0) {
        prefix++;
    }
    return prefix < field->len ? qvt_slice_make(field->data + prefix + 1, field->len - prefix - 1)
                               : qvt_slice_make(NULL, 0);
}

/* An option that is set piece by piece arrives as several occurrences; put together they are one message. */
static Google__Api__HttpRule *read_rule(const Google__Protobuf__MethodOptions *options)
{
    struct buf wire = BUF_INIT;
    bool found = false;
    bool whole = true;
    for (size_t i = 0; i < options->base.n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *field = &options->base.unknown_fields[i];
        if (field->tag == OPTION_HTTP && field->wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
            found = true;
            whole = buf_append_slice(&wire, payload_of(field)) == QVT_OK && whole;
        }
    }
    Google__Api__HttpRule *rule = found && whole ? google__api__http_rule__unpack(NULL, wire.len, wire.data) : NULL;
    buf_deinit(&wire);
    return rule;
}

static const char *pattern_of(const Google__Api__HttpRule *rule, enum model_verb *verb)
{
    switch (rule->pattern_case) {
    case GOOGLE__API__HTTP_RULE__PATTERN_GET: *verb = VERB_GET; return rule->get;
    case GOOGLE__API__HTTP_RULE__PATTERN_PUT: *verb = VERB_PUT; return rule->put;
    case GOOGLE__API__HTTP_RULE__PATTERN_POST: *verb = VERB_POST; return rule->post;
    case GOOGLE__API__HTTP_RULE__PATTERN_DELETE: *verb = VERB_DELETE; return rule->delete_;
    case GOOGLE__API__HTTP_RULE__PATTERN_PATCH: *verb = VERB_PATCH; return rule->patch;
    default: return NULL;
    }
}

static bool check_body(struct model *model, struct model_route *route)
{
    const struct model_method *method = route->method;
    const struct model_file *file = method->service->file;
    if (*route->body == '\0') {
        return true;
    }
    if (route->verb == VERB_GET || route->verb == VERB_DELETE) {
        model_error(model, file, method->http_line, "%s: a %s has no body", method->name,
                    route->verb == VERB_GET ? "get" : "delete");
        return false;
    }
    if (strcmp(route->body, "*") == 0) {
        return true;
    }
    route->body_field = model_find_field(method->input, route->body, strlen(route->body));
    if (route->body_field == NULL) {
        model_error(model, file, method->http_line, "%s: body \"%s\" is no field of %s", method->name, route->body,
                    method->input->full_name);
    } else if (route->body_field->repeated || route->body_field->message == NULL) {
        model_error(model, file, method->http_line, "%s: body \"%s\" must be a singular message", method->name,
                    route->body);
    }
    return route->body_field != NULL;
}

static void add_route(struct model *model, struct model_method *method, const Google__Api__HttpRule *rule,
                      bool is_additional)
{
    const struct model_file *file = method->service->file;
    struct model_route route = {.method = method, .is_additional = is_additional};
    route.text = pattern_of(rule, &route.verb);
    if (route.text == NULL || rule->base.n_unknown_fields > 0) {
        model_error(
            model, file, method->http_line,
            "%s: google.api.http needs one of get, put, post, delete and patch, and knows besides only body and "
            "additional_bindings",
            method->name);
        return;
    }
    if (is_additional && rule->n_additional_bindings > 0) {
        model_error(model, file, method->http_line, "%s: additional_bindings inside additional_bindings", method->name);
        return;
    }
    if (method->client_streaming && (route.verb != VERB_GET || *rule->body != '\0')) {
        model_error(model, file, method->http_line, "%s: a method with a request stream can only be a get",
                    method->name);
        return;
    }
    route.text = text_format(model->arena, "%s", route.text);
    route.body = text_format(model->arena, "%s", rule->body);
    if (model_parse_template(model, &route, route.text) && check_body(model, &route)) {
        method->routes[method->route_count++] = route;
    }
}

void model_add_routes(struct model *model, struct model_method *method,
                      const Google__Protobuf__MethodDescriptorProto *proto)
{
    Google__Api__HttpRule *rule = read_rule(proto->options);
    if (rule == NULL) {
        return;
    }
    method->routes = text_alloc(model->arena, (1 + rule->n_additional_bindings) * sizeof(*method->routes));
    add_route(model, method, rule, false);
    for (size_t i = 0; i < rule->n_additional_bindings; i++) {
        add_route(model, method, rule->additional_bindings[i], true);
    }
    google__api__http_rule__free_unpacked(rule, NULL);
}
