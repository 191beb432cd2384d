#include "server/gateway/gateway.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "rpc/net/tls_names.h"
#include "server/gateway/caller.h"
#include "server/gateway/event_stream.h"
#include "server/gateway/listen.h"
#include "server/gateway/request.h"

enum { DISCARD_FACTOR = 16, LINGER_MS = 5000 };

static void *on_target(void *data, const char *target, struct MHD_Connection *connection)
{
    (void)connection;
    return request_new(data, target);
}

static void on_completed(void *data, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct gateway *gateway = data;
    (void)connection;
    (void)code;
    http_loop_active(&gateway->loop);
    if (*context != NULL) {
        request_free(*context);
        *context = NULL;
    }
}

static void on_connection(void *data, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct gateway *gateway = data;
    struct gateway_counters *counters = &gateway->counters;
    (void)connection;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        counters->connections_open++;
        counters->connections_total++;
        *context = gateway->introducing;
        gateway->introducing = NULL;
    } else {
        counters->connections_open--;
        tls_names_free(*context);
        *context = NULL;
    }
}

/* Paths and parameters are decoded by the matcher, which splits first. */
static size_t leave_encoded(void *data, struct MHD_Connection *connection, char *text)
{
    (void)data;
    (void)connection;
    return strlen(text);
}

static void fail_too_large(struct request *request)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_RESOURCE_EXHAUSTED, "BODY_TOO_LARGE", "the body is over the limit of %u bytes",
                        request->gateway->options.body_bytes_max);
    request_fail(request, &error, MHD_HTTP_CONTENT_TOO_LARGE, NULL);
}

static enum MHD_Result queue_answer(struct request *request)
{
    if (request->response == NULL || request->queued) {
        return MHD_NO;
    }
    request->queued = true;
    enum MHD_Result result = MHD_queue_response(request->connection, request->http_status, request->response);
    MHD_destroy_response(request->response);
    request->response = NULL;
    return result;
}

/* A client that asks before it sends is told at once that its body is too large. */
static enum MHD_Result look_at_headers(struct request *request, struct MHD_Connection *connection, const char *method)
{
    request->begun = true;
    request->connection = connection;
    request->method = method;
    caller_identify(request);
    const char *length = request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *expect = request_header(request, MHD_HTTP_HEADER_EXPECT);
    if (expect == NULL || length == NULL || strtoull(length, NULL, 10) <= request->gateway->options.body_bytes_max) {
        return MHD_YES;
    }
    request->dispatched = true;
    fail_too_large(request);
    return queue_answer(request);
}

/* A body over the limit, or of one who may not send any, is read on, not kept, so that the client gets the answer; one far
 * over the limit is cut off. */
static enum MHD_Result take_body(struct request *request, const char *bytes, size_t *len)
{
    uint64_t max = request->gateway->options.body_bytes_max;
    request->body_len += *len;
    if (request->body_len > max || request->refusal != NULL) {
        buf_deinit(&request->body);
    } else if (buf_append(&request->body, bytes, *len) != QVT_OK) {
        return MHD_NO;
    }
    *len = 0;
    return request->body_len > max * DISCARD_FACTOR ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_len, void **context)
{
    struct gateway *gateway = data;
    struct request *request = *context;
    (void)url;
    (void)version;
    http_loop_active(&gateway->loop);
    if (request == NULL) {
        return MHD_NO;
    }
    if (!request->begun) {
        return look_at_headers(request, connection, method);
    }
    if (*upload_len > 0) {
        return take_body(request, upload, upload_len);
    }
    if (!request->dispatched) {
        request->dispatched = true;
        request->inside = true;
        if (request->body_len > gateway->options.body_bytes_max) {
            fail_too_large(request);
        } else {
            request_dispatch(request);
        }
        request->inside = false;
        if (request->response == NULL && request->http_status == 0) {
            request->suspended = true;
            MHD_suspend_connection(connection);
            return MHD_YES;
        }
    }
    return queue_answer(request);
}

static void on_keepalive(uv_timer_t *timer)
{
    event_streams_keep_alive(timer->data);
}

/* listener -1: connections are given to it. */
static struct MHD_Daemon *start_daemon(struct gateway *gateway, int listener)
{
    const struct gateway_options *options = &gateway->options;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO;
    struct MHD_OptionItem source[] = {{MHD_OPTION_LISTEN_SOCKET, listener, NULL}, {MHD_OPTION_END, 0, NULL}};
    if (listener < 0) {
        flags |= MHD_USE_NO_LISTEN_SOCKET;
        source[0].option = MHD_OPTION_END;
    }
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, gateway, MHD_OPTION_ARRAY, source, MHD_OPTION_URI_LOG_CALLBACK, on_target,
        gateway, MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, gateway,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, gateway, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)options->connections_max, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)options->idle_timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32 * 1024, MHD_OPTION_END);
}

static qvt_status start(struct gateway *gateway, int listener)
{
    gateway->daemon = start_daemon(gateway, listener);
    if (gateway->daemon == NULL) {
        return QVT_UNAVAILABLE;
    }
    if (http_loop_start(&gateway->loop, gateway->options.loop, gateway->daemon) != QVT_OK) {
        MHD_stop_daemon(gateway->daemon);
        return QVT_UNAVAILABLE;
    }
    uv_timer_init(gateway->options.loop, &gateway->keepalive);
    gateway->keepalive.data = gateway;
    uv_timer_start(&gateway->keepalive, on_keepalive, gateway->options.keepalive_interval_ms,
                   gateway->options.keepalive_interval_ms);
    return QVT_OK;
}

