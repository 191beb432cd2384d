#include "generator/emit_json.h"

#include "generator/emit_value.h"
#include "generator/names.h"
#include "generator/text.h"

/* Each message type that fields of the file have gets a function that makes one; a type is met at its first use. */
static bool is_first_use(const struct model_file *file, const struct model_field *field)
{
    for (size_t i = 0; i < file->message_count; i++) {
        const struct model_message *message = &file->messages[i];
        for (size_t j = 0; j < message->field_count; j++) {
            if (&message->fields[j] == field) {
                return true;
            }
            if (message->fields[j].message == field->message) {
                return false;
            }
        }
    }
    return true;
}

void emit_json_allocators(struct emit *emit, struct buf *out, const struct model_file *file)
{
    (void)emit;
    for (size_t i = 0; i < file->message_count; i++) {
        for (size_t j = 0; j < file->messages[i].field_count; j++) {
            const struct model_field *field = &file->messages[i].fields[j];
            if (field->message == NULL || field->is_map || !is_first_use(file, field)) {
                continue;
            }
            text_add(out, "static qvt_status new_%s(struct json_reader *reader, json_t *value, %s **out)\n{\n",
                     field->message->snake, field->message->c_type);
            text_raw(out, "    *out = json_reader_alloc(reader, 1, sizeof(**out));\n");
            text_add(out,
                     "    return *out == NULL ? QVT_RESOURCE_EXHAUSTED : %s_read_json(reader, value, *out);\n}\n\n",
                     field->message->snake);
        }
    }
}

/* `status` becomes the result of reading `from` into the member `to`. */
static void read_value(struct buf *out, const char *indent, const struct model_field *field, const char *status,
                       const char *from, const char *to)
{
    if (field->message != NULL) {
        text_add(out, "%s%s = new_%s(reader, %s, &%s);\n", indent, status, field->message->snake, from, to);
    } else if (field->type == TYPE_ENUM) {
        text_add(
            out,
            "%sint number = 0;\n%s%s = json_reader_enum(reader, %s, &%s__descriptor, &number);\n%s%s = (%s)number;\n",
            indent, indent, status, from, field->enumeration->c_lower, indent, to, field->enumeration->c_type);
    } else {
        text_add(out, "%s%s = json_reader_%s(reader, %s, &%s);\n", indent, status, emit_value_kind(field), from, to);
    }
}

static const char *local(struct emit *emit, const struct model_field *field)
{
    return text_format(emit->arena, "read_%s_%s", field->parent->snake, names_snake(emit->arena, field->name));
}

static void begin_collection(struct emit *emit, struct buf *out, const struct model_field *field, const char *kind)
{
    /* The parameters of a query may follow the scalars of an array. */
    const char *room = field->message == NULL ? "json_field_room(count)" : "count";
    text_add(out, "static qvt_status %s(struct json_reader *reader, json_t *value, %s *message)\n{\n",
             local(emit, field), field->parent->c_type);
    text_add(out, "    qvt_status status = json_reader_expect_%s(reader, value);\n", kind);
    text_add(out, "    size_t count = status == QVT_OK ? json_%s_size(value) : 0;\n", kind);
    text_raw(out, "    if (count == 0) {\n        return status;\n    }\n");
    text_add(out, "    message->%s = json_reader_alloc(reader, %s, sizeof(*message->%s));\n", field->c_name, room,
             field->c_name);
    text_add(out, "    if (message->%s == NULL) {\n        return QVT_RESOURCE_EXHAUSTED;\n    }\n", field->c_name);
}

static void define_repeated(struct emit *emit, struct buf *out, const struct model_field *field)
{
    begin_collection(emit, out, field, "array");
    text_raw(out, "    for (size_t i = 0; i < count && status == QVT_OK; i++) {\n"
                  "        json_reader_enter_index(reader, i);\n");
    read_value(out, "        ", field, "status", "json_array_get(value, i)",
               text_format(emit->arena, "message->%s[i]", field->c_name));
    text_raw(out, "        json_reader_leave(reader);\n");
    text_add(out, "        message->n_%s = i + 1;\n    }\n    return status;\n}\n\n", field->c_name);
}

