/* Bulk commands that a replica gives itself: expiry, suspicion, health, purge. Private to this folder. */
#ifndef QVT_SERVER_REPLICA_OWN_COMMAND_H
#define QVT_SERVER_REPLICA_OWN_COMMAND_H

#include "server/replica/replica_state.h"

#define OWN_COMMAND_ID_MAX 128u

/* A bulk command with the memory that its marks live in. */
struct own_command {
    struct replica *replica;
    bool *running; /* in the replica; cleared with the outcome */
    struct silo_mark *marks;
    size_t count;
    char (*ids)[OWN_COMMAND_ID_MAX];
};

/* Room for `capacity` marks. `running` is the replica's flag for this kind of command. NULL: out of memory. */
struct own_command *own_command_new(struct replica *replica, bool *running, size_t capacity);
void own_command_free(struct own_command *own);

void own_command_add(struct own_command *own, const struct pulse *pulse, bool value);

/* Hands the command over: it frees itself with its outcome, and what failed or did not fit is tried again. */
void own_command_submit(struct own_command *own, enum command_kind kind);

#endif
