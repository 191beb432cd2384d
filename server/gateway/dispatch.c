#include "server/gateway/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "base/check.h"
#include "json/field.h"
#include "json/reader.h"
#include "quark/version/v1/version_tracker.bindings.h"
#include "quark/version/v1/version_tracker.methods.h"
#include "quark/version/v1/version_tracker.routes.h"
#include "server/gateway/event_stream.h"
#include "server/gateway/json_call.h"
#include "server/gateway/origin.h"
#include "server/gateway/pages.h"

static void *take_memory(void *data, size_t size)
{
    return arena_alloc(data, size);
}

/* What reading a request needs. */
struct reading {
    struct request *request;
    struct json_reader reader;
    ProtobufCMessage *message;
};

/* A DELETE has no body by its rule. One that comes is read all the same: an if_match in it is not to be passed over. */
static qvt_status read_body(struct reading *reading, const struct json_route *route)
{
    struct request *request = reading->request;
    const struct json_message_type *type = request->binding->request;
    json_t *body = NULL;
    protobuf_c_message_init(type->descriptor, reading->message);
    if (request->body.len == 0 || route->verb == JSON_VERB_GET) {
        return QVT_OK;
    }
    QVT_TRY(json_reader_parse(&reading->reader, buf_slice(&request->body), &body));
    qvt_status status =
        (route->read_body != NULL ? route->read_body : type->read)(&reading->reader, body, reading->message);
    json_decref(body);
    return status;
}

static qvt_status set_parameter(const char *name, const char *value, void *data)
{
    struct reading *reading = data;
    return reading->request->binding->set_field(&reading->reader, reading->message, name, value);
}

/* The path has the last word: what it names is what the request is about. */
static qvt_status read_request(struct reading *reading, const struct json_match *match, const char *query,
                               qvt_error *error)
{
    QVT_TRY(read_body(reading, match->route));
    if (query != NULL) {
        qvt_status status = json_query_walk(query, set_parameter, reading);
        if (status != QVT_OK && error->status == QVT_OK) {
            return qvt_error_set(error, status, NULL, "the query is not percent-encoded UTF-8 without NUL");
        }
        QVT_TRY(status);
    }
    for (size_t i = 0; i < match->capture_count; i++) {
        QVT_TRY(set_parameter(match->captures[i].field, match->captures[i].text, reading));
    }
    return QVT_OK;
}

static void fail_to_read(struct request *request, qvt_error *error, qvt_status status)
{
    if (error->status == QVT_OK) {
        (void)qvt_error_set(error, status, NULL, "the request could not be read");
    }
    request_fail(request, error, 0, NULL);
}

static void call_method(struct request *request, const struct json_match *match, const char *query)
{
    struct reading reading = {.request = request};
    qvt_error error;
    qvt_error_clear(&error);
    json_reader_init(&reading.reader, take_memory, &request->memory, &error);
    reading.reader.ignore_unknown = request->gateway->options.ignore_unknown_fields;
    reading.message = arena_alloc(&request->memory, request->binding->request->descriptor->sizeof_message);
    qvt_status status = reading.message == NULL ? QVT_NO_MEMORY : read_request(&reading, match, query, &error);
    if (status != QVT_OK) {
        fail_to_read(request, &error, status);
        return;
    }
    json_call_prepare(request);
    if (service_handlers()->admit(request->gateway->options.service, &request->unary, request->binding->method,
                                  reading.message, &error) != QVT_OK) {
        request_fail(request, &error, 0, NULL);
        return;
    }
    request->served = true;
    if (match->route->method == QUARK_VERSION_V1_VERSION_TRACKER_WATCH) {
        event_stream_start(request, (const Quark__Version__V1__WatchRequest *)reading.message);
    } else {
        json_call_start(request, reading.message);
    }
}

