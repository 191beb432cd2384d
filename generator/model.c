#include "generator/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "generator/location.h"
#include "generator/model_parts.h"
#include "generator/names.h"
#include "generator/text.h"

void model_error(struct model *model, const struct model_file *file, int line, const char *format, ...)
{
    char text[2048];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    fprintf(stderr, "%s:%d: error: %s\n", file->name, line > 0 ? line : 1, text);
    model->error_count++;
}

static const char *skip_dot(const char *full_name)
{
    return *full_name == '.' ? full_name + 1 : full_name;
}

const struct model_message *model_find_message(const struct model *model, const char *full_name)
{
    for (size_t i = 0; i < model->file_count; i++) {
        const struct model_file *file = &model->files[i];
        for (size_t j = 0; j < file->message_count; j++) {
            if (strcmp(file->messages[j].full_name, skip_dot(full_name)) == 0) {
                return &file->messages[j];
            }
        }
    }
    return NULL;
}

const struct model_enum *model_find_enum(const struct model *model, const char *full_name)
{
    for (size_t i = 0; i < model->file_count; i++) {
        const struct model_file *file = &model->files[i];
        for (size_t j = 0; j < file->enum_count; j++) {
            if (strcmp(file->enums[j].full_name, skip_dot(full_name)) == 0) {
                return &file->enums[j];
            }
        }
    }
    return NULL;
}

const struct model_field *model_find_field(const struct model_message *message, const char *name, size_t len)
{
    for (size_t i = 0; i < message->field_count; i++) {
        const struct model_field *field = &message->fields[i];
        if (strlen(field->name) == len && memcmp(field->name, name, len) == 0) {
            return field;
        }
    }
    return NULL;
}

bool model_is_well_known(const struct model_message *message)
{
    static const char *const names[] = {
        "Any",        "BoolValue",  "BytesValue", "DoubleValue", "Duration",  "Empty",       "FieldMask",
        "FloatValue", "Int32Value", "Int64Value", "StringValue", "Timestamp", "UInt32Value", "UInt64Value",
    };
    if (strcmp(message->file->package, "google.protobuf") != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(message->name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_requested(const Google__Protobuf__Compiler__CodeGeneratorRequest *request, const char *name)
{
    for (size_t i = 0; i < request->n_file_to_generate; i++) {
        if (strcmp(request->file_to_generate[i], name) == 0) {
            return true;
        }
    }
    return false;
}

void model_build(struct model *model, struct arena *arena,
                 const Google__Protobuf__Compiler__CodeGeneratorRequest *request)
{
    *model = (struct model){.arena = arena, .with_json = model->with_json, .file_count = request->n_proto_file};
    model->files = text_alloc(arena, model->file_count * sizeof(*model->files));
    for (size_t i = 0; i < model->file_count; i++) {
        const Google__Protobuf__FileDescriptorProto *proto = request->proto_file[i];
        struct model_file *file = &model->files[i];
        file->proto = proto;
        file->name = proto->name;
        file->package = proto->package == NULL ? "" : proto->package;
        file->proto3 = proto->syntax != NULL && strcmp(proto->syntax, "proto3") == 0;
        file->generate = is_requested(request, file->name);
        struct location syntax = {.file = proto, .path = {12}, .len = 1};
        file->comment = file->generate ? location_comment(arena, &syntax) : "";
        model_add_types(model, file);
    }
    for (size_t i = 0; i < model->file_count; i++) {
        model_link_fields(model, &model->files[i]);
    }
    for (size_t i = 0; i < model->file_count; i++) {
        if (model->files[i].generate) {
            model_add_services(model, &model->files[i]);
            model_check(model, &model->files[i]);
        }
    }
}
