#include "tests/unit/rpc/http2/pair.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

#define LITERAL(text)                                                                                                  \
    {                                                                                                                  \
        (const uint8_t *)(text), sizeof(text) - 1                                                                      \
    }

/* Where a stream's session was made: its data is the side. */
static struct pair_side *current;

static void note(struct pair_side *side, const char *format, ...) QVT_PRINTF(2, 3);

static void note(struct pair_side *side, const char *format, ...)
{
    char text[128];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    /* The log has room made for it beforehand, so that it takes no part in sweeps of failing allocations. */
    QVT_ASSERT(len > 0 && side->log.cap - side->log.len > (size_t)len);
    qvt_status status = buf_append(&side->log, text, (size_t)len);
    QVT_ASSERT(status == QVT_OK);
}

static struct http2_stream *on_request(void *data)
{
    struct pair_side *side = data;
    if (side->refuse || side->stream_count == PAIR_STREAMS) {
        return NULL;
    }
    note(side, "request ");
    return &side->streams[side->stream_count++];
}

static qvt_status on_header(struct http2_stream *stream, qvt_slice name, qvt_slice value)
{
    (void)stream;
    if (value.len <= 16 && name.len <= 16) {
        note(current, "%.*s=%.*s ", (int)name.len, (const char *)name.data, (int)value.len, (const char *)value.data);
    }
    return QVT_OK;
}

static void on_headers(struct http2_stream *stream, bool end)
{
    note(current, "%s%s ", stream->headers_too_large ? "headers-too-large" : "headers", end ? "-end" : "");
}

static void on_data(struct http2_stream *stream, qvt_slice bytes)
{
    note(current, "data:%zu ", bytes.len);
    if (current->consume) {
        qvt_status status = http2_stream_consume(stream, bytes.len);
        (void)status;
    }
}

static void on_end(struct http2_stream *stream)
{
    note(current, stream->remote_ended ? "end " : "end? ");
}

static void on_drain(struct http2_stream *stream)
{
    (void)stream;
    note(current, "drain ");
}

static void on_trailers(struct http2_stream *stream)
{
    static const struct http2_header trailer = {LITERAL("grpc-status"), LITERAL("0"), true};
    if (current->trailers) {
        qvt_status status = http2_stream_trailers(stream, &trailer, 1);
        (void)status;
    }
}

static void on_close(struct http2_stream *stream, uint32_t code)
{
    note(current, "close:%" PRIu32 "%s ", code, stream->session == NULL ? "" : "?");
}

static void on_settings(void *data)
{
    note(data, "settings ");
}

static void on_goaway(void *data, int32_t last_id, uint32_t code, qvt_slice debug)
{
    note(data, "goaway:%" PRId32 ":%" PRIu32 ":%.*s ", last_id, code, (int)debug.len, (const char *)debug.data);
}

static void on_ping_ack(void *data, const uint8_t payload[8])
{
    note(data, "pong:%.8s ", (const char *)payload);
}

static void on_output(void *data)
{
    struct pair_side *side = data;
    QVT_ASSERT(!side->output_wanted);
    side->output_wanted = true;
}

static const struct http2_events server_events = {
    .on_request = on_request,
    .on_header = on_header,
    .on_headers = on_headers,
    .on_data = on_data,
    .on_end = on_end,
    .on_drain = on_drain,
    .on_trailers = on_trailers,
    .on_close = on_close,
    .on_settings = on_settings,
    .on_goaway = on_goaway,
    .on_ping_ack = on_ping_ack,
    .on_output = on_output,
};

static const struct http2_events client_events = {
    .on_header = on_header,
    .on_headers = on_headers,
    .on_data = on_data,
    .on_end = on_end,
    .on_drain = on_drain,
    .on_close = on_close,
    .on_settings = on_settings,
    .on_goaway = on_goaway,
    .on_ping_ack = on_ping_ack,
    .on_output = on_output,
};

static qvt_status init_side(struct pair_side *side, enum http2_role role, struct http2_pool *pool)
{
    struct http2_options options = {
        .max_concurrent_streams = 4,
        .max_header_bytes = 1000,
        .stream_window = 65535,
        .connection_window = 100000,
        .pool = pool,
    };
    *side = (struct pair_side){.consume = true, .trailers = role == HTTP2_SERVER, .log = BUF_INIT};
    for (size_t i = 0; i < PAIR_STREAMS; i++) {
        http2_stream_init(&side->streams[i]);
    }
    QVT_TRY(buf_reserve(&side->log, 64 * 1024));
    return http2_session_new(&side->session, role, &options, role == HTTP2_SERVER ? &server_events : &client_events,
                             side);
}

