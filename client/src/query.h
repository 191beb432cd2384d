/* A question of the application: asked on its thread, run on the loop's, given back there. */
#ifndef QVT_CLIENT_QUERY_H
#define QVT_CLIENT_QUERY_H

#include "base/buf.h"
#include "client/src/client.h"
#include "client/src/unary.h"

/* Embedded in what knows the question and its answer, on the heap. */
struct query {
    /* Set by the owner before query_start. */
    const qvt_rpc_method *method;
    /* Encodes the request of one round. The first is encoded before query_start returns, the others on the loop. */
    qvt_status (*encode)(struct query *query, struct buf *out);
    /* Takes the answer of one round; may set query->again for another one, within the same deadline. Loop thread. */
    qvt_status (*decode)(struct query *query, qvt_slice answer, qvt_error *error);
    /* Exactly once, last; frees the owner. Loop thread. */
    void (*on_done)(struct query *query, const qvt_error *error);

    struct job job;
    struct unary unary;
    qvt_client *client;
    struct buf request;
    int64_t end_us;      /* of all rounds, by the monotonic clock */
    uint32_t timeout_ms; /* of the round under way */
    unsigned moves;      /* of the channel when the round began */
    unsigned attempts_left;
    bool fail_fast;
    bool again;
    bool is_answered; /* the round brought a message */
};

/* Asks; once more, elsewhere where that can be, when the tracker goes away before it answers. Not OK: it is in terms->error, on_done is not called and nothing was sent; the owner frees itself. Any thread. */
QVT_MUST_CHECK qvt_status query_start(struct query *query, qvt_client *client, struct call_terms *terms);

/* Frees what the query holds, for its owner. */
void query_deinit(struct query *query);

#endif
