/* A service on the memory store with a clock that tests move, a caller of its handlers, and a watcher that keeps what it
 * is sent. */
#ifndef QVT_TESTS_UNIT_SERVER_SERVICE_FIXTURE_H
#define QVT_TESTS_UNIT_SERVER_SERVICE_FIXTURE_H

#include "base/arena.h"
#include "base/buf.h"
#include "quark/version/v1/version_tracker.pb-c.h"
#include "server/service/service.h"
#include "server/service/watch.h"
#include "tests/support/virtual_clock.h"

struct fixture {
    struct virtual_clock clock;
    uint64_t seed;
    struct entropy entropy;
    struct store *store;
    struct service *service;
    unsigned ready;
    bool wants_turn;
};

/* limits may be NULL. */
void fixture_open(struct fixture *fixture, const struct registry_limits *limits);
void fixture_close(struct fixture *fixture);

/* Turns as long as the service asks for one. */
void fixture_settle(struct fixture *fixture);

/* Moves the clock and turns as the driver would. */
void fixture_advance_ms(struct fixture *fixture, int64_t ms);

/* A call of a handler; the first member is what handlers get. */
struct fake_call {
    qvt_rpc_unary unary;
    struct arena arena;
    struct buf answer;
    qvt_error error; /* status OK: answered */
    unsigned ended;  /* how often */
    bool is_cut;     /* no memory for the answer */
};

void fake_call_init(struct fake_call *call);
void fake_call_deinit(struct fake_call *call);

/* Registers the silo with one actor type ("" : none) in the cluster, and settles. The position's revision; 0: refused. */
uint64_t fixture_register(struct fixture *fixture, const char *cluster, const char *silo_id, const char *actor_type,
                          const char *version);

/* Removes it; the position's revision. */
uint64_t fixture_unregister(struct fixture *fixture, const char *cluster, const char *silo_id);

enum { FAKE_EVENTS_MAX = 4096 };

/* A watcher's sink that takes `room` messages. */
struct fake_watch {
    struct watcher *watcher;
    size_t room;
    size_t queued;
    char
        events[FAKE_EVENTS_MAX]; /* a letter an event: R reset, r record, x removed, E walk_end, c change, p progress */
    size_t event_count;
    uint64_t revision; /* of the last position */
    char last_key[64]; /* of the last record, removed key, first put or first delete */
    const qvt_blob *last_blob;
    qvt_error error; /* with which the service ended it */
    unsigned ended;
};

/* Begins a watch; type: one actor type or NULL. start settles, begin does not. */
qvt_status fake_watch_begin(struct fixture *fixture, struct fake_watch *watch, const char *cluster, const char *type,
                            const struct position *resume_after);
qvt_status fake_watch_start(struct fixture *fixture, struct fake_watch *watch, const char *cluster, const char *type,
                            const struct position *resume_after);

#endif
