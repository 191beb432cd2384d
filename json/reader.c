#include "json/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void json_reader_init(struct json_reader *reader, void *(*alloc)(void *data, size_t size), void *data, qvt_error *error)
{
    reader->alloc = alloc;
    reader->data = data;
    reader->error = error;
    reader->types = NULL;
    reader->ignore_unknown = false;
    reader->depth = 0;
    reader->place_count = 0;
}

static void enter(struct json_reader *reader, struct json_place place)
{
    if (reader->place_count < JSON_PLACE_MAX) {
        reader->places[reader->place_count] = place;
    }
    reader->place_count++;
}

void json_reader_enter_index(struct json_reader *reader, size_t index)
{
    enter(reader, (struct json_place){.index = index});
}

void json_reader_enter_key(struct json_reader *reader, const char *key)
{
    enter(reader, (struct json_place){.key = key});
}

void json_reader_enter_field(struct json_reader *reader, const char *name)
{
    enter(reader, (struct json_place){.name = name});
}

void json_reader_leave(struct json_reader *reader)
{
    reader->place_count--;
}

/* "silo.labels[\"a\"]", as much as fits. */
static void format_path(const struct json_reader *reader, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < reader->place_count && i < JSON_PLACE_MAX && len < cap; i++) {
        const struct json_place *place = &reader->places[i];
        int width;
        if (place->name != NULL) {
            width = snprintf(out + len, cap - len, "%s%s", i == 0 ? "" : ".", place->name);
        } else if (place->key != NULL) {
            width = snprintf(out + len, cap - len, "[\"%s\"]", place->key);
        } else {
            width = snprintf(out + len, cap - len, "[%zu]", place->index);
        }
        len += width < 0 ? 0 : (size_t)width;
    }
}

static void format_message(char *out, size_t cap, const char *format, va_list list) QVT_PRINTF(3, 0);

static void format_message(char *out, size_t cap, const char *format, va_list list)
{
    (void)vsnprintf(out, cap, format, list);
}

qvt_status json_reader_refuse(struct json_reader *reader, const char *format, ...)
{
    char path[QVT_ERROR_FIELD_MAX];
    char message[QVT_ERROR_MESSAGE_MAX];
    va_list list;
    va_start(list, format);
    format_message(message, sizeof(message), format, list);
    va_end(list);
    format_path(reader, path, sizeof(path));
    if (path[0] == '\0') {
        return qvt_error_set(reader->error, QVT_INVALID_ARGUMENT, NULL, "%s", message);
    }
    return qvt_error_field(reader->error, path, "%s", message);
}

qvt_status json_reader_refuse_oneof(struct json_reader *reader, const char *oneof)
{
    return json_reader_refuse(reader, "another field of the oneof \"%s\" is set already", oneof);
}

qvt_status json_reader_refuse_missing(struct json_reader *reader, const char *name)
{
    json_reader_enter_field(reader, name);
    qvt_status status = json_reader_refuse(reader, "is required");
    json_reader_leave(reader);
    return status;
}

void *json_reader_alloc(struct json_reader *reader, size_t count, size_t size)
{
    void *memory = count > SIZE_MAX / size ? NULL : reader->alloc(reader->data, count * size);
    if (memory == NULL) {
        (void)qvt_error_set(reader->error, QVT_RESOURCE_EXHAUSTED, NULL, "the request takes too much memory");
        return NULL;
    }
    memset(memory, 0, count * size);
    return memory;
}

qvt_status json_reader_message(struct json_reader *reader, const struct json_message_type *type, json_t *value,
                               ProtobufCMessage **out)
{
    ProtobufCMessage *message = json_reader_alloc(reader, 1, type->descriptor->sizeof_message);
    if (message == NULL) {
        return QVT_RESOURCE_EXHAUSTED;
    }
    reader->depth = 0;
    reader->place_count = 0;
    qvt_status status = type->read(reader, value, message);
    *out = status == QVT_OK ? message : NULL;
    return status;
}
