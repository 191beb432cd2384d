#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/buf.h"
#include "tests/integration/rpc/peer.h"

enum { CANNED_LEN = 120, HIGH_WATER = 64 * 1024 };

static void echo(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    (void)data;
    qvt_rpc_unary_reply(qvt_rpc_server_call_unary(call), &request, 1);
}

static void canned(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    static const uint8_t answer[CANNED_LEN] = {10, 118};
    (void)request;
    (void)data;
    qvt_slice part = {answer, sizeof(answer)};
    qvt_rpc_unary_reply(qvt_rpc_server_call_unary(call), &part, 1);
}

static void fail(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    (void)data;
    qvt_error error;
    qvt_error_set(&error, QVT_FAILED_PRECONDITION, "NOT_TODAY", "100%% of \xc3\xa9t\xc3\xa9: %.*s", (int)request.len,
                  (const char *)request.data);
    qvt_error_fact(&error, "etag", "%d", 42);
    snprintf(error.field, sizeof(error.field), "silo.port");
    error.retry_delay_ms = 1500;
    qvt_rpc_unary_fail(qvt_rpc_server_call_unary(call), &error);
}

/* Sends the metadata whose names begin with x- back, as initial and as trailing, but for values that may not be sent. */
static void metadata(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    (void)data;
    const qvt_rpc_metadata *given = qvt_rpc_server_call_metadata(call);
    for (size_t i = 0; i < given->count; i++) {
        if (qvt_slice_starts_with(given->entries[i].name, qvt_slice_text("x-")) &&
            qvt_rpc_metadata_check(&given->entries[i]) == QVT_OK) {
            qvt_status initial = qvt_rpc_server_call_add_initial(call, &given->entries[i]);
            qvt_status trailing = qvt_rpc_server_call_add_trailing(call, &given->entries[i]);
            QVT_ASSERT(initial == QVT_OK && trailing == QVT_OK);
        }
    }
    qvt_rpc_unary_reply(qvt_rpc_server_call_unary(call), &request, 1);
}

static void wait_for_cancel(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    (void)call;
    (void)request;
    (void)data;
}

static void on_cancel(qvt_rpc_server_call *call, void *data)
{
    struct peer *peer = data;
    peer->cancelled++;
    if (peer->held == call) {
        peer->held = NULL;
    }
    free(qvt_rpc_server_call_context(call));
    qvt_rpc_server_call_finish(call, NULL);
}

static void stats(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    (void)request;
    struct peer *peer = data;
    qvt_rpc_server_counters counters;
    qvt_rpc_server_read_counters(peer->server, &counters);
    char text[160];
    int len = snprintf(text, sizeof(text), "open=%llu cancelled=%u messages=%u queued_max=%zu connections=%llu",
                       (unsigned long long)counters.calls_open, peer->cancelled, peer->messages_received,
                       peer->queued_max, (unsigned long long)counters.connections_open);
    qvt_slice part = {(const uint8_t *)text, (size_t)len};
    qvt_rpc_unary_reply(qvt_rpc_server_call_unary(call), &part, 1);
}

static void release(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    struct peer *peer = data;
    if (peer->held != NULL) {
        qvt_rpc_server_call *held = peer->held;
        peer->held = NULL;
        qvt_rpc_server_call_resume(held);
    }
    qvt_rpc_unary_reply(qvt_rpc_server_call_unary(call), &request, 1);
}

/* Collect answers with the concatenation of its messages. */
static void begin_collect(qvt_rpc_server_call *call, void *data)
{
    (void)data;
    struct buf *all = calloc(1, sizeof(*all));
    QVT_ASSERT(all != NULL);
    qvt_rpc_server_call_set_context(call, all);
}

static void collect(qvt_rpc_server_call *call, qvt_slice message, void *data)
{
    (void)data;
    qvt_status status = buf_append_slice(qvt_rpc_server_call_context(call), message);
    QVT_ASSERT(status == QVT_OK);
}

static void end_collect(qvt_rpc_server_call *call, void *data)
{
    (void)data;
    struct buf *all = qvt_rpc_server_call_context(call);
    qvt_slice part = buf_slice(all);
    qvt_status status = qvt_rpc_server_call_send(call, &part, 1);
    qvt_rpc_server_call_finish(call, NULL);
    QVT_ASSERT(status == QVT_OK || status == QVT_CANCELLED);
    buf_deinit(all);
    free(all);
}

static void cancel_collect(qvt_rpc_server_call *call, void *data)
{
    struct buf *all = qvt_rpc_server_call_context(call);
    buf_deinit(all);
    on_cancel(call, data);
}

/* Hold takes one message, and no more before Release. */
static void hold(qvt_rpc_server_call *call, qvt_slice message, void *data)
{
    (void)message;
    struct peer *peer = data;
    if (peer->messages_received++ == 0) {
        peer->held = call;
        qvt_rpc_server_call_hold(call);
    }
}