static void on_tls_connection(void *data, int fd, const struct sockaddr_storage *peer, qvt_rpc_peer_names *names)
{
    struct gateway *gateway = data;
    socklen_t len = peer->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    gateway->introducing = names;
    /* It closes the socket when it cannot take it. */
    (void)MHD_add_connection(gateway->daemon, fd, (const struct sockaddr *)peer, len);
    tls_names_free(gateway->introducing);
    gateway->introducing = NULL;
    http_loop_kick(&gateway->loop);
}

static void on_front_closed(void *data)
{
    gateway_closed_one(data);
}

static qvt_status start_tls(struct gateway *gateway, const char *listen, qvt_error *error)
{
    const struct tls_front_options options = {
        .loop = gateway->options.loop,
        .log = gateway->options.log,
        .handshake_timeout_ms = gateway->options.handshake_timeout_ms,
        .idle_ms = gateway->options.idle_timeout_s * 1000,
        .linger_ms = LINGER_MS,
        .connections_max = gateway->options.connections_max,
        .unused_max = gateway->options.unused_connections_max,
        .on_connection = on_tls_connection,
        .on_closed = on_front_closed,
        .data = gateway,
    };
    QVT_TRY(tls_front_open(&gateway->front, &options, gateway->options.tls, listen, error));
    (void)snprintf(gateway->address, sizeof(gateway->address), "%s", tls_front_address(&gateway->front));
    return QVT_OK;
}

static void forget(void *data)
{
    (void)data;
}

static qvt_status start_daemon_after(struct gateway *gateway, int listener, const char *listen, qvt_error *error)
{
    if (start(gateway, listener) == QVT_OK) {
        return QVT_OK;
    }
    return qvt_error_set(error, QVT_UNAVAILABLE, NULL, "cannot serve HTTP on %s: %s", listen, strerror(errno));
}

/* Not OK: the gateway is gone, or will be. */
static qvt_status start_over_tls(struct gateway *gateway, const char *listen, qvt_error *error)
{
    qvt_status status = start_tls(gateway, listen, error);
    if (status != QVT_OK) {
        free(gateway);
        return status;
    }
    status = start_daemon_after(gateway, -1, listen, error);
    if (status != QVT_OK) {
        gateway->closing = 1;
        gateway->on_closed = forget;
        tls_front_close(&gateway->front);
    }
    return status;
}

/* In clear the daemon listens itself, which costs less. */
static qvt_status start_in_clear(struct gateway *gateway, const char *listen, qvt_error *error)
{
    int listener = -1;
    qvt_status status = listen_on(listen, &listener, gateway->address, sizeof(gateway->address), error);
    if (status == QVT_OK) {
        status = start_daemon_after(gateway, listener, listen, error);
    }
    if (status != QVT_OK) {
        free(gateway);
    }
    return status;
}

qvt_status gateway_new(struct gateway **out, const struct gateway_options *options, const char *listen,
                       qvt_error *error)
{
    struct gateway *gateway = calloc(1, sizeof(*gateway));
    if (gateway == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    gateway->options = *options;
    list_init(&gateway->requests);
    list_init(&gateway->streams);
    QVT_TRY(options->tls == NULL ? start_in_clear(gateway, listen, error) : start_over_tls(gateway, listen, error));
    *out = gateway;
    return QVT_OK;
}

void gateway_use_tls(struct gateway *gateway, qvt_rpc_tls *tls)
{
    gateway->options.tls = tls;
    tls_front_use(&gateway->front, tls);
}

const char *gateway_address(const struct gateway *gateway)
{
    return gateway->address;
}

void gateway_drain(struct gateway *gateway)
{
    if (!gateway->draining) {
        gateway->draining = true;
        if (gateway->options.tls != NULL) {
            tls_front_drain(&gateway->front);
        } else {
            listen_close(MHD_quiesce_daemon(gateway->daemon));
        }
    }
}

void gateway_refuse(struct gateway *gateway)
{
    gateway->refusing = true;
}

bool gateway_is_idle(const struct gateway *gateway)
{
    return list_is_empty(&gateway->requests);
}

void gateway_closed_one(struct gateway *gateway)
{
    if (--gateway->closing == 0 && gateway->on_closed != NULL) {
        void (*on_closed)(void *data) = gateway->on_closed;
        void *data = gateway->on_closed_data;
        free(gateway);
        on_closed(data);
    }
}

static void on_loop_closed(void *data)
{
    gateway_closed_one(data);
}

static void on_timer_closed(uv_handle_t *handle)
{
    gateway_closed_one(handle->data);
}

void gateway_close(struct gateway *gateway, void (*on_closed)(void *data), void *data)
{
    gateway_drain(gateway);
    gateway->closing += 2;
    gateway->on_closed = on_closed;
    gateway->on_closed_data = data;
    http_loop_stop(&gateway->loop, on_loop_closed, gateway);
    uv_close((uv_handle_t *)&gateway->keepalive, on_timer_closed);
    MHD_stop_daemon(gateway->daemon);
    if (gateway->options.tls != NULL) {
        gateway->closing++;
        tls_front_close(&gateway->front);
    }
}
