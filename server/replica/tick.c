#include <stdlib.h>

#include "base/check.h"
#include "server/replica/replica_state.h"

#define RECHECK_US INT64_C(500000)
#define PURGE_EVERY_US INT64_C(60000000)
#define SILO_ID_MAX 128u

static int64_t now_us(const struct replica *replica)
{
    return store_monotonic_us(replica->store);
}

static void recheck_at(struct replica *replica, int64_t when_us)
{
    replica->recheck_us = when_us < replica->recheck_us ? when_us : replica->recheck_us;
}

/* ---- commands of our own ---- */

/* A bulk command with the memory that its marks live in. */
struct own_command {
    struct replica *replica;
    bool *running; /* in the replica; cleared with the outcome */
    struct silo_mark *marks;
    size_t count;
    char (*ids)[SILO_ID_MAX];
};

static void free_own(struct own_command *own)
{
    free(own->marks);
    free(own->ids);
    free(own);
}

static const struct registry_silo *find_silo(const struct replica *replica, const struct pulse *pulse)
{
    const struct registry_silo *silo = registry_silo(replica->registry, pulse_id(pulse));
    return silo != NULL && silo->incarnation == pulse->incarnation && silo->status != PLACEMENT_DEAD ? silo : NULL;
}

/* What did not fit into one change, or failed, is wanted still. */
static void list_again(struct own_command *own)
{
    struct replica *replica = own->replica;
    for (size_t i = 0; i < own->count; i++) {
        struct pulse *pulse = pulses_find(&replica->pulses, own->marks[i].incarnation);
        const struct registry_silo *silo = pulse == NULL ? NULL : find_silo(replica, pulse);
        if (silo != NULL && silo->suspect != pulse->suspect_wanted && list_is_empty(&pulse->suspect_link)) {
            list_push_back(&replica->pulses.suspects, &pulse->suspect_link);
        }
        if (silo != NULL && silo->unhealthy != pulse->unhealthy_wanted && list_is_empty(&pulse->health_link)) {
            list_push_back(&replica->pulses.unhealthy, &pulse->health_link);
        }
    }
}

/* What failed is tried again a moment later; what went well may have left a rest. */
static void on_outcome(void *data, const struct replica_outcome *outcome)
{
    struct own_command *own = data;
    struct replica *replica = own->replica;
    int64_t again_us = now_us(replica) + (outcome->status == QVT_OK ? 0 : RECHECK_US);
    *own->running = false;
    if (own->running == &replica->purging) {
        replica->purge_us = again_us;
    } else if (own->running == &replica->expiring) {
        recheck_at(replica, again_us);
    } else {
        replica->marks_us = again_us;
        list_again(own);
    }
    free_own(own);
    replica_wake(replica);
}

static struct own_command *make_own(struct replica *replica, bool *running, size_t capacity)
{
    struct own_command *own = calloc(1, sizeof *own);
    if (own == NULL) {
        return NULL;
    }
    own->marks = malloc((capacity + 1) * sizeof *own->marks);
    own->ids = malloc((capacity + 1) * sizeof *own->ids);
    if (own->marks == NULL || own->ids == NULL) {
        free_own(own);
        return NULL;
    }
    own->replica = replica;
    own->running = running;
    return own;
}

static void add_mark(struct own_command *own, const struct pulse *pulse, bool value)
{
    QVT_ASSERT(pulse->id_len <= SILO_ID_MAX);
    memcpy(own->ids[own->count], pulse->silo_id, pulse->id_len);
    own->marks[own->count] =
        (struct silo_mark){qvt_slice_make(own->ids[own->count], pulse->id_len), pulse->incarnation, value};
    own->count++;
}

static void submit_own(struct own_command *own, enum command_kind kind)
{
    struct command command = {.kind = kind, .marks = {own->marks, own->count}};
    *own->running = true;
    replica_submit(own->replica, &command, on_outcome, own);
}

/* ---- suspect, unhealthy ---- */

static size_t count_list(const struct list *list, size_t most)
{
    size_t count = 0;
    for (struct list *node = list->next; node != list && count < most; node = node->next) {
        count++;
    }
    return count;
}

