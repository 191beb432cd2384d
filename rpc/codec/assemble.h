/* Puts the structs of protobuf-c together from an encoded message that the pre-check has found regular: its syntax, depth,
 * strings and cost need no second look, so that this costs little more than half of protobuf_c_message_unpack. */
#ifndef QVT_RPC_CODEC_ASSEMBLE_H
#define QVT_RPC_CODEC_ASSEMBLE_H

#include <protobuf-c/protobuf-c.h>

#include "qvt/error.h"
#include "qvt/slice.h"

/* One block that holds everything of a message; what passed the pre-check fits into as many bytes as that reported.
 * Invariant: used <= size, a multiple of PRECHECK_GRAIN. */
struct assemble_block {
    unsigned char *memory;
    size_t size;
    size_t used;
};

/* The message equals what protobuf_c_message_unpack gives; an array without elements may be there. error may be NULL.
 *   INTERNAL  a required field (proto2) is missing, or the block is too small */
QVT_MUST_CHECK qvt_status assemble_run(ProtobufCMessage **out, const ProtobufCMessageDescriptor *type, qvt_slice wire,
                                       struct assemble_block *block, qvt_error *error);

#endif
