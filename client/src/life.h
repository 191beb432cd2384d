/* A silo's life: one thread that registers, waits for the signal to stop, and then empties the silo and leaves. */
#ifndef QVT_CLIENT_LIFE_H
#define QVT_CLIENT_LIFE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "qvt/life.h"
#include "client/src/modules.h"
#include "client/src/silo_copy.h"
#include "client/src/text_map.h"

struct qvt_silo {
    qvt_life_options options; /* client and silo are the caller's no longer */
    qvt_client_options user;  /* whose callbacks are called behind ours */
    struct silo_copy *copy;
    qvt_client *client;
    struct module_listener modules;
    pthread_t thread;
    sem_t wake; /* posted by whatever below changes; also from signal handlers */
    atomic_bool is_stopping;
    atomic_bool is_superseded;
    atomic_bool is_lease_lost;
    atomic_bool has_new_modules;
    _Atomic(int) phase;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    qvt_silo_report report;
    unsigned under_way;    /* deactivations */
    struct text_map asked; /* qvt_deactivation.node; the silo's thread, not under the lock */
    bool is_settled;       /* ACTIVE was reached, or never will be */
    bool is_ended;
    qvt_error error; /* for which it never became ACTIVE */
    int64_t stopped_us;
};

/* --- life_drain.c --- */

/* Deactivates actors until none is left or the deadline has passed. The silo's thread. */
void life_drain(struct qvt_silo *silo, int64_t deadline_us);

/* Waits for deactivations that are under way, and frees what they refer to. After the silo's thread ended. */
void life_forget_actors(struct qvt_silo *silo);

/* Calls on_progress with the report as it is. The silo's thread. */
void life_tell(struct qvt_silo *silo);

/* --- life_signals.c --- */

/* SIGTERM and SIGINT stop the silo from now on. FAILED_PRECONDITION: they stop another one. */
QVT_MUST_CHECK qvt_status life_take_signals(struct qvt_silo *silo, qvt_error *error);

/* What was before is again. */
void life_give_signals(struct qvt_silo *silo);

#endif
