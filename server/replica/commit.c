#include <stdlib.h>

#include "base/check.h"
#include "server/registry/silo_view.h"
#include "server/registry/table.h"
#include "server/replica/replica_state.h"

bool replica_follow(struct replica *replica, struct change *change)
{
    struct replica_endings endings;
    replica_note_before(replica, change, &endings);
    qvt_status status = registry_apply(replica->registry, change, replica->batch, store_wall_us(replica->store));
    if (status == QVT_OK) {
        replica_note_after(replica, change, &endings);
        if (replica->observer.on_change != NULL) {
            replica->observer.on_change(replica->observer.data, change);
        }
    } else {
        replica_reload(replica);
    }
    replica_endings_deinit(&endings);
    return status == QVT_OK;
}

/* ---- proposing ---- */

static void propose(struct replica *replica, struct flight *flight)
{
    qvt_error error;
    size_t before;
    (void)batch_changes(replica->batch, &before);
    flight->depends = before > 0;
    flight->status = batch_propose(replica->batch, &flight->command, store_wall_us(replica->store), replica->entropy,
                                   &flight->proposal, &error);
    if (flight->status != QVT_OK) {
        flight->refusal = malloc(sizeof *flight->refusal);
        if (flight->refusal != NULL) {
            *flight->refusal = error;
        }
    }
}

static bool has_room(const struct replica *replica)
{
    size_t count;
    (void)batch_changes(replica->batch, &count);
    return count < REPLICA_BATCH_CHANGES && batch_size_bytes(replica->batch) < REPLICA_BATCH_BYTES;
}

/* A refusal that cannot even be stored is answered at once. */
static void propose_all(struct replica *replica)
{
    static const qvt_error no_memory = {.status = QVT_NO_MEMORY, .message = "out of memory"};
    while (!list_is_empty(&replica->queue) && has_room(replica)) {
        struct flight *flight = flight_take_first(&replica->queue);
        propose(replica, flight);
        if (flight->status != QVT_OK && flight->refusal == NULL) {
            flight_answer(replica, flight, &no_memory);
        } else {
            list_push_back(&replica->flying, &flight->link);
        }
    }
}

static size_t count_puts(struct change *const *changes, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += changes[i]->put_count;
    }
    return total;
}

/* An earlier registration of the same silo in this batch is superseded with it. */
static void end_granted(struct replica *replica, const struct registry_silo *silo, uint64_t hash)
{
    for (size_t i = 0; i < replica->append.grant_count; i++) {
        const struct granted *granted = &replica->granted[i];
        if (granted->hash == hash && granted->incarnation != silo->incarnation &&
            qvt_slice_equal(granted->silo_id, silo->id)) {
            replica->ends[replica->append.end_count++] = granted->incarnation;
        }
    }
}

/* Whoever registers gets a full lease with the commit; the incarnation before loses its own. */
static void add_registered(struct replica *replica, const struct registry_silo *silo)
{
    const struct registry_silo *old = registry_silo(replica->registry, silo->id);
    if (old != NULL && old->status != PLACEMENT_DEAD && old->incarnation != silo->incarnation) {
        replica->ends[replica->append.end_count++] = old->incarnation;
    }
    uint64_t hash = table_hash(silo->id, 0);
    end_granted(replica, silo, hash);
    size_t i = replica->append.grant_count++;
    replica->grants[i] = (struct store_lease){silo->incarnation, silo->lease_ttl_ms};
    replica->granted[i] = (struct granted){hash, silo->incarnation, silo->id};
}

static void add_put(struct replica *replica, const struct change *change, struct image *image)
{
    struct registry_silo silo;
    if (image_kind(image) != RECORD_SILO || batch_view(replica->batch, image, &silo) != QVT_OK) {
        return;
    }
    if (silo.status == PLACEMENT_DEAD) {
        replica->ends[replica->append.end_count++] = silo.incarnation;
    }
    if (change->event == CHANGE_SILO_EXPIRED) {
        replica->conditions[replica->append.lapsed_count++] = silo.incarnation;
    } else if (change->event == CHANGE_SILO_REGISTERED && silo.status != PLACEMENT_DEAD) {
        add_registered(replica, &silo);
    }
}

/* What the leases of the batch's silos come to. `ends` has room for the two that a registration may end, and for the
 * pairs of registrations of one silo. */
