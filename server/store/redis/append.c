/* An append is repeated until its outcome is known or its time is up: the same expected head makes that safe, for once
 * it is applied the head is another, and its own token among the changes since says so. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "server/store/redis/base.h"

enum { NEWS_PAUSE_MS = 20, AGAIN_PAUSE_MS = 50, MISSED_MOST = 500 };

struct redis_append {
    struct redis_call call;
    const struct store_append *asked;
    store_on_append on_append;
    void *data;
    uint64_t until_ms;
    size_t unencoded; /* arguments before those of the append */
    bool flying;
    bool uncertain; /* an attempt may have been applied */
    bool late;      /* others were first; what they changed is not here yet */
    struct redis_changes missed;
    qvt_error error;
};

static void attempt(struct redis_log *log);
static void read_missed(struct redis_log *log);

/* ---- the end ---- */

static const struct position *last_position(const struct store_append *asked)
{
    return &asked->changes[asked->change_count - 1]->position;
}

static void note_leases(struct redis_log *log, const struct store_append *asked)
{
    int64_t now_us = redis_now_us(log->store);
    for (size_t i = 0; i < asked->grant_count; i++) {
        const struct store_lease *grant = &asked->grants[i];
        lease_views_set(&log->views, grant->incarnation, grant->ttl_ms, now_us + (int64_t)grant->ttl_ms * 1000, now_us);
    }
    for (size_t i = 0; i < asked->end_count; i++) {
        lease_views_drop(&log->views, asked->ends[i]);
    }
}

/* An append comes after an append: freeing and getting a hundred kilobytes each time costs more than filling them. */
static void keep_spare(struct redis_log *log, struct redis_command *command)
{
    if (command->bytes.cap <= REDIS_SPARE_BYTES) {
        buf_deinit(&log->spare);
        log->spare = command->bytes;
        command->bytes = (struct buf)BUF_INIT;
    }
}

static void use_spare(struct redis_log *log, struct redis_command *command)
{
    buf_clear(&log->spare);
    if (command->status == QVT_OK && buf_append_slice(&log->spare, buf_slice(&command->bytes)) == QVT_OK) {
        buf_deinit(&command->bytes);
        command->bytes = log->spare;
        log->spare = (struct buf)BUF_INIT;
    }
}

/* error: of FAILED, and of APPENDED that is less safe than asked. */
static void finish(struct redis_log *log, enum store_append_outcome outcome, const qvt_error *error)
{
    struct redis_append *append = log->append;
    log->append = NULL;
    (void)uv_timer_stop(&log->retry);
    if (outcome == STORE_APPENDED) {
        log->losses = 0;
        log->refusal_noted = false;
        log->head = *last_position(append->asked);
        note_leases(log, append->asked);
    } else if (outcome == STORE_CONFLICT && append->missed.count > 0) {
        log->head = append->missed.items[append->missed.count - 1]->position;
        redis_leases_note(log, append->missed.items, append->missed.count);
    } else if (outcome == STORE_CONFLICT || outcome == STORE_UNCERTAIN) {
        log->follows = false;
    }
    append->on_append(append->data, outcome, append->missed.items, append->missed.count, error);
    redis_changes_clear(&append->missed);
    keep_spare(log, &append->call.command);
    redis_call_deinit(&append->call);
    free(append);
    if (!log->closing) {
        redis_follow_deliver(log);
    }
}

/* Once until a write is taken again. */
static void note_refusal(struct redis_log *log, const char *why)
{
    if (!log->refusal_noted) {
        log->refusal_noted = true;
        log_write(log->store->options.log, LOG_WARN, "redis does not take writes", log_text("cluster", log->name),
                  log_text("why", why));
    }
}

static void give_up(struct redis_log *log, const char *why)
{
    qvt_error error;
    note_refusal(log, why);
    if (log->append->uncertain) {
        finish(log, STORE_UNCERTAIN, NULL);
        return;
    }
    bool full = strncmp(why, "OOM", 3) == 0;
    (void)qvt_error_set(&error, full ? QVT_RESOURCE_EXHAUSTED : QVT_UNAVAILABLE, full ? NULL : "STORE_UNAVAILABLE",
                        "Redis does not take the write: %s", why);
    error.retry_delay_ms = REDIS_RETRY_DELAY_MS;
    finish(log, STORE_FAILED, &error);
}

