#include "json/field.h"

#include <string.h>

#include "base/check.h"
#include "json/base64.h"
#include "json/describe.h"
#include "json/number.h"

static bool is_name(const char *name, const char *text, size_t len)
{
    return strlen(name) == len && memcmp(name, text, len) == 0;
}

size_t json_field_pick(struct json_reader *reader, const char *path, const struct json_name *names, size_t count,
                       const char **rest)
{
    size_t len = strcspn(path, ".");
    size_t index = 0;
    while (index < count && !is_name(names[index].proto, path, len) && !is_name(names[index].json, path, len)) {
        index++;
    }
    *rest = path + len + (path[len] == '.' ? 1 : 0);
    if (index < count) {
        json_reader_enter_field(reader, names[index].proto);
    }
    return index;
}

qvt_status json_field_refuse_unknown(struct json_reader *reader, const char *path)
{
    json_reader_enter_field(reader, path);
    return json_reader_refuse(reader, "unknown field");
}

qvt_status json_field_refuse_form(struct json_reader *reader)
{
    return json_reader_refuse(reader, "cannot be given as one text");
}

static qvt_status refuse(struct json_reader *reader, const char *text, const char *rule)
{
    char value[DESCRIBE_MAX];
    return json_reader_refuse(reader, "must be %s, not %s", rule, describe_text(text, value));
}

/* A scalar has no fields of its own. */
static qvt_status expect_end(struct json_reader *reader, const char *rest)
{
    return *rest == '\0' ? QVT_OK : json_field_refuse_unknown(reader, rest);
}

qvt_status json_field_string(struct json_reader *reader, const char *rest, const char *text, char **out)
{
    size_t size = strlen(text) + 1;
    QVT_TRY(expect_end(reader, rest));
    char *copy = json_reader_alloc(reader, size, 1);
    if (copy == NULL) {
        return QVT_RESOURCE_EXHAUSTED;
    }
    memcpy(copy, text, size);
    *out = copy;
    return QVT_OK;
}

qvt_status json_field_bytes(struct json_reader *reader, const char *rest, const char *text, ProtobufCBinaryData *out)
{
    qvt_slice encoded = qvt_slice_text(text);
    QVT_TRY(expect_end(reader, rest));
    out->len = 0;
    out->data = json_reader_alloc(reader, base64_bytes_max(encoded.len), 1);
    if (out->data == NULL) {
        return QVT_RESOURCE_EXHAUSTED;
    }
    return base64_read(out->data, &out->len, encoded) ? QVT_OK : refuse(reader, text, "base64");
}

qvt_status json_field_bool(struct json_reader *reader, const char *rest, const char *text, protobuf_c_boolean *out)
{
    QVT_TRY(expect_end(reader, rest));
    *out = strcmp(text, "true") == 0;
    return *out || strcmp(text, "false") == 0 ? QVT_OK : refuse(reader, text, "true or false");
}

qvt_status json_field_int32(struct json_reader *reader, const char *rest, const char *text, int32_t *out)
{
    int64_t number = 0;
    QVT_TRY(expect_end(reader, rest));
    if (!number_int64_from_text(text, &number) || number < INT32_MIN || number > INT32_MAX) {
        return refuse(reader, text, DESCRIBE_INT32);
    }
    *out = (int32_t)number;
    return QVT_OK;
}

qvt_status json_field_uint32(struct json_reader *reader, const char *rest, const char *text, uint32_t *out)
{
    uint64_t number = 0;
    QVT_TRY(expect_end(reader, rest));
    if (!number_uint64_from_text(text, &number) || number > UINT32_MAX) {
        return refuse(reader, text, DESCRIBE_UINT32);
    }
    *out = (uint32_t)number;
    return QVT_OK;
}

qvt_status json_field_int64(struct json_reader *reader, const char *rest, const char *text, int64_t *out)
{
    QVT_TRY(expect_end(reader, rest));
    return number_int64_from_text(text, out) ? QVT_OK : refuse(reader, text, DESCRIBE_INT64);
}

qvt_status json_field_uint64(struct json_reader *reader, const char *rest, const char *text, uint64_t *out)
{
    QVT_TRY(expect_end(reader, rest));
    return number_uint64_from_text(text, out) ? QVT_OK : refuse(reader, text, DESCRIBE_UINT64);
}

qvt_status json_field_double(struct json_reader *reader, const char *rest, const char *text, double *out)
{
    QVT_TRY(expect_end(reader, rest));
    return number_double_from_text(text, out) ? QVT_OK : refuse(reader, text, DESCRIBE_DOUBLE);
}

qvt_status json_field_float(struct json_reader *reader, const char *rest, const char *text, float *out)
{
    double number = 0;
    QVT_TRY(expect_end(reader, rest));
    if (!number_double_from_text(text, &number) || !number_fits_float(number)) {
        return refuse(reader, text, DESCRIBE_FLOAT);
    }
    *out = (float)number;
    return QVT_OK;
}

qvt_status json_field_enum(struct json_reader *reader, const char *rest, const char *text,
                           const ProtobufCEnumDescriptor *type, int *out)
{
    int64_t number = 0;
    char value[DESCRIBE_MAX];
    QVT_TRY(expect_end(reader, rest));
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value_by_name(type, text);
    if (known != NULL) {
        *out = known->value;
        return QVT_OK;
    }
    if (!number_int64_from_text(text, &number) || number < INT32_MIN || number > INT32_MAX) {
        return json_reader_refuse(reader, "must be a value of %s, such as %s, not %s", type->name,
                                  type->n_values > 0 ? type->values[type->n_values - 1].name : "a number",
                                  describe_text(text, value));
    }
    *out = (int)number;
    return QVT_OK;
}

enum { ROOM_MIN = 4 };

size_t json_field_room(size_t count)
{
    size_t room = ROOM_MIN;
    while (room < count) {
        room *= 2;
    }
    return room;
}

void *json_field_grow(struct json_reader *reader, void *elements, size_t count, size_t size)
{
    if (count > 0 && count < json_field_room(count)) {
        return elements;
    }
    void *larger = json_reader_alloc(reader, json_field_room(count + 1), size);
    if (larger != NULL && count > 0) {
        memcpy(larger, elements, count * size);
    }
    return larger;
}
