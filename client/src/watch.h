/* The watches of a client: each a stream that is opened again, after the last position, whenever it ends. Loop thread.
 *
 *   PAUSED --pause over--> OPEN --ended, unparsable--> PAUSED
 *                          OPEN --silence, other endpoint--> OPEN
 *                          OPEN --refused for good--> REFUSED
 *   any --close--> gone */
#ifndef QVT_CLIENT_WATCH_H
#define QVT_CLIENT_WATCH_H

#include <stdbool.h>

#include <uv.h>

#include "qvt/watch.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"
#include "client/src/loop.h"
#include "client/src/stream.h"

/* Invariants: in client->watches until it is closed; the timer runs while PAUSED, and for the silence while OPEN. */
struct qvt_watch {
    struct list node;
    qvt_client *client;
    qvt_watch_options options; /* its arrays were the caller's */
    struct buf filter;         /* the first request without the position */
    struct stream stream;
    struct arena arena; /* of the message at hand */
    uv_timer_t timer;
    unsigned moves;        /* of the channel when the stream was opened, or first heard */
    bool is_heard;         /* the stream brought a message */
    qvt_position position; /* goes on after it; without store_id: a walk */
    char store_id[QVT_STORE_ID_MAX + 1];
    qvt_position acknowledged; /* on this stream */
    struct job acknowledging;
    bool is_acknowledging; /* the job waits */
    uint32_t pause_ms;     /* before the last attempt; 0: it went well */
    struct job starting;
    struct job closing;
    bool is_closing; /* by the application */
    bool is_refused; /* on_closed was called */
    qvt_error end;
};

/* Calls back with the argument when there is a callback. */
#define WATCH_TELL(watch, callback, argument)                                                                          \
    do {                                                                                                               \
        if ((watch)->options.callback != NULL) {                                                                       \
            (watch)->options.callback((watch)->options.data, (argument));                                              \
        }                                                                                                              \
    } while (0)

/* --- watch_stream.c --- */

/* Sets the callbacks of the stream. */
void watch_stream_init(struct qvt_watch *watch);

/* Opens the stream; the timer must be ready. */
void watch_stream_start(struct qvt_watch *watch);

/* Tells the tracker that the position is applied, once a turn of the loop. */
void watch_stream_acknowledge(struct qvt_watch *watch, const qvt_position *position);

/* Forgets the position and opens the stream again after a pause: a walk comes. From within a callback too. */
void watch_stream_walk_again(struct qvt_watch *watch);

/* The client goes to another endpoint: open watches go along. */
void watch_restart_all(qvt_client *client);

/* --- watch.c --- */

/* The client is being freed. */
void watch_close_all(qvt_client *client);

#endif
