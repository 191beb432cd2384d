#include "rpc/call/channel.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "rpc/call/client_call.h"
#include "rpc/call/options.h"

static const char *state_name(qvt_rpc_channel_state state)
{
    static const char *const names[] = {"idle", "connecting", "ready", "transient failure", "shutdown"};
    return names[state];
}

static void work(uv_idle_t *handle);

void channel_soon(qvt_rpc_channel *channel)
{
    uv_idle_start(&channel->soon, work);
}

void channel_set_state(qvt_rpc_channel *channel, qvt_rpc_channel_state state)
{
    if (channel->state == state || channel->closing) {
        return;
    }
    channel->state = state;
    log_write(&channel->runtime->log, LOG_INFO, "channel", log_text("state", state_name(state)),
              log_text("endpoint", channel->endpoints[channel->endpoint].text));
    if (channel->options.on_state != NULL) {
        channel->options.on_state(channel, state, channel->options.data);
    }
}

void channel_want_connection(qvt_rpc_channel *channel)
{
    if (channel->state != QVT_RPC_CHANNEL_IDLE || channel->closing) {
        return;
    }
    channel->round =
        (struct channel_round){.endpoints_left = channel->endpoint_count, .started_ms = net_timer_now_ms()};
    channel_step_soon(channel);
    channel_set_state(channel, QVT_RPC_CHANNEL_CONNECTING);
}

static void open_waiting(qvt_rpc_channel *channel)
{
    while (channel_is_ready(channel) && !list_is_empty(&channel->waiting)) {
        qvt_rpc_client_call *call = LIST_ENTRY(channel->waiting.next, qvt_rpc_client_call, link);
        qvt_status status = client_call_open(call);
        if (status == QVT_UNAVAILABLE) {
            channel_conn_retire(channel->current);
        } else if (status != QVT_OK) {
            client_call_fail(call, status, "%s", qvt_status_text(status));
        }
    }
}

static void fail_hasty(qvt_rpc_channel *channel)
{
    struct list *next = NULL;
    for (struct list *node = channel->waiting.next; node != &channel->waiting; node = next) {
        qvt_rpc_client_call *call = LIST_ENTRY(node, qvt_rpc_client_call, link);
        next = node->next;
        if (!call->wait_for_ready) {
            client_call_fail(call, QVT_UNAVAILABLE, "%s", channel->failure);
        }
    }
}

void channel_dispatch(qvt_rpc_channel *channel)
{
    open_waiting(channel);
    if (channel->state == QVT_RPC_CHANNEL_TRANSIENT_FAILURE) {
        fail_hasty(channel);
    }
    if (!list_is_empty(&channel->waiting)) {
        channel_want_connection(channel);
    }
}

static void finish_close(qvt_rpc_channel *channel);

static void work(uv_idle_t *handle)
{
    qvt_rpc_channel *channel = handle->data;
    uv_idle_stop(handle);
    while (!list_is_empty(&channel->todo)) {
        client_call_work(LIST_ENTRY(channel->todo.next, qvt_rpc_client_call, todo));
    }
    if (channel->step_due) {
        channel->step_due = false;
        channel_step(channel);
    }
    if (!channel->closing) {
        channel_dispatch(channel);
    }
    channel_close_conns(channel, channel->closing);
    finish_close(channel);
}

static void read_options(qvt_rpc_channel_options *out, const qvt_rpc_channel_options *given)
{
    const qvt_rpc_channel_options defaults = QVT_RPC_CHANNEL_OPTIONS_INIT;
    *out = defaults;
    options_read(out, sizeof(*out), given, given == NULL ? 0 : given->size);
    if (out->user_agent == NULL) {
        out->user_agent = "qvt";
    }
}

static void free_channel(qvt_rpc_channel *channel)
{
    free(channel->user_agent);
    metadata_list_deinit(&channel->metadata);
    free(channel->endpoints);
    free(channel->round.addresses);
    free(channel->headers);
    free(channel->last_error);
    qvt_rpc_tls_unref(channel->setup.tls);
    free(channel);
}

static qvt_status parse_endpoints(qvt_rpc_channel *channel, const char *const *endpoints, size_t count,
                                  qvt_error *error)
{
    if (count == 0) {
        return qvt_error_field(error, "endpoint", "no endpoint was given");
    }
    channel->endpoints = calloc(count, sizeof(*channel->endpoints));
    if (channel->endpoints == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        qvt_status status = channel_endpoint_parse(&channel->endpoints[i], endpoints[i], error);
        if (status != QVT_OK) {
            return status;
        }
    }
    channel->endpoint_count = count;
    return QVT_OK;
}

