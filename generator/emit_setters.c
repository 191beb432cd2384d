#include "generator/emit_routes.h"

#include <string.h>

#include "generator/emit_value.h"
#include "generator/text.h"

bool emit_setters_reach(const struct model_field *field)
{
    return field->message != NULL && !field->repeated && !model_is_well_known(field->message);
}

static bool is_text(const struct model_field *field)
{
    return field->message != NULL && !field->repeated && model_is_well_known(field->message) &&
           strcmp(field->message->name, "Any") != 0 && strcmp(field->message->name, "Empty") != 0;
}

static void guard_oneof(struct buf *out, const struct model_field *field)
{
    if (field->oneof == NULL || field->oneof->synthetic) {
        return;
    }
    text_add(out, "        if (message->%s != %s && message->%s != %s) {\n", field->oneof->case_member,
             field->oneof->unset_constant, field->oneof->case_member, field->case_constant);
    text_add(out, "            return json_reader_refuse_oneof(reader, \"%s\");\n        }\n", field->oneof->name);
}

/* Makes a singular message member unless it is there. */
static void ensure_message(struct emit *emit, struct buf *out, const struct model_field *field)
{
    const char *absent =
        field->presence == PRESENCE_CASE
            ? text_format(emit->arena, "message->%s != %s", field->oneof->case_member, field->case_constant)
            : text_format(emit->arena, "message->%s == NULL", field->c_name);
    text_add(out, "        if (%s) {\n", absent);
    text_add(out, "            %s *made = json_reader_alloc(reader, 1, sizeof(*made));\n", field->message->c_type);
    text_raw(out, "            if (made == NULL) {\n                return QVT_RESOURCE_EXHAUSTED;\n            }\n");
    text_add(out, "            %s__init(made);\n            message->%s = made;\n", field->message->c_lower,
             field->c_name);
    text_raw(out, emit_value_mark(emit->arena, field, "            "));
    text_raw(out, "        }\n");
}

static void set_message(struct emit *emit, struct buf *out, const struct model_field *field)
{
    bool text = is_text(field);
    if (!text) {
        text_raw(out, "        if (*rest == '\\0') {\n            return json_field_refuse_form(reader);\n        }\n");
    }
    guard_oneof(out, field);
    ensure_message(emit, out, field);
    text_add(out,
             text ? "        return %s_read_text(reader, rest, text, message->%s);\n"
                  : "        return set_%s(reader, message->%s, rest, text);\n",
             field->message->snake, field->c_name);
}

/* Reads the text into the member `to`, the result into `status`. */
static void set_scalar(struct buf *out, const struct model_field *field, const char *to)
{
    if (field->type == TYPE_ENUM) {
        text_add(out,
                 "        int number = 0;\n        qvt_status status = json_field_enum(reader, rest, text, "
                 "&%s__descriptor, &number);\n        %s = (%s)number;\n",
                 field->enumeration->c_lower, to, field->enumeration->c_type);
    } else {
        text_add(out, "        qvt_status status = json_field_%s(reader, rest, text, &%s);\n", emit_value_kind(field),
                 to);
    }
}

static void set_repeated(struct emit *emit, struct buf *out, const struct model_field *field)
{
    const char *name = field->c_name;
    text_add(out, "        void *grown = json_field_grow(reader, message->%s, message->n_%s, sizeof(*message->%s));\n",
             name, name, name);
    text_raw(out, "        if (grown == NULL) {\n            return QVT_RESOURCE_EXHAUSTED;\n        }\n");
    text_add(out, "        message->%s = grown;\n", name);
    set_scalar(out, field, text_format(emit->arena, "message->%s[message->n_%s]", name, name));
    text_add(out, "        message->n_%s += status == QVT_OK ? 1 : 0;\n        return status;\n", name);
}

static void set_singular(struct emit *emit, struct buf *out, const struct model_field *field)
{
    const char *to = text_format(emit->arena, "message->%s", field->c_name);
    if (field->type == TYPE_ENUM) {
        set_scalar(out, field, to);
        text_raw(out, "        return status;\n");
    } else {
        text_add(out, "        return json_field_%s(reader, rest, text, &%s);\n", emit_value_kind(field), to);
    }
}

static void set_case(struct emit *emit, struct buf *out, const struct model_field *field, size_t index)
{
    text_add(out, "    case %zu: {\n", index);
    if (field->repeated && field->message != NULL) {
        text_raw(out, "        return json_field_refuse_form(reader);\n");
    } else if (field->repeated) {
        set_repeated(emit, out, field);
    } else if (is_text(field) || emit_setters_reach(field)) {
        set_message(emit, out, field);
    } else if (field->message != NULL) {
        text_raw(out, "        return json_field_refuse_form(reader);\n");
    } else {
        guard_oneof(out, field);
        text_raw(out, emit_value_mark(emit->arena, field, "        "));
        set_singular(emit, out, field);
    }
    text_raw(out, "    }\n");
}

void emit_setter(struct emit *emit, struct buf *out, const struct model_message *message)
{
    text_add(out,
             "static qvt_status set_%s(struct json_reader *reader, %s *message, const char *path,\n    const char "
             "*text)\n{\n",
             message->snake, message->c_type);
    if (message->field_count == 0) {
        text_raw(out,
                 "    (void)message;\n    (void)text;\n    return json_field_refuse_unknown(reader, path);\n}\n\n");
        return;
    }
    text_raw(out, "    static const struct json_name names[] = {\n");
    for (size_t i = 0; i < message->field_count; i++) {
        text_add(out, "        {\"%s\", ", message->fields[i].name);
        text_c_literal(out, message->fields[i].json_name);
        text_raw(out, "},\n");
    }
    text_add(out,
             "    };\n    const char *rest = \"\";\n    switch (json_field_pick(reader, path, names, %zu, &rest)) {\n",
             message->field_count);
    for (size_t i = 0; i < message->field_count; i++) {
        set_case(emit, out, &message->fields[i], i);
    }
    text_raw(out, "    }\n    return json_field_refuse_unknown(reader, path);\n}\n\n");
}
