/* Loading in pieces, so that Redis serves others in between: the head, then the records by HSCAN, then the whole stream.
 * A record may have been seen before or after a change that was committed meanwhile; all those changes are in the stream
 * and are applied again. If the first of them was trimmed meanwhile, or the history became another, it begins anew. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "server/store/redis/base.h"
#include "server/registry/silo_view.h"
#include "server/store/redis/images.h"

enum { SCAN_COUNT = 500, PAGE_COUNT = 500, ROUNDS_MAX = 20 };

struct redis_load {
    struct list link; /* in log->loads while it waits for the connection */
    struct redis_call call;
    struct redis_log *log;
    store_on_load on_load;
    void *data;
    struct position began; /* the head when this round began */
    struct position head;
    char cursor[24];
    struct images records;
    struct redis_changes history;
    struct image **list;
    unsigned rounds;
};

static void start(struct redis_load *load);
static void scan(struct redis_load *load);
static void read_page(struct redis_load *load);

/* ---- ends ---- */

static void forget(struct redis_load *load)
{
    images_deinit(&load->records);
    redis_changes_clear(&load->history);
    free(load->list);
    load->list = NULL;
}

static void finish(struct redis_load *load, qvt_status status, const qvt_error *error)
{
    struct redis_log *log = load->log;
    struct store_snapshot snapshot = {load->head, load->list, load->records.table.count, load->history.items,
                                      load->history.count};
    if (status == QVT_OK) {
        log->head = load->head;
        log->read_to = load->head.revision;
        log->follows = true;
        redis_changes_clear(&log->news);
    }
    load->on_load(load->data, status, status == QVT_OK ? &snapshot : NULL, error);
    if (status == QVT_OK && !log->closing) {
        redis_follow(log);
        redis_leases_refresh(log);
    }
    forget(load);
    redis_call_deinit(&load->call);
    free(load);
}

static void fail(struct redis_load *load, qvt_status status, const char *reason, const char *why)
{
    qvt_error error;
    (void)qvt_error_set(&error, status, reason, "records of cluster %s cannot be loaded from Redis: %s",
                        load->log->name, why);
    error.retry_delay_ms = REDIS_RETRY_DELAY_MS;
    finish(load, status, &error);
}

static void fail_status(struct redis_load *load, qvt_status status)
{
    fail(load, status, NULL, status == QVT_DATA_LOSS ? "they cannot be read" : qvt_status_text(status));
}

/* Whether the answer is one; else the load is over. */
static bool is_answer(struct redis_load *load, const redisReply *reply)
{
    if (reply != NULL && reply->type == REDIS_REPLY_ARRAY) {
        return true;
    }
    if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
        redis_conn_note_error(load->log->conn, reply->str);
        fail(load, QVT_UNAVAILABLE, "WARMING_UP", reply->str);
    } else {
        fail(load, QVT_UNAVAILABLE, "WARMING_UP", "the connection was lost");
    }
    return false;
}

static void begin_again(struct redis_load *load)
{
    forget(load);
    if (++load->rounds > ROUNDS_MAX) {
        fail(load, QVT_UNAVAILABLE, "WARMING_UP", "they change faster than they can be read");
    } else {
        start(load);
    }
}

static void ask(struct redis_load *load, struct redis_command *command, redis_on_reply on_reply)
{
    struct redis_command nothing = {.count = 0};
    qvt_status status = redis_conn_send(load->log->conn, &nothing, command, 0, on_reply, load);
    redis_command_deinit(command);
    if (status == QVT_UNAVAILABLE) {
        fail(load, status, "WARMING_UP", "it is out of reach");
    } else if (status != QVT_OK) {
        fail_status(load, status);
    }
}

/* ---- the head ---- */

