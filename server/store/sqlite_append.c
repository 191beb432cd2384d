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
    int64_t cluster;
};

static qvt_status put_cluster(struct append_job *job, struct sqlite_file *file, qvt_error *error)
{
    const struct position *head = &job->append->changes[job->append->change_count - 1]->position;
    sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_PUT_CLUSTER);
    sqlite3_bind_text(statement, 1, job->log->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, head->store_id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, (int64_t)head->revision);
    sqlite3_bind_int64(statement, 4, (int64_t)head->token);
    if (sqlite3_step(statement) != SQLITE_ROW) {
        qvt_status status = sqlite_file_failed(file, error);
        sqlite3_reset(statement);
        return status;
    }
    job->cluster = sqlite3_column_int64(statement, 0);
    return sqlite_file_run(file, statement, error);
}

static void bind_blob(sqlite3_stmt *statement, int column, qvt_slice bytes)
{
    /* A NULL pointer would bind NULL instead of the empty blob. */
    sqlite3_bind_blob64(statement, column, bytes.len == 0 ? (const void *)"" : bytes.data, bytes.len, SQLITE_STATIC);
}

static qvt_status put_record(const struct append_job *job, struct sqlite_file *file, const struct image *image,
                             qvt_error *error)
{
    sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_PUT_RECORD);
    sqlite3_bind_int64(statement, 1, job->cluster);
    sqlite3_bind_int64(statement, 2, image_kind(image));
    bind_blob(statement, 3, image_key(image));
    sqlite3_bind_int64(statement, 4, image_field(image));
    sqlite3_bind_int64(statement, 5, (int64_t)image_origin(image).revision);
    sqlite3_bind_int64(statement, 6, image_origin(image).time_us);
    bind_blob(statement, 7, image_value(image));
    return sqlite_file_run(file, statement, error);
}

static qvt_status delete_record(const struct append_job *job, struct sqlite_file *file, const struct change_key *gone,
                                qvt_error *error)
{
    sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_DELETE_RECORD);
    sqlite3_bind_int64(statement, 1, job->cluster);
    sqlite3_bind_int64(statement, 2, gone->kind);
    bind_blob(statement, 3, gone->key);
    return sqlite_file_run(file, statement, error);
}

static qvt_status put_history(const struct append_job *job, struct sqlite_file *file, const struct change *change,
                              qvt_error *error)
{
    struct buf encoded = BUF_INIT;
    qvt_status status = change_encode(change, &encoded);
    if (status == QVT_OK) {
        sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_PUT_CHANGE);
        sqlite3_bind_int64(statement, 1, job->cluster);
        sqlite3_bind_int64(statement, 2, (int64_t)change->position.revision);
        bind_blob(statement, 3, buf_slice(&encoded));
        status = sqlite_file_run(file, statement, error);
    } else {
        (void)qvt_error_set(error, status, NULL, "the store is out of memory");
    }
    buf_deinit(&encoded);
    return status;
}

static qvt_status put_change(const struct append_job *job, struct sqlite_file *file, const struct change *change,
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

static qvt_status trim(const struct append_job *job, struct sqlite_file *file, qvt_error *error)
{
    if (job->append->keep_from <= job->log->kept_from) {
        return QVT_OK;
    }
    sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_TRIM_CHANGES);
    sqlite3_bind_int64(statement, 1, job->cluster);
    sqlite3_bind_int64(statement, 2, (int64_t)job->append->keep_from);
    return sqlite_file_run(file, statement, error);
}

static qvt_status run(struct sqlite_job *base, struct sqlite_file *file, qvt_error *error)
{
    struct append_job *job = (struct append_job *)(void *)base;
    QVT_TRY(put_cluster(job, file, error));
    for (size_t i = 0; i < job->append->change_count; i++) {
        QVT_TRY(put_change(job, file, job->append->changes[i], error));
    }
    return trim(job, file, error);
}

static void commit(struct append_job *job)
{
    const struct store_append *append = job->append;
    struct sqlite_log *log = job->log;
    int64_t now_us = store_monotonic_us(log->base.store);
    log->cluster = job->cluster;
    log->head = append->changes[append->change_count - 1]->position;
    log->kept_from = append->keep_from > log->kept_from ? append->keep_from : log->kept_from;
    for (size_t i = 0; i < append->grant_count; i++) {
        leases_grant(&log->memory.leases, append->grants[i].incarnation, append->grants[i].ttl_ms, now_us);
    }
}

static void finish(struct sqlite_job *base, qvt_status status, const qvt_error *error)
{
    struct append_job *job = (struct append_job *)(void *)base;
    if (status == QVT_OK) {
        commit(job);
    }
    job->on_append(job->data, status == QVT_OK ? STORE_APPENDED : STORE_FAILED, NULL, 0, error);
    free(job);
}

static void refuse_memory(store_on_append on_append, void *data)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_NO_MEMORY, NULL, "the store is out of memory");
    on_append(data, STORE_FAILED, NULL, 0, &error);
}

void sqlite_append(struct store_log *base, const struct store_append *append, store_on_append on_append, void *data)
{
    struct sqlite_log *log = (struct sqlite_log *)(void *)base;
    int64_t now_us = store_monotonic_us(base->store);
    if (!log->loaded || !position_equal(append->expected, &log->head)) {
        on_append(data, STORE_CONFLICT, NULL, 0, NULL);
        return;
    }
    if (!store_volatile_lapsed(&log->memory, append->lapsed, append->lapsed_count, now_us)) {
        on_append(data, STORE_UNMET, NULL, 0, NULL);
        return;
    }
    struct append_job *job = calloc(1, sizeof *job);
    if (job == NULL || leases_reserve(&log->memory.leases, append->grant_count) != QVT_OK) {
        free(job);
        refuse_memory(on_append, data);
        return;
    }
    job->base.writes = true;
    job->base.run = run;
    job->base.finish = finish;
    job->log = log;
    job->append = append;
    job->on_append = on_append;
    job->data = data;
    sqlite_submit(sqlite_store_of(base), &job->base);
}
