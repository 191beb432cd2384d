#include "qvt/rpc/blocking.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "rpc/call/channel.h"
#include "rpc/wire/details.h"

struct wait {
    qvt_rpc_runtime *runtime;
    qvt_rpc_channel *channel;
    qvt_blob *response;
    qvt_error error;
    qvt_status stored; /* of keeping the response */
    bool done;
};

static void on_message(qvt_rpc_client_call *call, qvt_slice message, void *data)
{
    struct wait *wait = data;
    (void)call;
    if (wait->response == NULL) {
        wait->stored = qvt_blob_copy(&wait->response, message);
    }
}

/* reason and the names of facts live only as long as on_end: the channel keeps a copy of the last ones. */
static void keep_error(struct wait *wait, const qvt_error *error)
{
    wait->error = *error;
    struct details *kept = wait->channel->last_error;
    if (kept == NULL) {
        wait->error.reason = NULL;
        wait->error.fact_count = 0;
        return;
    }
    if (error->reason != NULL) {
        (void)snprintf(kept->reason, sizeof(kept->reason), "%s", error->reason);
        wait->error.reason = kept->reason;
    }
    for (size_t i = 0; i < error->fact_count; i++) {
        (void)snprintf(kept->fact_names[i], sizeof(kept->fact_names[i]), "%s", error->facts[i].name);
        wait->error.facts[i].name = kept->fact_names[i];
    }
}

static void on_end(qvt_rpc_client_call *call, const qvt_rpc_result *result, void *data)
{
    struct wait *wait = data;
    (void)call;
    keep_error(wait, result->error);
    wait->done = true;
    qvt_rpc_runtime_stop(wait->runtime);
}

static void on_closed(void *data)
{
    struct wait *wait = data;
    wait->done = true;
    qvt_rpc_runtime_stop(wait->runtime);
}

/* Others may stop the loop too. */
static void run_until_done(const struct wait *wait)
{
    while (!wait->done) {
        qvt_rpc_runtime_run(wait->runtime);
    }
}

qvt_status qvt_rpc_call_blocking(qvt_rpc_runtime *runtime, qvt_rpc_channel *channel, const qvt_rpc_method *method,
                                 qvt_slice request, const qvt_rpc_call_options *options, qvt_blob **response,
                                 qvt_error *error)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_message = on_message, .on_end = on_end};
    struct wait wait = {.runtime = runtime, .channel = channel};
    qvt_rpc_client_call *call = NULL;
    *response = NULL;
    if (channel->last_error == NULL) {
        channel->last_error = malloc(sizeof(*channel->last_error));
    }
    qvt_status status = qvt_rpc_client_call_unary(&call, channel, method, request, options, &callbacks, &wait);
    if (status != QVT_OK) {
        return qvt_error_set(error, status, NULL, "the call cannot start: %s", qvt_status_text(status));
    }
    run_until_done(&wait);
    if (wait.error.status == QVT_OK && wait.stored == QVT_OK) {
        *response = wait.response;
        return QVT_OK;
    }
    qvt_blob_unref(wait.response);
    if (wait.error.status == QVT_OK) {
        return qvt_error_set(error, wait.stored, NULL, "out of memory");
    }
    if (error != NULL) {
        *error = wait.error;
    }
    return wait.error.status;
}

void qvt_rpc_channel_close_blocking(qvt_rpc_runtime *runtime, qvt_rpc_channel *channel)
{
    struct wait wait = {.runtime = runtime};
    qvt_rpc_channel_close(channel, on_closed, &wait);
    run_until_done(&wait);
}
