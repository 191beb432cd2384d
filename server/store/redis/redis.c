#include "server/store/redis/redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "server/store/redis/base.h"
#include "server/store/redis/script.h"

/* ---- end ---- */

static void closed_one(void *data)
{
    struct redis_store *store = data;
    if (--store->open == 0) {
        void (*on_closed)(void *data) = store->on_closed;
        void *closed_data = store->on_closed_data;
        free(store);
        if (on_closed != NULL) {
            on_closed(closed_data);
        }
    }
}

static void on_flush_closed(uv_handle_t *handle)
{
    closed_one(handle->data);
}

static void close_store(struct store *base, void (*on_closed)(void *data), void *data)
{
    struct redis_store *store = redis_store_of(base);
    QVT_ASSERT(list_is_empty(&store->logs));
    store->on_closed = on_closed;
    store->on_closed_data = data;
    QVT_ASSERT(list_is_empty(&store->lists));
    redis_conn_close(store->conn, closed_one, store);
    uv_close((uv_handle_t *)&store->flush, on_flush_closed);
}

/* ---- the store's own connection ---- */

static void on_policy(void *data, const redisReply *reply)
{
    struct redis_store *store = data;
    bool known =
        reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply->element[1]->str != NULL;
    if (known && strcmp(reply->element[1]->str, "noeviction") != 0 && !store->warned_memory) {
        store->warned_memory = true;
        log_write(store->options.log, LOG_WARN, "redis may evict what qvt keeps",
                  log_text("maxmemory-policy", reply->element[1]->str), log_text("wanted", "noeviction"));
    }
}

static void check_policy(struct redis_store *store)
{
    struct redis_command nothing = {.count = 0};
    struct redis_command command = {.count = 0};
    redis_command_text(&command, "CONFIG");
    redis_command_text(&command, "GET");
    redis_command_text(&command, "maxmemory-policy");
    if (redis_conn_send(store->conn, &nothing, &command, 0, on_policy, store) != QVT_OK) {
        redis_conn_restart(store->conn);
    }
    redis_command_deinit(&command);
}

static void on_store_up(void *data)
{
    check_policy(data);
    redis_list_waiting(data);
}

static void on_store_down(void *data)
{
    redis_list_fail_waiting(data);
}

/* ---- logs ---- */

static void free_log(struct redis_log *log)
{
    struct redis_store *store = log->store;
    lease_views_deinit(&log->views);
    redis_changes_clear(&log->news);
    buf_deinit(&log->spare);
    redis_command_deinit(&log->keys);
    free(log->names);
    free(log);
    closed_one(store);
}

static void log_closed_one(void *data)
{
    struct redis_log *log = data;
    if (--log->open == 0) {
        free_log(log);
    }
}

static void on_retry_closed(uv_handle_t *handle)
{
    log_closed_one(handle->data);
}

static void close_log(struct store_log *base)
{
    struct redis_log *log = redis_log_of(base);
    log->closing = true;
    list_remove(&log->link);
    redis_renew_drop(log);
    redis_conn_close(log->conn, log_closed_one, log);
    redis_conn_close(log->news_conn, log_closed_one, log);
    if (log->leases != log->conn) {
        redis_conn_close(log->leases, log_closed_one, log);
    }
    uv_close((uv_handle_t *)&log->retry, on_retry_closed);
}

static void on_log_up(void *data)
{
    struct redis_log *log = data;
    redis_append_again(log);
    redis_load_waiting(log);
}

static void on_log_down(void *data)
{
    redis_load_fail_waiting(data);
}

static void ignore(void *data)
{
    (void)data;
}

static void on_news_up(void *data)
{
    redis_follow(data);
}

static qvt_status connect_log(struct redis_log *log, const char *what, struct redis_conn **out)
{
    char name[96];
    bool news = out == &log->news_conn;
    bool records = out == &log->conn;
    const struct store_redis_options *options = &log->store->options;
    (void)snprintf(name, sizeof name, "%s of %.40s", what, log->name);
    struct redis_conn_options conn = {
        .loop = options->loop,
        .url = &options->url,
        .log = options->log,
        .name = name,
        .script = news ? qvt_slice_make(NULL, 0) : qvt_slice_make(redis_script, redis_script_len),
        .timeout_ms = options->timeout_ms,
        .on_up = ignore,
        .on_down = ignore,
        .data = log,
    };
    if (news) {
        conn.on_up = on_news_up;
    } else if (records) {
        conn.on_up = on_log_up;
        conn.on_down = on_log_down;
    }
    QVT_TRY(redis_conn_new(out, &conn));
    log->open++;
    return QVT_OK;
}

