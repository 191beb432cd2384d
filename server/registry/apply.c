#include <stdlib.h>

#include "base/check.h"
#include "server/registry/state.h"

/* One put on its way: everything that can fail happens before the first of them is committed. */
struct pending_put {
    struct record *record;
    struct image *image; /* borrowed from the change */
    struct silo *silo;
    struct policy *policy;
    bool is_new;
};

static qvt_status prepare_view(struct registry *registry, const struct batch *batch, struct pending_put *put)
{
    switch (image_kind(put->image)) {
    case RECORD_SILO: return silo_prepare(registry, put->image, put->record->silo, batch, &put->silo);
    case RECORD_POLICY: return policy_new(&put->policy, put->image);
    default: return QVT_OK;
    }
}

static qvt_status prepare_put(struct registry *registry, struct image *image, const struct batch *batch,
                              struct pending_put *put)
{
    *put = (struct pending_put){.image = image};
    put->record = records_find(registry, image_kind(image), image_key(image));
    if (put->record == NULL) {
        QVT_TRY(records_new(registry, image_kind(image), image_key(image), image, &put->record));
        put->is_new = true;
    } else if (put->record->pending) {
        return QVT_DATA_LOSS;
    }
    qvt_status status = prepare_view(registry, batch, put);
    if (status == QVT_OK) {
        put->record->pending = true;
    } else if (put->is_new) {
        records_discard(registry, put->record);
    }
    return status;
}

static void abandon_put(struct registry *registry, struct pending_put *put)
{
    if (put->silo != NULL) {
        silo_abandon(registry, put->silo);
    }
    free(put->policy);
    put->record->pending = false;
    if (put->is_new) {
        records_discard(registry, put->record);
    }
}

static void note_setting(struct registry *registry, const struct image *image, qvt_slice name)
{
    if (qvt_slice_equal(name, qvt_slice_text(SETTING_EXPIRY_PAUSED))) {
        registry->counts.expiry_paused = image != NULL;
        registry->counts.expiry_paused_since_us = image == NULL ? 0 : (int64_t)setting_number(image);
    } else if (image != NULL && qvt_slice_equal(name, qvt_slice_text(SETTING_INCARNATION_FLOOR))) {
        uint64_t floor = setting_number(image);
        registry->last_incarnation = floor > registry->last_incarnation ? floor : registry->last_incarnation;
    }
}

static void commit_policy(struct registry *registry, struct pending_put *put)
{
    if (put->record->policy == NULL) {
        registry->counts.policies++;
    }
    free(put->record->policy);
    put->record->policy = put->policy;
    put->policy->record = put->record;
}

static void commit_put(struct registry *registry, struct pending_put *put)
{
    struct record *record = put->record;
    record->pending = false;
    if (put->silo != NULL) {
        silo_commit(registry, record, put->silo);
    } else if (put->policy != NULL) {
        commit_policy(registry, put);
    } else if (image_kind(put->image) == RECORD_SETTING) {
        note_setting(registry, put->image, image_key(put->image));
    }
    if (put->is_new) {
        records_link(registry, record);
        return;
    }
    image_ref(put->image);
    image_unref(record->image);
    record->image = put->image;
    list_remove(&record->order.link);
    list_push_back(&registry->order, &record->order.link);
}

static void commit_delete(struct registry *registry, struct record *record)
{
    if (record->silo != NULL) {
        silo_remove(registry, record->silo);
    } else if (record->policy != NULL) {
        registry->counts.policies--;
        free(record->policy);
    } else if (image_kind(record->image) == RECORD_SETTING) {
        note_setting(registry, NULL, image_key(record->image));
    }
    records_delete(registry, record);
}

struct step {
    struct pending_put *puts;
    struct tombstone **tombstones; /* one a delete, only while a walk is open */
    size_t put_count;
    size_t tombstone_count;
    struct pending_put few[2]; /* where `puts` has room enough there: nearly always */
};

static void step_deinit(struct step *step)
{
    for (size_t i = 0; i < step->tombstone_count; i++) {
        free(step->tombstones[i]);
    }
    free(step->tombstones);
    if (step->puts != step->few) {
        free(step->puts);
    }
}

static qvt_status prepare_deletes(struct registry *registry, const struct change *change, struct step *step)
{
    for (size_t i = 0; i < change->delete_count; i++) {
        const struct change_key *gone = &change->deletes[i];
        const struct record *record = records_find(registry, gone->kind, gone->key);
        if (record != NULL && record->pending) {
            return QVT_DATA_LOSS;
        }
        if (!list_is_empty(&registry->walks)) {
            QVT_TRY(tombstone_new(&step->tombstones[i], gone->kind, gone->key, change->position.revision));
            step->tombstone_count++;
        }
    }
    return QVT_OK;
}

static qvt_status prepare(struct registry *registry, const struct change *change, const struct batch *batch,
                          struct step *step)
{
    step->put_count = step->tombstone_count = 0;
    bool few = change->put_count <= sizeof step->few / sizeof step->few[0];
    step->puts = few ? step->few : calloc(change->put_count, sizeof *step->puts);
    step->tombstones = change->delete_count == 0 ? NULL : calloc(change->delete_count, sizeof(struct tombstone *));
    if (step->puts == NULL || (step->tombstones == NULL && change->delete_count > 0)) {
        return QVT_NO_MEMORY;
    }
    for (size_t i = 0; i < change->put_count; i++) {
        QVT_TRY(prepare_put(registry, change->puts[i], batch, &step->puts[i]));
        step->put_count++;
    }
    QVT_TRY(prepare_deletes(registry, change, step));
    return history_reserve(&registry->history, 1);
}

static void commit(struct registry *registry, const struct change *change, struct step *step)
{
    for (size_t i = 0; i < change->put_count; i++) {
        commit_put(registry, &step->puts[i]);
    }
    for (size_t i = 0; i < change->delete_count; i++) {
        struct record *record = records_find(registry, change->deletes[i].kind, change->deletes[i].key);
        if (record != NULL) {
            commit_delete(registry, record);
        }
    }
    for (size_t i = 0; i < step->tombstone_count; i++) {
        list_push_back(&registry->order, &step->tombstones[i]->order.link);
    }
    registry->tombstones += step->tombstone_count;
    step->tombstone_count = 0;
}

static bool follows(const struct registry *registry, const struct change *change)
{
    const struct position *head = &registry->head;
    return change->position.revision == head->revision + 1 && change->previous_token == head->token &&
           (head->revision == 0 || strcmp(change->position.store_id, head->store_id) == 0);
}

qvt_status registry_apply(struct registry *registry, struct change *change, const struct batch *batch, int64_t now_us)
{
    if (!follows(registry, change)) {
        return QVT_DATA_LOSS;
    }
    struct step step;
    qvt_status status = prepare(registry, change, batch, &step);
    if (status == QVT_OK) {
        commit(registry, change, &step);
        history_push(&registry->history, change);
        history_trim(&registry->history, &registry->limits, now_us);
        registry->head = change->position;
    } else {
        while (step.put_count > 0) {
            abandon_put(registry, &step.puts[--step.put_count]);
        }
    }
    step_deinit(&step);
    return status;
}

qvt_status registry_load_record(struct registry *registry, struct image *image)
{
    struct pending_put put;
    if (records_find(registry, image_kind(image), image_key(image)) != NULL) {
        return QVT_DATA_LOSS;
    }
    QVT_TRY(prepare_put(registry, image, NULL, &put));
    commit_put(registry, &put);
    return QVT_OK;
}
