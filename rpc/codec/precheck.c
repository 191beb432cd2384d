#include "rpc/codec/precheck.h"

#include "rpc/codec/field.h"
#include "rpc/codec/precheck_path.h"
#include "rpc/codec/precheck_text.h"

enum { SEEN_WORDS = 2 };

struct frame {
    const ProtobufCMessageDescriptor *type;
    const ProtobufCFieldDescriptor *field; /* the member being judged */
    const uint8_t *start;
    const uint8_t *member_start;
    struct reader reader;
    uint64_t seen[SEEN_WORDS];
};

/* Invariant: 1 <= depth <= READER_DEPTH_MAX while there is something left to read. */
struct check {
    struct frame frames[READER_DEPTH_MAX];
    size_t depth;
    size_t budget;
    struct precheck result;
    qvt_error *error;
};

static void write_path(const struct check *check, char *out, size_t size)
{
    struct precheck_step steps[READER_DEPTH_MAX];
    size_t count = 0;
    for (; count < check->depth && check->frames[count].field != NULL; count++) {
        const struct frame *frame = &check->frames[count];
        steps[count].field = frame->field;
        steps[count].before = qvt_slice_make(frame->start, (size_t)(frame->member_start - frame->start));
    }
    precheck_write_path(out, size, steps, count);
}

static qvt_status refuse(const struct check *check, qvt_status status, const char *rule)
{
    char path[QVT_ERROR_FIELD_MAX];
    if (check->error == NULL) {
        return status;
    }
    write_path(check, path, sizeof(path));
    if (path[0] == '\0') {
        return qvt_error_set(check->error, status, NULL, "%s %s", check->frames[0].type->name, rule);
    }
    (void)qvt_error_field(check->error, path, "%s %s", path, rule);
    check->error->status = status;
    return status;
}

static qvt_status charge(struct check *check, size_t bytes)
{
    check->result.cost += precheck_round(bytes);
    if (check->result.cost <= check->budget) {
        return QVT_OK;
    }
    return qvt_error_set(check->error, QVT_RESOURCE_EXHAUSTED, NULL, "%s would take more than %zu bytes of memory",
                         check->frames[0].type->name, check->budget);
}

static qvt_status enter(struct check *check, const ProtobufCMessageDescriptor *type, qvt_slice bytes)
{
    if (check->depth == READER_DEPTH_MAX) {
        return refuse(check, QVT_INVALID_ARGUMENT, "nests more than 64 messages in each other");
    }
    struct frame *frame = &check->frames[check->depth++];
    *frame = (struct frame){
        .type = type,
        .start = bytes.data,
        .member_start = bytes.data,
        .reader = reader_make(bytes),
    };
    return charge(check, type->sizeof_message);
}

/* Notes a singular message; a second one needs the merge that protobuf-c gets wrong. */
static void note_singular(struct check *check, struct frame *frame)
{
    size_t index = (size_t)(frame->field - frame->type->fields);
    if (index >= SEEN_WORDS * 64u) {
        check->result.irregular = true;
        return;
    }
    uint64_t bit = UINT64_C(1) << (index % 64);
    check->result.irregular = check->result.irregular || (frame->seen[index / 64] & bit) != 0;
    frame->seen[index / 64] |= bit;
}

static qvt_status judge_packed(struct check *check, const ProtobufCFieldDescriptor *field, qvt_slice payload)
{
    size_t count = 0;
    if (!field_count_packed(field, payload, &count)) {
        return refuse(check, QVT_INTERNAL, "is not a sequence of values of its type");
    }
    return charge(check, count * field_form(field)->size);
}

static qvt_status judge_text(struct check *check, qvt_slice text)
{
    const char *rule = precheck_text(text);
    if (rule != NULL) {
        return refuse(check, QVT_INVALID_ARGUMENT, rule);
    }
    return charge(check, text.len + 1);
}

/* The arrays of repeated fields grow by elements here and are made once there, so this rounds up more often. */
static qvt_status judge_known(struct check *check, struct frame *frame, const struct reader_member *member)
{
    const ProtobufCFieldDescriptor *field = frame->field;
    const struct field_form *form = field_form(field);
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    if (member->wire_type != form->wire_type) {
        if (field_is_packed(field, member)) {
            return judge_packed(check, field, member->payload);
        }
        return refuse(check, QVT_INTERNAL, "has another wire type than its declaration");
    }
    if (repeated && charge(check, form->size) != QVT_OK) {
        return QVT_RESOURCE_EXHAUSTED;
    }
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: return judge_text(check, member->payload);
    case PROTOBUF_C_TYPE_BYTES: return charge(check, member->payload.len);
    case PROTOBUF_C_TYPE_MESSAGE:
        if (!repeated) {
            note_singular(check, frame);
        }
        return enter(check, field->descriptor, member->payload);
    default: return QVT_OK;
    }
}

static qvt_status judge_unknown(struct check *check, const struct reader_member *member)
{
    if (member->wire_type == READER_GROUP) {
        check->result.irregular = true;
        return QVT_OK;
    }
    if (charge(check, sizeof(ProtobufCMessageUnknownField)) != QVT_OK) {
        return QVT_RESOURCE_EXHAUSTED;
    }
    return charge(check, member->whole.len);
}

static qvt_status judge_next(struct check *check, struct frame *frame)
{
    struct reader_member member;
    frame->member_start = frame->reader.at;
    enum reader_result result = reader_next(&frame->reader, &member);
    if (result != READER_OK) {
        check->depth--;
        return result == READER_BROKEN ? refuse(check, QVT_INTERNAL, "is not an encoded message")
                                       : refuse(check, QVT_INVALID_ARGUMENT, "nests more than 64 groups in each other");
    }
    const ProtobufCFieldDescriptor *field = field_find(frame->type, frame->field, member.number);
    if (field == NULL) {
        return judge_unknown(check, &member);
    }
    frame->field = field;
    return judge_known(check, frame, &member);
}

qvt_status precheck_run(struct precheck *out, const ProtobufCMessageDescriptor *type, qvt_slice wire, size_t budget,
                        qvt_error *error)
{
    struct check check;
    check.depth = 0;
    check.budget = budget;
    check.result = (struct precheck){0};
    check.error = error;
    check.frames[0].type = type;
    qvt_status status = enter(&check, type, wire);
    while (status == QVT_OK && check.depth > 0) {
        struct frame *frame = &check.frames[check.depth - 1];
        if (reader_is_done(&frame->reader)) {
            check.depth--;
        } else {
            status = judge_next(&check, frame);
        }
    }
    if (status == QVT_OK) {
        *out = check.result;
    }
    return status;
}
