#include "client/src/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "client/src/endpoints.h"
#include "client/src/local/stream.h"
#include "client/src/options.h"
#include "client/src/watch.h"
#include "version/validate.h"

#define RECONNECT_FIRST_MS 1000
#define TOKEN_MAX 512
#define CLUSTER_DEFAULT "default"

/* After which a call without answer makes another endpoint, or another connection to the only one, the better bet. */
#define PATIENCE_MS 1000
#define LONG_PATIENCE_MS 5000

static void forward_log(void *data, qvt_rpc_log_level level, qvt_slice line)
{
    const qvt_client *client = data;
    char text[1024];
    size_t len = line.len < sizeof text - 1 ? line.len : sizeof text - 1;
    memcpy(text, line.data, len);
    text[len] = '\0';
    client->options.on_log(client->options.data, (qvt_log_level)level, text);
}

static void on_channel_state(qvt_rpc_channel *channel, qvt_rpc_channel_state state, void *data)
{
    qvt_client *client = data;
    (void)channel;
    (void)state;
    client->channel_moves++;
}

/* *out is NULL: cleartext. */
static qvt_status tls_read(qvt_rpc_tls **out, const qvt_client_options *options, qvt_error *error)
{
    qvt_rpc_tls_client_options tls = QVT_RPC_TLS_CLIENT_OPTIONS_INIT;
    *out = NULL;
    if (!options->tls && options->tls_authority_file == NULL && options->tls_certificate_file == NULL &&
        options->tls_key_file == NULL && options->tls_server_name == NULL) {
        return QVT_OK;
    }
    tls.authority_file = options->tls_authority_file;
    tls.certificate_file = options->tls_certificate_file;
    tls.key_file = options->tls_key_file;
    tls.server_name = options->tls_server_name;
    return qvt_rpc_tls_new_client(out, &tls, error);
}

/* What a header may carry, so that a token is refused here and not on each call. The error does not show it. */
static bool is_token(const char *token)
{
    size_t len = strlen(token);
    for (size_t i = 0; i < len; i++) {
        if (token[i] <= ' ' || token[i] > '~') {
            return false;
        }
    }
    return len >= 1 && len <= TOKEN_MAX;
}

/* The channel copies it. */
static qvt_status make_authorized(qvt_client *client, const struct endpoints *endpoints,
                                  qvt_rpc_channel_options *channel, qvt_error *error)
{
    char header[sizeof "Bearer " + TOKEN_MAX];
    const qvt_client_options *options = &client->options;
    qvt_rpc_metadata_entry entry = {qvt_slice_text("authorization"), {NULL, 0}};
    if (options->token != NULL) {
        snprintf(header, sizeof header, "Bearer %s", options->token);
        entry.value = qvt_slice_text(header);
        channel->metadata = (qvt_rpc_metadata){&entry, 1};
    }
    qvt_status status =
        qvt_rpc_channel_new(&client->link.channel, client->runtime, endpoints->items, endpoints->count, channel, error);
    client->options.token = NULL;
    return status;
}

static qvt_status make_channel(qvt_client *client, const struct endpoints *endpoints, qvt_error *error)
{
    const qvt_client_options *options = &client->options;
    qvt_rpc_runtime_options runtime = QVT_RPC_RUNTIME_OPTIONS_INIT;
    qvt_rpc_channel_options channel = QVT_RPC_CHANNEL_OPTIONS_INIT;
    runtime.uv_loop = &client->loop.uv;
    runtime.on_log = options->on_log != NULL ? forward_log : NULL;
    runtime.data = client;
    channel.on_state = on_channel_state;
    channel.data = client;
    qvt_status status = qvt_rpc_runtime_new(&client->runtime, &runtime);
    if (status != QVT_OK) {
        return qvt_error_set(error, status, NULL, "the runtime cannot be made: %s", qvt_status_text(status));
    }
    channel.user_agent = "libqvt";
    channel.connect_timeout_ms = options->connect_timeout_ms;
    channel.backoff_max_ms = options->reconnect_max_ms;
    channel.backoff_first_ms =
        options->reconnect_max_ms < RECONNECT_FIRST_MS ? options->reconnect_max_ms : RECONNECT_FIRST_MS;
    QVT_TRY(tls_read(&channel.tls, options, error));
    status = make_authorized(client, endpoints, &channel, error);
    qvt_rpc_tls_unref(channel.tls);
    return status;
}

