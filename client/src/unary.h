/* One unary call whose answer is decoded while it is borrowed. Loop thread. */
#ifndef QVT_CLIENT_UNARY_H
#define QVT_CLIENT_UNARY_H

#include "qvt/error.h"
#include "qvt/rpc/client.h"
#include "qvt/slice.h"
#include "base/buf.h"
#include "client/src/link.h"
#include "client/src/loop.h"

/* Embedded in what waits for it; starts zeroed. It may be started again once on_done was called. */
struct unary {
    /* Set by the owner before unary_start. decode may be NULL: the answer does not matter. */
    qvt_status (*decode)(struct unary *unary, qvt_slice answer, qvt_error *error);
    /* Exactly once per start, last, possibly before unary_start returns; error->status OK when the answer was decoded. */
    void (*on_done)(struct unary *unary, const qvt_error *error);

    const struct link *link;
    qvt_rpc_client_call *call; /* under way */
    qvt_error error;           /* of decode, or of the local tracker */
    /* Of the local tracker, which answers at once: delivered in another turn of the loop. */
    struct job delivery;
    struct buf answer;
    bool is_cancelled;
};

/* Calls the method with the encoded request, copied. timeout_ms > 0. fail_fast: not waiting for a connection. */
void unary_start(struct unary *unary, const struct link *link, const qvt_rpc_method *method, qvt_slice request,
                 uint32_t timeout_ms, bool fail_fast);

/* Makes the call under way end CANCELLED, not before this returns. */
void unary_cancel(struct unary *unary);

#endif