static void on_head(struct redis_call *call, enum redis_result result, const redisReply *reply, const char *error)
{
    struct redis_load *load = LIST_ENTRY(call, struct redis_load, call);
    redis_call_deinit(call);
    call->command = (struct redis_command){.count = 0};
    if (result != REDIS_ANSWERED) {
        fail(load, QVT_UNAVAILABLE, "WARMING_UP", error);
        return;
    }
    if (redis_answer_head(reply, &load->began) != QVT_OK) {
        fail(load, QVT_DATA_LOSS, NULL, "the head cannot be read");
        return;
    }
    load->head = load->began;
    if (load->began.revision == 0) {
        finish(load, QVT_OK, NULL);
        return;
    }
    if (reply->elements <= ANSWER_MORE) {
        fail(load, QVT_DATA_LOSS, NULL, "the answer about the head cannot be read");
        return;
    }
    qvt_error refusal;
    if (redis_check_format(load->log, reply->element[ANSWER_MORE], &refusal) != QVT_OK) {
        finish(load, refusal.status, &refusal);
        return;
    }
    (void)snprintf(load->cursor, sizeof load->cursor, "0");
    scan(load);
}

static void start(struct redis_load *load)
{
    redis_call_init(&load->call, load->log, "head");
    load->call.on_done = on_head;
    qvt_status status = redis_call_start(&load->call);
    if (status != QVT_OK) {
        fail(load, status, status == QVT_UNAVAILABLE ? "WARMING_UP" : NULL, "it is out of reach");
    }
}

/* ---- records ---- */

/* [cursor, [field, value, …]]; fields without a slash are not records. */
static qvt_status take_records(struct redis_load *load, const redisReply *fields)
{
    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        qvt_slice field = redis_reply_slice(fields->element[i]);
        struct image *image = NULL;
        if (field.len == 0 || memchr(field.data, '/', field.len) == NULL) {
            continue;
        }
        QVT_TRY(redis_record_decode(&image, redis_reply_slice(fields->element[i + 1])));
        qvt_status status = images_put(&load->records, image);
        image_unref(image);
        QVT_TRY(status);
    }
    return QVT_OK;
}

static void on_scan(void *data, const redisReply *reply)
{
    struct redis_load *load = data;
    if (!is_answer(load, reply)) {
        return;
    }
    qvt_status status = QVT_DATA_LOSS;
    if (reply->elements == 2 && reply->element[0]->type == REDIS_REPLY_STRING &&
        reply->element[0]->len < sizeof load->cursor && reply->element[1]->type == REDIS_REPLY_ARRAY) {
        status = take_records(load, reply->element[1]);
    }
    if (status != QVT_OK) {
        fail_status(load, status);
        return;
    }
    memcpy(load->cursor, reply->element[0]->str, reply->element[0]->len + 1);
    if (strcmp(load->cursor, "0") == 0) {
        read_page(load);
    } else {
        scan(load);
    }
}

static void scan(struct redis_load *load)
{
    struct redis_command command = {.count = 0};
    redis_command_text(&command, "HSCAN");
    redis_command_text(&command, load->log->records_key);
    redis_command_text(&command, load->cursor);
    redis_command_text(&command, "COUNT");
    redis_command_uint(&command, SCAN_COUNT);
    ask(load, &command, on_scan);
}

/* ---- changes ---- */

static qvt_status replay(struct redis_load *load, const struct change *change)
{
    for (size_t i = 0; i < change->put_count; i++) {
        QVT_TRY(images_put(&load->records, change->puts[i]));
    }
    for (size_t i = 0; i < change->delete_count; i++) {
        images_remove(&load->records, change->deletes[i].kind, change->deletes[i].key);
    }
    return QVT_OK;
}

/* The stream has no gap, is all of one history, and reaches from the head of the beginning to that of the end. */
static bool is_whole(const struct redis_load *load)
{
    const struct redis_changes *history = &load->history;
    for (size_t i = 1; i < history->count; i++) {
        if (!redis_change_follows(history->items[i], &history->items[i - 1]->position)) {
            return false;
        }
    }
    if (history->count == 0) {
        return true;
    }
    const struct change *first = history->items[0];
    const struct change *last = history->items[history->count - 1];
    bool reaches =
        first->position.revision <= load->began.revision + 1 && last->position.revision >= load->began.revision;
    return reaches && strcmp(last->position.store_id, load->began.store_id) == 0;
}

