#include "server/service/admit.h"

#include "base/check.h"
#include "quark/version/v1/version_tracker.methods.h"
#include "rpc/codec/reader.h"
#include "server/identity/guard.h"

enum { FIND_CLUSTER = 1 };

/* Only the first request of a watch names its cluster; later ones are about the watch that was admitted. */
static bool is_of_open_watch(qvt_rpc_unary *unary, const qvt_rpc_method *method)
{
    const qvt_rpc_server_call *call = qvt_rpc_server_call_of_unary(unary);
    return method == &quark_version_v1_version_tracker_methods[QUARK_VERSION_V1_VERSION_TRACKER_WATCH] &&
           call != NULL && qvt_rpc_server_call_context(call) != NULL;
}

/* Whoever has a credential signs with its name, not with what he says of himself. The name may go before the write is done. */
static qvt_status sign(struct service *service, qvt_rpc_unary *unary, const qvt_rpc_method *method,
                       ProtobufCMessage *request, qvt_error *error)
{
    const struct rule *rule = rules_of(method);
    if (rule->who == NULL) {
        return QVT_OK;
    }
    const char *name = guard_name(service->options.guard, unary->caller);
    size_t size = strlen(name) + 1;
    char *who = qvt_rpc_unary_alloc(unary, size);
    if (who == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory for the request");
    }
    memcpy(who, name, size);
    *rule->who(request) = who;
    return QVT_OK;
}

qvt_status admit_request(void *self, qvt_rpc_unary *unary, const qvt_rpc_method *method, ProtobufCMessage *request,
                         qvt_error *error)
{
    struct service *service = self;
    if (service->options.guard == NULL || is_of_open_watch(unary, method)) {
        return QVT_OK;
    }
    QVT_TRY(guard_admit(service->options.guard, unary->caller, method, request, error));
    return sign(service, unary, method, request, error);
}

/* False: what it names is no cluster, or it is no request, as far as can be seen here. The last one counts, as in decoding. */
static bool read_cluster(qvt_slice wire, char out[CLUSTER_NAME_MAX + 1])
{
    struct reader reader = reader_make(wire);
    struct reader_member member;
    out[0] = '\0';
    while (!reader_is_done(&reader)) {
        if (reader_next(&reader, &member) != READER_OK) {
            return false;
        }
        if (member.number != FIND_CLUSTER) {
            continue;
        }
        if (member.wire_type != READER_BYTES || member.payload.len > CLUSTER_NAME_MAX) {
            return false;
        }
        if (member.payload.len > 0) {
            memcpy(out, member.payload.data, member.payload.len);
        }
        out[member.payload.len] = '\0';
    }
    return true;
}

qvt_status admit_find_decoded(struct service *service, uint64_t caller, const char *cluster, qvt_error *error)
{
    const char *what =
        quark_version_v1_version_tracker_methods[QUARK_VERSION_V1_VERSION_TRACKER_FIND_COMPATIBLE_SILOS].name;
    return guard_admit_read(service->options.guard, caller, what, cluster, error);
}

qvt_status admit_find(struct service *service, uint64_t caller, qvt_slice wire, bool *is_judged, qvt_error *error)
{
    char cluster[CLUSTER_NAME_MAX + 1];
    *is_judged = service->options.guard == NULL || read_cluster(wire, cluster);
    if (service->options.guard == NULL || !*is_judged) {
        return QVT_OK;
    }
    return admit_find_decoded(service, caller, cluster, error);
}

qvt_status service_on_headers(void *data, qvt_rpc_server_call *call, const qvt_rpc_method *method, qvt_error *error)
{
    struct service *service = data;
    const struct guard_shown shown = {
        .authorization = qvt_rpc_metadata_find(qvt_rpc_server_call_metadata(call), "authorization"),
        .names = qvt_rpc_server_call_peer_names(call),
        .peer = qvt_rpc_server_call_peer(call),
    };
    return guard_identify(service->options.guard, method, &shown, &qvt_rpc_server_call_unary(call)->caller, error);
}
