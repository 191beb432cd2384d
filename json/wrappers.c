/* A wrapper is its value. */
#include "json/field.h"
#include "json/well_known.h"

#define WRAPPER(name, type, lower, kind)                                                                               \
    void google_protobuf_##name##_write_json(struct json_writer *writer, const Google__Protobuf__##type *message)      \
    {                                                                                                                  \
        json_writer_##kind(writer, message->value);                                                                    \
    }                                                                                                                  \
    qvt_status google_protobuf_##name##_read_json(struct json_reader *reader, json_t *value,                           \
                                                  Google__Protobuf__##type *message)                                   \
    {                                                                                                                  \
        google__protobuf__##lower##__init(message);                                                                    \
        return json_reader_##kind(reader, value, &message->value);                                                     \
    }                                                                                                                  \
    qvt_status google_protobuf_##name##_read_text(struct json_reader *reader, const char *rest, const char *text,      \
                                                  Google__Protobuf__##type *message)                                   \
    {                                                                                                                  \
        return json_field_##kind(reader, rest, text, &message->value);                                                 \
    }

WRAPPER(bool_value, BoolValue, bool_value, bool)
WRAPPER(bytes_value, BytesValue, bytes_value, bytes)
WRAPPER(double_value, DoubleValue, double_value, double)
WRAPPER(float_value, FloatValue, float_value, float)
WRAPPER(int32_value, Int32Value, int32_value, int32)
WRAPPER(int64_value, Int64Value, int64_value, int64)
WRAPPER(string_value, StringValue, string_value, string)
WRAPPER(u_int32_value, UInt32Value, uint32_value, uint32)
WRAPPER(u_int64_value, UInt64Value, uint64_value, uint64)
