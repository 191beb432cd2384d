/* A find as it was asked before: what the answer depends on, copied, and how often it was asked. */
#ifndef QVT_CLIENT_QUESTION_H
#define QVT_CLIENT_QUESTION_H

#include <stdatomic.h>
#include <stdbool.h>

#include "qvt/find.h"
#include "client/src/readers.h"

struct found;

struct question {
    struct retired retired;
    qvt_find_request request; /* texts never NULL, in the same block */
    uint32_t type_len, version_len, range_len;
    uint64_t hash;
    _Atomic(bool) is_asked; /* since the loop thread looked last */
    uint32_t counter;       /* of the readers */
    /* Of the loop thread: */
    uint32_t counted;    /* of the counter, when counts were reported last */
    uint32_t extra;      /* finds counted elsewhere since */
    uint32_t idle_ticks; /* without being asked */
    struct found *found; /* the prepared answer; NULL: none yet, or the question is none */
};

/* What one find depends on, ready to be compared. */
struct question_key {
    const qvt_find_request *request;
    size_t type_len, version_len, range_len;
    uint64_t hash;
};

/* Borrows from the request; actor_type is not NULL. */
struct question_key question_key(const qvt_find_request *request);

/* Whether the question is this find. */
bool question_is(const struct question *question, const struct question_key *key);

/* Copies the find. NO_MEMORY; RESOURCE_EXHAUSTED: no counter is left. */
QVT_MUST_CHECK qvt_status question_new(struct question **out, const qvt_find_request *request);
void question_free(struct question *question); /* not its found */

#endif
