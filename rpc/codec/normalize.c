#include "rpc/codec/normalize.h"

#include <stdlib.h>

#include "base/check.h"
#include "rpc/codec/reader.h"

/* The occurrences of one singular message. */
struct gathered {
    struct buf bytes;
    bool present;
};

struct task {
    const ProtobufCMessageDescriptor *type;
    struct gathered *fields; /* by index in the descriptor */
    struct buf *out;
};

static qvt_status append_varint(struct buf *out, uint64_t value)
{
    while (value >= 0x80) {
        QVT_TRY(buf_append_byte(out, (uint8_t)(value | 0x80)));
        value >>= 7;
    }
    return buf_append_byte(out, (uint8_t)value);
}

/* Recursion is bounded by the depth that precheck_run allows. */
static qvt_status append_message(struct buf *out, const ProtobufCFieldDescriptor *field, qvt_slice payload)
{
    struct buf inner = BUF_INIT;
    qvt_status status = normalize_run(&inner, field->descriptor, payload);
    if (status == QVT_OK) {
        status = append_varint(out, (uint64_t)field->id << 3 | READER_BYTES);
    }
    if (status == QVT_OK) {
        status = append_varint(out, inner.len);
    }
    if (status == QVT_OK) {
        status = buf_append_slice(out, buf_slice(&inner));
    }
    buf_deinit(&inner);
    return status;
}

static bool is_oneof(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

/* A member of a oneof clears the others that came before it. */
static void clear_rivals(struct task *task, const ProtobufCFieldDescriptor *field)
{
    for (unsigned i = 0; i < task->type->n_fields; i++) {
        const ProtobufCFieldDescriptor *rival = &task->type->fields[i];
        if (rival != field && is_oneof(rival) && rival->quantifier_offset == field->quantifier_offset) {
            buf_clear(&task->fields[i].bytes);
            task->fields[i].present = false;
        }
    }
}

static qvt_status rewrite_member(struct task *task, const struct reader_member *member)
{
    if (member->wire_type == READER_GROUP) {
        return QVT_OK;
    }
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(task->type, member->number);
    if (field != NULL && is_oneof(field)) {
        clear_rivals(task, field);
    }
    if (field == NULL || field->type != PROTOBUF_C_TYPE_MESSAGE) {
        return buf_append_slice(task->out, member->whole);
    }
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return append_message(task->out, field, member->payload);
    }
    struct gathered *gathered = &task->fields[field - task->type->fields];
    gathered->present = true;
    return buf_append_slice(&gathered->bytes, member->payload);
}

static qvt_status rewrite(struct task *task, qvt_slice wire)
{
    struct reader reader = reader_make(wire);
    while (!reader_is_done(&reader)) {
        struct reader_member member;
        enum reader_result result = reader_next(&reader, &member);
        QVT_ASSERT(result == READER_OK);
        QVT_TRY(rewrite_member(task, &member));
    }
    for (unsigned i = 0; i < task->type->n_fields; i++) {
        if (task->fields[i].present) {
            QVT_TRY(append_message(task->out, &task->type->fields[i], buf_slice(&task->fields[i].bytes)));
        }
    }
    return QVT_OK;
}

qvt_status normalize_run(struct buf *out, const ProtobufCMessageDescriptor *type, qvt_slice wire)
{
    struct task task = {.type = type, .out = out};
    task.fields = calloc(type->n_fields == 0 ? 1 : type->n_fields, sizeof(*task.fields));
    if (task.fields == NULL) {
        return QVT_NO_MEMORY;
    }
    qvt_status status = rewrite(&task, wire);
    for (unsigned i = 0; i < type->n_fields; i++) {
        buf_deinit(&task.fields[i].bytes);
    }
    free(task.fields);
    return status;
}
