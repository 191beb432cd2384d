#include "tests/unit/client/fake_rpc.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "qvt/rpc/client.h"
#include "base/check.h"
#include "base/list.h"

struct qvt_rpc_runtime {
    uv_loop_t *loop;
};

struct qvt_rpc_channel {
    uv_loop_t *loop;
    struct list calls;
    uv_timer_t closing;
    void (*on_closed)(void *data);
    void *data;
};

/* A message on its way to the tracker. */
struct sent {
    struct list node;
    struct buf bytes;
};

struct qvt_rpc_client_call {
    struct list node;
    uv_timer_t timer;
    const qvt_rpc_method *method;
    struct list sent;
    bool is_stream;
    bool is_served; /* once at least */
    bool is_cancelled;
    struct fake_call *late; /* what delay_ms keeps; NULL: nothing */
    qvt_rpc_call_options options;
    qvt_rpc_client_callbacks callbacks;
    void *data;
};

static void (*serve)(void *data, struct fake_call *call);
static void *serve_data;
static atomic_uint left_endpoints;

void fake_rpc_serve(void (*tracker)(void *data, struct fake_call *call), void *data)
{
    serve = tracker;
    serve_data = data;
}

unsigned fake_rpc_left_endpoints(void)
{
    return left_endpoints;
}

qvt_status qvt_rpc_runtime_new(qvt_rpc_runtime **out, const qvt_rpc_runtime_options *options)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL) {
        return QVT_NO_MEMORY;
    }
    (*out)->loop = options->uv_loop;
    return QVT_OK;
}

void qvt_rpc_runtime_free(qvt_rpc_runtime *runtime)
{
    free(runtime);
}

/* No test of the client against this double asks for TLS: tests/integration does. */
qvt_status qvt_rpc_tls_new_client(qvt_rpc_tls **out, const qvt_rpc_tls_client_options *options, qvt_error *error)
{
    (void)out;
    (void)options;
    return qvt_error_set(error, QVT_UNIMPLEMENTED, NULL, "no TLS in this double");
}

void qvt_rpc_tls_unref(qvt_rpc_tls *tls)
{
    QVT_ASSERT(tls == NULL);
}

qvt_status qvt_rpc_channel_new(qvt_rpc_channel **out, qvt_rpc_runtime *runtime, const char *const *endpoints,
                               size_t endpoint_count, const qvt_rpc_channel_options *options, qvt_error *error)
{
    (void)options;
    if (endpoint_count == 0 || strchr(endpoints[0], ':') == NULL) {
        return qvt_error_field(error, "endpoints", "not HOST:PORT");
    }
    *out = calloc(1, sizeof **out);
    if (*out == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "no memory");
    }
    (*out)->loop = runtime->loop;
    list_init(&(*out)->calls);
    return QVT_OK;
}

static struct sent *take(qvt_rpc_client_call *call)
{
    struct sent *sent = LIST_ENTRY(call->sent.next, struct sent, node);
    list_remove(&sent->node);
    return sent;
}

static void free_sent(struct sent *sent)
{
    buf_deinit(&sent->bytes);
    free(sent);
}

static void forget_answer(struct fake_call *fake)
{
    buf_deinit(&fake->answer);
    for (size_t i = 0; i < FAKE_MORE_MAX; i++) {
        buf_deinit(&fake->more[i]);
    }
}

static void free_call(uv_handle_t *handle)
{
    qvt_rpc_client_call *call = handle->data;
    if (call->late != NULL) {
        forget_answer(call->late);
        free(call->late);
    }
    while (!list_is_empty(&call->sent)) {
        free_sent(take(call));
    }
    free(call);
}

static void end(qvt_rpc_client_call *call, const qvt_error *error)
{
    qvt_rpc_result result = {error, {NULL, 0}, NULL};
    list_remove(&call->node);
    call->callbacks.on_end(call, &result, call->data);
    uv_close((uv_handle_t *)&call->timer, free_call);
}

static void on_deadline(uv_timer_t *timer)
{
    qvt_error error;
    qvt_error_set(&error, QVT_DEADLINE_EXCEEDED, NULL, "too late");
    end(timer->data, &error);
}

static void on_due(uv_timer_t *timer);

/* As the runtime does it: never within the function that was called. */
static void soon(qvt_rpc_client_call *call)
{
    uv_timer_start(&call->timer, on_due, 0, 0);
}

static void deliver(qvt_rpc_client_call *call, const struct buf *message)
{
    if (!call->is_cancelled) {
        call->callbacks.on_message(call, buf_slice(message), call->data);
    }
}

static void answer(qvt_rpc_client_call *call, struct fake_call *fake)
{
    if (fake->answer.len > 0 || (!call->is_stream && fake->error.status == QVT_OK)) {
        deliver(call, &fake->answer);
    }
    for (size_t i = 0; i < FAKE_MORE_MAX && fake->more[i].len > 0; i++) {
        deliver(call, &fake->more[i]);
    }
    if (call->is_cancelled) {
        return;
    }
    if (!call->is_stream || fake->error.status != QVT_OK) {
        end(call, &fake->error);
    } else if (!list_is_empty(&call->sent)) {
        soon(call);
    }
}