static void define_map(struct emit *emit, struct buf *out, const struct model_field *field)
{
    const struct model_field *key = &field->message->fields[0];
    const struct model_field *value = &field->message->fields[1];
    begin_collection(emit, out, field, "object");
    text_raw(out, "    for (void *at = json_object_iter(value); at != NULL && status == QVT_OK;\n"
                  "         at = json_object_iter_next(value, at)) {\n");
    text_add(out, "        %s *entry = json_reader_alloc(reader, 1, sizeof(*entry));\n", field->message->c_type);
    text_raw(out, "        if (entry == NULL) {\n            return QVT_RESOURCE_EXHAUSTED;\n        }\n");
    text_add(out, "        %s__init(entry);\n", field->message->c_lower);
    text_add(out, "        message->%s[message->n_%s++] = entry;\n", field->c_name, field->c_name);
    text_raw(out, "        json_reader_enter_key(reader, json_object_iter_key(at));\n");
    text_add(out, "        status = json_field_%s(reader, \"\", json_object_iter_key(at), &entry->%s);\n",
             emit_value_kind(key), key->c_name);
    text_raw(out, key->presence == PRESENCE_HAS ? "        entry->has_key = 1;\n" : "");
    text_raw(out, "        if (status == QVT_OK) {\n");
    read_value(out, "            ", value, "status", "json_object_iter_value(at)",
               text_format(emit->arena, "entry->%s", value->c_name));
    text_raw(out, value->presence == PRESENCE_HAS ? "            entry->has_value = 1;\n" : "");
    text_raw(out, "        }\n        json_reader_leave(reader);\n    }\n    return status;\n}\n\n");
}

static void read_case(struct emit *emit, struct buf *out, const struct model_field *field, size_t index)
{
    text_add(out, "        case %zu: {\n", index);
    if (field->repeated) {
        text_add(out,
                 "            members.status = %s(reader, members.value, message);\n            break;\n        }\n",
                 local(emit, field));
        return;
    }
    if (field->oneof != NULL && !field->oneof->synthetic) {
        text_add(out, "            if (message->%s != %s) {\n", field->oneof->case_member,
                 field->oneof->unset_constant);
        text_add(out,
                 "                members.status = json_reader_refuse_oneof(reader, \"%s\");\n                break;\n"
                 "            }\n",
                 field->oneof->name);
    }
    text_raw(out, emit_value_mark(emit->arena, field, "            "));
    if (field->presence == PRESENCE_ALWAYS) {
        text_add(out, "            has_%s = true;\n", field->c_name);
    }
    read_value(out, "            ", field, "members.status", "members.value",
               text_format(emit->arena, "message->%s", field->c_name));
    text_raw(out, "            break;\n        }\n");
}

static void define_names(struct buf *out, const struct model_message *message)
{
    text_raw(out, "    static const struct json_name names[] = {\n");
    for (size_t i = 0; i < message->field_count; i++) {
        text_add(out, "        {\"%s\", ", message->fields[i].name);
        text_c_literal(out, message->fields[i].json_name);
        text_raw(out, "},\n");
    }
    text_raw(out, "    };\n");
}

static void require_fields(struct buf *out, const struct model_message *message)
{
    for (size_t i = 0; i < message->field_count; i++) {
        if (message->fields[i].presence == PRESENCE_ALWAYS) {
            text_add(out,
                     "    if (status == QVT_OK && !has_%s) {\n"
                     "        status = json_reader_refuse_missing(reader, \"%s\");\n    }\n",
                     message->fields[i].c_name, message->fields[i].name);
        }
    }
}

static void define_reader(struct emit *emit, struct buf *out, const struct model_message *message)
{
    bool any = message->field_count > 0;
    text_add(out, "qvt_status %s_read_json(struct json_reader *reader, json_t *value, %s *message)\n{\n",
             message->snake, message->c_type);
    if (any) {
        define_names(out, message);
    }
    for (size_t i = 0; i < message->field_count; i++) {
        if (message->fields[i].presence == PRESENCE_ALWAYS) {
            text_add(out, "    bool has_%s = false;\n", message->fields[i].c_name);
        }
    }
    text_add(out, "    struct json_members members;\n    %s__init(message);\n", message->c_lower);
    text_add(out, "    qvt_status status = json_members_begin(&members, reader, value, %s, %zu);\n",
             any ? "names" : "NULL", message->field_count);
    text_raw(out, "    if (status != QVT_OK) {\n        return status;\n    }\n");
    text_raw(out, "    while (json_members_next(&members, reader)) {\n");
    text_raw(out, any ? "        switch (members.index) {\n" : "");
    for (size_t i = 0; i < message->field_count; i++) {
        read_case(emit, out, &message->fields[i], i);
    }
    text_raw(out, any ? "        }\n    }\n" : "    }\n");
    text_raw(out, "    status = json_members_end(&members, reader);\n");
    require_fields(out, message);
    text_raw(out, "    return status;\n}\n\n");
}

void emit_json_reader(struct emit *emit, struct buf *out, const struct model_message *message)
{
    for (size_t i = 0; i < message->field_count; i++) {
        const struct model_field *field = &message->fields[i];
        if (field->is_map) {
            define_map(emit, out, field);
        } else if (field->repeated) {
            define_repeated(emit, out, field);
        }
    }
    define_reader(emit, out, message);
}
