#include "generator/emit_json.h"

#include "generator/emit_value.h"
#include "generator/text.h"

/* Writes one value that the expression names. */
static void write_value(struct buf *out, const char *indent, const struct model_field *field, const char *value)
{
    if (field->message != NULL) {
        text_add(out, "%s%s_write_json(writer, %s);\n", indent, field->message->snake, value);
    } else if (field->type == TYPE_ENUM) {
        text_add(out, "%sjson_writer_enum(writer, &%s__descriptor, (int)%s);\n", indent, field->enumeration->c_lower,
                 value);
    } else {
        text_add(out, "%sjson_writer_%s(writer, %s);\n", indent, emit_value_kind(field), value);
    }
}

static const char *key_kind(const struct model_field *key)
{
    switch (key->type) {
    case TYPE_STRING: return "string";
    case TYPE_BOOL: return "bool";
    case TYPE_UINT32:
    case TYPE_UINT64:
    case TYPE_FIXED32:
    case TYPE_FIXED64: return "uint";
    default: return "int";
    }
}

static void write_map(struct emit *emit, struct buf *out, const struct model_field *field)
{
    const struct model_field *value = &field->message->fields[1];
    text_raw(out, "        json_writer_begin_object(writer);\n");
    text_add(out, "        for (size_t i = 0; i < message->n_%s; i++) {\n", field->c_name);
    text_add(out, "            const %s *entry = message->%s[i];\n", field->message->c_type, field->c_name);
    text_add(out, "            json_writer_key_%s(writer, entry->key);\n", key_kind(&field->message->fields[0]));
    if (value->message != NULL) {
        text_raw(out, "            if (entry->value == NULL) {\n");
        text_add(out, "                %s empty;\n                %s__init(&empty);\n", value->message->c_type,
                 value->message->c_lower);
        write_value(out, "                ", value, "&empty");
        text_raw(out, "                continue;\n            }\n");
    }
    write_value(out, "            ", value, text_format(emit->arena, "entry->%s", value->c_name));
    text_raw(out, "        }\n        json_writer_end_object(writer);\n");
}

static void write_field(struct emit *emit, struct buf *out, const struct model_field *field)
{
    text_add(out, "    if (%s) {\n", emit_value_condition(emit->arena, field));
    text_add(out, "        json_writer_name(writer, %s);\n", text_c_quoted_json(emit->arena, field->json_name));
    if (field->is_map) {
        write_map(emit, out, field);
    } else if (field->repeated) {
        text_raw(out, "        json_writer_begin_array(writer);\n");
        text_add(out, "        for (size_t i = 0; i < message->n_%s; i++) {\n", field->c_name);
        write_value(out, "            ", field, text_format(emit->arena, "message->%s[i]", field->c_name));
        text_raw(out, "        }\n        json_writer_end_array(writer);\n");
    } else {
        write_value(out, "        ", field, text_format(emit->arena, "message->%s", field->c_name));
    }
    text_raw(out, "    }\n");
}

void emit_json_writer(struct emit *emit, struct buf *out, const struct model_message *message)
{
    text_add(out, "void %s_write_json(struct json_writer *writer, const %s *message)\n{\n", message->snake,
             message->c_type);
    text_raw(out, message->field_count == 0 ? "    (void)message;\n" : "");
    text_raw(out, "    json_writer_begin_object(writer);\n");
    for (size_t i = 0; i < message->field_count; i++) {
        write_field(emit, out, &message->fields[i]);
    }
    text_raw(out, "    json_writer_end_object(writer);\n}\n\n");
}
