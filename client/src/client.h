/* The client itself: the loop thread, the channel, the silo's registration, and what they share. */
#ifndef QVT_CLIENT_CLIENT_H
#define QVT_CLIENT_CLIENT_H

#include <stdint.h>

#include "qvt/activity.h"
#include "qvt/client.h"
#include "qvt/rpc/client.h"
#include "client/src/cache.h"
#include "client/src/facts.h"
#include "client/src/fork_count.h"
#include "client/src/link.h"
#include "client/src/loop.h"
#include "client/src/registration.h"
#include "base/list.h"

/* After qvt_client_new returned: options and cluster are constant; loop and facts lock themselves; the rest belongs to the
 * loop thread. */
struct qvt_client {
    struct qvt_client_options options; /* endpoints and cluster are not used from here: they were the caller's */
    char *cluster;
    struct loop loop;
    struct facts facts;
    qvt_rpc_runtime *runtime;
    struct link link;
    unsigned channel_moves; /* how often the state of the channel changed */
    struct registration registration;
    struct list watches; /* qvt_watch.node */
    struct cache cache;
    struct job beginning;
    _Atomic(qvt_activity *) activity; /* that heartbeats report; NULL: none */
    uint32_t forks;                   /* fork_count when it was made */
    struct job leaving;
    struct write farewell;
    bool is_leaving; /* nothing new is begun */
};

/* One call of an application thread, resolved from its options: how long, how, and where its error goes. */
struct call_terms {
    uint32_t timeout_ms;
    bool fail_fast;
    qvt_error *error; /* never NULL; the caller's or `own` */
    qvt_error own;
};

/* Resolves the options of a blocking call, given may be NULL. INVALID_ARGUMENT for their size, FAILED_PRECONDITION on the
 * loop thread, where blocking would never end; already finished then. The terms must not be moved. */
QVT_MUST_CHECK qvt_status call_begin(qvt_client *client, struct call_terms *terms, const qvt_call_options *given);

/* As call_begin for the callback form. INVALID_ARGUMENT, CANCELLED on the loop thread of a client that is being freed. */
QVT_MUST_CHECK qvt_status call_begin_async(qvt_client *client, struct call_terms *terms, const qvt_call_options *given);

/* The two halves of both: the options, and FAILED_PRECONDITION reason FORKED in a process that was forked since the client
 * was made; then whether the call may block, or begin. */
QVT_MUST_CHECK qvt_status call_read(qvt_client *client, struct call_terms *terms, const qvt_call_options *given);
QVT_MUST_CHECK qvt_status call_may_block(qvt_client *client, struct call_terms *terms);
QVT_MUST_CHECK qvt_status call_may_begin(qvt_client *client, struct call_terms *terms);

/* Whether this process was forked since the client was made: its thread is not here. */
static inline bool client_is_foreign(const qvt_client *client)
{
    return client->forks != fork_count();
}

/* Ends the call: keeps an error as the client's last, and returns terms->error->status. */
qvt_status call_finish(qvt_client *client, struct call_terms *terms);

/* Keeps an error as the client's last; OK: nothing. Any thread. */
void client_note_error(qvt_client *client, const qvt_error *error);

/* Goes to the next endpoint, with the watches, when there is a connection or an attempt to leave. Loop thread. */
void client_leave_endpoint(qvt_client *client);

/* Tries to connect now, where a pause is kept between attempts. Loop thread. */
void client_connect(qvt_client *client);

/* A call that began when the channel had made so many moves got no answer in its time. If that was long, the endpoint may
 * be standing still, or the connection dead: it is left. Loop thread. */
void client_blame_endpoint(qvt_client *client, uint32_t timeout_ms, unsigned moves);

/* Functions that only look take a const client; what they look at locks itself. */
static inline struct facts *facts_of(const qvt_client *client)
{
    return (struct facts *)(uintptr_t)&client->facts;
}

#endif
