/* A client's call of one method at one replica: request and answer travel, are late or lost; the client stops waiting. */
#ifndef QVT_TESTS_SIMULATION_CALL_H
#define QVT_TESTS_SIMULATION_CALL_H

#include "base/arena.h"
#include "base/buf.h"
#include "quark/version/v1/version_tracker.pb-c.h"
#include "qvt/rpc/unary.h"
#include "server/registry/image.h"
#include "server/registry/position.h"
#include "tests/simulation/timeline.h"

struct world;
struct host;

enum ask_kind {
    ASK_REGISTER,
    ASK_VERSIONS,
    ASK_UPDATE,
    ASK_UNREGISTER,
    ASK_HEARTBEAT,
    ASK_SET_POLICY,
    ASK_DELETE_POLICY,
    ASK_GET_SILO,
    ASK_GET_POLICY
};

/* What is asked, for all methods. */
struct ask {
    enum ask_kind kind;
    char key[16]; /* silo id or actor type */
    uint8_t instance[16];
    uint64_t held;
    char held_store_id[STORE_ID_LEN + 1u];
    uint64_t incarnation;
    uint32_t ttl_ms;
    unsigned types; /* a bit an actor type */
    uint32_t port;
    char if_match[POSITION_TEXT_MAX];
    char request_id[24];          /* "": none */
    struct position min_position; /* revision 0: none */
    bool linearizable;
};

/* What came back; borrowed during on_end. */
struct reply {
    qvt_status status;  /* DEADLINE_EXCEEDED: nothing came in time */
    const char *reason; /* "" when none */
    struct position position;
    uint64_t incarnation;
    uint32_t remaining_ms;
    char etag[POSITION_TEXT_MAX]; /* of the record; "": none */
    int64_t sent_us;
    bool stale; /* it says its age */
};

typedef void (*call_on_end)(void *data, const struct ask *ask, const struct reply *reply);

/* on_end comes exactly once unless the client cancels. */
struct call *call_new(struct world *world, struct host *host, const struct ask *ask, int64_t timeout_us,
                      call_on_end on_end, void *data);

/* on_end will not be called. NULL is fine. */
void call_cancel(struct call *call);

bool ask_is_write(const struct ask *ask);

#endif
