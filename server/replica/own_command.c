#include "server/replica/own_command.h"

#include <stdlib.h>

#include "base/check.h"

void own_command_free(struct own_command *own)
{
    free(own->marks);
    free(own->ids);
    free(own);
}

/* What failed is tried again a moment later; what went well may have left a rest. */
static void on_outcome(void *data, const struct replica_outcome *outcome)
{
    struct own_command *own = data;
    struct replica *replica = own->replica;
    int64_t again_us = replica_now_us(replica) + (outcome->status == QVT_OK ? 0 : RECHECK_US);
    *own->running = false;
    if (own->running == &replica->purging) {
        replica->purge_us = again_us;
    } else if (own->running == &replica->expiring) {
        replica_recheck_at(replica, again_us);
    } else {
        replica->marks_us = again_us;
        marks_list_again(own);
    }
    own_command_free(own);
    replica_wake(replica);
}

struct own_command *own_command_new(struct replica *replica, bool *running, size_t capacity)
{
    struct own_command *own = calloc(1, sizeof *own);
    if (own == NULL) {
        return NULL;
    }
    own->marks = malloc((capacity + 1) * sizeof *own->marks);
    own->ids = malloc((capacity + 1) * sizeof *own->ids);
    if (own->marks == NULL || own->ids == NULL) {
        own_command_free(own);
        return NULL;
    }
    own->replica = replica;
    own->running = running;
    return own;
}

void own_command_add(struct own_command *own, const struct pulse *pulse, bool value)
{
    QVT_ASSERT(pulse->id_len <= OWN_COMMAND_ID_MAX);
    memcpy(own->ids[own->count], pulse->silo_id, pulse->id_len);
    own->marks[own->count] =
        (struct silo_mark){qvt_slice_make(own->ids[own->count], pulse->id_len), pulse->incarnation, value};
    own->count++;
}

void own_command_submit(struct own_command *own, enum command_kind kind)
{
    struct command command = {.kind = kind, .marks = {own->marks, own->count}};
    *own->running = true;
    replica_submit(own->replica, &command, on_outcome, own);
}
