#include "client/src/local/cluster.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "client/src/fork_count.h"

/* SPEC §7.2. */
#define DEAD_MAX 1000u
#define DEAD_MAX_US INT64_C(604800000000)

#define ETAG_SIZE 40

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct list clusters = {&clusters, &clusters};

void local_lock(void)
{
    QVT_ASSERT(pthread_mutex_lock(&lock) == 0);
}

void local_unlock(void)
{
    QVT_ASSERT(pthread_mutex_unlock(&lock) == 0);
}

/* A child of fork gets the lock free, whoever held it; the clusters that it inherits are its parent's. */
static void begin(void)
{
    (void)pthread_atfork(local_lock, local_unlock, local_unlock);
}

static struct local_cluster *find_cluster(const char *name)
{
    for (struct list *node = clusters.next; node != &clusters; node = node->next) {
        struct local_cluster *cluster = LIST_ENTRY(node, struct local_cluster, node);
        if (cluster->forks == fork_count() && strcmp(cluster->name, name) == 0) {
            return cluster;
        }
    }
    return NULL;
}

static struct local_cluster *new_cluster(const char *name)
{
    struct local_cluster *cluster = calloc(1, sizeof *cluster);
    char *copy = strdup(name);
    if (cluster == NULL || copy == NULL) {
        free(cluster);
        free(copy);
        return NULL;
    }
    cluster->name = copy;
    cluster->forks = fork_count();
    list_init(&cluster->listeners);
    list_push_back(&clusters, &cluster->node);
    return cluster;
}

qvt_status local_cluster_open(struct local_cluster **out, const char *name)
{
    (void)pthread_once(&once, begin);
    local_lock();
    struct local_cluster *cluster = find_cluster(name);
    if (cluster == NULL) {
        cluster = new_cluster(name);
    }
    if (cluster != NULL) {
        cluster->refs++;
        *out = cluster;
    }
    local_unlock();
    return cluster != NULL ? QVT_OK : QVT_NO_MEMORY;
}

static void drop_oldest(struct local_cluster *cluster)
{
    struct local_change *oldest = &cluster->changes[cluster->first_change];
    cluster->first_change = (cluster->first_change + 1) % LOCAL_HISTORY_CHANGES;
    cluster->change_count--;
    cluster->change_bytes -= oldest->bytes;
    local_silo_unref(oldest->before);
    local_silo_unref(oldest->after);
}

static void free_cluster(struct local_cluster *cluster)
{
    QVT_ASSERT(list_is_empty(&cluster->listeners));
    list_remove(&cluster->node);
    while (cluster->change_count > 0) {
        drop_oldest(cluster);
    }
    for (size_t i = 0; i < cluster->entry_count; i++) {
        local_silo_unref(cluster->entries[i].silo);
    }
    free(cluster->entries);
    free(cluster->name);
    free(cluster);
}

void local_cluster_close(struct local_cluster *cluster)
{
    local_lock();
    if (--cluster->refs == 0) {
        free_cluster(cluster);
    }
    local_unlock();
}

void local_cluster_listen(struct local_cluster *cluster, struct local_listener *listener)
{
    list_push_back(&cluster->listeners, &listener->node);
}

void local_cluster_unlisten(struct local_listener *listener)
{
    list_remove(&listener->node);
}

/* Where the silo is among the entries, or would be. */
static size_t place_of(const struct local_cluster *cluster, const char *silo_id)
{
    size_t low = 0;
    size_t high = cluster->entry_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool is_before = strcmp(cluster->entries[middle].silo->info.silo_id, silo_id) < 0;
        low = is_before ? middle + 1 : low;
        high = is_before ? high : middle;
    }
    return low;
}

struct local_entry *local_cluster_find(const struct local_cluster *cluster, const char *silo_id)
{
    size_t place = place_of(cluster, silo_id);
    bool is_there = place < cluster->entry_count && strcmp(cluster->entries[place].silo->info.silo_id, silo_id) == 0;
    return is_there ? &cluster->entries[place] : NULL;
}

const struct local_change *local_cluster_change(const struct local_cluster *cluster, uint64_t revision)
{
    uint64_t back = cluster->head.revision - revision; /* beyond the head: huge */
    if (back >= cluster->change_count) {
        return NULL;
    }
    size_t at = cluster->first_change + cluster->change_count - 1 - (size_t)back;
    return &cluster->changes[at % LOCAL_HISTORY_CHANGES];
}

enum local_resume local_cluster_resume(const struct local_cluster *cluster, const qvt_position *position)
{
    if (strcmp(position->store_id, cluster->head.store_id) != 0 || position->revision > cluster->head.revision) {
        return LOCAL_RESUME_LOST;
    }
    const struct local_change *change = local_cluster_change(cluster, position->revision);
    if (change == NULL) {
        return LOCAL_RESUME_OLD;
    }
    return change->position.token == position->token ? LOCAL_RESUME_KEPT : LOCAL_RESUME_LOST;
}

static void make_store_id(char out[QVT_STORE_ID_MAX + 1])
{
    uint64_t high = entropy_u64(entropy_system());
    uint64_t low = entropy_u64(entropy_system());
    snprintf(out, QVT_STORE_ID_MAX + 1, "%016" PRIx64 "%016" PRIx64, high, low);
}

