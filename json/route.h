/* HTTP paths to methods: the route tables that the generator makes of google.api.http, and their matcher. */
#ifndef QVT_JSON_ROUTE_H
#define QVT_JSON_ROUTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "json/type.h"

#ifdef __cplusplus
extern "C" {
#endif

enum json_verb { JSON_VERB_GET, JSON_VERB_PUT, JSON_VERB_POST, JSON_VERB_DELETE, JSON_VERB_PATCH, JSON_VERB_COUNT };

/* Exactly one is not NULL. */
struct json_segment {
    const char *literal;
    const char *field; /* a capture: the path of the field it sets, such as "silo_id" */
};

/* Static storage. Routes are in order of preference: where two match, the first has the earlier literal. */
struct json_route {
    enum json_verb verb;
    const char *path; /* as written in the proto file */
    const struct json_segment *segments;
    size_t segment_count;
    uint32_t method; /* index in the service's methods and bindings */
    /* Reads the body into the request, which is initialised first; NULL: the method takes no body. */
    qvt_status (*read_body)(struct json_reader *reader, struct json_t *body, ProtobufCMessage *request);
};

struct json_routes {
    const struct json_route *routes;
    size_t count;
};

enum { JSON_CAPTURE_MAX = 16 }; /* as generator/model_template.c knows */

/* One capture: the text is NUL-terminated, percent-decoded UTF-8 without NUL. */
struct json_capture {
    const char *field;
    const char *text;
};

struct json_match {
    const struct json_route *route;
    unsigned allowed; /* bit 1 << verb for each verb that some route has at this path, also when the result is not OK */
    struct json_capture captures[JSON_CAPTURE_MAX];
    size_t capture_count;
    struct buf text; /* owns the captures' text */
};

/* "GET" → JSON_VERB_GET; JSON_VERB_COUNT for any other. Upper case only, as HTTP has it. */
enum json_verb json_verb_parse(const char *text);
const char *json_verb_name(enum json_verb verb);

/* Finds the route of a path as it came in the request line: still percent-encoded, a query is cut off. A segment is
 * decoded after the path was split, so that %2F never splits; an empty segment matches nothing.
 *   OK                 json_match_deinit it
 *   NOT_FOUND          no route has this path
 *   UNIMPLEMENTED      routes have it, but for other verbs: `allowed` (HTTP 405)
 *   INVALID_ARGUMENT   a capture does not decode to UTF-8 without NUL
 *   NO_MEMORY */
QVT_MUST_CHECK qvt_status json_routes_match(const struct json_routes *routes, enum json_verb verb, const char *path,
                                            struct json_match *out);
void json_match_deinit(struct json_match *match);

/* Walks the parameters of a query ("a=1&b=x%20y", with or without the `?`): decoded, `+` is a blank. Each ends with NUL and
 * is valid until each returns; stops at the first result that is not OK and returns it.
 *   INVALID_ARGUMENT   not UTF-8, or NUL, or a broken %XX
 *   NO_MEMORY */
QVT_MUST_CHECK qvt_status json_query_walk(const char *query,
                                          qvt_status (*each)(const char *name, const char *value, void *data),
                                          void *data);

#ifdef __cplusplus
}
#endif

#endif
