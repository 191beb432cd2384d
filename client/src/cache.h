/* The snapshot cache: answers finds on any thread, without the network, from what a watch of the types asked for keeps
 * current.
 *
 * Any thread: cache_find_prepared (no lock, no allocation, no system call) and cache_find, cache_capabilities. A find of
 * a type that is not watched yet is the tracker's; the type is watched from then on. The loop thread keeps the rest:
 *
 *   questions and types asked for ──► feed: a watch of those types ──► mirror ──► snapshot, published
 *
 * A feed watches a fixed set of types. When another type is asked for, a new feed with all types walks beside the one that
 * is shown, and takes its place when its walk is over. While nothing is heard, and while another store_id fills up again
 * (SPEC §7.5), the last snapshot stays, and says how old it is. */
#ifndef QVT_CLIENT_CACHE_H
#define QVT_CLIENT_CACHE_H

#include <stdatomic.h>
#include <stdbool.h>

#include <uv.h>

#include "qvt/find.h"
#include "qvt/watch.h"
#include "client/src/loop.h"
#include "client/src/mirror.h"
#include "client/src/snapshot.h"

#define CACHE_TYPES_MAX 4096u /* what a tracker takes in a filter */

/* One watch and what it told. Freed by its on_closed. */
struct feed {
    struct cache *cache;
    qvt_watch *watch;
    struct mirror *mirror;
    qvt_position position; /* that the mirror shows */
    size_t type_count;
    bool is_walking; /* the mirror is not complete */
    bool is_broken;  /* something was lost for want of memory, until the next walk */
};

struct cache {
    qvt_client *client;
    _Atomic(struct snapshot *) snapshot; /* NULL: nothing is known yet */
    /* Of the loop thread: */
    struct mirror *mirror; /* that the snapshot shows */
    struct feed *shown;    /* that fills it; NULL: none */
    struct feed *next;     /* that will; NULL: none */
    struct text_map wanted;
    struct question **questions;
    size_t question_count, question_capacity;
    struct retire_list retired;
    struct job publishing;
    struct retired *old_tables, *old_founds, *old_questions; /* that the snapshot may show and the next one will not */
    struct mirror *old_mirrors;                              /* likewise */
    uv_timer_t pace;
    uv_timer_t tick;
    int64_t heard_us; /* from the tracker, by the monotonic clock */
    int64_t stale_since_us;
    int64_t stale_until_us; /* what is shown is of a store that is gone; 0: it is not */
    int64_t reported_us;
    int64_t report_us;   /* between two reports of demand; constant */
    uint64_t tick_ms;    /* constant */
    bool is_on;          /* constant */
    bool is_refused;     /* the tracker has no watch for us */
    bool is_publishing;  /* the job waits, or rests after the last time */
    bool is_due;         /* something changed since */
    bool is_interrupted; /* nothing was heard since heard_us */
    bool ticks_fast;
};

/* Before the loop's thread runs. */
void cache_init(struct cache *cache, qvt_client *client, bool is_on);

/* Types to watch from the start. NO_MEMORY. Before the thread runs; cache_start begins. */
QVT_MUST_CHECK qvt_status cache_want(struct cache *cache, const char *actor_type);

/* Watches what is wanted and not watched. Loop thread. */
void cache_start(struct cache *cache);

/* Closes the timers; the watches are closed by watch_close_all. Loop thread. */
void cache_close(struct cache *cache);

/* After the loop ended. Results stay valid. */
void cache_deinit(struct cache *cache);

/* Answers a find that was prepared; false: it was not, see cache_find. The request has this library's size. */
bool cache_find_prepared(struct cache *cache, const qvt_find_request *request, qvt_find_result **out);

/* Answers a find from the snapshot: OK, INVALID_ARGUMENT or NO_MEMORY in *error. False: only the tracker can answer it.
 * Either way the type is watched and the find prepared from now on. */
bool cache_find(struct cache *cache, const qvt_find_request *request, qvt_find_result **out, qvt_error *error);

/* The image and versions of a silo, with one reference, and what the answer speaks of; NULL: only the tracker knows. */
struct silo_image *cache_silo(struct cache *cache, const char *silo_id, qvt_answer *answer);

/* ---- cache_publish.c, loop thread ---- */

/* The mirror, or what is said of it, changed: a new snapshot is published, soon. */
void cache_publish(struct cache *cache);

/* Takes this mirror and shows it from now on; the one before is freed when nobody reads it. */
void cache_show(struct cache *cache, struct mirror *mirror);

/* Forgets a question: the next snapshot is without it. */
void cache_forget(struct cache *cache, size_t index);

/* Shows nothing any more: finds are the tracker's. */
void cache_unpublish(struct cache *cache);

/* ---- cache_questions.c, loop thread ---- */

/* Adds a question that was asked, or counts it. */
void cache_note(struct cache *cache, const qvt_find_request *request, uint32_t finds);

/* Reports how often each was asked to the tracker, and forgets those that nobody asks any more. */
void cache_report(struct cache *cache);

/* ---- cache_feed.c, loop thread ---- */

/* What was published is this: acknowledges it (SPEC §6.6), and begins or ends to count its age. */
void cache_acknowledge(struct cache *cache, const qvt_answer *published);

#endif
