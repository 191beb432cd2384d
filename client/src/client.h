/* The client itself: the loop thread, the channel, the silo's registration, and what they share. */
#ifndef QVT_CLIENT_CLIENT_H
#define QVT_CLIENT_CLIENT_H

#include <stdint.h>

#include "qvt/client.h"
#include "qvt/rpc/client.h"
#include "client/src/facts.h"
#include "client/src/loop.h"
#include "client/src/registration.h"

/* After qvt_client_new returned: options and cluster are constant; loop and facts lock themselves; the rest belongs to the
 * loop thread. */
struct qvt_client {
    struct qvt_client_options options; /* endpoints and cluster are not used from here: they were the caller's */
    char *cluster;
    struct loop loop;
    struct facts facts;
    qvt_rpc_runtime *runtime;
    qvt_rpc_channel *channel;
    struct registration registration;
};

/* One call of an application thread, resolved from its options: how long, how, and where its error goes. */
struct call_terms {
    uint32_t timeout_ms;
    bool fail_fast;
    qvt_error *error; /* never NULL; the caller's or `own` */
    qvt_error own;
};

/* Resolves the options, given may be NULL. INVALID_ARGUMENT for their size, FAILED_PRECONDITION on the loop thread, where
 * blocking would never end; already finished then. The terms must not be moved. */
QVT_MUST_CHECK qvt_status call_begin(qvt_client *client, struct call_terms *terms, const qvt_call_options *given);

/* Ends the call: keeps an error as the client's last, and returns terms->error->status. */
qvt_status call_finish(qvt_client *client, struct call_terms *terms);

/* Functions that only look take a const client; what they look at locks itself. */
static inline struct facts *facts_of(const qvt_client *client)
{
    return (struct facts *)(uintptr_t)&client->facts;
}

#endif
