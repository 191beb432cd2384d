/* A process with a silo's id, as libqvt behaves: it registers, beats, changes its versions, leaves, is stopped or killed,
 * and moves to another replica when one does not answer; then a successor takes its id. */
#ifndef QVT_TESTS_SIMULATION_SILO_H
#define QVT_TESTS_SIMULATION_SILO_H

#include "tests/simulation/call.h"

enum silo_state { SILO_DOWN, SILO_REGISTERING, SILO_SERVING, SILO_LEAVING };

struct silo {
    struct world *world;
    char id[16];
    enum silo_state state;
    uint8_t instance[16];
    uint64_t incarnation; /* as the tracker last gave it; 0: none */
    char store_id[STORE_ID_LEN + 1u];
    uint32_t ttl_ms;
    unsigned types;
    unsigned endpoint;
    int64_t stopped_us;
    struct ask ask; /* of the write at hand, kept for its repetition */
    bool writing;   /* a write is under way */
    int64_t gives_up_us;
    struct call *call; /* the write's, unless it waits for its repetition */
    struct call *beat;
    struct event again; /* the write is repeated, or the next process starts */
    struct event pulse;
};

void silo_init(struct silo *silo, struct world *world, unsigned index);

/* A new process, at once; what ran before under the id is gone. */
void silo_start(struct silo *silo);

/* The process is gone without a word; a successor comes after a while. */
void silo_kill(struct silo *silo, int64_t down_us);

/* SIGSTOP until then. */
void silo_stop(struct silo *silo, int64_t until_us);

/* It does something on its own account, if it is free to. */
void silo_act(struct silo *silo);

#endif
