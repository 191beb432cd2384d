/* What the service asks of a registry, answered as one text. */
#ifndef QVT_TESTS_UNIT_SERVER_REGISTRY_QUESTIONS_H
#define QVT_TESTS_UNIT_SERVER_REGISTRY_QUESTIONS_H

#include "server/registry/registry.h"

/* The ids that a find with this type and version ("": none) answers, best first, as `a b c`. */
void ask_find(const struct registry *registry, const char *actor_type, const char *version, char *out, size_t cap);

/* The ids of a list of capabilities, in its order, as `a b c`. */
void ask_capable(const struct registry *registry, char *out, size_t cap);

#endif
