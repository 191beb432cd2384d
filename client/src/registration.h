/* Keeps the client's silo registered: one write at a time, a heartbeat every third of the lease, and a new registration
 * when the tracker lost the silo. Loop thread.
 *
 *   UNREGISTERED --register ok--> REGISTERED --heartbeat: NOT_FOUND--> LOST --register ok--> REGISTERED
 *   REGISTERED, LOST --unregister ok--> UNREGISTERED
 *   REGISTERED, LOST --any write or heartbeat: ABORTED--> SUPERSEDED --unregister--> UNREGISTERED
 *
 * Other errors change nothing: the next heartbeat or attempt comes after a sixth of the lease. */
#ifndef QVT_CLIENT_REGISTRATION_H
#define QVT_CLIENT_REGISTRATION_H

#include <stdbool.h>

#include <uv.h>

#include "qvt/silo.h"
#include "base/buf.h"
#include "base/list.h"
#include "client/src/lease.h"
#include "client/src/silo_copy.h"
#include "client/src/silo_messages.h"
#include "client/src/unary.h"

/* One write, of the application or the library's own. */
struct write {
    struct list node;
    enum write_kind { WRITE_REGISTER, WRITE_RECOVER, WRITE_VERSIONS, WRITE_PHASE, WRITE_UNREGISTER } kind;
    qvt_phase phase;              /* PHASE */
    struct silo_copy *silo;       /* REGISTER; the write's until it succeeded, then NULL and the registration's */
    struct version_set *versions; /* VERSIONS; likewise */
    uint32_t timeout_ms;
    bool fail_fast;
    void (*on_done)(struct write *write, const qvt_error *error); /* exactly once, last */
};

/* Invariants: silo is NULL exactly in UNREGISTERED; at most one write is under way. */
struct registration {
    qvt_client *client;
    uint8_t instance_id[INSTANCE_ID_BYTES]; /* SPEC §2: picked at start, makes retries harmless */
    struct silo_copy *silo;
    struct silo_grant held;
    qvt_registration shown;
    struct lease lease;

    struct list waiting;   /* writes, first come first served */
    struct write *current; /* the write under way; NULL: none */
    struct unary write_call;
    int64_t write_sent_us;     /* by the monotonic clock */
    unsigned write_moves;      /* of the channel when it was sent */
    struct silo_grant granted; /* by the answer to the write under way */

    struct write recovery; /* the library's own */
    bool is_recovering;    /* recovery waits or is under way */
    bool is_stopped;
    uv_timer_t patience; /* stopped, and a registration is under way */
};

/* The client's loop must be ready. */
void registration_init(struct registration *registration, qvt_client *client);

/* Queues a write, the caller's until on_done. */
void registration_write(struct registration *registration, struct write *write);

/* For the lease: tells application threads what changed. */
void registration_publish(struct registration *registration);

/* For the lease: an attempt to register a lost silo is due. */
void registration_retry(struct registration *registration);

/* For the lease: a heartbeat or write was refused with this error, which may mean LOST or SUPERSEDED. */
void registration_refused(struct registration *registration, const qvt_error *error);

/* No more heartbeats and attempts of its own; the write under way and those that wait end CANCELLED, soon. A registration
 * under way that the tracker may have got is waited for, at most default_timeout_ms: a write queued afterwards is still sent,
 * and can only undo what is known. */
void registration_stop(struct registration *registration);

/* Closes the timers, after the channel has closed. */
void registration_close(struct registration *registration);

/* Frees the memory, after the loop ended. */
void registration_deinit(struct registration *registration);

#endif
