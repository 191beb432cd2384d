#include <stdlib.h>

#include "base/check.h"
#include "server/registry/silo_view.h"
#include "server/replica/replica_state.h"

bool replica_follow(struct replica *replica, struct change *change)
{
    struct replica_endings endings = {NULL, 0};
    replica_note_before(replica, change, &endings);
    qvt_status status = registry_apply(replica->registry, change, store_wall_us(replica->store));
    if (status == QVT_OK) {
        replica_note_after(replica, change, &endings);
        if (replica->observer.on_change != NULL) {
            replica->observer.on_change(replica->observer.data, change);
        }
    } else {
        replica_reload(replica);
    }
    free(endings.incarnations);
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

static size_t count_conditions(const struct replica *replica)
{
    size_t total = 0;
    for (struct list *node = replica->flying.next; node != &replica->flying; node = node->next) {
        const struct command *command = &LIST_ENTRY(node, struct flight, link)->command;
        total += command->kind == COMMAND_EXPIRE ? command->marks.count : 0;
    }
    return total;
}

static void fill_conditions(struct replica *replica)
{
    size_t count = 0;
    for (struct list *node = replica->flying.next; node != &replica->flying; node = node->next) {
        const struct command *command = &LIST_ENTRY(node, struct flight, link)->command;
        for (size_t i = 0; command->kind == COMMAND_EXPIRE && i < command->marks.count; i++) {
            replica->conditions[count++] = command->marks.silos[i].incarnation;
        }
    }
    replica->append.lapsed = replica->conditions;
    replica->append.lapsed_count = count;
}

/* Whoever registers gets a full lease with the commit. */
static void fill_grants(struct replica *replica, struct change *const *changes, size_t change_count)
{
    size_t count = 0;
    for (size_t i = 0; i < change_count; i++) {
        struct registry_silo silo;
        if (changes[i]->event == CHANGE_SILO_REGISTERED && changes[i]->put_count == 1 &&
            silo_view_parse(&silo, changes[i]->puts[0]) == QVT_OK && silo.status != PLACEMENT_DEAD) {
            replica->grants[count++] = (struct store_lease){silo.incarnation, silo.lease_ttl_ms};
        }
    }
    replica->append.grants = replica->grants;
    replica->append.grant_count = count;
}

static bool prepare_append(struct replica *replica)
{
    size_t count;
    struct change *const *changes = batch_changes(replica->batch, &count);
    replica->grants = malloc((count + 1) * sizeof *replica->grants);
    replica->conditions = malloc((count_conditions(replica) + 1) * sizeof *replica->conditions);
    if (replica->grants == NULL || replica->conditions == NULL) {
        return false;
    }
    replica->expected = *registry_head(replica->registry);
    replica->append = (struct store_append){
        .expected = &replica->expected,
        .changes = changes,
        .change_count = count,
        .keep_from = registry_history_first(replica->registry),
    };
    fill_grants(replica, changes, count);
    fill_conditions(replica);
    return true;
}

static void end_batch(struct replica *replica)
{
    batch_free(replica->batch);
    free(replica->grants);
    free(replica->conditions);
    replica->batch = NULL;
    replica->grants = NULL;
    replica->conditions = NULL;
}

/* ---- the append's outcomes ---- */

static void forget_proposal(struct flight *flight)
{
    proposal_deinit(&flight->proposal);
    free(flight->refusal);
    flight->refusal = NULL;
}

/* Back to the front of the queue, in their order. */
static void requeue(struct replica *replica)
{
    while (!list_is_empty(&replica->flying)) {
        struct flight *flight = LIST_ENTRY(replica->flying.prev, struct flight, link);
        list_remove(&flight->link);
        forget_proposal(flight);
        list_push_front(&replica->queue, &flight->link);
    }
}

static void on_appended(struct replica *replica)
{
    size_t count;
    struct change *const *changes = batch_changes(replica->batch, &count);
    for (size_t i = 0; i < count; i++) {
        if (!replica_follow(replica, changes[i])) {
            break;
        }
    }
    end_batch(replica);
    replica_settle(replica, NULL);
}

static void on_conflict(struct replica *replica, struct change *const *missed, size_t count)
{
    bool follows = count > 0;
    for (size_t i = 0; follows && i < count; i++) {
        bool new = missed[i]->position.revision > registry_head(replica->registry)->revision;
        follows = !new || replica_follow(replica, missed[i]);
    }
    end_batch(replica);
    requeue(replica);
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
        forget_proposal(flight);
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
    switch (outcome) {
    case STORE_APPENDED: on_appended(replica); break;
    case STORE_CONFLICT: on_conflict(replica, missed, missed_count); break;
    case STORE_UNMET: on_unmet(replica); break;
    case STORE_FAILED:
        end_batch(replica);
        replica_settle(replica, error);
        break;
    case STORE_UNCERTAIN: on_uncertain(replica); break;
    }
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

void replica_flush(struct replica *replica)
{
    if (replica->batch != NULL || list_is_empty(&replica->queue)) {
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
        end_batch(replica);
        replica_settle(replica, NULL);
    } else if (prepare_append(replica)) {
        store_append(replica->log, &replica->append, on_append, replica);
    } else {
        fail_all(replica);
    }
}
