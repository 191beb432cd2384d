#include <stdlib.h>

#include "base/check.h"
#include "server/registry/change.h"
#include "server/registry/change_fields.h"
#include "server/registry/wire.h"

static size_t varint_field_len(uint32_t number, uint64_t value)
{
    /* A length prefix is a varint as well, so its head has the length of the whole field. */
    return value == 0 ? 0 : wire_head_len(number, (size_t)value);
}

static qvt_status put_key(struct buf *out, uint32_t kind, qvt_slice key)
{
    QVT_TRY(wire_put_uint(out, KEY_KIND, kind));
    return wire_put_text(out, KEY_KEY, key);
}

static size_t key_len(uint32_t kind, qvt_slice key)
{
    size_t text = key.len == 0 ? 0 : wire_head_len(KEY_KEY, key.len) + key.len;
    return varint_field_len(KEY_KIND, kind) + text;
}

qvt_status change_encode_record(const struct image *image, struct buf *out)
{
    QVT_TRY(put_key(out, image_kind(image), image_key(image)));
    return wire_put_bytes(out, image_field(image), image_value(image));
}

static qvt_status put_record(struct buf *out, const struct image *image)
{
    qvt_slice value = image_value(image);
    size_t len =
        key_len(image_kind(image), image_key(image)) + wire_head_len(image_field(image), value.len) + value.len;
    QVT_TRY(wire_put_head(out, CHANGE_PUTS, len));
    return change_encode_record(image, out);
}

static qvt_status put_position(struct buf *out, const struct position *position)
{
    qvt_slice store_id = qvt_slice_text(position->store_id);
    size_t len = store_id.len == 0 ? 0 : wire_head_len(POSITION_STORE_ID, store_id.len) + store_id.len;
    len += varint_field_len(POSITION_REVISION, position->revision);
    len += position->token == 0 ? 0 : 1 + sizeof position->token;
    QVT_TRY(wire_put_head(out, CHANGE_POSITION, len));
    QVT_TRY(wire_put_text(out, POSITION_STORE_ID, store_id));
    QVT_TRY(wire_put_uint(out, POSITION_REVISION, position->revision));
    return position->token == 0 ? QVT_OK : wire_put_fixed64(out, POSITION_TOKEN, position->token);
}

static qvt_status put_records(struct buf *out, const struct change *change)
{
    for (size_t i = 0; i < change->put_count; i++) {
        QVT_TRY(put_record(out, change->puts[i]));
    }
    for (size_t i = 0; i < change->delete_count; i++) {
        const struct change_key *gone = &change->deletes[i];
        QVT_TRY(wire_put_head(out, CHANGE_DELETES, key_len(gone->kind, gone->key)));
        QVT_TRY(put_key(out, gone->kind, gone->key));
    }
    for (size_t i = 0; i < change->previous_type_count; i++) {
        QVT_TRY(wire_put_bytes(out, CHANGE_PREVIOUS_TYPES, change->previous_types[i]));
    }
    return QVT_OK;
}

qvt_status change_encode(const struct change *change, struct buf *out)
{
    QVT_TRY(buf_reserve(out, change_size_bytes(change)));
    QVT_TRY(put_position(out, &change->position));
    if (change->previous_token != 0) {
        QVT_TRY(wire_put_fixed64(out, CHANGE_PREVIOUS_TOKEN, change->previous_token));
    }
    QVT_TRY(wire_put_uint(out, CHANGE_EVENT, change->event));
    QVT_TRY(wire_put_time_us(out, CHANGE_TIME, change->time_us));
    QVT_TRY(wire_put_text(out, CHANGE_WHO, change->who));
    QVT_TRY(wire_put_text(out, CHANGE_WHY, change->why));
    QVT_TRY(wire_put_text(out, CHANGE_REQUEST_ID, change->request_id));
    QVT_TRY(put_records(out, change));
    return wire_put_uint(out, CHANGE_ACK_WANTED, change->ack_wanted ? 1 : 0);
}

