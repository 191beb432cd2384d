#include <stdlib.h>

#include "base/check.h"
#include "server/registry/state.h"

static bool has_name(const void *item, const void *key)
{
    const struct actor_type *type = item;
    const qvt_slice *name = key;
    return qvt_slice_equal(qvt_slice_make(type->name, type->name_len), *name);
}

struct actor_type *actor_type_find(const struct registry *registry, qvt_slice name)
{
    return table_find(&registry->types, table_hash(name, 0), has_name, &name);
}

static qvt_status type_new(struct registry *registry, qvt_slice name, struct actor_type **out)
{
    QVT_TRY(table_reserve(&registry->types, 1));
    struct actor_type *type = calloc(1, sizeof *type + name.len);
    if (type == NULL) {
        return QVT_NO_MEMORY;
    }
    if (name.len > 0) {
        memcpy(type->name, name.data, name.len);
    }
    type->name_len = name.len;
    type->hash = table_hash(name, 0);
    table_add(&registry->types, type->hash, type);
    *out = type;
    return QVT_OK;
}

static void type_free_if_unused(struct registry *registry, struct actor_type *type)
{
    if (type->host_count == 0 && type->pending == 0) {
        table_remove(&registry->types, type->hash, type);
        free(type->hosts);
        free(type);
    }
}

/* Growth by a quarter: with every silo in every type, doubling would waste more than the records' own overhead. */
static qvt_status type_reserve(struct actor_type *type)
{
    uint32_t needed = type->host_count + type->pending + 1;
    if (needed > type->host_capacity) {
        uint32_t capacity = needed + needed / 4;
        struct host *hosts = realloc(type->hosts, capacity * sizeof *hosts);
        if (hosts == NULL) {
            return QVT_NO_MEMORY;
        }
        type->hosts = hosts;
        type->host_capacity = capacity;
    }
    type->pending++;
    return QVT_OK;
}

static qvt_status reserve_slot(struct registry *registry, uint32_t *slot)
{
    if (registry->free_slot_count > 0) {
        *slot = registry->free_slots[--registry->free_slot_count];
        return QVT_OK;
    }
    if (registry->slot_used == registry->slot_capacity) {
        uint32_t capacity = registry->slot_capacity == 0 ? 16 : registry->slot_capacity * 2;
        struct silo **slots = realloc(registry->slots, capacity * sizeof(struct silo *));
        if (slots == NULL) {
            return QVT_NO_MEMORY;
        }
        registry->slots = slots;
        uint32_t *free_slots = realloc(registry->free_slots, capacity * sizeof *free_slots);
        if (free_slots == NULL) {
            return QVT_NO_MEMORY;
        }
        registry->free_slots = free_slots;
        registry->slot_capacity = capacity;
    }
    *slot = registry->slot_used++;
    return QVT_OK;
}

static void free_slot(struct registry *registry, uint32_t slot)
{
    registry->slots[slot] = NULL;
    registry->free_slots[registry->free_slot_count++] = slot;
}

static qvt_status prepare_type(struct registry *registry, const struct silo_view_version *version,
                               struct silo_type *out)
{
    QVT_TRY(version_intern(&registry->versions, version, &out->version));
    qvt_status status = QVT_OK;
    out->type = actor_type_find(registry, version->actor_type);
    if (out->type == NULL) {
        status = type_new(registry, version->actor_type, &out->type);
    }
    if (status == QVT_OK) {
        status = type_reserve(out->type);
        if (status != QVT_OK) {
            type_free_if_unused(registry, out->type);
        }
    }
    if (status != QVT_OK) {
        version_release(&registry->versions, out->version);
    }
    return status;
}

static void abandon_types(struct registry *registry, struct silo *silo, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        silo->types[i].type->pending--;
        type_free_if_unused(registry, silo->types[i].type);
        version_release(&registry->versions, silo->types[i].version);
    }
    free(silo->types);
    silo->types = NULL;
}

static qvt_status prepare_types(struct registry *registry, struct silo *silo)
{
    if (silo->view.type_count == 0) {
        return QVT_OK;
    }
    silo->types = malloc(silo->view.type_count * sizeof *silo->types);
    if (silo->types == NULL) {
        return QVT_NO_MEMORY;
    }
    qvt_slice rest = silo->versions;
    struct silo_view_version version;
    uint32_t count = 0;
    while (silo_view_next_version(&rest, &version)) {
        qvt_status status = prepare_type(registry, &version, &silo->types[count]);
        if (status != QVT_OK) {
            abandon_types(registry, silo, count);
            return status;
        }
        count++;
    }
    QVT_ASSERT(count == silo->view.type_count);
    return QVT_OK;
}

