/* A long bidirectional call that its owner may drop and open again at any time. Loop thread. */
#ifndef QVT_CLIENT_STREAM_H
#define QVT_CLIENT_STREAM_H

#include <stdbool.h>

#include "qvt/error.h"
#include "qvt/rpc/client.h"
#include "qvt/slice.h"
#include "client/src/link.h"

struct stream_call;

/* Embedded in what owns it; starts zeroed. */
struct stream {
    /* Set by the owner before stream_open. The message is borrowed. Both may drop the stream and open it again. */
    void (*on_message)(struct stream *stream, qvt_slice message);
    /* It has ended, and not by stream_drop; error->status OK when the tracker ended it. */
    void (*on_end)(struct stream *stream, const qvt_error *error);
    struct stream_call *call; /* NULL: not open */
};

/* Begins the call; it waits for a connection and has no deadline. NO_MEMORY: not open. */
QVT_MUST_CHECK qvt_status stream_open(struct stream *stream, const struct link *link, const qvt_rpc_method *method);

/* Queues a message on the open stream, copied. NO_MEMORY. */
QVT_MUST_CHECK qvt_status stream_send(struct stream *stream, qvt_slice message);

/* Ends the call without another word; not open: nothing. */
void stream_drop(struct stream *stream);

static inline bool stream_is_open(const struct stream *stream)
{
    return stream->call != NULL;
}

#endif
