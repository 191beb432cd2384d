/* The parts of an OpenAPI document. */
#ifndef QVT_GENERATOR_EMIT_OPENAPI_H
#define QVT_GENERATOR_EMIT_OPENAPI_H

#include "generator/emit.h"

/* The messages and enums that the document refers to, in the order in which they were met. */
struct emit_schemas {
    const struct model_message **messages;
    size_t message_count;
    const struct model_enum **enums;
    size_t enum_count;
};

/* `"paths": {…},` of every service of the files to generate. */
void emit_openapi_paths(struct emit *emit, struct buf *out, struct emit_schemas *schemas);

/* `"components": {…}`, and all that the schemas refer to in turn. */
void emit_openapi_schemas(struct emit *emit, struct buf *out, struct emit_schemas *schemas);

/* The schema of one field's value, in braces: a reference, or the JSON form of a scalar, list or map. The comment becomes
 * the description unless it is empty. */
void emit_openapi_field(struct emit *emit, struct buf *out, struct emit_schemas *schemas,
                        const struct model_field *field, const char *comment);

/* `{"$ref": …}`; the message's schema will be written. Well-known types are written in place. */
void emit_openapi_message(struct emit *emit, struct buf *out, struct emit_schemas *schemas,
                          const struct model_message *message);

#endif
