/* A store that others share: a look at its head each second says whether it answers, what was missed, and whether what
 * this replica knows was lost (a fail-over, an emptied Redis). REDIS.md "Promise". */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "server/replica/replica_state.h"

#define LOOK_EVERY_US INT64_C(1000000)

/* ---- age ---- */

static int64_t silence_us(const struct replica *replica)
{
    int64_t since_us = replica->view != NULL ? replica->view_began_us : replica->answered_us;
    return store_monotonic_us(replica->store) - since_us;
}

uint32_t replica_age_ms(const struct replica *replica)
{
    bool counts = store_is_shared(replica->store) && replica->loaded;
    int64_t age_us = counts ? silence_us(replica) : 0;
    if (replica->view == NULL && age_us <= REPLICA_SILENCE_US) {
        return 0;
    }
    int64_t age_ms = age_us / 1000;
    return age_ms <= 0 ? 1 : age_ms >= UINT32_MAX ? UINT32_MAX : (uint32_t)age_ms;
}

bool replica_is_degraded(const struct replica *replica)
{
    return store_is_shared(replica->store) && replica->loaded &&
           store_monotonic_us(replica->store) - replica->answered_us > REPLICA_SILENCE_US;
}

/* Silos could not be heard while the store was away: they get the time to be. */
void replica_answered(struct replica *replica)
{
    if (replica_is_degraded(replica)) {
        size_t cursor = 0;
        struct pulse *pulse;
        while ((pulse = table_next(&replica->pulses.table, &cursor)) != NULL) {
            pulse_assume(&replica->pulses, pulse, replica_now_us(replica));
        }
    }
    replica->answered_us = replica_now_us(replica);
}

/* ---- the old view ---- */

void replica_drop_view(struct replica *replica)
{
    if (replica->view == NULL) {
        return;
    }
    registry_free(replica->view);
    replica->view = NULL;
    if (replica->observer.on_view_end != NULL) {
        replica->observer.on_view_end(replica->observer.data);
    }
}

static void check_view(struct replica *replica)
{
    if (replica->view != NULL && replica->view_until_us <= replica_now_us(replica)) {
        replica_drop_view(replica);
    }
}

/* ---- another history ---- */

static void make_store_id(const struct replica *replica, char out[STORE_ID_LEN + 1])
{
    (void)snprintf(out, STORE_ID_LEN + 1, "%016llx%016llx", (unsigned long long)entropy_u64(replica->entropy),
                   (unsigned long long)entropy_u64(replica->entropy));
}

static void on_reset(void *data, qvt_status status, const struct position *head)
{
    struct replica *replica = data;
    (void)status;
    (void)head;
    replica_enter(replica);
    replica->asked--;
    replica->repairing = false;
    replica_reload(replica);
    replica_leave(replica);
}

/* Whoever is first gives the store another store_id; everyone loads it then. */
void replica_disown(struct replica *replica, const struct position *seen)
{
    char store_id[STORE_ID_LEN + 1];
    if (replica->repairing) {
        return;
    }
    make_store_id(replica, store_id);
    replica->repairing = true;
    replica->phase = REPLICA_LOADING;
    replica->reload_us = INT64_MAX;
    replica->asked++;
    store_reset(replica->log, seen, store_id, on_reset, replica);
}

struct refill {
    struct replica *replica;
    struct change *change;
    struct position none;
    struct store_append append;
};

static void on_refilled(void *data, enum store_append_outcome outcome, struct change *const *missed, size_t count,
                        const qvt_error *error)
{
    struct refill *refill = data;
    struct replica *replica = refill->replica;
    (void)outcome;
    (void)missed;
    (void)count;
    (void)error;
    change_unref(refill->change);
    free(refill);
    replica_enter(replica);
    replica->refilling = false;
    replica->repairing = false;
    replica_reload(replica);
    replica_leave(replica);
}

static size_t collect_kept(struct replica *replica, struct image **out)
{
    struct registry_walk *walk = NULL;
    struct registry_step step;
    size_t count = 0;
    if (registry_walk_begin(replica->registry, &walk) != QVT_OK) {
        return 0;
    }
    while (registry_walk_next(walk, &step)) {
        if (step.image != NULL && image_kind(step.image) != RECORD_SILO) {
            if (out != NULL) {
                out[count] = step.image;
            }
            count++;
        }
    }
    registry_walk_end(walk);
    return count;
}