static void fail_path(struct request *request, qvt_status status, unsigned allowed, const char *path)
{
    char allow[64] = "";
    qvt_error error;
    if (status == QVT_NOT_FOUND) {
        (void)qvt_error_set(&error, QVT_NOT_FOUND, NULL, "no such path: %s; see /openapi.json", path);
        request_fail(request, &error, MHD_HTTP_NOT_FOUND, NULL);
        return;
    }
    if (status != QVT_UNIMPLEMENTED) {
        (void)qvt_error_set(&error, status, NULL, "the path is not percent-encoded UTF-8 without NUL: %s", path);
        request_fail(request, &error, 0, NULL);
        return;
    }
    for (unsigned verb = 0; verb < JSON_VERB_COUNT; verb++) {
        if ((allowed >> verb & 1u) != 0) {
            size_t len = strlen(allow);
            snprintf(allow + len, sizeof(allow) - len, "%s%s%s", len == 0 ? "" : ", ",
                     json_verb_name((enum json_verb)verb), verb == JSON_VERB_GET ? ", HEAD" : "");
        }
    }
    (void)qvt_error_set(&error, QVT_UNIMPLEMENTED, NULL, "%s is not allowed here; allowed: %s", request->method, allow);
    request_fail(request, &error, MHD_HTTP_METHOD_NOT_ALLOWED, allow);
}

/* curl's own default is taken for what it is; other types are a mistake. */
static bool is_json(const struct request *request)
{
    const char *type = request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (type == NULL || request->body.len == 0) {
        return true;
    }
    size_t len = strcspn(type, "; \t");
    return (len == 16 && strncasecmp(type, "application/json", len) == 0) ||
           (len > 17 && strncasecmp(type, "application/", 12) == 0 && strncasecmp(type + len - 5, "+json", 5) == 0) ||
           (len == 33 && strncasecmp(type, "application/x-www-form-urlencoded", len) == 0);
}

static void fail_type(struct request *request)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_INVALID_ARGUMENT, "UNSUPPORTED_MEDIA_TYPE",
                        "the body must be JSON, Content-Type: application/json, not \"%s\"",
                        request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE));
    request_fail(request, &error, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, NULL);
}

static void fail_origin(struct request *request)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_PERMISSION_DENIED, "CROSS_ORIGIN",
                        "writes from pages of other origins are refused");
    request_fail(request, &error, 0, NULL);
}

static void serve_path(struct request *request, const char *path, const char *query)
{
    struct json_match match;
    bool head = strcmp(request->method, MHD_HTTP_METHOD_HEAD) == 0;
    enum json_verb verb = head ? JSON_VERB_GET : json_verb_parse(request->method);
    qvt_status status = json_routes_match(&quark_version_v1_version_tracker_routes, verb, path, &match);
    if (status != QVT_OK) {
        fail_path(request, status, match.allowed, path);
        return;
    }
    request->binding = &quark_version_v1_version_tracker_bindings[match.route->method];
    if (verb != JSON_VERB_GET && !is_json(request)) {
        fail_type(request);
    } else if (verb != JSON_VERB_GET && origin_is_foreign(request)) {
        fail_origin(request);
    } else if (head && match.route->method == QUARK_VERSION_V1_VERSION_TRACKER_WATCH) {
        struct buf nothing = BUF_INIT;
        request_answer(request, MHD_HTTP_OK, "text/event-stream", &nothing);
    } else {
        call_method(request, &match, query);
    }
    json_match_deinit(&match);
}

static void refuse(struct request *request)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_UNAVAILABLE, "SHUTTING_DOWN", "the server is shutting down");
    request_fail(request, &error, 0, NULL);
}

void request_dispatch(struct request *request)
{
    if (request->gateway->refusing) {
        refuse(request);
        return;
    }
    request->began_ns = uv_hrtime();
    char *query = strchr(request->target, '?');
    if (query != NULL) {
        *query++ = '\0';
    }
    if (pages_serve(request, request->target)) {
        return;
    }
    if (request->refusal != NULL) {
        request_fail(request, request->refusal, 0, NULL);
    } else {
        serve_path(request, request->target, query);
    }
}
