/* The inside of the Redis store. Private to this folder.
 *
 * Every log has a connection for its scripts, another that waits for changes (XREAD BLOCK), and with
 * options.replicas a third for leases, because WAIT blocks. Invariant: log->head is the position up to which the log's
 * owner knows the changes; while an append is in flight, changes that come in wait in log->news, but for its own. */
#ifndef QVT_SERVER_STORE_REDIS_BASE_H
#define QVT_SERVER_STORE_REDIS_BASE_H

#include <hiredis/hiredis.h>

#include "base/list.h"
#include "server/store/redis/conn.h"
#include "server/store/redis/lease_views.h"
#include "server/store/redis/redis.h"
#include "server/store/store_base.h"

/* The formats that this program can read and write, in every script call: a new cluster gets the newest, and only
 * `qvtctl store upgrade` raises that of one that exists. */
#define REDIS_FORMAT_OLDEST 1u
#define REDIS_FORMAT 1u
#define REDIS_CLUSTERS_KEY "qvt:clusters"
#define REDIS_RETRY_DELAY_MS 200u
#define REDIS_SPARE_BYTES (512u << 10)

struct redis_store {
    struct store base;
    struct store_redis_options options;
    char replica[33];
    int64_t ahead_us; /* Redis's clock minus ours, as of the last answer */
    bool clock_known;
    struct redis_conn *conn; /* for the names of clusters */
    struct list lists;       /* of redis_list that wait */
    struct list logs;        /* redis_log.link */
    uv_prepare_t flush;      /* renewals of a turn go out together */
    size_t open;             /* handles and connections */
    bool warned_memory;
    void (*on_closed)(void *data);
    void *on_closed_data;
};

struct redis_changes {
    struct change **items;
    size_t count;
    size_t capacity;
};

struct redis_append;
struct redis_renewal;

struct redis_log {
    struct store_log base;
    struct list link;
    struct redis_store *store;
    struct redis_conn *conn;   /* load, append, head */
    struct redis_conn *leases; /* the same one unless WAIT blocks it */
    struct redis_conn *news_conn;
    size_t open;
    bool closing;
    struct redis_command keys; /* the names of the script's keys */
    char *names;               /* of all keys; these four are in it */
    char *records_key;
    char *changes_key;
    char *channel;
    char *moves_key; /* the changes of the second log */

    struct position head;
    bool follows; /* head is known, and changes after it are told */
    bool reading; /* XREAD is out */
    bool echoed;  /* the last one brought nothing but our own */
    uint64_t read_to;
    struct redis_changes news;

    struct redis_append *append;
    struct buf spare; /* the memory of the last append's command, for the next */
    uv_timer_t retry;
    uint32_t losses; /* appends in a row that came too late */
    bool refusal_noted;
    uint64_t turn_ms; /* by the loop's clock: until then others have the turn, unless news come first */

    struct lease_views views;
    int64_t next_lapse_us;         /* monotonic; INT64_MAX: none */
    struct redis_renewal *renewal; /* collects until the turn ends and the one before is answered */
    bool renewing;
    bool refreshing;
    struct list loads; /* of redis_load that wait for the connection */
    char name[];
};

static inline struct redis_log *redis_log_of(struct store_log *log)
{
    return (struct redis_log *)(void *)log;
}

static inline struct redis_store *redis_store_of(struct store *store)
{
    return (struct redis_store *)(void *)store;
}

/* ---- call.c: one call of the script ---- */

enum redis_result {
    REDIS_ANSWERED, /* reply is the script's answer */
    REDIS_REFUSED,  /* certainly not applied */
    REDIS_UNKNOWN   /* applied or not */
};

/* Answer of the script, by index; what follows depends on the operation. */
enum { ANSWER_OUTCOME, ANSWER_NOW, ANSWER_HOLD, ANSWER_HEAD, ANSWER_NEXT, ANSWER_MORE };

struct redis_call {
    struct redis_log *log;
    struct redis_conn *conn;
    struct redis_command command; /* from the operation on */
    const char *soft_key;         /* the fifth key; NULL: none */
    bool evaluating;              /* sent whole, because Redis did not know it */
    void (*on_done)(struct redis_call *call, enum redis_result result, const redisReply *reply, const char *error);
};

/* Begins a call of the operation: conn is the log's own; arguments follow with redis_command_… */
void redis_call_init(struct redis_call *call, struct redis_log *log, const char *operation);
void redis_call_deinit(struct redis_call *call);

/* on_done comes exactly once, unless this fails: UNAVAILABLE (not connected), NO_MEMORY. May be called again after
 * on_done. */
QVT_MUST_CHECK qvt_status redis_call_start(struct redis_call *call);

