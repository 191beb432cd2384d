#include "base/check.h"
#include "client/src/decode.h"
#include "client/src/encode.h"
#include "client/src/local/call.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"
#include "version/validate.h"

/* SPEC §3.4, §3.5. */
#define UNHEALTHY_BELOW 50
#define RECOVER_RENEWALS 3u

static double clamp(double value, double most)
{
    if (!(value > 0)) {
        return 0;
    }
    return value > most ? most : value;
}

static double score_of(const quark_version_v1_Health *health)
{
    double ease = 100 - clamp(health->latency_ms, 1e12) / 10;
    return 0.3 * (100 - clamp(health->cpu_percent, 100)) + 0.3 * (100 - clamp(health->memory_percent, 100)) +
           0.4 * (ease > 0 ? ease : 0);
}

static qvt_status judge(struct local_cluster *cluster, struct local_entry *entry, qvt_error *error)
{
    bool fit = !entry->has_score || entry->score >= UNHEALTHY_BELOW;
    qvt_silo_info info = entry->silo->info;
    entry->fit = fit ? entry->fit + 1 : 0;
    info.unhealthy = !fit || (info.unhealthy && entry->fit < RECOVER_RENEWALS);
    if (info.unhealthy == entry->silo->info.unhealthy) {
        return QVT_OK;
    }
    qvt_status status = local_cluster_put(cluster, QVT_CHANGE_SILO_HEALTH, &info, &entry->silo->instance);
    return status == QVT_OK ? QVT_OK : qvt_error_set(error, status, NULL, "out of memory");
}

static qvt_status renew(struct local_cluster *cluster, const quark_version_v1_HeartbeatRequest *request,
                        const char *silo_id, struct buf *answer, qvt_error *error)
{
    struct local_entry *entry = local_cluster_find(cluster, silo_id);
    QVT_TRY(validate_silo_id(qvt_slice_text(silo_id), "silo_id", error));
    QVT_TRY(local_check_incarnation(entry, silo_id, request->incarnation, true, error));
    if (request->has_health) {
        entry->has_score = true;
        entry->score = score_of(&request->health);
    }
    QVT_TRY(judge(cluster, entry, error));
    entry = local_cluster_find(cluster, silo_id);
    quark_version_v1_HeartbeatResponse response = quark_version_v1_HeartbeatResponse_init_zero;
    response.has_position = true;
    response.position = encode_position(&cluster->head);
    response.has_cache_ttl = true;
    response.cache_ttl.seconds = LOCAL_CACHE_TTL_S;
    response.incarnation = entry->silo->info.incarnation;
    response.lease_remaining_ms = entry->silo->info.lease_ttl_ms;
    return local_encode(answer, quark_version_v1_HeartbeatResponse_fields, &response, error);
}

qvt_status local_heartbeat(struct local_cluster *cluster, qvt_slice wire, struct buf *answer, qvt_error *error)
{
    struct arena arena;
    arena_init(&arena, DECODE_MEMORY_MAX);
    struct decode_text silo_id = {&arena, ""};
    quark_version_v1_HeartbeatRequest request = quark_version_v1_HeartbeatRequest_init_zero;
    request.silo_id = decode_text(&silo_id);
    qvt_status status = local_decode(wire, quark_version_v1_HeartbeatRequest_fields, &request, error);
    if (status == QVT_OK) {
        status = renew(cluster, &request, silo_id.text, answer, error);
    }
    arena_deinit(&arena);
    return status;
}