/* ---- again ---- */

static void go_on(struct redis_log *log)
{
    if (log->append == NULL || log->append->flying) {
        return;
    }
    if (log->append->late) {
        read_missed(log);
    } else {
        attempt(log);
    }
}

static void on_retry(uv_timer_t *timer)
{
    go_on(timer->data);
}

static void again(struct redis_log *log, uint64_t pause_ms, const char *why)
{
    if (uv_now(log->store->options.loop) >= log->append->until_ms) {
        give_up(log, why);
    } else {
        (void)uv_timer_start(&log->retry, on_retry, pause_ms, 0);
    }
}

void redis_append_again(struct redis_log *log)
{
    go_on(log);
}

/* ---- WAIT ---- */

static void on_wait(void *data, const redisReply *reply)
{
    struct redis_log *log = data;
    qvt_error error;
    uint32_t wanted = log->store->options.replicas;
    if (log->append == NULL) {
        return;
    }
    log->append->flying = false;
    int64_t found = reply != NULL && reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
    if (found >= (int64_t)wanted) {
        finish(log, STORE_APPENDED, NULL);
        return;
    }
    (void)qvt_error_set(&error, QVT_UNAVAILABLE, "UNCERTAIN",
                        "the write stands, but %" PRId64 " of the %" PRIu32
                        " Redis replicas that must have it said so: a fail-over may lose it; repeating it with its "
                        "request_id is safe",
                        found, wanted);
    finish(log, STORE_APPENDED, &error);
}

static void wait_for_replicas(struct redis_log *log)
{
    struct redis_command nothing = {.count = 0};
    struct redis_command command = {.count = 0};
    redis_command_text(&command, "WAIT");
    redis_command_uint(&command, log->store->options.replicas);
    redis_command_uint(&command, log->store->options.timeout_ms);
    log->append->flying = true;
    if (redis_conn_send(log->conn, &nothing, &command, log->store->options.timeout_ms, on_wait, log) != QVT_OK) {
        on_wait(log, NULL);
    }
    redis_command_deinit(&command);
}

/* ---- answers ---- */

static void applied(struct redis_log *log)
{
    if (log->store->options.replicas > 0) {
        wait_for_replicas(log);
    } else {
        finish(log, STORE_APPENDED, NULL);
    }
}

/* The changes since the expected head, as far as the stream has brought them. */
static bool take_news(struct redis_log *log)
{
    struct redis_changes *missed = &log->append->missed;
    const struct position *head = log->append->asked->expected;
    size_t first = 0;
    size_t count = 0;
    redis_changes_clear(missed);
    *missed = log->news;
    log->news = (struct redis_changes){NULL, 0, 0};
    while (first < missed->count && missed->items[first]->position.revision <= head->revision) {
        change_unref(missed->items[first++]);
    }
    for (size_t i = first; i < missed->count; i++) {
        if (i == first + count && redis_change_follows(missed->items[i], head)) {
            head = &missed->items[i]->position;
            missed->items[count++] = missed->items[i];
        } else {
            change_unref(missed->items[i]);
        }
    }
    log->follows = log->follows && first + count == missed->count;
    missed->count = count;
    return count > 0;
}

static void lose(struct redis_log *log)
{
    log->losses++;
    finish(log, STORE_CONFLICT, NULL);
}

/* Asked directly: whether it was applied is in question, or the stream does not bring it. */
static void on_missed(void *data, const redisReply *reply)
{
    struct redis_log *log = data;
    struct redis_append *append = log->append;
    if (append == NULL) {
        return;
    }
    struct redis_changes *missed = &append->missed;
    append->flying = false;
    redis_changes_clear(missed);
    bool answered = reply != NULL && reply->type == REDIS_REPLY_ARRAY;
    bool readable = answered && redis_changes_read(missed, reply) == QVT_OK;
    if (!readable || missed->count == 0 || !redis_change_follows(missed->items[0], append->asked->expected)) {
        redis_changes_clear(missed);
    }
    if (!append->uncertain) {
        lose(log);
    } else if (!answered) {
        append->late = false;
        again(log, AGAIN_PAUSE_MS, "the connection was lost");
    } else if (missed->count == 0) {
        finish(log, STORE_UNCERTAIN, NULL);
    } else if (missed->items[0]->position.token == append->asked->changes[0]->position.token) {
        redis_changes_clear(missed);
        applied(log);
    } else {
        lose(log);
    }
}

