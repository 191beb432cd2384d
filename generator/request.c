#include "generator/request.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "generator/model.h"
#include "generator/request_wire.h"

enum { FIELD_NUMBER_MAX = (1 << 29) - 1 };

static bool is_identifier(const char *name)
{
    if (name == NULL || (!isalpha((unsigned char)*name) && *name != '_')) {
        return false;
    }
    for (; *name != '\0'; name++) {
        if (!isalnum((unsigned char)*name) && *name != '_') {
            return false;
        }
    }
    return true;
}

/* What stands in comments, in #include lines and in C literals. */
static bool is_file_name(const char *name)
{
    if (name == NULL || *name == '\0' || strstr(name, "*/") != NULL || strstr(name, "/*") != NULL) {
        return false;
    }
    for (; *name != '\0'; name++) {
        if ((unsigned char)*name < 0x20 || *name == '"' || *name == '\\') {
            return false;
        }
    }
    return true;
}

/* Identifiers with dots in between; none at all is fine. */
static bool is_package(const char *name)
{
    bool begins = true;
    if (name == NULL || *name == '\0') {
        return true;
    }
    for (; *name != '\0'; name++) {
        bool letter = isalpha((unsigned char)*name) || *name == '_';
        if (!letter && (begins || (!isdigit((unsigned char)*name) && *name != '.'))) {
            return false;
        }
        begins = *name == '.';
    }
    return !begins;
}

static bool is_sound_field(const Google__Protobuf__FieldDescriptorProto *field, size_t oneof_count)
{
    int type = (int)field->type;
    bool named = type == TYPE_MESSAGE || type == TYPE_GROUP || type == TYPE_ENUM;
    return is_identifier(field->name) && type >= TYPE_DOUBLE && type <= TYPE_SINT64 &&
           (!named || field->type_name != NULL) && field->number >= 1 && field->number <= FIELD_NUMBER_MAX &&
           (!field->has_oneof_index || (field->oneof_index >= 0 && (size_t)field->oneof_index < oneof_count));
}

static bool is_sound_enum(const Google__Protobuf__EnumDescriptorProto *enumeration)
{
    for (size_t i = 0; i < enumeration->n_value; i++) {
        if (!is_identifier(enumeration->value[i]->name)) {
            return false;
        }
    }
    return is_identifier(enumeration->name) && enumeration->n_value > 0;
}

static bool is_sound_entry(const Google__Protobuf__DescriptorProto *entry)
{
    return entry->n_field == 2 && strcmp(entry->field[0]->name, "key") == 0 &&
           strcmp(entry->field[1]->name, "value") == 0 && entry->n_oneof_decl == 0;
}

static bool is_sound_message(const Google__Protobuf__DescriptorProto *message)
{
    bool sound = is_identifier(message->name);
    for (size_t i = 0; i < message->n_field && sound; i++) {
        sound = is_sound_field(message->field[i], message->n_oneof_decl);
    }
    for (size_t i = 0; i < message->n_oneof_decl && sound; i++) {
        sound = is_identifier(message->oneof_decl[i]->name);
    }
    for (size_t i = 0; i < message->n_enum_type && sound; i++) {
        sound = is_sound_enum(message->enum_type[i]);
    }
    for (size_t i = 0; i < message->n_nested_type && sound; i++) {
        sound = is_sound_message(message->nested_type[i]);
    }
    bool is_entry = message->options != NULL && message->options->map_entry;
    return sound && (!is_entry || is_sound_entry(message));
}

static bool is_sound_service(const Google__Protobuf__ServiceDescriptorProto *service)
{
    for (size_t i = 0; i < service->n_method; i++) {
        const Google__Protobuf__MethodDescriptorProto *method = service->method[i];
        if (!is_identifier(method->name) || method->input_type == NULL || method->output_type == NULL) {
            return false;
        }
    }
    return is_identifier(service->name);
}

static bool is_sound_file(const Google__Protobuf__FileDescriptorProto *file)
{
    bool sound = is_file_name(file->name) && is_package(file->package);
    for (size_t i = 0; i < file->n_message_type && sound; i++) {
        sound = is_sound_message(file->message_type[i]);
    }
    for (size_t i = 0; i < file->n_enum_type && sound; i++) {
        sound = is_sound_enum(file->enum_type[i]);
    }
    for (size_t i = 0; i < file->n_service && sound; i++) {
        sound = is_sound_service(file->service[i]);
    }
    return sound;
}

static request_message *refuse(request_message *request)
{
    fputs("protoc-gen-qvt: a plugin of protoc: stdin holds no CodeGeneratorRequest\n", stderr);
    request_free(request);
    return NULL;
}

request_message *request_read(qvt_slice wire)
{
    request_message *request = NULL;
    if (request_wire_is_shallow(wire)) {
        request = google__protobuf__compiler__code_generator_request__unpack(NULL, wire.len, wire.data);
    }
    if (request == NULL) {
        return refuse(request);
    }
    for (size_t i = 0; i < request->n_proto_file; i++) {
        if (!is_sound_file(request->proto_file[i])) {
            return refuse(request);
        }
    }
    return request;
}

void request_free(request_message *request)
{
    if (request != NULL) {
        google__protobuf__compiler__code_generator_request__free_unpacked(request, NULL);
    }
}