/* Changes from the beginning's head on are applied again; older ones only share their images. */
static qvt_status settle(struct redis_load *load)
{
    for (size_t i = 0; i < load->history.count; i++) {
        const struct change *change = load->history.items[i];
        if (change->position.revision > load->began.revision) {
            QVT_TRY(replay(load, change));
            load->head = change->position;
        } else {
            for (size_t k = 0; k < change->put_count; k++) {
                images_share(&load->records, change->puts[k]);
            }
        }
    }
    load->list = malloc((load->records.table.count + 1) * sizeof(struct image *));
    if (load->list == NULL) {
        return QVT_NO_MEMORY;
    }
    images_list(&load->records, load->list);
    return QVT_OK;
}

/* When they end is looked up with the next tick. */
static void note_leases(const struct redis_load *load)
{
    struct redis_log *log = load->log;
    lease_views_deinit(&log->views);
    for (size_t i = 0; i < load->records.table.count; i++) {
        struct registry_silo silo;
        if (image_kind(load->list[i]) == RECORD_SILO && silo_view_parse(&silo, load->list[i]) == QVT_OK &&
            silo.status != PLACEMENT_DEAD) {
            lease_views_set(&log->views, silo.incarnation, silo.lease_ttl_ms, 0, redis_now_us(log->store));
        }
    }
}

static void on_page(void *data, const redisReply *reply)
{
    struct redis_load *load = data;
    size_t before = load->history.count;
    if (!is_answer(load, reply)) {
        return;
    }
    qvt_status status = redis_changes_read(&load->history, reply);
    if (status != QVT_OK) {
        fail_status(load, status);
        return;
    }
    if (load->history.count - before == PAGE_COUNT) {
        read_page(load);
        return;
    }
    if (!is_whole(load)) {
        begin_again(load);
        return;
    }
    status = settle(load);
    if (status != QVT_OK) {
        fail_status(load, status);
        return;
    }
    note_leases(load);
    finish(load, QVT_OK, NULL);
}

static void read_page(struct redis_load *load)
{
    struct redis_command command = {.count = 0};
    const struct redis_changes *history = &load->history;
    char from[32] = "-";
    if (history->count > 0) {
        (void)snprintf(from, sizeof from, "(%" PRIu64 "-0", history->items[history->count - 1]->position.revision);
    }
    redis_command_text(&command, "XRANGE");
    redis_command_text(&command, load->log->changes_key);
    redis_command_text(&command, from);
    redis_command_text(&command, "+");
    redis_command_text(&command, "COUNT");
    redis_command_uint(&command, PAGE_COUNT);
    ask(load, &command, on_page);
}

/* ---- asking ---- */

void redis_load(struct store_log *base, store_on_load on_load, void *data)
{
    struct redis_log *log = redis_log_of(base);
    struct redis_load *load = calloc(1, sizeof *load);
    if (load == NULL) {
        on_load(data, QVT_NO_MEMORY, NULL, NULL);
        return;
    }
    load->log = log;
    load->on_load = on_load;
    load->data = data;
    list_init(&load->link);
    if (redis_conn_is_up(log->conn)) {
        start(load);
    } else {
        list_push_back(&log->loads, &load->link);
    }
}

void redis_load_waiting(struct redis_log *log)
{
    while (!log->closing && !list_is_empty(&log->loads)) {
        struct redis_load *load = LIST_ENTRY(log->loads.next, struct redis_load, link);
        list_remove(&load->link);
        start(load);
    }
}

void redis_load_fail_waiting(struct redis_log *log)
{
    while (!list_is_empty(&log->loads)) {
        struct redis_load *load = LIST_ENTRY(log->loads.next, struct redis_load, link);
        list_remove(&load->link);
        fail(load, QVT_UNAVAILABLE, "WARMING_UP", "it is out of reach");
    }
}
