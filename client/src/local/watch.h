/* A watch of the local tracker (SPEC §6): a cursor in a cluster's history, pulled by whom it serves. */
#ifndef QVT_CLIENT_LOCAL_WATCH_H
#define QVT_CLIENT_LOCAL_WATCH_H

#include "client/src/local/cluster.h"

struct local_watch;

/* Begins a watch as the first request asks; of a cluster that nobody created it waits. INVALID_ARGUMENT, NO_MEMORY, in
 * *error. With the lock held, as all here. */
QVT_MUST_CHECK qvt_status local_watch_new(struct local_watch **out, struct local_cluster *cluster, qvt_slice request,
                                          qvt_error *error);
void local_watch_free(struct local_watch *watch);

/* Appends the next message; leaves out empty: there is none now. NO_MEMORY: it is lost, and the watch of no more use. */
QVT_MUST_CHECK qvt_status local_watch_next(struct local_watch *watch, struct buf *out);

/* With nothing else to say, the next message is one of progress. */
void local_watch_tick(struct local_watch *watch);

#endif
