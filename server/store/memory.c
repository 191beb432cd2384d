#include "server/store/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "server/registry/history.h"
#include "server/store/store_base.h"

/* One log of a cluster: its records by (kind, key), and the changes that made them. */
struct memory_cluster {
    struct list link; /* in memory_store.clusters */
    struct list logs; /* memory_log.link */
    struct position head;
    struct table records; /* of images */
    struct history history;
    struct store_volatile memory;
    enum store_log_kind kind;
    char name[];
};

struct memory_store {
    struct store base;
    struct list clusters;
};

struct memory_log {
    struct store_log base;
    struct list link;
    struct memory_cluster *cluster;
};

static struct memory_log *as_memory(struct store_log *log)
{
    return (struct memory_log *)(void *)log;
}

static bool same_record(const void *item, const void *key)
{
    return image_kind(item) == ((const struct change_key *)key)->kind &&
           qvt_slice_equal(image_key(item), ((const struct change_key *)key)->key);
}

static uint64_t hash_record(uint32_t kind, qvt_slice key)
{
    return table_hash(key, kind);
}

static void remove_record(struct memory_cluster *cluster, uint32_t kind, qvt_slice key)
{
    struct change_key name = {kind, key};
    uint64_t hash = hash_record(kind, key);
    struct image *image = table_find(&cluster->records, hash, same_record, &name);
    if (image != NULL) {
        table_remove(&cluster->records, hash, image);
        image_unref(image);
    }
}

static void put_record(struct memory_cluster *cluster, struct image *image)
{
    remove_record(cluster, image_kind(image), image_key(image));
    table_add(&cluster->records, hash_record(image_kind(image), image_key(image)), image_ref(image));
}

static struct memory_cluster *find_cluster(struct memory_store *store, const char *name, enum store_log_kind kind)
{
    for (struct list *node = store->clusters.next; node != &store->clusters; node = node->next) {
        struct memory_cluster *cluster = LIST_ENTRY(node, struct memory_cluster, link);
        if (cluster->kind == kind && strcmp(cluster->name, name) == 0) {
            return cluster;
        }
    }
    return NULL;
}

static struct memory_cluster *new_cluster(struct memory_store *store, const char *name, enum store_log_kind kind)
{
    size_t len = strlen(name) + 1;
    struct memory_cluster *cluster = calloc(1, sizeof *cluster + len);
    if (cluster == NULL) {
        return NULL;
    }
    memcpy(cluster->name, name, len);
    cluster->kind = kind;
    list_init(&cluster->logs);
    store_volatile_init(&cluster->memory);
    list_push_back(&store->clusters, &cluster->link);
    return cluster;
}

static void free_cluster(struct memory_cluster *cluster)
{
    size_t cursor = 0;
    struct image *image;
    QVT_ASSERT(list_is_empty(&cluster->logs));
    list_remove(&cluster->link);
    while ((image = table_next(&cluster->records, &cursor)) != NULL) {
        image_unref(image);
    }
    table_deinit(&cluster->records);
    history_deinit(&cluster->history);
    store_volatile_deinit(&cluster->memory);
    free(cluster);
}

static void close_store(struct store *base, void (*on_closed)(void *data), void *data)
{
    struct memory_store *store = (struct memory_store *)(void *)base;
    while (!list_is_empty(&store->clusters)) {
        free_cluster(LIST_ENTRY(store->clusters.next, struct memory_cluster, link));
    }
    free(store);
    if (on_closed != NULL) {
        on_closed(data);
    }
}

