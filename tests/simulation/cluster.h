/* A whole cluster on virtual time from one seed: replicas over one store whose appends and news are held back at random,
 * silos that register, beat, change and leave, watchers. The rules are checked after every step. */
#ifndef QVT_TESTS_SIMULATION_CLUSTER_H
#define QVT_TESTS_SIMULATION_CLUSTER_H

#include "server/replica/replica.h"
#include "server/store/memory.h"
#include "tests/support/virtual_clock.h"
#include "tests/unit/server/registry/requests.h"
#include "tests/unit/server/replica/held_store.h"

#define CLUSTER_REPLICAS 3u
#define CLUSTER_SILOS 8u
#define CLUSTER_LOG 20000u
#define CLUSTER_CALLS 64u

struct cluster;

/* One replica with its sight of the store and a watcher on it. */
struct member {
    struct cluster *cluster;
    struct held_store held;
    struct replica *replica;
    uint64_t revision;          /* the highest seen */
    struct registry_walk *walk; /* of the watcher; NULL: live */
    struct position watched;
};

/* A process behind a silo id. */
struct actor {
    struct cluster *cluster;
    char id[8];
    uint8_t instance;
    uint64_t incarnation; /* as the tracker last said; 0: none */
    int64_t confirmed_us; /* when a renewal or registration of it was last confirmed, monotonic */
};

/* A write on its way; its request must live until the answer. */
struct call {
    struct cluster *cluster;
    bool busy;
    struct actor *actor;
    struct given_silo given;
    Quark__Version__V1__UpdateSiloRequest update;
    Quark__Version__V1__SiloInfo silo;
    Quark__Version__V1__UnregisterSiloRequest leave;
    char request_id[24];
};

struct cluster {
    struct virtual_clock clock;
    uint64_t dice_state;
    struct entropy dice;
    uint64_t seed;
    struct entropy entropy;
    struct store *store;
    struct member members[CLUSTER_REPLICAS];
    struct actor actors[CLUSTER_SILOS];
    struct call calls[CLUSTER_CALLS];
    uint64_t tokens[CLUSTER_LOG]; /* of the change with each revision, once some replica has shown it */
    uint64_t requests;
    uint64_t committed; /* writes acknowledged with a change */
    uint64_t refused;
    uint64_t unavailable;
    uint64_t expired;
};

void cluster_init(struct cluster *cluster, uint64_t seed);
void cluster_step(struct cluster *cluster);

/* Lets everything go until nothing waits, and checks that all agree. */
void cluster_settle(struct cluster *cluster);
void cluster_deinit(struct cluster *cluster);

#endif