static qvt_position next_position(const struct local_cluster *cluster)
{
    qvt_position next = cluster->head;
    if (next.revision == 0) {
        make_store_id(next.store_id);
    }
    next.revision++;
    next.token = entropy_u64(entropy_system());
    return next;
}

/* Adds to the history and tells; takes over the references. */
static void commit(struct local_cluster *cluster, const struct local_change *change)
{
    const size_t bytes = sizeof *change + (change->after == NULL ? 0 : change->after->encoded.len);
    while (cluster->change_count == LOCAL_HISTORY_CHANGES ||
           (cluster->change_count > 0 && cluster->change_bytes + bytes > LOCAL_HISTORY_BYTES)) {
        drop_oldest(cluster);
    }
    size_t at = (cluster->first_change + cluster->change_count) % LOCAL_HISTORY_CHANGES;
    cluster->changes[at] = *change;
    cluster->changes[at].previous_token = cluster->head.token;
    cluster->changes[at].bytes = bytes;
    cluster->change_count++;
    cluster->change_bytes += bytes;
    cluster->head = change->position;
    for (struct list *node = cluster->listeners.next; node != &cluster->listeners; node = node->next) {
        struct local_listener *listener = LIST_ENTRY(node, struct local_listener, node);
        listener->on_change(listener);
    }
}

static bool is_dead(const struct local_silo *silo)
{
    return silo != NULL && silo->info.status == QVT_SILO_STATUS_DEAD;
}

static struct local_entry *oldest_dead(const struct local_cluster *cluster)
{
    struct local_entry *oldest = NULL;
    for (size_t i = 0; i < cluster->entry_count; i++) {
        struct local_entry *entry = &cluster->entries[i];
        if (is_dead(entry->silo) &&
            (oldest == NULL || entry->silo->info.mod_revision < oldest->silo->info.mod_revision)) {
            oldest = entry;
        }
    }
    return oldest;
}

/* One at a time is enough: a change adds at most one. */
static void purge(struct local_cluster *cluster, int64_t now_us)
{
    struct local_entry *entry = cluster->dead_count == 0 ? NULL : oldest_dead(cluster);
    if (entry == NULL || (cluster->dead_count <= DEAD_MAX && entry->silo->changed_us > now_us - DEAD_MAX_US)) {
        return;
    }
    struct local_change change = {
        .position = next_position(cluster), .event = QVT_CHANGE_SILO_PURGED, .time_us = now_us, .before = entry->silo};
    size_t place = (size_t)(entry - cluster->entries);
    cluster->entry_count--;
    cluster->dead_count--;
    memmove(entry, entry + 1, (cluster->entry_count - place) * sizeof *entry);
    commit(cluster, &change);
}

static qvt_status make_room(struct local_cluster *cluster)
{
    if (cluster->entry_count < cluster->entry_capacity) {
        return QVT_OK;
    }
    size_t capacity = cluster->entry_capacity == 0 ? 8 : cluster->entry_capacity * 2;
    struct local_entry *entries = realloc(cluster->entries, capacity * sizeof *entries);
    if (entries == NULL) {
        return QVT_NO_MEMORY;
    }
    cluster->entries = entries;
    cluster->entry_capacity = capacity;
    return QVT_OK;
}

static void place_silo(struct local_cluster *cluster, struct local_silo *silo)
{
    size_t place = place_of(cluster, silo->info.silo_id);
    struct local_entry *entry = local_cluster_find(cluster, silo->info.silo_id);
    if (entry == NULL) {
        entry = &cluster->entries[place];
        memmove(entry + 1, entry, (cluster->entry_count - place) * sizeof *entry);
        *entry = (struct local_entry){.silo = NULL};
        cluster->entry_count++;
    }
    cluster->dead_count -= is_dead(entry->silo) ? 1 : 0;
    cluster->dead_count += is_dead(silo) ? 1 : 0;
    entry->silo = silo;
    if (entry->incarnation != silo->info.incarnation) {
        *entry = (struct local_entry){.silo = silo, .incarnation = silo->info.incarnation};
    }
}

qvt_status local_cluster_put(struct local_cluster *cluster, qvt_change_event event, const qvt_silo_info *info,
                             const struct local_instance *instance)
{
    char etag[ETAG_SIZE];
    struct local_silo *silo;
    struct local_change change = {
        .position = next_position(cluster), .event = event, .time_us = clock_wall_us(clock_system())};
    qvt_silo_info next = *info;
    snprintf(etag, sizeof etag, "%" PRIu64 ".%016" PRIx64, change.position.revision, change.position.token);
    next.mod_revision = change.position.revision;
    next.etag = etag;
    QVT_TRY(make_room(cluster));
    QVT_TRY(local_silo_new(&silo, &next));
    silo->changed_us = change.time_us;
    silo->instance = *instance;
    if (next.incarnation > cluster->last_incarnation) {
        cluster->last_incarnation = next.incarnation;
    }
    /* The entry's reference goes to the change. */
    const struct local_entry *entry = local_cluster_find(cluster, info->silo_id);
    change.before = entry == NULL ? NULL : entry->silo;
    change.after = local_silo_ref(silo);
    place_silo(cluster, silo);
    commit(cluster, &change);
    purge(cluster, change.time_us);
    return QVT_OK;
}
