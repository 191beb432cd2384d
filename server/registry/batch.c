#include <stdlib.h>

#include "base/check.h"
#include "server/registry/batch_state.h"

struct overlay_name {
    uint32_t kind;
    qvt_slice key;
};

static bool has_name(const void *item, const void *key)
{
    const struct overlay *overlay = item;
    const struct overlay_name *name = key;
    return overlay->kind == name->kind && qvt_slice_equal(overlay->key, name->key);
}

static struct overlay *find(const struct batch *batch, uint32_t kind, qvt_slice key)
{
    struct overlay_name name = {kind, key};
    return batch->overlays.count == 0 ? NULL : table_find(&batch->overlays, table_hash(key, kind), has_name, &name);
}

qvt_status batch_new(struct batch **out, const struct registry *registry)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) {
        return QVT_NO_MEMORY;
    }
    batch->registry = registry;
    batch->head = registry->head;
    batch->last_incarnation = registry->last_incarnation;
    batch->living_silos = registry->counts.silos - registry->counts.silos_by_status[PLACEMENT_DEAD];
    *out = batch;
    return QVT_OK;
}

void batch_free(struct batch *batch)
{
    if (batch == NULL) {
        return;
    }
    size_t cursor = 0;
    void *overlay;
    while ((overlay = table_next(&batch->overlays, &cursor)) != NULL) {
        free(overlay);
    }
    table_deinit(&batch->overlays);
    for (size_t i = 0; i < batch->change_count; i++) {
        change_unref(batch->changes[i]);
    }
    free(batch->changes);
    buf_deinit(&batch->scratch);
    free(batch);
}

struct image *batch_image(const struct batch *batch, uint32_t kind, qvt_slice key)
{
    const struct overlay *overlay = find(batch, kind, key);
    if (overlay != NULL) {
        return overlay->image;
    }
    const struct record *record = records_find(batch->registry, kind, key);
    return record == NULL ? NULL : record->image;
}

const struct registry_silo *batch_silo(const struct batch *batch, qvt_slice silo_id)
{
    const struct overlay *overlay = find(batch, RECORD_SILO, silo_id);
    if (overlay != NULL) {
        return overlay->image == NULL ? NULL : &overlay->silo;
    }
    return registry_silo(batch->registry, silo_id);
}

qvt_status batch_view(const struct batch *batch, struct image *image, struct registry_silo *out)
{
    const struct overlay *overlay = find(batch, RECORD_SILO, image_key(image));
    if (overlay != NULL && overlay->image == image) {
        *out = overlay->silo;
        return QVT_OK;
    }
    return silo_view_parse(out, image);
}

bool batch_has_overlay(const struct batch *batch, uint32_t kind, qvt_slice key)
{
    return find(batch, kind, key) != NULL;
}

static bool lives(const struct registry_silo *silo)
{
    return silo != NULL && silo->status != PLACEMENT_DEAD;
}

static void note_silo(struct batch *batch, const struct overlay *overlay)
{
    if (overlay->kind != RECORD_SILO) {
        return;
    }
    bool exists = overlay->image != NULL;
    batch->living_silos -= lives(batch_silo(batch, overlay->key)) ? 1u : 0u;
    batch->living_silos += exists && lives(&overlay->silo) ? 1u : 0u;
    if (exists && overlay->silo.incarnation > batch->last_incarnation) {
        batch->last_incarnation = overlay->silo.incarnation;
    }
}

/* An overlay of the same record is only overwritten, so that no table changes before everything is allocated. */
static void lay_over(struct batch *batch, struct overlay *overlay)
{
    note_silo(batch, overlay);
    struct overlay *before = find(batch, overlay->kind, overlay->key);
    if (before != NULL) {
        *before = *overlay;
        free(overlay);
        return;
    }
    overlay->hash = table_hash(overlay->key, overlay->kind);
    table_add(&batch->overlays, overlay->hash, overlay);
}

qvt_status batch_read(struct batch *batch, struct image *image)
{
    if (batch->read.image == image) {
        return QVT_OK;
    }
    qvt_status status = silo_view_parse(&batch->read, image);
    batch->read.image = status == QVT_OK ? image : NULL;
    return status;
}

