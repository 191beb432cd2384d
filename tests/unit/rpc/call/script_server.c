#include "tests/unit/rpc/call/script_server.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

static struct script_stream *stream_of(struct http2_stream *stream)
{
    return LIST_ENTRY(stream, struct script_stream, stream);
}

static struct script_conn *conn_of(void *net)
{
    return LIST_ENTRY(net, struct script_conn, net);
}

static struct http2_stream *on_request(void *data)
{
    struct script_stream *stream = calloc(1, sizeof(*stream));
    QVT_ASSERT(stream != NULL);
    http2_stream_init(&stream->stream);
    stream->conn = conn_of(data);
    return &stream->stream;
}

static void copy_text(char *out, qvt_slice text)
{
    (void)snprintf(out, SCRIPT_TEXT_MAX, "%.*s", (int)text.len, (const char *)text.data);
}

static qvt_status on_header(struct http2_stream *base, qvt_slice name, qvt_slice value)
{
    struct script_stream *stream = stream_of(base);
    QVT_ASSERT(stream->field_count < SCRIPT_FIELDS_MAX);
    copy_text(stream->names[stream->field_count], name);
    copy_text(stream->values[stream->field_count], value);
    stream->field_count++;
    return QVT_OK;
}

static void tell(struct script_stream *stream)
{
    struct script_server *server = stream->conn->server;
    server->on_event(stream, server->data);
}

static void on_headers(struct http2_stream *base, bool end)
{
    struct script_stream *stream = stream_of(base);
    stream->conn->server->requests++;
    if (!end) {
        tell(stream);
    }
}

static void on_data(struct http2_stream *base, qvt_slice bytes)
{
    struct script_stream *stream = stream_of(base);
    QVT_ASSERT(buf_append_slice(&stream->body, bytes) == QVT_OK);
    QVT_ASSERT(http2_stream_consume(base, bytes.len) == QVT_OK);
    tell(stream);
}

static void on_end(struct http2_stream *base)
{
    struct script_stream *stream = stream_of(base);
    stream->ended = true;
    tell(stream);
}

static void on_trailers(struct http2_stream *base)
{
    struct script_stream *stream = stream_of(base);
    struct http2_header fields[SCRIPT_FIELDS_MAX];
    size_t count = 0;
    for (const char *const *text = stream->trailers; *text != NULL; text += 2) {
        fields[count++] = (struct http2_header){qvt_slice_text(text[0]), qvt_slice_text(text[1]), false};
    }
    if (count > 0) {
        QVT_ASSERT(http2_stream_trailers(base, fields, count) == QVT_OK);
    }
}

static void on_close(struct http2_stream *base, uint32_t code)
{
    struct script_stream *stream = stream_of(base);
    if (code != HTTP2_NO_ERROR) {
        stream->conn->server->resets++;
        stream->conn->server->last_reset = code;
    }
    buf_deinit(&stream->body);
    http2_stream_deinit(base);
    free(stream);
}

static const struct http2_events http2_events = {
    .on_request = on_request,
    .on_header = on_header,
    .on_headers = on_headers,
    .on_data = on_data,
    .on_end = on_end,
    .on_trailers = on_trailers,
    .on_close = on_close,
    .on_output = net_conn_on_output,
};

static const struct http2_options http2_options = {
    .max_concurrent_streams = 100, .max_header_bytes = 65536, .stream_window = 65535, .connection_window = 65535};

static void on_ended(struct net_conn *net, qvt_status status, const char *reason)
{
    (void)status;
    (void)reason;
    net_conn_close(net);
}

static void on_conn_closed(struct net_conn *net)
{
    struct script_conn *conn = conn_of(net);
    list_remove(&conn->link);
    free(conn);
}

static const struct net_conn_events net_events = {.on_ended = on_ended, .on_closed = on_conn_closed};

