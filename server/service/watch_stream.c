#include "server/service/watch_stream.h"

#include <stdio.h>

#include "server/service/counters.h"
#include "server/service/service_impl.h"
#include "server/service/watch.h"
#include "server/service/watch_filter.h"

typedef Quark__Version__V1__WatchRequest watch_request;

/* Unsent bytes of a call before its watcher stays behind in the history. */
enum { QUEUED_MAX = 64 * 1024 };

static bool is_open(void *data)
{
    return qvt_rpc_server_call_queued(data) < QUEUED_MAX;
}

static qvt_status send(void *data, qvt_slice message)
{
    return qvt_rpc_server_call_send(data, &message, 1);
}

static qvt_status send_blob(void *data, qvt_blob *message)
{
    return qvt_rpc_server_call_send_blob(data, message);
}

static size_t queued(void *data)
{
    return qvt_rpc_server_call_queued(data);
}

static void on_end(void *data, const qvt_error *error)
{
    qvt_rpc_server_call_finish(data, error);
}

static void read_position(struct position *out, const Quark__Version__V1__Position *position)
{
    *out = (struct position){.revision = position->revision, .token = position->token};
    snprintf(out->store_id, sizeof(out->store_id), "%s", position->store_id);
}

static void begin(struct service *service, qvt_rpc_server_call *call, const watch_request *request)
{
    struct watcher *watcher = NULL;
    struct position resume_after;
    qvt_error error;
    const struct watch_sink sink = {NULL, is_open, send, send_blob, queued, on_end, call};
    struct watch_query query = {
        .cluster = request->cluster,
        .caller = qvt_rpc_server_call_unary(call)->caller,
        .lists = {request->actor_types, request->silo_ids, request->actor_type_prefixes, request->silo_id_prefixes},
        .counts = {request->n_actor_types, request->n_silo_ids, request->n_actor_type_prefixes,
                   request->n_silo_id_prefixes},
    };
    if (request->resume_after != NULL) {
        read_position(&resume_after, request->resume_after);
        query.resume_after = &resume_after;
    }
    if (counters_check_finds(request, &error) != QVT_OK ||
        watcher_new(&watcher, service, &query, &sink, &error) != QVT_OK) {
        qvt_rpc_server_call_finish(call, &error);
        return;
    }
    qvt_rpc_server_call_set_context(call, watcher);
    if (qvt_rpc_server_call_send_initial(call) != QVT_OK) {
        watcher_free(watcher);
        (void)qvt_error_set(&error, QVT_NO_MEMORY, NULL, "out of memory for the watch");
        qvt_rpc_server_call_finish(call, &error);
    }
}

static qvt_status check_later(const watch_request *request, qvt_error *error)
{
    if (request->cluster[0] != '\0' || request->resume_after != NULL ||
        request->n_actor_types + request->n_silo_ids + request->n_actor_type_prefixes + request->n_silo_id_prefixes >
            0) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL,
                             "only the first request of a watch names cluster, filter and resume_after");
    }
    return counters_check_finds(request, error);
}

static void on_message(void *self, qvt_rpc_server_call *call, const watch_request *request)
{
    struct watcher *watcher = qvt_rpc_server_call_context(call);
    struct position position;
    if (watcher == NULL) {
        begin(self, call, request);
        return;
    }
    qvt_error error;
    if (check_later(request, &error) != QVT_OK) {
        watcher_free(watcher);
        qvt_rpc_server_call_finish(call, &error);
        return;
    }
    if (request->acknowledged != NULL) {
        read_position(&position, request->acknowledged);
        watcher_acknowledge(watcher, &position);
    }
}

/* The client may listen on after its last request; one that never made a request asked for nothing. */
static void on_half_close(void *self, qvt_rpc_server_call *call)
{
    (void)self;
    if (qvt_rpc_server_call_context(call) == NULL) {
        qvt_error error;
        (void)qvt_error_set(&error, QVT_INVALID_ARGUMENT, NULL, "a watch needs a first request");
        qvt_rpc_server_call_finish(call, &error);
    }
}

static void leave(qvt_rpc_server_call *call)
{
    struct watcher *watcher = qvt_rpc_server_call_context(call);
    if (watcher != NULL) {
        watcher_free(watcher);
    }
}

static void on_invalid(void *self, qvt_rpc_server_call *call, const qvt_error *error)
{
    (void)self;
    leave(call);
    qvt_rpc_server_call_finish(call, error);
}

static void on_cancel(void *self, qvt_rpc_server_call *call)
{
    (void)self;
    leave(call);
    qvt_rpc_server_call_finish(call, NULL);
}

static void on_drain(void *self, qvt_rpc_server_call *call)
{
    (void)self;
    struct watcher *watcher = qvt_rpc_server_call_context(call);
    if (watcher != NULL) {
        watcher_continue(watcher);
    }
}

const quark_version_v1_version_tracker_watch_handler watch_stream_handler = {
    .on_message = on_message,
    .on_invalid = on_invalid,
    .on_half_close = on_half_close,
    .on_cancel = on_cancel,
    .on_drain = on_drain,
};
