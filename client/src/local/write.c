#include <inttypes.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "client/src/local/call.h"
#include "client/src/local/request.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"
#include "version/validate.h"

#define HELD_AHEAD_MAX_US INT64_C(3600000000)

/* Which incarnation a registration gets (SPEC §4.4). */
enum verdict { VERDICT_NEW, VERDICT_HELD, VERDICT_SAME };

/* The four answers to writes have the same fields, and one that holds the silo serves for all. */
static qvt_status answer_write(struct buf *answer, const struct local_cluster *cluster, const char *silo_id,
                               qvt_error *error)
{
    struct silo_writer writer;
    const struct local_entry *entry = local_cluster_find(cluster, silo_id);
    quark_version_v1_RegisterSiloResponse response = quark_version_v1_RegisterSiloResponse_init_zero;
    response.has_position = true;
    response.position = encode_position(&cluster->head);
    response.has_cache_ttl = true;
    response.cache_ttl.seconds = LOCAL_CACHE_TTL_S;
    response.has_silo = entry != NULL;
    if (entry != NULL) {
        silo_writer_fill(&writer, &response.silo, &entry->silo->info);
    }
    return local_encode(answer, quark_version_v1_RegisterSiloResponse_fields, &response, error);
}

static bool is_held_elsewhere(const struct local_request *request, const struct local_cluster *cluster)
{
    return request->held > 0 && request->held_store_id[0] != '\0' &&
           strcmp(request->held_store_id, cluster->head.store_id) != 0;
}

static bool is_same_instance(const struct local_instance *a, const struct local_instance *b)
{
    return a->len > 0 && a->len == b->len && memcmp(a->id, b->id, a->len) == 0;
}

/* SPEC §4.4, in its order: the first rule that fits. */
static qvt_status decide(const struct local_request *request, const struct local_cluster *cluster,
                         const struct local_silo *silo, int64_t now_us, enum verdict *verdict, qvt_error *error)
{
    *verdict = VERDICT_NEW;
    if (request->held > (uint64_t)(now_us + HELD_AHEAD_MAX_US)) {
        return qvt_error_field(error, "held.incarnation", "%" PRIu64 ": more than an hour ahead of the tracker's clock",
                               request->held);
    }
    if (silo == NULL) {
        *verdict = is_held_elsewhere(request, cluster) ? VERDICT_HELD : VERDICT_NEW;
    } else if (request->held > silo->info.incarnation) {
        *verdict = VERDICT_HELD;
    } else if (request->instance.len == 0 || is_same_instance(&request->instance, &silo->instance)) {
        *verdict = silo->info.status == QVT_SILO_STATUS_DEAD ? VERDICT_NEW : VERDICT_SAME;
    } else if (request->held > 0) {
        qvt_error_set(error, QVT_ABORTED, "SUPERSEDED",
                      "silo \"%s\" belongs to another instance since incarnation %" PRIu64 "; this process has lost it",
                      silo->info.silo_id, silo->info.incarnation);
        qvt_error_fact(error, "incarnation", "%" PRIu64, silo->info.incarnation);
        return QVT_ABORTED;
    }
    return QVT_OK;
}

static uint64_t next_incarnation(const struct local_cluster *cluster, int64_t now_us)
{
    uint64_t next = cluster->last_incarnation + 1;
    return next > (uint64_t)now_us ? next : (uint64_t)now_us;
}

/* SPEC §3.3: CORDONED and STAGED stay with the silo id, DRAINING with the incarnation. */
static qvt_scheduling pick_scheduling(qvt_scheduling asked, const struct local_silo *silo, enum verdict verdict)
{
    qvt_scheduling kept = silo == NULL ? asked : silo->info.scheduling;
    if (verdict != VERDICT_SAME && kept != QVT_SCHEDULING_CORDONED && kept != QVT_SCHEDULING_STAGED) {
        kept = QVT_SCHEDULING_SCHEDULABLE;
    }
    bool drains = asked == QVT_SCHEDULING_DRAINING && verdict != VERDICT_NEW && kept == QVT_SCHEDULING_SCHEDULABLE;
    return drains ? QVT_SCHEDULING_DRAINING : kept;
}

static qvt_silo_info compose(const struct local_request *request, const struct local_cluster *cluster,
                             const struct local_silo *silo, int64_t now_us, enum verdict verdict)
{
    qvt_silo_info info = request->silo;
    info.incarnation = verdict == VERDICT_HELD ? request->held : next_incarnation(cluster, now_us);
    info.registered_at_us = now_us;
    info.status = info.status == QVT_SILO_STATUS_UNKNOWN ? QVT_SILO_STATUS_ACTIVE : info.status;
    info.scheduling = pick_scheduling(info.scheduling, silo, verdict);
    info.suspect = false;
    info.unhealthy = false;
    if (verdict == VERDICT_SAME) {
        info.incarnation = silo->info.incarnation;
        info.registered_at_us = silo->info.registered_at_us;
        info.status = silo->info.status > info.status ? silo->info.status : info.status;
        info.suspect = silo->info.suspect;
        info.unhealthy = silo->info.unhealthy;
    }
    return info;
}

/* Changes an existing silo unless it says nothing new. */
static qvt_status change(struct local_cluster *cluster, const struct local_silo *silo, qvt_change_event event,
                         const qvt_silo_info *info, qvt_error *error)
{
    bool differs;
    qvt_status status = local_silo_differs(silo, info, &differs);
    if (status == QVT_OK && differs) {
        status = local_cluster_put(cluster, event, info, &silo->instance);
    }
    return status == QVT_OK ? QVT_OK : qvt_error_set(error, status, NULL, "out of memory");
}

