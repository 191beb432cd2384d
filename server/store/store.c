#include "server/store/store.h"

#include <stdlib.h>

#include "base/check.h"
#include "server/registry/silo_view.h"
#include "server/store/store_base.h"

void store_close(struct store *store, void (*on_closed)(void *data), void *data)
{
    store->ops->close(store, on_closed, data);
}

void store_list(struct store *store, store_on_list on_list, void *data)
{
    store->ops->list(store, on_list, data);
}

bool store_is_shared(const struct store *store)
{
    return store->shared;
}

int64_t store_wall_us(const struct store *store)
{
    const struct store_away_ops *away = store->ops->away;
    return away != NULL && away->wall_us != NULL ? away->wall_us(store) : clock_wall_us(store->clock);
}

int64_t store_monotonic_us(const struct store *store)
{
    return clock_monotonic_us(store->clock);
}

static qvt_status open_log(struct store *store, const char *name, enum store_log_kind kind, store_on_changes on_changes,
                           void *data, struct store_log **out)
{
    QVT_TRY(store->ops->open_log(store, name, kind, out));
    (*out)->kind = kind;
    (*out)->on_changes = on_changes;
    (*out)->on_changes_data = data;
    return QVT_OK;
}

qvt_status store_open_log(struct store *store, const char *name, store_on_changes on_changes, void *data,
                          struct store_log **out)
{
    return open_log(store, name, STORE_LOG_CLUSTER, on_changes, data, out);
}

qvt_status store_open_moves(struct store *store, const char *name, store_on_changes on_changes, void *data,
                            struct store_log **out)
{
    return open_log(store, name, STORE_LOG_MOVES, on_changes, data, out);
}

void store_close_log(struct store_log *log)
{
    if (log != NULL) {
        log->store->ops->close_log(log);
    }
}

void store_load(struct store_log *log, store_on_load on_load, void *data)
{
    log->store->ops->load(log, on_load, data);
}

/* The log may be gone after the callback. */
static void on_appended(void *data, enum store_append_outcome outcome, struct change *const *missed,
                        size_t missed_count, const qvt_error *error)
{
    struct store_log *log = data;
    struct store_metrics *metrics = &log->store->metrics;
    metrics->appends[outcome]++;
    if (outcome == STORE_APPENDED) {
        int64_t took_us = store_monotonic_us(log->store) - log->append_began_us;
        histogram_add(&metrics->append_us, &histogram_times_us, took_us < 0 ? 0 : (uint64_t)took_us);
        histogram_add(&metrics->append_changes, &histogram_sizes, log->append_changes);
    }
    log->on_append(log->on_append_data, outcome, missed, missed_count, error);
}

void store_append(struct store_log *log, const struct store_append *append, store_on_append on_append, void *data)
{
    QVT_ASSERT(append->change_count > 0);
    QVT_ASSERT((append->cluster_head != NULL) == (log->kind == STORE_LOG_MOVES));
    log->on_append = on_append;
    log->on_append_data = data;
    log->append_began_us = store_monotonic_us(log->store);
    log->append_changes = append->change_count;
    log->store->ops->append(log, append, on_appended, log);
}

const struct store_metrics *store_metrics(const struct store *store)
{
    return &store->metrics;
}

void store_head(struct store_log *log, store_on_head on_head, void *data)
{
    log->store->ops->head(log, on_head, data);
}

void store_reset(struct store_log *log, const struct position *seen, const char *store_id, store_on_head on_head,
                 void *data)
{
    QVT_ASSERT(log->store->ops->away != NULL);
    log->store->ops->away->reset(log, seen, store_id, on_head, data);
}

void store_volatile_init(struct store_volatile *memory)
{
    leases_init(&memory->leases);
    soft_init(&memory->soft);
}

void store_volatile_deinit(struct store_volatile *memory)
{
    leases_deinit(&memory->leases);
    soft_deinit(&memory->soft);
}

qvt_status store_volatile_load(struct store_volatile *memory, struct image *const *records, size_t count,
                               int64_t now_us)
{
    for (size_t i = 0; i < count; i++) {
        struct registry_silo silo;
        if (image_kind(records[i]) != RECORD_SILO || silo_view_parse(&silo, records[i]) != QVT_OK ||
            silo.status == PLACEMENT_DEAD || leases_has(&memory->leases, silo.incarnation)) {
            continue;
        }
        QVT_TRY(leases_reserve(&memory->leases, 1));
        leases_grant(&memory->leases, silo.incarnation, silo.lease_ttl_ms, now_us);
    }
    return QVT_OK;
}

