#include "base/check.h"
#include "server/registry/batch_state.h"
#include "server/registry/incarnation.h"

typedef Quark__Version__V1__UpdateSiloRequest update_request;
typedef Quark__Version__V1__UnregisterSiloRequest unregister_request;
typedef Quark__Version__V1__RegisterSiloVersionsRequest versions_request;

static const struct {
    const char *path;
    unsigned field;
} mask_paths[] = {
    {"status", SILO_PATCH_STATUS}, {"scheduling", SILO_PATCH_SCHEDULING},
    {"labels", SILO_PATCH_LABELS}, {"address", SILO_PATCH_ADDRESS},
    {"port", SILO_PATCH_PORT},
};

static qvt_status add_path(const char *path, unsigned *fields, qvt_error *error)
{
    for (size_t i = 0; i < sizeof mask_paths / sizeof mask_paths[0]; i++) {
        if (strcmp(path, mask_paths[i].path) == 0) {
            *fields |= mask_paths[i].field;
            return QVT_OK;
        }
    }
    return qvt_error_field(error, "update_mask", "\"%.64s\": may name status, scheduling, labels, address and port",
                           path);
}

/* Without a mask, what the request sets (google.aip.dev/134). */
static unsigned set_fields(const Quark__Version__V1__SiloInfo *silo)
{
    unsigned fields = 0;
    fields |= silo->status != 0 ? SILO_PATCH_STATUS : 0u;
    fields |= silo->scheduling != 0 ? SILO_PATCH_SCHEDULING : 0u;
    fields |= silo->n_labels > 0 ? SILO_PATCH_LABELS : 0u;
    fields |= silo->address[0] != 0 ? SILO_PATCH_ADDRESS : 0u;
    fields |= silo->port != 0 ? SILO_PATCH_PORT : 0u;
    return fields;
}

static qvt_status read_mask(const update_request *request, unsigned *fields, qvt_error *error)
{
    *fields = 0;
    if (request->silo == NULL) {
        return qvt_error_field(error, "silo", "missing: it holds the new values");
    }
    if (request->update_mask == NULL || request->update_mask->n_paths == 0) {
        *fields = set_fields(request->silo);
    } else {
        for (size_t i = 0; i < request->update_mask->n_paths; i++) {
            QVT_TRY(add_path(request->update_mask->paths[i], fields, error));
        }
    }
    return *fields != 0 ? QVT_OK : qvt_error_field(error, "update_mask", "names nothing, and nothing is set in silo");
}

static qvt_status validate_values(const struct silo_patch *patch, const struct draft *draft)
{
    if ((patch->fields & SILO_PATCH_STATUS) != 0) {
        QVT_TRY(validate_status((int)patch->status, false, "silo.status", draft->error));
    }
    if ((patch->fields & SILO_PATCH_SCHEDULING) != 0) {
        QVT_TRY(validate_scheduling((int)patch->scheduling, false, "silo.scheduling", draft->error));
    }
    if ((patch->fields & SILO_PATCH_ADDRESS) != 0) {
        QVT_TRY(validate_address(patch->address, "silo.address", draft->error));
    }
    if ((patch->fields & SILO_PATCH_PORT) != 0) {
        QVT_TRY(validate_port(patch->port, "silo.port", draft->error));
    }
    if ((patch->fields & SILO_PATCH_LABELS) != 0) {
        QVT_TRY(validate_labels(patch->labels, &draft->batch->registry->limits, "silo.labels", draft->error));
    }
    return QVT_OK;
}

static qvt_status check_silo_id(const update_request *request, qvt_error *error)
{
    const char *inner = request->silo->silo_id;
    QVT_TRY(validate_silo_id(qvt_slice_text(request->silo_id), "silo_id", error));
    if (inner[0] == '\0' || strcmp(inner, request->silo_id) == 0) {
        return QVT_OK;
    }
    return qvt_error_field(error, "silo.silo_id", "\"%.128s\": differs from silo_id \"%.128s\"", inner,
                           request->silo_id);
}

static const char *status_name(enum placement_status status)
{
    static const char *const names[] = {"UNSPECIFIED", "JOINING", "ACTIVE", "SHUTTING_DOWN", "DEAD"};
    return names[status];
}

/* SPEC §3.2: only forward. */
static qvt_status check_status(const struct silo_patch *patch, const struct registry_silo *silo, qvt_error *error)
{
    if ((patch->fields & SILO_PATCH_STATUS) == 0 || patch->status >= silo->status) {
        return QVT_OK;
    }
    return qvt_error_set(error, QVT_FAILED_PRECONDITION, "STATUS_BACKWARD",
                         "silo \"%.*s\" is %s and cannot become %s: a status only moves forward", (int)silo->id.len,
                         (const char *)silo->id.data, status_name(silo->status), status_name(patch->status));
}

static qvt_status check_bytes(const struct draft *draft, const struct silo_patch *patch)
{
    size_t bytes = image_value(draft->change.puts[0]).len;
    uint32_t most = draft->batch->registry->limits.registration_bytes;
    const char *field = (patch->fields & SILO_PATCH_VERSIONS) != 0 ? "actor_type_versions" : "silo";
    if (bytes <= most) {
        return QVT_OK;
    }
    return qvt_error_field(draft->error, field, "%s: a record of %zu bytes, which may have %u", field, bytes, most);
}

