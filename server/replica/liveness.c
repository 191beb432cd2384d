#include <stdlib.h>

#include "base/check.h"
#include "server/registry/silo_view.h"
#include "server/replica/replica_state.h"

#define PURGE_EVERY_US INT64_C(60000000)

/* ---- following changes ---- */

static uint64_t living(const struct registry_silo *old)
{
    return old == NULL || old->status == PLACEMENT_DEAD ? 0 : old->incarnation;
}

/* Out of memory: pulses of ended incarnations stay until the next load and mean nothing. */
void replica_note_before(struct replica *replica, const struct change *change, struct replica_endings *endings)
{
    size_t most = change->put_count + change->delete_count;
    bool few = most <= sizeof endings->few / sizeof endings->few[0];
    endings->incarnations = few ? endings->few : malloc(most * sizeof *endings->incarnations);
    endings->count = endings->incarnations == NULL ? 0 : most;
    for (size_t i = 0; i < endings->count; i++) {
        bool put = i < change->put_count;
        const struct change_key *gone = put ? NULL : &change->deletes[i - change->put_count];
        bool silo = (put ? image_kind(change->puts[i]) : gone->kind) == RECORD_SILO;
        qvt_slice id = put ? image_key(change->puts[i]) : gone->key;
        endings->incarnations[i] = silo ? living(registry_silo(replica->registry, id)) : 0;
    }
}

void replica_endings_deinit(struct replica_endings *endings)
{
    if (endings->incarnations != endings->few) {
        free(endings->incarnations);
    }
}

/* A silo without pulse for want of memory gets one with its next heartbeat. */
static struct pulse *ensure_pulse(struct replica *replica, const struct registry_silo *silo)
{
    struct pulse *pulse = pulses_find(&replica->pulses, silo->incarnation);
    if (pulse == NULL && pulses_add(&replica->pulses, silo->incarnation, silo->id, silo->lease_ttl_ms,
                                    replica_now_us(replica), &pulse) == QVT_OK) {
        pulse->in_time = 0; /* nothing was heard yet */
        pulse->suspect_wanted = silo->suspect;
        pulse->unhealthy_wanted = silo->unhealthy;
    }
    return pulse;
}

static void forget_lapse(struct replica *replica, qvt_slice silo_id)
{
    for (struct list *node = replica->lapses.next; node != &replica->lapses;) {
        struct lapse *lapse = LIST_ENTRY(node, struct lapse, link);
        node = node->next;
        if (qvt_slice_equal(qvt_slice_make(lapse->silo_id, lapse->id_len), silo_id)) {
            list_remove(&lapse->link);
            free(lapse);
        }
    }
}

static void note_silo(struct replica *replica, const struct change *change, const struct registry_silo *silo)
{
    if (silo->status == PLACEMENT_DEAD) {
        return;
    }
    struct pulse *pulse = ensure_pulse(replica, silo);
    if (pulse == NULL) {
        return;
    }
    pulse->ttl_ms = silo->lease_ttl_ms;
    pulse->leaving = silo->status == PLACEMENT_SHUTTING_DOWN;
    if (change->event == CHANGE_SILO_REGISTERED) {
        forget_lapse(replica, silo->id);
        pulse_hear(&replica->pulses, pulse, replica_now_us(replica), store_wall_us(replica->store));
    }
}

/* An expired silo goes on counting in the window in which it lapsed. */
static void note_expired(struct replica *replica, const struct replica_endings *endings)
{
    int64_t began_us = replica_now_us(replica) - preserve_window_us(&replica->limits);
    for (size_t i = 0; i < endings->count; i++) {
        const struct pulse *pulse = pulses_find(&replica->pulses, endings->incarnations[i]);
        if (pulse == NULL || pulse->leaving || pulse->begun_us > began_us || pulse_end_us(pulse) <= began_us) {
            continue;
        }
        struct lapse *lapse = malloc(sizeof *lapse + pulse->id_len);
        if (lapse != NULL) {
            lapse->lapsed_us = pulse_end_us(pulse);
            lapse->id_len = pulse->id_len;
            memcpy(lapse->silo_id, pulse->silo_id, pulse->id_len);
            list_push_back(&replica->lapses, &lapse->link);
        }
    }
}

static void arm_purge(struct replica *replica)
{
    uint32_t dead = registry_counts(replica->registry)->silos_by_status[PLACEMENT_DEAD];
    if (dead > replica->limits.dead_silos) {
        replica->purge_us = replica_now_us(replica);
    } else if (dead > 0 && replica->purge_us == INT64_MAX) {
        replica->purge_us = replica_now_us(replica) + PURGE_EVERY_US;
    }
}

