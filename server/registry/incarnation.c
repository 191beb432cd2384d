#include "server/registry/incarnation.h"

#include <inttypes.h>

qvt_status incarnation_refuse_unknown(qvt_slice silo_id, qvt_error *error)
{
    return qvt_error_set(error, QVT_NOT_FOUND, "SILO_NOT_FOUND", "silo \"%.*s\" is not known", (int)silo_id.len,
                         (const char *)silo_id.data);
}

static qvt_status check_number(const struct registry_silo *silo, uint64_t incarnation, qvt_error *error)
{
    if (incarnation == 0 || incarnation == silo->incarnation) {
        return QVT_OK;
    }
    if (incarnation < silo->incarnation) {
        qvt_error_set(error, QVT_ABORTED, "SUPERSEDED",
                      "incarnation %" PRIu64 " of silo \"%.*s\" was superseded by %" PRIu64, incarnation,
                      (int)silo->id.len, (const char *)silo->id.data, silo->incarnation);
        qvt_error_fact(error, "incarnation", "%" PRIu64, silo->incarnation);
        return QVT_ABORTED;
    }
    return qvt_error_set(error, QVT_NOT_FOUND, "LEASE_EXPIRED",
                         "incarnation %" PRIu64 " of silo \"%.*s\" is not known here: register again", incarnation,
                         (int)silo->id.len, (const char *)silo->id.data);
}

qvt_status incarnation_check(const struct registry_silo *silo, qvt_slice silo_id, uint64_t incarnation, bool alive,
                             qvt_error *error)
{
    if (silo == NULL) {
        return incarnation_refuse_unknown(silo_id, error);
    }
    qvt_status status = check_number(silo, incarnation, error);
    if (status == QVT_OK && alive && silo->status == PLACEMENT_DEAD) {
        return qvt_error_set(error, QVT_NOT_FOUND, "LEASE_EXPIRED", "silo \"%.*s\" is DEAD: register again",
                             (int)silo->id.len, (const char *)silo->id.data);
    }
    return status;
}
