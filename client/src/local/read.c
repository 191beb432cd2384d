#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "client/src/decode.h"
#include "client/src/found.h"
#include "client/src/local/call.h"
#include "client/src/mirror.h"
#include "client/src/record_decode.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"
#include "version/validate.h"

/* Callback fields write one message after the other: how the nth is filled, false behind the last. */
struct sequence {
    const pb_msgdesc_t *type;
    bool (*fill)(const struct sequence *sequence, size_t index, void *message);
    void *message; /* zeroed room for one */
    size_t size;
    const void *data;
};

static bool write_sequence(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const struct sequence *sequence = *arg;
    for (size_t i = 0; memset(sequence->message, 0, sequence->size), sequence->fill(sequence, i, sequence->message);
         i++) {
        if (!pb_encode_tag_for_field(stream, field) ||
            !pb_encode_submessage(stream, sequence->type, sequence->message)) {
            return false;
        }
    }
    return true;
}

static pb_callback_t encode_sequence(struct sequence *sequence)
{
    pb_callback_t result;
    memset(&result, 0, sizeof result);
    result.funcs.encode = write_sequence;
    result.arg = sequence;
    return result;
}

/* ---- find ---- */

/* What a find is decoded into; texts in the arena. */
struct question {
    struct arena arena;
    qvt_find_request request;
    qvt_position min_position;
};

static qvt_status read_question(struct question *out, qvt_slice wire, qvt_error *error)
{
    struct decode_text actor_type = {&out->arena, ""}, version = {&out->arena, ""}, range = {&out->arena, ""};
    struct decode_text actor_id = {&out->arena, ""};
    struct decode_head head;
    quark_version_v1_FindCompatibleSilosRequest request = quark_version_v1_FindCompatibleSilosRequest_init_zero;
    request.actor_type = decode_text(&actor_type);
    request.version = decode_text(&version);
    request.range = decode_text(&range);
    request.actor_id = decode_text(&actor_id);
    decode_head_prepare(&head, &request.min_position, &out->arena);
    QVT_TRY(local_decode(wire, quark_version_v1_FindCompatibleSilosRequest_fields, &request, error));
    out->request = (qvt_find_request){
        .size = sizeof out->request,
        .actor_type = actor_type.text,
        .version = version.text,
        .range = range.text,
        .actor_id = actor_id.text,
        .has_contract_fingerprint = request.has_contract_fingerprint,
        .contract_fingerprint = request.contract_fingerprint,
        .mode = (qvt_compatibility)request.mode,
        .selector = (qvt_selector)request.selector,
        .explain = request.explain,
        .limit = request.limit,
    };
    read_position(&request.min_position, head.store_id.text, &out->min_position);
    return QVT_OK;
}

static qvt_status check_min_position(const struct local_cluster *cluster, const qvt_position *wanted, qvt_error *error)
{
    if (wanted->revision == 0 || local_cluster_resume(cluster, wanted) != LOCAL_RESUME_LOST) {
        return QVT_OK;
    }
    return qvt_error_set(error, QVT_ABORTED, "HISTORY_LOST",
                         "min_position %" PRIu64 " is not in the history of this cluster", wanted->revision);
}

/* Silos that have the type, with that one version: all that an answer looks at. */
static qvt_status fill_mirror(struct mirror *mirror, const struct local_cluster *cluster, const char *actor_type)
{
    QVT_TRY(mirror_add_type(mirror, actor_type));
    for (size_t i = 0; i < cluster->entry_count; i++) {
        qvt_silo_info info = cluster->entries[i].silo->info;
        const struct version_set set = {.versions = info.versions, .count = info.version_count};
        info.versions = version_set_find(&set, actor_type);
        info.version_count = 1;
        if (info.versions != NULL) {
            const qvt_record record = {.kind = QVT_RECORD_SILO, .key = info.silo_id, .silo = &info};
            QVT_TRY(mirror_put(mirror, &record));
        }
    }
    return QVT_OK;
}