static qvt_status make_overlays(struct batch *batch, const struct change *change, struct overlay **overlays)
{
    for (size_t i = 0; i < change->put_count + change->delete_count; i++) {
        struct overlay *overlay = malloc(sizeof *overlay);
        if (overlay == NULL) {
            return QVT_NO_MEMORY;
        }
        overlays[i] = overlay;
        if (i >= change->put_count) {
            overlay->image = NULL;
            overlay->kind = change->deletes[i - change->put_count].kind;
            overlay->key = change->deletes[i - change->put_count].key;
            continue;
        }
        overlay->image = change->puts[i];
        overlay->kind = image_kind(overlay->image);
        overlay->key = image_key(overlay->image);
        if (overlay->kind == RECORD_SILO) {
            QVT_TRY(batch_read(batch, overlay->image));
            overlay->silo = batch->read;
        }
    }
    return QVT_OK;
}

static qvt_status reserve_changes(struct batch *batch)
{
    if (batch->change_count < batch->change_capacity) {
        return QVT_OK;
    }
    size_t capacity = batch->change_capacity == 0 ? 16 : batch->change_capacity * 2;
    struct change **changes = realloc(batch->changes, capacity * sizeof(struct change *));
    if (changes == NULL) {
        return QVT_NO_MEMORY;
    }
    batch->changes = changes;
    batch->change_capacity = capacity;
    return QVT_OK;
}

qvt_status batch_add(struct batch *batch, struct change *change)
{
    size_t count = change->put_count + change->delete_count;
    QVT_TRY(reserve_changes(batch));
    QVT_TRY(table_reserve(&batch->overlays, count));
    struct overlay *few[4] = {NULL};
    struct overlay **overlays = count <= sizeof few / sizeof few[0] ? few : calloc(count, sizeof(struct overlay *));
    if (overlays == NULL) {
        return QVT_NO_MEMORY;
    }
    qvt_status status = make_overlays(batch, change, overlays);
    for (size_t i = 0; i < count; i++) {
        if (status == QVT_OK) {
            lay_over(batch, overlays[i]);
        } else {
            free(overlays[i]);
        }
    }
    if (overlays != few) {
        free(overlays);
    }
    QVT_TRY(status);
    batch->changes[batch->change_count++] = change_ref(change);
    batch->head = change->position;
    batch->bytes += change_size_bytes(change);
    return QVT_OK;
}

struct change *batch_request(const struct batch *batch, qvt_slice request_id)
{
    for (size_t i = batch->change_count; i-- > 0;) {
        if (qvt_slice_equal(batch->changes[i]->request_id, request_id)) {
            return batch->changes[i];
        }
    }
    return history_by_request(&batch->registry->history, request_id);
}

struct change *const *batch_changes(const struct batch *batch, size_t *count)
{
    *count = batch->change_count;
    return batch->changes;
}

size_t batch_size_bytes(const struct batch *batch)
{
    return batch->bytes;
}

static qvt_status dispatch(struct draft *draft, const struct command *command, struct proposal *out)
{
    switch (command->kind) {
    case COMMAND_REGISTER_SILO: return propose_register(draft, command->register_silo, out);
    case COMMAND_REGISTER_VERSIONS: return propose_versions(draft, command->register_versions, out);
    case COMMAND_UPDATE_SILO: return propose_update(draft, command->update_silo, out);
    case COMMAND_UNREGISTER_SILO: return propose_unregister(draft, command->unregister_silo, out);
    case COMMAND_SET_POLICY: return propose_set_policy(draft, command->set_policy, out);
    case COMMAND_DELETE_POLICY: return propose_delete_policy(draft, command->delete_policy, out);
    case COMMAND_EXPIRE: return propose_expire(draft, &command->marks, out);
    case COMMAND_MARK_SUSPECT: return propose_suspect(draft, &command->marks, out);
    case COMMAND_MARK_HEALTH: return propose_health(draft, &command->marks, out);
    case COMMAND_PURGE: return propose_purge(draft, out);
    case COMMAND_PAUSE_EXPIRY: return propose_pause(draft, &command->marks, out);
    case COMMAND_RESUME_EXPIRY: return propose_resume(draft, out);
    }
    QVT_ASSERT(false && "a command of unknown kind");
    return QVT_INTERNAL;
}

qvt_status batch_propose(struct batch *batch, const struct command *command, int64_t now_us,
                         const struct entropy *entropy, struct proposal *out, qvt_error *error)
{
    struct draft draft;
    *out = (struct proposal){.change = NULL};
    qvt_error_clear(error);
    draft_init(&draft, batch, now_us, entropy, error);
    qvt_status status = dispatch(&draft, command, out);
    draft_deinit(&draft);
    if (status == QVT_NO_MEMORY) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    return status;
}

void proposal_deinit(struct proposal *proposal)
{
    change_unref(proposal->change);
    image_unref(proposal->image);
    *proposal = (struct proposal){.change = NULL};
}
