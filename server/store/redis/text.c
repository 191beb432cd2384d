#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "server/registry/wire.h"
#include "server/store/redis/base.h"

/* Numbers above those of the contract's Record: whoever decodes it as such skips them. */
enum { RECORD_REVISION = 14, RECORD_TIME_US = 15 };

/* Of the contract's Change and Position. */
enum { CHANGE_POSITION_FIELD = 1, POSITION_TOKEN_FIELD = 3 };

static const char *const KIND_NAMES[] = {NULL,    "silo",  "policy",  "setting", "rollout",
                                         "drain", "floor", "verdict", "damper"};

void redis_head_format(char out[REDIS_HEAD_MAX], const struct position *head)
{
    out[0] = '\0';
    if (head->revision > 0) {
        (void)snprintf(out, REDIS_HEAD_MAX, "%s %" PRIu64 " %016" PRIx64, head->store_id, head->revision, head->token);
    }
}

qvt_status redis_head_parse(struct position *out, qvt_slice text)
{
    char copy[REDIS_HEAD_MAX];
    *out = (struct position){.revision = 0};
    if (text.len == 0) {
        return QVT_OK;
    }
    if (text.len >= sizeof copy || text.len < STORE_ID_LEN + 4 || text.data[STORE_ID_LEN] != ' ') {
        return QVT_DATA_LOSS;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    char *end = NULL;
    memcpy(out->store_id, copy, STORE_ID_LEN);
    out->revision = strtoull(copy + STORE_ID_LEN + 1, &end, 10);
    if (*end != ' ' || out->revision == 0) {
        return QVT_DATA_LOSS;
    }
    out->token = strtoull(end + 1, &end, 16);
    return *end == '\0' ? QVT_OK : QVT_DATA_LOSS;
}

qvt_status redis_field_format(struct buf *out, uint32_t kind, qvt_slice key)
{
    if (kind > 0 && kind < sizeof KIND_NAMES / sizeof KIND_NAMES[0]) {
        QVT_TRY(buf_append_text(out, KIND_NAMES[kind]));
    } else {
        QVT_TRY(buf_printf(out, "%" PRIu32, kind));
    }
    QVT_TRY(buf_append_byte(out, '/'));
    return buf_append_slice(out, key);
}

qvt_status redis_record_encode(struct buf *out, const struct image *image)
{
    struct image_origin origin = image_origin(image);
    QVT_TRY(change_encode_record(image, out));
    QVT_TRY(wire_put_fixed64(out, RECORD_REVISION, origin.revision));
    return wire_put_fixed64(out, RECORD_TIME_US, (uint64_t)origin.time_us);
}

qvt_status redis_record_decode(struct image **out, qvt_slice bytes)
{
    struct image_origin origin = {0, 0};
    struct wire_field field;
    uint32_t kind = 0;
    uint32_t number = 0;
    qvt_slice key = {NULL, 0};
    qvt_slice value = {NULL, 0};
    while (wire_next(&bytes, &field)) {
        if (field.number == 1) {
            kind = (uint32_t)field.value;
        } else if (field.number == 2) {
            key = field.bytes;
        } else if (field.number == RECORD_REVISION) {
            origin.revision = field.value;
        } else if (field.number == RECORD_TIME_US) {
            origin.time_us = (int64_t)field.value;
        } else if (field.type == WIRE_BYTES) {
            number = field.number;
            value = field.bytes;
        }
    }
    if (bytes.len > 0 || kind == 0 || number == 0) {
        return QVT_DATA_LOSS;
    }
    return image_new(out, kind, number, key, value, origin);
}

qvt_status redis_changes_add(struct redis_changes *changes, qvt_slice encoded)
{
    if (changes->count == changes->capacity) {
        size_t capacity = changes->capacity == 0 ? 64 : changes->capacity * 2;
        struct change **items = realloc(changes->items, capacity * sizeof(struct change *));
        if (items == NULL) {
            return QVT_NO_MEMORY;
        }
        changes->items = items;
        changes->capacity = capacity;
    }
    QVT_TRY(change_decode(&changes->items[changes->count], encoded));
    changes->count++;
    return QVT_OK;
}

qvt_status redis_entry_read(const redisReply *entry, uint64_t *revision, qvt_slice *encoded)
{
    bool known = entry->type == REDIS_REPLY_ARRAY && entry->elements == 2 &&
                 entry->element[0]->type == REDIS_REPLY_STRING && entry->element[1]->type == REDIS_REPLY_ARRAY &&
                 entry->element[1]->elements == 2;
    if (!known) {
        return QVT_DATA_LOSS;
    }
    *revision = strtoull(entry->element[0]->str, NULL, 10);
    *encoded = redis_reply_slice(entry->element[1]->element[1]);
    return QVT_OK;
}

uint64_t redis_change_token(qvt_slice encoded)
{
    struct wire_field field;
    while (wire_next(&encoded, &field)) {
        if (field.number == CHANGE_POSITION_FIELD && field.type == WIRE_BYTES) {
            qvt_slice position = field.bytes;
            while (wire_next(&position, &field)) {
                if (field.number == POSITION_TOKEN_FIELD) {
                    return field.value;
                }
            }
            return 0;
        }
    }
    return 0;
}

qvt_status redis_changes_read(struct redis_changes *changes, const redisReply *entries)
{
    uint64_t revision;
    qvt_slice encoded;
    for (size_t i = 0; i < entries->elements; i++) {
        QVT_TRY(redis_entry_read(entries->element[i], &revision, &encoded));
        QVT_TRY(redis_changes_add(changes, encoded));
    }
    return QVT_OK;
}

void redis_changes_clear(struct redis_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        change_unref(changes->items[i]);
    }
    free(changes->items);
    *changes = (struct redis_changes){NULL, 0, 0};
}

bool redis_change_follows(const struct change *change, const struct position *head)
{
    return change->position.revision == head->revision + 1 && change->previous_token == head->token &&
           (head->revision == 0 || strcmp(change->position.store_id, head->store_id) == 0);
}
