/* One message type as generated code describes it: what carriers other than gRPC, and google.protobuf.Any, go by. */
#ifndef QVT_JSON_TYPE_H
#define QVT_JSON_TYPE_H

#include <stdbool.h>
#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "qvt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct json_reader;
struct json_t;
struct json_writer;

/* Static storage. */
struct json_message_type {
    const char *name; /* "quark.version.v1.SiloInfo" */
    const ProtobufCMessageDescriptor *descriptor;
    bool has_own_form; /* a google.protobuf type that is no JSON object of its fields; inside Any it is `value` */
    void (*write)(struct json_writer *writer, const ProtobufCMessage *message);
    /* message: descriptor->sizeof_message bytes, need not be initialised. */
    qvt_status (*read)(struct json_reader *reader, struct json_t *value, ProtobufCMessage *message);
};

/* A list of type lists, as generated code makes one a file; both end with NULL. */
typedef const struct json_message_type *const *json_type_list;

/* The type with that full name; NULL when no list has it. types may be NULL. */
const struct json_message_type *json_type_find(const json_type_list *types, const char *name, size_t len);

#ifdef __cplusplus
}
#endif

#endif