bool store_volatile_lapsed(const struct store_volatile *memory, const uint64_t *incarnations, size_t count,
                           int64_t now_us)
{
    for (size_t i = 0; i < count; i++) {
        if (leases_remaining_ms(&memory->leases, incarnations[i], now_us) > 0) {
            return false;
        }
    }
    return true;
}

void store_volatile_hold(struct store_volatile *memory, const uint64_t *incarnations, size_t count, bool held)
{
    for (size_t i = 0; i < count; i++) {
        leases_hold(&memory->leases, incarnations[i], held);
    }
}

/* ---- leases and soft state: elsewhere, or in this process's memory ---- */

static void renew_here(struct store_log *log, const struct store_lease *leases, size_t count, store_on_renew on_renew,
                       void *data)
{
    int64_t now_us = store_monotonic_us(log->store);
    uint32_t few[16];
    uint32_t *remaining = count <= sizeof few / sizeof few[0] ? few : malloc(count * sizeof *remaining);
    if (remaining == NULL) {
        on_renew(data, QVT_NO_MEMORY, NULL, 0);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        bool renewed = leases_renew(&log->memory->leases, leases[i].incarnation, leases[i].ttl_ms, now_us);
        remaining[i] = renewed ? leases[i].ttl_ms : 0;
    }
    on_renew(data, QVT_OK, remaining, count);
    if (remaining != few) {
        free(remaining);
    }
}

void store_renew(struct store_log *log, const struct store_lease *leases, size_t count, store_on_renew on_renew,
                 void *data)
{
    const struct store_away_ops *away = log->store->ops->away;
    (away != NULL ? away->renew : renew_here)(log, leases, count, on_renew, data);
}

void store_drop(struct store_log *log, const uint64_t *incarnations, size_t count)
{
    if (log->store->ops->away != NULL) {
        log->store->ops->away->drop(log, incarnations, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        leases_drop(&log->memory->leases, incarnations[i]);
    }
}

void store_lapsed(struct store_log *log, size_t max, store_on_lapsed on_lapsed, void *data)
{
    if (log->store->ops->away != NULL) {
        log->store->ops->away->lapsed(log, max, on_lapsed, data);
        return;
    }
    uint64_t *incarnations = malloc((max + 1) * sizeof *incarnations);
    if (incarnations == NULL) {
        on_lapsed(data, QVT_NO_MEMORY, NULL, 0);
        return;
    }
    size_t count = leases_lapsed(&log->memory->leases, store_monotonic_us(log->store), incarnations, max);
    on_lapsed(data, QVT_OK, incarnations, count);
    free(incarnations);
}

int64_t store_next_lapse_us(const struct store_log *log)
{
    const struct store_away_ops *away = log->store->ops->away;
    return away != NULL ? away->next_lapse_us(log) : leases_next_us(&log->memory->leases);
}

uint32_t store_lease_remaining_ms(const struct store_log *log, uint64_t incarnation)
{
    if (log->store->ops->away != NULL) {
        return log->store->ops->away->lease_remaining_ms(log, incarnation);
    }
    return leases_remaining_ms(&log->memory->leases, incarnation, store_monotonic_us(log->store));
}

int64_t store_turn_us(const struct store_log *log)
{
    const struct store_away_ops *away = log->store->ops->away;
    return away != NULL && away->turn_us != NULL ? away->turn_us(log) : INT64_MIN;
}

size_t store_lease_count(const struct store_log *log)
{
    const struct store_away_ops *away = log->store->ops->away;
    if (away != NULL) {
        return away->lease_count == NULL ? 0 : away->lease_count(log);
    }
    return log->memory->leases.table.count;
}

qvt_status store_publish(struct store_log *log, const char *replica, const char *key, qvt_slice value, uint32_t ttl_ms)
{
    if (log->store->ops->away != NULL) {
        return log->store->ops->away->publish(log, replica, key, value, ttl_ms);
    }
    return soft_publish(&log->memory->soft, replica, key, value, ttl_ms, store_monotonic_us(log->store));
}

void store_collect(struct store_log *log, const char *key, store_on_collect on_collect, void *data)
{
    if (log->store->ops->away != NULL) {
        log->store->ops->away->collect(log, key, on_collect, data);
        return;
    }
    soft_collect(&log->memory->soft, key, store_monotonic_us(log->store), on_collect, data);
}
