/* Long calls on the local tracker: heartbeats and watches of one client. All on its loop thread, but for the note that a
 * change happened. */
#ifndef QVT_CLIENT_LOCAL_STREAM_H
#define QVT_CLIENT_LOCAL_STREAM_H

#include <uv.h>

#include "qvt/rpc/method.h"
#include "client/src/local/watch.h"
#include "client/src/loop.h"

/* What a client has of the local tracker. */
struct local_link {
    struct loop *loop;
    struct local_cluster *cluster;
    struct local_listener listener;
    struct job pumping;
    bool is_pumping; /* the job waits; under the lock of cluster.h */
    struct list streams;
    uv_timer_t tick; /* runs while there is a watch */
};

struct local_stream;

/* Joins the cluster of that name. NO_MEMORY. Before the loop's thread runs. */
QVT_MUST_CHECK qvt_status local_link_open(struct local_link **out, struct loop *loop, const char *cluster);

/* Leaves it; the streams are gone. The memory goes when the loop has closed the timer. */
void local_link_close(struct local_link *link);

/* Begins a stream of HeartbeatStream or Watch. on_message and on_end come on the loop thread, never before it returns;
 * on_end at most once, last, and then the stream is gone. NO_MEMORY. */
QVT_MUST_CHECK qvt_status local_stream_open(struct local_stream **out, struct local_link *link,
                                            const qvt_rpc_method *method,
                                            void (*on_message)(void *data, qvt_slice message),
                                            void (*on_end)(void *data, const qvt_error *error), void *data);

/* One request. Refusals end the stream. NO_MEMORY. */
QVT_MUST_CHECK qvt_status local_stream_send(struct local_stream *stream, qvt_slice request);

/* Gone: calls nothing back. */
void local_stream_drop(struct local_stream *stream);

#endif
