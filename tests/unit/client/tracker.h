/* A tracker of one silo behind the fake channel, and a client of it. */
#ifndef QVT_TESTS_UNIT_CLIENT_TRACKER_H
#define QVT_TESTS_UNIT_CLIENT_TRACKER_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include <CUnit/CUnit.h>

#include "qvt/qvt.h"
#include "tests/unit/client/answers.h"
#include "tests/unit/client/fake_rpc.h"

#define TTL_MS 1000 /* real time: a thread that waits for a busy machine must not lose its lease meanwhile */
#define PATIENCE_S 60

/* Everything under the lock; changed is signalled after each call and each callback. */
struct tracker {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool knows_silo;
    qvt_status heartbeat_status; /* OK: by knows_silo */
    qvt_status register_status;
    bool hold_registers;
    uint32_t delay_registers_ms;
    bool hold_heartbeats;
    uint32_t ttl_ms;       /* that is granted */
    uint32_t remaining_ms; /* that heartbeats answer */
    bool hold_finds;
    unsigned failing_finds; /* so many from now on end with UNAVAILABLE and this reason */
    const char *failing_reason;
    void (*serve_watch)(struct fake_call *call);
    const char *store_id;
    char versions[256]; /* as registered, "Type=version " each */
    char silo_id[64];
    uint64_t held;
    char held_store_id[64];
    uint8_t instance_id[16];
    unsigned registers, heartbeats, unregisters, states, leases_lost, leases_held;
    double cpu_percent; /* of the last heartbeat; -1: none */
    qvt_silo_state state;
    qvt_status state_reason;
    unsigned pages;
    uint32_t find_timeout_ms;
    bool find_waits;
    unsigned finds;
    char phases[256];    /* of registrations and updates: status.scheduling each */
    uint32_t hot_actors; /* of the last heartbeat */
    qvt_status update_status;
    unsigned failing_versions; /* so many writes of versions from now on end with UNAVAILABLE */
};

extern struct tracker tracker;
extern const qvt_actor_version two_versions[2];

/* With the lock held: waits until the condition holds. */
#define AWAIT(condition)                                                                                               \
    do {                                                                                                               \
        struct timespec until;                                                                                         \
        clock_gettime(CLOCK_REALTIME, &until);                                                                         \
        until.tv_sec += PATIENCE_S;                                                                                    \
        int late = 0;                                                                                                  \
        while (!(condition) && late == 0) {                                                                            \
            late = pthread_cond_timedwait(&tracker.changed, &tracker.lock, &until);                                    \
        }                                                                                                              \
        CU_ASSERT_FATAL(late == 0);                                                                                    \
    } while (0)

/* A tracker that has forgotten everything, and options for a client of it. */
void tracker_prepare(qvt_client_options *options);

/* A client of a tracker that has forgotten everything; adjust may be NULL. */
qvt_client *tracker_connect(void (*adjust)(qvt_client_options *options));

/* As tracker_connect, with silo-1 registered. */
qvt_client *tracker_connect_silo(void (*adjust)(qvt_client_options *options));

/* silo-1 with two_versions. */
qvt_silo_options a_silo(void);

/* Under the lock, then signals: for callbacks of tests. */
void tracker_count(unsigned *counter);

#endif
