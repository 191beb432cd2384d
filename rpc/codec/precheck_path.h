/* The path of a field inside nested messages, for error texts. */
#ifndef QVT_RPC_CODEC_PRECHECK_PATH_H
#define QVT_RPC_CODEC_PRECHECK_PATH_H

#include <protobuf-c/protobuf-c.h>

#include "qvt/slice.h"

/* One step: `field` in the message whose bytes before that field are `before`. */
struct precheck_step {
    const ProtobufCFieldDescriptor *field;
    qvt_slice before;
};

/* Writes "a.b[3].c", cut to size with its NUL; the index counts the occurrences of a repeated field in `before`. */
void precheck_write_path(char *out, size_t size, const struct precheck_step *steps, size_t count);

#endif
