/* Reads parsed JSON into protobuf-c structs, for generated code: proto3's JSON mapping, one function a kind of value.
 *
 * 1. Memory comes from `alloc` and is never freed by the reader.
 * 2. The first failure ends reading; `error` then names the field by its path ("silo.labels[\"a\"]"), the value and the rule.
 * 3. What is read holds no pointer into the JSON tree. */
#ifndef QVT_JSON_READER_H
#define QVT_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#include "json/type.h"
#include "qvt/error.h"
#include "qvt/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    JSON_DEPTH_MAX = 64,                       /* messages in each other */
    JSON_PLACE_MAX = 2 * (JSON_DEPTH_MAX + 2), /* a field and an index or key for each */
};

/* A step of the path to the value being read. */
struct json_place {
    const char *name; /* a field; or NULL */
    const char *key;  /* of a map; or NULL: */
    size_t index;     /* of a repeated field */
};

struct json_reader {
    void *(*alloc)(void *data, size_t size); /* aligned for any type; NULL: the budget is spent */
    void *data;
    qvt_error *error;            /* may be NULL */
    const json_type_list *types; /* for Any, ends with NULL; may be NULL */
    bool ignore_unknown;         /* skip fields that the message does not have; default: refuse them */
    unsigned depth;
    size_t place_count;
    struct json_place places[JSON_PLACE_MAX];
};

/* data is given to alloc. error may be NULL. */
void json_reader_init(struct json_reader *reader, void *(*alloc)(void *data, size_t size), void *data,
                      qvt_error *error);

/* Parses a text into a tree, to be released by json_decref: one value, UTF-8, no duplicate names, no NUL in strings.
 * Whole numbers that are too long for jansson are kept exactly. INVALID_ARGUMENT with line and column; NO_MEMORY. */
QVT_MUST_CHECK qvt_status json_reader_parse(struct json_reader *reader, qvt_slice text, json_t **out);

/* Reads the whole value into a new message of the type. RESOURCE_EXHAUSTED when alloc refused; INVALID_ARGUMENT. */
QVT_MUST_CHECK qvt_status json_reader_message(struct json_reader *reader, const struct json_message_type *type,
                                              json_t *value, ProtobufCMessage **out);

/* --- for generated code --- */

/* The two spellings of a field. */
struct json_name {
    const char *proto;
    const char *json;
};

/* A walk over the members of an object. */
struct json_members {
    json_t *object;
    void *iterator;
    const struct json_name *names;
    size_t count;
    json_t *value; /* of the member at hand, never null */
    size_t index;  /* of its name */
    bool entered;
    qvt_status status; /* the caller's result for the member; what is not OK ends the walk */
};

/* Begins a message; an OK is paired with json_members_end. */
QVT_MUST_CHECK qvt_status json_members_begin(struct json_members *members, struct json_reader *reader, json_t *value,
                                             const struct json_name *names, size_t count);
/* The next member that is a field and not null; false at the end or after a failure. */
bool json_members_next(struct json_members *members, struct json_reader *reader);
QVT_MUST_CHECK qvt_status json_members_end(struct json_members *members, struct json_reader *reader);

/* Enters an element; pops with json_reader_leave. A reader that failed needs not leave. */
void json_reader_enter_index(struct json_reader *reader, size_t index);
void json_reader_enter_key(struct json_reader *reader, const char *key);
void json_reader_enter_field(struct json_reader *reader, const char *name);
void json_reader_leave(struct json_reader *reader);

/* Zeroed memory for count elements, at least one. NULL when alloc refused; the error is set, RESOURCE_EXHAUSTED. */
void *json_reader_alloc(struct json_reader *reader, size_t count, size_t size);

/* INVALID_ARGUMENT unless the value is of that kind. */
QVT_MUST_CHECK qvt_status json_reader_expect_array(struct json_reader *reader, const json_t *value);
QVT_MUST_CHECK qvt_status json_reader_expect_object(struct json_reader *reader, const json_t *value);

QVT_MUST_CHECK qvt_status json_reader_string(struct json_reader *reader, const json_t *value, char **out);
QVT_MUST_CHECK qvt_status json_reader_bytes(struct json_reader *reader, const json_t *value, ProtobufCBinaryData *out);
QVT_MUST_CHECK qvt_status json_reader_bool(struct json_reader *reader, const json_t *value, protobuf_c_boolean *out);
QVT_MUST_CHECK qvt_status json_reader_int32(struct json_reader *reader, const json_t *value, int32_t *out);
QVT_MUST_CHECK qvt_status json_reader_uint32(struct json_reader *reader, const json_t *value, uint32_t *out);
QVT_MUST_CHECK qvt_status json_reader_int64(struct json_reader *reader, const json_t *value, int64_t *out);
QVT_MUST_CHECK qvt_status json_reader_uint64(struct json_reader *reader, const json_t *value, uint64_t *out);
QVT_MUST_CHECK qvt_status json_reader_float(struct json_reader *reader, const json_t *value, float *out);
QVT_MUST_CHECK qvt_status json_reader_double(struct json_reader *reader, const json_t *value, double *out);
QVT_MUST_CHECK qvt_status json_reader_enum(struct json_reader *reader, const json_t *value,
                                           const ProtobufCEnumDescriptor *type, int *out);

/* A second member of a oneof; a required field that did not come. */
QVT_MUST_CHECK qvt_status json_reader_refuse_oneof(struct json_reader *reader, const char *oneof);
QVT_MUST_CHECK qvt_status json_reader_refuse_missing(struct json_reader *reader, const char *name);

/* Fails with INVALID_ARGUMENT at the place reached so far. */
QVT_MUST_CHECK qvt_status json_reader_refuse(struct json_reader *reader, const char *format, ...) QVT_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif

#endif