static qvt_status make_local(qvt_client *client, qvt_error *error)
{
    const char *cluster = client->cluster[0] != '\0' ? client->cluster : CLUSTER_DEFAULT;
    if (local_link_open(&client->link.local, &client->loop, cluster) != QVT_OK) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "no memory for a client");
    }
    return QVT_OK;
}

/* SPEC §9.1: endpoints, or the local tracker. */
static qvt_status make_link(qvt_client *client, qvt_error *error)
{
    struct endpoints endpoints;
    QVT_TRY(endpoints_read(&endpoints, &client->options, error));
    client->options.endpoint_count = endpoints.count;
    qvt_status status = endpoints.count > 0 ? make_channel(client, &endpoints, error) : make_local(client, error);
    endpoints_deinit(&endpoints);
    return status;
}

/* The last step of the loop: nothing of ours is left on it afterwards. */
static void on_channel_closed(void *data)
{
    qvt_client *client = data;
    registration_close(&client->registration);
    cache_close(&client->cache);
    loop_leave(&client->loop);
}

static void leave(qvt_client *client)
{
    if (client->link.channel != NULL) {
        qvt_rpc_channel_close(client->link.channel, on_channel_closed, client);
    } else {
        if (client->link.local != NULL) {
            local_link_close(client->link.local);
        }
        on_channel_closed(client);
    }
}

/* After the thread has ended, or when there never was one. */
static void destroy(qvt_client *client)
{
    /* A channel that closes without the thread still needs its loop to turn. */
    while (client->link.channel != NULL && !uv_is_closing((uv_handle_t *)&client->loop.wake)) {
        uv_run(&client->loop.uv, UV_RUN_ONCE);
    }
    qvt_rpc_runtime_free(client->runtime);
    loop_deinit(&client->loop);
    cache_deinit(&client->cache);
    registration_deinit(&client->registration);
    facts_deinit(&client->facts);
    free(client->cluster);
    free(client);
}

static qvt_status prepare(qvt_client *client, qvt_error *error)
{
    client->cluster = strdup(client->options.cluster != NULL ? client->options.cluster : "");
    if (client->cluster == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "no memory for a client");
    }
    if (facts_init(&client->facts) != QVT_OK) {
        return qvt_error_set(error, QVT_UNAVAILABLE, NULL, "the system refuses a mutex");
    }
    if (loop_init(&client->loop) != QVT_OK) {
        facts_deinit(&client->facts);
        return qvt_error_set(error, QVT_UNAVAILABLE, NULL, "the system refuses an event loop");
    }
    return QVT_OK;
}

static qvt_status check_options(const qvt_client_options *options, qvt_error *error)
{
    if (options->default_timeout_ms == 0) {
        return qvt_error_field(error, "default_timeout_ms", "default_timeout_ms is 0; a call needs a deadline");
    }
    if (options->reconnect_max_ms == 0) {
        return qvt_error_field(error, "reconnect_max_ms", "reconnect_max_ms is 0; it is a pause of at least 1 ms");
    }
    if (options->connect_timeout_ms == 0) {
        return qvt_error_field(error, "connect_timeout_ms", "connect_timeout_ms is 0; an attempt needs time");
    }
    if (options->token != NULL && !is_token(options->token)) {
        return qvt_error_field(error, "token", "the token is not 1 to %d printable characters without blanks",
                               TOKEN_MAX);
    }
    return QVT_OK;
}

static void on_begin(struct job *job)
{
    qvt_client *client = LIST_ENTRY(job, struct qvt_client, beginning);
    if (client->link.local != NULL && client->options.on_log != NULL) {
        client->options.on_log(client->options.data, QVT_LOG_INFO, "event=local_tracker reason=no_endpoints");
    }
    cache_start(&client->cache);
}

/* Types to cache from the start. */
static qvt_status want_types(qvt_client *client, qvt_error *error)
{
    const qvt_client_options *options = &client->options;
    for (size_t i = 0; i < options->cached_type_count; i++) {
        const char *type = options->cached_types[i];
        QVT_TRY(validate_actor_type(qvt_slice_text(type), "cached_types", error));
        if (cache_want(&client->cache, type) != QVT_OK) {
            return qvt_error_set(error, QVT_NO_MEMORY, NULL, "no memory for a client");
        }
    }
    client->beginning.run = on_begin;
    if (options->cached_type_count > 0 || client->link.local != NULL) {
        loop_post(&client->loop, &client->beginning);
    }
    return QVT_OK;
}