static bool keeps_types(const struct silo *silo, const struct silo *old)
{
    return old != NULL && qvt_slice_equal(silo->versions, old->versions);
}

qvt_status silo_prepare(struct registry *registry, struct image *image, const struct silo *old, struct silo **out)
{
    struct silo *silo = calloc(1, sizeof *silo);
    if (silo == NULL) {
        return QVT_NO_MEMORY;
    }
    list_init(&silo->dead_link);
    qvt_status status = silo_view_parse(&silo->view, image);
    if (status != QVT_OK) {
        goto fail_parse;
    }
    silo->versions = silo_view_versions(image);
    silo->slot = UINT32_MAX;
    if (old == NULL) {
        status = reserve_slot(registry, &silo->slot);
        if (status != QVT_OK) {
            goto fail_parse;
        }
        registry->slots[silo->slot] = NULL;
    }
    status = keeps_types(silo, old) ? QVT_OK : prepare_types(registry, silo);
    if (status != QVT_OK) {
        goto fail_types;
    }
    *out = silo;
    return QVT_OK;

fail_types:
    if (old == NULL) {
        free_slot(registry, silo->slot);
    }
fail_parse:
    free(silo);
    return status;
}

void silo_abandon(struct registry *registry, struct silo *silo)
{
    if (silo->types != NULL) {
        abandon_types(registry, silo, silo->view.type_count);
    }
    if (silo->slot != UINT32_MAX) {
        free_slot(registry, silo->slot);
    }
    free(silo);
}

static void add_hosts(struct registry *registry, struct silo *silo)
{
    for (uint32_t i = 0; i < silo->view.type_count; i++) {
        struct actor_type *type = silo->types[i].type;
        type->pending--;
        silo->types[i].position = type->host_count;
        type->hosts[type->host_count++] = (struct host){silo->slot, silo->types[i].version};
    }
    registry->counts.actor_types = (uint32_t)registry->types.count;
}

/* The last host takes the free place; its silo must know. */
static void move_host(struct registry *registry, struct actor_type *type, uint32_t from, uint32_t to)
{
    type->hosts[to] = type->hosts[from];
    struct silo *silo = registry->slots[type->hosts[to].slot];
    for (uint32_t i = 0; i < silo->view.type_count; i++) {
        if (silo->types[i].type == type && silo->types[i].position == from) {
            silo->types[i].position = to;
            return;
        }
    }
    QVT_ASSERT(false && "a host without its silo's type");
}

static void remove_hosts(struct registry *registry, struct silo *silo)
{
    for (uint32_t i = 0; i < silo->view.type_count; i++) {
        struct actor_type *type = silo->types[i].type;
        uint32_t last = type->host_count - 1;
        if (silo->types[i].position != last) {
            move_host(registry, type, last, silo->types[i].position);
        }
        type->host_count = last;
        version_release(&registry->versions, silo->types[i].version);
        type_free_if_unused(registry, type);
    }
    registry->counts.actor_types = (uint32_t)registry->types.count;
    free(silo->types);
    silo->types = NULL;
}

static void count_silo(struct registry *registry, struct silo *silo, bool add)
{
    struct registry_counts *counts = &registry->counts;
    uint32_t one = add ? 1u : UINT32_MAX; /* unsigned minus one */
    bool dead = silo->view.status == PLACEMENT_DEAD;
    counts->silos += one;
    counts->silos_by_status[silo->view.status] += one;
    counts->suspect += silo->view.suspect && !dead ? one : 0;
    counts->unhealthy += silo->view.unhealthy && !dead ? one : 0;
    if (dead && add) {
        list_push_back(&registry->dead, &silo->dead_link);
    } else {
        list_remove(&silo->dead_link);
    }
}

void silo_commit(struct registry *registry, struct record *record, struct silo *silo)
{
    struct silo *old = record->silo;
    bool keeps = keeps_types(silo, old);
    if (old != NULL) {
        count_silo(registry, old, false);
        silo->slot = old->slot;
        if (keeps) {
            silo->types = old->types;
        } else {
            remove_hosts(registry, old);
        }
        free(old);
    }
    silo->record = record;
    record->silo = silo;
    registry->slots[silo->slot] = silo;
    if (!keeps) {
        add_hosts(registry, silo);
    }
    count_silo(registry, silo, true);
    if (silo->view.incarnation > registry->last_incarnation) {
        registry->last_incarnation = silo->view.incarnation;
    }
}

void silo_remove(struct registry *registry, struct silo *silo)
{
    count_silo(registry, silo, false);
    remove_hosts(registry, silo);
    free_slot(registry, silo->slot);
    free(silo);
}
