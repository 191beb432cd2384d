#include "generator/emit_value.h"

#include "generator/names.h"
#include "generator/text.h"

const char *emit_value_kind(const struct model_field *field)
{
    switch (field->type) {
    case TYPE_DOUBLE: return "double";
    case TYPE_FLOAT: return "float";
    case TYPE_INT64:
    case TYPE_SFIXED64:
    case TYPE_SINT64: return "int64";
    case TYPE_UINT64:
    case TYPE_FIXED64: return "uint64";
    case TYPE_INT32:
    case TYPE_SFIXED32:
    case TYPE_SINT32: return "int32";
    case TYPE_UINT32:
    case TYPE_FIXED32: return "uint32";
    case TYPE_BOOL: return "bool";
    case TYPE_STRING: return "string";
    case TYPE_BYTES: return "bytes";
    case TYPE_ENUM: return "enum";
    case TYPE_MESSAGE:
    case TYPE_GROUP: break;
    }
    return NULL;
}

static const char *plain_condition(struct arena *arena, const struct model_field *field)
{
    switch (field->type) {
    case TYPE_STRING:
        return text_format(arena, "message->%s != NULL && message->%s[0] != '\\0'", field->c_name, field->c_name);
    case TYPE_BYTES: return text_format(arena, "message->%s.len > 0", field->c_name);
    case TYPE_FLOAT:
    case TYPE_DOUBLE: return text_format(arena, "!json_writer_is_zero(message->%s)", field->c_name);
    default: return text_format(arena, "message->%s != 0", field->c_name);
    }
}

/* An absent string of proto2 points to its default, where it has one. */
static const char *pointer_condition(struct arena *arena, const struct model_field *field)
{
    if (!field->has_default || field->type != TYPE_STRING) {
        return text_format(arena, "message->%s != NULL", field->c_name);
    }
    return text_format(arena, "message->%s != NULL && message->%s != %s__%s__default_value", field->c_name,
                       field->c_name, field->parent->c_lower, names_c_lower(arena, field->name));
}

const char *emit_value_condition(struct arena *arena, const struct model_field *field)
{
    if (field->repeated) {
        return text_format(arena, "writer->emit_defaults || message->n_%s > 0", field->c_name);
    }
    switch (field->presence) {
    case PRESENCE_POINTER: return pointer_condition(arena, field);
    case PRESENCE_HAS: return text_format(arena, "message->has_%s", field->c_name);
    case PRESENCE_CASE: return text_format(arena, "message->%s == %s", field->oneof->case_member, field->case_constant);
    case PRESENCE_ALWAYS: return "true";
    case PRESENCE_NONE: break;
    }
    const char *condition = plain_condition(arena, field);
    return text_format(
        arena, field->type == TYPE_STRING ? "writer->emit_defaults || (%s)" : "writer->emit_defaults || %s", condition);
}

const char *emit_value_mark(struct arena *arena, const struct model_field *field, const char *indent)
{
    if (field->presence == PRESENCE_HAS && !field->repeated) {
        return text_format(arena, "%smessage->has_%s = 1;\n", indent, field->c_name);
    }
    if (field->presence == PRESENCE_CASE) {
        return text_format(arena, "%smessage->%s = %s;\n", indent, field->oneof->case_member, field->case_constant);
    }
    return "";
}