static void list_clusters(struct store *base, store_on_list on_list, void *data)
{
    struct memory_store *store = (struct memory_store *)(void *)base;
    size_t capacity = 1;
    size_t count = 0;
    for (struct list *node = store->clusters.next; node != &store->clusters; node = node->next) {
        capacity++;
    }
    const char **names = malloc(capacity * sizeof(char *));
    if (names == NULL) {
        on_list(data, QVT_NO_MEMORY, NULL, 0, NULL);
        return;
    }
    for (struct list *node = store->clusters.next; node != &store->clusters; node = node->next) {
        struct memory_cluster *cluster = LIST_ENTRY(node, struct memory_cluster, link);
        if (cluster->kind == STORE_LOG_CLUSTER && cluster->head.revision > 0) {
            names[count++] = cluster->name;
        }
    }
    on_list(data, QVT_OK, names, count, NULL);
    free(names);
}

static qvt_status open_log(struct store *base, const char *name, enum store_log_kind kind, struct store_log **out)
{
    struct memory_store *store = (struct memory_store *)(void *)base;
    struct memory_log *log = calloc(1, sizeof *log);
    if (log == NULL) {
        return QVT_NO_MEMORY;
    }
    log->cluster = find_cluster(store, name, kind);
    if (log->cluster == NULL) {
        log->cluster = new_cluster(store, name, kind);
    }
    if (log->cluster == NULL) {
        free(log);
        return QVT_NO_MEMORY;
    }
    log->base.store = base;
    log->base.memory = &log->cluster->memory;
    list_push_back(&log->cluster->logs, &log->link);
    *out = &log->base;
    return QVT_OK;
}

static void close_log(struct store_log *base)
{
    struct memory_log *log = as_memory(base);
    struct memory_cluster *cluster = log->cluster;
    list_remove(&log->link);
    free(log);
    if (list_is_empty(&cluster->logs) && cluster->head.revision == 0) {
        free_cluster(cluster);
    }
}

/* The changes with these revisions, as an array that the caller frees; NULL: out of memory. */
static struct change **copy_changes(const struct memory_cluster *cluster, uint64_t from, size_t count)
{
    struct change **changes = malloc((count + 1) * sizeof(struct change *));
    for (size_t i = 0; changes != NULL && i < count; i++) {
        changes[i] = history_at(&cluster->history, from + i);
    }
    return changes;
}

static void load(struct store_log *base, store_on_load on_load, void *data)
{
    struct memory_cluster *cluster = as_memory(base)->cluster;
    size_t count = cluster->history.count;
    struct change **history = copy_changes(cluster, cluster->history.first_revision, count);
    struct image **records = malloc((cluster->records.count + 1) * sizeof(struct image *));
    qvt_status status = history == NULL || records == NULL ? QVT_NO_MEMORY : QVT_OK;
    size_t cursor = 0;
    for (size_t i = 0; status == QVT_OK && i < cluster->records.count; i++) {
        records[i] = table_next(&cluster->records, &cursor);
    }
    if (status == QVT_OK) {
        status =
            store_volatile_load(&cluster->memory, records, cluster->records.count, store_monotonic_us(base->store));
    }
    struct store_snapshot snapshot = {cluster->head, records, cluster->records.count, history, count};
    on_load(data, status, status == QVT_OK ? &snapshot : NULL, NULL);
    free(history);
    free(records);
}

static qvt_status reserve(struct memory_cluster *cluster, const struct store_append *append)
{
    size_t puts = 0;
    for (size_t i = 0; i < append->change_count; i++) {
        puts += append->changes[i]->put_count;
    }
    QVT_TRY(history_reserve(&cluster->history, append->change_count));
    QVT_TRY(table_reserve(&cluster->records, puts));
    return leases_reserve(&cluster->memory.leases, append->grant_count);
}

