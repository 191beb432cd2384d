#include <stdlib.h>

#include "server/replica/own_command.h"

static void forget_old_lapses(struct replica *replica, int64_t began_us)
{
    for (struct list *node = replica->lapses.next; node != &replica->lapses;) {
        struct lapse *lapse = LIST_ENTRY(node, struct lapse, link);
        node = node->next;
        if (lapse->lapsed_us <= began_us) {
            list_remove(&lapse->link);
            free(lapse);
        }
    }
}

static bool is_expected(const struct pulse *pulse, int64_t began_us)
{
    return !pulse->leaving && pulse->begun_us <= began_us && pulse_end_us(pulse) > began_us;
}

/* What a replica that has just loaded takes for heard may have been silent for long: the store knows. */
static bool is_late(const struct replica *replica, const struct pulse *pulse)
{
    return pulse_is_late(pulse, replica_now_us(replica)) ||
           (pulse->assumed && store_lease_remaining_ms(replica->log, pulse->incarnation) < pulse->ttl_ms / 2);
}

/* SPEC §7.4: the window ends now. */
static struct preserve_scene look_back(struct replica *replica)
{
    int64_t now = replica_now_us(replica);
    int64_t began_us = now - preserve_window_us(&replica->limits);
    struct preserve_scene scene = {.paused = false};
    size_t cursor = 0;
    struct pulse *pulse;
    forget_old_lapses(replica, began_us);
    scene.lapsed = scene.expected = (uint32_t)list_count(&replica->lapses, UINT32_MAX);
    while ((pulse = table_next(&replica->pulses.table, &cursor)) != NULL) {
        if (pulse_is_late(pulse, now)) {
            replica_refresh(replica, pulse);
        }
        if (is_expected(pulse, began_us)) {
            bool lapsed = pulse_end_us(pulse) <= now;
            scene.expected++;
            scene.lapsed += lapsed ? 1u : 0u;
            scene.late += !lapsed && is_late(replica, pulse) ? 1u : 0u;
        }
    }
    return scene;
}

/* A replica that has just loaded, or could not reach the store, takes silos for heard that may not be: the store knows. */
static bool has_lapsed(const struct replica *replica, const struct pulse *pulse)
{
    return pulse_end_us(pulse) <= replica_now_us(replica) ||
           (pulse->assumed && store_lease_remaining_ms(replica->log, pulse->incarnation) == 0);
}

/* In a pause the set stays as it was when it began. */
static struct preserve_scene look_at_members(struct replica *replica)
{
    int64_t since_us = registry_counts(replica->registry)->expiry_paused_since_us;
    struct preserve_scene scene = {
        .expected = replica->members,
        .lapsed = (uint32_t)list_count(&replica->lapses, UINT32_MAX),
        .paused = true,
        .paused_us = store_wall_us(replica->store) - since_us,
    };
    size_t cursor = 0;
    struct pulse *pulse;
    while ((pulse = table_next(&replica->pulses.table, &cursor)) != NULL) {
        replica_refresh(replica, pulse);
        bool counts = pulse->member && !pulse->leaving;
        bool lapsed = counts && has_lapsed(replica, pulse);
        scene.lapsed += lapsed ? 1u : 0u;
        scene.late += counts && !lapsed && is_late(replica, pulse) ? 1u : 0u;
    }
    return scene;
}

/* Heard here, but the store does not know it: what would expire counts. */
static void count_unconfirmed(struct replica *replica, const uint64_t *incarnations, size_t count,
                              struct preserve_scene *scene)
{
    int64_t now = replica_now_us(replica);
    for (size_t i = 0; i < count; i++) {
        const struct pulse *pulse = pulses_find(&replica->pulses, incarnations[i]);
        bool counted = pulse == NULL || pulse_end_us(pulse) <= now;
        if (!counted && is_expected(pulse, now - preserve_window_us(&replica->limits))) {
            scene->lapsed++;
            scene->late -= pulse_is_late(pulse, now) ? 1u : 0u;
        }
    }
}