/* The outcome of the script is this word. */
bool redis_answer_is(const redisReply *reply, const char *outcome);
/* The answer's head; revision 0 when the cluster does not exist. DATA_LOSS. */
QVT_MUST_CHECK qvt_status redis_answer_head(const redisReply *reply, struct position *out);
/* When the next lease may lapse, as the answer says. */
void redis_learn_next(struct redis_log *log, const redisReply *reply);
qvt_slice redis_reply_slice(const redisReply *reply);
int64_t redis_reply_int(const redisReply *reply);
/* Fills the error where this program cannot write the format. FAILED_PRECONDITION with reason FORMAT, else OK. */
QVT_MUST_CHECK qvt_status redis_check_format(const struct redis_log *log, const redisReply *format, qvt_error *error);

/* ---- text.c: how positions, records and changes are written ---- */

#define REDIS_HEAD_MAX 80u

void redis_head_format(char out[REDIS_HEAD_MAX], const struct position *head);
QVT_MUST_CHECK qvt_status redis_head_parse(struct position *out, qvt_slice text);

/* `silo/<id>`; kinds without a name by number. NO_MEMORY. */
QVT_MUST_CHECK qvt_status redis_field_format(struct buf *out, uint32_t kind, qvt_slice key);

/* A record's value: the contract's Record, and in fields 14 and 15 of it the revision and time of its change. */
QVT_MUST_CHECK qvt_status redis_record_encode(struct buf *out, const struct image *image);
/* DATA_LOSS, NO_MEMORY. */
QVT_MUST_CHECK qvt_status redis_record_decode(struct image **out, qvt_slice bytes);

/* An entry of a stream, [id, [field, value]]: its revision and the encoded change, borrowed. DATA_LOSS. */
QVT_MUST_CHECK qvt_status redis_entry_read(const redisReply *entry, uint64_t *revision, qvt_slice *encoded);
/* The token of an encoded change, without decoding the rest. */
uint64_t redis_change_token(qvt_slice encoded);
/* DATA_LOSS, NO_MEMORY. */
QVT_MUST_CHECK qvt_status redis_changes_add(struct redis_changes *changes, qvt_slice encoded);
/* Adds the changes of an answer of XRANGE. DATA_LOSS, NO_MEMORY. */
QVT_MUST_CHECK qvt_status redis_changes_read(struct redis_changes *changes, const redisReply *entries);
void redis_changes_clear(struct redis_changes *changes);

/* Whether the change follows the position. */
bool redis_change_follows(const struct change *change, const struct position *head);

/* ---- operations ---- */

void redis_append(struct store_log *log, const struct store_append *append, store_on_append on_append, void *data);
/* The connection came up: an append that does not know its outcome asks again. */
void redis_append_again(struct redis_log *log);
/* News came in while an append is under way: one that waits may learn from them that it came too late. */
void redis_append_news(struct redis_log *log);
/* The last revision of the append under way, if the encoded change of that revision is part of it; else 0. */
uint64_t redis_append_own(const struct redis_log *log, uint64_t revision, qvt_slice encoded);
/* The arguments of the script's append. */
void redis_append_encode(struct redis_command *command, const struct redis_log *log, const struct store_append *asked);

void redis_load(struct store_log *log, store_on_load on_load, void *data);
void redis_load_waiting(struct redis_log *log);
void redis_load_fail_waiting(struct redis_log *log);

void redis_head(struct store_log *log, store_on_head on_head, void *data);
void redis_reset(struct store_log *log, const struct position *seen, const char *store_id, store_on_head on_head,
                 void *data);

void redis_follow(struct redis_log *log);
/* Tells the owner what came in while it could not be told. */
void redis_follow_deliver(struct redis_log *log);

extern const struct store_away_ops redis_away_ops;
void redis_renew_flush(struct redis_log *log);
void redis_renew_drop(struct redis_log *log);
/* Changes that the log's owner knows now: leases of silos come and go with them. */
void redis_leases_note(struct redis_log *log, struct change *const *changes, size_t count);
/* Looks up the leases that may have been renewed elsewhere. */
void redis_leases_refresh(struct redis_log *log);
/* Monotonic time of a moment of Redis's clock. */
int64_t redis_monotonic_of(const struct redis_store *store, int64_t redis_us);
int64_t redis_now_us(const struct redis_store *store);

qvt_status redis_publish(struct store_log *log, const char *replica, const char *key, qvt_slice value, uint32_t ttl_ms);
void redis_collect(struct store_log *log, const char *key, store_on_collect on_collect, void *data);

void redis_list(struct store *store, store_on_list on_list, void *data);
void redis_list_waiting(struct redis_store *store);
void redis_list_fail_waiting(struct redis_store *store);

#endif