static bool allocate_leases(struct replica *replica, size_t changes, size_t puts)
{
    size_t pairs = changes * changes / 2;
    replica->grants = malloc((changes + 1) * sizeof *replica->grants);
    replica->granted = malloc((changes + 1) * sizeof *replica->granted);
    replica->conditions = malloc((puts + 1) * sizeof *replica->conditions);
    replica->ends = malloc((puts + changes + pairs + 1) * sizeof *replica->ends);
    return replica->grants != NULL && replica->granted != NULL && replica->conditions != NULL && replica->ends != NULL;
}

static bool prepare_append(struct replica *replica)
{
    size_t count;
    struct change *const *changes = batch_changes(replica->batch, &count);
    if (!allocate_leases(replica, count, count_puts(changes, count))) {
        return false;
    }
    replica->expected = *registry_head(replica->registry);
    replica->append = (struct store_append){
        .expected = &replica->expected,
        .changes = changes,
        .change_count = count,
        .grants = replica->grants,
        .ends = replica->ends,
        .lapsed = replica->conditions,
        .keep_from = registry_history_first(replica->registry),
    };
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < changes[i]->put_count; k++) {
            add_put(replica, changes[i], changes[i]->puts[k]);
        }
    }
    return true;
}

static void end_batch(struct replica *replica)
{
    batch_free(replica->batch);
    free(replica->grants);
    free(replica->granted);
    free(replica->conditions);
    free(replica->ends);
    replica->batch = NULL;
    replica->grants = NULL;
    replica->granted = NULL;
    replica->conditions = replica->ends = NULL;
}

/* ---- the append's outcomes ---- */

static void note_company(struct replica *replica)
{
    if (!store_is_shared(replica->store)) {
        int64_t now_us = replica_now_us(replica);
        gather_append_ended(&replica->gather, list_count(&replica->flying, REPLICA_BATCH_CHANGES),
                            list_count(&replica->queue, REPLICA_BATCH_CHANGES), REPLICA_BATCH_CHANGES,
                            now_us - replica->append_us, now_us);
    }
}

/* error: committed all the same, but those who asked must not rely on it. */
static void on_appended(struct replica *replica, const qvt_error *error)
{
    size_t count;
    struct change *const *changes = batch_changes(replica->batch, &count);
    note_company(replica);
    for (size_t i = 0; i < count; i++) {
        if (!replica_follow(replica, changes[i])) {
            break;
        }
    }
    end_batch(replica);
    replica_settle(replica, error);
}

static void on_conflict(struct replica *replica, struct change *const *missed, size_t count)
{
    bool follows = count > 0;
    for (size_t i = 0; follows && i < count; i++) {
        bool new = missed[i]->position.revision > registry_head(replica->registry)->revision;
        follows = !new || replica_follow(replica, missed[i]);
    }
    end_batch(replica);
    replica_requeue(replica);
    if (!follows) {
        replica_reload(replica);
    }
}

/* Silos of an expiry renewed in time: that command did nothing, the others are proposed again. */
static void on_unmet(struct replica *replica)
{
    struct list again;
    list_init(&again);
    end_batch(replica);
    while (!list_is_empty(&replica->flying)) {
        struct flight *flight = flight_take_first(&replica->flying);
        flight_forget(flight);
        if (flight->command.kind == COMMAND_EXPIRE) {
            flight->proposal.position = *registry_head(replica->registry);
            flight_answer(replica, flight, NULL);
        } else {
            list_push_back(&again, &flight->link);
        }
    }
    while (!list_is_empty(&again)) {
        struct flight *flight = LIST_ENTRY(again.prev, struct flight, link);
        list_remove(&flight->link);
        list_push_front(&replica->queue, &flight->link);
    }
}

static void on_uncertain(struct replica *replica)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_UNAVAILABLE, "UNCERTAIN",
                        "whether the write was committed cannot be known; repeating it with its request_id is safe");
    end_batch(replica);
    replica_settle(replica, &error);
    replica_reload(replica);
}

/* A conflict while closing puts commands back into a queue that nobody flushes any more. */
static void refuse_requeued(struct replica *replica)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_UNAVAILABLE, "SHUTTING_DOWN", "the tracker is stopping");
    error.retry_delay_ms = RETRY_DELAY_MS;
    replica_refuse_all(replica, &error);
}

