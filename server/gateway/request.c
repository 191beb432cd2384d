#include "server/gateway/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/gateway/error_json.h"
#include "server/service/error_field.h"

struct request *request_new(struct gateway *gateway, const char *target)
{
    struct request *request = calloc(1, sizeof(*request));
    if (request == NULL) {
        return NULL;
    }
    request->target = strdup(target);
    if (request->target == NULL) {
        free(request);
        return NULL;
    }
    request->gateway = gateway;
    arena_init(&request->memory, gateway->options.request_memory_max);
    list_push_back(&gateway->requests, &request->in_gateway);
    return request;
}

void request_free(struct request *request)
{
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

void request_answer_with(struct request *request, unsigned http_status, struct MHD_Response *response)
{
    request->response = response;
    request->http_status = http_status;
    if (request->gateway->draining) {
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
    struct MHD_Response *response = make_response(body, content_type);
    request_answer_with(request, http_status, response);
}

void request_fail(struct request *request, const qvt_error *error, unsigned http_status, const char *allow)
{
    struct buf body = BUF_INIT;
    struct MHD_Response *response = NULL;
    qvt_error named;
    error_name_field(&named, error);
    if (error_json_write(&body, &named) == QVT_OK && buf_append_byte(&body, '\n') == QVT_OK) {
        response = make_response(&body, "application/json");
    } else {
        buf_deinit(&body);
        response = make_empty();
    }
    if (response != NULL && allow != NULL) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
    }
    if (response != NULL && error->retry_delay_ms > 0) {
        char seconds[16];
        snprintf(seconds, sizeof(seconds), "%" PRIu32, (error->retry_delay_ms + 999) / 1000);
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    request_answer_with(request, http_status != 0 ? http_status : (unsigned)qvt_status_to_http(error->status),
                        response);
}
