#include <stdlib.h>

#include "base/check.h"
#include "server/registry/propose.h"
#include "server/registry/state.h"

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
    registry->slots[*slot] = NULL;
    return QVT_OK;
}

static void free_slot(struct registry *registry, uint32_t slot)
{
    registry->slots[slot] = NULL;
    registry->free_slots[registry->free_slot_count++] = slot;
}

/* The set that the silo will be in: that of the one before as long as the versions stay. */
static qvt_status prepare_set(struct registry *registry, struct silo *silo, const struct silo *old)
{
    silo->keeps_set = old != NULL && qvt_slice_equal(silo->view.versions, old->view.versions);
    if (silo->keeps_set) {
        silo->set = old->set;
        silo->position = old->position;
        return QVT_OK;
    }
    return version_set_reserve(&registry->index, silo->view.versions, &silo->set);
}

qvt_status silo_prepare(struct registry *registry, struct image *image, const struct silo *old,
                        const struct batch *batch, struct silo **out)
{
    struct silo *silo = malloc(sizeof *silo);
    if (silo == NULL) {
        return QVT_NO_MEMORY;
    }
    silo->record = NULL;
    silo->set = NULL;
    silo->position = 0;
    silo->slot = UINT32_MAX;
    silo->keeps_set = false;
    list_init(&silo->dead_link);
    qvt_status status = batch == NULL ? silo_view_parse(&silo->view, image) : batch_view(batch, image, &silo->view);
    if (status == QVT_OK) {
        status = prepare_set(registry, silo, old);
    }
    if (status == QVT_OK && old == NULL) {
        status = reserve_slot(registry, &silo->slot);
        if (status != QVT_OK) {
            version_set_release(&registry->index, silo->set);
        }
    }
    if (status != QVT_OK) {
        free(silo);
        return status;
    }
    *out = silo;
    return QVT_OK;
}

void silo_abandon(struct registry *registry, struct silo *silo)
{
    if (!silo->keeps_set) {
        version_set_release(&registry->index, silo->set);
    }
    if (silo->slot != UINT32_MAX) {
        free_slot(registry, silo->slot);
    }
    free(silo);
}

static void leave_set(struct registry *registry, const struct silo *silo)
{
    if (silo->set == NULL) {
        return;
    }
    uint32_t moved = version_set_leave(&registry->index, silo->set, silo->position);
    if (moved != UINT32_MAX) {
        registry->slots[moved]->position = silo->position;
    }
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
    counts->actor_types = (uint32_t)registry->index.types.count;
}

/* A silo that was DEAD before keeps its place. */
static void link_dead(struct registry *registry, struct silo *old, struct silo *silo)
{
    bool was_dead = old != NULL && old->view.status == PLACEMENT_DEAD;
    if (silo->view.status == PLACEMENT_DEAD && was_dead) {
        list_insert_before(&old->dead_link, &silo->dead_link);
    } else if (silo->view.status == PLACEMENT_DEAD) {
        list_push_back(&registry->dead, &silo->dead_link);
    }
    if (was_dead) {
        list_remove(&old->dead_link);
    }
}

void silo_commit(struct registry *registry, struct record *record, struct silo *silo)
{
    struct silo *old = record->silo;
    link_dead(registry, old, silo);
    if (old != NULL) {
        count_silo(registry, old, false);
        silo->slot = old->slot;
        if (!silo->keeps_set) {
            leave_set(registry, old);
        }
        free(old);
    }
    silo->record = record;
    record->silo = silo;
    registry->slots[silo->slot] = silo;
    if (!silo->keeps_set && silo->set != NULL) {
        silo->position = version_set_join(silo->set, silo->slot);
    }
    count_silo(registry, silo, true);
    if (silo->view.incarnation > registry->last_incarnation) {
        registry->last_incarnation = silo->view.incarnation;
    }
}

void silo_remove(struct registry *registry, struct silo *silo)
{
    leave_set(registry, silo);
    list_remove(&silo->dead_link);
    count_silo(registry, silo, false);
    free_slot(registry, silo->slot);
    free(silo);
}
