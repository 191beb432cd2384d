#include <stdlib.h>

#include "base/check.h"
#include "server/store/sqlite_base.h"

/* Everything is built on the pool, where nobody else has seen it yet, and handed over on the loop. */
struct load_job {
    struct sqlite_job base;
    struct sqlite_log *log;
    store_on_load on_load;
    void *data;
    struct sqlite_row row;
    struct sqlite_changes history;
    struct sqlite_kept kept; /* the same */
    struct table gone;       /* keys that a change of the history deletes */
    struct image **records;
    size_t record_count;
    size_t record_capacity;
};

static bool same_key(const void *item, const void *key)
{
    const struct change_key *known = item;
    const struct change_key *wanted = key;
    return known->kind == wanted->kind && qvt_slice_equal(known->key, wanted->key);
}

static bool is_gone(const struct load_job *job, const struct change_key *key)
{
    return table_find(&job->gone, table_hash(key->key, key->kind), same_key, key) != NULL;
}

static qvt_status note_gone(struct load_job *job, const struct change *change)
{
    QVT_TRY(table_reserve(&job->gone, change->delete_count));
    for (size_t i = 0; i < change->delete_count; i++) {
        struct change_key *key = &change->deletes[i];
        if (!is_gone(job, key)) {
            table_add(&job->gone, table_hash(key->key, key->kind), key);
        }
    }
    return QVT_OK;
}

static qvt_status index_history(struct load_job *job)
{
    sqlite_kept_add(&job->kept, job->history.items, job->history.count);
    if (!job->kept.known) {
        return QVT_NO_MEMORY;
    }
    for (size_t i = 0; i < job->history.count; i++) {
        QVT_TRY(note_gone(job, job->history.items[i]));
    }
    return QVT_OK;
}

static qvt_status no_memory(qvt_error *error)
{
    return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
}

static qvt_status damaged(const struct load_job *job, const struct sqlite_file *file, qvt_error *error)
{
    return qvt_error_set(error, QVT_DATA_LOSS, NULL, "%s: the history of cluster %s does not lead to its head",
                         file->path, job->log->cluster->name);
}

static qvt_status read_history(struct load_job *job, const struct sqlite_file *file, qvt_error *error)
{
    const struct sqlite_changes *history = &job->history;
    QVT_TRY(sqlite_read_changes(file, &job->row, &job->history, error));
    for (size_t i = 1; i < history->count; i++) {
        if (history->items[i]->previous_token != history->items[i - 1]->position.token) {
            return damaged(job, file, error);
        }
    }
    bool ends_at_head =
        history->count > 0 && position_equal(&history->items[history->count - 1]->position, &job->row.head);
    if (!ends_at_head) {
        return damaged(job, file, error);
    }
    return index_history(job) == QVT_OK ? QVT_OK : no_memory(error);
}

/* Takes the reference. */
static qvt_status add_record(struct load_job *job, struct image *image)
{
    if (job->record_count == job->record_capacity) {
        size_t capacity = job->record_capacity == 0 ? 64 : job->record_capacity * 2;
        struct image **records = realloc(job->records, capacity * sizeof(struct image *));
        if (records == NULL) {
            image_unref(image);
            return QVT_NO_MEMORY;
        }
        job->records = records;
        job->record_capacity = capacity;
    }
    job->records[job->record_count++] = image;
    return QVT_OK;
}

/* Columns: kind, key, field, revision, time_us, value. What the history knows better is not even read. */
static qvt_status read_record(struct load_job *job, sqlite3_stmt *row)
{
    struct change_key key = {(uint32_t)sqlite3_column_int64(row, 0), sqlite_file_column(row, 1)};
    struct image_origin origin = {(uint64_t)sqlite3_column_int64(row, 3), sqlite3_column_int64(row, 4)};
    struct image *image = NULL;
    if (sqlite_kept_newest(&job->kept, key.kind, key.key) != NULL || is_gone(job, &key)) {
        return QVT_OK;
    }
    QVT_TRY(image_new(&image, key.kind, (uint32_t)sqlite3_column_int64(row, 2), key.key, sqlite_file_column(row, 5),
                      origin));
    return add_record(job, image);
}

static qvt_status read_records(struct load_job *job, const struct sqlite_file *file, qvt_error *error)
{
    sqlite3_stmt *row = sqlite_file_statement(file, STATEMENT_LOAD_RECORDS);
    qvt_status status = QVT_OK;
    (void)sqlite3_bind_int64(row, 1, job->row.id);
    while (sqlite_file_next(file, row, &status, error)) {
        if (read_record(job, row) != QVT_OK) {
            (void)sqlite3_reset(row);
            return no_memory(error);
        }
    }
    return status;
}

static qvt_status add_newest(struct load_job *job, qvt_error *error)
{
    size_t cursor = 0;
    struct image *image;
    while ((image = table_next(&job->kept.newest, &cursor)) != NULL) {
        if (add_record(job, image_ref(image)) != QVT_OK) {
            return no_memory(error);
        }
    }
    return QVT_OK;
}

static qvt_status run(struct sqlite_job *base, struct sqlite_file *file, qvt_error *error)
{
    struct load_job *job = (struct load_job *)(void *)base;
    QVT_TRY(sqlite_find_log(file, job->log->cluster->name, job->log->base.kind, &job->row, error));
    if (job->row.id == 0) {
        return QVT_OK;
    }
    QVT_TRY(read_history(job, file, error));
    QVT_TRY(read_records(job, file, error));
    return add_newest(job, error);
}

static void free_job(struct load_job *job)
{
    for (size_t i = 0; i < job->record_count; i++) {
        image_unref(job->records[i]);
    }
    table_deinit(&job->gone);
    sqlite_kept_forget(&job->kept);
    sqlite_changes_deinit(&job->history);
    free(job->records);
    free(job);
}

/* Out of memory: the next append reads it again. */
static void note_kept(const struct load_job *job)
{
    struct sqlite_kept *kept = &job->log->cluster->kept;
    if (!kept->known) {
        sqlite_kept_add(kept, job->history.items, job->history.count);
    }
}

static void finish(struct sqlite_job *base, qvt_status status, const qvt_error *error)
{
    struct load_job *job = (struct load_job *)(void *)base;
    qvt_error failure;
    if (status == QVT_OK) {
        status = store_volatile_load(job->log->base.memory, job->records, job->record_count,
                                     store_monotonic_us(job->log->base.store));
        error = &failure;
        note_kept(job);
        (void)qvt_error_set(&failure, status, NULL, "out of memory");
    }
    job->log->loaded = job->log->loaded || status == QVT_OK;
    struct store_snapshot snapshot = {job->row.head, job->records, job->record_count, job->history.items,
                                      job->history.count};
    job->on_load(job->data, status, status == QVT_OK ? &snapshot : NULL, status == QVT_OK ? NULL : error);
    free_job(job);
}

void sqlite_load(struct store_log *base, store_on_load on_load, void *data)
{
    struct load_job *job = malloc(sizeof *job);
    if (job == NULL) {
        on_load(data, QVT_NO_MEMORY, NULL, NULL);
        return;
    }
    *job = (struct load_job){
        .base = {.run = run, .finish = finish}, .log = sqlite_log_of(base), .on_load = on_load, .data = data};
    sqlite_submit(sqlite_store_of(base), &job->base);
}
