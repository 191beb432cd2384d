/* How deep the messages of an encoded CodeGeneratorRequest nest, before protobuf-c recurses into them. */
#ifndef QVT_GENERATOR_REQUEST_WIRE_H
#define QVT_GENERATOR_REQUEST_WIRE_H

#include <stdbool.h>

#include "qvt/slice.h"

enum { REQUEST_DEPTH_MAX = 64 };

/* Whether no message type is declared more than REQUEST_DEPTH_MAX deep. What is no protobuf is left to the decoder. */
bool request_wire_is_shallow(qvt_slice request);

#endif
