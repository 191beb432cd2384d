#include <stdlib.h>

#include "base/check.h"
#include "server/registry/silo_view.h"
#include "server/replica/replica_state.h"

void flight_answer(struct replica *replica, struct flight *flight, const qvt_error *error)
{
    struct replica_outcome outcome = {
        .status = error == NULL ? QVT_OK : error->status,
        .error = error,
        .position = *registry_head(replica->registry),
        .image = NULL,
    };
    if (error == NULL) {
        outcome.position = flight->proposal.position;
        outcome.image = flight->proposal.image;
    }
    flight->on_outcome(flight->data, &outcome);
    proposal_deinit(&flight->proposal);
    free(flight->refusal);
    free(flight);
}

struct flight *flight_take_first(struct list *list)
{
    struct flight *flight = LIST_ENTRY(list->next, struct flight, link);
    list_remove(&flight->link);
    return flight;
}

/* Registering again without a change is a sign of life as well. */
static void renew_unchanged(struct replica *replica, const struct flight *flight)
{
    struct registry_silo asked;
    bool unchanged = flight->status == QVT_OK && flight->proposal.change == NULL && flight->proposal.image != NULL;
    if (flight->command.kind != COMMAND_REGISTER_SILO || !unchanged ||
        silo_view_parse(&asked, flight->proposal.image) != QVT_OK) {
        return;
    }
    const struct registry_silo *silo = registry_silo(replica->registry, asked.id);
    if (silo != NULL && silo->incarnation == asked.incarnation && silo->status != PLACEMENT_DEAD) {
        replica_hear_again(replica, silo);
    }
}

void flight_forget(struct flight *flight)
{
    proposal_deinit(&flight->proposal);
    free(flight->refusal);
    flight->refusal = NULL;
}

/* In front of the queue, in their order. */
static void put_back(struct replica *replica, struct list *flights)
{
    while (!list_is_empty(flights)) {
        struct flight *flight = LIST_ENTRY(flights->prev, struct flight, link);
        list_remove(&flight->link);
        flight_forget(flight);
        list_push_front(&replica->queue, &flight->link);
    }
}

void replica_requeue(struct replica *replica)
{
    put_back(replica, &replica->flying);
}

void replica_settle(struct replica *replica, const qvt_error *error)
{
    struct list done;
    struct list again;
    bool unchecked = error != NULL && store_is_shared(replica->store);
    list_init(&done);
    list_init(&again);
    while (!list_is_empty(&replica->flying)) {
        struct flight *flight = flight_take_first(&replica->flying);
        bool failed = error != NULL && (flight->depends || flight->proposal.change != NULL);
        list_push_back(unchecked && !failed ? &again : &done, &flight->link);
    }
    put_back(replica, &again);
    while (!list_is_empty(&done)) {
        struct flight *flight = flight_take_first(&done);
        bool failed = error != NULL && (flight->depends || flight->proposal.change != NULL);
        if (!failed) {
            renew_unchanged(replica, flight);
        }
        flight_answer(replica, flight, failed ? error : flight->refusal);
    }
}

void replica_refuse_all(struct replica *replica, const qvt_error *error)
{
    struct list all;
    list_init(&all);
    while (!list_is_empty(&replica->queue)) {
        list_push_back(&all, &flight_take_first(&replica->queue)->link);
    }
    while (!list_is_empty(&all)) {
        flight_answer(replica, flight_take_first(&all), error);
    }
}

/* While the mirror is loaded anew commands wait for it, but not for a store that is away. */
static bool may_wait(const struct replica *replica, qvt_error *error)
{
    if (replica->phase == REPLICA_READY || !replica_is_degraded(replica)) {
        return true;
    }
    (void)qvt_error_set(error, QVT_UNAVAILABLE, "STORE_UNAVAILABLE", "the store does not answer");
    error->retry_delay_ms = RETRY_DELAY_MS;
    return false;
}

void replica_submit(struct replica *replica, const struct command *command, replica_on_outcome on_outcome, void *data)
{
    static const qvt_error no_memory = {.status = QVT_NO_MEMORY, .message = "out of memory"};
    qvt_error refusal;
    const qvt_error *error = &no_memory;
    struct flight *flight = NULL;
    if (replica_ready(replica, &refusal) != QVT_OK || !may_wait(replica, &refusal)) {
        error = &refusal;
    } else {
        flight = malloc(sizeof *flight);
    }
    if (flight == NULL) {
        struct replica_outcome outcome = {error->status, error, *registry_head(replica->registry), NULL};
        on_outcome(data, &outcome);
        return;
    }
    *flight = (struct flight){.command = *command, .on_outcome = on_outcome, .data = data};
    list_init(&flight->link);
    list_push_back(&replica->queue, &flight->link);
    gather_came(&replica->gather);
    replica_wake(replica);
}