static void read_missed(struct redis_log *log)
{
    struct redis_command nothing = {.count = 0};
    struct redis_command command = {.count = 0};
    char from[32];
    (void)snprintf(from, sizeof from, "%" PRIu64 "-0", log->append->asked->expected->revision + 1);
    redis_command_text(&command, "XRANGE");
    redis_command_text(&command, log->changes_key);
    redis_command_text(&command, from);
    redis_command_text(&command, "+");
    redis_command_text(&command, "COUNT");
    redis_command_uint(&command, MISSED_MOST);
    log->append->flying = true;
    if (redis_conn_send(log->conn, &nothing, &command, 0, on_missed, log) != QVT_OK) {
        on_missed(log, NULL);
    }
    redis_command_deinit(&command);
}

void redis_append_news(struct redis_log *log)
{
    if (!log->append->flying && !log->append->uncertain && take_news(log)) {
        lose(log);
    }
}

/* How long it is another's turn, as the answer says; 0: it is not. */
static uint64_t turn_left_ms(const redisReply *reply)
{
    int64_t left_us = reply->elements > ANSWER_MORE ? redis_reply_int(reply->element[ANSWER_MORE]) : 0;
    return left_us > 0 ? (uint64_t)left_us / 1000 + 1 : 0;
}

static void on_conflict(struct redis_log *log, const redisReply *reply)
{
    struct redis_append *append = log->append;
    uint64_t left_ms = turn_left_ms(reply);
    append->late = true;
    log->turn_ms = left_ms > 0 ? uv_now(log->store->options.loop) + left_ms : 0;
    if (append->uncertain || !log->reading || !log->follows) {
        read_missed(log);
    } else if (take_news(log)) {
        lose(log);
    } else {
        (void)uv_timer_start(&log->retry, on_retry, NEWS_PAUSE_MS, 0);
    }
}

/* Until the turn's owner has used it, which the stream tells, or it has run out. */
static void wait_for_turn(struct redis_log *log, const redisReply *reply)
{
    if (!log->append->uncertain && take_news(log)) {
        lose(log);
    } else {
        (void)uv_timer_start(&log->retry, on_retry, turn_left_ms(reply), 0);
    }
}

uint64_t redis_append_own(const struct redis_log *log, uint64_t revision, qvt_slice encoded)
{
    if (log->append == NULL) {
        return 0;
    }
    const struct store_append *asked = log->append->asked;
    uint64_t index = revision - asked->expected->revision - 1;
    bool own = revision > asked->expected->revision && index < asked->change_count &&
               asked->changes[index]->position.token == redis_change_token(encoded);
    return own ? last_position(asked)->revision : 0;
}

static void on_answer(struct redis_log *log, const redisReply *reply)
{
    qvt_error error;
    if (redis_answer_is(reply, "ok")) {
        applied(log);
    } else if (redis_answer_is(reply, "conflict")) {
        on_conflict(log, reply);
    } else if (redis_answer_is(reply, "turn")) {
        wait_for_turn(log, reply);
    } else if (redis_answer_is(reply, "unmet")) {
        finish(log, STORE_UNMET, NULL);
    } else if (redis_answer_is(reply, "cluster moved")) {
        finish(log, STORE_CLUSTER_MOVED, NULL);
    } else if (redis_answer_is(reply, "format") && reply->elements > ANSWER_MORE &&
               redis_check_format(log, reply->element[ANSWER_MORE], &error) != QVT_OK) {
        finish(log, STORE_FAILED, &error);
    } else {
        finish(log, STORE_UNCERTAIN, NULL);
    }
}

