#include "generator/model_parts.h"

#include <string.h>

#include "base/check.h"
#include "generator/names.h"
#include "generator/text.h"

/* The field numbers of descriptor.proto that locations are made of. */
enum {
    FILE_MESSAGE = 4,
    FILE_ENUM = 5,
    MESSAGE_FIELD = 2,
    MESSAGE_NESTED = 3,
    MESSAGE_ENUM = 4,
    ENUM_VALUE = 2,
};

static size_t count_messages(Google__Protobuf__DescriptorProto *const *messages, size_t count)
{
    size_t total = count;
    for (size_t i = 0; i < count; i++) {
        total += count_messages(messages[i]->nested_type, messages[i]->n_nested_type);
    }
    return total;
}

static size_t count_enums(Google__Protobuf__DescriptorProto *const *messages, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += messages[i]->n_enum_type + count_enums(messages[i]->nested_type, messages[i]->n_nested_type);
    }
    return total;
}

static const char *qualified(struct arena *arena, const char *scope, const char *name)
{
    return *scope == '\0' ? name : text_format(arena, "%s.%s", scope, name);
}

static void describe(struct model *model, const struct model_file *file, const struct location *at,
                     const char **comment, int *line)
{
    *comment = file->generate ? location_comment(model->arena, at) : "";
    if (line != NULL) {
        *line = file->generate ? location_line(at) : 0;
    }
}

static void add_enum(struct model *model, struct model_file *file, const Google__Protobuf__EnumDescriptorProto *proto,
                     const char *scope, const struct location *at)
{
    struct model_enum *out = &file->enums[file->enum_count++];
    out->name = proto->name;
    out->full_name = qualified(model->arena, scope, proto->name);
    out->file = file;
    out->c_type = names_c_type(model->arena, out->full_name);
    out->c_lower = names_c_lower(model->arena, out->full_name);
    out->value_count = proto->n_value;
    out->values = text_alloc(model->arena, proto->n_value * sizeof(*out->values));
    describe(model, file, at, &out->comment, &out->line);
    for (size_t i = 0; i < proto->n_value; i++) {
        struct location value = location_child(at, ENUM_VALUE, (int32_t)i);
        out->values[i].name = proto->value[i]->name;
        out->values[i].number = proto->value[i]->number;
        describe(model, file, &value, &out->values[i].comment, NULL);
    }
}

static void add_oneofs(struct model *model, struct model_message *message,
                       const Google__Protobuf__DescriptorProto *proto)
{
    message->oneof_count = proto->n_oneof_decl;
    message->oneofs = text_alloc(model->arena, proto->n_oneof_decl * sizeof(*message->oneofs));
    for (size_t i = 0; i < proto->n_oneof_decl; i++) {
        struct model_oneof *oneof = &message->oneofs[i];
        oneof->name = proto->oneof_decl[i]->name;
        oneof->case_member = text_format(model->arena, "%s_case", oneof->name);
        oneof->unset_constant =
            text_format(model->arena, "%s__%s__NOT_SET", names_c_upper(model->arena, message->full_name),
                        names_c_upper(model->arena, oneof->name));
    }
}

static enum model_presence presence_of(const struct model_file *file,
                                       const Google__Protobuf__FieldDescriptorProto *proto)
{
    enum model_type type = (enum model_type)proto->type;
    if (proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED) {
        return PRESENCE_NONE;
    }
    if (proto->has_oneof_index) {
        return PRESENCE_CASE;
    }
    if (type == TYPE_MESSAGE || type == TYPE_GROUP) {
        return PRESENCE_POINTER;
    }
    if (file->proto3) {
        return PRESENCE_NONE;
    }
    if (proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REQUIRED) {
        return PRESENCE_ALWAYS;
    }
    return type == TYPE_STRING ? PRESENCE_POINTER : PRESENCE_HAS;
}

