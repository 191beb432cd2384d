/* The versions of a silo as the library keeps them: a deep copy, never changed, so that it is replaced as a whole. */
#ifndef QVT_CLIENT_VERSION_SET_H
#define QVT_CLIENT_VERSION_SET_H

#include "qvt/silo.h"
#include "base/arena.h"

struct version_set {
    struct arena arena;
    const qvt_actor_version *versions;
    size_t count;
};

/* Copies the versions; NULL members stay NULL. NO_MEMORY. */
QVT_MUST_CHECK qvt_status version_set_new(struct version_set **out, const qvt_actor_version *versions, size_t count);
void version_set_free(struct version_set *set);

/* The version of an actor type, the last one when it was given twice; NULL: none. Borrowed. */
const qvt_actor_version *version_set_find(const struct version_set *set, const char *actor_type);

/* A copy of the text in the arena in *out; NULL stays NULL. NO_MEMORY. */
QVT_MUST_CHECK qvt_status copy_text(struct arena *arena, const char *text, const char **out);

#endif