static void on_append(void *data, enum store_append_outcome outcome, struct change *const *missed, size_t missed_count,
                      const qvt_error *error)
{
    struct replica *replica = data;
    replica_enter(replica);
    if (outcome != STORE_FAILED && outcome != STORE_UNCERTAIN) {
        replica_answered(replica);
    }
    switch (outcome) {
    case STORE_APPENDED: on_appended(replica, error); break;
    case STORE_CONFLICT: on_conflict(replica, missed, missed_count); break;
    case STORE_UNMET: on_unmet(replica); break;
    case STORE_CLUSTER_MOVED: QVT_ASSERT(false && "of moves only"); break;
    case STORE_FAILED:
        end_batch(replica);
        replica_settle(replica, error);
        break;
    case STORE_UNCERTAIN: on_uncertain(replica); break;
    }
    replica_sync_settle(replica);
    if (replica->phase == REPLICA_CLOSING) {
        refuse_requeued(replica);
    } else if (!list_is_empty(&replica->queue)) {
        replica_wake(replica);
    }
    replica_leave(replica);
}

static void fail_all(struct replica *replica)
{
    static const qvt_error no_memory = {.status = QVT_NO_MEMORY, .message = "out of memory"};
    end_batch(replica);
    replica_settle(replica, &no_memory);
    replica_refuse_all(replica, &no_memory);
}

/* ---- refusals and no-ops: answers about the head (DESIGN "The core") ---- */

static void on_head(void *data, qvt_status status, const struct position *head)
{
    struct replica *replica = data;
    replica_enter(replica);
    replica->checking = false;
    if (status != QVT_OK) {
        qvt_error error;
        (void)qvt_error_set(&error, QVT_UNAVAILABLE, "STORE_UNAVAILABLE", "the store does not answer");
        error.retry_delay_ms = RETRY_DELAY_MS;
        replica_requeue(replica);
        replica_refuse_all(replica, &error);
    } else if (position_equal(head, &replica->expected)) {
        replica_answered(replica);
        replica_settle(replica, NULL);
    } else {
        replica_answered(replica);
        replica_requeue(replica);
        if (replica->phase == REPLICA_READY) {
            replica_judge_head(replica, &replica->expected, head);
        }
    }
    if (replica->phase == REPLICA_CLOSING) {
        refuse_requeued(replica);
    } else if (!list_is_empty(&replica->queue)) {
        replica_wake(replica);
    }
    replica_leave(replica);
}

static void answer_unchanged(struct replica *replica)
{
    end_batch(replica);
    if (!store_is_shared(replica->store)) {
        replica_settle(replica, NULL);
        return;
    }
    replica->expected = *registry_head(replica->registry);
    replica->checking = true;
    store_head(replica->log, on_head, replica);
}

bool replica_is_behind(struct replica *replica)
{
    if (replica->behind.revision <= registry_head(replica->registry)->revision) {
        replica->behind.revision = 0;
        return false;
    }
    if (replica->behind_us <= replica_now_us(replica)) {
        replica->behind.revision = 0;
        replica_reload(replica);
    }
    return true;
}

/* What would be decided in another's turn has to be decided again. */
static bool is_others_turn(struct replica *replica)
{
    int64_t until_us = store_turn_us(replica->log);
    bool others = until_us > replica_now_us(replica);
    replica->flush_us = others ? until_us : INT64_MAX;
    return others;
}

static bool gathers(struct replica *replica)
{
    if (replica->gather.wanted == 0) {
        return false;
    }
    bool waits = gather_waits(&replica->gather, replica_now_us(replica));
    replica->flush_us = waits ? replica->gather.until_us : INT64_MAX;
    return waits;
}

void replica_flush(struct replica *replica)
{
    replica->flush_us = INT64_MAX;
    if (replica->batch != NULL || replica->checking || list_is_empty(&replica->queue) || replica_is_behind(replica) ||
        is_others_turn(replica) || gathers(replica)) {
        return;
    }
    if (batch_new(&replica->batch, replica->registry) != QVT_OK) {
        fail_all(replica);
        return;
    }
    propose_all(replica);
    size_t count;
    (void)batch_changes(replica->batch, &count);
    if (count == 0) {
        answer_unchanged(replica);
    } else if (prepare_append(replica)) {
        replica->append_us = replica_now_us(replica);
        store_append(replica->log, &replica->append, on_append, replica);
    } else {
        fail_all(replica);
    }
}
