/* A point in a cluster's history: {store_id, revision, token} (SPEC §2). */
#ifndef QVT_SERVER_REGISTRY_POSITION_H
#define QVT_SERVER_REGISTRY_POSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "qvt/slice.h"
#include "qvt/status.h"

#define STORE_ID_LEN 32u
#define POSITION_TEXT_MAX 40u /* 20 digits, a dot, 16 hex digits, NUL */

/* revision 0: nobody created the cluster; store_id is then "" and token 0. */
struct position {
    char store_id[STORE_ID_LEN + 1u]; /* 32 lower-case hex digits */
    uint64_t revision;
    uint64_t token;
};

/* Writes `<revision decimal>.<token 16 hex>` with its NUL; returns the length. An etag is the same text. */
unsigned position_format(char out[POSITION_TEXT_MAX], uint64_t revision, uint64_t token);

/* Reads that text; INVALID_ARGUMENT for anything else. Leaves out->store_id empty. */
QVT_MUST_CHECK qvt_status position_parse(struct position *out, qvt_slice text);

/* Same store, revision and token. */
bool position_equal(const struct position *a, const struct position *b);

#endif
