#include "client/src/unary.h"

#include "client/src/reasons.h"

static void on_message(qvt_rpc_client_call *call, qvt_slice message, void *data)
{
    struct unary *unary = data;
    (void)call;
    if (unary->decode != NULL) {
        qvt_status status = unary->decode(unary, message, &unary->error);
        if (status != QVT_OK && unary->error.status == QVT_OK) {
            qvt_error_set(&unary->error, status, NULL, "the tracker's answer: %s", qvt_status_text(status));
        }
    }
}

/* A call that waited for a connection until its deadline: what is missing is the tracker, not time. */
static void explain_deadline(const struct unary *unary, qvt_error *error)
{
    if (error->status == QVT_DEADLINE_EXCEEDED && qvt_rpc_channel_get_state(unary->channel) != QVT_RPC_CHANNEL_READY) {
        qvt_error_set(error, QVT_DEADLINE_EXCEEDED, NULL, "no connection to the tracker in time; tried last: %s",
                      qvt_rpc_channel_endpoint(unary->channel));
    }
}

static void on_end(qvt_rpc_client_call *call, const qvt_rpc_result *result, void *data)
{
    struct unary *unary = data;
    (void)call;
    qvt_error error = unary->error;
    if (result->error->status != QVT_OK) {
        reasons_own(&error, result->error);
        explain_deadline(unary, &error);
    }
    /* Passed as a copy, because on_done may free or restart what the unary is embedded in. */
    unary->on_done(unary, &error);
}

void unary_start(struct unary *unary, qvt_rpc_channel *channel, const qvt_rpc_method *method, qvt_slice request,
                 uint32_t timeout_ms, bool fail_fast)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_message = on_message, .on_end = on_end};
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    options.timeout_ms = timeout_ms;
    options.wait_for_ready = !fail_fast;
    unary->channel = channel;
    qvt_error_clear(&unary->error);
    qvt_status status = qvt_rpc_client_call_unary(&unary->call, channel, method, request, &options, &callbacks, unary);
    if (status != QVT_OK) {
        qvt_error error;
        qvt_error_set(&error, status, NULL, "%s was not sent: %s", method->name, qvt_status_text(status));
        unary->on_done(unary, &error);
    }
}

void unary_cancel(struct unary *unary)
{
    qvt_rpc_client_call_cancel(unary->call);
}
