#include <stdlib.h>

#include "base/check.h"
#include "server/store/sqlite_base.h"

/* The append is borrowed until the answer: the pool reads only what never changes in it. */
struct append_job {
    struct sqlite_job base;
    struct sqlite_log *log;
    const struct store_append *append;
    store_on_append on_append;
    void *data;
    struct sqlite_row row;
    struct buf encoded; /* the change being stored */
    bool conflict;
    bool cluster_moved;
    struct sqlite_changes missed;
};

static void bind_head(sqlite3_stmt *statement, const struct position *head)
{
    (void)sqlite3_bind_text(statement, 1, head->store_id, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)head->revision);
    (void)sqlite3_bind_int64(statement, 3, (sqlite3_int64)head->token);
}

static qvt_status add_log(struct append_job *job, const struct sqlite_file *file, const struct position *head,
                          qvt_error *error)
{
    sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_ADD_LOG);
    job->row.base = job->append->changes[0]->position.revision - 1;
    bind_head(statement, head);
    (void)sqlite3_bind_text(statement, 4, job->log->cluster->name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 5, (sqlite3_int64)job->row.base);
    (void)sqlite3_bind_int(statement, 6, (int)job->log->base.kind);
    QVT_TRY(sqlite_file_run(file, statement, error));
    job->row.id = sqlite3_last_insert_rowid(file->db);
    return QVT_OK;
}

static qvt_status put_head(struct append_job *job, const struct sqlite_file *file, qvt_error *error)
{
    const struct position *head = &job->append->changes[job->append->change_count - 1]->position;
    if (job->row.id == 0) {
        QVT_TRY(add_log(job, file, head, error));
    } else {
        sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_MOVE_HEAD);
        bind_head(statement, head);
        (void)sqlite3_bind_int64(statement, 4, job->row.id);
        QVT_TRY(sqlite_file_run(file, statement, error));
    }
    if (job->row.id > SQLITE_LOGS_MAX || head->revision - job->row.base > SQLITE_CHANGES_MAX) {
        return qvt_error_set(error, QVT_RESOURCE_EXHAUSTED, NULL, "%s cannot number more changes", file->path);
    }
    return QVT_OK;
}

static qvt_status put_record(const struct append_job *job, const struct sqlite_file *file, const struct image *image,
                             qvt_error *error)
{
    sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_PUT_RECORD);
    (void)sqlite3_bind_int64(statement, 1, job->row.id);
    (void)sqlite3_bind_int64(statement, 2, image_kind(image));
    sqlite_file_bind(statement, 3, image_key(image));
    (void)sqlite3_bind_int64(statement, 4, image_field(image));
    (void)sqlite3_bind_int64(statement, 5, (sqlite3_int64)image_origin(image).revision);
    (void)sqlite3_bind_int64(statement, 6, image_origin(image).time_us);
    sqlite_file_bind(statement, 7, image_value(image));
    return sqlite_file_run(file, statement, error);
}

static qvt_status delete_record(const struct append_job *job, const struct sqlite_file *file,
                                const struct change_key *gone, qvt_error *error)
{
    sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_DELETE_RECORD);
    (void)sqlite3_bind_int64(statement, 1, job->row.id);
    (void)sqlite3_bind_int64(statement, 2, gone->kind);
    sqlite_file_bind(statement, 3, gone->key);
    return sqlite_file_run(file, statement, error);
}

static qvt_status put_history(struct append_job *job, const struct sqlite_file *file, const struct change *change,
                              qvt_error *error)
{
    buf_clear(&job->encoded);
    qvt_status status = change_encode(change, &job->encoded);
    if (status != QVT_OK) {
        return qvt_error_set(error, status, NULL, "the store is out of memory");
    }
    sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_PUT_CHANGE);
    (void)sqlite3_bind_int64(statement, 1, sqlite_change_id(&job->row, change->position.revision));
    sqlite_file_bind(statement, 2, buf_slice(&job->encoded));
    return sqlite_file_run(file, statement, error);
}

static qvt_status put_change(struct append_job *job, const struct sqlite_file *file, const struct change *change,
                             qvt_error *error)
{
    for (size_t i = 0; i < change->put_count; i++) {
        QVT_TRY(put_record(job, file, change->puts[i], error));
    }
    for (size_t i = 0; i < change->delete_count; i++) {
        QVT_TRY(delete_record(job, file, &change->deletes[i], error));
    }
    return put_history(job, file, change, error);
}

/* The newest change always stays. */
static qvt_status trim(const struct append_job *job, const struct sqlite_file *file, qvt_error *error)
{
    uint64_t newest = job->append->changes[job->append->change_count - 1]->position.revision;
    uint64_t keep_from = job->append->keep_from < newest ? job->append->keep_from : newest;
    if (keep_from <= 1) {
        return QVT_OK;
    }
    sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_TRIM_CHANGES);
    (void)sqlite3_bind_int64(statement, 1, sqlite_change_id(&job->row, 0));
    (void)sqlite3_bind_int64(statement, 2, sqlite_change_id(&job->row, keep_from));
    return sqlite_file_run(file, statement, error);
}

