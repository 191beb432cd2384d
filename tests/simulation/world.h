/* A whole cluster in one process on virtual time, from one seed: the shared store, its replicas, silos, admins and
 * watchers, the network between them, and what goes wrong (docs/simulation.md). */
#ifndef QVT_TESTS_SIMULATION_WORLD_H
#define QVT_TESTS_SIMULATION_WORLD_H

#include "tests/simulation/dice.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/follower.h"
#include "tests/simulation/host.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/admin.h"
#include "tests/simulation/silo.h"

#define WORLD_HOSTS 3u
#define WORLD_SILOS 8u
#define WORLD_FOLLOWERS 4u
#define WORLD_ADMINS 3u

struct world {
    struct timeline timeline;
    struct dice dice;   /* chance and mischance */
    struct dice tokens; /* what the system under test draws */
    struct server server;
    struct judge judge;
    struct registry_limits limits;
    unsigned host_count;
    unsigned silo_count;
    unsigned follower_count;
    unsigned admin_count;
    struct host hosts[WORLD_HOSTS];
    struct silo silos[WORLD_SILOS];
    struct follower followers[WORLD_FOLLOWERS];
    struct admin admins[WORLD_ADMINS];
    struct faults faults;
    int64_t begin_us;
    int64_t delay_us[WORLD_HOSTS]; /* usual one-way delays of each replica */
    uint32_t loss_mille;
    uint64_t requests;
    bool loses_data; /* the store fails over and is emptied */
    bool calm;       /* nothing goes wrong any more */
    bool ending;     /* and admins begin nothing any more */
    bool tracing;
    char broken[512]; /* the first rule that did not hold; "": none */
};

/* Runs the whole story of the seed. The world may be anywhere; it is large. */
void world_run(struct world *world, uint64_t seed, bool tracing);

/* A one-way delay now, of a message to or from the replica. */
int64_t world_delay_us(struct world *world, unsigned host);

/* Whether the message at hand is lost. */
bool world_loses(struct world *world);

/* A rule does not hold: the run ends. */
void world_broken(struct world *world, const char *format, ...) QVT_PRINTF(2, 3);
void world_trace(struct world *world, const char *format, ...) QVT_PRINTF(2, 3);

/* A replica's process is about to be gone: whoever is connected to it loses the connection. */
void world_host_gone(struct world *world, struct host *host);

/* The etag of a record's image; "" for none. */
void world_etag(struct world *world, const struct image *image, char etag[POSITION_TEXT_MAX]);

/* A request_id that nobody used yet. */
void world_request_id(struct world *world, char out[24]);

#endif
