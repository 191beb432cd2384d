#include "rpc/codec/assemble.h"

#include <string.h>

#include "base/check.h"
#include "rpc/codec/field.h"
#include "rpc/codec/precheck.h"
#include "rpc/codec/scalar.h"

struct assembly {
    struct assemble_block *block;
    qvt_error *error;
};

/* The message being put together, at a member of it. */
struct place {
    const ProtobufCMessageDescriptor *type;
    const ProtobufCFieldDescriptor *field; /* of the last member that is known */
    ProtobufCMessage *message;
    struct reader reader; /* behind the member */
};

static qvt_status assemble(struct assembly *assembly, const ProtobufCMessageDescriptor *type, qvt_slice wire,
                           ProtobufCMessage **out);

/* NULL: the pre-check counted less. */
static void *take(struct assembly *assembly, size_t size)
{
    struct assemble_block *block = assembly->block;
    size_t rounded = precheck_round(size);
    if (rounded > block->size - block->used) {
        (void)qvt_error_set(assembly->error, QVT_INTERNAL, NULL, "the message costs more than was counted");
        return NULL;
    }
    void *memory = block->memory + block->used;
    block->used += rounded;
    return memory;
}

static void *member_at(ProtobufCMessage *message, size_t offset)
{
    return (unsigned char *)message + offset;
}

static qvt_status put_text(struct assembly *assembly, void *member, qvt_slice bytes)
{
    char *text = take(assembly, bytes.len + 1);
    if (text == NULL) {
        return QVT_INTERNAL;
    }
    if (bytes.len > 0) {
        memcpy(text, bytes.data, bytes.len);
    }
    text[bytes.len] = '\0';
    memcpy(member, &text, sizeof(text));
    return QVT_OK;
}

static qvt_status put_bytes(struct assembly *assembly, void *member, qvt_slice bytes)
{
    ProtobufCBinaryData binary = {bytes.len, NULL};
    if (bytes.len > 0) {
        binary.data = take(assembly, bytes.len);
        if (binary.data == NULL) {
            return QVT_INTERNAL;
        }
        memcpy(binary.data, bytes.data, bytes.len);
    }
    memcpy(member, &binary, sizeof(binary));
    return QVT_OK;
}

static qvt_status put_value(struct assembly *assembly, void *member, const ProtobufCFieldDescriptor *field,
                            qvt_slice bytes)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: return put_text(assembly, member, bytes);
    case PROTOBUF_C_TYPE_BYTES: return put_bytes(assembly, member, bytes);
    case PROTOBUF_C_TYPE_MESSAGE: {
        ProtobufCMessage *inner;
        QVT_TRY(assemble(assembly, field->descriptor, bytes, &inner));
        memcpy(member, &inner, sizeof(inner));
        return QVT_OK;
    }
    default: scalar_put(member, field->type, bytes); return QVT_OK;
    }
}

static size_t count_values(const ProtobufCFieldDescriptor *field, const struct reader_member *member)
{
    size_t count = 1;
    if (field_is_packed(field, member)) {
        QVT_ASSERT(field_count_packed(field, member->payload, &count));
    }
    return count;
}

/* The array of a repeated field, for the values of this member and of those behind it. */
static void *make_array(struct assembly *assembly, const struct place *place, const struct reader_member *member)
{
    size_t count = count_values(place->field, member);
    struct reader rest = place->reader;
    struct reader_member other;
    while (!reader_is_done(&rest) && reader_next(&rest, &other) == READER_OK) {
        count += other.number == place->field->id ? count_values(place->field, &other) : 0;
    }
    return take(assembly, count * field_form(place->field)->size);
}

static void put_packed(unsigned char *at, const ProtobufCFieldDescriptor *field, qvt_slice payload, size_t count)
{
    const struct field_form *form = field_form(field);
    struct reader reader = reader_make(payload);
    for (size_t i = 0; i < count; i++) {
        size_t len = form->wire_type == READER_FIXED32   ? 4
                     : form->wire_type == READER_FIXED64 ? 8
                                                         : reader_varint_len(reader.at, reader.end);
        scalar_put(at + i * form->size, field->type, qvt_slice_make(reader.at, len));
        reader.at += len;
    }
}

static qvt_status put_repeated(struct assembly *assembly, const struct place *place, const struct reader_member *member)
{
    const ProtobufCFieldDescriptor *field = place->field;
    unsigned char *array;
    void *array_member = member_at(place->message, field->offset);
    size_t *count = member_at(place->message, field->quantifier_offset);
    memcpy(&array, array_member, sizeof(array));
    if (array == NULL) {
        array = make_array(assembly, place, member);
        if (array == NULL) {
            return QVT_INTERNAL;
        }
        memcpy(array_member, &array, sizeof(array));
    }
    unsigned char *at = array + *count * field_form(field)->size;
    if (field_is_packed(field, member)) {
        size_t more = count_values(field, member);
        put_packed(at, field, member->payload, more);
        *count += more;
        return QVT_OK;
    }
    *count += 1;
    return put_value(assembly, at, field, member->payload);
}

