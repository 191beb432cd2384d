/* The rules that hold at every step, whatever fails: what the log takes, what mirrors show, what clients are told. */
#ifndef QVT_TESTS_SIMULATION_JUDGE_H
#define QVT_TESTS_SIMULATION_JUDGE_H

#include "server/registry/change.h"
#include "tests/simulation/call.h"

struct world;
struct host;

#define JUDGE_STORES 16u
#define JUDGE_LOG 8192u
#define JUDGE_LOST 1024u
#define JUDGE_LEASES 512u
#define JUDGE_CONDITIONS 64u

/* One store_id's history: tokens by revision, as the primary has them. */
struct chapter {
    char store_id[STORE_ID_LEN + 1u];
    uint64_t head;
    uint64_t tokens[JUDGE_LOG];
};

/* A change that a fail-over dropped. */
struct lost_change {
    struct position position;
    bool acknowledged;
    unsigned seen_by; /* a bit a replica whose mirror had it then */
    uint64_t boots[8];
};

/* A renewal that a silo was told of. */
struct confirmed {
    uint64_t incarnation;
    int64_t until_us; /* of the timeline, at the least */
};

/* A write that holds only while a record is as its sender saw it. */
struct condition {
    char request_id[24];
    char if_match[POSITION_TEXT_MAX];
};

struct judge {
    struct world *world;
    struct chapter chapters[JUDGE_STORES];
    size_t chapter_count;
    struct lost_change lost[JUDGE_LOST];
    size_t lost_count;
    struct confirmed confirmed[JUDGE_LEASES];
    size_t confirmed_count;
    struct condition conditions[JUDGE_CONDITIONS];
    size_t condition_next;
    int64_t appended_us; /* when the log grew last */
    uint64_t epoch;      /* counts what happened to the store's data from outside */
    /* What the run came to. */
    uint64_t changes;
    uint64_t acknowledged;
    uint64_t refused;
    uint64_t uncertain;
    uint64_t expired;
    uint64_t watched;
    uint64_t resets;
    uint64_t reads;
};

/* The store as a call found it when it was sent. */
struct witness {
    struct position head;
    struct image *record; /* a reference; NULL: none */
    uint64_t epoch;
};

void witness_init(struct witness *witness, struct world *world, const struct ask *ask);
void witness_deinit(struct witness *witness);

void judge_init(struct judge *judge, struct world *world);

/* A conditional write is about to be sent. */
void judge_condition(struct judge *judge, const struct ask *ask);

/* The primary is about to make this change. */
void judge_append(struct judge *judge, const struct change *change);

/* A client was answered, or waited in vain. */
void judge_reply(struct judge *judge, const struct ask *ask, const struct reply *reply, const struct witness *witness);

/* A replica's mirror moved. `before` is at revision 0 when it is a new process's. */
void judge_mirror(struct judge *judge, const struct host *host, const struct position *before,
                  const struct position *after);

/* Somebody showed this position: it must be a change of that history. */
void judge_shown(struct judge *judge, const char *who, const struct position *position);

/* The primary's data is another one now: what it lost is remembered. */
void judge_data_changed(struct judge *judge);

/* The primary's history was closed: it goes on under another store_id. */
void judge_reset(struct judge *judge);

/* Nothing is wrong any more, and everything has settled. */
void judge_end(struct judge *judge);

#endif
