/* What the descriptor of a field says about its encoding and its place in the struct. */
#ifndef QVT_RPC_CODEC_FIELD_H
#define QVT_RPC_CODEC_FIELD_H

#include <protobuf-c/protobuf-c.h>

#include "rpc/codec/reader.h"

struct field_form {
    uint8_t wire_type; /* enum reader_wire_type */
    uint8_t size;      /* of one element in the struct, or in the array of a repeated field */
};

static inline const struct field_form *field_form(const ProtobufCFieldDescriptor *field)
{
    static const struct field_form forms[] = {
        [PROTOBUF_C_TYPE_INT32] = {READER_VARINT, 4},
        [PROTOBUF_C_TYPE_SINT32] = {READER_VARINT, 4},
        [PROTOBUF_C_TYPE_SFIXED32] = {READER_FIXED32, 4},
        [PROTOBUF_C_TYPE_INT64] = {READER_VARINT, 8},
        [PROTOBUF_C_TYPE_SINT64] = {READER_VARINT, 8},
        [PROTOBUF_C_TYPE_SFIXED64] = {READER_FIXED64, 8},
        [PROTOBUF_C_TYPE_UINT32] = {READER_VARINT, 4},
        [PROTOBUF_C_TYPE_FIXED32] = {READER_FIXED32, 4},
        [PROTOBUF_C_TYPE_UINT64] = {READER_VARINT, 8},
        [PROTOBUF_C_TYPE_FIXED64] = {READER_FIXED64, 8},
        [PROTOBUF_C_TYPE_FLOAT] = {READER_FIXED32, 4},
        [PROTOBUF_C_TYPE_DOUBLE] = {READER_FIXED64, 8},
        [PROTOBUF_C_TYPE_BOOL] = {READER_VARINT, sizeof(protobuf_c_boolean)},
        [PROTOBUF_C_TYPE_ENUM] = {READER_VARINT, 4},
        [PROTOBUF_C_TYPE_STRING] = {READER_BYTES, sizeof(char *)},
        [PROTOBUF_C_TYPE_BYTES] = {READER_BYTES, sizeof(ProtobufCBinaryData)},
        [PROTOBUF_C_TYPE_MESSAGE] = {READER_BYTES, sizeof(ProtobufCMessage *)},
    };
    return &forms[field->type];
}

/* The field of that number; NULL: the type has none. `last` is the field of the member before, NULL at the first: members
 * mostly come in the order of the descriptor, so it or the one behind it is tried first. */
static inline const ProtobufCFieldDescriptor *field_find(const ProtobufCMessageDescriptor *type,
                                                         const ProtobufCFieldDescriptor *last, uint32_t number)
{
    if (last != NULL && last->id == number) {
        return last;
    }
    const ProtobufCFieldDescriptor *next = last == NULL ? type->fields : last + 1;
    if (type->n_fields > 0 && next < type->fields + type->n_fields && next->id == number) {
        return next;
    }
    return protobuf_c_message_descriptor_get_field(type, number);
}

/* Whether the member holds any number of values, one after the other. */
static inline bool field_is_packed(const ProtobufCFieldDescriptor *field, const struct reader_member *member)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED && member->wire_type == READER_BYTES &&
           field_form(field)->wire_type != READER_BYTES;
}

/* False: the bytes are no values of the field's type. */
static inline bool field_count_packed(const ProtobufCFieldDescriptor *field, qvt_slice payload, size_t *count)
{
    enum reader_wire_type wire_type = (enum reader_wire_type)field_form(field)->wire_type;
    if (wire_type != READER_VARINT) {
        size_t size = wire_type == READER_FIXED32 ? 4 : 8;
        *count = payload.len / size;
        return payload.len % size == 0;
    }
    *count = 0;
    struct reader reader = reader_make(payload);
    while (!reader_is_done(&reader)) {
        unsigned len = reader_varint_len(reader.at, reader.end);
        if (len == 0) {
            return false;
        }
        reader.at += len;
        *count += 1;
    }
    return true;
}

#endif
