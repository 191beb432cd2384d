#include "json/well_known.h"

/* lower: protobuf-c's spelling, which differs from ours where capitals follow each other. */
#define TYPE(name, type, lower)                                                                                        \
    static void write_##name(struct json_writer *writer, const ProtobufCMessage *message)                              \
    {                                                                                                                  \
        google_protobuf_##name##_write_json(writer, (const Google__Protobuf__##type *)message);                        \
    }                                                                                                                  \
    static qvt_status read_##name(struct json_reader *reader, json_t *value, ProtobufCMessage *message)                \
    {                                                                                                                  \
        return google_protobuf_##name##_read_json(reader, value, (Google__Protobuf__##type *)message);                 \
    }                                                                                                                  \
    const struct json_message_type google_protobuf_##name##_json_type = {                                              \
        "google.protobuf." #type, &google__protobuf__##lower##__descriptor, true, write_##name, read_##name};

TYPE(any, Any, any)
TYPE(bool_value, BoolValue, bool_value)
TYPE(bytes_value, BytesValue, bytes_value)
TYPE(double_value, DoubleValue, double_value)
TYPE(duration, Duration, duration)
TYPE(empty, Empty, empty)
TYPE(field_mask, FieldMask, field_mask)
TYPE(float_value, FloatValue, float_value)
TYPE(int32_value, Int32Value, int32_value)
TYPE(int64_value, Int64Value, int64_value)
TYPE(string_value, StringValue, string_value)
TYPE(timestamp, Timestamp, timestamp)
TYPE(u_int32_value, UInt32Value, uint32_value)
TYPE(u_int64_value, UInt64Value, uint64_value)

const struct json_message_type *const google_protobuf_json_types[] = {
#define JSON_WELL_KNOWN_ENTRY(name, type) &google_protobuf_##name##_json_type,
    JSON_WELL_KNOWN_LIST(JSON_WELL_KNOWN_ENTRY)
#undef JSON_WELL_KNOWN_ENTRY
        NULL,
};
