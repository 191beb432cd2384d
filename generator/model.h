/* What the generator knows about the files it was given: names resolved, C names made, rules checked.
 *
 * 1. Everything lives in one arena and is read-only once model_build returned.
 * 2. Messages, enums and services of a file are in order of declaration, a nested type behind its parent.
 * 3. Comments and lines are filled in for files to be generated only; "" and 0 elsewhere. */
#ifndef QVT_GENERATOR_MODEL_H
#define QVT_GENERATOR_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "google/protobuf/compiler/plugin.pb-c.h"
#include "qvt/status.h"

/* The numbers of FieldDescriptorProto.Type. */
enum model_type {
    TYPE_DOUBLE = 1,
    TYPE_FLOAT = 2,
    TYPE_INT64 = 3,
    TYPE_UINT64 = 4,
    TYPE_INT32 = 5,
    TYPE_FIXED64 = 6,
    TYPE_FIXED32 = 7,
    TYPE_BOOL = 8,
    TYPE_STRING = 9,
    TYPE_GROUP = 10,
    TYPE_MESSAGE = 11,
    TYPE_BYTES = 12,
    TYPE_UINT32 = 13,
    TYPE_ENUM = 14,
    TYPE_SFIXED32 = 15,
    TYPE_SFIXED64 = 16,
    TYPE_SINT32 = 17,
    TYPE_SINT64 = 18,
};

/* How protobuf-c tells that a singular field is there. */
enum model_presence {
    PRESENCE_NONE,    /* proto3 scalar: absent is the default value */
    PRESENCE_POINTER, /* message, proto2 string: NULL */
    PRESENCE_HAS,     /* proto2 optional scalar: has_x */
    PRESENCE_CASE,    /* member of a oneof, proto3 `optional` included: the case enum */
    PRESENCE_ALWAYS,  /* proto2 required */
};

struct model_file;
struct model_message;
struct model_enum;
struct model_oneof;
struct model_method;
struct model_service;

struct model_field {
    const char *name;
    const char *json_name;
    const char *c_name;
    int32_t number;
    enum model_type type;
    enum model_presence presence;
    bool repeated; /* maps too */
    bool is_map;   /* then message is the entry: fields key and value */
    bool deprecated;
    bool has_default; /* proto2 */
    const struct model_message *parent;
    const struct model_message *message;  /* of TYPE_MESSAGE */
    const struct model_enum *enumeration; /* of TYPE_ENUM */
    const struct model_oneof *oneof;      /* NULL outside; also set for proto3 `optional` */
    const char *case_constant;            /* in a oneof: protobuf-c's enumerator */
    const char *comment;
    int line;
};

struct model_oneof {
    const char *name;
    const char *case_member; /* "value_case" */
    const char *unset_constant;
    bool synthetic; /* of a proto3 `optional` */
};

struct model_message {
    const Google__Protobuf__DescriptorProto *proto;
    const char *full_name;
    const char *name;
    const struct model_file *file;
    const struct model_message *parent; /* of a nested type */
    const char *snake;
    const char *c_type;
    const char *c_lower;
    const char *nanopb_type;
    bool map_entry;
    struct model_field *fields;
    size_t field_count;
    struct model_oneof *oneofs;
    size_t oneof_count;
    const char *comment;
    int line;
};

struct model_enum_value {
    const char *name;
    int32_t number;
    const char *comment;
};

struct model_enum {
    const char *full_name;
    const char *name;
    const struct model_file *file;
    const char *c_type;
    const char *c_lower;
    struct model_enum_value *values;
    size_t value_count;
    const char *comment;
    int line;
};

enum model_verb {
    VERB_GET,
    VERB_PUT,
    VERB_POST,
    VERB_DELETE,
    VERB_PATCH,
};

struct model_segment {
    const char *literal;    /* or */
    const char *field_path; /* a capture: "silo_id", "silo.silo_id" */
    const struct model_field *field;
};

struct model_route {
    enum model_verb verb;
    const char *text; /* the template as written */
    struct model_segment *segments;
    size_t segment_count;
    const char *body; /* "*", a field's name, or "" */
    const struct model_field *body_field;
    const struct model_method *method;
    bool is_additional;
};

struct model_method {
    const char *name;
    const char *snake;
    const char *member; /* snake, safe as a C member */
    const struct model_service *service;
    const struct model_message *input;
    const struct model_message *output;
    bool client_streaming;
    bool server_streaming;
    int idempotency; /* MethodOptions.IdempotencyLevel */
    bool deprecated;
    size_t index;
    struct model_route *routes;
    size_t route_count;
    const char *comment;
    int line;
    int http_line;
};

struct model_service {
    const char *full_name;
    const char *name;
    const struct model_file *file;
    const char *snake;
    const char *upper; /* prefix of constants */
    struct model_method *methods;
    size_t method_count;
    const char *comment;
    int line;
};

struct model_file {
    const char *name;
    const char *package;
    bool proto3;
    bool generate;
    const Google__Protobuf__FileDescriptorProto *proto;
    struct model_message *messages;
    size_t message_count;
    struct model_enum *enums;
    size_t enum_count;
    struct model_service *services;
    size_t service_count;
    const char *comment;
};

struct model {
    struct arena *arena;
    bool with_json; /* read HTTP routes, and refuse what has no JSON form here */
    struct model_file *files;
    size_t file_count;
    size_t error_count;
};

/* Builds and checks; every fault of the input is printed as `file:line: error: …` and counted in error_count. The
 * request must outlive the model. Sets all but with_json, which the caller has set. */
void model_build(struct model *model, struct arena *arena,
                 const Google__Protobuf__Compiler__CodeGeneratorRequest *request);

/* Prints one fault and counts it. line 0: the file as a whole. */
void model_error(struct model *model, const struct model_file *file, int line, const char *format, ...)
    QVT_PRINTF(4, 5);

/* NULL when there is none. The name may start with a dot. */
const struct model_message *model_find_message(const struct model *model, const char *full_name);
const struct model_enum *model_find_enum(const struct model *model, const char *full_name);

/* By proto name; NULL when there is none. */
const struct model_field *model_find_field(const struct model_message *message, const char *name, size_t len);

/* Whether the message is one of those google.protobuf types that JSON writes in a form of their own. */
bool model_is_well_known(const struct model_message *message);

#endif
