/* One unary call, whatever carries it: gRPC, JSON over HTTP, or a test. Handlers are written against this, once. */
#ifndef QVT_RPC_UNARY_H
#define QVT_RPC_UNARY_H

#include <stdint.h>

#include "qvt/error.h"
#include "qvt/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qvt_rpc_unary qvt_rpc_unary;

/* What a carrier implements. */
typedef struct qvt_rpc_unary_carrier {
    void (*reply)(qvt_rpc_unary *unary, const qvt_slice *parts, size_t part_count);
    void (*fail)(qvt_rpc_unary *unary, const qvt_error *error);
    void *(*alloc)(qvt_rpc_unary *unary, size_t size);
    const char *name; /* of the protocol, for logs: "grpc" */
} qvt_rpc_unary_carrier;

/* The first member of a carrier's own struct. The handler owes exactly one reply or fail, at once or later in the loop
 * thread, also after the caller went away (then it goes nowhere); until that moment the unary and the request
 * message that came with it are valid, and after it neither is. */
struct qvt_rpc_unary {
    const qvt_rpc_unary_carrier *carrier;
    uint64_t id;     /* of the call among the carrier's, for logs; 0: it has none */
    uint64_t caller; /* who calls, as whoever identified him numbers callers; 0: nobody did */
};

/* Ends the call OK. The response is the concatenation of the parts, an encoded message; copied before it returns. */
static inline void qvt_rpc_unary_reply(qvt_rpc_unary *unary, const qvt_slice *parts, size_t part_count)
{
    unary->carrier->reply(unary, parts, part_count);
}

/* Ends the call with an error; error->status is not OK; copied. */
static inline void qvt_rpc_unary_fail(qvt_rpc_unary *unary, const qvt_error *error)
{
    unary->carrier->fail(unary, error);
}

/* Memory that lives as long as the call, aligned for any type, not zeroed; NULL when the call's budget is spent. */
static inline void *qvt_rpc_unary_alloc(qvt_rpc_unary *unary, size_t size)
{
    return unary->carrier->alloc(unary, size);
}

#ifdef __cplusplus
}
#endif

#endif
