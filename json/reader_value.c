#include "json/reader.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "json/base64.h"
#include "json/describe.h"
#include "json/field.h"
#include "json/long_integer.h"
#include "json/number.h"

/* The value as an error message shows it. */
static const char *shown(const json_t *value, char *out)
{
    const char *whole = long_integer_text(value);
    switch (json_typeof(value)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "an array";
    case JSON_TRUE: return "true";
    case JSON_FALSE: return "false";
    case JSON_NULL: return "null";
    case JSON_INTEGER: (void)snprintf(out, DESCRIBE_MAX, "%" PRIdMAX, (intmax_t)json_integer_value(value)); return out;
    case JSON_REAL: (void)snprintf(out, DESCRIBE_MAX, "%.17g", json_real_value(value)); return out;
    case JSON_STRING: break;
    }
    return whole != NULL ? describe_number(whole, out) : describe_text(json_string_value(value), out);
}

static qvt_status refuse(struct json_reader *reader, const json_t *value, const char *rule)
{
    char text[DESCRIBE_MAX];
    return json_reader_refuse(reader, "must be %s, not %s", rule, shown(value, text));
}

qvt_status json_reader_expect_array(struct json_reader *reader, const json_t *value)
{
    return json_is_array(value) ? QVT_OK : refuse(reader, value, "an array");
}

qvt_status json_reader_expect_object(struct json_reader *reader, const json_t *value)
{
    return json_is_object(value) ? QVT_OK : refuse(reader, value, "an object");
}

qvt_status json_reader_string(struct json_reader *reader, const json_t *value, char **out)
{
    if (!json_is_string(value) || long_integer_text(value) != NULL) {
        return refuse(reader, value, "a string");
    }
    return json_field_string(reader, "", json_string_value(value), out);
}

qvt_status json_reader_bytes(struct json_reader *reader, const json_t *value, ProtobufCBinaryData *out)
{
    if (!json_is_string(value) || long_integer_text(value) != NULL) {
        return refuse(reader, value, "a string of base64");
    }
    return json_field_bytes(reader, "", json_string_value(value), out);
}

qvt_status json_reader_bool(struct json_reader *reader, const json_t *value, protobuf_c_boolean *out)
{
    *out = json_is_true(value);
    return json_is_boolean(value) ? QVT_OK : refuse(reader, value, "true or false");
}

qvt_status json_reader_int32(struct json_reader *reader, const json_t *value, int32_t *out)
{
    int64_t number = 0;
    if (!number_int64_from_json(value, &number) || number < INT32_MIN || number > INT32_MAX) {
        return refuse(reader, value, DESCRIBE_INT32);
    }
    *out = (int32_t)number;
    return QVT_OK;
}

qvt_status json_reader_uint32(struct json_reader *reader, const json_t *value, uint32_t *out)
{
    uint64_t number = 0;
    if (!number_uint64_from_json(value, &number) || number > UINT32_MAX) {
        return refuse(reader, value, DESCRIBE_UINT32);
    }
    *out = (uint32_t)number;
    return QVT_OK;
}

qvt_status json_reader_int64(struct json_reader *reader, const json_t *value, int64_t *out)
{
    return number_int64_from_json(value, out) ? QVT_OK : refuse(reader, value, DESCRIBE_INT64);
}

qvt_status json_reader_uint64(struct json_reader *reader, const json_t *value, uint64_t *out)
{
    return number_uint64_from_json(value, out) ? QVT_OK : refuse(reader, value, DESCRIBE_UINT64);
}

qvt_status json_reader_double(struct json_reader *reader, const json_t *value, double *out)
{
    return number_double_from_json(value, out) ? QVT_OK : refuse(reader, value, DESCRIBE_DOUBLE);
}

qvt_status json_reader_float(struct json_reader *reader, const json_t *value, float *out)
{
    double number = 0;
    if (!number_double_from_json(value, &number) || !number_fits_float(number)) {
        return refuse(reader, value, DESCRIBE_FLOAT);
    }
    *out = (float)number;
    return QVT_OK;
}

qvt_status json_reader_enum(struct json_reader *reader, const json_t *value, const ProtobufCEnumDescriptor *type,
                            int *out)
{
    int32_t number = 0;
    if (json_is_string(value) && long_integer_text(value) == NULL) {
        return json_field_enum(reader, "", json_string_value(value), type, out);
    }
    if (!json_is_number(value)) {
        return refuse(reader, value, "the name or the number of an enum value");
    }
    QVT_TRY(json_reader_int32(reader, value, &number));
    *out = number;
    return QVT_OK;
}
