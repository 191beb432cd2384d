/* A request to a response: parameters, model, emitters. */
#ifndef QVT_GENERATOR_GENERATE_H
#define QVT_GENERATOR_GENERATE_H

#include <stdbool.h>

#include "base/buf.h"
#include "google/protobuf/compiler/plugin.pb-c.h"

/* Appends the encoded CodeGeneratorResponse. false after faults of the request went to stderr. */
bool generate(struct buf *response, const Google__Protobuf__Compiler__CodeGeneratorRequest *request);

#endif
