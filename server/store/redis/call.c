#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "server/store/redis/base.h"
#include "server/store/redis/script.h"

qvt_slice redis_reply_slice(const redisReply *reply)
{
    bool text = reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS;
    return text ? qvt_slice_make(reply->str, reply->len) : qvt_slice_make(NULL, 0);
}

int64_t redis_reply_int(const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_INTEGER) {
        return reply->integer;
    }
    return reply->type == REDIS_REPLY_STRING ? strtoll(reply->str, NULL, 10) : 0;
}

qvt_status redis_check_format(const struct redis_log *log, const redisReply *format, qvt_error *error)
{
    int64_t number = redis_reply_int(format);
    bool newer = number > REDIS_FORMAT;
    if (!newer && number >= REDIS_FORMAT_OLDEST) {
        return QVT_OK;
    }
    return qvt_error_set(error, QVT_FAILED_PRECONDITION, "FORMAT",
                         "the records of cluster %s have format %" PRId64 ", and this qvtd writes formats %u to %u: %s",
                         log->name, number, REDIS_FORMAT_OLDEST, REDIS_FORMAT,
                         newer ? "a newer qvtd is needed" : "qvtctl store upgrade raises it");
}

bool redis_answer_is(const redisReply *reply, const char *outcome)
{
    return qvt_slice_equal(redis_reply_slice(reply->element[ANSWER_OUTCOME]), qvt_slice_text(outcome));
}

qvt_status redis_answer_head(const redisReply *reply, struct position *out)
{
    return redis_head_parse(out, redis_reply_slice(reply->element[ANSWER_HEAD]));
}

void redis_call_init(struct redis_call *call, struct redis_log *log, const char *operation)
{
    char now[24] = "";
    const struct redis_store *store = log->store;
    *call = (struct redis_call){.log = log, .conn = log->conn};
    if (store->options.test_time) {
        (void)snprintf(now, sizeof now, "%" PRId64, clock_wall_us(store->base.clock));
    }
    redis_command_text(&call->command, operation);
    redis_command_text(&call->command, now);
    redis_command_uint(&call->command, REDIS_FORMAT);
    redis_command_uint(&call->command, REDIS_FORMAT_OLDEST);
}

void redis_call_deinit(struct redis_call *call)
{
    redis_command_deinit(&call->command);
}

/* ---- answers ---- */

static bool begins_with(const char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0;
}

/* REDIS.md "The script": these mean that nothing was applied; anything else is uncertain. */
static bool is_refusal(const char *error)
{
    static const char *const words[] = {"MOVED",    "ASK",        "TRYAGAIN",   "CLUSTERDOWN", "NOSCRIPT", "LOADING",
                                        "READONLY", "MASTERDOWN", "NOREPLICAS", "OOM",         "MISCONF",  "BUSY",
                                        "DAMAGED",  "NOAUTH",     "NOPERM",     "WRONGTYPE"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (begins_with(error, words[i])) {
            return true;
        }
    }
    return false;
}

void redis_learn_next(struct redis_log *log, const redisReply *reply)
{
    qvt_slice next = redis_reply_slice(reply->element[ANSWER_NEXT]);
    if (next.len == 0) {
        log->next_lapse_us = INT64_MAX;
    } else if (next.data[0] != '?') {
        log->next_lapse_us = redis_monotonic_of(log->store, redis_reply_int(reply->element[ANSWER_NEXT]));
    }
}

static void learn(struct redis_log *log, const redisReply *reply)
{
    struct redis_store *store = log->store;
    store->ahead_us = redis_reply_int(reply->element[ANSWER_NOW]) - clock_monotonic_us(store->base.clock);
    store->clock_known = true;
    /* What is due was not looked at yet: it stays due until it is. */
    if (log->next_lapse_us > clock_monotonic_us(store->base.clock)) {
        redis_learn_next(log, reply);
    }
}

static void on_reply(void *data, const redisReply *reply)
{
    struct redis_call *call = data;
    if (reply == NULL || call->log->closing) {
        call->on_done(call, REDIS_UNKNOWN, NULL, "the connection was lost");
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        if (begins_with(reply->str, "NOSCRIPT") && !call->evaluating) {
            call->evaluating = true;
            if (redis_call_start(call) == QVT_OK) {
                return;
            }
        }
        redis_conn_note_error(call->conn, reply->str);
        call->on_done(call, is_refusal(reply->str) ? REDIS_REFUSED : REDIS_UNKNOWN, NULL, reply->str);
        return;
    }
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < ANSWER_MORE) {
        call->on_done(call, REDIS_UNKNOWN, NULL, "its answer cannot be read");
        return;
    }
    learn(call->log, reply);
    call->on_done(call, REDIS_ANSWERED, reply, NULL);
}

/* ---- sending ---- */

static void add_keys(struct redis_command *before, const struct redis_call *call)
{
    const struct redis_command *keys = &call->log->keys;
    redis_command_uint(before, keys->count + (call->soft_key == NULL ? 0 : 1));
    if (before->status == QVT_OK) {
        before->status =
            keys->status != QVT_OK ? keys->status : buf_append_slice(&before->bytes, buf_slice(&keys->bytes));
        before->count += keys->count;
    }
    if (call->soft_key != NULL) {
        redis_command_text(before, call->soft_key);
    }
}

qvt_status redis_call_start(struct redis_call *call)
{
    struct redis_command before = {.count = 0};
    if (!redis_conn_is_up(call->conn)) {
        return QVT_UNAVAILABLE;
    }
    if (call->evaluating || redis_conn_is_asking(call->conn) || redis_conn_script(call->conn)[0] == '\0') {
        redis_command_text(&before, "EVAL");
        redis_command_bytes(&before, qvt_slice_make(redis_script, redis_script_len));
    } else {
        redis_command_text(&before, "EVALSHA");
        redis_command_text(&before, redis_conn_script(call->conn));
    }
    add_keys(&before, call);
    qvt_status status = redis_conn_send(call->conn, &before, &call->command, 0, on_reply, call);
    redis_command_deinit(&before);
    return status;
}