/* Another member of the oneof may have been there before: nothing of it stays. */
static void choose(const struct place *place)
{
    uint32_t *chosen = member_at(place->message, place->field->quantifier_offset);
    const ProtobufCFieldDescriptor *before =
        *chosen == 0 ? NULL : protobuf_c_message_descriptor_get_field(place->type, *chosen);
    if (before != NULL) {
        memset(member_at(place->message, before->offset), 0, field_form(before)->size);
    }
    *chosen = place->field->id;
}

/* Inlined where members are looped over: most of them are plain texts. */
static inline qvt_status put_known(struct assembly *assembly, const struct place *place,
                                   const struct reader_member *member)
{
    const ProtobufCFieldDescriptor *field = place->field;
    if (field->type == PROTOBUF_C_TYPE_STRING && field->label == PROTOBUF_C_LABEL_NONE && field->flags == 0) {
        return put_text(assembly, member_at(place->message, field->offset), member->payload);
    }
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return put_repeated(assembly, place, member);
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        choose(place);
    } else if (field->label != PROTOBUF_C_LABEL_REQUIRED && field->quantifier_offset != 0) {
        *(protobuf_c_boolean *)member_at(place->message, field->quantifier_offset) = 1;
    }
    return put_value(assembly, member_at(place->message, field->offset), field, member->payload);
}

/* For this unknown member and those behind it. */
static qvt_status make_unknown(struct assembly *assembly, const struct place *place)
{
    size_t count = 1;
    struct reader rest = place->reader;
    struct reader_member other;
    while (!reader_is_done(&rest) && reader_next(&rest, &other) == READER_OK) {
        count += field_find(place->type, NULL, other.number) == NULL ? 1 : 0;
    }
    place->message->unknown_fields = take(assembly, count * sizeof(*place->message->unknown_fields));
    return place->message->unknown_fields == NULL ? QVT_INTERNAL : QVT_OK;
}

/* protobuf-c keeps what stands behind the tag, lengths too. */
static qvt_status put_unknown(struct assembly *assembly, const struct place *place, const struct reader_member *member)
{
    if (place->message->unknown_fields == NULL) {
        QVT_TRY(make_unknown(assembly, place));
    }
    size_t tag_len = reader_varint_len(member->whole.data, member->whole.data + member->whole.len);
    ProtobufCMessageUnknownField *unknown = &place->message->unknown_fields[place->message->n_unknown_fields];
    *unknown = (ProtobufCMessageUnknownField){
        .tag = member->number,
        .wire_type = (ProtobufCWireType)member->wire_type,
        .len = member->whole.len - tag_len,
        .data = take(assembly, member->whole.len - tag_len),
    };
    if (unknown->data == NULL) {
        return QVT_INTERNAL;
    }
    memcpy(unknown->data, member->whole.data + tag_len, unknown->len);
    place->message->n_unknown_fields++;
    return QVT_OK;
}

static bool is_there(qvt_slice wire, uint32_t number)
{
    struct reader reader = reader_make(wire);
    struct reader_member member;
    while (!reader_is_done(&reader) && reader_next(&reader, &member) == READER_OK) {
        if (member.number == number) {
            return true;
        }
    }
    return false;
}

/* proto2; a required field with a default need not be there, as in protobuf-c. */
static qvt_status check_required(struct assembly *assembly, const ProtobufCMessageDescriptor *type, qvt_slice wire)
{
    const ProtobufCFieldDescriptor *field = type->fields;
    for (unsigned left = type->n_fields; left > 0; left--, field++) {
        if (field->label == PROTOBUF_C_LABEL_REQUIRED && field->default_value == NULL && !is_there(wire, field->id)) {
            return qvt_error_set(assembly->error, QVT_INTERNAL, NULL, "%s is not complete: its field %s is required",
                                 type->name, field->name);
        }
    }
    return QVT_OK;
}

/* Recursion is bounded by the depth that precheck_run allows. */
static qvt_status assemble(struct assembly *assembly, const ProtobufCMessageDescriptor *type, qvt_slice wire,
                           ProtobufCMessage **out)
{
    struct place place = {.type = type, .message = take(assembly, type->sizeof_message), .reader = reader_make(wire)};
    if (place.message == NULL) {
        return QVT_INTERNAL;
    }
    protobuf_c_message_init(type, place.message);
    while (!reader_is_done(&place.reader)) {
        struct reader_member member;
        QVT_ASSERT(reader_next(&place.reader, &member) == READER_OK);
        const ProtobufCFieldDescriptor *field = field_find(type, place.field, member.number);
        if (field == NULL) {
            QVT_TRY(put_unknown(assembly, &place, &member));
            continue;
        }
        place.field = field;
        QVT_TRY(put_known(assembly, &place, &member));
    }
    *out = place.message;
    return check_required(assembly, type, wire);
}

qvt_status assemble_run(ProtobufCMessage **out, const ProtobufCMessageDescriptor *type, qvt_slice wire,
                        struct assemble_block *block, qvt_error *error)
{
    struct assembly assembly = {block, error};
    return assemble(&assembly, type, wire, out);
}
