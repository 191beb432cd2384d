/* Private to server/identity: the inside of a guard. */
#ifndef QVT_SERVER_IDENTITY_GUARD_PRIVATE_H
#define QVT_SERVER_IDENTITY_GUARD_PRIVATE_H

#include "server/identity/guard.h"
#include "server/identity/limiter.h"

/* Callers are numbered by seat and generation, so that a number never comes to mean another one. */
struct seat {
    uint32_t generation;
    const struct proof *proof; /* NULL: free, or revoked */
};

struct guard {
    struct guard_options options;
    struct credentials *credentials; /* NULL: nobody */
    struct seat *seats;
    size_t seat_count;
    uint32_t generations; /* given so far */
    struct limiter *limiter;
    uint64_t failures[GUARD_REASONS];
    uint64_t reloads[2]; /* failed, loaded */
    int64_t logged_us;   /* when a line was written last; 0: never */
    uint64_t unlogged;   /* failures without a line since */
};

/* Who failed at what; texts may be NULL. */
struct guard_fault {
    enum guard_reason reason;
    const char *credential;
    const char *peer;
    const char *method;
    const char *cluster;
};

/* Counts the failure, and logs it unless that was done within the last second. */
void guard_note(struct guard *guard, const struct guard_fault *fault);

/* The caller's proof, or NULL. */
const struct proof *guard_proof(const struct guard *guard, uint64_t caller);

#endif
