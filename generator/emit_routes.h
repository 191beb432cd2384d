/* The parts of <proto>.routes.c: setters of request fields from text, and the route table. */
#ifndef QVT_GENERATOR_EMIT_ROUTES_H
#define QVT_GENERATOR_EMIT_ROUTES_H

#include "generator/emit.h"

/* Whether a setter of the field's parent goes on into the field's own setter. */
bool emit_setters_reach(const struct model_field *field);

/* The static function `set_<message>`. */
void emit_setter(struct emit *emit, struct buf *out, const struct model_message *message);

#endif
