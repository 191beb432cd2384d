/* Follows every change of a cluster, in order and without gap, across connections and trackers. */
#ifndef QVT_WATCH_H
#define QVT_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qvt/answer.h"
#include "qvt/client.h"
#include "qvt/record.h"
#include "qvt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A watch begins with a walk, unless it resumes: on_reset, on_record for every record that matches, on_walk_end; then
 * on_change as things happen. What was known before a walk and did not come in it is gone. During the walk a record may
 * come twice, the newest last, and one that was deleted meanwhile comes as on_removed.
 *
 * When the connection is lost, or the tracker falls silent, the library connects again, to the next endpoint if need be,
 * and goes on after the last position: the application sees on_interrupted and then the next change. Only when the
 * tracker's history does not reach back that far, or is another one, a new walk begins. */
typedef struct qvt_watch qvt_watch;

/* A walk begins. Made by the library; later versions may append members. */
typedef struct qvt_watch_reset {
    qvt_position position; /* the moment that the walk shows, at least */
    /* Another store than the one this watch followed so far: its records were lost or replaced. Silos that are well
     * register again within their TTL, until then what is known may be better than what comes. */
    bool is_new_store;
} qvt_watch_reset;

/* All callbacks may be NULL; they run on the background thread, what they get is borrowed. */
typedef struct qvt_watch_options {
    uint32_t size; /* sizeof this struct */
    /* What to deliver: a record that matches any of the four lists; all empty: everything. A filter by type also delivers
     * the policies of those types, and every cluster-wide record. */
    const char *const *actor_types;
    size_t actor_type_count;
    const char *const *silo_ids;
    size_t silo_id_count;
    const char *const *actor_type_prefixes;
    size_t actor_type_prefix_count;
    const char *const *silo_id_prefixes;
    size_t silo_id_prefix_count;
    const qvt_position *resume_after; /* go on after it; NULL: a walk */
    uint32_t
        silence_ms; /* without any message for so long the endpoint is left; default 15000, above the tracker's 4000
                          * between messages of progress; 0: never */
    bool acknowledges_by_hand; /* only qvt_watch_acknowledge; false: what the callbacks have returned from */

    void (*on_reset)(void *data, const qvt_watch_reset *reset);
    void (*on_record)(void *data, const qvt_record *record);
    void (*on_removed)(void *data, const qvt_record_key *key);
    void (*on_walk_end)(void *data, const qvt_position *position);
    void (*on_change)(void *data, const qvt_change *change);
    /* Nothing happened up to this position. */
    void (*on_progress)(void *data, const qvt_position *position);
    /* The stream ended, or could not begin; the library tries again by itself, with growing pauses, also when it is the
     * caller that the tracker does not know or admit: credentials change. */
    void (*on_interrupted)(void *data, const qvt_error *why);
    /* Last of all, once. OK after qvt_watch_close; CANCELLED when the client is freed, and then the watch is gone too.
     * Anything else: the tracker refuses the watch for good, such as for a filter that is none; no other callback comes,
     * and qvt_watch_close, which is still due, calls this one no more. */
    void (*on_closed)(void *data, const qvt_error *error);
    void *data;
} qvt_watch_options;

#define QVT_WATCH_OPTIONS_INIT                                                                                         \
    {                                                                                                                  \
        sizeof(qvt_watch_options), NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 15000, false, NULL, NULL, NULL, NULL,     \
            NULL, NULL, NULL, NULL, NULL                                                                               \
    }

/* Begins to watch; options are copied. Does not wait for the tracker. *out is set before the first callback, and is closed
 * by the caller. error may be NULL. INVALID_ARGUMENT for the size, NO_MEMORY, CANCELLED when the client is being freed. */
QVT_API QVT_MUST_CHECK qvt_status qvt_client_watch(qvt_watch **out, qvt_client *client,
                                                   const qvt_watch_options *options, qvt_error *error);

/* Tells the tracker that everything up to the position is applied: no find that this process begins later uses older
 * state. NO_MEMORY. */
QVT_API QVT_MUST_CHECK qvt_status qvt_watch_acknowledge(qvt_watch *watch, const qvt_position *position);

/* Ends the watch and frees it; does not wait. From within a callback no other one follows but on_closed; from other
 * threads one may still be running. NULL is fine. */
QVT_API void qvt_watch_close(qvt_watch *watch);

#ifdef __cplusplus
}
#endif

#endif
