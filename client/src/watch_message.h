/* What a watch says and hears. */
#ifndef QVT_CLIENT_WATCH_MESSAGE_H
#define QVT_CLIENT_WATCH_MESSAGE_H

#include "qvt/watch.h"
#include "base/arena.h"
#include "base/buf.h"

/* One message of the tracker; texts and arrays are in the arena it was decoded into. */
struct watch_message {
    bool has_position;
    qvt_position position; /* where the watch stands after it */
    enum watch_event {
        WATCH_UNKNOWN,
        WATCH_RESET,
        WATCH_RECORD,
        WATCH_REMOVED,
        WATCH_WALK_END,
        WATCH_CHANGE,
        WATCH_PROGRESS
    } event;
    qvt_position reset;
    qvt_record record;
    qvt_record_key removed;
    qvt_change change;
};

/* INTERNAL: no such message, NO_MEMORY. */
QVT_MUST_CHECK qvt_status watch_message_decode(struct watch_message *out, qvt_slice wire, struct arena *arena,
                                               qvt_error *error);

/* All append a part of a WatchRequest; parts put together are one request. NO_MEMORY. */
QVT_MUST_CHECK qvt_status watch_encode_filter(struct buf *out, const char *cluster, const qvt_watch_options *options);
QVT_MUST_CHECK qvt_status watch_encode_resume(struct buf *out, const qvt_position *position);
QVT_MUST_CHECK qvt_status watch_encode_acknowledged(struct buf *out, const qvt_position *position);
QVT_MUST_CHECK qvt_status watch_encode_count(struct buf *out, const char *actor_type, const char *version,
                                             uint64_t finds);

#endif
