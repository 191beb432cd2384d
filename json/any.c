/* Any: the fields of what it holds, with `@type` in front; a type with a JSON form of its own is `value`. */
#include <string.h>

#include "base/check.h"
#include "json/describe.h"
#include "json/field.h"
#include "json/well_known.h"

/* The type behind "type.googleapis.com/quark.version.v1.SiloInfo". */
static const struct json_message_type *type_of(const json_type_list *types, const char *url)
{
    const char *slash = strrchr(url, '/');
    const char *name = slash == NULL ? url : slash + 1;
    return json_type_find(types, name, strlen(name));
}

static void write_held(struct json_writer *writer, const struct json_message_type *type, const char *url,
                       const ProtobufCMessage *message)
{
    json_writer_begin_object(writer);
    json_writer_name(writer, "\"@type\"");
    json_writer_string(writer, url);
    if (type->has_own_form) {
        json_writer_name(writer, "\"value\"");
        type->write(writer, message);
        json_writer_end_object(writer);
    } else {
        json_writer_join_object(writer);
        type->write(writer, message);
    }
}

void google_protobuf_any_write_json(struct json_writer *writer, const Google__Protobuf__Any *message)
{
    bool empty = message->type_url == NULL || *message->type_url == '\0';
    if (empty) {
        json_writer_begin_object(writer);
        json_writer_end_object(writer);
        return;
    }
    const struct json_message_type *type = type_of(writer->types, message->type_url);
    ProtobufCMessage *held =
        type == NULL ? NULL
                     : protobuf_c_message_unpack(type->descriptor, NULL, message->value.len, message->value.data);
    if (held == NULL) {
        json_writer_fail(writer, QVT_INVALID_ARGUMENT);
        return;
    }
    write_held(writer, type, message->type_url, held);
    protobuf_c_message_free_unpacked(held, NULL);
}

/* `fields` is the object without its @type. */
static qvt_status read_held(struct json_reader *reader, const struct json_message_type *type, json_t *fields,
                            ProtobufCMessage *held)
{
    static const struct json_name names[] = {{"value", "value"}};
    struct json_members members;
    if (!type->has_own_form) {
        return type->read(reader, fields, held);
    }
    protobuf_c_message_init(type->descriptor, held);
    QVT_TRY(json_members_begin(&members, reader, fields, names, 1));
    while (json_members_next(&members, reader)) {
        members.status = type->read(reader, members.value, held);
    }
    return json_members_end(&members, reader);
}

static qvt_status pack(struct json_reader *reader, const ProtobufCMessage *held, ProtobufCBinaryData *out)
{
    out->len = protobuf_c_message_get_packed_size(held);
    out->data = json_reader_alloc(reader, out->len + 1, 1);
    if (out->data == NULL) {
        return QVT_RESOURCE_EXHAUSTED;
    }
    (void)protobuf_c_message_pack(held, out->data);
    return QVT_OK;
}

static qvt_status read_typed(struct json_reader *reader, const struct json_message_type *type, json_t *value,
                             Google__Protobuf__Any *message)
{
    ProtobufCMessage *held = json_reader_alloc(reader, 1, type->descriptor->sizeof_message);
    if (held == NULL) {
        return QVT_RESOURCE_EXHAUSTED;
    }
    json_t *fields = json_copy(value);
    if (fields == NULL) {
        return qvt_error_set(reader->error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    (void)json_object_del(fields, "@type");
    qvt_status status = read_held(reader, type, fields, held);
    json_decref(fields);
    return status == QVT_OK ? pack(reader, held, &message->value) : status;
}

qvt_status google_protobuf_any_read_json(struct json_reader *reader, json_t *value, Google__Protobuf__Any *message)
{
    char shown[DESCRIBE_MAX];
    google__protobuf__any__init(message);
    QVT_TRY(json_reader_expect_object(reader, value));
    if (json_object_size(value) == 0) {
        return QVT_OK;
    }
    if (reader->depth == JSON_DEPTH_MAX) {
        return json_reader_refuse(reader, "more than %d messages in each other", JSON_DEPTH_MAX);
    }
    const char *url = json_string_value(json_object_get(value, "@type"));
    if (url == NULL) {
        return json_reader_refuse(reader, "needs a string \"@type\"");
    }
    const struct json_message_type *type = type_of(reader->types, url);
    if (type == NULL) {
        return json_reader_refuse(reader, "@type names no known type: %s", describe_text(url, shown));
    }
    QVT_TRY(json_field_string(reader, "", url, &message->type_url));
    reader->depth++;
    qvt_status status = read_typed(reader, type, value, message);
    reader->depth--;
    return status;
}