enum { KEY_RECORDS, KEY_CHANGES, KEY_LEASES, KEY_TTLS, KEY_MOVES_RECORDS, KEY_MOVES_CHANGES, KEY_CHANNEL, KEY_COUNT };

/* The script gets the first four, and all but the channel for the second log. */
static qvt_status name_keys(struct redis_log *log)
{
    static const char *const names[KEY_COUNT] = {"records",       "changes",       "leases", "ttls",
                                                 "moves:records", "moves:changes", "events"};
    size_t len = strlen(log->name) + 24;
    bool moves = log->base.kind == STORE_LOG_MOVES;
    char *texts = malloc(KEY_COUNT * len);
    if (texts == NULL) {
        return QVT_NO_MEMORY;
    }
    for (size_t i = 0; i < KEY_COUNT; i++) {
        (void)snprintf(texts + i * len, len, "{qvt:%s}:%s", log->name, names[i]);
        if (i <= KEY_TTLS || (moves && i < KEY_CHANNEL)) {
            redis_command_text(&log->keys, texts + i * len);
        }
    }
    log->names = texts;
    log->records_key = texts + (moves ? KEY_MOVES_RECORDS : KEY_RECORDS) * len;
    log->changes_key = texts + (moves ? KEY_MOVES_CHANGES : KEY_CHANGES) * len;
    log->moves_key = texts + KEY_MOVES_CHANGES * len;
    log->channel = texts + KEY_CHANNEL * len;
    return log->keys.status;
}

static qvt_status connect_all(struct redis_log *log)
{
    QVT_TRY(name_keys(log));
    QVT_TRY(connect_log(log, "records", &log->conn));
    log->leases = log->conn;
    if (log->store->options.replicas > 0) {
        QVT_TRY(connect_log(log, "leases", &log->leases));
    }
    return connect_log(log, "changes", &log->news_conn);
}

/* What was begun ends on the loop. */
static void abandon(struct redis_log *log)
{
    log->closing = true;
    if (log->conn != NULL) {
        redis_conn_close(log->conn, log_closed_one, log);
    }
    if (log->leases != NULL && log->leases != log->conn) {
        redis_conn_close(log->leases, log_closed_one, log);
    }
    uv_close((uv_handle_t *)&log->retry, on_retry_closed);
}

static qvt_status open_log(struct store *base, const char *name, enum store_log_kind kind, struct store_log **out)
{
    struct redis_store *store = redis_store_of(base);
    size_t len = strlen(name) + 1;
    struct redis_log *log = calloc(1, sizeof *log + len);
    if (log == NULL) {
        return QVT_NO_MEMORY;
    }
    memcpy(log->name, name, len);
    log->base.store = base;
    log->base.kind = kind;
    log->store = store;
    log->next_lapse_us = INT64_MAX;
    list_init(&log->loads);
    list_init(&log->link);
    store->open++;
    log->open = 1;
    (void)uv_timer_init(store->options.loop, &log->retry);
    log->retry.data = log;
    qvt_status status = connect_all(log);
    if (status != QVT_OK) {
        abandon(log);
        return status;
    }
    list_push_back(&store->logs, &log->link);
    *out = &log->base;
    return QVT_OK;
}

static const struct store_ops redis_ops = {
    .close = close_store,
    .list = redis_list,
    .open_log = open_log,
    .close_log = close_log,
    .load = redis_load,
    .append = redis_append,
    .head = redis_head,
    .away = &redis_away_ops,
};

static void name_replica(struct redis_store *store)
{
    uint64_t half[2];
    entropy_fill(store->options.entropy, half, sizeof half);
    (void)snprintf(store->replica, sizeof store->replica, "%016llx%016llx", (unsigned long long)half[0],
                   (unsigned long long)half[1]);
}

qvt_status store_redis_new(struct store **out, const struct store_redis_options *options)
{
    struct redis_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return QVT_NO_MEMORY;
    }
    store->base = (struct store){.ops = &redis_ops, .clock = options->clock, .shared = true};
    store->options = *options;
    list_init(&store->lists);
    list_init(&store->logs);
    name_replica(store);
    const struct redis_conn_options conn = {
        .loop = options->loop,
        .url = &store->options.url,
        .log = options->log,
        .name = "clusters",
        .timeout_ms = options->timeout_ms,
        .on_up = on_store_up,
        .on_down = on_store_down,
        .data = store,
    };
    qvt_status status = redis_conn_new(&store->conn, &conn);
    if (status != QVT_OK) {
        free(store);
        return status;
    }
    store->open = 2;
    (void)uv_prepare_init(options->loop, &store->flush);
    store->flush.data = store;
    *out = &store->base;
    return QVT_OK;
}
