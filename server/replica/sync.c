/* Waiting until the mirror shows what is committed: reads that must be linearisable or not older than a position, and
 * refusals that may only be due to a mirror that is behind. */
#include <stdlib.h>

#include "base/check.h"
#include "server/replica/replica_state.h"

#define SYNC_MAX_US INT64_C(2000000)

struct sync_wait {
    struct list link;
    struct position target; /* once known */
    enum { WAIT_UNASKED, WAIT_ASKED, WAIT_KNOWN } state;
    int64_t due_us;
    replica_on_synced on_synced;
    void *data;
};

static void end_wait(struct sync_wait *wait, qvt_status status, const qvt_error *error)
{
    replica_on_synced on_synced = wait->on_synced;
    void *data = wait->data;
    list_remove(&wait->link);
    free(wait);
    on_synced(data, status, error);
}

static void fail_wait(struct sync_wait *wait, const char *reason, const char *why)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_UNAVAILABLE, reason, "%s", why);
    error.retry_delay_ms = RETRY_DELAY_MS;
    end_wait(wait, QVT_UNAVAILABLE, &error);
}

/* Every wait at most once, whatever callbacks add. */
static void take_all(struct replica *replica, struct list *out)
{
    list_init(out);
    while (!list_is_empty(&replica->waits)) {
        struct list *node = replica->waits.next;
        list_remove(node);
        list_push_back(out, node);
    }
}

static struct sync_wait *take_first(struct list *list)
{
    struct sync_wait *wait = LIST_ENTRY(list->next, struct sync_wait, link);
    list_remove(&wait->link);
    return wait;
}

/* Another history is news as well: whoever asks again is told. */
static bool is_there(struct replica *replica, const struct position *target)
{
    if (replica->phase != REPLICA_READY) {
        return false;
    }
    bool created = registry_head(replica->registry)->revision > 0 || target->revision == 0;
    return created && registry_resume(replica->registry, target) != REGISTRY_RESUME_AHEAD;
}

void replica_sync_settle(struct replica *replica)
{
    struct list all;
    take_all(replica, &all);
    while (!list_is_empty(&all)) {
        struct sync_wait *wait = take_first(&all);
        if (wait->state == WAIT_KNOWN && is_there(replica, &wait->target)) {
            end_wait(wait, QVT_OK, NULL);
        } else if (wait->due_us <= replica_now_us(replica)) {
            fail_wait(wait, "BEHIND", "this replica could not catch up in time");
        } else {
            list_push_back(&replica->waits, &wait->link);
        }
    }
}

void replica_sync_asked(struct replica *replica)
{
    for (struct list *node = replica->waits.next; node != &replica->waits; node = node->next) {
        struct sync_wait *wait = LIST_ENTRY(node, struct sync_wait, link);
        wait->state = wait->state == WAIT_UNASKED ? WAIT_ASKED : wait->state;
    }
}

void replica_sync_answered(struct replica *replica, const struct position *head)
{
    struct list all;
    take_all(replica, &all);
    while (!list_is_empty(&all)) {
        struct sync_wait *wait = take_first(&all);
        if (wait->state == WAIT_ASKED && head == NULL) {
            fail_wait(wait, "STORE_UNAVAILABLE", "the store does not answer");
            continue;
        }
        if (wait->state == WAIT_ASKED) {
            /* An emptied store has no truth to catch up with: asked again until a replica has made it anew. */
            bool emptied = head->revision == 0 && registry_head(replica->registry)->revision > 0;
            wait->target = *head;
            wait->state = emptied ? WAIT_UNASKED : WAIT_KNOWN;
        }
        list_push_back(&replica->waits, &wait->link);
    }
    replica_sync_settle(replica);
}

void replica_sync_refuse_all(struct replica *replica)
{
    struct list all;
    take_all(replica, &all);
    while (!list_is_empty(&all)) {
        fail_wait(take_first(&all), "SHUTTING_DOWN", "the tracker is stopping");
    }
}

bool replica_sync_wants_look(const struct replica *replica)
{
    for (struct list *node = replica->waits.next; node != &replica->waits; node = node->next) {
        if (LIST_ENTRY(node, struct sync_wait, link)->state == WAIT_UNASKED) {
            return true;
        }
    }
    return false;
}

int64_t replica_sync_due_us(const struct replica *replica)
{
    int64_t due_us = INT64_MAX;
    for (struct list *node = replica->waits.next; node != &replica->waits; node = node->next) {
        int64_t own_us = LIST_ENTRY(node, struct sync_wait, link)->due_us;
        due_us = own_us < due_us ? own_us : due_us;
    }
    return due_us;
}

static bool is_known(struct replica *replica, const struct position *least)
{
    return !store_is_shared(replica->store) || (least != NULL && is_there(replica, least));
}

void replica_sync(struct replica *replica, const struct position *least, replica_on_synced on_synced, void *data)
{
    if (is_known(replica, least)) {
        on_synced(data, QVT_OK, NULL);
        return;
    }
    struct sync_wait *wait = calloc(1, sizeof *wait);
    if (wait == NULL) {
        qvt_error error;
        (void)qvt_error_set(&error, QVT_NO_MEMORY, NULL, "out of memory");
        on_synced(data, QVT_NO_MEMORY, &error);
        return;
    }
    wait->state = least == NULL ? WAIT_UNASKED : WAIT_KNOWN;
    wait->target = least == NULL ? wait->target : *least;
    wait->due_us = replica_now_us(replica) + SYNC_MAX_US;
    wait->on_synced = on_synced;
    wait->data = data;
    list_push_back(&replica->waits, &wait->link);
    replica_wake(replica);
}
