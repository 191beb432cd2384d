/* The store that forgets: for tests and throw-away servers. Answers before the call returns. */
#ifndef QVT_SERVER_STORE_MEMORY_H
#define QVT_SERVER_STORE_MEMORY_H

#include "base/clock.h"
#include "server/store/store.h"

/* Several logs may be open on one cluster: each is told what the others append. The clock must outlive the store.
 * NO_MEMORY. */
QVT_MUST_CHECK qvt_status store_memory_new(struct store **out, const struct clock *clock);

#endif
