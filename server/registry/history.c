#include "server/registry/history.h"

#include <stdlib.h>

#include "base/check.h"

/* Watchers that keep up share one encoding; those further behind pay for their own. */
#define ENCODED_CHANGES 256u

static bool has_request(const void *item, const void *key)
{
    const struct change *change = item;
    const qvt_slice *request_id = key;
    return qvt_slice_equal(change->request_id, *request_id);
}

static struct change **slot_at(const struct history *history, size_t index)
{
    return &history->ring[(history->start + index) & (history->capacity - 1)];
}

static void forget_request(struct history *history, const struct change *change)
{
    if (change->request_id.len > 0 && history_by_request(history, change->request_id) == change) {
        table_remove(&history->requests, table_hash(change->request_id, 0), change);
    }
}

void history_drop_oldest(struct history *history)
{
    struct change *change = *slot_at(history, 0);
    forget_request(history, change);
    history->bytes -= change_size_bytes(change);
    history->start = (history->start + 1) & (history->capacity - 1);
    history->count--;
    history->first_revision++;
    change_unref(change);
}

void history_deinit(struct history *history)
{
    while (history->count > 0) {
        history_drop_oldest(history);
    }
    table_deinit(&history->requests);
    free(history->ring);
    *history = (struct history){.ring = NULL};
}

qvt_status history_reserve(struct history *history, size_t extra)
{
    QVT_TRY(table_reserve(&history->requests, extra));
    if (history->count + extra <= history->capacity) {
        return QVT_OK;
    }
    size_t capacity = history->capacity == 0 ? 16 : history->capacity * 2;
    while (capacity < history->count + extra) {
        capacity *= 2;
    }
    struct change **ring = malloc(capacity * sizeof(struct change *));
    if (ring == NULL) {
        return QVT_NO_MEMORY;
    }
    for (size_t i = 0; i < history->count; i++) {
        ring[i] = *slot_at(history, i);
    }
    free(history->ring);
    history->ring = ring;
    history->start = 0;
    history->capacity = capacity;
    return QVT_OK;
}

void history_push(struct history *history, struct change *change)
{
    QVT_ASSERT(history->count < history->capacity);
    uint64_t revision = change->position.revision;
    if (history->count == 0) {
        history->first_revision = revision;
    }
    QVT_ASSERT(revision == history->first_revision + history->count);
    *slot_at(history, history->count) = change_ref(change);
    history->count++;
    history->bytes += change_size_bytes(change);
    if (change->request_id.len > 0 && history_by_request(history, change->request_id) == NULL) {
        table_add(&history->requests, table_hash(change->request_id, 0), change);
    }
    if (history->count > ENCODED_CHANGES) {
        change_drop_encoded(*slot_at(history, history->count - 1 - ENCODED_CHANGES));
    }
}

static bool is_over(const struct history *history, const struct registry_limits *limits, int64_t now_us)
{
    const struct change *oldest = *slot_at(history, 0);
    return history->count > limits->history_changes || history->bytes > limits->history_bytes ||
           oldest->time_us < now_us - limits->history_us;
}

void history_trim(struct history *history, const struct registry_limits *limits, int64_t now_us)
{
    while (history->count > 1 && is_over(history, limits, now_us)) {
        history_drop_oldest(history);
    }
}

void history_drop_below(struct history *history, uint64_t revision)
{
    while (history->count > 1 && history->first_revision < revision) {
        history_drop_oldest(history);
    }
}

struct change *history_at(const struct history *history, uint64_t revision)
{
    if (history->count == 0 || revision < history->first_revision ||
        revision - history->first_revision >= history->count) {
        return NULL;
    }
    return *slot_at(history, (size_t)(revision - history->first_revision));
}

struct change *history_by_request(const struct history *history, qvt_slice request_id)
{
    return table_find(&history->requests, table_hash(request_id, 0), has_request, &request_id);
}
