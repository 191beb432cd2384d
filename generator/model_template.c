/* Path templates of google.api.http: literals and captures of one segment. */
#include "generator/model_parts.h"

#include <ctype.h>
#include <string.h>

#include "generator/text.h"

/* What json/route.c matches. */
enum { SEGMENTS_MAX = 32, CAPTURES_MAX = 16 };

static bool refuse(struct model *model, const struct model_route *route, const char *problem, const char *text,
                   size_t len)
{
    const struct model_method *method = route->method;
    model_error(model, method->service->file, method->http_line, "%s: path \"%s\": %s \"%.*s\"", method->name,
                route->text, problem, (int)len, text);
    return false;
}

/* The field at the end of a dotted path; NULL when a step names no field or no singular message. */
static const struct model_field *resolve(const struct model_message *message, const char *path, size_t len)
{
    const struct model_field *field = NULL;
    while (len > 0) {
        const char *dot = memchr(path, '.', len);
        size_t step = dot == NULL ? len : (size_t)(dot - path);
        field = message == NULL ? NULL : model_find_field(message, path, step);
        if (field == NULL || (dot != NULL && field->repeated)) {
            return NULL;
        }
        message = field->message;
        path += dot == NULL ? step : step + 1;
        len -= dot == NULL ? step : step + 1;
    }
    return field;
}

static bool parse_capture(struct model *model, struct model_route *route, const char *text, size_t len)
{
    struct model_segment *segment = &route->segments[route->segment_count++];
    const char *path = text + 1;
    size_t path_len = len - 2;
    const char *equals = memchr(path, '=', path_len);
    if (equals != NULL) {
        if (path + path_len - equals != 2 || equals[1] != '*') {
            return refuse(model, route, "a capture takes one segment, as in {name} or {name=*}, not", text, len);
        }
        path_len = (size_t)(equals - path);
    }
    segment->field = resolve(route->method->input, path, path_len);
    segment->field_path = text_format(model->arena, "%.*s", (int)path_len, path);
    if (segment->field == NULL) {
        return refuse(model, route, "no such field in the request:", path, path_len);
    }
    if (segment->field->repeated || segment->field->type == TYPE_MESSAGE || segment->field->type == TYPE_GROUP) {
        return refuse(model, route, "a capture must be a singular scalar:", path, path_len);
    }
    return true;
}

static bool parse_literal(struct model *model, struct model_route *route, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && strchr("-_.~", text[i]) == NULL) {
            return refuse(model, route, "a literal is made of letters, digits and -_.~, not", text, len);
        }
    }
    route->segments[route->segment_count++].literal = text_format(model->arena, "%.*s", (int)len, text);
    return true;
}

static bool is_captured_before(const struct model_route *route, const struct model_segment *last)
{
    for (const struct model_segment *segment = route->segments; segment < last; segment++) {
        if (segment->field_path != NULL && last->field_path != NULL &&
            strcmp(segment->field_path, last->field_path) == 0) {
            return true;
        }
    }
    return false;
}

bool model_parse_template(struct model *model, struct model_route *route, const char *text)
{
    size_t slashes = 0;
    for (const char *at = text; *at != '\0'; at++) {
        slashes += *at == '/' ? 1 : 0;
    }
    if (*text != '/') {
        return refuse(model, route, "must start with / and not with", text, strcspn(text, "/"));
    }
    if (slashes > SEGMENTS_MAX) {
        return refuse(model, route, "more than 32 segments:", text, strlen(text));
    }
    const char *whole = text;
    size_t captures = 0;
    route->segments = text_alloc(model->arena, slashes * sizeof(*route->segments));
    while (*text == '/') {
        text++;
        size_t len = strcspn(text, "/");
        bool capture = len > 2 && text[0] == '{' && text[len - 1] == '}';
        if (len == 0) {
            return refuse(model, route, "empty segment before", text, strlen(text));
        }
        if (!(capture ? parse_capture : parse_literal)(model, route, text, len)) {
            return false;
        }
        const struct model_segment *last = &route->segments[route->segment_count - 1];
        if (is_captured_before(route, last)) {
            return refuse(model, route, "captured twice:", last->field_path, strlen(last->field_path));
        }
        captures += capture ? 1 : 0;
        if (captures > CAPTURES_MAX) {
            return refuse(model, route, "more than 16 captures:", whole, strlen(whole));
        }
        text += len;
    }
    return true;
}
