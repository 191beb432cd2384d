#include "client/src/local/call.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/utf8.h"
#include "client/src/decode.h"
#include "client/src/encode.h"
#include "client/src/methods.h"
#include "version/validate.h"

qvt_status local_decode(qvt_slice request, const pb_msgdesc_t *type, void *message, qvt_error *error)
{
    qvt_error why;
    qvt_status status = decode_message(request, type, message, &why);
    if (status == QVT_INTERNAL) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "a text is not UTF-8 without NUL");
    }
    return status == QVT_OK ? QVT_OK : qvt_error_set(error, status, NULL, "no memory for the request");
}

qvt_status local_encode(struct buf *answer, const pb_msgdesc_t *type, const void *message, qvt_error *error)
{
    qvt_status status = encode_message(answer, type, message);
    return status == QVT_OK ? QVT_OK : qvt_error_set(error, status, NULL, "no memory for the answer");
}

static qvt_status check_number(const struct local_entry *entry, const char *silo_id, uint64_t incarnation,
                               qvt_error *error)
{
    uint64_t current = entry->silo->info.incarnation;
    if (incarnation == 0 || incarnation == current) {
        return QVT_OK;
    }
    if (incarnation < current) {
        qvt_error_set(error, QVT_ABORTED, "SUPERSEDED",
                      "incarnation %" PRIu64 " of silo \"%s\" was superseded by %" PRIu64, incarnation, silo_id,
                      current);
        qvt_error_fact(error, "incarnation", "%" PRIu64, current);
        return QVT_ABORTED;
    }
    return qvt_error_set(error, QVT_NOT_FOUND, "LEASE_EXPIRED",
                         "incarnation %" PRIu64 " of silo \"%s\" is not known here: register again", incarnation,
                         silo_id);
}

qvt_status local_check_incarnation(const struct local_entry *entry, const char *silo_id, uint64_t incarnation,
                                   bool alive, qvt_error *error)
{
    if (entry == NULL) {
        return qvt_error_set(error, QVT_NOT_FOUND, "SILO_NOT_FOUND", "silo \"%s\" is not known", silo_id);
    }
    QVT_TRY(check_number(entry, silo_id, incarnation, error));
    if (alive && entry->silo->info.status == QVT_SILO_STATUS_DEAD) {
        return qvt_error_set(error, QVT_NOT_FOUND, "LEASE_EXPIRED", "silo \"%s\" is DEAD: register again", silo_id);
    }
    return QVT_OK;
}

static qvt_status dispatch(struct local_cluster *cluster, const qvt_rpc_method *method, qvt_slice request,
                           struct buf *answer, qvt_error *error)
{
    if (method == METHOD(REGISTER_SILO)) {
        return local_register(cluster, request, answer, error);
    }
    if (method == METHOD(REGISTER_SILO_VERSIONS)) {
        return local_set_versions(cluster, request, answer, error);
    }
    if (method == METHOD(UPDATE_SILO)) {
        return local_update(cluster, request, answer, error);
    }
    if (method == METHOD(UNREGISTER_SILO)) {
        return local_unregister(cluster, request, answer, error);
    }
    if (method == METHOD(HEARTBEAT_STREAM)) {
        return local_heartbeat(cluster, request, answer, error);
    }
    if (method == METHOD(FIND_COMPATIBLE_SILOS)) {
        return local_find(cluster, request, answer, error);
    }
    if (method == METHOD(GET_SILO_CAPABILITIES)) {
        return local_capabilities(cluster, request, answer, error);
    }
    if (method == METHOD(LIST_SILO_CAPABILITIES)) {
        return local_list_capabilities(cluster, request, answer, error);
    }
    return qvt_error_set(error, QVT_UNIMPLEMENTED, NULL, "the local tracker has no %s", method->name);
}

/* What a write is refused for begins with its field. */
static void name_field(qvt_error *error)
{
    if (error->field[0] != '\0' && strstr(error->message, error->field) == NULL) {
        qvt_error bare = *error;
        size_t room = sizeof error->message - sizeof error->field - 2;
        snprintf(error->message, sizeof error->message, "%s: %.*s", bare.field,
                 (int)utf8_cut(qvt_slice_text(bare.message), room), bare.message);
    }
}

static bool is_write(const qvt_rpc_method *method)
{
    return method == METHOD(REGISTER_SILO) || method == METHOD(REGISTER_SILO_VERSIONS) ||
           method == METHOD(UPDATE_SILO) || method == METHOD(UNREGISTER_SILO);
}

qvt_status local_call(struct local_cluster *cluster, const qvt_rpc_method *method, qvt_slice request,
                      struct buf *answer, qvt_error *error)
{
    QVT_TRY(validate_cluster(qvt_slice_text(cluster->name), "cluster", error));
    local_lock();
    qvt_status status = dispatch(cluster, method, request, answer, error);
    local_unlock();
    if (status != QVT_OK && is_write(method)) {
        name_field(error);
    }
    return status;
}