static qvt_status make(qvt_client **out, const qvt_client_options *given, qvt_error *error)
{
    qvt_client_options options = QVT_CLIENT_OPTIONS_INIT;
    QVT_TRY(options_read(&options, sizeof options, given, "qvt_client_options", error));
    QVT_TRY(check_options(&options, error));
    qvt_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "no memory for a client");
    }
    client->options = options;
    fork_count_begin();
    client->forks = fork_count();
    list_init(&client->watches);
    qvt_status status = prepare(client, error);
    if (status != QVT_OK) {
        free(client->cluster);
        free(client);
        return status;
    }
    registration_init(&client->registration, client);
    cache_init(&client->cache, client, !options.without_cache);
    status = make_link(client, error);
    if (status == QVT_OK) {
        status = want_types(client, error);
    }
    if (status == QVT_OK) {
        status = loop_start(&client->loop);
        if (status != QVT_OK) {
            qvt_error_set(error, status, NULL, "the system refuses a thread");
        }
    }
    if (status != QVT_OK) {
        leave(client);
        destroy(client);
        return status;
    }
    *out = client;
    return QVT_OK;
}

qvt_status qvt_client_new(qvt_client **out, const qvt_client_options *options, qvt_error *error)
{
    if (error != NULL) {
        qvt_error_clear(error);
    }
    return make(out, options, error);
}

/* Whether it reached the tracker or not: without heartbeats the lease ends by itself. */
static void on_farewell(struct write *write, const qvt_error *error)
{
    (void)error;
    leave(LIST_ENTRY(write, struct qvt_client, farewell));
}

static void on_leave(struct job *job)
{
    qvt_client *client = LIST_ENTRY(job, struct qvt_client, leaving);
    client->is_leaving = true;
    watch_close_all(client);
    registration_stop(&client->registration);
    client->farewell.kind = WRITE_UNREGISTER;
    client->farewell.timeout_ms = client->options.default_timeout_ms;
    client->farewell.on_done = on_farewell;
    registration_write(&client->registration, &client->farewell);
}

static void on_orphan(struct loop *loop)
{
    qvt_client *client = LIST_ENTRY(loop, struct qvt_client, loop);
    qvt_client_options options = client->options;
    destroy(client);
    if (options.on_freed != NULL) {
        options.on_freed(options.data);
    }
}

/* In a forked process there is no thread to end, and what the client holds is shared with the one that has it. */
void qvt_client_free(qvt_client *client)
{
    if (client == NULL || client_is_foreign(client)) {
        return;
    }
    client->leaving.run = on_leave;
    if (loop_is_current(&client->loop)) {
        loop_orphan(&client->loop, on_orphan);
        loop_post(&client->loop, &client->leaving);
        return;
    }
    loop_post(&client->loop, &client->leaving);
    loop_join(&client->loop);
    destroy(client);
}

bool qvt_client_is_local(const qvt_client *client)
{
    return client->link.local != NULL;
}

void qvt_client_last_error(const qvt_client *client, qvt_error *out)
{
    facts_read_error(facts_of(client), out);
}

void client_note_error(qvt_client *client, const qvt_error *error)
{
    if (error->status != QVT_OK) {
        facts_set_error(&client->facts, error);
    }
}

void client_leave_endpoint(qvt_client *client)
{
    if (client->link.channel == NULL) {
        return;
    }
    qvt_rpc_channel_state state = qvt_rpc_channel_get_state(client->link.channel);
    bool is_trying = state == QVT_RPC_CHANNEL_CONNECTING && client->options.endpoint_count > 1;
    if (state == QVT_RPC_CHANNEL_READY || is_trying) {
        qvt_rpc_channel_try_next(client->link.channel);
        watch_restart_all(client);
    }
}

void client_connect(qvt_client *client)
{
    qvt_rpc_channel *channel = client->link.channel;
    if (channel != NULL && qvt_rpc_channel_get_state(channel) == QVT_RPC_CHANNEL_TRANSIENT_FAILURE) {
        qvt_rpc_channel_connect(channel);
    }
}

void client_blame_endpoint(qvt_client *client, uint32_t timeout_ms, unsigned moves)
{
    uint32_t patience_ms = client->options.endpoint_count > 1 ? PATIENCE_MS : LONG_PATIENCE_MS;
    if (timeout_ms >= patience_ms && moves == client->channel_moves) {
        client_leave_endpoint(client);
    }
}
