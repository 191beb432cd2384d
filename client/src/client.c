#include "client/src/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "client/src/options.h"

#define RECONNECT_FIRST_MS 1000

static void forward_log(void *data, qvt_rpc_log_level level, qvt_slice line)
{
    const qvt_client *client = data;
    char text[1024];
    size_t len = line.len < sizeof text - 1 ? line.len : sizeof text - 1;
    memcpy(text, line.data, len);
    text[len] = '\0';
    client->options.on_log(client->options.data, (qvt_log_level)level, text);
}

static qvt_status make_channel(qvt_client *client, qvt_error *error)
{
    const qvt_client_options *options = &client->options;
    qvt_rpc_runtime_options runtime = QVT_RPC_RUNTIME_OPTIONS_INIT;
    qvt_rpc_channel_options channel = QVT_RPC_CHANNEL_OPTIONS_INIT;
    runtime.uv_loop = &client->loop.uv;
    runtime.on_log = options->on_log != NULL ? forward_log : NULL;
    runtime.data = client;
    qvt_status status = qvt_rpc_runtime_new(&client->runtime, &runtime);
    if (status != QVT_OK) {
        return qvt_error_set(error, status, NULL, "the runtime cannot be made: %s", qvt_status_text(status));
    }
    channel.user_agent = "libqvt";
    channel.backoff_max_ms = options->reconnect_max_ms;
    channel.backoff_first_ms =
        options->reconnect_max_ms < RECONNECT_FIRST_MS ? options->reconnect_max_ms : RECONNECT_FIRST_MS;
    return qvt_rpc_channel_new(&client->channel, client->runtime, options->endpoints, options->endpoint_count, &channel,
                               error);
}

/* The last step of the loop: nothing of ours is left on it afterwards. */
static void on_channel_closed(void *data)
{
    qvt_client *client = data;
    registration_close(&client->registration);
    loop_leave(&client->loop);
}

static void leave(qvt_client *client)
{
    registration_stop(&client->registration);
    if (client->channel != NULL) {
        qvt_rpc_channel_close(client->channel, on_channel_closed, client);
    } else {
        on_channel_closed(client);
    }
}

/* After the thread has ended, or when there never was one. */
static void destroy(qvt_client *client)
{
    /* A channel that closes without the thread still needs its loop to turn. */
    while (client->channel != NULL && !uv_is_closing((uv_handle_t *)&client->loop.wake)) {
        uv_run(&client->loop.uv, UV_RUN_ONCE);
    }
    qvt_rpc_runtime_free(client->runtime);
    loop_deinit(&client->loop);
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
    if (options->endpoint_count == 0 || options->endpoints == NULL) {
        return qvt_error_field(error, "endpoints", "at least one endpoint is needed, as HOST:PORT");
    }
    if (options->default_timeout_ms == 0) {
        return qvt_error_field(error, "default_timeout_ms", "default_timeout_ms is 0; a call needs a deadline");
    }
    if (options->reconnect_max_ms == 0) {
        return qvt_error_field(error, "reconnect_max_ms", "reconnect_max_ms is 0; it is a pause of at least 1 ms");
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
    qvt_status status = prepare(client, error);
    if (status != QVT_OK) {
        free(client->cluster);
        free(client);
        return status;
    }
    registration_init(&client->registration, client);
    status = make_channel(client, error);
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

struct leaving {
    struct job job;
    qvt_client *client;
};

static void on_leave(struct job *job)
{
    leave(LIST_ENTRY(job, struct leaving, job)->client);
}

void qvt_client_free(qvt_client *client)
{
    if (client == NULL) {
        return;
    }
    struct leaving leaving = {.job.run = on_leave, .client = client};
    /* Whether it reached the tracker or not: without heartbeats the lease ends by itself. */
    (void)!qvt_client_unregister(client, NULL);
    loop_post(&client->loop, &leaving.job);
    loop_join(&client->loop);
    destroy(client);
}

void qvt_client_last_error(const qvt_client *client, qvt_error *out)
{
    facts_read_error(facts_of(client), out);
}

qvt_status call_begin(qvt_client *client, struct call_terms *terms, const qvt_call_options *given)
{
    qvt_call_options options = QVT_CALL_OPTIONS_INIT;
    terms->error = &terms->own;
    qvt_error_clear(&terms->own);
    if (options_read(&options, sizeof options, given, "qvt_call_options", &terms->own) != QVT_OK) {
        return call_finish(client, terms);
    }
    if (options.error != NULL) {
        terms->error = options.error;
        qvt_error_clear(terms->error);
    }
    terms->timeout_ms = options.timeout_ms > 0 ? options.timeout_ms : client->options.default_timeout_ms;
    terms->fail_fast = options.fail_fast;
    if (loop_is_current(&client->loop)) {
        qvt_error_set(terms->error, QVT_FAILED_PRECONDITION, NULL, "a callback of the library must not call it");
        return call_finish(client, terms);
    }
    return QVT_OK;
}

qvt_status call_finish(qvt_client *client, struct call_terms *terms)
{
    if (terms->error->status != QVT_OK) {
        facts_set_error(&client->facts, terms->error);
    }
    return terms->error->status;
}
