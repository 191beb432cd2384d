#include "server/store/redis/lease_views.h"

#include <stdlib.h>

#include "base/list.h"

struct lease_view {
    uint64_t incarnation;
    int64_t end_us;
    uint32_t ttl_ms;
    struct deadline due; /* at most when it must be looked at */
};

static uint64_t hash_of(uint64_t incarnation)
{
    return table_hash(qvt_slice_make(&incarnation, sizeof incarnation), 0);
}

static bool has_incarnation(const void *item, const void *key)
{
    return ((const struct lease_view *)item)->incarnation == *(const uint64_t *)key;
}

static struct lease_view *find(const struct lease_views *views, uint64_t incarnation)
{
    return table_find(&views->table, hash_of(incarnation), has_incarnation, &incarnation);
}

void lease_views_deinit(struct lease_views *views)
{
    size_t cursor = 0;
    void *view;
    while ((view = table_next(&views->table, &cursor)) != NULL) {
        free(view);
    }
    table_deinit(&views->table);
    deadlines_deinit(&views->due);
    *views = (struct lease_views){.table = {NULL, 0, 0}};
}

static struct lease_view *add(struct lease_views *views, uint64_t incarnation)
{
    if (table_reserve(&views->table, 1) != QVT_OK || deadlines_reserve(&views->due, views->table.count + 1) != QVT_OK) {
        return NULL;
    }
    struct lease_view *view = calloc(1, sizeof *view);
    if (view != NULL) {
        view->incarnation = incarnation;
        view->due.index = DEADLINE_NONE;
        table_add(&views->table, hash_of(incarnation), view);
    }
    return view;
}

static int64_t due_us(const struct lease_view *view)
{
    return view->end_us - (int64_t)view->ttl_ms * 500;
}

void lease_views_set(struct lease_views *views, uint64_t incarnation, uint32_t ttl_ms, int64_t end_us, int64_t now_us)
{
    struct lease_view *view = find(views, incarnation);
    if (view == NULL) {
        view = add(views, incarnation);
    }
    if (view != NULL) {
        view->ttl_ms = ttl_ms;
        view->end_us = end_us;
        deadlines_set(&views->due, &view->due, end_us == 0 ? now_us : due_us(view));
    }
}

void lease_views_move(struct lease_views *views, uint64_t incarnation, int64_t end_us)
{
    struct lease_view *view = find(views, incarnation);
    if (view != NULL) {
        view->end_us = end_us;
        if (view->due.index == DEADLINE_NONE || view->due.due_us > due_us(view)) {
            deadlines_set(&views->due, &view->due, due_us(view));
        }
    }
}

void lease_views_drop(struct lease_views *views, uint64_t incarnation)
{
    struct lease_view *view = find(views, incarnation);
    if (view != NULL) {
        table_remove(&views->table, hash_of(incarnation), view);
        deadlines_remove(&views->due, &view->due);
        free(view);
    }
}

uint32_t lease_views_remaining_ms(const struct lease_views *views, uint64_t incarnation, int64_t now_us)
{
    const struct lease_view *view = find(views, incarnation);
    if (view == NULL || view->end_us <= now_us) {
        return 0;
    }
    int64_t left_ms = (view->end_us - now_us + 999) / 1000;
    return left_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)left_ms;
}

uint32_t lease_views_ttl_ms(const struct lease_views *views, uint64_t incarnation)
{
    const struct lease_view *view = find(views, incarnation);
    return view == NULL ? 0 : view->ttl_ms;
}

size_t lease_views_take_due(struct lease_views *views, int64_t now_us, int64_t again_us, uint64_t *out, size_t most)
{
    size_t count = 0;
    struct deadline *first;
    while (count < most && (first = deadlines_first(&views->due)) != NULL && first->due_us <= now_us) {
        struct lease_view *view = LIST_ENTRY(first, struct lease_view, due);
        if (view->end_us != 0 && due_us(view) > now_us) {
            deadlines_set(&views->due, first, due_us(view));
        } else {
            deadlines_set(&views->due, first, now_us + again_us);
            out[count++] = view->incarnation;
        }
    }
    return count;
}
