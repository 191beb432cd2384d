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
    struct table newest; /* the last image of every record in the history */
    struct image **records;
    size_t record_count;
    size_t record_capacity;
};

static bool same_record(const void *item, const void *key)
{
    const struct change_key *wanted = key;
    return image_kind(item) == wanted->kind && qvt_slice_equal(image_key(item), wanted->key);
}

static struct image *find_newest(const struct load_job *job, uint32_t kind, qvt_slice key)
{
    struct change_key wanted = {kind, key};
    return table_find(&job->newest, table_hash(key, kind), same_record, &wanted);
}

static qvt_status index_change(struct load_job *job, const struct change *change)
{
    QVT_TRY(table_reserve(&job->newest, change->put_count));
    for (size_t i = 0; i < change->put_count; i++) {
        struct image *image = change->puts[i];
        uint64_t hash = table_hash(image_key(image), image_kind(image));
        struct image *older = find_newest(job, image_kind(image), image_key(image));
        if (older != NULL) {
            table_remove(&job->newest, hash, older);
        }
        table_add(&job->newest, hash, image);
    }
    return QVT_OK;
}

static qvt_status damaged(const struct load_job *job, const struct sqlite_file *file, qvt_error *error)
{
    return qvt_error_set(error, QVT_DATA_LOSS, NULL, "%s: the history of cluster %s does not lead to its head",
                         file->path, job->log->cluster->name);
}

static qvt_status read_history(struct load_job *job, const struct sqlite_file *file, qvt_error *error)
{
    const struct sqlite_changes *history = &job->history;
    QVT_TRY(sqlite_read_changes(file, &job->row, 0, &job->history, error));
    for (size_t i = 0; i < history->count; i++) {
        const struct change *change = history->items[i];
        if (i > 0 && change->previous_token != history->items[i - 1]->position.token) {
            return damaged(job, file, error);
        }
        if (index_change(job, change) != QVT_OK) {
            return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
        }
    }
    bool ends_at_head =
        history->count > 0 && position_equal(&history->items[history->count - 1]->position, &job->row.head);
    return ends_at_head ? QVT_OK : damaged(job, file, error);
}

/* Columns: kind, key, field, revision, time_us, value. The newest image of a record is the same memory in records and
 * history; its value is then not even read. */
static qvt_status read_record(const struct load_job *job, sqlite3_stmt *row, struct image **out)
{
    uint32_t kind = (uint32_t)sqlite3_column_int64(row, 0);
    qvt_slice key = sqlite_file_column(row, 1);
    struct image_origin origin = {(uint64_t)sqlite3_column_int64(row, 3), sqlite3_column_int64(row, 4)};
    struct image *known = find_newest(job, kind, key);
    if (known != NULL && image_origin(known).revision == origin.revision) {
        *out = image_ref(known);
        return QVT_OK;
    }
    return image_new(out, kind, (uint32_t)sqlite3_column_int64(row, 2), key, sqlite_file_column(row, 5), origin);
}

static qvt_status add_record(struct load_job *job, sqlite3_stmt *row)
{
    if (job->record_count == job->record_capacity) {
        size_t capacity = job->record_capacity == 0 ? 64 : job->record_capacity * 2;
        struct image **records = realloc(job->records, capacity * sizeof(struct image *));
        if (records == NULL) {
            return QVT_NO_MEMORY;
        }
        job->records = records;
        job->record_capacity = capacity;
    }
    QVT_TRY(read_record(job, row, &job->records[job->record_count]));
    job->record_count++;
    return QVT_OK;
}

static qvt_status read_records(struct load_job *job, const struct sqlite_file *file, qvt_error *error)
{
    sqlite3_stmt *row = sqlite_file_statement(file, STATEMENT_LOAD_RECORDS);
    qvt_status status = QVT_OK;
    (void)sqlite3_bind_int64(row, 1, job->row.id);
    while (sqlite_file_next(file, row, &status, error)) {
        if (add_record(job, row) != QVT_OK) {
            (void)sqlite3_reset(row);
            return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
        }
    }
    return status;
}

static qvt_status run(struct sqlite_job *base, struct sqlite_file *file, qvt_error *error)
{
    struct load_job *job = (struct load_job *)(void *)base;
    QVT_TRY(sqlite_find_log(file, job->log->cluster->name, job->log->base.kind, &job->row, error));
    if (job->row.id == 0) {
        return QVT_OK;
    }
    QVT_TRY(read_history(job, file, error));
    return read_records(job, file, error);
}

static void free_job(struct load_job *job)
{
    for (size_t i = 0; i < job->record_count; i++) {
        image_unref(job->records[i]);
    }
    table_deinit(&job->newest);
    sqlite_changes_deinit(&job->history);
    free(job->records);
    free(job);
}

static void finish(struct sqlite_job *base, qvt_status status, const qvt_error *error)
{
    struct load_job *job = (struct load_job *)(void *)base;
    qvt_error failure;
    if (status == QVT_OK) {
        status = store_volatile_load(job->log->base.memory, job->records, job->record_count,
                                     store_monotonic_us(job->log->base.store));
        error = &failure;
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
