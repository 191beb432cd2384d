#include "server/gateway/request.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "quark/version/v1/version_tracker.bindings.h"
#include "quark/version/v1/version_tracker.methods.h"
#include "rpc/net/address.h"
#include "rpc/net/tls_names.h"
#include "server/gateway/error_json.h"
#include "server/gateway/event_stream.h"
#include "server/service/call_id.h"
#include "server/service/error_field.h"

/* RFC 9112 §3.2.2: a server accepts the absolute form, which proxies send. */
static const char *skip_authority(const char *target)
{
    size_t scheme = strncasecmp(target, "http://", 7) == 0 ? 7 : strncasecmp(target, "https://", 8) == 0 ? 8 : 0;
    return scheme == 0 ? target : target + scheme + strcspn(target + scheme, "/?");
}

struct request *request_new(struct gateway *gateway, const char *target)
{
    struct request *request = calloc(1, sizeof(*request));
    if (request == NULL) {
        return NULL;
    }
    request->target = strdup(skip_authority(target));
    if (request->target == NULL) {
        free(request);
        return NULL;
    }
    request->gateway = gateway;
    request->unary.id = ++gateway->counters.requests_total;
    gateway->counters.requests_open++;
    arena_init(&request->memory, gateway->options.request_memory_max);
    list_push_back(&gateway->requests, &request->in_gateway);
    return request;
}

/* A client that left before its answer was there is what nginx calls 499. */
static void count_end(const struct request *request)
{
    enum { CLIENT_LEFT = 499 };
    struct gateway_counters *counters = &request->gateway->counters;
    unsigned status = request->http_status == 0 ? CLIENT_LEFT : request->http_status;
    counters->requests_open--;
    counters->bytes_received += request->body_len;
    counters->answers[status - GATEWAY_CODE_MIN]++;
}

void request_free(struct request *request)
{
    if (request->stream != NULL) {
        event_stream_leave(request->stream);
    }
    count_end(request);
    if (request->response != NULL) {
        MHD_destroy_response(request->response);
    }
    list_remove(&request->in_gateway);
    arena_deinit(&request->memory);
    buf_deinit(&request->body);
    free(request->target);
    free(request);
}

const char *request_header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const qvt_rpc_peer_names *request_peer_names(const struct request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL || info->socket_context == NULL ? &tls_names_none : info->socket_context;
}

void request_peer(const struct request *request, char out[NET_ADDRESS_TEXT_MAX])
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    if (info != NULL && info->client_addr != NULL) {
        bool v6 = info->client_addr->sa_family == AF_INET6;
        memcpy(&address, info->client_addr, v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
    }
    net_address_format(out, &address);
}

void request_report(const struct request *request, qvt_status status, const char *message)
{
    char peer[NET_ADDRESS_TEXT_MAX];
    if (request->is_page || request->gateway->refusing) {
        return;
    }
    request_peer(request, peer);
    const struct json_binding *first = quark_version_v1_version_tracker_bindings;
    const qvt_rpc_method *methods = quark_version_v1_version_tracker_methods;
    const struct service_call call = {
        .protocol = CALL_HTTP,
        .id = request->unary.id,
        .method = request->binding == NULL ? NULL : &methods[request->binding - first],
        .status = status,
        .message = qvt_slice_text(message),
        .peer = peer,
        .took_us = request->began_ns == 0 ? UINT64_MAX : (uv_hrtime() - request->began_ns) / 1000,
        .served = request->served,
    };
    service_call_ended(request->gateway->options.service, &call);
}

static void add_id(const struct request *request, struct MHD_Response *response)
{
    char id[CALL_ID_TEXT_MAX];
    call_id_text(id, call_metrics_protocol(CALL_HTTP), request->unary.id);
    (void)MHD_add_response_header(response, "X-Request-Id", id);
}

void request_answer_with(struct request *request, unsigned http_status, struct MHD_Response *response)
{
    request->response = response;
    request->http_status = http_status;
    if (response != NULL) {
        add_id(request, response);
    }
    if (request->gateway->draining && response != NULL) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
    if (request->suspended) {
        request->suspended = false;
        MHD_resume_connection(request->connection);
        http_loop_kick(&request->gateway->loop);
    }
}

/* Without memory for an answer the connection is closed, which a client sees as an error too. */
static struct MHD_Response *make_response(struct buf *body, const char *content_type)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        buf_deinit(body);
        return NULL;
    }
    *body = (struct buf)BUF_INIT;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    return response;
}

static struct MHD_Response *make_empty(void)
{
    struct buf nothing = BUF_INIT;
    return make_response(&nothing, "text/plain");
}

void request_answer(struct request *request, unsigned http_status, const char *content_type, struct buf *body)
{
    request->gateway->counters.bytes_sent += body->len;
    struct MHD_Response *response = make_response(body, content_type);
    request_report(request, QVT_OK, "");
    request_answer_with(request, http_status, response);
}

/* RFC 6750 §3: without a word on what is wrong where nothing was shown. */
static const char *challenge(const qvt_error *error)
{
    bool shown = error->reason == NULL || strcmp(error->reason, "TOKEN_MISSING") != 0;
    return shown ? "Bearer realm=\"qvt\", error=\"invalid_token\"" : "Bearer realm=\"qvt\"";
}

void request_fail(struct request *request, const qvt_error *error, unsigned http_status, const char *allow)
{
    struct buf body = BUF_INIT;
    struct MHD_Response *response = NULL;
    qvt_error named;
    error_name_field(&named, error);
    request_report(request, error->status, named.message);
    if (error_json_write(&body, &named) == QVT_OK && buf_append_byte(&body, '\n') == QVT_OK) {
        request->gateway->counters.bytes_sent += body.len;
        response = make_response(&body, "application/json");
    } else {
        buf_deinit(&body);
        response = make_empty();
    }
    if (response != NULL && allow != NULL) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
    }
    if (response != NULL && error->status == QVT_UNAUTHENTICATED) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, challenge(error));
    }
    if (response != NULL && error->retry_delay_ms > 0) {
        char seconds[16];
        snprintf(seconds, sizeof(seconds), "%" PRIu32, (error->retry_delay_ms + 999) / 1000);
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    request_answer_with(request, http_status != 0 ? http_status : (unsigned)qvt_status_to_http(error->status),
                        response);
}
