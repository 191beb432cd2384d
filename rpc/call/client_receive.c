#include "rpc/call/client_call.h"

#include "base/check.h"
#include "rpc/wire/gzip.h"

static qvt_rpc_client_call *call_of(struct http2_stream *stream)
{
    return LIST_ENTRY(stream, qvt_rpc_client_call, stream);
}

qvt_status client_on_header(struct http2_stream *stream, qvt_slice name, qvt_slice value)
{
    qvt_rpc_client_call *call = call_of(stream);
    return call->over ? QVT_OK : client_response_take(&call->response, name, value);
}

/* Once the server has begun to answer, the call has been processed and is never tried again. */
static void forget_replay(qvt_rpc_client_call *call)
{
    call->replayable = false;
    buf_deinit(&call->replay);
}

void client_on_headers(struct http2_stream *stream, bool end)
{
    qvt_rpc_client_call *call = call_of(stream);
    if (call->over) {
        return;
    }
    if (stream->headers_too_large) {
        client_call_fail(call, QVT_RESOURCE_EXHAUSTED, "the server's headers are too large");
        return;
    }
    switch (client_response_block(&call->response, end)) {
    case CLIENT_BLOCK_INFORMATIONAL:
    case CLIENT_BLOCK_LAST: return;
    case CLIENT_BLOCK_FOREIGN:
        client_call_set_over(call);
        client_call_tell(call);
        return;
    case CLIENT_BLOCK_INITIAL: break;
    }
    forget_replay(call);
    if (call->callbacks.on_initial != NULL) {
        call->callbacks.on_initial(call, &call->response.initial.view, call->data);
    }
}

static void fail_decoding(qvt_rpc_client_call *call, qvt_status status)
{
    if (status == QVT_RESOURCE_EXHAUSTED) {
        client_call_fail(call, status, "the server's message is larger than %u bytes",
                         call->channel->options.max_message_bytes);
    } else if (status == QVT_INTERNAL) {
        client_call_fail(call, status, "the server's message has a bad prefix");
    } else {
        client_call_fail(call, status, "out of memory");
    }
}

/* False: the call has failed. */
static bool inflate_message(qvt_rpc_client_call *call)
{
    if (!call->response.gzip) {
        client_call_fail(call, QVT_INTERNAL, "the server's message is compressed with something else than gzip");
        return false;
    }
    buf_clear(&call->inflated);
    qvt_slice packed = buf_slice(&call->decoder.message);
    qvt_status status = gzip_inflate(&call->inflated, packed, call->channel->options.max_message_bytes);
    if (status == QVT_INTERNAL) {
        client_call_fail(call, status, "the server's compressed message is corrupt");
    } else if (status != QVT_OK) {
        fail_decoding(call, status);
    }
    return status == QVT_OK;
}

static void deliver(qvt_rpc_client_call *call)
{
    bool is_packed = frame_decoder_is_compressed(&call->decoder);
    if (is_packed && !inflate_message(call)) {
        return;
    }
    call->response.messages++;
    if (call->callbacks.on_message != NULL) {
        call->callbacks.on_message(call, buf_slice(is_packed ? &call->inflated : &call->decoder.message), call->data);
    }
}

bool qvt_rpc_client_call_came_compressed(const qvt_rpc_client_call *call)
{
    return frame_decoder_is_compressed(&call->decoder);
}

/* Takes messages off the front until the call is held or over. */
static void feed(qvt_rpc_client_call *call, qvt_slice *bytes)
{
    call->feeding = true;
    while (bytes->len > 0 && !call->held && !call->over) {
        bool whole = false;
        qvt_status status = frame_decoder_take(&call->decoder, bytes, &whole);
        if (status != QVT_OK) {
            fail_decoding(call, status);
        } else if (whole) {
            deliver(call);
        }
    }
    call->feeding = false;
}

static void give_back(qvt_rpc_client_call *call, size_t count)
{
    if (count > 0 && call->stream.session != NULL && http2_stream_consume(&call->stream, count) != QVT_OK) {
        client_call_fail(call, QVT_NO_MEMORY, "out of memory");
    }
}

void client_on_data(struct http2_stream *stream, qvt_slice bytes)
{
    qvt_rpc_client_call *call = call_of(stream);
    size_t len = bytes.len;
    if (call->over) {
        return;
    }
    if (call->stash.len == 0 && !call->feeding) {
        feed(call, &bytes);
    }
    give_back(call, len - bytes.len);
    if (bytes.len > 0 && !call->over && buf_append_slice(&call->stash, bytes) != QVT_OK) {
        client_call_fail(call, QVT_NO_MEMORY, "out of memory");
    }
}

static void finish(qvt_rpc_client_call *call)
{
    client_response_finish(&call->response, call->method->kind, frame_decoder_is_inside(&call->decoder));
    client_call_set_over(call);
}

void client_feed_stash(qvt_rpc_client_call *call)
{
    qvt_slice rest = buf_slice(&call->stash);
    feed(call, &rest);
    size_t taken = call->stash.len - rest.len;
    buf_drop_front(&call->stash, taken);
    give_back(call, taken);
    if (call->server_done && call->stash.len == 0 && !call->over) {
        finish(call);
        client_call_tell(call);
    }
}

void client_on_end(struct http2_stream *stream)
{
    qvt_rpc_client_call *call = call_of(stream);
    call->server_done = true;
    if (call->over || call->stash.len > 0) {
        return;
    }
    finish(call);
    client_call_tell(call);
}

void client_on_drain(struct http2_stream *stream)
{
    qvt_rpc_client_call *call = call_of(stream);
    if (!call->over && call->callbacks.on_drain != NULL) {
        call->callbacks.on_drain(call, call->data);
    }
}

/* Whether the server provably did not begin: it said so, and nothing of an answer came. */
static bool may_try_again(const qvt_rpc_client_call *call, uint32_t code)
{
    return code == HTTP2_REFUSED_STREAM && call->replayable && !call->response.started && call->attempts < 2 &&
           !call->channel->closing;
}

static void try_again(qvt_rpc_client_call *call)
{
    http2_stream_recycle(&call->stream, 0);
    client_response_reset(&call->response);
    list_push_back(&call->channel->waiting, &call->link);
    channel_soon(call->channel);
}

/* The stream ended without an END_STREAM of the server. */
static void judge_broken(qvt_rpc_client_call *call, const struct channel_conn *conn, uint32_t code)
{
    struct client_ending *ending = &call->response.ending;
    if (conn->lost != NULL || conn->closed) {
        client_ending_set(ending, QVT_UNAVAILABLE, "the connection to %s ended: %s", conn->endpoint,
                          conn->lost == NULL ? "closed" : conn->lost);
    } else if (code == HTTP2_CANCEL && call->deadline_ms != 0 && net_timer_now_ms() >= call->deadline_ms) {
        client_ending_set(ending, QVT_DEADLINE_EXCEEDED, "the deadline passed");
    } else {
        client_ending_set(ending, mapping_from_http2(code), "the server reset the stream with %s",
                          mapping_http2_name(code));
    }
}

void client_on_close(struct http2_stream *stream, uint32_t code)
{
    qvt_rpc_client_call *call = call_of(stream);
    struct channel_conn *conn = call->conn;
    call->conn = NULL;
    QVT_ASSERT(conn->streams > 0);
    if (--conn->streams == 0 && conn->retired) {
        channel_soon(call->channel);
    }
    if (call->over || call->server_done) {
        client_call_release(call);
        return;
    }
    if (may_try_again(call, code)) {
        try_again(call);
        return;
    }
    judge_broken(call, conn, code);
    client_call_set_over(call);
    client_call_tell(call);
}
