#include "generator/emit_openapi.h"

#include <string.h>

#include "generator/text.h"

static void add_message(struct emit *emit, struct emit_schemas *schemas, const struct model_message *message)
{
    for (size_t i = 0; i < schemas->message_count; i++) {
        if (schemas->messages[i] == message) {
            return;
        }
    }
    const struct model_message **larger =
        text_alloc(emit->arena, (schemas->message_count + 1) * sizeof(struct model_message *));
    for (size_t i = 0; i < schemas->message_count; i++) {
        larger[i] = schemas->messages[i];
    }
    larger[schemas->message_count++] = message;
    schemas->messages = larger;
}

static void add_enum(struct emit *emit, struct emit_schemas *schemas, const struct model_enum *enumeration)
{
    for (size_t i = 0; i < schemas->enum_count; i++) {
        if (schemas->enums[i] == enumeration) {
            return;
        }
    }
    const struct model_enum **larger = text_alloc(emit->arena, (schemas->enum_count + 1) * sizeof(struct model_enum *));
    for (size_t i = 0; i < schemas->enum_count; i++) {
        larger[i] = schemas->enums[i];
    }
    larger[schemas->enum_count++] = enumeration;
    schemas->enums = larger;
}

/* The members of a schema, without braces. */
static const char *scalar_schema(enum model_type type)
{
    switch (type) {
    case TYPE_DOUBLE: return "\"type\": \"number\", \"format\": \"double\"";
    case TYPE_FLOAT: return "\"type\": \"number\", \"format\": \"float\"";
    case TYPE_INT64:
    case TYPE_SFIXED64:
    case TYPE_SINT64: return "\"type\": \"string\", \"format\": \"int64\"";
    case TYPE_UINT64:
    case TYPE_FIXED64: return "\"type\": \"string\", \"format\": \"uint64\"";
    case TYPE_INT32:
    case TYPE_SFIXED32:
    case TYPE_SINT32: return "\"type\": \"integer\", \"format\": \"int32\"";
    case TYPE_UINT32:
    case TYPE_FIXED32: return "\"type\": \"integer\", \"format\": \"int64\", \"minimum\": 0, \"maximum\": 4294967295";
    case TYPE_BOOL: return "\"type\": \"boolean\"";
    case TYPE_BYTES: return "\"type\": \"string\", \"format\": \"byte\"";
    default: return "\"type\": \"string\"";
    }
}

static const char *well_known_schema(const char *name)
{
    static const struct {
        const char *name;
        const char *schema;
    } schemas[] = {
        {"Timestamp", "\"type\": \"string\", \"format\": \"date-time\""},
        {"Duration", "\"type\": \"string\", \"pattern\": \"^-?[0-9]+(\\\\.[0-9]{1,9})?s$\", \"example\": \"1.5s\""},
        {"FieldMask", "\"type\": \"string\", \"description\": \"Field names joined by commas.\""},
        {"Any",
         "\"type\": \"object\", \"properties\": {\"@type\": {\"type\": \"string\"}}, \"additionalProperties\": true"},
        {"Empty", "\"type\": \"object\""},
        {"BoolValue", "\"type\": \"boolean\", \"nullable\": true"},
        {"DoubleValue", "\"type\": \"number\", \"format\": \"double\", \"nullable\": true"},
        {"FloatValue", "\"type\": \"number\", \"format\": \"float\", \"nullable\": true"},
        {"Int32Value", "\"type\": \"integer\", \"format\": \"int32\", \"nullable\": true"},
        {"UInt32Value", "\"type\": \"integer\", \"format\": \"int64\", \"nullable\": true"},
        {"BytesValue", "\"type\": \"string\", \"format\": \"byte\", \"nullable\": true"},
        {"Int64Value", "\"type\": \"string\", \"format\": \"int64\", \"nullable\": true"},
        {"UInt64Value", "\"type\": \"string\", \"format\": \"uint64\", \"nullable\": true"},
    };
    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        if (strcmp(schemas[i].name, name) == 0) {
            return schemas[i].schema;
        }
    }
    return "\"type\": \"string\", \"nullable\": true";
}

void emit_openapi_message(struct emit *emit, struct buf *out, struct emit_schemas *schemas,
                          const struct model_message *message)
{
    if (model_is_well_known(message)) {
        text_add(out, "{%s}", well_known_schema(message->name));
        return;
    }
    add_message(emit, schemas, message);
    text_add(out, "{\"$ref\": \"#/components/schemas/%s\"}", message->full_name);
}

static void write_value(struct emit *emit, struct buf *out, struct emit_schemas *schemas,
                        const struct model_field *field)
{
    if (field->message != NULL) {
        emit_openapi_message(emit, out, schemas, field->message);
    } else if (field->enumeration != NULL) {
        add_enum(emit, schemas, field->enumeration);
        text_add(out, "{\"$ref\": \"#/components/schemas/%s\"}", field->enumeration->full_name);
    } else {
        text_add(out, "{%s}", scalar_schema(field->type));
    }
}

