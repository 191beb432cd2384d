#include "json/route.h"

#include <string.h>

#include "base/check.h"
#include "base/utf8.h"
#include "json/percent.h"

enum { SEGMENT_MAX = 32 }; /* as generator/model_template.c knows */

static const char *const verb_names[JSON_VERB_COUNT] = {"GET", "PUT", "POST", "DELETE", "PATCH"};

enum json_verb json_verb_parse(const char *text)
{
    enum json_verb verb = JSON_VERB_GET;
    while (verb < JSON_VERB_COUNT && strcmp(verb_names[verb], text) != 0) {
        verb++;
    }
    return verb;
}

const char *json_verb_name(enum json_verb verb)
{
    return verb_names[verb];
}

/* The segments of a path, decoded; offsets into the text, each NUL-terminated. */
struct segments {
    size_t offsets[SEGMENT_MAX];
    size_t count;
};

/* NOT_FOUND for a path that no route can have. */
static qvt_status split(const char *path, struct buf *text, struct segments *out)
{
    out->count = 0;
    while (*path == '/') {
        path++;
        size_t len = strcspn(path, "/?");
        if (len == 0 || out->count == SEGMENT_MAX) {
            return QVT_NOT_FOUND;
        }
        out->offsets[out->count++] = text->len;
        QVT_TRY(percent_decode_text(text, qvt_slice_make(path, len), false));
        path += len;
    }
    return out->count > 0 && (*path == '\0' || *path == '?') ? QVT_OK : QVT_NOT_FOUND;
}

static bool matches(const struct json_route *route, const struct segments *segments, const struct buf *text)
{
    if (route->segment_count != segments->count) {
        return false;
    }
    for (size_t i = 0; i < segments->count; i++) {
        const char *literal = route->segments[i].literal;
        if (literal != NULL && strcmp(literal, (const char *)text->data + segments->offsets[i]) != 0) {
            return false;
        }
    }
    return true;
}

static void capture(struct json_match *out, const struct segments *segments)
{
    for (size_t i = 0; i < segments->count; i++) {
        if (out->route->segments[i].field != NULL) {
            QVT_ASSERT(out->capture_count < JSON_CAPTURE_MAX);
            struct json_capture *capture = &out->captures[out->capture_count++];
            capture->field = out->route->segments[i].field;
            capture->text = (const char *)out->text.data + segments->offsets[i];
        }
    }
}

qvt_status json_routes_match(const struct json_routes *routes, enum json_verb verb, const char *path,
                             struct json_match *out)
{
    struct segments segments;
    *out = (struct json_match){.text = BUF_INIT};
    qvt_status status = split(path, &out->text, &segments);
    for (size_t i = 0; status == QVT_OK && i < routes->count; i++) {
        const struct json_route *route = &routes->routes[i];
        if (matches(route, &segments, &out->text)) {
            out->allowed |= 1u << route->verb;
            out->route = out->route == NULL && route->verb == verb ? route : out->route;
        }
    }
    if (status == QVT_OK && out->route == NULL) {
        status = out->allowed == 0 ? QVT_NOT_FOUND : QVT_UNIMPLEMENTED;
    }
    if (status == QVT_OK) {
        capture(out, &segments);
    } else {
        buf_deinit(&out->text);
    }
    return status;
}

void json_match_deinit(struct json_match *match)
{
    buf_deinit(&match->text);
    match->capture_count = 0;
}
