#include <stdlib.h>

#include "base/check.h"
#include "server/store/sqlite_base.h"

/* Everything is built on the pool, where nobody else has seen it yet, and handed over on the loop. */
struct load_job {
    struct sqlite_job base;
    struct sqlite_log *log;
    store_on_load on_load;
    void *data;
    int64_t cluster;
    struct position head;
    struct image **records;
    size_t record_count;
    size_t record_capacity;
    struct change **history;
    size_t history_count;
    size_t history_capacity;
    struct table by_key; /* of the records */
};

static bool same_record(const void *item, const void *key)
{
    return image_kind(item) == image_kind(key) && qvt_slice_equal(image_key(item), image_key(key));
}

static uint64_t hash_record(const struct image *image)
{
    return table_hash(image_key(image), image_kind(image));
}

static qvt_status find_cluster(struct load_job *job, struct sqlite_file *file, qvt_error *error)
{
    sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_FIND_CLUSTER);
    sqlite3_bind_text(statement, 1, job->log->name, -1, SQLITE_STATIC);
    int code = sqlite3_step(statement);
    qvt_status status = QVT_OK;
    if (code == SQLITE_ROW) {
        const char *store_id = (const char *)sqlite3_column_text(statement, 1);
        size_t len = store_id == NULL ? 0 : strlen(store_id);
        job->cluster = sqlite3_column_int64(statement, 0);
        job->head.revision = (uint64_t)sqlite3_column_int64(statement, 2);
        job->head.token = (uint64_t)sqlite3_column_int64(statement, 3);
        memcpy(job->head.store_id, store_id, len < STORE_ID_LEN ? len : STORE_ID_LEN);
    } else if (code != SQLITE_DONE) {
        status = sqlite_file_failed(file, error);
    }
    sqlite3_reset(statement);
    return status;
}

static qvt_slice column_bytes(sqlite3_stmt *statement, int column)
{
    const void *bytes = sqlite3_column_blob(statement, column);
    return qvt_slice_make(bytes, (size_t)sqlite3_column_bytes(statement, column));
}

static qvt_status grow(void **items, size_t count, size_t *capacity)
{
    if (count < *capacity) {
        return QVT_OK;
    }
    size_t wanted = *capacity == 0 ? 64 : *capacity * 2;
    void *grown = realloc(*items, wanted * sizeof(void *));
    if (grown == NULL) {
        return QVT_NO_MEMORY;
    }
    *items = grown;
    *capacity = wanted;
    return QVT_OK;
}

static qvt_status add_record(struct load_job *job, sqlite3_stmt *statement)
{
    void *records = job->records;
    QVT_TRY(grow(&records, job->record_count, &job->record_capacity));
    job->records = records;
    QVT_TRY(table_reserve(&job->by_key, 1));
    struct image_origin origin = {(uint64_t)sqlite3_column_int64(statement, 3), sqlite3_column_int64(statement, 4)};
    struct image *image;
    QVT_TRY(image_new(&image, (uint32_t)sqlite3_column_int64(statement, 0),
                      (uint32_t)sqlite3_column_int64(statement, 2), column_bytes(statement, 1),
                      column_bytes(statement, 5), origin));
    job->records[job->record_count++] = image;
    table_add(&job->by_key, hash_record(image), image);
    return QVT_OK;
}

/* The newest image of a record is the same memory in mirror and history. */
static void share_images(const struct load_job *job, struct change *change)
{
    for (size_t i = 0; i < change->put_count; i++) {
        struct image *image = change->puts[i];
        struct image *record = table_find(&job->by_key, hash_record(image), same_record, image);
        if (record != NULL && image_origin(record).revision == image_origin(image).revision) {
            change->puts[i] = image_ref(record);
            image_unref(image);
        }
    }
}

static qvt_status add_change(struct load_job *job, sqlite3_stmt *statement)
{
    void *history = job->history;
    QVT_TRY(grow(&history, job->history_count, &job->history_capacity));
    job->history = history;
    QVT_TRY(change_decode(&job->history[job->history_count], column_bytes(statement, 0)));
    share_images(job, job->history[job->history_count++]);
    return QVT_OK;
}

static qvt_status read_rows(struct load_job *job, struct sqlite_file *file, enum sqlite_statement which,
                            qvt_status (*add)(struct load_job *job, sqlite3_stmt *statement), qvt_error *error)
{
    sqlite3_stmt *statement = sqlite_file_statement(file, which);
    sqlite3_bind_int64(statement, 1, job->cluster);
    qvt_status status = QVT_OK;
    int code;
    while (status == QVT_OK && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        if (code != SQLITE_ROW) {
            status = sqlite_file_failed(file, error);
            break;
        }
        status = add(job, statement);
        if (status != QVT_OK) {
            (void)qvt_error_set(error, status, NULL, "the store's records of cluster %s cannot be read",
                                job->log->name);
        }
    }
    sqlite3_reset(statement);
    return status;
}

static qvt_status run(struct sqlite_job *base, struct sqlite_file *file, qvt_error *error)
{
    struct load_job *job = (struct load_job *)(void *)base;
    QVT_TRY(find_cluster(job, file, error));
    if (job->cluster == 0) {
        return QVT_OK;
    }
    QVT_TRY(read_rows(job, file, STATEMENT_LOAD_RECORDS, add_record, error));
    return read_rows(job, file, STATEMENT_LOAD_CHANGES, add_change, error);
}

static void free_job(struct load_job *job)
{
    for (size_t i = 0; i < job->record_count; i++) {
        image_unref(job->records[i]);
    }
    for (size_t i = 0; i < job->history_count; i++) {
        change_unref(job->history[i]);
    }
    table_deinit(&job->by_key);
    free(job->records);
    free(job->history);
    free(job);
}

static qvt_status take_over(struct load_job *job)
{
    struct sqlite_log *log = job->log;
    QVT_TRY(store_volatile_load(&log->memory, job->records, job->record_count, store_monotonic_us(log->base.store)));
    log->cluster = job->cluster;
    log->head = job->head;
    log->loaded = true;
    log->kept_from = job->history_count > 0 ? job->history[0]->position.revision : 0;
    return QVT_OK;
}

static void finish(struct sqlite_job *base, qvt_status status, const qvt_error *error)
{
    struct load_job *job = (struct load_job *)(void *)base;
    qvt_error failure;
    if (status == QVT_OK) {
        status = take_over(job);
        if (status != QVT_OK) {
            (void)qvt_error_set(&failure, status, NULL, "the store is out of memory");
            error = &failure;
        }
    }
    struct store_snapshot snapshot = {job->head, job->records, job->record_count, job->history, job->history_count};
    job->on_load(job->data, status, status == QVT_OK ? &snapshot : NULL, error);
    free_job(job);
}

void sqlite_load(struct store_log *base, store_on_load on_load, void *data)
{
    struct load_job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        on_load(data, QVT_NO_MEMORY, NULL, NULL);
        return;
    }
    job->base.run = run;
    job->base.finish = finish;
    job->log = (struct sqlite_log *)(void *)base;
    job->on_load = on_load;
    job->data = data;
    sqlite_submit(sqlite_store_of(base), &job->base);
}
