/* Values that come as plain text: path captures, query parameters, keys of JSON maps. */
#ifndef QVT_JSON_FIELD_H
#define QVT_JSON_FIELD_H

#include "json/reader.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The field that a dotted path starts with, by either spelling, entered as a place; rest is what follows the dot, "" at the
 * end. count when there is none: then json_field_refuse_unknown. */
size_t json_field_pick(struct json_reader *reader, const char *path, const struct json_name *names, size_t count,
                       const char **rest);

QVT_MUST_CHECK qvt_status json_field_refuse_unknown(struct json_reader *reader, const char *path);
/* A message, a map or a repeated message cannot be given as one text. */
QVT_MUST_CHECK qvt_status json_field_refuse_form(struct json_reader *reader);

/* Whole texts, as proto3's JSON mapping writes them. rest must be "". */
QVT_MUST_CHECK qvt_status json_field_string(struct json_reader *reader, const char *rest, const char *text, char **out);
QVT_MUST_CHECK qvt_status json_field_bytes(struct json_reader *reader, const char *rest, const char *text,
                                           ProtobufCBinaryData *out);
QVT_MUST_CHECK qvt_status json_field_bool(struct json_reader *reader, const char *rest, const char *text,
                                          protobuf_c_boolean *out);
QVT_MUST_CHECK qvt_status json_field_int32(struct json_reader *reader, const char *rest, const char *text,
                                           int32_t *out);
QVT_MUST_CHECK qvt_status json_field_uint32(struct json_reader *reader, const char *rest, const char *text,
                                            uint32_t *out);
QVT_MUST_CHECK qvt_status json_field_int64(struct json_reader *reader, const char *rest, const char *text,
                                           int64_t *out);
QVT_MUST_CHECK qvt_status json_field_uint64(struct json_reader *reader, const char *rest, const char *text,
                                            uint64_t *out);
QVT_MUST_CHECK qvt_status json_field_float(struct json_reader *reader, const char *rest, const char *text, float *out);
QVT_MUST_CHECK qvt_status json_field_double(struct json_reader *reader, const char *rest, const char *text,
                                            double *out);
QVT_MUST_CHECK qvt_status json_field_enum(struct json_reader *reader, const char *rest, const char *text,
                                          const ProtobufCEnumDescriptor *type, int *out);

/* For how many elements an array of `count` is made, so that json_field_grow knows what room it has; above 0. */
size_t json_field_room(size_t count);

/* Room for one more element behind `count` of them, which now and then is larger memory with the same content; the
 * elements are of this function, or of an array for json_field_room(count). NULL when alloc refused; the error is set,
 * RESOURCE_EXHAUSTED. */
void *json_field_grow(struct json_reader *reader, void *elements, size_t count, size_t size);

#ifdef __cplusplus
}
#endif

#endif
