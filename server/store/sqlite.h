/* The embedded durable store: one SQLite file, one process, what is acknowledged is on disk. Work runs on libuv's pool,
 * answers come on the loop; changes of all clusters that wait meanwhile share one commit. Several logs may be open on one
 * cluster: each is told what the others append. The process ends if fsync fails: nothing is known of the disk then. */
#ifndef QVT_SERVER_STORE_SQLITE_H
#define QVT_SERVER_STORE_SQLITE_H

#include <uv.h>

#include "base/clock.h"
#include "server/store/store.h"

/* Opens or creates the file and locks it for life; blocks. Loop and clock must outlive the store. FAILED_PRECONDITION:
 * in use by another process, not a qvt file, or written by a newer version; UNAVAILABLE: cannot be opened or written;
 * DATA_LOSS: damaged; each with a one-line message in *error. NO_MEMORY. */
QVT_MUST_CHECK qvt_status store_sqlite_new(struct store **out, uv_loop_t *loop, const char *path,
                                           const struct clock *clock, qvt_error *error);

#endif