/* The incarnation goes on living. */
static void forget_ending(struct replica_endings *endings, size_t i, uint64_t incarnation)
{
    if (i < endings->count && endings->incarnations[i] == incarnation) {
        endings->incarnations[i] = 0;
    }
}

void replica_note_after(struct replica *replica, const struct change *change, struct replica_endings *endings)
{
    for (size_t i = 0; i < change->put_count; i++) {
        if (image_kind(change->puts[i]) == RECORD_SILO) {
            const struct registry_silo *silo = registry_silo(replica->registry, image_key(change->puts[i]));
            note_silo(replica, change, silo);
            forget_ending(endings, i, living(silo));
        }
    }
    if (change->event == CHANGE_SILO_EXPIRED) {
        note_expired(replica, endings);
    } else if (change->event == CHANGE_EXPIRY_PAUSED) {
        replica_begin_pause(replica);
    }
    for (size_t i = 0; i < endings->count; i++) {
        if (endings->incarnations[i] != 0) {
            pulses_remove(&replica->pulses, endings->incarnations[i]);
        }
    }
    arm_purge(replica);
}

/* As the record says it: who came within the window is not expected. A clock that was set back says nothing. */
static int64_t begun_us(const struct replica *replica, const struct registry_silo *silo)
{
    int64_t age_us = store_wall_us(replica->store) - silo->registered_at_us;
    return age_us < 0 ? INT64_MIN : replica_now_us(replica) - age_us;
}

qvt_status replica_load_pulses(struct replica *replica)
{
    pulses_deinit(&replica->pulses);
    replica->members = 0;
    const struct registry_silo *silo = registry_silo_after(replica->registry, qvt_slice_make(NULL, 0));
    for (; silo != NULL; silo = registry_silo_next(replica->registry, silo)) {
        if (silo->status == PLACEMENT_DEAD) {
            continue;
        }
        struct pulse *pulse = ensure_pulse(replica, silo);
        if (pulse == NULL) {
            return QVT_NO_MEMORY;
        }
        pulse->begun_us = begun_us(replica, silo);
        pulse->leaving = silo->status == PLACEMENT_SHUTTING_DOWN;
        pulse->member = !pulse->leaving;
        replica->members += pulse->member ? 1u : 0u;
    }
    return QVT_OK;
}

/* ---- signs of life ---- */

static void want_suspect(struct replica *replica, struct pulse *pulse, bool wanted, bool committed)
{
    pulse->suspect_wanted = wanted;
    list_remove(&pulse->suspect_link);
    if (wanted != committed) {
        list_push_back(&replica->pulses.suspects, &pulse->suspect_link);
        replica_wake(replica);
    }
}

static void want_unhealthy(struct replica *replica, struct pulse *pulse, bool wanted, bool committed)
{
    pulse->unhealthy_wanted = wanted;
    list_remove(&pulse->health_link);
    if (wanted != committed) {
        list_push_back(&replica->pulses.unhealthy, &pulse->health_link);
        replica_wake(replica);
    }
}

static void judge_health(struct replica *replica, struct pulse *pulse, bool committed)
{
    bool fit = !pulse->health.known || pulse->health.score >= replica->limits.unhealthy_below;
    pulse->fit = fit && pulse->in_time > 1 ? pulse->fit + 1 : (fit ? 1u : 0u);
    if (!fit) {
        want_unhealthy(replica, pulse, true, committed);
    } else if (pulse->fit >= replica->limits.recover_renewals) {
        want_unhealthy(replica, pulse, false, committed);
    }
}

void replica_hear(struct replica *replica, const struct registry_silo *silo, const struct health *health,
                  const struct activity *activity)
{
    struct pulse *pulse = ensure_pulse(replica, silo);
    if (pulse == NULL) {
        return;
    }
    pulse_hear(&replica->pulses, pulse, replica_now_us(replica), store_wall_us(replica->store));
    if (health->known) {
        pulse->health = *health;
    }
    if (activity->known) {
        pulse->activity = *activity;
    }
    if (pulse->in_time >= replica->limits.recover_renewals || !silo->suspect) {
        want_suspect(replica, pulse, false, silo->suspect);
    }
    judge_health(replica, pulse, silo->unhealthy);
}

static void on_renewed_again(void *data, qvt_status status, const uint32_t *remaining_ms, size_t count)
{
    (void)data;
    (void)status;
    (void)remaining_ms;
    (void)count;
}

void replica_hear_again(struct replica *replica, const struct registry_silo *silo)
{
    struct health health = {.known = false};
    struct activity activity = {.known = false};
    struct store_lease lease = {silo->incarnation, silo->lease_ttl_ms};
    store_renew(replica->log, &lease, 1, on_renewed_again, NULL);
    replica_hear(replica, silo, &health, &activity);
}