static void add_description(struct buf *out, const char *comment)
{
    if (*comment != '\0') {
        text_raw(out, ", \"description\": ");
        text_json_literal(out, comment);
    }
}

void emit_openapi_field(struct emit *emit, struct buf *out, struct emit_schemas *schemas,
                        const struct model_field *field, const char *comment)
{
    bool refers = field->enumeration != NULL || field->message != NULL;
    if (field->is_map) {
        text_raw(out, "{\"type\": \"object\", \"additionalProperties\": ");
        write_value(emit, out, schemas, &field->message->fields[1]);
    } else if (field->repeated) {
        text_raw(out, "{\"type\": \"array\", \"items\": ");
        write_value(emit, out, schemas, field);
    } else if (refers && *comment != '\0') {
        /* Beside $ref nothing else counts, so that the description needs a schema around it. */
        text_raw(out, "{\"allOf\": [");
        write_value(emit, out, schemas, field);
        text_raw(out, "]");
    } else if (refers) {
        write_value(emit, out, schemas, field);
        return;
    } else {
        text_add(out, "{%s", scalar_schema(field->type));
    }
    add_description(out, comment);
    text_raw(out, "}");
}

static void write_message(struct emit *emit, struct buf *out, struct emit_schemas *schemas,
                          const struct model_message *message)
{
    text_add(out, "      \"%s\": {\n        \"type\": \"object\"", message->full_name);
    if (*message->comment != '\0') {
        text_raw(out, ",\n        \"description\": ");
        text_json_literal(out, message->comment);
    }
    text_raw(out, message->field_count == 0 ? "\n      }" : ",\n        \"properties\": {\n");
    for (size_t i = 0; i < message->field_count; i++) {
        text_raw(out, "          ");
        text_json_literal(out, message->fields[i].json_name);
        text_raw(out, ": ");
        emit_openapi_field(emit, out, schemas, &message->fields[i], message->fields[i].comment);
        text_raw(out, i + 1 < message->field_count ? ",\n" : "\n        }\n      }");
    }
}

static void add_value_comments(struct buf *out, const struct model_enum *enumeration)
{
    struct buf text = BUF_INIT;
    text_raw(&text, enumeration->comment);
    for (size_t i = 0; i < enumeration->value_count; i++) {
        if (*enumeration->values[i].comment != '\0') {
            text_add(&text, "%s%s: %s", text.len > 0 ? "\n" : "", enumeration->values[i].name,
                     enumeration->values[i].comment);
        }
    }
    if (text.len > 0) {
        text_add(&text, "%c", '\0');
        text_raw(out, ",\n        \"description\": ");
        text_json_literal(out, (const char *)text.data);
    }
    buf_deinit(&text);
}

static void write_enum(struct buf *out, const struct model_enum *enumeration)
{
    text_add(out, "      \"%s\": {\n        \"type\": \"string\",\n        \"enum\": [", enumeration->full_name);
    for (size_t i = 0; i < enumeration->value_count; i++) {
        text_add(out, "%s\"%s\"", i == 0 ? "" : ", ", enumeration->values[i].name);
    }
    text_raw(out, "]");
    add_value_comments(out, enumeration);
    text_raw(out, "\n      }");
}

void emit_openapi_schemas(struct emit *emit, struct buf *out, struct emit_schemas *schemas)
{
    text_raw(out, "  \"components\": {\n    \"schemas\": {\n");
    for (size_t i = 0; i < schemas->message_count; i++) {
        write_message(emit, out, schemas, schemas->messages[i]);
        text_raw(out, ",\n");
    }
    for (size_t i = 0; i < schemas->enum_count; i++) {
        write_enum(out, schemas->enums[i]);
        text_raw(out, ",\n");
    }
    text_raw(
        out,
        "      \"google.rpc.Status\": {\n        \"type\": \"object\",\n"
        "        \"description\": \"The error of a call.\",\n        \"properties\": {\n"
        "          \"code\": {\"type\": \"integer\", \"format\": \"int32\", \"description\": \"A google.rpc.Code.\"},\n"
        "          \"message\": {\"type\": \"string\", \"description\": \"For people.\"},\n"
        "          \"details\": {\"type\": \"array\", \"items\": {\"type\": \"object\", \"properties\": "
        "{\"@type\": {\"type\": \"string\"}}, \"additionalProperties\": true}, \"description\": "
        "\"google.rpc.ErrorInfo, "
        "BadRequest, RetryInfo.\"}\n        }\n      }\n    }\n  }\n");
}
