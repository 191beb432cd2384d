#include <stdlib.h>

#include "base/check.h"
#include "server/registry/wire.h"
#include "server/store/sqlite_base.h"

qvt_status sqlite_find_log(const struct sqlite_file *file, const char *name, enum store_log_kind kind,
                           struct sqlite_row *out, qvt_error *error)
{
    sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_FIND_LOG);
    qvt_status status = QVT_OK;
    *out = (struct sqlite_row){.id = 0};
    (void)sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int(statement, 2, (int)kind);
    while (sqlite_file_next(file, statement, &status, error)) {
        qvt_slice store_id = sqlite_file_column(statement, 1);
        if (store_id.len != STORE_ID_LEN) {
            (void)sqlite3_reset(statement);
            return qvt_error_set(error, QVT_DATA_LOSS, NULL, "%s: cluster %s is damaged", file->path, name);
        }
        memcpy(out->head.store_id, store_id.data, STORE_ID_LEN);
        out->id = sqlite3_column_int64(statement, 0);
        out->head.revision = (uint64_t)sqlite3_column_int64(statement, 2);
        out->head.token = (uint64_t)sqlite3_column_int64(statement, 3);
        out->base = (uint64_t)sqlite3_column_int64(statement, 4);
        out->kept_from = (uint64_t)sqlite3_column_int64(statement, 5);
    }
    return status;
}

static qvt_status grow(struct sqlite_changes *changes)
{
    if (changes->count < changes->capacity) {
        return QVT_OK;
    }
    size_t capacity = changes->capacity == 0 ? 64 : changes->capacity * 2;
    struct change **items = realloc(changes->items, capacity * sizeof(struct change *));
    if (items == NULL) {
        return QVT_NO_MEMORY;
    }
    changes->items = items;
    changes->capacity = capacity;
    return QVT_OK;
}

static qvt_status add_append(struct sqlite_changes *changes, qvt_slice encoded, uint64_t kept_from)
{
    struct wire_field field;
    while (wire_next(&encoded, &field)) {
        struct change **change = NULL;
        QVT_TRY(grow(changes));
        change = &changes->items[changes->count];
        QVT_TRY(change_decode(change, field.bytes));
        if ((*change)->position.revision < kept_from) {
            change_unref(*change);
            continue;
        }
        changes->count++;
        if (changes->count > 1 && (*change)->position.revision != change[-1]->position.revision + 1) {
            return QVT_DATA_LOSS;
        }
    }
    return encoded.len == 0 ? QVT_OK : QVT_DATA_LOSS;
}

qvt_status sqlite_read_changes(const struct sqlite_file *file, const struct sqlite_row *row,
                               struct sqlite_changes *changes, qvt_error *error)
{
    sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_LOAD_APPENDS);
    qvt_status status = QVT_OK;
    (void)sqlite3_bind_int64(statement, 1, sqlite_change_id(row, 0));
    (void)sqlite3_bind_int64(statement, 2, sqlite_change_id(row, UINT64_MAX));
    while (sqlite_file_next(file, statement, &status, error)) {
        status = add_append(changes, sqlite_file_column(statement, 0), row->kept_from);
        if (status != QVT_OK) {
            (void)sqlite3_reset(statement);
            return qvt_error_set(error, status, NULL, "%s: a change cannot be read: %s", file->path,
                                 qvt_status_text(status));
        }
    }
    return status;
}

void sqlite_changes_deinit(struct sqlite_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        change_unref(changes->items[i]);
    }
    free(changes->items);
}

/* ---- the names of all clusters ---- */

struct list_job {
    struct sqlite_job base;
    store_on_list on_list;
    void *data;
    struct buf names; /* each with its NUL */
    size_t count;
};

static qvt_status run_list(struct sqlite_job *base, struct sqlite_file *file, qvt_error *error)
{
    struct list_job *job = (struct list_job *)(void *)base;
    sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_LIST_CLUSTERS);
    qvt_status status = QVT_OK;
    while (sqlite_file_next(file, statement, &status, error)) {
        qvt_slice name = sqlite_file_column(statement, 0);
        if (buf_append_slice(&job->names, name) != QVT_OK || buf_append_byte(&job->names, 0) != QVT_OK) {
            (void)sqlite3_reset(statement);
            return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
        }
        job->count++;
    }
    return status;
}

static void finish_list(struct sqlite_job *base, qvt_status status, const qvt_error *error)
{
    struct list_job *job = (struct list_job *)(void *)base;
    const char **names = malloc((job->count + 1) * sizeof(char *));
    const char *name = (const char *)job->names.data;
    if (names == NULL) {
        status = QVT_NO_MEMORY;
    }
    for (size_t i = 0; status == QVT_OK && i < job->count; i++) {
        names[i] = name;
        name += strlen(name) + 1;
    }
    job->on_list(job->data, status, status == QVT_OK ? names : NULL, status == QVT_OK ? job->count : 0, error);
    free(names);
    buf_deinit(&job->names);
    free(job);
}

void sqlite_list(struct store *base, store_on_list on_list, void *data)
{
    struct list_job *job = malloc(sizeof *job);
    if (job == NULL) {
        on_list(data, QVT_NO_MEMORY, NULL, 0, NULL);
        return;
    }
    *job = (struct list_job){.base = {.run = run_list, .finish = finish_list}, .on_list = on_list, .data = data};
    sqlite_submit((struct sqlite_store *)(void *)base, &job->base);
}

/* ---- the head of one ---- */

struct head_job {
    struct sqlite_job base;
    const struct sqlite_log *log;
    store_on_head on_head;
    void *data;
    struct sqlite_row row;
};

static qvt_status run_head(struct sqlite_job *base, struct sqlite_file *file, qvt_error *error)
{
    struct head_job *job = (struct head_job *)(void *)base;
    return sqlite_find_log(file, job->log->cluster->name, job->log->base.kind, &job->row, error);
}

static void finish_head(struct sqlite_job *base, qvt_status status, const qvt_error *error)
{
    struct head_job *job = (struct head_job *)(void *)base;
    (void)error;
    job->on_head(job->data, status, status == QVT_OK ? &job->row.head : NULL);
    free(job);
}

void sqlite_head(struct store_log *base, store_on_head on_head, void *data)
{
    struct head_job *job = malloc(sizeof *job);
    if (job == NULL) {
        on_head(data, QVT_NO_MEMORY, NULL);
        return;
    }
    *job = (struct head_job){
        .base = {.run = run_head, .finish = finish_head}, .log = sqlite_log_of(base), .on_head = on_head, .data = data};
    sqlite_submit(sqlite_store_of(base), &job->base);
}