static void on_accept(struct net_listener *listener, int fd, const struct sockaddr_storage *peer)
{
    struct script_server *server = LIST_ENTRY(listener, struct script_server, listener);
    struct script_conn *conn = calloc(1, sizeof(*conn));
    QVT_ASSERT(conn != NULL);
    conn->server = server;
    QVT_ASSERT(net_conn_accept(&conn->net, &server->setup, fd, peer) == QVT_OK);
    list_push_back(&server->conns, &conn->link);
    server->connections++;
}

static void on_listener_closed(struct net_listener *listener)
{
    (void)listener;
}

void script_server_start(struct script_server *server, struct net_loop *loop,
                         void (*on_event)(struct script_stream *stream, void *data), void *data)
{
    memset(server, 0, sizeof(*server));
    list_init(&server->conns);
    server->on_event = on_event;
    server->data = data;
    server->setup = (struct net_conn_setup){.loop = loop,
                                            .role = HTTP2_SERVER,
                                            .options = &http2_options,
                                            .http2_events = &http2_events,
                                            .events = &net_events,
                                            .max_queued = SIZE_MAX};
    server->listener.on_accept = on_accept;
    server->listener.on_closed = on_listener_closed;
    QVT_ASSERT(net_listener_open(&server->listener, loop->uv, "127.0.0.1:0", NULL) == QVT_OK);
    server->listening = true;
}

void script_server_stop(struct script_server *server)
{
    if (server->listening) {
        server->listening = false;
        net_listener_close(&server->listener);
    }
    for (struct list *node = server->conns.next; node != &server->conns; node = node->next) {
        net_conn_close(&LIST_ENTRY(node, struct script_conn, link)->net);
    }
}

const char *script_field(const struct script_stream *stream, const char *name)
{
    for (size_t i = 0; i < stream->field_count; i++) {
        if (strcmp(stream->names[i], name) == 0) {
            return stream->values[i];
        }
    }
    return "";
}

void script_respond(struct script_stream *stream, enum script_more more, ...)
{
    struct http2_header fields[SCRIPT_FIELDS_MAX];
    size_t count = 0;
    va_list arguments;
    va_start(arguments, more);
    for (const char *name = va_arg(arguments, const char *); name != NULL; name = va_arg(arguments, const char *)) {
        fields[count].name = qvt_slice_text(name);
        fields[count].value = qvt_slice_text(va_arg(arguments, const char *));
        fields[count++].kept = false;
    }
    va_end(arguments);
    QVT_ASSERT(http2_stream_respond(&stream->stream, fields, count, more == SCRIPT_LAST) == QVT_OK);
}

void script_respond_grpc(struct script_stream *stream)
{
    script_respond(stream, SCRIPT_MORE, ":status", "200", "content-type", "application/grpc", NULL);
}

void script_end(struct script_stream *stream, ...)
{
    size_t count = 0;
    va_list arguments;
    va_start(arguments, stream);
    for (const char *text = va_arg(arguments, const char *); text != NULL; text = va_arg(arguments, const char *)) {
        QVT_ASSERT(count + 1 < sizeof(stream->trailers) / sizeof(stream->trailers[0]));
        stream->trailers[count++] = text;
    }
    va_end(arguments);
    QVT_ASSERT(http2_stream_end(&stream->stream) == QVT_OK);
}

void script_message(struct script_stream *stream, const char *text)
{
    qvt_slice part = qvt_slice_text(text);
    QVT_ASSERT(http2_stream_send(&stream->stream, &part, 1) == QVT_OK);
}

void script_bytes(struct script_stream *stream, const void *bytes, size_t len)
{
    QVT_ASSERT(http2_stream_send_bytes(&stream->stream, qvt_slice_make(bytes, len)) == QVT_OK);
}

void script_answer(struct script_stream *stream, const char *text)
{
    script_respond_grpc(stream);
    script_message(stream, text);
    script_end(stream, "grpc-status", "0", NULL);
}
