/* A replica process: the real service over a link to the shared store, with a loop of its own. It is killed, stopped and
 * started again. */
#ifndef QVT_TESTS_SIMULATION_HOST_H
#define QVT_TESTS_SIMULATION_HOST_H

#include "server/service/service.h"
#include "tests/simulation/link.h"

struct world;

struct host {
    struct world *world;
    unsigned index;
    char name[8];
    uint64_t boot; /* counts its processes */
    bool up;
    bool closed;
    struct link link;
    struct service *service;
    struct position head; /* of its mirror, as last seen */
    struct event turn;
    struct event deadline;
    struct event restart;
};

void host_init(struct host *host, struct world *world, unsigned index);
void host_deinit(struct host *host);

/* Starts a process. It must be down. */
void host_start(struct host *host);

/* kill -9; it starts again after a while. Nothing if it is down. */
void host_kill(struct host *host, int64_t down_us);

/* SIGSTOP until then. */
void host_stop(struct host *host, int64_t until_us);

/* Whether it takes in messages now. */
bool host_listens(const struct host *host);

/* After anything that may have moved its mirror: the rules about it. */
void host_look(struct host *host);

#endif
