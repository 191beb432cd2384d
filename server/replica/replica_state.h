/* The inside of a replica. Private to this folder.
 *
 * A command waits in `queue`, is proposed and flies with the append, and is answered; a conflict puts those that fly back
 * in front of the queue. Where the store is shared, refusals and no-ops fly with a check of the head. Invariant: `flying`
 * is not empty only while an append or a check is in flight. */
#ifndef QVT_SERVER_REPLICA_REPLICA_STATE_H
#define QVT_SERVER_REPLICA_REPLICA_STATE_H

#include "base/list.h"
#include "server/replica/gather.h"
#include "server/replica/preserve.h"
#include "server/replica/pulse.h"
#include "server/replica/replica.h"

#define REPLICA_BATCH_CHANGES 100u
#define REPLICA_BATCH_BYTES (1u << 20)
#define RETRY_DELAY_MS 200u /* what an answer UNAVAILABLE advises */

/* LOADING → READY; READY → LOADING when the mirror cannot follow the log; any → CLOSING. */
enum replica_phase { REPLICA_LOADING, REPLICA_READY, REPLICA_CLOSING };

/* A submitted command. */
struct flight {
    struct list link;
    struct command command;
    replica_on_outcome on_outcome;
    void *data;
    struct proposal proposal;
    qvt_status status;
    qvt_error *refusal; /* owned; NULL: none */
    bool depends;       /* the batch had changes before it, so its answer stands only with them */
};

/* A silo that lapsed and expired: it counts in its window, and in a pause, until its id registers again. */
struct lapse {
    struct list link;
    int64_t lapsed_us;
    size_t id_len;
    char silo_id[];
};

struct granted {
    uint64_t hash; /* of silo_id */
    uint64_t incarnation;
    qvt_slice silo_id; /* borrowed from the batch */
};

struct replica {
    struct store *store;
    struct store_log *log;
    const struct entropy *entropy;
    struct registry_limits limits;
    struct replica_observer observer;
    enum replica_phase phase;
    struct registry *registry;
    qvt_status load_status; /* of the last failed load */
    qvt_error load_error;
    int64_t reload_us; /* when to load again, monotonic; INT64_MAX: not */
    bool loading;
    bool wake_asked;
    bool loaded;            /* there is a mirror; before, reads are refused */
    bool checking;          /* whether the store's head is still the one that refusals speak of */
    struct position behind; /* revision > 0: nothing is proposed before the mirror is there */
    int64_t behind_us;      /* when to stop waiting for news and load again */
    int64_t flush_us;       /* when the queue need not wait any longer; INT64_MAX: it does not wait */

    /* These are for stores that others share: look.c, sync.c. */
    int64_t look_us;             /* when to look at the head, monotonic */
    struct position looked_from; /* our head when the look began */
    bool looking;
    bool repairing;        /* the store is being given another store_id, or made anew */
    bool refilling;        /* the latter: an append is in flight */
    int64_t answered_us;   /* when the store last answered */
    struct list waits;     /* struct sync_wait */
    struct registry *view; /* the mirror of before; NULL: none */
    int64_t view_began_us;
    int64_t view_until_us;

    struct list queue;
    struct list flying;
    struct gather gather;
    int64_t append_us;   /* when the append in flight began, monotonic */
    struct batch *batch; /* what flies */
    struct store_append append;
    struct position expected;
    struct store_lease *grants; /* these four belong to the append */
    struct granted *granted;    /* whose the grants are */
    uint64_t *conditions;
    uint64_t *ends;

    struct pulses pulses;
    struct list lapses;
    uint32_t members;   /* of the set for which expiry was paused */
    int64_t recheck_us; /* when to look at lapsed leases again */
    int64_t purge_us;
    int64_t marks_us; /* no mark commands before */
    bool expiring;    /* such a command of our own waits or flies */
    bool marking_suspect;
    bool marking_health;
    bool purging;

    uint32_t depth; /* of our own functions on the stack: the replica is not freed under them */
    uint32_t beats; /* heartbeats whose renewal is not confirmed */
    uint32_t asked; /* other questions to the store without answer */
    void (*on_closed)(void *data);
    void *on_closed_data;
    char cluster[];
};

/* ---- replica.c ---- */

void replica_wake(struct replica *replica);

/* Around everything that calls back and goes on: the replica stays until the outermost leave, which frees a closing one
 * once nothing is in flight. */
void replica_enter(struct replica *replica);
void replica_leave(struct replica *replica);

/* Reads the log again from the start; until then the mirror stays as it is, and commands wait. */
void replica_reload(struct replica *replica);

/* ---- look.c ---- */

#define BEHIND_MAX_US INT64_C(2000000)