/* What waiting will not change soon. */
static bool is_lasting(const char *error)
{
    static const char *const words[] = {"OOM", "MISCONF", "NOREPLICAS", "BUSY", "DAMAGED", "NOPERM", "WRONGTYPE"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strncmp(error, words[i], strlen(words[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void on_done(struct redis_call *call, enum redis_result result, const redisReply *reply, const char *error)
{
    struct redis_append *append = (struct redis_append *)(void *)call;
    struct redis_log *log = call->log;
    append->flying = false;
    if (result == REDIS_ANSWERED) {
        on_answer(log, reply);
        return;
    }
    append->uncertain = append->uncertain || result == REDIS_UNKNOWN;
    if (result == REDIS_REFUSED && is_lasting(error) && !append->uncertain) {
        give_up(log, error);
    } else {
        again(log, AGAIN_PAUSE_MS, error);
    }
}

/* ---- asking ---- */

static void attempt(struct redis_log *log)
{
    struct redis_append *append = log->append;
    if (append->call.command.count == append->unencoded) {
        redis_append_encode(&append->call.command, log, append->asked);
    }
    qvt_status status = redis_call_start(&append->call);
    append->flying = status == QVT_OK;
    if (status == QVT_NO_MEMORY) {
        (void)qvt_error_set(&append->error, QVT_NO_MEMORY, NULL, "the store is out of memory");
        finish(log, append->uncertain ? STORE_UNCERTAIN : STORE_FAILED, append->uncertain ? NULL : &append->error);
    } else if (status != QVT_OK && !append->uncertain) {
        give_up(log, "it is out of reach");
    } else if (status != QVT_OK) {
        again(log, AGAIN_PAUSE_MS, "it is out of reach");
    }
}

/* A cluster is listed before it exists, so that one that exists is always listed. */
static void on_named(void *data, const redisReply *reply)
{
    struct redis_log *log = data;
    if (log->append == NULL || !log->append->flying) {
        return;
    }
    log->append->flying = false;
    if (reply != NULL && reply->type == REDIS_REPLY_INTEGER) {
        attempt(log);
        return;
    }
    if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
        redis_conn_note_error(log->store->conn, reply->str);
    }
    give_up(log, reply != NULL && reply->type == REDIS_REPLY_ERROR ? reply->str : "the connection was lost");
}

static void name_cluster(struct redis_log *log)
{
    struct redis_command nothing = {.count = 0};
    struct redis_command command = {.count = 0};
    redis_command_text(&command, "SADD");
    redis_command_text(&command, REDIS_CLUSTERS_KEY);
    redis_command_text(&command, log->name);
    log->append->flying = true;
    qvt_status status = redis_conn_send(log->store->conn, &nothing, &command, 0, on_named, log);
    redis_command_deinit(&command);
    if (status != QVT_OK) {
        log->append->flying = false;
        give_up(log, status == QVT_NO_MEMORY ? "out of memory" : "it is out of reach");
    }
}

void redis_append(struct store_log *base, const struct store_append *asked, store_on_append on_append, void *data)
{
    struct redis_log *log = redis_log_of(base);
    struct redis_append *append = calloc(1, sizeof *append);
    qvt_error error;
    QVT_ASSERT(log->append == NULL);
    if (append == NULL) {
        (void)qvt_error_set(&error, QVT_NO_MEMORY, NULL, "the store is out of memory");
        on_append(data, STORE_FAILED, NULL, 0, &error);
        return;
    }
    redis_call_init(&append->call, log, "append");
    use_spare(log, &append->call.command);
    append->call.on_done = on_done;
    append->asked = asked;
    append->on_append = on_append;
    append->data = data;
    append->until_ms = uv_now(log->store->options.loop) + 2 * (uint64_t)log->store->options.timeout_ms;
    append->unencoded = append->call.command.count;
    log->append = append;
    uint64_t now_ms = uv_now(log->store->options.loop);
    if (asked->expected->revision == 0 && log->base.kind == STORE_LOG_CLUSTER) {
        name_cluster(log);
    } else if (now_ms < log->turn_ms) {
        (void)uv_timer_start(&log->retry, on_retry, log->turn_ms - now_ms, 0);
    } else {
        attempt(log);
    }
}
