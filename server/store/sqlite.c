#include "server/store/sqlite.h"

#include <stdlib.h>

#include "base/check.h"
#include "server/store/sqlite_base.h"

/* More than any sensible number of clusters that write in the same moment; bounds the time of one commit. */
#define GROUP_MAX 128u

static void start(struct sqlite_store *store);

static qvt_status run_one(struct sqlite_store *store, struct sqlite_job *job)
{
    return job->run(job, &store->file, &store->error);
}

static qvt_status run_group(struct sqlite_store *store)
{
    struct sqlite_file *file = &store->file;
    QVT_TRY(sqlite_file_run(file, sqlite_file_statement(file, STATEMENT_BEGIN), &store->error));
    qvt_status status = QVT_OK;
    for (struct list *node = store->running.next; status == QVT_OK && node != &store->running; node = node->next) {
        status = run_one(store, LIST_ENTRY(node, struct sqlite_job, link));
    }
    if (status == QVT_OK) {
        status = sqlite_file_run(file, sqlite_file_statement(file, STATEMENT_COMMIT), &store->error);
    }
    if (sqlite3_get_autocommit(file->db) == 0) {
        qvt_error ignored;
        (void)!sqlite_file_run(file, sqlite_file_statement(file, STATEMENT_ROLLBACK), &ignored);
    }
    return status;
}

static void on_pool(uv_work_t *work)
{
    struct sqlite_store *store = work->data;
    struct sqlite_job *first = LIST_ENTRY(store->running.next, struct sqlite_job, link);
    qvt_error_clear(&store->error);
    store->status = first->writes ? run_group(store) : run_one(store, first);
}

static void close_if_idle(struct sqlite_store *store)
{
    if (!store->closing || store->busy || store->answering || !list_is_empty(&store->waiting)) {
        return;
    }
    QVT_ASSERT(list_is_empty(&store->logs));
    void (*on_closed)(void *data) = store->on_closed;
    void *data = store->on_closed_data;
    sqlite_file_close(&store->file);
    free(store);
    if (on_closed != NULL) {
        on_closed(data);
    }
}

/* The next jobs start before the answers go out, so that the disk works while the callers do. */
static void on_done(uv_work_t *work, int uv_status)
{
    struct sqlite_store *store = work->data;
    struct list done;
    qvt_status status = store->status;
    qvt_error error = store->error;
    QVT_ASSERT(uv_status == 0);
    list_init(&done);
    while (!list_is_empty(&store->running)) {
        struct list *node = store->running.next;
        list_remove(node);
        list_push_back(&done, node);
    }
    start(store);
    store->answering = true;
    while (!list_is_empty(&done)) {
        struct sqlite_job *job = LIST_ENTRY(done.next, struct sqlite_job, link);
        list_remove(&job->link);
        job->finish(job, status, status == QVT_OK ? NULL : &error);
    }
    store->answering = false;
    close_if_idle(store);
}

static void take(struct sqlite_store *store)
{
    size_t count = 0;
    bool writes = true;
    while (!list_is_empty(&store->waiting) && writes && count < GROUP_MAX) {
        struct sqlite_job *job = LIST_ENTRY(store->waiting.next, struct sqlite_job, link);
        writes = job->writes;
        if (count > 0 && !writes) {
            break;
        }
        list_remove(&job->link);
        list_push_back(&store->running, &job->link);
        count++;
    }
}

static void start(struct sqlite_store *store)
{
    take(store);
    store->busy = !list_is_empty(&store->running);
    if (store->busy) {
        int code = uv_queue_work(store->loop, &store->work, on_pool, on_done);
        QVT_ASSERT(code == 0);
    }
}

void sqlite_submit(struct sqlite_store *store, struct sqlite_job *job)
{
    list_push_back(&store->waiting, &job->link);
    if (!store->busy) {
        start(store);
    }
}

static void close_store(struct store *base, void (*on_closed)(void *data), void *data)
{
    struct sqlite_store *store = (struct sqlite_store *)(void *)base;
    store->closing = true;
    store->on_closed = on_closed;
    store->on_closed_data = data;
    close_if_idle(store);
}

