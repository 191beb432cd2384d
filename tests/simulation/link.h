/* One replica's way to the shared store: the store interface over a network that delays, loses and is cut. */
#ifndef QVT_TESTS_SIMULATION_LINK_H
#define QVT_TESTS_SIMULATION_LINK_H

#include "server/store/store_base.h"
#include "tests/simulation/server.h"
#include "tests/simulation/timeline.h"

struct world;
struct link_log;

/* The struct must not move while its store is open. */
struct link {
    struct store base; /* what the replica gets */
    struct clock clock;
    struct world *world;
    unsigned replica;
    int64_t offset_us;     /* the server's clock less the timeline's, as the last answer said */
    int64_t boot_us;       /* likewise this machine's monotonic clock */
    int64_t stopped_us;    /* takes in nothing before */
    bool cut;              /* nothing passes */
    bool dead;             /* the process was killed: everything fails at once */
    unsigned losses;       /* appends lost in a row */
    unsigned most_losses;  /* while nothing was wrong: see judge */
    struct list logs;      /* of one cluster: one that is being closed may be left beside the new one */
    struct list unrelated; /* requests that belong to no log */
};

void link_init(struct link *link, struct world *world, unsigned replica);

/* The process dies: nothing is sent any more. Its service is to be closed next. */
void link_die(struct link *link);

/* Whatever still waits for an answer fails. The log is closed by its replica. */
void link_fail_all(struct link *link);

/* The store has something new: it is heard of after a while. */
void link_news(struct link *link);

#endif
