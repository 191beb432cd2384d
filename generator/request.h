/* The request of protoc: read, and refused where the rest of the generator could not rely on it. */
#ifndef QVT_GENERATOR_REQUEST_H
#define QVT_GENERATOR_REQUEST_H

#include "google/protobuf/compiler/plugin.pb-c.h"
#include "qvt/slice.h"

typedef Google__Protobuf__Compiler__CodeGeneratorRequest request_message;

/* Decodes and checks: names are identifiers, types are named, indexes are inside, messages nest at most 64 deep. NULL
 * otherwise, after a line on stderr. protoc itself never sends such a request. */
request_message *request_read(qvt_slice wire);

/* NULL is fine. */
void request_free(request_message *request);

#endif
