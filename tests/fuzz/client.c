#include "tests/fuzz/fuzz.h"

#include "base/check.h"
#include "rpc/call/client_response.h"
#include "rpc/http2/pool.h"
#include "rpc/http2/session.h"
#include "rpc/wire/frame.h"
#include "rpc/wire/gzip.h"

enum { CALLS = 4, MESSAGE_MAX = 1000 };

#define LITERAL(text)                                                                                                  \
    {                                                                                                                  \
        (const uint8_t *)(text), sizeof(text) - 1                                                                      \
    }

/* What a channel's calls keep of an answer. */
static struct call {
    struct http2_stream stream;
    struct client_response response;
    struct frame_decoder decoder;
    struct buf inflated;
    bool ended;
} calls[CALLS];
static size_t open_count;

static struct call *call_of(struct http2_stream *stream)
{
    return LIST_ENTRY(stream, struct call, stream);
}

static qvt_status on_header(struct http2_stream *stream, qvt_slice name, qvt_slice value)
{
    QVT_ASSERT(stream->session != NULL && !call_of(stream)->ended);
    return client_response_take(&call_of(stream)->response, name, value);
}

static void on_headers(struct http2_stream *stream, bool end)
{
    struct call *call = call_of(stream);
    (void)client_response_block(&call->response, end);
}

static void take(struct call *call, qvt_slice bytes)
{
    while (bytes.len > 0) {
        bool whole = false;
        if (frame_decoder_take(&call->decoder, &bytes, &whole) != QVT_OK) {
            break;
        }
        QVT_ASSERT(!whole || call->decoder.message.len <= MESSAGE_MAX);
        if (whole && frame_decoder_is_compressed(&call->decoder)) {
            buf_clear(&call->inflated);
            qvt_status status = gzip_inflate(&call->inflated, buf_slice(&call->decoder.message), MESSAGE_MAX);
            QVT_ASSERT(status != QVT_OK || call->inflated.len <= MESSAGE_MAX);
        }
    }
}

static void on_data(struct http2_stream *stream, qvt_slice bytes)
{
    struct call *call = call_of(stream);
    QVT_ASSERT(!call->ended);
    take(call, bytes);
    qvt_status status = http2_stream_consume(stream, bytes.len);
    QVT_ASSERT(status == QVT_OK);
}

static void on_end(struct http2_stream *stream)
{
    struct call *call = call_of(stream);
    QVT_ASSERT(!call->ended && stream->remote_ended);
    call->ended = true;
    client_response_finish(&call->response, QVT_RPC_UNARY, frame_decoder_is_inside(&call->decoder));
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

static const struct http2_events events = {
    .on_header = on_header,
    .on_headers = on_headers,
    .on_data = on_data,
    .on_end = on_end,
    .on_close = on_close,
    .on_output = on_output,
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

static void open_calls(struct http2_session *session)
{
    static const struct http2_header fields[] = {{LITERAL(":method"), LITERAL("POST"), true},
                                                 {LITERAL(":scheme"), LITERAL("http"), true},
                                                 {LITERAL(":path"), LITERAL("/a/B"), true},
                                                 {LITERAL(":authority"), LITERAL("peer"), true}};
    for (size_t i = 0; i < CALLS; i++) {
        qvt_slice part = LITERAL("request");
        if (http2_stream_open(&calls[i].stream, session, fields, 4) != QVT_OK) {
            continue;
        }
        open_count++;
        /* The last one goes on sending. */
        qvt_status status = http2_stream_send(&calls[i].stream, &part, 1);
        if (status == QVT_OK && i + 1 < CALLS) {
            status = http2_stream_end(&calls[i].stream);
        }
        QVT_ASSERT(status == QVT_OK);
    }
}

static void feed(struct http2_session *session, struct http2_output *output, qvt_slice input, size_t step)
{
    qvt_status status = http2_session_receive(session, qvt_slice_make("\0\0\0\4\0\0\0\0\0", 9));
    QVT_ASSERT(status == QVT_OK && http2_session_is_ready(session));
    open_calls(session);
    send_all(session, output);
    while (input.len > 0 && status == QVT_OK) {
        size_t len = input.len < step ? input.len : step;
        status = http2_session_receive(session, qvt_slice_make(input.data, len));
        input = qvt_slice_make(input.data + len, input.len - len);
        send_all(session, output);
    }
}

/* The first byte is how many bytes arrive at a time, the rest what a server sends behind its SETTINGS to four calls. */
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
    const struct http2_options options = {
        .max_header_bytes = 1000, .stream_window = 65535, .connection_window = 65535, .pool = &pool};
    for (size_t i = 0; i < CALLS; i++) {
        calls[i] = (struct call){.ended = false};
        http2_stream_init(&calls[i].stream);
        frame_decoder_init(&calls[i].decoder, MESSAGE_MAX);
    }
    if (http2_session_new(&session, HTTP2_CLIENT, &options, &events, NULL) == QVT_OK) {
        feed(session, &output, qvt_slice_make(data + 1, size - 1), (size_t)data[0] + 1);
        QVT_ASSERT(http2_session_stream_count(session) == open_count);
    }
    http2_session_free(session);
    QVT_ASSERT(open_count == 0);
    for (size_t i = 0; i < CALLS; i++) {
        http2_stream_deinit(&calls[i].stream);
        client_response_deinit(&calls[i].response);
        frame_decoder_deinit(&calls[i].decoder);
        buf_deinit(&calls[i].inflated);
    }
    http2_pool_deinit(&pool);
    return 0;
}
