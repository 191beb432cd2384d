/* Stands in for the channel: link it instead of the rpc module, and a function of the test answers every call. */
#ifndef QVT_TESTS_UNIT_CLIENT_FAKE_RPC_H
#define QVT_TESTS_UNIT_CLIENT_FAKE_RPC_H

#include <stdbool.h>

#include "qvt/error.h"
#include "qvt/slice.h"
#include "base/buf.h"

#define FAKE_MORE_MAX 8

/* One call, or one message of a stream, as the tracker sees it. Either append an answer, or set error, or hold: no answer
 * before the deadline. On a stream an answer may be followed by more, and an error ends it after them. */
struct fake_call {
    const char *method; /* "RegisterSilo" */
    qvt_slice request;
    uint32_t timeout_ms;
    bool waits_for_ready;
    bool is_first; /* message of its stream */
    struct buf answer;
    struct buf more[FAKE_MORE_MAX]; /* up to the first empty one */
    qvt_error error;
    bool hold;
    uint32_t delay_ms; /* unary: the answer comes so much later */
};

/* Answers all calls from now on, on the client's loop thread; before the first client is made. */
void fake_rpc_serve(void (*tracker)(void *data, struct fake_call *call), void *data);

/* How often a channel was told to leave its endpoint. */
unsigned fake_rpc_left_endpoints(void);

#endif
