/* The inside of the sqlite store: jobs that wait for the one connection. Private to this folder.
 *
 * A job runs on libuv's pool (`run`, only the file and what the job owns or borrows immutably) and ends on the loop
 * (`finish`). Invariant: at most one job or group of jobs is on the pool, so the connection needs no lock. */
#ifndef QVT_SERVER_STORE_SQLITE_BASE_H
#define QVT_SERVER_STORE_SQLITE_BASE_H

#include <uv.h>

#include "base/list.h"
#include "server/store/sqlite_file.h"
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
    struct list waiting;
    struct list running;
    struct list logs; /* sqlite_log.link */
    uv_work_t work;
    bool busy;         /* a job is on the pool */
    bool answering;    /* on_done calls back */
    qvt_status status; /* of the jobs that run */
    qvt_error error;
    bool closing;
    void (*on_closed)(void *data);
    void *on_closed_data;
};

struct sqlite_log {
    struct store_log base;
    struct list link;
    struct store_volatile memory;
    struct position head; /* known after the load */
    bool loaded;
    int64_t cluster; /* row id; 0: none yet */
    uint64_t kept_from;
    char name[];
};

/* Queues the job and starts it if the connection is free. */
void sqlite_submit(struct sqlite_store *store, struct sqlite_job *job);

void sqlite_load(struct store_log *log, store_on_load on_load, void *data);
void sqlite_append(struct store_log *log, const struct store_append *append, store_on_append on_append, void *data);

static inline struct sqlite_store *sqlite_store_of(struct store_log *log)
{
    return (struct sqlite_store *)(void *)log->store;
}

#endif
