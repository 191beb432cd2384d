#include "server/service/counters.h"

#include "base/check.h"
#include "server/service/error_field.h"
#include "version/validate.h"

static qvt_status check(const char *actor_type, const char *version, bool optional, const char *field, qvt_error *error)
{
    qvt_error found;
    qvt_error_clear(&found);
    qvt_status status = validate_actor_type(qvt_slice_text(actor_type), field, &found);
    if (status == QVT_OK && !(optional && version[0] == '\0')) {
        status = validate_type_version(actor_type, qvt_slice_text(version), field, &found);
    }
    if (status != QVT_OK) {
        error_name_field(error, &found);
    }
    return status;
}

qvt_status counters_check_calls(const Quark__Version__V1__HeartbeatRequest *request, qvt_error *error)
{
    for (size_t i = 0; i < request->n_calls; i++) {
        QVT_TRY(check(request->calls[i]->actor_type, request->calls[i]->version, false, "calls", error));
    }
    return QVT_OK;
}

qvt_status counters_check_finds(const Quark__Version__V1__WatchRequest *request, qvt_error *error)
{
    for (size_t i = 0; i < request->n_counts; i++) {
        QVT_TRY(check(request->counts[i]->actor_type, request->counts[i]->version, true, "counts", error));
    }
    return QVT_OK;
}
