/* How a blocking call waits for its own callback form. */
#ifndef QVT_CLIENT_WAIT_H
#define QVT_CLIENT_WAIT_H

#include <uv.h>

#include "client/src/client.h"

/* On the stack of the thread that waits; it leaves only after wait_end, the last thing the loop does with it. */
struct wait {
    uv_sem_t done;
    struct call_terms *terms;
    void *result;
};

void wait_begin(struct wait *wait, struct call_terms *terms);

/* Wakes the thread with the end of the call, copied, and its result. Loop thread. */
void wait_end(struct wait *wait, const qvt_error *error, void *result);

/* Blocks until wait_end, and returns the status of the call. */
QVT_MUST_CHECK qvt_status wait_for_end(struct wait *wait);

/* Instead of wait_for_end, when nothing was started. */
void wait_abandon(struct wait *wait);

#endif