/* Revisions go on above ours, for the records that are kept name them. */
static qvt_status make_refill(struct replica *replica, struct refill *refill)
{
    size_t count = collect_kept(replica, NULL);
    struct image **images = malloc((count + 1) * sizeof(struct image *));
    if (images == NULL) {
        return QVT_NO_MEMORY;
    }
    struct change draft = {
        .position = {.revision = registry_head(replica->registry)->revision + 1,
                     .token = entropy_u64(replica->entropy)},
        .event = CHANGE_CLUSTER_CREATED,
        .time_us = store_wall_us(replica->store),
        .who = qvt_slice_text("qvtd"),
        .why = qvt_slice_text("the store was emptied: what a replica had of it, without silos"),
        .puts = images,
        .put_count = collect_kept(replica, images),
    };
    make_store_id(replica, draft.position.store_id);
    qvt_status status = change_new(&refill->change, &draft);
    free(images);
    return status;
}

void replica_refill(struct replica *replica)
{
    if (replica->repairing || replica->batch != NULL) {
        return;
    }
    struct refill *refill = calloc(1, sizeof *refill);
    if (refill == NULL || make_refill(replica, refill) != QVT_OK) {
        free(refill);
        return;
    }
    refill->replica = replica;
    refill->append = (struct store_append){.expected = &refill->none, .changes = &refill->change, .change_count = 1};
    replica->refilling = true;
    replica->repairing = true;
    replica->phase = REPLICA_LOADING;
    replica->reload_us = INT64_MAX;
    store_append(replica->log, &refill->append, on_refilled, refill);
}

/* ---- looking ---- */

void replica_judge_head(struct replica *replica, const struct position *asked, const struct position *head)
{
    const struct position *mine = registry_head(replica->registry);
    if (position_equal(asked, head) || position_equal(mine, head)) {
        return;
    }
    if (head->revision == 0) {
        replica_refill(replica);
    } else if (asked->revision > 0 && strcmp(asked->store_id, head->store_id) != 0) {
        if (strcmp(mine->store_id, head->store_id) != 0) {
            replica_reload(replica);
        }
    } else if (head->revision < asked->revision || (head->revision == asked->revision && head->token != asked->token)) {
        replica_disown(replica, head);
    } else if (head->revision > mine->revision && replica->behind.revision == 0) {
        replica->behind = *head;
        replica->behind_us = replica_now_us(replica) + BEHIND_MAX_US;
    }
}

static void on_look(void *data, qvt_status status, const struct position *head)
{
    struct replica *replica = data;
    replica_enter(replica);
    replica->asked--;
    replica->looking = false;
    if (status == QVT_OK) {
        replica_answered(replica);
    }
    if (status == QVT_OK && replica->phase == REPLICA_READY) {
        replica_judge_head(replica, &replica->looked_from, head);
    }
    replica_sync_answered(replica, status == QVT_OK ? head : NULL);
    replica_wake(replica);
    replica_leave(replica);
}

static void look(struct replica *replica)
{
    replica->looking = true;
    replica->asked++;
    replica->look_us = replica_now_us(replica) + LOOK_EVERY_US;
    replica->looked_from = *registry_head(replica->registry);
    replica_sync_asked(replica);
    store_head(replica->log, on_look, replica);
}

void replica_check_store(struct replica *replica)
{
    if (!store_is_shared(replica->store)) {
        return;
    }
    check_view(replica);
    (void)(replica->phase == REPLICA_READY && replica_is_behind(replica));
    replica_sync_settle(replica);
    bool wanted = replica->look_us <= replica_now_us(replica) || replica_sync_wants_look(replica);
    if (wanted && !replica->looking && replica->loaded) {
        look(replica);
    }
}

int64_t replica_next_look_us(const struct replica *replica)
{
    if (!store_is_shared(replica->store)) {
        return INT64_MAX;
    }
    int64_t next_us = replica->looking ? INT64_MAX : replica->look_us;
    int64_t due_us = replica_sync_due_us(replica);
    next_us = due_us < next_us ? due_us : next_us;
    return replica->view != NULL && replica->view_until_us < next_us ? replica->view_until_us : next_us;
}
