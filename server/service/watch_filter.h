/* What a watcher wants to see (SPEC §6.4): filters are shared by all watchers that ask for the same, and so are the
 * messages encoded for them. */
#ifndef QVT_SERVER_SERVICE_WATCH_FILTER_H
#define QVT_SERVER_SERVICE_WATCH_FILTER_H

#include "base/list.h"
#include "qvt/blob.h"
#include "qvt/error.h"
#include "server/registry/change.h"
#include "server/service/watch.h"

enum { WATCH_FILTER_ENTRIES_MAX = 4096, WATCH_FILTER_FORMATS = 3 };

/* Sorted, without duplicates; slices point into the filter's own memory. */
struct watch_filter_list {
    qvt_slice *entries;
    size_t count;
};

/* One change as one format of this filter; message NULL: nothing in it matches. */
struct watch_filter_message {
    const struct watch_format *format;
    const struct change *change; /* compared, never followed */
    uint64_t token;
    qvt_blob *message;
};

/* Invariant: in the service's list of filters while refs > 0. */
struct watch_filter {
    struct list in_service;
    uint32_t refs;
    uint64_t hash;
    struct watch_filter_list lists[4];                          /* in the order of enum watch_filter_kind */
    struct watch_filter_message messages[WATCH_FILTER_FORMATS]; /* the change encoded last, a format each */
    size_t next_message;
};

enum watch_filter_kind { FILTER_TYPES, FILTER_SILOS, FILTER_TYPE_PREFIXES, FILTER_SILO_PREFIXES };

/* The filter of these lists, shared with those in `filters`, with one reference more. INVALID_ARGUMENT: too many
 * entries, or one that is no actor type or silo id. NO_MEMORY. */
QVT_MUST_CHECK qvt_status watch_filter_get(struct watch_filter **out, struct list *filters,
                                           const struct watch_query *query, qvt_error *error);
void watch_filter_unref(struct watch_filter *filter); /* NULL is fine */

/* Whether everything matches. */
bool watch_filter_is_open(const struct watch_filter *filter);

/* Whether the record is delivered as it is now. */
bool watch_filter_takes(const struct watch_filter *filter, const struct image *image);

/* Whether a deletion of the key may concern the watcher: previous types, if known, are those the silo had. */
bool watch_filter_takes_key(const struct watch_filter *filter, uint32_t kind, qvt_slice key,
                            const qvt_slice *previous_types, size_t previous_type_count);

/* Whether any of the actor types is asked for. */
bool watch_filter_takes_any_type(const struct watch_filter *filter, const qvt_slice *types, size_t count);

#endif
