/* A question that an application thread asks and waits for. */
#ifndef QVT_CLIENT_QUERY_H
#define QVT_CLIENT_QUERY_H

#include "client/src/client.h"
#include "client/src/unary.h"

struct buf;

/* Sends the request and blocks until `decode` has taken the answer, or the deadline of the terms; the result is in
 * terms->error too. decode runs on the loop thread while this one waits, and gets `into`. */
QVT_MUST_CHECK qvt_status query_run(qvt_client *client, struct call_terms *terms, const qvt_rpc_method *method,
                                    const struct buf *request,
                                    qvt_status (*decode)(void *into, qvt_slice answer, qvt_error *error), void *into);

#endif