static void add_field(struct model *model, struct model_message *message,
                      const Google__Protobuf__FieldDescriptorProto *proto, const struct location *at)
{
    struct model_field *field = &message->fields[message->field_count++];
    field->name = proto->name;
    field->json_name = proto->json_name == NULL ? proto->name : proto->json_name;
    field->c_name = names_c_field(model->arena, proto->name);
    field->number = proto->number;
    field->type = (enum model_type)proto->type;
    field->repeated = proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
    field->presence = presence_of(message->file, proto);
    field->deprecated = proto->options != NULL && proto->options->deprecated;
    field->has_default = proto->default_value != NULL;
    field->parent = message;
    describe(model, message->file, at, &field->comment, &field->line);
    if (proto->has_oneof_index) {
        struct model_oneof *oneof = &message->oneofs[proto->oneof_index];
        oneof->synthetic = oneof->synthetic || proto->proto3_optional;
        field->oneof = oneof;
        field->case_constant =
            text_format(model->arena, "%s__%s_%s", names_c_upper(model->arena, message->full_name),
                        names_c_upper(model->arena, oneof->name), names_c_upper(model->arena, field->name));
    }
}

static void add_message(struct model *model, struct model_file *file, const Google__Protobuf__DescriptorProto *proto,
                        const struct model_message *parent, const struct location *at)
{
    struct model_message *out = &file->messages[file->message_count++];
    const char *scope = parent == NULL ? file->package : parent->full_name;
    out->proto = proto;
    out->name = proto->name;
    out->full_name = qualified(model->arena, scope, proto->name);
    out->file = file;
    out->parent = parent;
    out->snake = names_snake(model->arena, out->full_name);
    out->c_type = names_c_type(model->arena, out->full_name);
    out->c_lower = names_c_lower(model->arena, out->full_name);
    out->nanopb_type = names_nanopb_type(model->arena, out->full_name);
    out->map_entry = proto->options != NULL && proto->options->map_entry;
    describe(model, file, at, &out->comment, &out->line);
    add_oneofs(model, out, proto);
    out->fields = text_alloc(model->arena, proto->n_field * sizeof(*out->fields));
    for (size_t i = 0; i < proto->n_field; i++) {
        struct location field = location_child(at, MESSAGE_FIELD, (int32_t)i);
        add_field(model, out, proto->field[i], &field);
    }
    for (size_t i = 0; i < proto->n_enum_type; i++) {
        struct location nested = location_child(at, MESSAGE_ENUM, (int32_t)i);
        add_enum(model, file, proto->enum_type[i], out->full_name, &nested);
    }
    for (size_t i = 0; i < proto->n_nested_type; i++) {
        struct location nested = location_child(at, MESSAGE_NESTED, (int32_t)i);
        add_message(model, file, proto->nested_type[i], out, &nested);
    }
}

void model_add_types(struct model *model, struct model_file *file)
{
    const Google__Protobuf__FileDescriptorProto *proto = file->proto;
    struct location root = {.file = proto};
    size_t messages = count_messages(proto->message_type, proto->n_message_type);
    size_t enums = proto->n_enum_type + count_enums(proto->message_type, proto->n_message_type);
    file->messages = text_alloc(model->arena, messages * sizeof(*file->messages));
    file->enums = text_alloc(model->arena, enums * sizeof(*file->enums));
    for (size_t i = 0; i < proto->n_enum_type; i++) {
        struct location at = location_child(&root, FILE_ENUM, (int32_t)i);
        add_enum(model, file, proto->enum_type[i], file->package, &at);
    }
    for (size_t i = 0; i < proto->n_message_type; i++) {
        struct location at = location_child(&root, FILE_MESSAGE, (int32_t)i);
        add_message(model, file, proto->message_type[i], NULL, &at);
    }
    QVT_ASSERT(file->message_count == messages && file->enum_count == enums);
}

void model_link_fields(struct model *model, struct model_file *file)
{
    for (size_t i = 0; i < file->message_count; i++) {
        struct model_message *message = &file->messages[i];
        for (size_t j = 0; j < message->field_count; j++) {
            struct model_field *field = &message->fields[j];
            const char *type_name = message->proto->field[j]->type_name;
            if (field->type == TYPE_MESSAGE || field->type == TYPE_GROUP) {
                field->message = model_find_message(model, type_name);
                field->is_map = field->repeated && field->message != NULL && field->message->map_entry;
            } else if (field->type == TYPE_ENUM) {
                field->enumeration = model_find_enum(model, type_name);
            }
            if (type_name != NULL && field->message == NULL && field->enumeration == NULL) {
                model_error(model, file, field->line, "%s.%s: nobody declares %s", message->full_name, field->name,
                            type_name);
            }
        }
    }
}
