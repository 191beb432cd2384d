#include <stdlib.h>

#include "base/check.h"
#include "server/registry/wire.h"
#include "server/store/sqlite_base.h"

/* So many changes more than it adds leave the history with an append, where that holds more than it should. */
#define LEAVE_MAX 1000u
#define APPEND_CHANGES 1u /* field of the row: the changes, one after the other */

/* The append is borrowed until the answer: the pool reads only what never changes in it. */
struct append_job {
    struct sqlite_job base;
    struct sqlite_log *log;
    const struct store_append *append;
    store_on_append on_append;
    void *data;
    struct sqlite_row row;
    struct sqlite_changes learned; /* what the file kept, where that was not known */
    struct buf change;
    struct buf encoded;
    bool conflict;
    bool cluster_moved;
};

static void bind_head(sqlite3_stmt *statement, const struct position *head, uint64_t kept_from)
{
    (void)sqlite3_bind_text(statement, 1, head->store_id, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)head->revision);
    (void)sqlite3_bind_int64(statement, 3, (sqlite3_int64)head->token);
    (void)sqlite3_bind_int64(statement, 4, (sqlite3_int64)kept_from);
}

static qvt_status add_log(struct append_job *job, const struct sqlite_file *file, const struct position *head,
                          qvt_error *error)
{
    sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_ADD_LOG);
    job->row.base = job->append->changes[0]->position.revision - 1;
    bind_head(statement, head, job->row.kept_from);
    (void)sqlite3_bind_text(statement, 5, job->log->cluster->name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 6, (sqlite3_int64)job->row.base);
    (void)sqlite3_bind_int(statement, 7, (int)job->log->base.kind);
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
        bind_head(statement, head, job->row.kept_from);
        (void)sqlite3_bind_int64(statement, 5, job->row.id);
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

/* Nothing but what is not put or deleted again by a change that stays. */
static qvt_status settle_change(const struct append_job *job, const struct sqlite_file *file,
                                const struct change *change, qvt_error *error)
{
    const struct sqlite_kept *kept = &job->log->cluster->kept;
    for (size_t i = 0; i < change->put_count; i++) {
        const struct image *image = change->puts[i];
        if (sqlite_kept_newest(kept, image_kind(image), image_key(image)) == image) {
            QVT_TRY(put_record(job, file, image, error));
        }
    }
    for (size_t i = 0; i < change->delete_count; i++) {
        const struct change_key *gone = &change->deletes[i];
        if (sqlite_kept_newest(kept, gone->kind, gone->key) == NULL) {
            QVT_TRY(delete_record(job, file, gone, error));
        }
    }
    return QVT_OK;
}

/* The changes before keep_from leave the history. Those of this append stay, and those of others in this transaction. */
static qvt_status settle(struct append_job *job, const struct sqlite_file *file, qvt_error *error)
{
    const struct history *history = &job->log->cluster->kept.history;
    size_t most = job->append->change_count + LEAVE_MAX;
    uint64_t end = history->first_revision + (history->count < most ? history->count : most);
    end = end < job->append->keep_from ? end : job->append->keep_from;
    bool begun = job->row.kept_from > history->first_revision; /* by another append in this transaction */
    for (uint64_t revision = begun ? job->row.kept_from : history->first_revision; revision < end; revision++) {
        QVT_TRY(settle_change(job, file, history_at(history, revision), error));
        job->row.kept_from = revision + 1;
    }
    return QVT_OK;
}

static qvt_status put_append(struct append_job *job, const struct sqlite_file *file, qvt_error *error)
{
    qvt_status status = QVT_OK;
    for (size_t i = 0; status == QVT_OK && i < job->append->change_count; i++) {
        buf_clear(&job->change);
        status = change_encode(job->append->changes[i], &job->change);
        if (status == QVT_OK) {
            status = wire_put_bytes(&job->encoded, APPEND_CHANGES, buf_slice(&job->change));
        }
    }
    if (status != QVT_OK) {
        return qvt_error_set(error, status, NULL, "the store is out of memory");
    }
    sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_PUT_APPEND);
    uint64_t first = job->append->changes[0]->position.revision;
    (void)sqlite3_bind_int64(statement, 1, sqlite_change_id(&job->row, first));
    sqlite_file_bind(statement, 2, buf_slice(&job->encoded));
    return sqlite_file_run(file, statement, error);
}

