#include "tests/fuzz/fuzz.h"

#include "base/check.h"
#include "rpc/http2/pool.h"
#include "rpc/http2/session.h"

enum { STREAMS = 8 };

#define LITERAL(text)                                                                                                  \
    {                                                                                                                  \
        (const uint8_t *)(text), sizeof(text) - 1                                                                      \
    }

/* A server that answers every request as soon as it ends, and every second one before that. */
static struct http2_stream streams[STREAMS];
static size_t open_count;
static size_t requests;

static struct http2_stream *on_request(void *data)
{
    (void)data;
    for (size_t i = 0; i < STREAMS; i++) {
        if (streams[i].session == NULL) {
            http2_stream_recycle(&streams[i], 100);
            open_count++;
            requests++;
            return &streams[i];
        }
    }
    return NULL;
}

static qvt_status on_header(struct http2_stream *stream, qvt_slice name, qvt_slice value)
{
    QVT_ASSERT(stream->session != NULL && name.len > 0 && value.data != NULL);
    return QVT_OK;
}

static void answer(struct http2_stream *stream)
{
    static const struct http2_header fields[] = {{LITERAL(":status"), LITERAL("200"), true}};
    qvt_slice part = LITERAL("answer");
    if (stream->headers_sent) {
        return;
    }
    qvt_status status = http2_stream_respond(stream, fields, 1, false);
    if (status == QVT_OK) {
        status = http2_stream_send(stream, &part, 1);
    }
    if (status == QVT_OK) {
        status = http2_stream_end(stream);
    }
    if (status == QVT_OK && !stream->remote_ended) {
        http2_stream_reset_when_sent(stream, HTTP2_NO_ERROR);
    }
}

static void on_headers(struct http2_stream *stream, bool end)
{
    (void)end;
    if (requests % 2 == 0) {
        answer(stream);
    }
}

static void on_data(struct http2_stream *stream, qvt_slice bytes)
{
    qvt_status status = http2_stream_consume(stream, bytes.len);
    QVT_ASSERT(status == QVT_OK);
}

static void on_end(struct http2_stream *stream)
{
    QVT_ASSERT(stream->remote_ended);
    answer(stream);
}

static void on_trailers(struct http2_stream *stream)
{
    static const struct http2_header field = {LITERAL("grpc-status"), LITERAL("0"), true};
    qvt_status status = http2_stream_trailers(stream, &field, 1);
    QVT_ASSERT(status == QVT_OK);
}

static void on_close(struct http2_stream *stream, uint32_t code)
{
    (void)code;
    QVT_ASSERT(stream->session == NULL && open_count > 0);
    open_count--;
}

static void on_output(void *data)
{
    (void)data;
}

static bool on_noise(void *data, enum http2_noise kind)
{
    (void)data;
    return kind == HTTP2_NOISE_PING;
}

static const struct http2_events events = {
    .on_request = on_request,
    .on_header = on_header,
    .on_headers = on_headers,
    .on_data = on_data,
    .on_end = on_end,
    .on_trailers = on_trailers,
    .on_close = on_close,
    .on_output = on_output,
    .on_noise = on_noise,
};

static void send_all(struct http2_session *session, struct http2_output *output)
{
    do {
        http2_output_clear(output);
        if (http2_session_send(session, output) != QVT_OK) {
            break;
        }
    } while (output->total > 0);
    http2_output_clear(output);
}

static void feed(struct http2_session *session, struct http2_output *output, qvt_slice input, size_t step)
{
    qvt_status status =
        http2_session_receive(session, qvt_slice_make("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 24 + 9));
    QVT_ASSERT(status == QVT_OK);
    while (input.len > 0 && status == QVT_OK) {
        size_t len = input.len < step ? input.len : step;
        status = http2_session_receive(session, qvt_slice_make(input.data, len));
        input = qvt_slice_make(input.data + len, input.len - len);
        send_all(session, output);
    }
}

/* The first byte is how many bytes arrive at a time, the rest what a client sends behind its preface. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct http2_output empty;
    static struct http2_output output;
    struct http2_pool pool;
    struct http2_session *session = NULL;
    if (size == 0) {
        return 0;
    }
    output = empty;
    http2_pool_init(&pool);
    const struct http2_options options = {.max_concurrent_streams = 4,
                                          .max_header_bytes = 1000,
                                          .stream_window = 65535,
                                          .connection_window = 65535,
                                          .pool = &pool,
                                          .noise_limits = {20, 20, 20, 20, 20, 20}};
    for (size_t i = 0; i < STREAMS; i++) {
        http2_stream_init(&streams[i]);
    }
    if (http2_session_new(&session, HTTP2_SERVER, &options, &events, NULL) == QVT_OK) {
        feed(session, &output, qvt_slice_make(data + 1, size - 1), (size_t)data[0] + 1);
        QVT_ASSERT(http2_session_stream_count(session) == open_count);
    }
    http2_session_free(session);
    QVT_ASSERT(open_count == 0);
    for (size_t i = 0; i < STREAMS; i++) {
        http2_stream_deinit(&streams[i]);
    }
    http2_pool_deinit(&pool);
    return 0;
}