static qvt_status copy_metadata(qvt_rpc_channel *channel, qvt_error *error)
{
    const qvt_rpc_metadata *given = &channel->options.metadata;
    for (size_t i = 0; i < given->count; i++) {
        qvt_status status = client_metadata_add(&channel->metadata, &given->entries[i]);
        if (status != QVT_OK) {
            return qvt_error_set(error, status, NULL, "metadata %zu of the channel: %s", i, qvt_status_text(status));
        }
    }
    channel->options.metadata = (qvt_rpc_metadata){NULL, 0};
    return QVT_OK;
}

static qvt_status fill_channel(qvt_rpc_channel *channel, const char *const *endpoints, size_t count,
                               const qvt_rpc_channel_options *options, qvt_error *error)
{
    list_init(&channel->conns);
    list_init(&channel->calls);
    list_init(&channel->waiting);
    list_init(&channel->todo);
    channel_conn_fill_setup(&channel->setup, channel->runtime->loop);
    read_options(&channel->options, options);
    channel->keepalive_ms = channel->options.keepalive_ms;
    if (channel->options.tls != NULL) {
        channel->setup.tls = qvt_rpc_tls_ref(channel->options.tls);
    }
    backoff_init(&channel->backoff, channel->options.backoff_first_ms, channel->options.backoff_max_ms);
    size_t agent_size = strlen(channel->options.user_agent) + 1;
    channel->user_agent = malloc(agent_size);
    if (channel->user_agent == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    memcpy(channel->user_agent, channel->options.user_agent, agent_size);
    QVT_TRY(copy_metadata(channel, error));
    return parse_endpoints(channel, endpoints, count, error);
}

qvt_status qvt_rpc_channel_new(qvt_rpc_channel **out, qvt_rpc_runtime *runtime, const char *const *endpoints,
                               size_t endpoint_count, const qvt_rpc_channel_options *options, qvt_error *error)
{
    qvt_rpc_channel *channel = calloc(1, sizeof(*channel));
    if (channel == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    channel->runtime = runtime;
    qvt_status status = fill_channel(channel, endpoints, endpoint_count, options, error);
    if (status != QVT_OK) {
        free_channel(channel);
        return status;
    }
    uv_idle_init(runtime->uv, &channel->soon);
    channel->soon.data = channel;
    *out = channel;
    return QVT_OK;
}

void qvt_rpc_channel_close(qvt_rpc_channel *channel, void (*on_closed)(void *data), void *data)
{
    if (channel->closing) {
        return;
    }
    channel->on_closed = on_closed;
    channel->closed_data = data;
    channel->state = QVT_RPC_CHANNEL_SHUTDOWN;
    channel->closing = true;
    net_timer_stop(&channel->runtime->loop->timers, &channel->timer);
    channel_abandon_round(channel);
    for (struct list *node = channel->calls.next; node != &channel->calls; node = node->next) {
        client_call_fail(LIST_ENTRY(node, qvt_rpc_client_call, sibling), QVT_CANCELLED, "the channel was closed");
    }
    channel_soon(channel);
}

static void on_soon_closed(uv_handle_t *handle)
{
    qvt_rpc_channel *channel = handle->data;
    void (*on_closed)(void *data) = channel->on_closed;
    void *data = channel->closed_data;
    free_channel(channel);
    if (on_closed != NULL) {
        on_closed(data);
    }
}

static void finish_close(qvt_rpc_channel *channel)
{
    if (channel->closing && !channel->is_resolving && list_is_empty(&channel->conns) &&
        list_is_empty(&channel->calls) && !uv_is_closing((uv_handle_t *)&channel->soon)) {
        uv_close((uv_handle_t *)&channel->soon, on_soon_closed);
    }
}

qvt_rpc_channel_state qvt_rpc_channel_get_state(const qvt_rpc_channel *channel)
{
    return channel->state;
}

const char *qvt_rpc_channel_endpoint(const qvt_rpc_channel *channel)
{
    return channel->endpoints[channel->endpoint].text;
}

void qvt_rpc_channel_connect(qvt_rpc_channel *channel)
{
    if (channel->state == QVT_RPC_CHANNEL_TRANSIENT_FAILURE) {
        net_timer_stop(&channel->runtime->loop->timers, &channel->timer);
        channel_set_state(channel, QVT_RPC_CHANNEL_IDLE);
    }
    channel_want_connection(channel);
}

void qvt_rpc_channel_try_next(qvt_rpc_channel *channel)
{
    if (channel->closing) {
        return;
    }
    if (channel->state == QVT_RPC_CHANNEL_CONNECTING) {
        channel_leave_endpoint(channel);
        return;
    }
    channel->endpoint = (channel->endpoint + 1) % channel->endpoint_count;
    if (channel->current != NULL) {
        channel_conn_retire(channel->current);
    }
    channel_want_connection(channel);
}
