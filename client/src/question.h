/* A find as it was asked before: what the answer depends on, copied, and how often it was asked. */
#ifndef QVT_CLIENT_QUESTION_H
#define QVT_CLIENT_QUESTION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "qvt/find.h"
#include "client/src/readers.h"
#include "client/src/text_map.h"

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

static inline size_t question_length(const char *text)
{
    return text == NULL ? 0 : strlen(text);
}

static inline uint64_t question_stir(uint64_t hash, uint64_t word)
{
    uint64_t x = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return x ^ (x >> 29);
}

/* Borrows from the request; actor_type is not NULL. The actor id decides only with RAMP, which is never prepared. */
static inline struct question_key question_key(const qvt_find_request *request)
{
    struct question_key key = {request, strlen(request->actor_type), question_length(request->version),
                               question_length(request->range), 0};
    uint64_t rest = (uint64_t)request->mode | (uint64_t)request->selector << 8 | (uint64_t)request->limit << 32 |
                    (uint64_t)request->has_contract_fingerprint << 16;
    uint64_t hash = question_stir(text_hash(request->actor_type, key.type_len), rest);
    if (key.version_len > 0) {
        hash = question_stir(hash, text_hash(request->version, key.version_len));
    }
    if (key.range_len > 0) {
        hash = question_stir(hash + 1, text_hash(request->range, key.range_len));
    }
    if (request->has_contract_fingerprint) {
        hash = question_stir(hash, request->contract_fingerprint);
    }
    key.hash = hash;
    return key;
}

/* Whether the question is this find. */
static inline bool question_is(const struct question *question, const struct question_key *key)
{
    const qvt_find_request *a = &question->request;
    const qvt_find_request *b = key->request;
    return question->hash == key->hash && question->type_len == key->type_len &&
           question->version_len == key->version_len && question->range_len == key->range_len && a->mode == b->mode &&
           a->selector == b->selector && a->limit == b->limit &&
           a->has_contract_fingerprint == b->has_contract_fingerprint &&
           (!a->has_contract_fingerprint || a->contract_fingerprint == b->contract_fingerprint) &&
           memcmp(a->actor_type, b->actor_type, key->type_len) == 0 &&
           (key->version_len == 0 || memcmp(a->version, b->version, key->version_len) == 0) &&
           (key->range_len == 0 || memcmp(a->range, b->range, key->range_len) == 0);
}

/* Copies the find. NO_MEMORY; RESOURCE_EXHAUSTED: no counter is left. */
QVT_MUST_CHECK qvt_status question_new(struct question **out, const qvt_find_request *request);
void question_free(struct question *question); /* not its found */

#endif
