/* Somebody who reads and sets policies through any replica, guarded by etags, and trusts what he was told last. */
#ifndef QVT_TESTS_SIMULATION_ADMIN_H
#define QVT_TESTS_SIMULATION_ADMIN_H

#include "tests/simulation/call.h"

struct admin {
    struct world *world;
    unsigned endpoint;
    struct ask ask;
    struct call *call;
    struct position seen; /* the newest position he was told */
    char etags[2][POSITION_TEXT_MAX];
    int64_t gives_up_us;
    unsigned answered; /* calls that were answered OK */
    struct event next;
};

void admin_init(struct admin *admin, struct world *world);

/* The next write goes to this replica: for the end, when each must commit. */
void admin_probe(struct admin *admin, unsigned host);

#endif
