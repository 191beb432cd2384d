#include "server/replica/own_command.h"

#define PURGE_EVERY_US INT64_C(60000000)

int64_t replica_now_us(const struct replica *replica)
{
    return store_monotonic_us(replica->store);
}

void replica_recheck_at(struct replica *replica, int64_t when_us)
{
    replica->recheck_us = when_us < replica->recheck_us ? when_us : replica->recheck_us;
}

const struct registry_silo *replica_find_silo(const struct replica *replica, const struct pulse *pulse)
{
    const struct registry_silo *silo = registry_silo(replica->registry, pulse_id(pulse));
    return silo != NULL && silo->incarnation == pulse->incarnation && silo->status != PLACEMENT_DEAD ? silo : NULL;
}

void replica_refresh(struct replica *replica, struct pulse *pulse)
{
    uint32_t remaining_ms = store_lease_remaining_ms(replica->log, pulse->incarnation);
    if (remaining_ms > 0 && remaining_ms <= pulse->ttl_ms) {
        int64_t ago_us = ((int64_t)pulse->ttl_ms - remaining_ms) * 1000;
        pulse_learn(&replica->pulses, pulse, replica_now_us(replica) - ago_us);
    }
}

size_t list_count(const struct list *list, size_t most)
{
    size_t count = 0;
    for (struct list *node = list->next; node != list && count < most; node = node->next) {
        count++;
    }
    return count;
}

static bool has_to_purge(const struct replica *replica)
{
    const struct registry_silo *oldest = registry_first_dead(replica->registry);
    uint32_t dead = registry_counts(replica->registry)->silos_by_status[PLACEMENT_DEAD];
    if (oldest == NULL) {
        return false;
    }
    int64_t since_us = store_wall_us(replica->store) - oldest->dead_since_us;
    return dead > replica->limits.dead_silos || since_us >= replica->limits.dead_us;
}

static void check_purge(struct replica *replica)
{
    if (replica->purging || replica->purge_us > replica_now_us(replica)) {
        return;
    }
    bool any_dead = registry_first_dead(replica->registry) != NULL;
    replica->purge_us = any_dead ? replica_now_us(replica) + PURGE_EVERY_US : INT64_MAX;
    struct own_command *own = has_to_purge(replica) ? own_command_new(replica, &replica->purging, 0) : NULL;
    if (own != NULL) {
        own_command_submit(own, COMMAND_PURGE);
    }
}

void replica_tick(struct replica *replica)
{
    if (replica_is_degraded(replica)) {
        return;
    }
    replica_check_marks(replica);
    replica_check_expiry(replica);
    check_purge(replica);
}

int64_t replica_next_tick_us(const struct replica *replica)
{
    if (replica_is_degraded(replica)) {
        return INT64_MAX;
    }
    int64_t marks_us = replica_next_marks_us(replica);
    int64_t next_us = replica_next_expiry_us(replica);
    next_us = marks_us < next_us ? marks_us : next_us;
    if (replica->behind.revision > 0 && replica->behind_us < next_us) {
        next_us = replica->behind_us;
    }
    return !replica->purging && replica->purge_us < next_us ? replica->purge_us : next_us;
}
