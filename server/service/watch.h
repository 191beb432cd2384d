/* Watchers: cursors in a cluster's history that walk its records when the history does not reach back far enough (SPEC
 * §6). One core for every carrier; nobody waits for a watcher. */
#ifndef QVT_SERVER_SERVICE_WATCH_H
#define QVT_SERVER_SERVICE_WATCH_H

#include <stdbool.h>

#include "base/buf.h"
#include "qvt/blob.h"
#include "qvt/error.h"
#include "server/registry/position.h"

struct cluster;
struct service;
struct watcher;

/* Turns an encoded WatchResponse into what a carrier sends; position is NULL within a walk. Static storage. */
struct watch_format {
    /* Appends to out. NO_MEMORY. */
    qvt_status (*write)(qvt_slice response, const struct position *position, struct buf *out);
};

/* Where a watcher's messages go. */
struct watch_sink {
    const struct watch_format *format; /* NULL: the encoded WatchResponse itself */
    /* Whether it takes another message now. When it does again, it calls watcher_continue. */
    bool (*is_open)(void *data);
    /* One message, copied; or shared. CANCELLED or NO_MEMORY: the watcher is ended. */
    qvt_status (*send)(void *data, qvt_slice message);
    qvt_status (*send_blob)(void *data, qvt_blob *message);
    /* Bytes that were given and not taken yet by the peer. */
    size_t (*queued)(void *data);
    /* The service ends the watch; the watcher is gone. */
    void (*on_end)(void *data, const qvt_error *error);
    void *data;
};

/* Everything borrowed until watcher_new returns. */
struct watch_query {
    const char *cluster;   /* "": default */
    char *const *lists[4]; /* actor types, silo ids, actor type prefixes, silo id prefixes */
    size_t counts[4];
    const struct position *resume_after; /* NULL: walk */
    uint64_t caller;                     /* who watches, for the guard */
};

/* Begins a watch; messages may be sent before it returns, on_end not. INVALID_ARGUMENT, UNAVAILABLE (not loaded, or
 * shutting down), RESOURCE_EXHAUSTED, NO_MEMORY. */
QVT_MUST_CHECK qvt_status watcher_new(struct watcher **out, struct service *service, const struct watch_query *query,
                                      const struct watch_sink *sink, qvt_error *error);

/* Ends the watch without on_end. Not from within send. */
void watcher_free(struct watcher *watcher);

/* The sink takes messages again. */
void watcher_continue(struct watcher *watcher);

/* The client has applied everything up to the position. */
void watcher_acknowledge(struct watcher *watcher, const struct position *position);

/* ---- for the service ---- */

/* Offers news to watchers, sends progress, ends the stalled. */
void watch_turn(struct service *service, int64_t now_us);

/* When watch_turn must be called next, store_monotonic_us; INT64_MAX: never. */
int64_t watch_deadline_us(const struct service *service);

/* The cluster's registry is about to go: its watchers wait for the next one, and go on from where they are if that is in
 * its history. */
void watch_stop_cluster(struct cluster *cluster);

/* Ends the watches of those whom the guard, which there is, lets watch no longer. */
void watch_recheck(struct service *service);

/* Ends every watch with UNAVAILABLE. */
void watch_end_all(struct service *service);

#endif