static qvt_status commit_patch(struct draft *draft, const struct registry_silo *silo, const struct silo_patch *patch,
                               uint32_t event, struct proposal *out)
{
    QVT_TRY(draft_patch_silo(draft, silo, patch));
    if (draft_says_nothing(draft, silo->image)) {
        draft_keep(draft, silo->image, out);
        return QVT_OK;
    }
    QVT_TRY(check_bytes(draft, patch));
    if ((patch->fields & SILO_PATCH_VERSIONS) != 0) {
        QVT_TRY(draft_note_types(draft, silo->image));
    }
    return draft_commit(draft, event, out);
}

/* SPEC §3.2, §3.3: the end of an incarnation is final, what operators set for the silo id outlives it. */
static bool needs_life(const struct silo_patch *patch)
{
    bool drains = (patch->fields & SILO_PATCH_SCHEDULING) != 0 && patch->scheduling == PLACEMENT_DRAINING;
    return drains || (patch->fields & ~(unsigned)SILO_PATCH_SCHEDULING) != 0;
}

static qvt_status update(struct draft *draft, const update_request *request, struct silo_patch *patch,
                         struct proposal *out)
{
    struct write_meta meta = {request->request_id, request->if_match, request->who, request->why};
    qvt_slice silo_id = qvt_slice_text(request->silo_id);
    bool repeats;
    QVT_TRY(check_silo_id(request, draft->error));
    QVT_TRY(validate_values(patch, draft));
    QVT_TRY(draft_describe(draft, &meta));
    QVT_TRY(draft_repeats(draft, &meta, RECORD_SILO, silo_id, &repeats, out));
    if (repeats) {
        return QVT_OK;
    }
    const struct registry_silo *silo = batch_silo(draft->batch, silo_id);
    QVT_TRY(incarnation_check(silo, silo_id, request->incarnation, needs_life(patch), draft->error));
    QVT_TRY(draft_match(draft, meta.if_match, silo->etag));
    QVT_TRY(check_status(patch, silo, draft->error));
    bool leaves = (patch->fields & SILO_PATCH_STATUS) != 0 && patch->status == PLACEMENT_DEAD;
    return commit_patch(draft, silo, patch, leaves ? CHANGE_SILO_LEFT : CHANGE_SILO_UPDATED, out);
}

qvt_status propose_update(struct draft *draft, const update_request *request, struct proposal *out)
{
    struct label_map labels = {NULL, NULL, 0};
    struct silo_patch patch = {.labels = &labels};
    QVT_TRY(read_mask(request, &patch.fields, draft->error));
    QVT_TRY(label_map_collect(&labels, request->silo));
    patch.address = qvt_slice_text(request->silo->address);
    patch.port = request->silo->port;
    patch.status = (enum placement_status)request->silo->status;
    patch.scheduling = (enum placement_scheduling)request->silo->scheduling;
    qvt_status status = update(draft, request, &patch, out);
    label_map_deinit(&labels);
    return status;
}

qvt_status propose_unregister(struct draft *draft, const unregister_request *request, struct proposal *out)
{
    struct write_meta meta = {request->request_id, request->if_match, request->who, request->why};
    qvt_slice silo_id = qvt_slice_text(request->silo_id);
    bool repeats;
    QVT_TRY(validate_silo_id(silo_id, "silo_id", draft->error));
    QVT_TRY(draft_describe(draft, &meta));
    QVT_TRY(draft_repeats(draft, &meta, RECORD_SILO, silo_id, &repeats, out));
    if (repeats) {
        return QVT_OK;
    }
    const struct registry_silo *silo = batch_silo(draft->batch, silo_id);
    if (silo == NULL) {
        draft_keep(draft, NULL, out);
        return QVT_OK;
    }
    QVT_TRY(incarnation_check(silo, silo_id, request->incarnation, false, draft->error));
    if (silo->status == PLACEMENT_DEAD) {
        draft_keep(draft, silo->image, out);
        return QVT_OK;
    }
    QVT_TRY(draft_match(draft, meta.if_match, silo->etag));
    struct silo_patch patch = {.fields = SILO_PATCH_STATUS, .status = PLACEMENT_DEAD};
    return commit_patch(draft, silo, &patch, CHANGE_SILO_LEFT, out);
}

static qvt_status replace_versions(struct draft *draft, const versions_request *request,
                                   const struct version_map *versions, struct proposal *out)
{
    struct write_meta meta = {request->request_id, request->if_match, request->who, request->why};
    qvt_slice silo_id = qvt_slice_text(request->silo_id);
    bool repeats;
    QVT_TRY(validate_silo_id(silo_id, "silo_id", draft->error));
    if (versions->count == 0) {
        return qvt_error_field(draft->error, "actor_type_versions", "missing: at least one actor type");
    }
    QVT_TRY(validate_versions(versions, &draft->batch->registry->limits, "actor_type_versions", draft->error));
    QVT_TRY(draft_describe(draft, &meta));
    QVT_TRY(draft_repeats(draft, &meta, RECORD_SILO, silo_id, &repeats, out));
    if (repeats) {
        return QVT_OK;
    }
    const struct registry_silo *silo = batch_silo(draft->batch, silo_id);
    QVT_TRY(incarnation_check(silo, silo_id, request->incarnation, true, draft->error));
    QVT_TRY(draft_match(draft, meta.if_match, silo->etag));
    struct silo_patch patch = {.fields = SILO_PATCH_VERSIONS, .versions = versions};
    return commit_patch(draft, silo, &patch, CHANGE_SILO_VERSIONS_REGISTERED, out);
}

qvt_status propose_versions(struct draft *draft, const versions_request *request, struct proposal *out)
{
    struct version_map versions = {NULL, NULL, 0};
    QVT_TRY(version_map_collect_request(&versions, request));
    qvt_status status = replace_versions(draft, request, &versions, out);
    version_map_deinit(&versions);
    return status;
}
