#include <stdlib.h>

#include "base/check.h"
#include "server/registry/batch_state.h"
#include "server/registry/policy_fields.h"

#define WHO_MAX 1024u
#define REQUEST_ID_MAX 128u
#define RECORD_FIELD_SILO 3u
#define RECORD_FIELD_SETTING 5u

static void make_store_id(char out[STORE_ID_LEN + 1], const struct entropy *entropy)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[STORE_ID_LEN / 2];
    entropy_fill(entropy, bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15u];
    }
    out[STORE_ID_LEN] = 0;
}

void draft_init(struct draft *draft, struct batch *batch, int64_t now_us, const struct entropy *entropy,
                qvt_error *error)
{
    *draft = (struct draft){.batch = batch, .now_us = now_us, .error = error};
    batch->read.image = NULL;
    draft->change.position = batch->head;
    if (batch->head.revision == 0) {
        make_store_id(draft->change.position.store_id, entropy);
    }
    draft->change.position.revision = batch->head.revision + 1;
    draft->change.position.token = entropy_u64(entropy);
    draft->change.previous_token = batch->head.token;
    draft->change.time_us = now_us;
    position_format(draft->etag, draft->change.position.revision, draft->change.position.token);
}

void draft_deinit(struct draft *draft)
{
    for (size_t i = 0; i < draft->change.put_count; i++) {
        image_unref(draft->change.puts[i]);
    }
    free(draft->change.puts);
    free(draft->change.deletes);
    free(draft->change.previous_types);
}

qvt_status draft_describe(struct draft *draft, const struct write_meta *meta)
{
    QVT_TRY(validate_text(meta->who, WHO_MAX, "who", draft->error));
    QVT_TRY(validate_text(meta->why, WHO_MAX, "why", draft->error));
    QVT_TRY(validate_text(meta->request_id, REQUEST_ID_MAX, "request_id", draft->error));
    draft->change.who = qvt_slice_text(meta->who);
    draft->change.why = qvt_slice_text(meta->why);
    draft->change.request_id = qvt_slice_text(meta->request_id);
    return QVT_OK;
}

/* Room for one more item in an array that starts empty. */
static qvt_status grow(void **items, size_t count, size_t *capacity, size_t item_size)
{
    if (count < *capacity) {
        return QVT_OK;
    }
    size_t wanted = *capacity == 0 ? 4 : *capacity * 2;
    void *grown = realloc(*items, wanted * item_size);
    if (grown == NULL) {
        return QVT_NO_MEMORY;
    }
    *items = grown;
    *capacity = wanted;
    return QVT_OK;
}

qvt_status draft_put(struct draft *draft, uint32_t kind, uint32_t field, qvt_slice key, qvt_slice value)
{
    struct change *change = &draft->change;
    void *puts = change->puts;
    QVT_TRY(grow(&puts, change->put_count, &draft->put_capacity, sizeof(struct image *)));
    change->puts = puts;
    struct image_origin origin = {change->position.revision, change->time_us};
    struct image **image = &change->puts[change->put_count];
    QVT_TRY(image_new(image, kind, field, key, value, origin));
    draft->bytes += image_size_bytes(*image);
    change->put_count++;
    return QVT_OK;
}

static qvt_status encode_setting(const struct draft *draft, const char *name, uint64_t number, struct buf *out)
{
    QVT_TRY(wire_put_text(out, SETTING_NAME, qvt_slice_text(name)));
    QVT_TRY(wire_put_uint(out, SETTING_NUMBER, number));
    QVT_TRY(wire_put_uint(out, SETTING_MOD_REVISION, draft->change.position.revision));
    return wire_put_text(out, SETTING_ETAG, qvt_slice_text(draft->etag));
}

qvt_status draft_put_setting(struct draft *draft, const char *name, uint64_t number)
{
    struct buf *value = &draft->batch->scratch;
    buf_clear(value);
    QVT_TRY(encode_setting(draft, name, number, value));
    return draft_put(draft, RECORD_SETTING, RECORD_FIELD_SETTING, qvt_slice_text(name), buf_slice(value));
}

qvt_status draft_patch_silo(struct draft *draft, const struct registry_silo *silo, const struct silo_patch *patch)
{
    struct buf *value = &draft->batch->scratch;
    struct silo_patch dated = *patch;
    dated.now_us = draft->now_us;
    buf_clear(value);
    QVT_TRY(silo_image_patch(silo->image, &dated, draft->change.position.revision, draft->etag, value));
    return draft_put(draft, RECORD_SILO, RECORD_FIELD_SILO, silo->id, buf_slice(value));
}

/* The two fields have the same numbers in every record (policy_fields.h, silo_view.h). */
static bool next_said(qvt_slice *rest, struct wire_field *field)
{
    while (wire_next(rest, field)) {
        if (field->number != SILO_MOD_REVISION && field->number != SILO_ETAG) {
            return true;
        }
    }
    return false;
}

