/* The google.protobuf types that JSON writes in a form of their own, with the names that generated code expects. */
#ifndef QVT_JSON_WELL_KNOWN_H
#define QVT_JSON_WELL_KNOWN_H

#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/empty.pb-c.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "google/protobuf/wrappers.pb-c.h"
#include "json/reader.h"
#include "json/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, type): Any, the one that needs the reader's and writer's `types`, and those that one text can hold. */
#define JSON_WELL_KNOWN_TEXTS(X)                                                                                       \
    X(bool_value, BoolValue)                                                                                           \
    X(bytes_value, BytesValue)                                                                                         \
    X(double_value, DoubleValue)                                                                                       \
    X(duration, Duration)                                                                                              \
    X(field_mask, FieldMask)                                                                                           \
    X(float_value, FloatValue)                                                                                         \
    X(int32_value, Int32Value)                                                                                         \
    X(int64_value, Int64Value)                                                                                         \
    X(string_value, StringValue)                                                                                       \
    X(timestamp, Timestamp)                                                                                            \
    X(u_int32_value, UInt32Value)                                                                                      \
    X(u_int64_value, UInt64Value)
#define JSON_WELL_KNOWN_LIST(X)                                                                                        \
    X(any, Any)                                                                                                        \
    X(empty, Empty)                                                                                                    \
    JSON_WELL_KNOWN_TEXTS(X)

/* google_protobuf_<name>_write_json, _read_json and _json_type, as generated code has them for its own messages. What an
 * Any holds must have passed the same checks as the message around it before it is written. */
#define JSON_WELL_KNOWN_DECLARE(name, type)                                                                            \
    void google_protobuf_##name##_write_json(struct json_writer *writer, const Google__Protobuf__##type *message);     \
    QVT_MUST_CHECK qvt_status google_protobuf_##name##_read_json(struct json_reader *reader, json_t *value,            \
                                                                 Google__Protobuf__##type *message);                   \
    extern const struct json_message_type google_protobuf_##name##_json_type;
JSON_WELL_KNOWN_LIST(JSON_WELL_KNOWN_DECLARE)
#undef JSON_WELL_KNOWN_DECLARE

/* google_protobuf_<name>_read_text: from a path capture or a query parameter, as json/field.h. */
#define JSON_WELL_KNOWN_DECLARE(name, type)                                                                            \
    QVT_MUST_CHECK qvt_status google_protobuf_##name##_read_text(struct json_reader *reader, const char *rest,         \
                                                                 const char *text, Google__Protobuf__##type *message);
JSON_WELL_KNOWN_TEXTS(JSON_WELL_KNOWN_DECLARE)
#undef JSON_WELL_KNOWN_DECLARE

/* All of them, for json_type_find; ends with NULL. */
extern const struct json_message_type *const google_protobuf_json_types[];

#ifdef __cplusplus
}
#endif

#endif