void replica_begin_pause(struct replica *replica)
{
    int64_t began_us = replica_now_us(replica) - preserve_window_us(&replica->limits);
    size_t cursor = 0;
    struct pulse *pulse;
    replica->members = 0;
    while ((pulse = table_next(&replica->pulses.table, &cursor)) != NULL) {
        if (pulse_is_late(pulse, replica_now_us(replica))) {
            replica_refresh(replica, pulse);
        }
        pulse->member = is_expected(pulse, began_us);
        replica->members += pulse->member ? 1u : 0u;
    }
    replica->members += (uint32_t)list_count(&replica->lapses, UINT32_MAX);
    replica_recheck_at(replica, replica_now_us(replica) + RECHECK_US);
}

/* The lapsed silos that are alive by the log, as many as one change takes. Leases that belong to none are dropped, but not
 * where the mirror may just be behind. NULL: out of memory. */
static struct own_command *gather_lapsed(struct replica *replica, const uint64_t *incarnations, size_t count)
{
    size_t most = replica->limits.bulk_silos;
    struct own_command *own = own_command_new(replica, &replica->expiring, count < most ? count : most);
    for (size_t i = 0; own != NULL && i < count; i++) {
        struct pulse *pulse = pulses_find(&replica->pulses, incarnations[i]);
        if (pulse != NULL && replica_find_silo(replica, pulse) != NULL) {
            pulse_end(pulse, replica_now_us(replica));
            if (own->count < most) {
                own_command_add(own, pulse, true);
            }
        } else if (!store_is_shared(replica->store)) {
            store_drop(replica->log, &incarnations[i], 1);
        }
    }
    return own;
}

static void obey(struct replica *replica, enum preserve_verdict verdict, struct own_command *own)
{
    switch (verdict) {
    case PRESERVE_EXPIRE:
        if (own->count > 0) {
            own_command_submit(own, COMMAND_EXPIRE);
            return;
        }
        break;
    case PRESERVE_PAUSE: own_command_submit(own, COMMAND_PAUSE_EXPIRY); return;
    case PRESERVE_RESUME: own_command_submit(own, COMMAND_RESUME_EXPIRY); return;
    case PRESERVE_WAIT:
    case PRESERVE_HOLD: replica_recheck_at(replica, replica_now_us(replica) + RECHECK_US); break;
    }
    own_command_free(own);
}

static void judge_lapsed(struct replica *replica, qvt_status status, const uint64_t *incarnations, size_t count)
{
    bool paused = registry_counts(replica->registry)->expiry_paused;
    if (replica->phase != REPLICA_READY || (status == QVT_OK && count == 0 && !paused)) {
        return;
    }
    struct own_command *own = status == QVT_OK ? gather_lapsed(replica, incarnations, count) : NULL;
    if (own == NULL) {
        replica_recheck_at(replica, replica_now_us(replica) + RECHECK_US);
        return;
    }
    struct preserve_scene scene = paused ? look_at_members(replica) : look_back(replica);
    if (!paused) {
        count_unconfirmed(replica, incarnations, count, &scene);
    }
    obey(replica, preserve_decide(&replica->limits, &scene), own);
}

static void on_lapsed(void *data, qvt_status status, const uint64_t *incarnations, size_t count)
{
    struct replica *replica = data;
    replica_enter(replica);
    replica->asked--;
    replica->expiring = false;
    judge_lapsed(replica, status, incarnations, count);
    if (replica->phase != REPLICA_CLOSING) {
        replica_wake(replica);
    }
    replica_leave(replica);
}

int64_t replica_next_expiry_us(const struct replica *replica)
{
    if (replica->expiring) {
        return INT64_MAX;
    }
    int64_t lapse_us = store_next_lapse_us(replica->log);
    return lapse_us < replica->recheck_us ? lapse_us : replica->recheck_us;
}

/* More than one change takes, where that is not enough to see that too many lapsed: a replica that has just loaded knows
 * of them from the store alone. */
static size_t lapsed_most(const struct replica *replica)
{
    const struct registry_limits *limits = &replica->limits;
    size_t telling = replica->pulses.table.count * limits->preserve_percent / 100 + 1;
    telling = telling < limits->preserve_silos ? limits->preserve_silos : telling;
    return telling < limits->bulk_silos ? limits->bulk_silos : telling;
}

void replica_check_expiry(struct replica *replica)
{
    if (replica_next_expiry_us(replica) <= replica_now_us(replica)) {
        replica->recheck_us = INT64_MAX;
        replica->expiring = true;
        replica->asked++;
        store_lapsed(replica->log, lapsed_most(replica), on_lapsed, replica);
    }
}