bool draft_says_nothing(const struct draft *draft, const struct image *record)
{
    QVT_ASSERT(draft->change.put_count == 1);
    qvt_slice left = image_value(draft->change.puts[0]);
    qvt_slice right = image_value(record);
    struct wire_field a;
    struct wire_field b;
    bool more = true;
    while (more) {
        more = next_said(&left, &a);
        if (more != next_said(&right, &b) || (more && !qvt_slice_equal(a.raw, b.raw))) {
            return false;
        }
    }
    return true;
}

qvt_status draft_delete(struct draft *draft, uint32_t kind, qvt_slice key)
{
    struct change *change = &draft->change;
    void *deletes = change->deletes;
    QVT_TRY(grow(&deletes, change->delete_count, &draft->delete_capacity, sizeof *change->deletes));
    change->deletes = deletes;
    change->deletes[change->delete_count++] = (struct change_key){kind, key};
    return QVT_OK;
}

qvt_status draft_note_types(struct draft *draft, const struct image *silo)
{
    struct change *change = &draft->change;
    qvt_slice rest = silo_view_versions(silo);
    struct silo_view_version version;
    while (silo_view_next_version(&rest, &version)) {
        void *types = change->previous_types;
        QVT_TRY(grow(&types, change->previous_type_count, &draft->type_capacity, sizeof(qvt_slice)));
        change->previous_types = types;
        change->previous_types[change->previous_type_count++] = version.actor_type;
        draft->bytes += version.actor_type.len;
    }
    return QVT_OK;
}

static int compare_types(const void *a, const void *b)
{
    return qvt_slice_compare(*(const qvt_slice *)a, *(const qvt_slice *)b);
}

static void unite_types(struct change *change)
{
    if (change->previous_type_count < 2) {
        return;
    }
    qsort(change->previous_types, change->previous_type_count, sizeof(qvt_slice), compare_types);
    size_t kept = 1;
    for (size_t i = 1; i < change->previous_type_count; i++) {
        if (!qvt_slice_equal(change->previous_types[i], change->previous_types[kept - 1])) {
            change->previous_types[kept++] = change->previous_types[i];
        }
    }
    change->previous_type_count = kept;
}

qvt_status draft_commit(struct draft *draft, uint32_t event, struct proposal *out)
{
    struct change *change;
    draft->change.event = event;
    unite_types(&draft->change);
    QVT_TRY(change_new(&change, &draft->change));
    qvt_status status = batch_add(draft->batch, change);
    if (status != QVT_OK) {
        change_unref(change);
        return status;
    }
    out->change = change;
    out->image = change->put_count > 0 ? image_ref(change->puts[0]) : NULL;
    out->position = change->position;
    return QVT_OK;
}

void draft_keep(const struct draft *draft, struct image *image, struct proposal *out)
{
    out->image = image == NULL ? NULL : image_ref(image);
    out->position = draft->batch->head;
}

static bool touches(const struct change *change, uint32_t kind, qvt_slice key, struct image **image)
{
    for (size_t i = 0; i < change->put_count; i++) {
        if (image_kind(change->puts[i]) == kind && qvt_slice_equal(image_key(change->puts[i]), key)) {
            *image = change->puts[i];
            return true;
        }
    }
    for (size_t i = 0; i < change->delete_count; i++) {
        if (change->deletes[i].kind == kind && qvt_slice_equal(change->deletes[i].key, key)) {
            *image = NULL;
            return true;
        }
    }
    return false;
}

qvt_status draft_repeats(struct draft *draft, const struct write_meta *meta, uint32_t kind, qvt_slice key,
                         bool *repeats, struct proposal *out)
{
    qvt_slice request_id = qvt_slice_text(meta->request_id);
    const struct change *change = request_id.len == 0 ? NULL : batch_request(draft->batch, request_id);
    struct image *image = NULL;
    *repeats = change != NULL;
    if (change == NULL) {
        return QVT_OK;
    }
    if (!touches(change, kind, key, &image)) {
        return qvt_error_field(draft->error, "request_id", "\"%s\" was used for another record", meta->request_id);
    }
    draft_keep(draft, image, out);
    out->position = change->position;
    return QVT_OK;
}

qvt_status draft_match(struct draft *draft, const char *if_match, qvt_slice etag)
{
    qvt_slice wanted = qvt_slice_text(if_match);
    if (wanted.len == 0 || qvt_slice_equal(wanted, etag)) {
        return QVT_OK;
    }
    qvt_error_set(draft->error, QVT_ABORTED, "ETAG_MISMATCH", "if_match is \"%.64s\", the record's etag is \"%.*s\"",
                  if_match, (int)etag.len, (const char *)etag.data);
    qvt_error_fact(draft->error, "etag", "%.*s", (int)etag.len, (const char *)etag.data);
    return QVT_ABORTED;
}
