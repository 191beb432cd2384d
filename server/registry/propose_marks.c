#include "base/check.h"
#include "server/registry/batch_state.h"

/* What a patched record may be longer than it was: flags, etag, the time of its end. */
#define PATCH_GROWTH 64u

/* Whether the bulk change has room for one more silo that adds so many bytes; at least one always fits. */
static bool has_room(const struct draft *draft, size_t bytes)
{
    const struct registry_limits *limits = &draft->batch->registry->limits;
    size_t count = draft->change.put_count + draft->change.delete_count;
    return count < limits->bulk_silos && (count == 0 || draft->bytes + bytes <= limits->bulk_bytes);
}

/* false: the change is full. */
static bool take(struct draft *draft, const struct registry_silo *silo, const struct silo_patch *patch,
                 qvt_status *status)
{
    if (!has_room(draft, image_size_bytes(silo->image) + PATCH_GROWTH)) {
        return false;
    }
    *status = draft_patch_silo(draft, silo, patch);
    return *status == QVT_OK;
}

/* The silo that a mark means; NULL: superseded, gone, or DEAD. */
static const struct registry_silo *find_marked(const struct draft *draft, const struct silo_mark *mark)
{
    const struct registry_silo *silo = batch_silo(draft->batch, mark->silo_id);
    bool meant = silo != NULL && silo->incarnation == mark->incarnation && silo->status != PLACEMENT_DEAD;
    return meant ? silo : NULL;
}

static qvt_status commit_if_any(struct draft *draft, uint32_t event, struct proposal *out)
{
    if (draft->change.put_count + draft->change.delete_count == 0) {
        draft_keep(draft, NULL, out);
        return QVT_OK;
    }
    return draft_commit(draft, event, out);
}

qvt_status propose_expire(struct draft *draft, const struct silo_marks *marks, struct proposal *out)
{
    struct silo_patch patch = {.fields = SILO_PATCH_STATUS, .status = PLACEMENT_DEAD};
    qvt_status status = QVT_OK;
    for (size_t i = 0; i < marks->count; i++) {
        const struct registry_silo *silo = find_marked(draft, &marks->silos[i]);
        if (silo != NULL && !take(draft, silo, &patch, &status)) {
            break;
        }
    }
    QVT_TRY(status);
    return commit_if_any(draft, CHANGE_SILO_EXPIRED, out);
}

static qvt_status mark_suspect(struct draft *draft, const struct silo_marks *marks)
{
    struct silo_patch patch = {.fields = SILO_PATCH_SUSPECT};
    qvt_status status = QVT_OK;
    for (size_t i = 0; i < marks->count; i++) {
        const struct registry_silo *silo = find_marked(draft, &marks->silos[i]);
        patch.suspect = marks->silos[i].value;
        if (silo != NULL && silo->suspect != patch.suspect && !take(draft, silo, &patch, &status)) {
            break;
        }
    }
    return status;
}

qvt_status propose_suspect(struct draft *draft, const struct silo_marks *marks, struct proposal *out)
{
    QVT_TRY(mark_suspect(draft, marks));
    return commit_if_any(draft, CHANGE_SILO_SUSPECT, out);
}

qvt_status propose_health(struct draft *draft, const struct silo_marks *marks, struct proposal *out)
{
    struct silo_patch patch = {.fields = SILO_PATCH_UNHEALTHY};
    qvt_status status = QVT_OK;
    for (size_t i = 0; i < marks->count; i++) {
        const struct registry_silo *silo = find_marked(draft, &marks->silos[i]);
        patch.unhealthy = marks->silos[i].value;
        if (silo != NULL && silo->unhealthy != patch.unhealthy && !take(draft, silo, &patch, &status)) {
            break;
        }
    }
    QVT_TRY(status);
    return commit_if_any(draft, CHANGE_SILO_HEALTH, out);
}

/* Silos that the batch has touched are left for the next purge: the registry's list does not know their new state. */
qvt_status propose_purge(struct draft *draft, struct proposal *out)
{
    const struct registry *registry = draft->batch->registry;
    uint32_t dead = registry->counts.silos_by_status[PLACEMENT_DEAD];
    int64_t oldest_us = draft->now_us - registry->limits.dead_us;
    for (struct list *node = registry->dead.next; node != &registry->dead && has_room(draft, 0); node = node->next) {
        const struct silo *silo = LIST_ENTRY(node, struct silo, dead_link);
        if (dead <= registry->limits.dead_silos && silo->view.dead_since_us > oldest_us) {
            break;
        }
        if (!batch_has_overlay(draft->batch, RECORD_SILO, silo->view.id)) {
            QVT_TRY(draft_delete(draft, RECORD_SILO, silo->view.id));
            QVT_TRY(draft_note_types(draft, silo->view.image));
            dead--;
        }
    }
    if (draft->change.delete_count > 0) {
        QVT_TRY(draft_put_setting(draft, SETTING_INCARNATION_FLOOR, draft->batch->last_incarnation));
    }
    return commit_if_any(draft, CHANGE_SILO_PURGED, out);
}

qvt_status propose_pause(struct draft *draft, const struct silo_marks *marks, struct proposal *out)
{
    if (batch_image(draft->batch, RECORD_SETTING, qvt_slice_text(SETTING_EXPIRY_PAUSED)) != NULL) {
        draft_keep(draft, NULL, out);
        return QVT_OK;
    }
    QVT_TRY(draft_put_setting(draft, SETTING_EXPIRY_PAUSED, (uint64_t)draft->now_us));
    QVT_TRY(mark_suspect(draft, marks));
    return draft_commit(draft, CHANGE_EXPIRY_PAUSED, out);
}

qvt_status propose_resume(struct draft *draft, struct proposal *out)
{
    qvt_slice name = qvt_slice_text(SETTING_EXPIRY_PAUSED);
    if (batch_image(draft->batch, RECORD_SETTING, name) == NULL) {
        draft_keep(draft, NULL, out);
        return QVT_OK;
    }
    QVT_TRY(draft_delete(draft, RECORD_SETTING, name));
    return draft_commit(draft, CHANGE_EXPIRY_RESUMED, out);
}