static qvt_status enter(struct local_cluster *cluster, const struct local_request *request, qvt_error *error)
{
    enum verdict verdict;
    const int64_t now_us = clock_wall_us(clock_system());
    const struct local_entry *entry = local_cluster_find(cluster, request->silo.silo_id);
    const struct local_silo *silo = entry == NULL ? NULL : entry->silo;
    QVT_TRY(decide(request, cluster, silo, now_us, &verdict, error));
    const qvt_silo_info info = compose(request, cluster, silo, now_us, verdict);
    if (verdict == VERDICT_SAME) {
        return change(cluster, silo, QVT_CHANGE_SILO_REGISTERED, &info, error);
    }
    qvt_status status = local_cluster_put(cluster, QVT_CHANGE_SILO_REGISTERED, &info, &request->instance);
    return status == QVT_OK ? QVT_OK : qvt_error_set(error, status, NULL, "out of memory");
}

qvt_status local_register(struct local_cluster *cluster, qvt_slice wire, struct buf *answer, qvt_error *error)
{
    struct local_request request;
    qvt_status status = local_request_register(&request, wire, error);
    if (status == QVT_OK) {
        status = enter(cluster, &request, error);
    }
    if (status == QVT_OK) {
        status = answer_write(answer, cluster, request.silo.silo_id, error);
    }
    local_request_deinit(&request);
    return status;
}

static qvt_status replace_versions(struct local_cluster *cluster, const struct local_request *request, qvt_error *error)
{
    const struct local_entry *entry = local_cluster_find(cluster, request->silo.silo_id);
    QVT_TRY(local_check_incarnation(entry, request->silo.silo_id, request->incarnation, true, error));
    qvt_silo_info info = entry->silo->info;
    info.versions = request->silo.versions;
    info.version_count = request->silo.version_count;
    return change(cluster, entry->silo, QVT_CHANGE_SILO_VERSIONS_REGISTERED, &info, error);
}

qvt_status local_set_versions(struct local_cluster *cluster, qvt_slice wire, struct buf *answer, qvt_error *error)
{
    struct local_request request;
    qvt_status status = local_request_versions(&request, wire, error);
    if (status == QVT_OK) {
        status = replace_versions(cluster, &request, error);
    }
    if (status == QVT_OK) {
        status = answer_write(answer, cluster, request.silo.silo_id, error);
    }
    local_request_deinit(&request);
    return status;
}

static const char *status_name(qvt_silo_status status)
{
    static const char *const names[] = {"UNSPECIFIED", "JOINING", "ACTIVE", "SHUTTING_DOWN", "DEAD"};
    return names[status];
}

/* SPEC §3.2: a status only moves forward, and the end of an incarnation is final. */
static qvt_status update(struct local_cluster *cluster, const struct local_request *request, qvt_error *error)
{
    const struct local_entry *entry = local_cluster_find(cluster, request->silo.silo_id);
    bool needs_life = request->sets_status || request->silo.scheduling == QVT_SCHEDULING_DRAINING;
    QVT_TRY(local_check_incarnation(entry, request->silo.silo_id, request->incarnation, needs_life, error));
    qvt_silo_info info = entry->silo->info;
    if (request->sets_status && request->silo.status < info.status) {
        return qvt_error_set(error, QVT_FAILED_PRECONDITION, "STATUS_BACKWARD",
                             "silo \"%s\" is %s and cannot become %s: a status only moves forward", info.silo_id,
                             status_name(info.status), status_name(request->silo.status));
    }
    if (request->sets_status) {
        info.status = request->silo.status;
    } else {
        info.scheduling = request->silo.scheduling;
    }
    bool leaves = info.status == QVT_SILO_STATUS_DEAD;
    return change(cluster, entry->silo, leaves ? QVT_CHANGE_SILO_LEFT : QVT_CHANGE_SILO_UPDATED, &info, error);
}

qvt_status local_update(struct local_cluster *cluster, qvt_slice wire, struct buf *answer, qvt_error *error)
{
    struct local_request request;
    qvt_status status = local_request_update(&request, wire, error);
    if (status == QVT_OK) {
        status = update(cluster, &request, error);
    }
    if (status == QVT_OK) {
        status = answer_write(answer, cluster, request.silo.silo_id, error);
    }
    local_request_deinit(&request);
    return status;
}

static qvt_status leave(struct local_cluster *cluster, const struct local_request *request, qvt_error *error)
{
    const struct local_entry *entry = local_cluster_find(cluster, request->silo.silo_id);
    if (entry == NULL) {
        return QVT_OK;
    }
    QVT_TRY(local_check_incarnation(entry, request->silo.silo_id, request->incarnation, false, error));
    qvt_silo_info info = entry->silo->info;
    info.status = QVT_SILO_STATUS_DEAD;
    return change(cluster, entry->silo, QVT_CHANGE_SILO_LEFT, &info, error);
}

qvt_status local_unregister(struct local_cluster *cluster, qvt_slice wire, struct buf *answer, qvt_error *error)
{
    struct local_request request;
    qvt_status status = local_request_unregister(&request, wire, error);
    if (status == QVT_OK) {
        status = leave(cluster, &request, error);
    }
    if (status == QVT_OK) {
        status = answer_write(answer, cluster, request.silo.silo_id, error);
    }
    local_request_deinit(&request);
    return status;
}
