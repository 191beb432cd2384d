#include "client/src/unary.h"

#include "client/src/local/call.h"
#include "client/src/local/stream.h"
#include "client/src/reasons.h"

static void decode(struct unary *unary, qvt_slice message)
{
    if (unary->decode != NULL) {
        qvt_status status = unary->decode(unary, message, &unary->error);
        if (status != QVT_OK && unary->error.status == QVT_OK) {
            qvt_error_set(&unary->error, status, NULL, "the tracker's answer: %s", qvt_status_text(status));
        }
    }
}

static void on_message(qvt_rpc_client_call *call, qvt_slice message, void *data)
{
    (void)call;
    decode(data, message);
}

/* A call that waited for a connection until its deadline: what is missing is the tracker, not time. */
static void explain_deadline(const struct unary *unary, qvt_error *error)
{
    if (error->status != QVT_DEADLINE_EXCEEDED || link_is_connected(unary->link)) {
        return;
    }
    const qvt_rpc_channel *channel = unary->link->channel;
    const char *failure = qvt_rpc_channel_failure(channel);
    qvt_error_set(error, QVT_DEADLINE_EXCEEDED, NULL, "no connection to the tracker in time%s%s",
                  failure[0] == '\0' ? "; tried last: " : ": ",
                  failure[0] == '\0' ? qvt_rpc_channel_endpoint(channel) : failure);
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

static void on_delivery(struct job *job)
{
    struct unary *unary = LIST_ENTRY(job, struct unary, delivery);
    if (unary->is_cancelled) {
        qvt_error_set(&unary->error, QVT_CANCELLED, NULL, "the call was cancelled");
    } else if (unary->error.status == QVT_OK) {
        decode(unary, buf_slice(&unary->answer));
    }
    buf_deinit(&unary->answer);
    qvt_error error = unary->error;
    unary->on_done(unary, &error);
}

static void ask_local(struct unary *unary, const qvt_rpc_method *method, qvt_slice request)
{
    struct local_link *local = unary->link->local;
    unary->is_cancelled = false;
    unary->answer = (struct buf)BUF_INIT;
    unary->delivery.run = on_delivery;
    (void)!local_call(local->cluster, method, request, &unary->answer, &unary->error);
    loop_post(local->loop, &unary->delivery);
}

void unary_start(struct unary *unary, const struct link *link, const qvt_rpc_method *method, qvt_slice request,
                 uint32_t timeout_ms, bool fail_fast)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_message = on_message, .on_end = on_end};
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    unary->link = link;
    qvt_error_clear(&unary->error);
    if (link->local != NULL) {
        ask_local(unary, method, request);
        return;
    }
    options.timeout_ms = timeout_ms;
    options.wait_for_ready = !fail_fast;
    qvt_status status =
        qvt_rpc_client_call_unary(&unary->call, link->channel, method, request, &options, &callbacks, unary);
    if (status != QVT_OK) {
        qvt_error error;
        qvt_error_set(&error, status, NULL, "%s was not sent: %s", method->name, qvt_status_text(status));
        unary->on_done(unary, &error);
    }
}

void unary_cancel(struct unary *unary)
{
    if (unary->link->local != NULL) {
        unary->is_cancelled = true;
    } else {
        qvt_rpc_client_call_cancel(unary->call);
    }
}