static qvt_status open_log(struct store *base, const char *name, struct store_log **out)
{
    struct sqlite_store *store = (struct sqlite_store *)(void *)base;
    size_t len = strlen(name) + 1;
    struct sqlite_log *log = calloc(1, sizeof *log + len);
    if (log == NULL) {
        return QVT_NO_MEMORY;
    }
    memcpy(log->name, name, len);
    store_volatile_init(&log->memory);
    log->base.store = base;
    log->base.memory = &log->memory;
    list_push_back(&store->logs, &log->link);
    *out = &log->base;
    return QVT_OK;
}

static void close_log(struct store_log *base)
{
    struct sqlite_log *log = (struct sqlite_log *)(void *)base;
    list_remove(&log->link);
    store_volatile_deinit(&log->memory);
    free(log);
}

static void head(struct store_log *base, store_on_head on_head, void *data)
{
    on_head(data, QVT_OK, &((struct sqlite_log *)(void *)base)->head);
}

struct list_job {
    struct sqlite_job base;
    store_on_list on_list;
    void *data;
    char **names;
    size_t count;
    size_t capacity;
};

static qvt_status add_name(struct list_job *job, const char *name)
{
    if (job->count == job->capacity) {
        size_t capacity = job->capacity == 0 ? 16 : job->capacity * 2;
        char **names = realloc(job->names, capacity * sizeof(char *));
        if (names == NULL) {
            return QVT_NO_MEMORY;
        }
        job->names = names;
        job->capacity = capacity;
    }
    size_t len = strlen(name) + 1;
    char *copy = malloc(len);
    if (copy == NULL) {
        return QVT_NO_MEMORY;
    }
    job->names[job->count++] = memcpy(copy, name, len);
    return QVT_OK;
}

static qvt_status run_list(struct sqlite_job *base, struct sqlite_file *file, qvt_error *error)
{
    struct list_job *job = (struct list_job *)(void *)base;
    sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_LIST_CLUSTERS);
    qvt_status status = QVT_OK;
    int code;
    while (status == QVT_OK && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        status = code == SQLITE_ROW ? add_name(job, (const char *)sqlite3_column_text(statement, 0))
                                    : sqlite_file_failed(file, error);
    }
    sqlite3_reset(statement);
    return status;
}

static void finish_list(struct sqlite_job *base, qvt_status status, const qvt_error *error)
{
    struct list_job *job = (struct list_job *)(void *)base;
    job->on_list(job->data, status, (const char *const *)job->names, status == QVT_OK ? job->count : 0, error);
    for (size_t i = 0; i < job->count; i++) {
        free(job->names[i]);
    }
    free(job->names);
    free(job);
}

static void list_clusters(struct store *base, store_on_list on_list, void *data)
{
    struct list_job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        on_list(data, QVT_NO_MEMORY, NULL, 0, NULL);
        return;
    }
    job->base.run = run_list;
    job->base.finish = finish_list;
    job->on_list = on_list;
    job->data = data;
    sqlite_submit((struct sqlite_store *)(void *)base, &job->base);
}

static const struct store_ops sqlite_ops = {
    .close = close_store,
    .list = list_clusters,
    .open_log = open_log,
    .close_log = close_log,
    .load = sqlite_load,
    .append = sqlite_append,
    .head = head,
};

qvt_status store_sqlite_new(struct store **out, uv_loop_t *loop, const char *path, const struct clock *clock,
                            qvt_error *error)
{
    struct sqlite_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    store->base = (struct store){&sqlite_ops, clock, false};
    store->loop = loop;
    store->work.data = store;
    list_init(&store->waiting);
    list_init(&store->running);
    list_init(&store->logs);
    qvt_status status = sqlite_file_open(&store->file, path, error);
    if (status != QVT_OK) {
        free(store);
        return status;
    }
    *out = &store->base;
    return QVT_OK;
}
