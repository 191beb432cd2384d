/* How one value of a field is named in the runtime under json/, shared by the emitters of JSON and of routes. */
#ifndef QVT_GENERATOR_EMIT_VALUE_H
#define QVT_GENERATOR_EMIT_VALUE_H

#include "base/arena.h"
#include "generator/model.h"

/* The suffix of the runtime's functions: "string", "int32", "enum" …; NULL for a message. */
const char *emit_value_kind(const struct model_field *field);

/* The C expression that is true when a field of the message `message` must be written. Arena. */
const char *emit_value_condition(struct arena *arena, const struct model_field *field);

/* The statement that marks a field as set, with `indent` and newline; "" where there is nothing to mark. Arena. */
const char *emit_value_mark(struct arena *arena, const struct model_field *field, const char *indent);

#endif
