/* Input: an HTTP request line, `GET /v1/silos?filter=x`, a line end, a body. It finds its route, and sets fields from the
 * path, the query and the body. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "json/binding.h"
#include "json/reader.h"
#include "json/route.h"
#include "quark/version/v1/version_tracker.bindings.h"
#include "quark/version/v1/version_tracker.routes.h"

enum { BUDGET = 1 << 20, LINE_MAX_BYTES = 4096 };

struct request {
    struct json_reader reader;
    struct arena arena;
    qvt_error error;
    const struct json_binding *binding;
    ProtobufCMessage *message;
};

static void *take(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static qvt_status set(const char *name, const char *value, void *data)
{
    struct request *request = data;
    return request->binding->set_field(&request->reader, request->message, name, value);
}

static qvt_status read_body(struct request *request, const struct json_route *route, qvt_slice body)
{
    json_t *tree = NULL;
    if (route->read_body == NULL) {
        return QVT_OK;
    }
    QVT_TRY(json_reader_parse(&request->reader, body, &tree));
    qvt_status status = route->read_body(&request->reader, tree, request->message);
    json_decref(tree);
    return status;
}

static qvt_status fill(struct request *request, const struct json_match *match, const char *query, qvt_slice body)
{
    QVT_TRY(read_body(request, match->route, body));
    for (size_t i = 0; i < match->capture_count; i++) {
        QVT_TRY(set(match->captures[i].field, match->captures[i].text, request));
    }
    return query == NULL ? QVT_OK : json_query_walk(query, set, request);
}

static void serve(const struct json_match *match, const char *query, qvt_slice body)
{
    struct request request = {.binding = &quark_version_v1_version_tracker_bindings[match->route->method]};
    const ProtobufCMessageDescriptor *type = request.binding->request->descriptor;
    arena_init(&request.arena, BUDGET);
    qvt_error_clear(&request.error);
    json_reader_init(&request.reader, take, &request.arena, &request.error);
    request.message = arena_alloc(&request.arena, type->sizeof_message);
    QVT_ASSERT(request.message != NULL);
    type->message_init(request.message);
    if (fill(&request, match, query, body) == QVT_OK) {
        size_t size = protobuf_c_message_get_packed_size(request.message);
        QVT_ASSERT(size <= 2 * (size_t)BUDGET);
    }
    arena_deinit(&request.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size == 0 ? NULL : memchr(data, '\n', size);
    size_t len = end == NULL ? size : (size_t)(end - data);
    size_t used = end == NULL ? size : len + 1;
    char line[LINE_MAX_BYTES];
    struct json_match match;
    if (len >= sizeof(line) || size == 0) {
        return 0;
    }
    memcpy(line, data, len);
    line[len] = '\0';
    char *path = strchr(line, ' ');
    if (path == NULL) {
        return 0;
    }
    *path++ = '\0';
    enum json_verb verb = json_verb_parse(line);
    if (verb != JSON_VERB_COUNT &&
        json_routes_match(&quark_version_v1_version_tracker_routes, verb, path, &match) == QVT_OK) {
        serve(&match, strchr(path, '?'), qvt_slice_make(data + used, size - used));
        json_match_deinit(&match);
    }
    return 0;
}
