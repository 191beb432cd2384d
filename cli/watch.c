/* qvtctl watch */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "cli/json_output.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/watch_show.h"
#include "qvt/quark/version/v1/version_tracker.json.h"

struct options {
    struct flag_list types;
    struct flag_list silos;
    char *from;
    uint64_t count;
    bool progress;
};

static size_t own_flags(void *data, struct flag *out)
{
    struct options *options = data;
    size_t count = 0;
    out[count++] = (struct flag){
        "--type", NULL, "TYPE", "only what touches this actor type; may be repeated", FLAG_LIST, &options->types, 0};
    out[count++] =
        (struct flag){"--silo", NULL, "SILO-ID", "only this silo; may be repeated", FLAG_LIST, &options->silos, 0};
    out[count++] =
        (struct flag){"--from",  NULL,           "POSITION", "go on after [STORE-ID/]REVISION.TOKEN instead of a walk",
                      FLAG_TEXT, &options->from, 0};
    out[count++] = (struct flag){"--count",       NULL,      "N", "end after this many messages; 0: never", FLAG_NUMBER,
                                 &options->count, UINT32_MAX};
    out[count++] = (struct flag){
        "--progress",       NULL, NULL, "also show the message that says that nothing happened", FLAG_SWITCH,
        &options->progress, 0};
    return count;
}

struct watch {
    struct session session;
    const struct options *options;
    qvt_rpc_client_call *call; /* NULL: it has ended */
    uv_signal_t signals[2];
    uint64_t shown;
    bool is_stopped; /* by us */
    enum exit_code code;
};

static void stop(struct watch *watch)
{
    watch->is_stopped = true;
    if (watch->call != NULL) {
        qvt_rpc_client_call_cancel(watch->call);
    }
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    stop(handle->data);
}

static void show(struct watch *watch, const Quark__Version__V1__WatchResponse *message)
{
    if (message->event_case == QUARK__VERSION__V1__WATCH_RESPONSE__EVENT_PROGRESS && !watch->options->progress) {
        return;
    }
    if (watch->session.settings->json) {
        watch->code = json_output(&quark_version_v1_watch_response_json_type, &message->base);
    } else {
        watch_show(message);
    }
    fflush(stdout);
    watch->shown++;
    if (watch->shown == watch->options->count || ferror(stdout) != 0) {
        stop(watch);
    }
}

static void on_message(qvt_rpc_client_call *call, qvt_slice wire, void *data)
{
    struct watch *watch = data;
    ProtobufCMessage *message;
    qvt_error error;
    (void)call;
    if (watch->is_stopped) {
        return;
    }
    if (session_decode(&quark__version__v1__watch_response__descriptor, wire, &message, &error) != QVT_OK) {
        watch->code = report_error(&error);
        stop(watch);
        return;
    }
    show(watch, (const Quark__Version__V1__WatchResponse *)message);
    session_free_answer(message);
}

static void on_end(qvt_rpc_client_call *call, const qvt_rpc_result *result, void *data)
{
    struct watch *watch = data;
    (void)call;
    watch->call = NULL;
    if (!watch->is_stopped && result->error->status != QVT_OK) {
        watch->code = report_error(result->error);
    }
    for (size_t i = 0; i < 2; i++) {
        uv_close((uv_handle_t *)&watch->signals[i], NULL);
    }
    qvt_rpc_runtime_stop(watch->session.runtime);
}

static qvt_status start(struct watch *watch, const Quark__Version__V1__WatchRequest *request)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_message = on_message, .on_end = on_end};
    qvt_slice wire;
    qvt_status status = session_encode(&request->base, &wire);
    if (status != QVT_OK) {
        return status;
    }
    status = qvt_rpc_client_call_start(&watch->call, watch->session.channel, METHOD(WATCH), NULL, &callbacks, watch);
    if (status == QVT_OK) {
        status = qvt_rpc_client_call_send(watch->call, wire);
        if (status != QVT_OK) {
            qvt_rpc_client_call_cancel(watch->call);
        }
    }
    free((void *)(uintptr_t)wire.data);
    return status;
}

static void catch_signals(struct watch *watch)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(qvt_rpc_runtime_loop(watch->session.runtime), &watch->signals[i]);
        watch->signals[i].data = watch;
        uv_signal_start(&watch->signals[i], on_signal, numbers[i]);
    }
}

static enum exit_code watch_until_end(const struct settings *settings, const struct options *options,
                                      const Quark__Version__V1__WatchRequest *request)
{
    struct watch watch = {.options = options, .code = EXIT_DONE};
    qvt_error error;
    if (session_open(&watch.session, settings, &error) != QVT_OK) {
        return report_not_opened(&error);
    }
    catch_signals(&watch);
    qvt_status status = start(&watch, request);
    if (watch.call == NULL) {
        qvt_error_set(&error, status, NULL, "the watch cannot start: %s", qvt_status_text(status));
        watch.code = report_error(&error);
        for (size_t i = 0; i < 2; i++) {
            uv_close((uv_handle_t *)&watch.signals[i], NULL);
        }
    } else {
        qvt_rpc_runtime_run(watch.session.runtime);
    }
    session_close(&watch.session);
    return watch.code;
}

/* "STORE-ID/REVISION.TOKEN", cut in place; false: it is none. */
static bool read_position(char *text, Quark__Version__V1__Position *out)
{
    char *slash = strchr(text, '/');
    char *revision = slash == NULL ? text : slash + 1;
    char *end;
    quark__version__v1__position__init(out);
    if (*revision < '0' || *revision > '9') {
        return false;
    }
    if (slash != NULL) {
        *slash = '\0';
        out->store_id = text;
    }
    errno = 0;
    out->revision = strtoull(revision, &end, 10);
    if (errno != 0 || *end != '.' || strlen(end + 1) != 16 || strspn(end + 1, "0123456789abcdef") != 16) {
        return false;
    }
    out->token = strtoull(end + 1, NULL, 16);
    return true;
}

static enum exit_code run(const struct settings *settings, const struct arguments *arguments, void *data)
{
    const struct options *options = data;
    Quark__Version__V1__WatchRequest request;
    Quark__Version__V1__Position position;
    (void)arguments;
    quark__version__v1__watch_request__init(&request);
    if (options->from != NULL) {
        if (!read_position(options->from, &position)) {
            return report_usage("--from: not [STORE-ID/]REVISION.TOKEN, such as a watch prints it");
        }
        request.resume_after = &position;
    }
    request.cluster = settings->cluster;
    request.actor_types = options->types.items;
    request.n_actor_types = options->types.count;
    request.silo_ids = options->silos.items;
    request.n_silo_ids = options->silos.count;
    return watch_until_end(settings, options, &request);
}

const struct command command_watch = {
    .words = "watch",
    .arguments = "",
    .summary = "Follow every change of a cluster",
    .details =
        "First a walk over the records as they are, then each change as it happens, until interrupted. With -o json\n"
        "one WatchResponse a line. --timeout does not end it.\n",
    .max_arguments = 0,
    .options_size = sizeof(struct options),
    .own_flags = own_flags,
    .run = run,
};