/* The store is silent: nobody expires, and writes have no chance. */
bool replica_is_degraded(const struct replica *replica);
void replica_answered(struct replica *replica);

/* Does what is due: a look at the head, the end of the old view. */
void replica_check_store(struct replica *replica);
int64_t replica_next_look_us(const struct replica *replica);

/* The store's head is `head`, which it was asked for when ours was `asked`: waits for what was missed, loads another
 * history, or finds that ours was lost. */
void replica_judge_head(struct replica *replica, const struct position *asked, const struct position *head);

/* Our position is not in the history whose head is `seen`. */
void replica_disown(struct replica *replica, const struct position *seen);
void replica_refill(struct replica *replica);
void replica_drop_view(struct replica *replica);

/* ---- sync.c ---- */

void replica_sync_settle(struct replica *replica);
void replica_sync_asked(struct replica *replica);                                 /* a look begins */
void replica_sync_answered(struct replica *replica, const struct position *head); /* NULL: it failed */
void replica_sync_refuse_all(struct replica *replica);
bool replica_sync_wants_look(const struct replica *replica);
int64_t replica_sync_due_us(const struct replica *replica);

/* ---- commit.c: commands to answers ---- */

void replica_flush(struct replica *replica);

/* Whether the mirror waits for news that are known to exist; loads when they do not come. */
bool replica_is_behind(struct replica *replica);

/* Brings the mirror to this change. False: it cannot, and is being reloaded. */
bool replica_follow(struct replica *replica, struct change *change);

/* ---- flight.c: answers ---- */

/* Calls back and frees; error NULL: OK with the proposal's record. */
void flight_answer(struct replica *replica, struct flight *flight, const qvt_error *error);
struct flight *flight_take_first(struct list *list);

/* Drops what was proposed. */
void flight_forget(struct flight *flight);

/* All that fly back in front of the queue. */
void replica_requeue(struct replica *replica);

/* Answers all that fly. With `error` set, what depends on the failed append gets it; refusals and no-ops that did not
 * depend keep their own answer, or are proposed again where the head they speak of was not checked. */
void replica_settle(struct replica *replica, const qvt_error *error);

/* Answers all that waits. */
void replica_refuse_all(struct replica *replica, const qvt_error *error);

/* ---- liveness.c ---- */

/* What the change means for pulses and leases: before and after the mirror follows it. */
struct replica_endings {
    uint64_t *incarnations; /* of what each put and delete replaces, as far as it ends with the change; else 0 */
    size_t count;
    uint64_t few[4];
};
void replica_note_before(struct replica *replica, const struct change *change, struct replica_endings *endings);
void replica_note_after(struct replica *replica, const struct change *change, struct replica_endings *endings);
void replica_endings_deinit(struct replica_endings *endings);

/* A pulse for every silo of a freshly loaded mirror. NO_MEMORY. */
QVT_MUST_CHECK qvt_status replica_load_pulses(struct replica *replica);

/* A sign of life of the silo's incarnation that renews its lease. */
void replica_hear_again(struct replica *replica, const struct registry_silo *silo);

/* A sign of life of the silo's incarnation, with what it said. */
void replica_hear(struct replica *replica, const struct registry_silo *silo, const struct health *health,
                  const struct activity *activity);

/* ---- tick.c ---- */

#define RECHECK_US INT64_C(500000) /* how long what failed, or must be watched, waits */

int64_t replica_now_us(const struct replica *replica);

/* Looks at lapsed leases at this moment at the latest. */
void replica_recheck_at(struct replica *replica, int64_t when_us);

/* The record of the pulse's incarnation; NULL: superseded, gone, or DEAD. */
const struct registry_silo *replica_find_silo(const struct replica *replica, const struct pulse *pulse);

/* Takes over what the store knows of the silo's last renewal: another replica may have confirmed it. */
void replica_refresh(struct replica *replica, struct pulse *pulse);

size_t list_count(const struct list *list, size_t most);

/* Does what is due: expiry, suspicion, purge. */
void replica_tick(struct replica *replica);
int64_t replica_next_tick_us(const struct replica *replica);

/* ---- marks.c: suspect and unhealthy ---- */

struct own_command;

void replica_check_marks(struct replica *replica);
int64_t replica_next_marks_us(const struct replica *replica);

/* What of the command's marks did not fit into its change, or failed, is wanted still. */
void marks_list_again(struct own_command *own);

/* ---- expiry.c: lapsed leases and self-preservation ---- */

/* Expiry was paused, by this replica or another: remembers the set that the pause is about. */
void replica_begin_pause(struct replica *replica);

void replica_check_expiry(struct replica *replica);
int64_t replica_next_expiry_us(const struct replica *replica);

#endif