/* By the tables that the snapshot cache answers from. */
static qvt_status place(struct found **out, const struct local_cluster *cluster, const qvt_find_request *request,
                        qvt_error *error)
{
    struct mirror *mirror = malloc(sizeof *mirror);
    struct type_table *old;
    if (mirror == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "no memory for the answer");
    }
    mirror_init(mirror);
    qvt_status status = fill_mirror(mirror, cluster, request->actor_type);
    struct mirror_type *type = mirror_type(mirror, request->actor_type);
    if (status == QVT_OK) {
        status = mirror_refresh(mirror, type, &old);
    }
    if (status == QVT_OK) {
        status = found_answer(out, type->table, request, error);
    } else {
        qvt_error_set(error, status, NULL, "no memory for the answer");
    }
    mirror_deinit(mirror);
    free(mirror);
    return status;
}

static bool fill_found(const struct sequence *sequence, size_t index, void *message)
{
    const struct found *found = sequence->data;
    quark_version_v1_CompatibleSilo *out = message;
    if (index == found->count) {
        return false;
    }
    const qvt_found_silo *silo = &found->silos[index];
    out->silo_id = encode_text(silo->silo_id);
    out->address = encode_text(silo->address);
    out->port = silo->port;
    out->version = encode_text(silo->version);
    out->incarnation = silo->incarnation;
    out->suspect = silo->suspect;
    out->unhealthy = silo->unhealthy;
    return true;
}

static bool fill_dropped(const struct sequence *sequence, size_t index, void *message)
{
    const struct found *found = sequence->data;
    quark_version_v1_DroppedSilo *out = message;
    if (index == found->dropped_count) {
        return false;
    }
    out->silo_id = encode_text(found->dropped[index].silo_id);
    out->version = encode_text(found->dropped[index].version);
    out->reason = (quark_version_v1_DropReason)found->dropped[index].reason;
    return true;
}

static qvt_status answer_find(struct buf *answer, const struct local_cluster *cluster, const struct found *found,
                              qvt_error *error)
{
    quark_version_v1_CompatibleSilo silo;
    quark_version_v1_DroppedSilo dropped;
    struct sequence silos = {quark_version_v1_CompatibleSilo_fields, fill_found, &silo, sizeof silo, found};
    struct sequence drops = {quark_version_v1_DroppedSilo_fields, fill_dropped, &dropped, sizeof dropped, found};
    quark_version_v1_FindCompatibleSilosResponse response = quark_version_v1_FindCompatibleSilosResponse_init_zero;
    response.has_position = true;
    response.position = encode_position(&cluster->head);
    response.has_cache_ttl = true;
    response.cache_ttl.seconds = LOCAL_CACHE_TTL_S;
    response.silos = encode_sequence(&silos);
    response.empty_reason = (quark_version_v1_EmptyReason)found->empty_reason;
    response.dropped = encode_sequence(&drops);
    return local_encode(answer, quark_version_v1_FindCompatibleSilosResponse_fields, &response, error);
}

static qvt_status find(struct local_cluster *cluster, const struct question *question, struct buf *answer,
                       qvt_error *error)
{
    struct found *found = NULL;
    QVT_TRY(check_min_position(cluster, &question->min_position, error));
    QVT_TRY(place(&found, cluster, &question->request, error));
    qvt_status status = answer_find(answer, cluster, found, error);
    found_unref(found);
    return status;
}

qvt_status local_find(struct local_cluster *cluster, qvt_slice wire, struct buf *answer, qvt_error *error)
{
    struct question question;
    arena_init(&question.arena, DECODE_MEMORY_MAX);
    qvt_status status = read_question(&question, wire, error);
    if (status == QVT_OK) {
        status = find(cluster, &question, answer, error);
    }
    arena_deinit(&question.arena);
    return status;
}

/* ---- capabilities ---- */

static void fill_silo(quark_version_v1_SiloCapabilities *out, const qvt_silo_info *info,
                      struct encode_versions *versions)
{
    *versions = (struct encode_versions){info->versions, info->version_count};
    out->silo_id = encode_text(info->silo_id);
    out->incarnation = info->incarnation;
    out->actor_type_versions = encode_version_map(versions);
}