static void apply(struct memory_cluster *cluster, const struct store_append *append, int64_t now_us)
{
    for (size_t i = 0; i < append->change_count; i++) {
        struct change *change = append->changes[i];
        for (size_t k = 0; k < change->put_count; k++) {
            put_record(cluster, change->puts[k]);
        }
        for (size_t k = 0; k < change->delete_count; k++) {
            remove_record(cluster, change->deletes[k].kind, change->deletes[k].key);
        }
        history_push(&cluster->history, change);
        cluster->head = change->position;
    }
    for (size_t i = 0; i < append->grant_count; i++) {
        leases_grant(&cluster->memory.leases, append->grants[i].incarnation, append->grants[i].ttl_ms, now_us);
    }
    for (size_t i = 0; i < append->end_count; i++) {
        leases_drop(&cluster->memory.leases, append->ends[i]);
    }
    history_drop_below(&cluster->history, append->keep_from);
}

static void tell_others(const struct memory_log *log, struct change *const *changes, size_t count)
{
    for (struct list *node = log->cluster->logs.next; node != &log->cluster->logs;) {
        struct memory_log *other = LIST_ENTRY(node, struct memory_log, link);
        node = node->next;
        if (other != log && other->base.on_changes != NULL) {
            other->base.on_changes(other->base.on_changes_data, changes, count);
        }
    }
}

/* What the caller missed: empty when its head is not in the kept history. */
static void refuse(const struct memory_cluster *cluster, const struct position *expected, store_on_append on_append,
                   void *data)
{
    const struct change *next = history_at(&cluster->history, expected->revision + 1);
    size_t count = 0;
    struct change **missed = NULL;
    if (next != NULL && next->previous_token == expected->token) {
        count = (size_t)(cluster->head.revision - expected->revision);
        missed = copy_changes(cluster, expected->revision + 1, count);
    }
    on_append(data, STORE_CONFLICT, missed, missed == NULL ? 0 : count, NULL);
    free(missed);
}

/* Whether the log that a move was decided beside stands where it stood then. */
static bool cluster_is_at(const struct store_log *base, const struct memory_cluster *moves, const struct position *head)
{
    struct memory_store *store = (struct memory_store *)(void *)base->store;
    const struct memory_cluster *cluster = find_cluster(store, moves->name, STORE_LOG_CLUSTER);
    return cluster != NULL && position_equal(&cluster->head, head);
}

static void append_changes(struct store_log *base, const struct store_append *append, store_on_append on_append,
                           void *data)
{
    struct memory_log *log = as_memory(base);
    struct memory_cluster *cluster = log->cluster;
    int64_t now_us = store_monotonic_us(base->store);
    if (!position_equal(append->expected, &cluster->head)) {
        refuse(cluster, append->expected, on_append, data);
        return;
    }
    if (append->cluster_head != NULL && !cluster_is_at(base, cluster, append->cluster_head)) {
        on_append(data, STORE_CLUSTER_MOVED, NULL, 0, NULL);
        return;
    }
    if (!store_volatile_lapsed(&cluster->memory, append->lapsed, append->lapsed_count, now_us)) {
        on_append(data, STORE_UNMET, NULL, 0, NULL);
        return;
    }
    if (reserve(cluster, append) != QVT_OK) {
        qvt_error error;
        (void)qvt_error_set(&error, QVT_NO_MEMORY, NULL, "the store is out of memory");
        on_append(data, STORE_FAILED, NULL, 0, &error);
        return;
    }
    apply(cluster, append, now_us);
    tell_others(log, append->changes, append->change_count);
    on_append(data, STORE_APPENDED, NULL, 0, NULL);
}

static void head(struct store_log *base, store_on_head on_head, void *data)
{
    on_head(data, QVT_OK, &as_memory(base)->cluster->head);
}

static const struct store_ops memory_ops = {
    .close = close_store,
    .list = list_clusters,
    .open_log = open_log,
    .close_log = close_log,
    .load = load,
    .append = append_changes,
    .head = head,
};

qvt_status store_memory_new(struct store **out, const struct clock *clock)
{
    struct memory_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return QVT_NO_MEMORY;
    }
    store->base = (struct store){.ops = &memory_ops, .clock = clock};
    list_init(&store->clusters);
    *out = &store->base;
    return QVT_OK;
}
