#include "server/service/service_impl.h"

/* "grpc-17": what a write's log line names its call by. */
static void log_call(const struct service *service, const struct service_call *call, unsigned row)
{
    const struct log *log = service->options.log;
    if (log == NULL || log->level > LOG_DEBUG) {
        return;
    }
    char id[CALL_ID_TEXT_MAX];
    call_id_text(id, call_metrics_protocol(call->protocol), call->id);
    struct log_field fields[] = {
        log_text("call", id),
        log_text("method", call_metrics_method(row)),
        log_text("code", qvt_status_name(call->status)),
        log_text("peer", call->peer),
        log_slice("message", call->message),
        log_uint("took_us", call->took_us),
    };
    unsigned count = sizeof(fields) / sizeof(fields[0]) - (call->took_us == UINT64_MAX ? 1 : 0);
    log_event(log, LOG_DEBUG, "call", fields, count);
}

void service_call_ended(struct service *service, const struct service_call *call)
{
    unsigned row = call_metrics_row(call->method);
    call_metrics_add(&service->metrics.calls, call->protocol, row, call->status, call->took_us);
    service->metrics.calls.refused[call->protocol] += call->served ? 0 : 1;
    log_call(service, call, row);
}

void service_on_call_end(void *data, const qvt_rpc_call_end *end)
{
    const struct service_call call = {
        .protocol = CALL_GRPC,
        .id = qvt_rpc_server_call_id(end->call),
        .method = end->method,
        .status = end->status,
        .message = end->message,
        .peer = qvt_rpc_server_call_peer(end->call),
        .took_us = end->took_us,
        .served = end->served,
    };
    service_call_ended(data, &call);
}
