#include "server/store/sqlite.h"

#include <stdlib.h>

#include "base/check.h"
#include "server/store/sqlite_base.h"

/* More clusters than sensibly write in one moment; bounds the time of one commit. */
#define GROUP_MAX 128u

static qvt_status run_group(struct sqlite_store *store)
{
    struct sqlite_file *file = &store->file;
    QVT_TRY(sqlite_file_run(file, sqlite_file_statement(file, STATEMENT_BEGIN), &store->error));
    qvt_status status = QVT_OK;
    for (struct list *node = store->running.next; status == QVT_OK && node != &store->running; node = node->next) {
        struct sqlite_job *job = LIST_ENTRY(node, struct sqlite_job, link);
        status = job->run(job, file, &store->error);
    }
    if (status == QVT_OK) {
        status = sqlite_file_run(file, sqlite_file_statement(file, STATEMENT_COMMIT), &store->error);
    }
    sqlite_file_rollback(file);
    return status;
}

static void run_on_pool(uv_work_t *work)
{
    struct sqlite_store *store = work->data;
    if (list_is_empty(&store->running)) {
        sqlite_file_checkpoint(&store->file);
        return;
    }
    struct sqlite_job *first = LIST_ENTRY(store->running.next, struct sqlite_job, link);
    qvt_error_clear(&store->error);
    store->status = first->writes ? run_group(store) : first->run(first, &store->file, &store->error);
}

static void take_jobs(struct sqlite_store *store)
{
    bool more = true;
    for (size_t count = 0; more && count < GROUP_MAX && !list_is_empty(&store->waiting); count++) {
        struct sqlite_job *job = LIST_ENTRY(store->waiting.next, struct sqlite_job, link);
        if (count > 0 && !job->writes) {
            break;
        }
        more = job->writes;
        list_remove(&job->link);
        list_push_back(&store->running, &job->link);
    }
}

static void start(struct sqlite_store *store);

static void on_pool_done(uv_work_t *work, int result)
{
    struct sqlite_store *store = work->data;
    QVT_ASSERT(result == 0);
    while (!list_is_empty(&store->running)) {
        struct sqlite_job *job = LIST_ENTRY(store->running.next, struct sqlite_job, link);
        list_remove(&job->link);
        job->finish(job, store->status, store->status == QVT_OK ? NULL : &store->error);
    }
    /* What the callers asked for meanwhile joins the next group. */
    store->busy = false;
    start(store);
}

static void close_on_pool(uv_work_t *work)
{
    sqlite_file_close(&((struct sqlite_store *)work->data)->file);
}

static void on_closed(uv_work_t *work, int result)
{
    struct sqlite_store *store = work->data;
    QVT_ASSERT(result == 0);
    void (*closed)(void *data) = store->on_closed;
    void *data = store->on_closed_data;
    free(store);
    if (closed != NULL) {
        closed(data);
    }
}

static void work_on(struct sqlite_store *store, uv_work_cb run, uv_after_work_cb done)
{
    store->busy = true;
    int code = uv_queue_work(store->loop, &store->work, run, done);
    QVT_ASSERT(code == 0);
}

static void start(struct sqlite_store *store)
{
    if (store->busy) {
        return;
    }
    if (sqlite_file_wants_checkpoint(&store->file)) {
        work_on(store, run_on_pool, on_pool_done);
    } else if (!list_is_empty(&store->waiting)) {
        take_jobs(store);
        work_on(store, run_on_pool, on_pool_done);
    } else if (store->closing) {
        QVT_ASSERT(list_is_empty(&store->clusters));
        work_on(store, close_on_pool, on_closed);
    }
}

void sqlite_submit(struct sqlite_store *store, struct sqlite_job *job)
{
    list_push_back(&store->waiting, &job->link);
    start(store);
}

static void close_store(struct store *base, void (*closed)(void *data), void *data)
{
    struct sqlite_store *store = (struct sqlite_store *)(void *)base;
    store->closing = true;
    store->on_closed = closed;
    store->on_closed_data = data;
    start(store);
}

static struct sqlite_cluster *find_cluster(struct sqlite_store *store, const char *name, enum store_log_kind kind)
{
    for (struct list *node = store->clusters.next; node != &store->clusters; node = node->next) {
        struct sqlite_cluster *cluster = LIST_ENTRY(node, struct sqlite_cluster, link);
        if (cluster->kind == kind && strcmp(cluster->name, name) == 0) {
            return cluster;
        }
    }
    return NULL;
}

static struct sqlite_cluster *new_cluster(struct sqlite_store *store, const char *name, enum store_log_kind kind)
{
    size_t len = strlen(name) + 1;
    struct sqlite_cluster *cluster = calloc(1, sizeof *cluster + len);
    if (cluster == NULL) {
        return NULL;
    }
    memcpy(cluster->name, name, len);
    cluster->kind = kind;
    list_init(&cluster->logs);
    store_volatile_init(&cluster->memory);
    list_push_back(&store->clusters, &cluster->link);
    return cluster;
}

static qvt_status open_log(struct store *base, const char *name, enum store_log_kind kind, struct store_log **out)
{
    struct sqlite_store *store = (struct sqlite_store *)(void *)base;
    struct sqlite_log *log = calloc(1, sizeof *log);
    if (log == NULL) {
        return QVT_NO_MEMORY;
    }
    log->cluster = find_cluster(store, name, kind);
    if (log->cluster == NULL) {
        log->cluster = new_cluster(store, name, kind);
    }
    if (log->cluster == NULL) {
        free(log);
        return QVT_NO_MEMORY;
    }
    log->base.store = base;
    log->base.memory = &log->cluster->memory;
    list_push_back(&log->cluster->logs, &log->link);
    *out = &log->base;
    return QVT_OK;
}

static void close_log(struct store_log *base)
{
    struct sqlite_log *log = sqlite_log_of(base);
    struct sqlite_cluster *cluster = log->cluster;
    list_remove(&log->link);
    free(log);
    if (list_is_empty(&cluster->logs)) {
        list_remove(&cluster->link);
        store_volatile_deinit(&cluster->memory);
        sqlite_kept_forget(&cluster->kept);
        free(cluster);
    }
}

static const struct store_ops sqlite_ops = {
    .close = close_store,
    .list = sqlite_list,
    .open_log = open_log,
    .close_log = close_log,
    .load = sqlite_load,
    .append = sqlite_append,
    .head = sqlite_head,
};

qvt_status store_sqlite_new(struct store **out, uv_loop_t *loop, const char *path, const struct clock *clock,
                            qvt_error *error)
{
    struct sqlite_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    store->base = (struct store){.ops = &sqlite_ops, .clock = clock};
    store->loop = loop;
    store->work.data = store;
    list_init(&store->clusters);
    list_init(&store->waiting);
    list_init(&store->running);
    qvt_status status = sqlite_file_open(&store->file, path, error);
    if (status != QVT_OK) {
        free(store);
        return status;
    }
    *out = &store->base;
    return QVT_OK;
}
