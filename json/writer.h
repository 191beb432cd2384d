/* Writes JSON text, compact, for generated code: proto3's JSON mapping, one function a kind of value.
 *
 * 1. Values come in the order of the text; commas are the writer's affair.
 * 2. The first failure sticks in `status`; what follows does nothing, so that generated code checks nothing. */
#ifndef QVT_JSON_WRITER_H
#define QVT_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/buf.h"
#include "json/type.h"

#ifdef __cplusplus
extern "C" {
#endif

struct json_writer {
    struct buf *out;             /* borrowed, appended to */
    const json_type_list *types; /* for Any, ends with NULL; may be NULL; borrowed */
    bool emit_defaults;          /* also write fields without presence that have their default value */
    bool comma;
    bool joined;
    qvt_status status; /* NO_MEMORY; INVALID_ARGUMENT for a value that JSON cannot express */
};

/* emit_defaults off, no types. */
void json_writer_init(struct json_writer *writer, struct buf *out);

void json_writer_begin_object(struct json_writer *writer);
void json_writer_end_object(struct json_writer *writer);
void json_writer_begin_array(struct json_writer *writer);
void json_writer_end_array(struct json_writer *writer);

/* The next json_writer_begin_object goes on in the object at hand instead: how Any puts `@type` in front. */
void json_writer_join_object(struct json_writer *writer);

/* A member's name, already a JSON string with its quotes. */
void json_writer_name(struct json_writer *writer, const char *quoted);

/* A map's keys. text may be NULL for "". */
void json_writer_key_string(struct json_writer *writer, const char *text);
void json_writer_key_bool(struct json_writer *writer, bool value);
void json_writer_key_int(struct json_writer *writer, int64_t value);
void json_writer_key_uint(struct json_writer *writer, uint64_t value);

/* NUL-terminated UTF-8; NULL for "". What is not UTF-8 is INVALID_ARGUMENT. */
void json_writer_string(struct json_writer *writer, const char *text);
void json_writer_bytes(struct json_writer *writer, ProtobufCBinaryData bytes);
void json_writer_bool(struct json_writer *writer, protobuf_c_boolean value);
void json_writer_int32(struct json_writer *writer, int32_t value);
void json_writer_uint32(struct json_writer *writer, uint32_t value);
void json_writer_int64(struct json_writer *writer, int64_t value);
void json_writer_uint64(struct json_writer *writer, uint64_t value);
void json_writer_float(struct json_writer *writer, float value);
void json_writer_double(struct json_writer *writer, double value);

/* Whether proto3 leaves the value out: minus zero is not zero. */
bool json_writer_is_zero(double value);

/* By name; a number that has none as the number. */
void json_writer_enum(struct json_writer *writer, const ProtobufCEnumDescriptor *type, int value);

/* Text that is one JSON value already. */
void json_writer_raw(struct json_writer *writer, const char *text, size_t len);

/* Makes the status sticky unless there is one. */
void json_writer_fail(struct json_writer *writer, qvt_status status);

#ifdef __cplusplus
}
#endif

#endif
