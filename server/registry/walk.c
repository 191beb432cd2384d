#include <stdlib.h>

#include "base/check.h"
#include "server/registry/state.h"

/* A marker in the list of records by mod_revision: what is before it has been visited, what changes moves behind it. */
struct registry_walk {
    struct order_node order;
    struct list link; /* in registry->walks */
    struct registry *registry;
    struct position began;
};

qvt_status tombstone_new(struct tombstone **out, uint32_t kind, qvt_slice key, uint64_t revision)
{
    struct tombstone *tombstone = malloc(sizeof *tombstone + key.len);
    if (tombstone == NULL) {
        return QVT_NO_MEMORY;
    }
    list_init(&tombstone->order.link);
    tombstone->order.kind = ORDER_TOMBSTONE;
    tombstone->revision = revision;
    tombstone->kind = kind;
    tombstone->key_len = key.len;
    if (key.len > 0) {
        memcpy(tombstone->key, key.data, key.len);
    }
    *out = tombstone;
    return QVT_OK;
}

qvt_status registry_walk_begin(struct registry *registry, struct registry_walk **out)
{
    struct registry_walk *walk = malloc(sizeof *walk);
    if (walk == NULL) {
        return QVT_NO_MEMORY;
    }
    walk->order.kind = ORDER_WALK;
    walk->registry = registry;
    walk->began = registry->head;
    list_push_front(&registry->order, &walk->order.link);
    list_push_back(&registry->walks, &walk->link);
    *out = walk;
    return QVT_OK;
}

const struct position *registry_walk_position(const struct registry_walk *walk)
{
    return &walk->began;
}

static bool visit(const struct registry_walk *walk, struct list *node, struct registry_step *step)
{
    struct order_node *order = LIST_ENTRY(node, struct order_node, link);
    if (order->kind == ORDER_RECORD) {
        struct record *record = LIST_ENTRY(node, struct record, order.link);
        *step = (struct registry_step){.image = record->image};
        return true;
    }
    if (order->kind == ORDER_TOMBSTONE) {
        struct tombstone *tombstone = LIST_ENTRY(node, struct tombstone, order.link);
        *step = (struct registry_step){
            .removed_kind = tombstone->kind,
            .removed_key = qvt_slice_make(tombstone->key, tombstone->key_len),
        };
        return tombstone->revision > walk->began.revision;
    }
    return false;
}

bool registry_walk_next(struct registry_walk *walk, struct registry_step *step)
{
    struct list *end = &walk->registry->order;
    while (walk->order.link.next != end) {
        struct list *passed = walk->order.link.next;
        list_remove(&walk->order.link);
        list_insert_before(passed->next, &walk->order.link);
        if (visit(walk, passed, step)) {
            return true;
        }
    }
    return false;
}

/* Walks are in order of their beginning, so the first one still open is the oldest. */
static uint64_t oldest_walk(const struct registry *registry)
{
    if (list_is_empty(&registry->walks)) {
        return UINT64_MAX;
    }
    return LIST_ENTRY(registry->walks.next, struct registry_walk, link)->began.revision;
}

static void free_tombstones(struct registry *registry)
{
    uint64_t oldest = oldest_walk(registry);
    for (struct list *node = registry->order.next; node != &registry->order;) {
        struct list *next = node->next;
        struct order_node *order = LIST_ENTRY(node, struct order_node, link);
        if (order->kind == ORDER_TOMBSTONE) {
            struct tombstone *tombstone = LIST_ENTRY(node, struct tombstone, order.link);
            if (tombstone->revision <= oldest) {
                list_remove(node);
                registry->tombstones--;
                free(tombstone);
            }
        }
        node = next;
    }
}

void registry_walk_end(struct registry_walk *walk)
{
    if (walk == NULL) {
        return;
    }
    struct registry *registry = walk->registry;
    list_remove(&walk->order.link);
    list_remove(&walk->link);
    free(walk);
    if (registry->tombstones > 0) {
        free_tombstones(registry);
    }
}
