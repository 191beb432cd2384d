/* The inside of the sqlite store: jobs that wait for the one connection. Private to this folder.
 *
 * A job runs on libuv's pool (`run`: only the file, and what the job owns or borrows unchanged) and ends on the loop
 * (`finish`). Invariant: at most one job or group of jobs is on the pool, so the connection needs no lock. */
#ifndef QVT_SERVER_STORE_SQLITE_BASE_H
#define QVT_SERVER_STORE_SQLITE_BASE_H

#include <uv.h>

#include "base/list.h"
#include "server/store/sqlite_file.h"
#include "server/store/sqlite_kept.h"
#include "server/store/store_base.h"

struct sqlite_job {
    struct list link;
    bool writes; /* jobs that write share a transaction with those that wait next to them */
    qvt_status (*run)(struct sqlite_job *job, struct sqlite_file *file, qvt_error *error);
    void (*finish)(struct sqlite_job *job, qvt_status status, const qvt_error *error); /* frees the job */
};

struct sqlite_store {
    struct store base;
    uv_loop_t *loop;
    struct sqlite_file file;
    struct list clusters; /* with open logs */
    struct list waiting;
    struct list running; /* on the pool; empty while busy: a checkpoint or the end */
    uv_work_t work;
    bool busy;
    qvt_status status; /* of the jobs that run */
    qvt_error error;
    bool closing;
    void (*on_closed)(void *data);
    void *on_closed_data;
};

/* What is kept in memory of a cluster's log as long as it is open. */
struct sqlite_cluster {
    struct list link;
    struct list logs; /* sqlite_log.link */
    struct store_volatile memory;
    struct sqlite_kept kept;
    enum store_log_kind kind;
    char name[];
};

struct sqlite_log {
    struct store_log base;
    struct list link;
    struct sqlite_cluster *cluster;
    bool loaded; /* from then on it is told what other logs append */
};

/* Queues the job and starts it if the connection is free. */
void sqlite_submit(struct sqlite_store *store, struct sqlite_job *job);

/* ---- on the pool ---- */

/* How a log lies in the file: the changes of an append are one row of `appends`, which is all that a commit writes.
 * A record is written once the change that put it leaves the history and it was not put or deleted again meanwhile. So
 * the log's records are those of `records`, with the kept changes applied. */
struct sqlite_row {
    int64_t id;         /* 0: there is none */
    uint64_t base;      /* the revision before its first change */
    uint64_t kept_from; /* changes below that are in `records`, even where a row of `appends` still has them */
    struct position head;
};

/* The appends of a log are next to each other by key, in the order of their first revisions: as many as the bits
 * allow. */
enum { SQLITE_CHANGE_BITS = 45 };
#define SQLITE_CHANGES_MAX ((UINT64_C(1) << SQLITE_CHANGE_BITS) - 1)
#define SQLITE_LOGS_MAX (INT64_MAX >> SQLITE_CHANGE_BITS)

/* A revision from before the first change counts as base, one beyond the last possible as that. */
static inline int64_t sqlite_change_id(const struct sqlite_row *row, uint64_t revision)
{
    uint64_t number = revision > row->base ? revision - row->base : 0;
    uint64_t within = number < SQLITE_CHANGES_MAX ? number : SQLITE_CHANGES_MAX;
    return (int64_t)((uint64_t)row->id << SQLITE_CHANGE_BITS | within);
}

QVT_MUST_CHECK qvt_status sqlite_find_log(const struct sqlite_file *file, const char *name, enum store_log_kind kind,
                                          struct sqlite_row *out, qvt_error *error);

/* Their own references. Start from {0}. */
struct sqlite_changes {
    struct change **items;
    size_t count;
    size_t capacity;
};

/* Adds the kept changes of the log. */
QVT_MUST_CHECK qvt_status sqlite_read_changes(const struct sqlite_file *file, const struct sqlite_row *row,
                                              struct sqlite_changes *changes, qvt_error *error);
void sqlite_changes_deinit(struct sqlite_changes *changes);

/* ---- operations of the store ---- */

void sqlite_list(struct store *store, store_on_list on_list, void *data);
void sqlite_load(struct store_log *log, store_on_load on_load, void *data);
void sqlite_head(struct store_log *log, store_on_head on_head, void *data);
void sqlite_append(struct store_log *log, const struct store_append *append, store_on_append on_append, void *data);

static inline struct sqlite_log *sqlite_log_of(struct store_log *log)
{
    return (struct sqlite_log *)(void *)log;
}

static inline struct sqlite_store *sqlite_store_of(struct store_log *log)
{
    return (struct sqlite_store *)(void *)log->store;
}

#endif