static void collect_suspects(struct replica *replica, struct own_command *own, size_t most)
{
    struct list *list = &replica->pulses.suspects;
    while (!list_is_empty(list) && own->count < most) {
        struct pulse *pulse = LIST_ENTRY(list->next, struct pulse, suspect_link);
        const struct registry_silo *silo = find_silo(replica, pulse);
        list_remove(&pulse->suspect_link);
        if (silo != NULL && silo->suspect != pulse->suspect_wanted) {
            add_mark(own, pulse, pulse->suspect_wanted);
        }
    }
}

static void collect_unhealthy(struct replica *replica, struct own_command *own, size_t most)
{
    struct list *list = &replica->pulses.unhealthy;
    while (!list_is_empty(list) && own->count < most) {
        struct pulse *pulse = LIST_ENTRY(list->next, struct pulse, health_link);
        const struct registry_silo *silo = find_silo(replica, pulse);
        list_remove(&pulse->health_link);
        if (silo != NULL && silo->unhealthy != pulse->unhealthy_wanted) {
            add_mark(own, pulse, pulse->unhealthy_wanted);
        }
    }
}

static void send_marks(struct replica *replica, const struct list *list, bool *running, enum command_kind kind)
{
    size_t most = count_list(list, replica->limits.bulk_silos);
    if (*running || most == 0 || replica->marks_us > now_us(replica)) {
        return;
    }
    struct own_command *own = make_own(replica, running, most);
    if (own == NULL) {
        replica->marks_us = now_us(replica) + RECHECK_US;
        return;
    }
    if (kind == COMMAND_MARK_SUSPECT) {
        collect_suspects(replica, own, most);
    } else {
        collect_unhealthy(replica, own, most);
    }
    if (own->count == 0) {
        free_own(own);
    } else {
        submit_own(own, kind);
    }
}

static void take_late(struct replica *replica)
{
    struct pulse *pulse;
    while ((pulse = pulses_take_late(&replica->pulses, now_us(replica))) != NULL) {
        pulse->suspect_wanted = true;
        list_remove(&pulse->suspect_link);
        list_push_back(&replica->pulses.suspects, &pulse->suspect_link);
    }
}

/* ---- expiry and self-preservation ---- */

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

/* SPEC §7.4: the window ends now. */
static struct preserve_scene look_back(struct replica *replica)
{
    int64_t now = now_us(replica);
    int64_t began_us = now - preserve_window_us(&replica->limits);
    struct preserve_scene scene = {.paused = false};
    size_t cursor = 0;
    const struct pulse *pulse;
    forget_old_lapses(replica, began_us);
    scene.lapsed = scene.expected = (uint32_t)count_list(&replica->lapses, UINT32_MAX);
    while ((pulse = table_next(&replica->pulses.table, &cursor)) != NULL) {
        if (is_expected(pulse, began_us)) {
            bool lapsed = pulse_end_us(pulse) <= now;
            scene.expected++;
            scene.lapsed += lapsed ? 1u : 0u;
            scene.late += !lapsed && pulse_is_late(pulse, now) ? 1u : 0u;
        }
    }
    return scene;
}

/* In a pause the set stays as it was when it began. */
static struct preserve_scene look_at_members(const struct replica *replica)
{
    int64_t since_us = registry_counts(replica->registry)->expiry_paused_since_us;
    struct preserve_scene scene = {
        .expected = replica->members,
        .paused = true,
        .paused_us = store_wall_us(replica->store) - since_us,
    };
    size_t cursor = 0;
    const struct pulse *pulse;
    while ((pulse = table_next(&replica->pulses.table, &cursor)) != NULL) {
        bool lapsed = pulse->member && !pulse->leaving && pulse_end_us(pulse) <= now_us(replica);
        scene.lapsed += lapsed ? 1u : 0u;
    }
    return scene;
}

static void choose_members(struct replica *replica)
{
    int64_t began_us = now_us(replica) - preserve_window_us(&replica->limits);
    size_t cursor = 0;
    struct pulse *pulse;
    replica->members = 0;
    while ((pulse = table_next(&replica->pulses.table, &cursor)) != NULL) {
        pulse->member = is_expected(pulse, began_us);
        replica->members += pulse->member ? 1u : 0u;
    }
    replica->members += (uint32_t)count_list(&replica->lapses, UINT32_MAX);
}

