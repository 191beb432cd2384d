/* The answer of a find as the application holds it: either a hold of a reader on a prepared answer, or memory of its own. */
#ifndef QVT_CLIENT_RESULT_H
#define QVT_CLIENT_RESULT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "qvt/find.h"

struct found;

/* Invariant: a hold is free exactly while found is NULL. */
struct qvt_find_result {
    _Atomic(struct found *) found;
    _Atomic(const qvt_answer *) answer;
    bool is_hold; /* of a reader; constant */
};

/* A result with memory of its own: takes over one reference to the found, also when it fails. NO_MEMORY. */
QVT_MUST_CHECK qvt_status result_new(qvt_find_result **out, struct found *found, const qvt_answer *answer);

/* Makes the hold keep both; inside reader_enter. */
static inline void result_hold(qvt_find_result *hold, struct found *found, const qvt_answer *answer)
{
    atomic_store_explicit(&hold->answer, answer, memory_order_relaxed);
    atomic_store_explicit(&hold->found, found, memory_order_release);
}

#endif