static void read_position(struct position *position, qvt_slice bytes)
{
    struct wire_field field;
    while (wire_next(&bytes, &field)) {
        if (field.number == POSITION_STORE_ID && field.bytes.len <= STORE_ID_LEN && field.bytes.len > 0) {
            memcpy(position->store_id, field.bytes.data, field.bytes.len);
            position->store_id[field.bytes.len] = 0;
        } else if (field.number == POSITION_REVISION) {
            position->revision = field.value;
        } else if (field.number == POSITION_TOKEN) {
            position->token = field.value;
        }
    }
}

static void read_scalar(struct change *draft, const struct wire_field *field)
{
    switch (field->number) {
    case CHANGE_POSITION: read_position(&draft->position, field->bytes); break;
    case CHANGE_PREVIOUS_TOKEN: draft->previous_token = field->value; break;
    case CHANGE_EVENT: draft->event = (uint32_t)field->value; break;
    case CHANGE_TIME: draft->time_us = wire_read_time_us(field->bytes); break;
    case CHANGE_WHO: draft->who = field->bytes; break;
    case CHANGE_WHY: draft->why = field->bytes; break;
    case CHANGE_REQUEST_ID: draft->request_id = field->bytes; break;
    case CHANGE_ACK_WANTED: draft->ack_wanted = field->value != 0; break;
    case CHANGE_PUTS: draft->put_count++; break;
    case CHANGE_DELETES: draft->delete_count++; break;
    case CHANGE_PREVIOUS_TYPES: draft->previous_type_count++; break;
    default: break;
    }
}

static qvt_status read_record(struct image **out, qvt_slice bytes, struct image_origin origin)
{
    struct wire_field field;
    uint32_t kind = 0;
    uint32_t number = 0;
    qvt_slice key = {NULL, 0};
    qvt_slice value = {NULL, 0};
    while (wire_next(&bytes, &field)) {
        if (field.number == KEY_KIND) {
            kind = (uint32_t)field.value;
        } else if (field.number == KEY_KEY) {
            key = field.bytes;
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

static void read_key(struct change_key *out, qvt_slice bytes)
{
    struct wire_field field;
    while (wire_next(&bytes, &field)) {
        if (field.number == KEY_KIND) {
            out->kind = (uint32_t)field.value;
        } else if (field.number == KEY_KEY) {
            out->key = field.bytes;
        }
    }
}

/* The counts say how much room there is and count up again as the arrays fill. */
static qvt_status read_lists(struct change *draft, qvt_slice bytes)
{
    struct image_origin origin = {draft->position.revision, draft->time_us};
    struct wire_field field;
    draft->put_count = draft->delete_count = draft->previous_type_count = 0;
    while (wire_next(&bytes, &field)) {
        if (field.number == CHANGE_PUTS) {
            QVT_TRY(read_record(&draft->puts[draft->put_count], field.bytes, origin));
            draft->put_count++;
        } else if (field.number == CHANGE_DELETES) {
            read_key(&draft->deletes[draft->delete_count++], field.bytes);
        } else if (field.number == CHANGE_PREVIOUS_TYPES) {
            draft->previous_types[draft->previous_type_count++] = field.bytes;
        }
    }
    return QVT_OK;
}

static qvt_status build(struct change **out, struct change *draft, qvt_slice bytes)
{
    draft->puts = calloc(draft->put_count + 1, sizeof *draft->puts);
    draft->deletes = calloc(draft->delete_count + 1, sizeof *draft->deletes);
    draft->previous_types = calloc(draft->previous_type_count + 1, sizeof *draft->previous_types);
    bool allocated = draft->puts != NULL && draft->deletes != NULL && draft->previous_types != NULL;
    qvt_status status = allocated ? read_lists(draft, bytes) : QVT_NO_MEMORY;
    if (status == QVT_OK) {
        status = change_new(out, draft);
    }
    for (size_t i = 0; draft->puts != NULL && i < draft->put_count; i++) {
        image_unref(draft->puts[i]);
    }
    free(draft->puts);
    free(draft->deletes);
    free(draft->previous_types);
    return status;
}

qvt_status change_decode(struct change **out, qvt_slice bytes)
{
    struct change draft = {.event = 0};
    struct wire_field field;
    qvt_slice rest = bytes;
    while (wire_next(&rest, &field)) {
        read_scalar(&draft, &field);
    }
    if (rest.len > 0 || draft.position.revision == 0) {
        return QVT_DATA_LOSS;
    }
    return build(out, &draft, bytes);
}