qvt_status pair_init(struct pair *pair)
{
    *pair = (struct pair){.step = SIZE_MAX};
    pair->output = calloc(1, sizeof(*pair->output));
    qvt_status status = pair->output == NULL ? QVT_NO_MEMORY : init_side(&pair->client, HTTP2_CLIENT, &pair->pool);
    if (status == QVT_OK) {
        status = init_side(&pair->server, HTTP2_SERVER, &pair->pool);
    }
    return status;
}

void pair_free_session(struct pair_side *side)
{
    current = side;
    http2_session_free(side->session);
    side->session = NULL;
}

static void deinit_side(struct pair_side *side)
{
    pair_free_session(side);
    for (size_t i = 0; i < PAIR_STREAMS; i++) {
        http2_stream_deinit(&side->streams[i]);
    }
    buf_deinit(&side->log);
}

void pair_deinit(struct pair *pair)
{
    if (pair->output != NULL) {
        deinit_side(&pair->client);
        if (pair->server.session != NULL || pair->server.log.data != NULL) {
            deinit_side(&pair->server);
        }
        http2_output_clear(pair->output);
    }
    http2_pool_deinit(&pair->pool);
    free(pair->output);
}

qvt_status pair_collect(struct pair *pair, struct pair_side *side, struct buf *out)
{
    current = side;
    do {
        side->output_wanted = false;
        qvt_status status = http2_session_send(side->session, pair->output);
        for (size_t i = 0; i < pair->output->count && status == QVT_OK; i++) {
            status = buf_append_slice(out, pair->output->pieces[i].bytes);
        }
        bool full = !http2_output_has_room(pair->output);
        http2_output_clear(pair->output);
        QVT_TRY(status);
        if (!full) {
            return QVT_OK;
        }
    } while (http2_session_wants_send(side->session));
    return QVT_OK;
}

static qvt_status deliver(struct pair *pair, struct pair_side *to, qvt_slice bytes)
{
    current = to;
    while (bytes.len > 0) {
        size_t len = bytes.len < pair->step ? bytes.len : pair->step;
        QVT_TRY(http2_session_receive(to->session, qvt_slice_make(bytes.data, len)));
        bytes = qvt_slice_make(bytes.data + len, bytes.len - len);
    }
    return QVT_OK;
}

static qvt_status transfer(struct pair *pair, struct pair_side *from, struct pair_side *to, bool *moved)
{
    struct buf bytes = BUF_INIT;
    qvt_status status = pair_collect(pair, from, &bytes);
    if (status == QVT_OK && bytes.len > 0) {
        *moved = true;
        status = deliver(pair, to, buf_slice(&bytes));
    }
    buf_deinit(&bytes);
    return status;
}

qvt_status pair_run(struct pair *pair)
{
    bool moved = true;
    while (moved) {
        moved = false;
        QVT_TRY(transfer(pair, &pair->client, &pair->server, &moved));
        QVT_TRY(transfer(pair, &pair->server, &pair->client, &moved));
    }
    return QVT_OK;
}

qvt_status pair_open(struct pair *pair, size_t stream)
{
    static const struct http2_header headers[] = {
        {LITERAL(":method"), LITERAL("POST"), true},
        {LITERAL(":scheme"), LITERAL("http"), true},
        {LITERAL(":path"), LITERAL("/a/B"), true},
        {LITERAL(":authority"), LITERAL("peer"), false},
    };
    current = &pair->client;
    return http2_stream_open(&pair->client.streams[stream], pair->client.session, headers, 4);
}

qvt_status pair_send(struct http2_stream *stream, size_t len)
{
    uint8_t *bytes = calloc(1, len + 1);
    if (bytes == NULL) {
        return QVT_NO_MEMORY;
    }
    qvt_slice part = {bytes, len};
    qvt_status status = http2_stream_send(stream, &part, 1);
    free(bytes);
    return status;
}

qvt_status pair_respond(struct http2_stream *stream, bool end)
{
    static const struct http2_header header = {LITERAL(":status"), LITERAL("200"), true};
    return http2_stream_respond(stream, &header, 1, end);
}

const char *pair_log(struct pair_side *side)
{
    side->log.data[side->log.len] = '\0';
    if (side->log.len > 0) {
        side->log.data[side->log.len - 1] = '\0';
    }
    side->log.len = 0;
    return (const char *)side->log.data;
}
