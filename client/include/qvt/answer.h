/* What every answer of the tracker says of itself: which history and moment it speaks of, and how long it holds. */
#ifndef QVT_ANSWER_H
#define QVT_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "qvt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QVT_STORE_ID_MAX 64

/* A point in a cluster's history. Positions compare only under the same store_id. Its layout is final. */
typedef struct qvt_position {
    char store_id[QVT_STORE_ID_MAX + 1]; /* "": no position */
    uint64_t revision;                   /* 0: nobody created the cluster yet */
    uint64_t token;                      /* random, of the change that made the revision */
} qvt_position;

/* Made by the library, never by the caller; later versions may append members. */
typedef struct qvt_answer {
    qvt_position position;
    uint32_t cache_ttl_ms; /* how long the answer may be used without asking again */
    bool is_aged;          /* tracker or store are out of reach, and age_ms is how old the answer is */
    uint32_t age_ms;
    /* Of a store that was replaced by another one, whose silos are registering again: for one TTL the better truth. */
    bool is_stale;
} qvt_answer;

#ifdef __cplusplus
}
#endif

#endif
