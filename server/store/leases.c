#include "server/store/leases.h"

#include <stdlib.h>

#include "base/check.h"

/* Dropped leases that are kept for grants: what superseded silos leave, their successors take. */
enum { SPARE_MAX = 128 };

struct lease {
    uint64_t incarnation;
    int64_t end_us;
    uint32_t holds;
    struct deadline due; /* at most end_us */
    struct list link;    /* in over or spare */
};

static uint64_t hash_of(uint64_t incarnation)
{
    return table_hash(qvt_slice_make(&incarnation, sizeof incarnation), 0);
}

static bool has_incarnation(const void *item, const void *key)
{
    return ((const struct lease *)item)->incarnation == *(const uint64_t *)key;
}

static struct lease *find(const struct leases *leases, uint64_t incarnation)
{
    return table_find(&leases->table, hash_of(incarnation), has_incarnation, &incarnation);
}

void leases_init(struct leases *leases)
{
    *leases = (struct leases){.spare_count = 0};
    list_init(&leases->over);
    list_init(&leases->spare);
}

static void free_list(struct list *list)
{
    while (!list_is_empty(list)) {
        struct lease *lease = LIST_ENTRY(list->next, struct lease, link);
        list_remove(&lease->link);
        free(lease);
    }
}

void leases_deinit(struct leases *leases)
{
    size_t cursor = 0;
    struct lease *lease;
    while ((lease = table_next(&leases->table, &cursor)) != NULL) {
        list_remove(&lease->link);
        free(lease);
    }
    free_list(&leases->spare);
    table_deinit(&leases->table);
    deadlines_deinit(&leases->running);
}

qvt_status leases_reserve(struct leases *leases, size_t count)
{
    QVT_TRY(table_reserve(&leases->table, count));
    QVT_TRY(deadlines_reserve(&leases->running, leases->table.count + count));
    while (leases->spare_count < count) {
        struct lease *lease = malloc(sizeof *lease);
        if (lease == NULL) {
            return QVT_NO_MEMORY;
        }
        list_init(&lease->link);
        lease->due.index = DEADLINE_NONE;
        list_push_back(&leases->spare, &lease->link);
        leases->spare_count++;
    }
    return QVT_OK;
}

/* A lease that got longer keeps its old moment in the heap and is looked at again then. */
static void run_until(struct leases *leases, struct lease *lease, int64_t end_us)
{
    lease->end_us = end_us;
    list_remove(&lease->link);
    if (lease->due.index == DEADLINE_NONE || lease->due.due_us > end_us) {
        deadlines_set(&leases->running, &lease->due, end_us);
    }
}

void leases_grant(struct leases *leases, uint64_t incarnation, uint32_t ttl_ms, int64_t now_us)
{
    struct lease *lease = find(leases, incarnation);
    if (lease == NULL) {
        QVT_ASSERT(leases->spare_count > 0);
        lease = LIST_ENTRY(leases->spare.next, struct lease, link);
        leases->spare_count--;
        lease->incarnation = incarnation;
        lease->holds = 0;
        table_add(&leases->table, hash_of(incarnation), lease);
    }
    run_until(leases, lease, now_us + (int64_t)ttl_ms * 1000);
}

void leases_hold(struct leases *leases, uint64_t incarnation, bool held)
{
    struct lease *lease = find(leases, incarnation);
    if (lease != NULL && held) {
        lease->holds++;
    } else if (lease != NULL && lease->holds > 0) {
        lease->holds--;
    }
}

bool leases_renew(struct leases *leases, uint64_t incarnation, uint32_t ttl_ms, int64_t now_us)
{
    struct lease *lease = find(leases, incarnation);
    if (lease == NULL || lease->holds > 0) {
        return false;
    }
    run_until(leases, lease, now_us + (int64_t)ttl_ms * 1000);
    return true;
}

void leases_drop(struct leases *leases, uint64_t incarnation)
{
    struct lease *lease = find(leases, incarnation);
    if (lease == NULL) {
        return;
    }
    table_remove(&leases->table, hash_of(incarnation), lease);
    deadlines_remove(&leases->running, &lease->due);
    list_remove(&lease->link);
    if (leases->spare_count < SPARE_MAX) {
        list_push_back(&leases->spare, &lease->link);
        leases->spare_count++;
    } else {
        free(lease);
    }
}

bool leases_has(const struct leases *leases, uint64_t incarnation)
{
    return find(leases, incarnation) != NULL;
}

uint32_t leases_remaining_ms(const struct leases *leases, uint64_t incarnation, int64_t now_us)
{
    const struct lease *lease = find(leases, incarnation);
    if (lease == NULL || lease->end_us <= now_us) {
        return 0;
    }
    return (uint32_t)((lease->end_us - now_us + 999) / 1000);
}

static void advance(struct leases *leases, int64_t now_us)
{
    struct deadline *first;
    while ((first = deadlines_first(&leases->running)) != NULL && first->due_us <= now_us) {
        struct lease *lease = LIST_ENTRY(first, struct lease, due);
        if (lease->end_us > first->due_us) {
            deadlines_set(&leases->running, first, lease->end_us);
        } else {
            deadlines_remove(&leases->running, first);
            list_push_back(&leases->over, &lease->link);
        }
    }
}

size_t leases_lapsed(struct leases *leases, int64_t now_us, uint64_t *out, size_t max)
{
    size_t count = 0;
    advance(leases, now_us);
    for (struct list *node = leases->over.next; node != &leases->over && count < max; node = node->next) {
        out[count++] = LIST_ENTRY(node, struct lease, link)->incarnation;
    }
    return count;
}

int64_t leases_next_us(const struct leases *leases)
{
    const struct deadline *first = deadlines_first(&leases->running);
    return first == NULL ? INT64_MAX : first->due_us;
}
