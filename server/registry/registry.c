#include "server/registry/registry.h"

#include <stdlib.h>

#include "base/check.h"
#include "server/registry/state.h"

qvt_status registry_new(struct registry **out, const struct registry_limits *limits)
{
    struct registry *registry = calloc(1, sizeof *registry);
    if (registry == NULL) {
        return QVT_NO_MEMORY;
    }
    registry->limits = *limits;
    list_init(&registry->order);
    list_init(&registry->walks);
    list_init(&registry->dead);
    *out = registry;
    return QVT_OK;
}

static void free_records(struct registry *registry)
{
    struct record *record;
    while ((record = registry->chain[0]) != NULL) {
        if (record->silo != NULL) {
            silo_remove(registry, record->silo);
        }
        free(record->policy);
        records_delete(registry, record);
    }
}

void registry_free(struct registry *registry)
{
    if (registry == NULL) {
        return;
    }
    QVT_ASSERT(list_is_empty(&registry->walks));
    free_records(registry);
    history_deinit(&registry->history);
    version_index_deinit(&registry->index);
    table_deinit(&registry->table);
    free(registry->slots);
    free(registry->free_slots);
    free(registry);
}

qvt_status registry_load_change(struct registry *registry, struct change *change)
{
    struct history *history = &registry->history;
    if (history->count > 0 && change->position.revision != history->first_revision + history->count) {
        return QVT_DATA_LOSS;
    }
    QVT_TRY(history_reserve(history, 1));
    history_push(history, change);
    return QVT_OK;
}

static int compare_records(const void *a, const void *b)
{
    const struct record *left = *(struct record *const *)a;
    const struct record *right = *(struct record *const *)b;
    uint64_t x = image_origin(left->image).revision;
    uint64_t y = image_origin(right->image).revision;
    return x != y ? (x < y ? -1 : 1) : qvt_slice_compare(image_key(left->image), image_key(right->image));
}

/* Operators may have changed a record after the silo's end, so its revision does not say who died first. */
static void link_dead(struct registry *registry, struct silo *silo)
{
    struct list *before = registry->dead.prev;
    while (before != &registry->dead &&
           LIST_ENTRY(before, struct silo, dead_link)->view.dead_since_us > silo->view.dead_since_us) {
        before = before->prev;
    }
    list_insert_before(before->next, &silo->dead_link);
}

static void relink(struct registry *registry, struct record *const *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        list_remove(&records[i]->order.link);
        list_push_back(&registry->order, &records[i]->order.link);
        struct silo *silo = records[i]->silo;
        if (silo != NULL && silo->view.status == PLACEMENT_DEAD) {
            list_remove(&silo->dead_link);
            link_dead(registry, silo);
        }
    }
}

static bool history_ends_at(const struct history *history, const struct position *head)
{
    if (history->count == 0) {
        return true;
    }
    const struct change *last = history_at(history, history->first_revision + history->count - 1);
    return position_equal(&last->position, head);
}

qvt_status registry_load_end(struct registry *registry, const struct position *head)
{
    if (!history_ends_at(&registry->history, head)) {
        return QVT_DATA_LOSS;
    }
    size_t count = registry->table.count;
    struct record **records = malloc((count + 1) * sizeof(struct record *));
    if (records == NULL) {
        return QVT_NO_MEMORY;
    }
    size_t i = 0;
    for (struct record *record = registry->chain[0]; record != NULL; record = record->next[0]) {
        records[i++] = record;
    }
    QVT_ASSERT(i == count);
    qsort(records, count, sizeof(struct record *), compare_records);
    relink(registry, records, count);
    free(records);
    registry->head = *head;
    return QVT_OK;
}

const struct position *registry_head(const struct registry *registry)
{
    return &registry->head;
}

const struct registry_limits *registry_limits(const struct registry *registry)
{
    return &registry->limits;
}

const struct registry_counts *registry_counts(const struct registry *registry)
{
    return &registry->counts;
}

struct change *registry_change(const struct registry *registry, uint64_t revision)
{
    return history_at(&registry->history, revision);
}

uint64_t registry_history_first(const struct registry *registry)
{
    return registry->history.count > 0 ? registry->history.first_revision : registry->head.revision + 1;
}

void registry_trim(struct registry *registry, int64_t now_us)
{
    history_trim(&registry->history, &registry->limits, now_us);
}

uint64_t registry_history_bytes(const struct registry *registry)
{
    return registry->history.bytes;
}

static bool is_other_store(const struct position *head, const struct position *position)
{
    return head->store_id[0] != 0 && position->store_id[0] != 0 && strcmp(head->store_id, position->store_id) != 0;
}

enum registry_resume registry_resume(const struct registry *registry, const struct position *position)
{
    const struct position *head = &registry->head;
    if (position->revision == 0) {
        return registry_history_first(registry) == 1 ? REGISTRY_RESUME_LIVE : REGISTRY_RESUME_RESET;
    }
    if (is_other_store(head, position)) {
        return REGISTRY_RESUME_LOST;
    }
    if (position->revision > head->revision) {
        return REGISTRY_RESUME_AHEAD;
    }
    if (position->revision == head->revision) {
        return position->token == head->token ? REGISTRY_RESUME_LIVE : REGISTRY_RESUME_LOST;
    }
    const struct change *next = history_at(&registry->history, position->revision + 1);
    if (next == NULL) {
        return REGISTRY_RESUME_RESET;
    }
    return next->previous_token == position->token ? REGISTRY_RESUME_LIVE : REGISTRY_RESUME_LOST;
}