static qvt_status find_capable(const struct local_cluster *cluster, const char *silo_id, const qvt_silo_info **out,
                               qvt_error *error)
{
    QVT_TRY(validate_silo_id(qvt_slice_text(silo_id), "silo_id", error));
    const struct local_entry *entry = local_cluster_find(cluster, silo_id);
    QVT_TRY(local_check_incarnation(entry, silo_id, 0, false, error));
    *out = &entry->silo->info;
    if ((*out)->version_count == 0) {
        return qvt_error_set(error, QVT_NOT_FOUND, "NO_VERSIONS", "silo \"%s\" has no versions", silo_id);
    }
    return QVT_OK;
}

static qvt_status answer_capabilities(struct buf *answer, const struct local_cluster *cluster,
                                      const qvt_silo_info *info, qvt_error *error)
{
    struct encode_versions versions;
    quark_version_v1_GetSiloCapabilitiesResponse response = quark_version_v1_GetSiloCapabilitiesResponse_init_zero;
    response.has_position = true;
    response.position = encode_position(&cluster->head);
    response.has_cache_ttl = true;
    response.cache_ttl.seconds = LOCAL_CACHE_TTL_S;
    response.has_capabilities = true;
    fill_silo(&response.capabilities, info, &versions);
    return local_encode(answer, quark_version_v1_GetSiloCapabilitiesResponse_fields, &response, error);
}

qvt_status local_capabilities(struct local_cluster *cluster, qvt_slice wire, struct buf *answer, qvt_error *error)
{
    struct arena arena;
    const qvt_silo_info *info;
    arena_init(&arena, DECODE_MEMORY_MAX);
    struct decode_text silo_id = {&arena, ""};
    quark_version_v1_GetSiloCapabilitiesRequest request = quark_version_v1_GetSiloCapabilitiesRequest_init_zero;
    request.silo_id = decode_text(&silo_id);
    qvt_status status = local_decode(wire, quark_version_v1_GetSiloCapabilitiesRequest_fields, &request, error);
    if (status == QVT_OK) {
        status = find_capable(cluster, silo_id.text, &info, error);
    }
    if (status == QVT_OK) {
        status = answer_capabilities(answer, cluster, info, error);
    }
    arena_deinit(&arena);
    return status;
}

/* Where the list stands: the walk skips silos that are not ACTIVE or have no versions. */
struct capable {
    const struct local_cluster *cluster;
    size_t *at;
    struct encode_versions *versions;
};

static bool fill_capable(const struct sequence *sequence, size_t index, void *message)
{
    const struct capable *capable = sequence->data;
    (void)index;
    while (*capable->at < capable->cluster->entry_count) {
        const qvt_silo_info *info = &capable->cluster->entries[(*capable->at)++].silo->info;
        if (info->status == QVT_SILO_STATUS_ACTIVE && info->version_count > 0) {
            fill_silo(message, info, capable->versions);
            return true;
        }
    }
    return false;
}

/* One page: it does not leave the process. */
qvt_status local_list_capabilities(struct local_cluster *cluster, qvt_slice wire, struct buf *answer, qvt_error *error)
{
    size_t at = 0;
    struct encode_versions versions;
    quark_version_v1_SiloCapabilities silo;
    const struct capable capable = {cluster, &at, &versions};
    struct sequence silos = {quark_version_v1_SiloCapabilities_fields, fill_capable, &silo, sizeof silo, &capable};
    quark_version_v1_ListSiloCapabilitiesResponse response = quark_version_v1_ListSiloCapabilitiesResponse_init_zero;
    (void)wire;
    response.has_position = true;
    response.position = encode_position(&cluster->head);
    response.has_cache_ttl = true;
    response.cache_ttl.seconds = LOCAL_CACHE_TTL_S;
    response.capabilities = encode_sequence(&silos);
    return local_encode(answer, quark_version_v1_ListSiloCapabilitiesResponse_fields, &response, error);
}