/* Rows of which no change is kept. */
static qvt_status trim(const struct append_job *job, const struct sqlite_file *file, qvt_error *error)
{
    sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_TRIM_APPENDS);
    (void)sqlite3_bind_int64(statement, 1, sqlite_change_id(&job->row, 0));
    (void)sqlite3_bind_int64(statement, 2, sqlite_change_id(&job->row, job->row.kept_from));
    return sqlite_file_run(file, statement, error);
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
    if (!job->log->cluster->kept.known) {
        QVT_TRY(sqlite_read_changes(file, &job->row, &job->learned, error));
    }
    if (!position_equal(&job->row.head, job->append->expected)) {
        job->conflict = true;
        return QVT_OK;
    }
    if (job->append->cluster_head != NULL) {
        QVT_TRY(check_cluster(job, file, error));
        if (job->cluster_moved) {
            return QVT_OK;
        }
    }
    uint64_t kept_from = job->row.kept_from;
    QVT_TRY(settle(job, file, error));
    QVT_TRY(put_head(job, file, error));
    QVT_TRY(put_append(job, file, error));
    return job->row.kept_from == kept_from ? QVT_OK : trim(job, file, error);
}

/* ---- back on the loop ---- */

/* Out of memory: the next append reads it from the file. */
static void note_kept(const struct append_job *job)
{
    struct sqlite_kept *kept = &job->log->cluster->kept;
    if (!kept->known) {
        sqlite_kept_add(kept, job->learned.items, job->learned.count);
    }
    if (kept->known && !job->conflict && !job->cluster_moved) {
        sqlite_kept_add(kept, job->append->changes, job->append->change_count);
        sqlite_kept_drop_below(kept, job->row.kept_from);
    }
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

/* What the caller missed; nothing when its head is not in the kept history, or for want of memory. */
static struct sqlite_changes list_missed(const struct append_job *job)
{
    const struct history *history = &job->log->cluster->kept.history;
    const struct position *expected = job->append->expected;
    struct change *change = history_at(history, expected->revision + 1);
    struct sqlite_changes missed = {.count = 0};
    if (change == NULL || change->previous_token != expected->token) {
        return missed;
    }
    missed.items = malloc(history->count * sizeof(struct change *));
    while (missed.items != NULL && change != NULL) {
        missed.items[missed.count++] = change_ref(change);
        change = history_at(history, change->position.revision + 1);
    }
    return missed;
}

static void refuse(const struct append_job *job)
{
    struct sqlite_changes missed = list_missed(job);
    job->on_append(job->data, STORE_CONFLICT, missed.items, missed.count, NULL);
    sqlite_changes_deinit(&missed);
}

static void finish(struct sqlite_job *base, qvt_status status, const qvt_error *error)
{
    struct append_job *job = (struct append_job *)(void *)base;
    store_volatile_hold(job->log->base.memory, job->append->lapsed, job->append->lapsed_count, false);
    if (status == QVT_OK) {
        note_kept(job);
    }
    if (status != QVT_OK) {
        job->on_append(job->data, STORE_FAILED, NULL, 0, error);
    } else if (job->conflict) {
        refuse(job);
    } else if (job->cluster_moved) {
        job->on_append(job->data, STORE_CLUSTER_MOVED, NULL, 0, NULL);
    } else {
        enum store_append_outcome outcome = commit(job);
        tell_others(job);
        job->on_append(job->data, outcome, NULL, 0, NULL);
    }
    sqlite_changes_deinit(&job->learned);
    buf_deinit(&job->change);
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
