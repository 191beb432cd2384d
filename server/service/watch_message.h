/* The messages of a watch, encoded as WatchResponse. */
#ifndef QVT_SERVER_SERVICE_WATCH_MESSAGE_H
#define QVT_SERVER_SERVICE_WATCH_MESSAGE_H

#include "server/registry/registry.h"
#include "server/service/watch_filter.h"

/* Each appends one encoded WatchResponse. NO_MEMORY. */
QVT_MUST_CHECK qvt_status watch_message_reset(struct buf *out, const struct position *position);
QVT_MUST_CHECK qvt_status watch_message_walk_end(struct buf *out, const struct position *position);
QVT_MUST_CHECK qvt_status watch_message_progress(struct buf *out, const struct position *position);
QVT_MUST_CHECK qvt_status watch_message_record(struct buf *out, const struct image *image);
QVT_MUST_CHECK qvt_status watch_message_removed(struct buf *out, uint32_t kind, qvt_slice key);

/* The change as the filter sees it, encoded once for all watchers with that filter and format (NULL: as it is).
 * *out is borrowed until the filter encodes another change; NULL: nothing in it matches. NO_MEMORY. */
QVT_MUST_CHECK qvt_status watch_message_change(struct watch_filter *filter, struct change *change,
                                               const struct watch_format *format, qvt_blob **out);

#endif
