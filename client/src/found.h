/* What a find found: immutable, shared by reference count. Either made here from a type's table, or filled from the
 * tracker's answer. */
#ifndef QVT_CLIENT_FOUND_H
#define QVT_CLIENT_FOUND_H

#include <stdatomic.h>

#include "qvt/error.h"
#include "qvt/find.h"
#include "base/arena.h"
#include "client/src/readers.h"
#include "client/src/type_table.h"

struct found {
    _Atomic(uint32_t) refs;
    struct retired retired;
    const qvt_found_silo *silos;
    size_t count;
    const qvt_dropped_silo *dropped;
    size_t dropped_count;
    qvt_empty_reason empty_reason;
    struct type_table *table; /* texts are borrowed from it; NULL: from the arena */
    struct arena arena;       /* unused with a table */
};

/* An empty one with one reference, to be filled. NO_MEMORY. */
QVT_MUST_CHECK qvt_status found_new(struct found **out);

/* Answers the question from the table by the rules of SPEC §4.10 and §5, as the tracker would; keeps its own reference to
 * the table. INVALID_ARGUMENT, NO_MEMORY, in the error too, which may be NULL. */
QVT_MUST_CHECK qvt_status found_answer(struct found **out, struct type_table *table, const qvt_find_request *request,
                                       qvt_error *error);

struct found *found_ref(struct found *found);
void found_unref(struct found *found); /* any thread; NULL is fine */

#endif
