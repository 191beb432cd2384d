/* The model of the store that replicas share: what its script does, atomically, on one primary with a standby behind it
 * (docs/simulation.md). It knows nothing of networks. */
#ifndef QVT_TESTS_SIMULATION_SERVER_H
#define QVT_TESTS_SIMULATION_SERVER_H

#include "base/list.h"
#include "server/registry/history.h"
#include "server/store/store.h"

#define SERVER_RECORDS 256u
#define SERVER_LEASES 256u
#define SERVER_TURN_US INT64_C(20000)
#define SERVER_TICK_GAP_US INT64_C(2000000)

struct server_lease {
    uint64_t incarnation;
    int64_t end_us; /* by the server's clock */
    uint32_t ttl_ms;
};

/* What one Redis has in its memory. */
struct truth {
    struct position head;
    struct image *records[SERVER_RECORDS];
    size_t record_count;
    struct history history;
    struct server_lease leases[SERVER_LEASES];
    size_t lease_count;
    int64_t tick_us; /* of the last tick; 0: none yet */
    int64_t hold_until_us;
};

/* Who lost an append last and may go first. */
struct server_turn {
    unsigned replica;
    unsigned losses; /* 0: nobody's turn */
    int64_t until_us;
};

struct server {
    struct truth primary;
    struct truth standby;
    struct list behind; /* writes that the standby has not made yet */
    struct server_turn turn;
    int64_t clock_us; /* its clock is the timeline plus this */
    int64_t lag_us;   /* of the standby */
    bool stepped;     /* its clock was set and nobody has ticked since */
    bool up;
    void (*on_changed)(void *data);                       /* something was appended, or the data is another one */
    bool (*on_append)(void *data, struct change *change); /* before it is made; false: it must not be */
    void (*on_reset)(void *data);                         /* the head has another store_id */
    void *data;
};

void server_init(struct server *server);
void server_deinit(struct server *server);

/* The server's clock at this moment of the timeline. */
int64_t server_now_us(const struct server *server, int64_t timeline_us);

struct server_answer {
    enum store_append_outcome outcome;
    bool out_of_turn;       /* a conflict without a change: try again soon */
    int64_t turn_left_us;   /* of another conflict: how long it is another's turn */
    struct change **missed; /* references; the caller's */
    size_t missed_count;
};

/* One run of the append script for a replica that has lost so many times in a row. */
void server_append(struct server *server, const struct store_append *append, unsigned replica, unsigned losses,
                   int64_t now_us, int64_t timeline_us, struct server_answer *answer);

/* The changes after the position, or none when it is not in the kept history. References; the caller's. */
size_t server_changes_after(const struct server *server, const struct position *position, struct change ***out);

/* ZADD XX: what is left after it; 0: there is no such lease. */
uint32_t server_renew(struct server *server, const struct store_lease *lease, int64_t now_us, int64_t timeline_us);

/* Leases whose end has passed, longest first. Returns how many. */
size_t server_lapsed(struct server *server, int64_t now_us, uint64_t *out, size_t max);

/* A replica's tick: a gap or a step back sets a hold (SPEC §7.3). */
void server_tick(struct server *server, int64_t now_us);

/* The standby takes over with what it has. */
void server_fail_over(struct server *server, int64_t timeline_us);

/* All data is gone. */
void server_empty(struct server *server);

/* The head gets another store_id if it is still the one that was seen; the history ends. */
void server_reset(struct server *server, const struct position *seen, const char *store_id);

/* The record, borrowed, or NULL. */
struct image *server_record(const struct server *server, uint32_t kind, qvt_slice key);

#endif
