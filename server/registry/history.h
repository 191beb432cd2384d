/* The kept changes of a cluster: a ring bounded by count, age and bytes, with a look-up by request id (SPEC §6.2). */
#ifndef QVT_SERVER_REGISTRY_HISTORY_H
#define QVT_SERVER_REGISTRY_HISTORY_H

#include "server/registry/change.h"
#include "server/registry/limits.h"
#include "server/registry/table.h"

/* Invariants: the revisions are first_revision … first_revision + count - 1 without gap. Start from {0}. */
struct history {
    struct change **ring;
    size_t capacity; /* 0 or a power of two */
    size_t start;
    size_t count;
    uint64_t first_revision;
    uint64_t bytes;
    struct table requests; /* request id → change */
};

void history_deinit(struct history *history);

/* Makes room for `extra` more changes. NO_MEMORY. */
QVT_MUST_CHECK qvt_status history_reserve(struct history *history, size_t extra);

/* Adds a change and its own reference; there is room, and it follows the last one, if any. */
void history_push(struct history *history, struct change *change);

/* Drops the oldest changes that the limits do not allow at the wall clock now_us; the newest stays. */
void history_trim(struct history *history, const struct registry_limits *limits, int64_t now_us);

/* Drops the changes below the revision; the newest stays. */
void history_drop_below(struct history *history, uint64_t revision);

/* There is one. */
void history_drop_oldest(struct history *history);

/* The change with this revision, or NULL. Borrowed. */
struct change *history_at(const struct history *history, uint64_t revision);

/* The change with this request id (not empty), or NULL. Borrowed. */
struct change *history_by_request(const struct history *history, qvt_slice request_id);

#endif