/* The lapsed silos that are alive by the log; leases that belong to none are dropped. NULL: out of memory. */
static struct own_command *gather_lapsed(struct replica *replica, const uint64_t *incarnations, size_t count)
{
    struct own_command *own = make_own(replica, &replica->expiring, count);
    for (size_t i = 0; own != NULL && i < count; i++) {
        const struct pulse *pulse = pulses_find(&replica->pulses, incarnations[i]);
        if (pulse != NULL && find_silo(replica, pulse) != NULL) {
            add_mark(own, pulse, true);
        } else {
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
            submit_own(own, COMMAND_EXPIRE);
            return;
        }
        break;
    case PRESERVE_PAUSE:
        choose_members(replica);
        submit_own(own, COMMAND_PAUSE_EXPIRY);
        return;
    case PRESERVE_RESUME: submit_own(own, COMMAND_RESUME_EXPIRY); return;
    case PRESERVE_WAIT:
    case PRESERVE_HOLD: recheck_at(replica, now_us(replica) + RECHECK_US); break;
    }
    free_own(own);
}

static void on_lapsed(void *data, qvt_status status, const uint64_t *incarnations, size_t count)
{
    struct replica *replica = data;
    bool paused = registry_counts(replica->registry)->expiry_paused;
    replica->expiring = false;
    if (replica->phase != REPLICA_READY || (status == QVT_OK && count == 0 && !paused)) {
        return;
    }
    struct own_command *own = status == QVT_OK ? gather_lapsed(replica, incarnations, count) : NULL;
    if (own == NULL) {
        recheck_at(replica, now_us(replica) + RECHECK_US);
        return;
    }
    struct preserve_scene scene = paused ? look_at_members(replica) : look_back(replica);
    obey(replica, preserve_decide(&replica->limits, &scene), own);
}

static int64_t next_expiry_us(const struct replica *replica)
{
    if (replica->expiring) {
        return INT64_MAX;
    }
    int64_t lapse_us = store_next_lapse_us(replica->log);
    return lapse_us < replica->recheck_us ? lapse_us : replica->recheck_us;
}

static void check_expiry(struct replica *replica)
{
    if (next_expiry_us(replica) <= now_us(replica)) {
        replica->recheck_us = INT64_MAX;
        replica->expiring = true;
        store_lapsed(replica->log, replica->limits.bulk_silos, on_lapsed, replica);
    }
}

/* ---- purge ---- */

static bool has_to_purge(const struct replica *replica)
{
    const struct registry_silo *oldest = registry_first_dead(replica->registry);
    uint32_t dead = registry_counts(replica->registry)->silos_by_status[PLACEMENT_DEAD];
    if (oldest == NULL) {
        return false;
    }
    int64_t since_us = store_wall_us(replica->store) - image_origin(oldest->image).time_us;
    return dead > replica->limits.dead_silos || since_us >= replica->limits.dead_us;
}

static void check_purge(struct replica *replica)
{
    if (replica->purging || replica->purge_us > now_us(replica)) {
        return;
    }
    bool any_dead = registry_first_dead(replica->registry) != NULL;
    replica->purge_us = any_dead ? now_us(replica) + PURGE_EVERY_US : INT64_MAX;
    struct own_command *own = has_to_purge(replica) ? make_own(replica, &replica->purging, 0) : NULL;
    if (own != NULL) {
        submit_own(own, COMMAND_PURGE);
    }
}

void replica_tick(struct replica *replica)
{
    take_late(replica);
    send_marks(replica, &replica->pulses.suspects, &replica->marking_suspect, COMMAND_MARK_SUSPECT);
    send_marks(replica, &replica->pulses.unhealthy, &replica->marking_health, COMMAND_MARK_HEALTH);
    check_expiry(replica);
    check_purge(replica);
}

static int64_t next_marks_us(const struct replica *replica)
{
    bool suspects = !list_is_empty(&replica->pulses.suspects) && !replica->marking_suspect;
    bool unhealthy = !list_is_empty(&replica->pulses.unhealthy) && !replica->marking_health;
    return suspects || unhealthy ? replica->marks_us : INT64_MAX;
}

int64_t replica_next_tick_us(const struct replica *replica)
{
    const struct deadline *late = deadlines_first(&replica->pulses.late);
    int64_t next_us = next_expiry_us(replica);
    if (late != NULL && late->due_us < next_us) {
        next_us = late->due_us;
    }
    if (!replica->purging && replica->purge_us < next_us) {
        next_us = replica->purge_us;
    }
    return next_marks_us(replica) < next_us ? next_marks_us(replica) : next_us;
}
