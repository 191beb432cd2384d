/* A replica over the memory store on virtual time: the driver's part is played by the test. */
#ifndef QVT_TESTS_UNIT_SERVER_REPLICA_WORLD_H
#define QVT_TESTS_UNIT_SERVER_REPLICA_WORLD_H

#include "server/replica/replica.h"
#include "server/store/memory.h"
#include "tests/support/virtual_clock.h"
#include "tests/unit/server/registry/requests.h"

struct world {
    struct virtual_clock clock;
    uint64_t seed;
    struct entropy entropy;
    struct store *store;
    struct replica *replica;
    struct registry_limits limits;
    bool woken;
    uint64_t changes;  /* told by on_change */
    char events[512];  /* their events' numbers, `2 6 …` */
    qvt_status status; /* of the last outcome or heartbeat */
    qvt_error error;
    struct position position;
    uint32_t remaining_ms;
    unsigned answers;
};

void world_init(struct world *world);
void world_init_limits(struct world *world, const struct registry_limits *limits);
void world_deinit(struct world *world);

/* Another replica takes the place of this one; the store stays. */
void world_restart(struct world *world);

/* Turns until nothing is asked and nothing is due. */
void world_settle(struct world *world);

/* Moves time on in steps to each deadline on the way. */
void world_advance_ms(struct world *world, int64_t delta_ms);

qvt_status world_register(struct world *world, const char *silo_id, uint8_t instance, int64_t lease_ms);
qvt_status world_update_status(struct world *world, const char *silo_id, int status);
qvt_status world_cordon(struct world *world, const char *silo_id);
qvt_status world_unregister(struct world *world, const char *silo_id);

/* cpu_percent < 0: without health. */
qvt_status world_beat(struct world *world, const char *silo_id, double cpu_percent);

const struct registry_silo *world_silo(const struct world *world, const char *silo_id);
const struct registry_counts *world_counts(const struct world *world);

/* For replica_submit. */
void world_on_outcome(void *data, const struct replica_outcome *outcome);

#endif