static void end_hold(qvt_rpc_server_call *call, void *data)
{
    (void)data;
    qvt_rpc_server_call_finish(call, NULL);
}

/* Count takes "COUNT SIZE" and sends as many messages of that size, never more than HIGH_WATER ahead of the client. */
struct counting {
    unsigned long left;
    size_t size;
    qvt_blob *blob;
};

static void send_counted(qvt_rpc_server_call *call, struct peer *peer)
{
    struct counting *counting = qvt_rpc_server_call_context(call);
    while (counting->left > 0 && qvt_rpc_server_call_queued(call) < HIGH_WATER) {
        qvt_status status = qvt_rpc_server_call_send_blob(call, counting->blob);
        QVT_ASSERT(status == QVT_OK);
        counting->left--;
        if (qvt_rpc_server_call_queued(call) > peer->queued_max) {
            peer->queued_max = qvt_rpc_server_call_queued(call);
        }
    }
    if (counting->left == 0) {
        qvt_blob_unref(counting->blob);
        free(counting);
        qvt_rpc_server_call_finish(call, NULL);
    }
}

static void count(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    char text[64] = "";
    memcpy(text, request.data, request.len < sizeof(text) - 1 ? request.len : sizeof(text) - 1);
    struct counting *counting = calloc(1, sizeof(*counting));
    uint8_t *bytes = NULL;
    char *rest = NULL;
    QVT_ASSERT(counting != NULL);
    counting->left = strtoul(text, &rest, 10);
    counting->size = strtoul(rest, NULL, 10);
    qvt_status status = qvt_blob_new(&counting->blob, counting->size, &bytes);
    QVT_ASSERT(status == QVT_OK);
    for (size_t i = 0; i < counting->size; i++) {
        bytes[i] = (uint8_t)(i % 251);
    }
    qvt_rpc_server_call_set_context(call, counting);
    send_counted(call, data);
}

static void drain_count(qvt_rpc_server_call *call, void *data)
{
    send_counted(call, data);
}

static void cancel_count(qvt_rpc_server_call *call, void *data)
{
    struct counting *counting = qvt_rpc_server_call_context(call);
    qvt_blob_unref(counting->blob);
    on_cancel(call, data);
}

/* Chat answers each message with itself; "bye" ends it with NOT_FOUND. */
static void chat(qvt_rpc_server_call *call, qvt_slice message, void *data)
{
    (void)data;
    if (qvt_slice_equal(message, qvt_slice_text("bye"))) {
        qvt_error error;
        qvt_error_set(&error, QVT_NOT_FOUND, NULL, "bye");
        qvt_rpc_server_call_finish(call, &error);
        return;
    }
    qvt_status status = qvt_rpc_server_call_send(call, &message, 1);
    QVT_ASSERT(status == QVT_OK);
}

static void end_chat(qvt_rpc_server_call *call, void *data)
{
    (void)data;
    qvt_rpc_server_call_finish(call, NULL);
}

#define METHOD(method_name, method_kind)                                                                               \
    {                                                                                                                  \
        .path = "/test.Peer/" method_name, .name = (method_name), .request_type = "test.Bytes",                        \
        .response_type = "test.Bytes", .kind = (method_kind)                                                           \
    }

static const struct {
    qvt_rpc_method method;
    qvt_rpc_handler handler;
} methods[] = {
    {METHOD("Echo", QVT_RPC_UNARY), {.on_request = echo}},
    {METHOD("Canned", QVT_RPC_UNARY), {.on_request = canned}},
    {METHOD("Fail", QVT_RPC_UNARY), {.on_request = fail}},
    {METHOD("Metadata", QVT_RPC_UNARY), {.on_request = metadata}},
    {METHOD("Wait", QVT_RPC_UNARY), {.on_request = wait_for_cancel, .on_cancel = on_cancel}},
    {METHOD("Stats", QVT_RPC_UNARY), {.on_request = stats}},
    {METHOD("Release", QVT_RPC_UNARY), {.on_request = release}},
    {METHOD("Collect", QVT_RPC_CLIENT_STREAMING),
     {.on_begin = begin_collect, .on_message = collect, .on_half_close = end_collect, .on_cancel = cancel_collect}},
    {METHOD("Hold", QVT_RPC_CLIENT_STREAMING), {.on_message = hold, .on_half_close = end_hold, .on_cancel = on_cancel}},
    {METHOD("Count", QVT_RPC_SERVER_STREAMING),
     {.on_request = count, .on_drain = drain_count, .on_cancel = cancel_count}},
    {METHOD("Chat", QVT_RPC_BIDI_STREAMING), {.on_message = chat, .on_half_close = end_chat, .on_cancel = on_cancel}},
};

qvt_status peer_add_methods(struct peer *peer)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        QVT_TRY(qvt_rpc_server_add_method(peer->server, &methods[i].method, &methods[i].handler, peer));
    }
    return QVT_OK;
}