/* What the caller missed; nothing when its head is not in the kept history. */
static qvt_status refuse(struct append_job *job, const struct sqlite_file *file, qvt_error *error)
{
    const struct position *expected = job->append->expected;
    job->conflict = true;
    QVT_TRY(sqlite_read_changes(file, &job->row, expected->revision, &job->missed, error));
    const struct change *first = job->missed.count == 0 ? NULL : job->missed.items[0];
    if (first == NULL || first->position.revision != expected->revision + 1 ||
        first->previous_token != expected->token) {
        sqlite_changes_deinit(&job->missed);
        job->missed = (struct sqlite_changes){.count = 0};
    }
    return QVT_OK;
}

/* Whether the log that a move was decided beside stands where it stood then. */
static qvt_status check_cluster(struct append_job *job, const struct sqlite_file *file, qvt_error *error)
{
    struct sqlite_row cluster;
    QVT_TRY(sqlite_find_log(file, job->log->cluster->name, STORE_LOG_CLUSTER, &cluster, error));
    job->cluster_moved = !position_equal(&cluster.head, job->append->cluster_head);
    return QVT_OK;
}

static qvt_status run(struct sqlite_job *base, struct sqlite_file *file, qvt_error *error)
{
    struct append_job *job = (struct append_job *)(void *)base;
    QVT_TRY(sqlite_find_log(file, job->log->cluster->name, job->log->base.kind, &job->row, error));
    if (!position_equal(&job->row.head, job->append->expected)) {
        return refuse(job, file, error);
    }
    if (job->append->cluster_head != NULL) {
        QVT_TRY(check_cluster(job, file, error));
        if (job->cluster_moved) {
            return QVT_OK;
        }
    }
    QVT_TRY(put_head(job, file, error));
    for (size_t i = 0; i < job->append->change_count; i++) {
        QVT_TRY(put_change(job, file, job->append->changes[i], error));
    }
    return trim(job, file, error);
}

static enum store_append_outcome commit(const struct append_job *job)
{
    const struct store_append *append = job->append;
    struct leases *leases = &job->log->base.memory->leases;
    int64_t now_us = store_monotonic_us(job->log->base.store);
    for (size_t i = 0; i < append->grant_count; i++) {
        /* Reserved, unless a load has used the room meanwhile; the next load then grants it. */
        if (leases_reserve(leases, 1) != QVT_OK) {
            return STORE_UNCERTAIN;
        }
        leases_grant(leases, append->grants[i].incarnation, append->grants[i].ttl_ms, now_us);
    }
    for (size_t i = 0; i < append->end_count; i++) {
        leases_drop(leases, append->ends[i]);
    }
    return STORE_APPENDED;
}

static void tell_others(const struct append_job *job)
{
    struct list *logs = &job->log->cluster->logs;
    for (struct list *node = logs->next; node != logs;) {
        struct sqlite_log *other = LIST_ENTRY(node, struct sqlite_log, link);
        node = node->next;
        if (other != job->log && other->loaded && other->base.on_changes != NULL) {
            other->base.on_changes(other->base.on_changes_data, job->append->changes, job->append->change_count);
        }
    }
}

static void finish(struct sqlite_job *base, qvt_status status, const qvt_error *error)
{
    struct append_job *job = (struct append_job *)(void *)base;
    enum store_append_outcome outcome = STORE_FAILED;
    store_volatile_hold(job->log->base.memory, job->append->lapsed, job->append->lapsed_count, false);
    if (status == QVT_OK && job->conflict) {
        outcome = STORE_CONFLICT;
    } else if (status == QVT_OK && job->cluster_moved) {
        outcome = STORE_CLUSTER_MOVED;
    } else if (status == QVT_OK) {
        outcome = commit(job);
        tell_others(job);
    }
    bool tell_missed = outcome == STORE_CONFLICT;
    job->on_append(job->data, outcome, tell_missed ? job->missed.items : NULL, tell_missed ? job->missed.count : 0,
                   error);
    sqlite_changes_deinit(&job->missed);
    buf_deinit(&job->encoded);
    free(job);
}

static void fail_without_memory(store_on_append on_append, void *data)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_NO_MEMORY, NULL, "the store is out of memory");
    on_append(data, STORE_FAILED, NULL, 0, &error);
}

void sqlite_append(struct store_log *base, const struct store_append *append, store_on_append on_append, void *data)
{
    struct store_volatile *memory = base->memory;
    if (!store_volatile_lapsed(memory, append->lapsed, append->lapsed_count, store_monotonic_us(base->store))) {
        on_append(data, STORE_UNMET, NULL, 0, NULL);
        return;
    }
    struct append_job *job = malloc(sizeof *job);
    if (job == NULL || leases_reserve(&memory->leases, append->grant_count) != QVT_OK) {
        free(job);
        fail_without_memory(on_append, data);
        return;
    }
    *job = (struct append_job){.base = {.writes = true, .run = run, .finish = finish},
                               .log = sqlite_log_of(base),
                               .append = append,
                               .on_append = on_append,
                               .data = data};
    /* Nobody is told that a lease goes on which this append ends. */
    store_volatile_hold(memory, append->lapsed, append->lapsed_count, true);
    sqlite_submit(sqlite_store_of(base), &job->base);
}
