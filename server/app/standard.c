#include "server/app/standard.h"

#include "base/check.h"
#include "google/rpc/error_details.descriptor.h"
#include "quark/version/v1/version_tracker.descriptor.h"
#include "quark/version/v1/version_tracker.methods.h"

static qvt_status set_all(struct standard *standard, qvt_rpc_health_status status)
{
    QVT_TRY(qvt_rpc_health_set(standard->health, "", status));
    return qvt_rpc_health_set(standard->health, quark_version_v1_version_tracker.name, status);
}

static qvt_status start_reflection(struct standard *standard, qvt_rpc_server *server)
{
    QVT_TRY(qvt_rpc_reflection_new(&standard->reflection));
    QVT_TRY(qvt_rpc_reflection_add(standard->reflection, &quark_version_v1_version_tracker_proto));
    QVT_TRY(qvt_rpc_reflection_add(standard->reflection, &google_rpc_error_details_proto));
    QVT_TRY(qvt_rpc_reflection_add_health(standard->reflection));
    return qvt_rpc_reflection_serve(standard->reflection, server);
}

qvt_status standard_start(struct standard *standard, qvt_rpc_server *server)
{
    QVT_TRY(qvt_rpc_health_new(&standard->health));
    QVT_TRY(set_all(standard, QVT_RPC_HEALTH_NOT_SERVING));
    QVT_TRY(qvt_rpc_health_serve(standard->health, server));
    return start_reflection(standard, server);
}

qvt_status standard_ready(struct standard *standard)
{
    return set_all(standard, QVT_RPC_HEALTH_SERVING);
}

void standard_drain(struct standard *standard)
{
    if (standard->health != NULL) {
        qvt_rpc_health_shutdown(standard->health);
    }
}

void standard_free(struct standard *standard)
{
    qvt_rpc_health_free(standard->health);
    qvt_rpc_reflection_free(standard->reflection);
}
