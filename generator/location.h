/* Lines and comments of a file, from its source_code_info. */
#ifndef QVT_GENERATOR_LOCATION_H
#define QVT_GENERATOR_LOCATION_H

#include "base/arena.h"
#include "google/protobuf/descriptor.pb-c.h"

enum { LOCATION_PATH_MAX = 128 };

/* Where something is in a FileDescriptorProto: field numbers and indexes, as descriptor.proto defines it. */
struct location {
    const Google__Protobuf__FileDescriptorProto *file;
    int32_t path[LOCATION_PATH_MAX];
    size_t len;
};

/* One step deeper: field number and index. Too deep to be counted: the parent. */
struct location location_child(const struct location *parent, int32_t field, int32_t index);

/* From 1; 0 when unknown. */
int location_line(const struct location *at);

/* The line of the deepest known location on the path down to `field` and `number`. */
int location_option_line(const struct location *at, int32_t field, int32_t number);

/* The comment in front, else the one behind; without markers and outer blanks; "" when there is none. */
const char *location_comment(struct arena *arena, const struct location *at);

#endif
