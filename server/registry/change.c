#include "server/registry/change.h"

#include <stdlib.h>

#include "base/check.h"

static size_t text_bytes(const struct change *draft)
{
    size_t total = draft->who.len + draft->why.len + draft->request_id.len;
    for (size_t i = 0; i < draft->delete_count; i++) {
        total += draft->deletes[i].key.len;
    }
    for (size_t i = 0; i < draft->previous_type_count; i++) {
        total += draft->previous_types[i].len;
    }
    return total;
}

static size_t array_bytes(const struct change *draft)
{
    return draft->delete_count * sizeof *draft->deletes + draft->previous_type_count * sizeof *draft->previous_types +
           draft->put_count * sizeof *draft->puts;
}

static size_t images_bytes(const struct change *draft)
{
    size_t total = 0;
    for (size_t i = 0; i < draft->put_count; i++) {
        total += image_size_bytes(draft->puts[i]);
    }
    return total;
}

static qvt_slice move_text(uint8_t **cursor, qvt_slice text)
{
    if (text.len == 0) {
        return qvt_slice_make(NULL, 0);
    }
    memcpy(*cursor, text.data, text.len);
    qvt_slice moved = qvt_slice_make(*cursor, text.len);
    *cursor += text.len;
    return moved;
}

/* The arrays follow the struct, those with the strictest alignment first, the texts come last. */
static void copy_draft(struct change *change, const struct change *draft)
{
    uint8_t *cursor = (uint8_t *)(change + 1);
    change->deletes = (struct change_key *)(void *)cursor;
    cursor += draft->delete_count * sizeof *draft->deletes;
    change->previous_types = (qvt_slice *)(void *)cursor;
    cursor += draft->previous_type_count * sizeof *draft->previous_types;
    change->puts = (struct image **)(void *)cursor;
    cursor += draft->put_count * sizeof *draft->puts;

    for (size_t i = 0; i < draft->delete_count; i++) {
        change->deletes[i].kind = draft->deletes[i].kind;
        change->deletes[i].key = move_text(&cursor, draft->deletes[i].key);
    }
    for (size_t i = 0; i < draft->previous_type_count; i++) {
        change->previous_types[i] = move_text(&cursor, draft->previous_types[i]);
    }
    for (size_t i = 0; i < draft->put_count; i++) {
        change->puts[i] = image_ref(draft->puts[i]);
    }
    change->who = move_text(&cursor, draft->who);
    change->why = move_text(&cursor, draft->why);
    change->request_id = move_text(&cursor, draft->request_id);
}

qvt_status change_new(struct change **out, const struct change *draft)
{
    size_t own_bytes = sizeof(struct change) + array_bytes(draft) + text_bytes(draft);
    struct change *change = malloc(own_bytes);
    if (change == NULL) {
        return QVT_NO_MEMORY;
    }
    *change = *draft;
    change->refs = 1;
    change->size_bytes = own_bytes + images_bytes(draft);
    change->encoded = NULL;
    copy_draft(change, draft);
    *out = change;
    return QVT_OK;
}

struct change *change_ref(struct change *change)
{
    QVT_ASSERT(change->refs > 0 && change->refs < UINT32_MAX);
    change->refs++;
    return change;
}

void change_unref(struct change *change)
{
    if (change == NULL) {
        return;
    }
    QVT_ASSERT(change->refs > 0);
    change->refs--;
    if (change->refs > 0) {
        return;
    }
    for (size_t i = 0; i < change->put_count; i++) {
        image_unref(change->puts[i]);
    }
    qvt_blob_unref(change->encoded);
    free(change);
}

size_t change_size_bytes(const struct change *change)
{
    return change->size_bytes;
}

qvt_status change_encoded(struct change *change, qvt_blob **out)
{
    if (change->encoded == NULL) {
        struct buf bytes = BUF_INIT;
        qvt_status status = change_encode(change, &bytes);
        if (status == QVT_OK) {
            status = qvt_blob_copy(&change->encoded, buf_slice(&bytes));
        }
        buf_deinit(&bytes);
        QVT_TRY(status);
    }
    *out = change->encoded;
    return QVT_OK;
}

void change_drop_encoded(struct change *change)
{
    qvt_blob_unref(change->encoded);
    change->encoded = NULL;
}