static void on_late(uv_timer_t *timer)
{
    qvt_rpc_client_call *call = timer->data;
    answer(call, call->late);
}

static void answer_later(qvt_rpc_client_call *call, const struct fake_call *fake)
{
    call->late = malloc(sizeof *call->late);
    QVT_ASSERT(call->late != NULL);
    *call->late = *fake;
    uv_timer_start(&call->timer, on_late, fake->delay_ms, 0);
}

static void serve_one(qvt_rpc_client_call *call)
{
    struct sent *sent = take(call);
    struct fake_call fake = {
        .method = call->method->name,
        .request = buf_slice(&sent->bytes),
        .timeout_ms = call->options.timeout_ms,
        .waits_for_ready = call->options.wait_for_ready,
        .is_first = !call->is_served,
    };
    call->is_served = true;
    serve(serve_data, &fake);
    free_sent(sent);
    if (fake.delay_ms > 0) {
        answer_later(call, &fake);
        return;
    }
    if (!fake.hold) {
        answer(call, &fake);
    } else if (!call->is_stream) {
        uv_timer_start(&call->timer, on_deadline, call->options.timeout_ms, 0);
    }
    forget_answer(&fake);
}

static void on_due(uv_timer_t *timer)
{
    qvt_rpc_client_call *call = timer->data;
    if (call->is_cancelled) {
        qvt_error error;
        qvt_error_set(&error, QVT_CANCELLED, NULL, "cancelled");
        end(call, &error);
    } else if (!list_is_empty(&call->sent)) {
        serve_one(call);
    }
}

qvt_status qvt_rpc_client_call_start(qvt_rpc_client_call **out, qvt_rpc_channel *channel, const qvt_rpc_method *method,
                                     const qvt_rpc_call_options *options, const qvt_rpc_client_callbacks *callbacks,
                                     void *data)
{
    qvt_rpc_client_call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        return QVT_NO_MEMORY;
    }
    list_init(&call->sent);
    call->is_stream = true;
    call->method = method;
    call->options = *options;
    call->callbacks = *callbacks;
    call->data = data;
    call->timer.data = call;
    QVT_ASSERT(uv_timer_init(channel->loop, &call->timer) == 0);
    list_push_back(&channel->calls, &call->node);
    *out = call;
    return QVT_OK;
}

qvt_status qvt_rpc_client_call_send(qvt_rpc_client_call *call, qvt_slice message)
{
    struct sent *sent = calloc(1, sizeof *sent);
    if (sent == NULL || buf_append_slice(&sent->bytes, message) != QVT_OK) {
        free(sent);
        return QVT_NO_MEMORY;
    }
    list_push_back(&call->sent, &sent->node);
    soon(call);
    return QVT_OK;
}

void qvt_rpc_client_call_cancel(qvt_rpc_client_call *call)
{
    call->is_cancelled = true;
    soon(call);
}

qvt_status qvt_rpc_client_call_unary(qvt_rpc_client_call **out, qvt_rpc_channel *channel, const qvt_rpc_method *method,
                                     qvt_slice request, const qvt_rpc_call_options *options,
                                     const qvt_rpc_client_callbacks *callbacks, void *data)
{
    qvt_status status = qvt_rpc_client_call_start(out, channel, method, options, callbacks, data);
    if (status == QVT_OK) {
        (*out)->is_stream = false;
        QVT_ASSERT(qvt_rpc_client_call_send(*out, request) == QVT_OK);
    }
    return status;
}

static void free_channel(uv_handle_t *handle)
{
    qvt_rpc_channel *channel = handle->data;
    free(channel);
}

static void on_closing(uv_timer_t *timer)
{
    qvt_rpc_channel *channel = timer->data;
    qvt_error error;
    qvt_error_set(&error, QVT_CANCELLED, NULL, "closed");
    while (!list_is_empty(&channel->calls)) {
        end(LIST_ENTRY(channel->calls.next, struct qvt_rpc_client_call, node), &error);
    }
    channel->on_closed(channel->data);
    uv_close((uv_handle_t *)timer, free_channel);
}

void qvt_rpc_channel_close(qvt_rpc_channel *channel, void (*on_closed)(void *data), void *data)
{
    channel->on_closed = on_closed;
    channel->data = data;
    channel->closing.data = channel;
    QVT_ASSERT(uv_timer_init(channel->loop, &channel->closing) == 0);
    uv_timer_start(&channel->closing, on_closing, 0, 0);
}

qvt_rpc_channel_state qvt_rpc_channel_get_state(const qvt_rpc_channel *channel)
{
    (void)channel;
    return QVT_RPC_CHANNEL_READY;
}

const char *qvt_rpc_channel_endpoint(const qvt_rpc_channel *channel)
{
    (void)channel;
    return "tracker:7070";
}

/* It is never without a connection. */
const char *qvt_rpc_channel_failure(const qvt_rpc_channel *channel)
{
    (void)channel;
    return "";
}

void qvt_rpc_channel_connect(qvt_rpc_channel *channel)
{
    (void)channel;
}

void qvt_rpc_channel_try_next(qvt_rpc_channel *channel)
{
    (void)channel;
    left_endpoints++;
}
