/* A store over the memory store whose appends and news wait until the test lets them go, or fail. */
#ifndef QVT_TESTS_UNIT_SERVER_REPLICA_HELD_STORE_H
#define QVT_TESTS_UNIT_SERVER_REPLICA_HELD_STORE_H

#include "server/store/store_base.h"

enum held_fate { HELD_PASS, HELD_FAIL_FULL, HELD_UNCERTAIN_LOST, HELD_UNCERTAIN_DONE };

/* One replica's sight of the inner store. */
struct held_store {
    struct store base;
    struct store *inner;
    struct held_log *log; /* one */
    bool holding;         /* else appends and news pass at once */
    bool loads_fail;
    bool emptied;     /* says that it has no head */
    unsigned appends; /* asked so far */
    size_t last_change_count;
};

/* Not shared unless base.shared is set. The struct must not move; the inner store is not closed with it. */
void held_store_init(struct held_store *held, struct store *inner);

/* Whether an append waits; lets it go with this fate. */
bool held_store_waits(const struct held_store *held);
void held_store_release(struct held_store *held, enum held_fate fate);

/* Lets the oldest of the waiting news go; false: none. */
bool held_store_tell(struct held_store *held);

#endif
