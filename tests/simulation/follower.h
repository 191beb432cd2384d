/* A client that watches a cluster through one replica after the other, resumes where it stood, and keeps a view of the
 * records (SPEC §6). */
#ifndef QVT_TESTS_SIMULATION_FOLLOWER_H
#define QVT_TESTS_SIMULATION_FOLLOWER_H

#include "base/list.h"
#include "qvt/blob.h"
#include "server/registry/position.h"
#include "server/service/watch.h"
#include "tests/simulation/timeline.h"

#define FOLLOWER_RECORDS 256u

struct world;
struct host;

/* A record as the watch told it. */
struct seen_record {
    uint32_t kind;
    char key[64];
    uint64_t mod_revision;
};

struct follower {
    struct world *world;
    char name[8];
    struct host *host;       /* connected to; NULL: not */
    struct watcher *watcher; /* NULL: the server has not begun, or has ended it */
    struct list packets;     /* on their way, in order */
    size_t packet_count;
    int64_t last_arrival_us;
    bool walking;
    bool has_position;
    struct position position; /* applied up to here */
    struct seen_record records[FOLLOWER_RECORDS];
    size_t record_count;
    int64_t slow_until_us; /* takes in nothing before */
    struct event connect;
    struct event arrival;
};

void follower_init(struct follower *follower, struct world *world, unsigned index);
void follower_deinit(struct follower *follower);

/* The connection is gone; what was on its way too. It connects again by itself. */
void follower_cut(struct follower *follower);

/* Takes in nothing for a while. */
void follower_slow(struct follower *follower, int64_t until_us);

/* Rule: a view that has caught up is the store's records. */
void follower_check_view(struct follower *follower);

#endif
