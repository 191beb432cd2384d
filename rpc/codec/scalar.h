/* Values of the types that need no memory of their own. */
#ifndef QVT_RPC_CODEC_SCALAR_H
#define QVT_RPC_CODEC_SCALAR_H

#include <protobuf-c/protobuf-c.h>

#include "qvt/slice.h"

/* Writes the value to the member of a struct. bytes are a whole value of that type: a varint, or 4 or 8 bytes; the type is
 * none of STRING, BYTES and MESSAGE. */
void scalar_put(void *member, ProtobufCType type, qvt_slice bytes);

#endif
