/* The life of a silo from start to end: registers, finds its actor types by itself, and on SIGTERM leaves in order.
 *
 *   JOINING --registered, on_warm_up returned--> ACTIVE --SIGTERM, qvt_silo_stop--> DRAINING
 *   DRAINING --every actor deactivated, coldest first--> SHUTTING_DOWN --unregistered--> ENDED
 *   any --superseded--> ENDED                 all of it within deadline_ms from the signal
 *
 * The callbacks here run on a thread of the silo's own, one after the other; deactivate may block, but then one actor is
 * deactivated at a time. */
#ifndef QVT_LIFE_H
#define QVT_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "qvt/activity.h"
#include "qvt/client.h"
#include "qvt/silo.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qvt_silo qvt_silo;

/* One actor that is being deactivated. */
typedef struct qvt_deactivation qvt_deactivation;

/* Saves the actor's state and ends it, then or later calls qvt_deactivation_done, exactly once. actor is borrowed. */
typedef void qvt_deactivate(void *data, const qvt_actor_activity *actor, qvt_deactivation *deactivation);

/* The actor is gone; not OK: it could not be saved. Any thread. */
QVT_API void qvt_deactivation_done(qvt_deactivation *deactivation, qvt_status status);

/* How far it is, and how it ended. Made by the library; later versions may append members. */
typedef struct qvt_silo_report {
    qvt_phase phase;
    uint32_t actors;      /* that were to be deactivated, so far */
    uint32_t deactivated; /* of these */
    uint32_t failed;      /* said that they could not be saved */
    uint32_t unfinished;  /* said nothing, yet or until the deadline */
    bool is_superseded;   /* another process took the silo id */
    bool is_late;         /* the deadline passed */
    bool is_unregistered; /* the tracker was told */
    uint32_t took_ms;     /* since it was told to stop */
} qvt_silo_report;

typedef enum qvt_lease_lost {
    QVT_LEASE_LOST_CONTINUE, /* a tracker outage does not stop actors */
    QVT_LEASE_LOST_STOP      /* qvt_silo_may_deliver says no until the lease is held again */
} qvt_lease_lost;

typedef struct qvt_life_options {
    uint32_t size;                    /* sizeof this struct */
    const qvt_client_options *client; /* NULL: the defaults, with endpoints from the environment */
    const qvt_silo_options *silo;     /* required; without versions: those that were declared (qvt/actor_type.h) */
    qvt_activity *activity; /* whose actors are deactivated, coldest first; must outlive the silo; may be NULL */
    bool ignores_signals;   /* the application handles SIGTERM and SIGINT, and calls qvt_silo_stop */
    qvt_lease_lost lease_lost;
    uint32_t deactivations_at_once; /* default 10 */
    uint32_t deadline_ms;           /* from the signal to the end; default 60000 */
    uint32_t start_timeout_ms;      /* how long qvt_silo_start waits until the silo is ACTIVE; default 5000 */
    void (*on_warm_up)(void *data); /* while JOINING; may be NULL */
    qvt_deactivate *deactivate;     /* may be NULL: actors are not waited for */
    void (*on_progress)(void *data, const qvt_silo_report *report); /* each phase, each actor; may be NULL */
    void (*on_end)(void *data, const qvt_silo_report *report);      /* last of all, once; may be NULL */
    void *data;
} qvt_life_options;

#define QVT_LIFE_OPTIONS_INIT                                                                                          \
    {                                                                                                                  \
        sizeof(qvt_life_options), NULL, NULL, NULL, false, QVT_LEASE_LOST_CONTINUE, 10, 60000, 5000, NULL, NULL, NULL, \
            NULL, NULL                                                                                                 \
    }

/* Starts the silo, and waits until it is ACTIVE, at most start_timeout_ms: a tracker out of reach is no error, the
 * registration is sent when it can be. Options are copied, *out is freed by the caller. error may be NULL. INVALID_ARGUMENT, ALREADY_EXISTS for types
 * declared twice, ABORTED reason SUPERSEDED, FAILED_PRECONDITION when another silo of this process handles signals,
 * NO_MEMORY, UNAVAILABLE without threads. */
QVT_API QVT_MUST_CHECK qvt_status qvt_silo_start(qvt_silo **out, const qvt_life_options *options, qvt_error *error);

/* For finds and all else; borrowed, valid as long as the silo. */
QVT_API qvt_client *qvt_silo_client(qvt_silo *silo);

/* Where it is in its life. No lock; any thread, callbacks too. */
QVT_API qvt_phase qvt_silo_phase(const qvt_silo *silo);

/* Whether calls may be delivered to actors: no while the lease is lost and lease_lost is STOP, and once it has ended. No
 * lock, no system call. */
QVT_API bool qvt_silo_may_deliver(const qvt_silo *silo);

/* Begins to leave, as SIGTERM does; does not wait. Any thread and callback, and signal handlers. */
QVT_API void qvt_silo_stop(qvt_silo *silo);

/* Waits until the silo has ended; in a process forked since it started, where nothing of it runs, not at all, and there the
 * report counts nothing. report may be NULL. Not from its callbacks. */
QVT_API void qvt_silo_wait(qvt_silo *silo, qvt_silo_report *report);

/* Stops, waits, for deactivations under way too, and frees the silo with its client. NULL is fine. Not from its
 * callbacks. */
QVT_API void qvt_silo_free(qvt_silo *silo);

#ifdef __cplusplus
}
#endif

#endif
