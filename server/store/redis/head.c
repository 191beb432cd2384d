/* The head, which is also the tick: who looks at it each second keeps time for the leases. */
#include <stdlib.h>
#include <string.h>

#include "server/store/redis/base.h"

struct head_call {
    struct redis_call call;
    store_on_head on_head;
    void *data;
};

static void finish(struct head_call *head, qvt_status status, const struct position *position)
{
    head->on_head(head->data, status, position);
    redis_call_deinit(&head->call);
    free(head);
}

static void on_done(struct redis_call *call, enum redis_result result, const redisReply *reply, const char *error)
{
    struct head_call *head = (struct head_call *)(void *)call;
    struct redis_log *log = call->log;
    struct position position;
    (void)error;
    if (result != REDIS_ANSWERED) {
        finish(head, QVT_UNAVAILABLE, NULL);
        return;
    }
    if (redis_answer_head(reply, &position) != QVT_OK) {
        finish(head, QVT_DATA_LOSS, NULL);
        return;
    }
    finish(head, QVT_OK, &position);
    if (!log->closing) {
        redis_follow(log);
        redis_leases_refresh(log);
    }
}

static void ask(struct redis_log *log, struct head_call *head, store_on_head on_head, void *data)
{
    head->call.conn = log->leases;
    head->call.on_done = on_done;
    head->on_head = on_head;
    head->data = data;
    qvt_status status = redis_call_start(&head->call);
    if (status != QVT_OK) {
        finish(head, status, NULL);
    }
}

void redis_head(struct store_log *base, store_on_head on_head, void *data)
{
    struct head_call *head = malloc(sizeof *head);
    if (head == NULL) {
        on_head(data, QVT_NO_MEMORY, NULL);
        return;
    }
    redis_call_init(&head->call, redis_log_of(base), "head");
    ask(redis_log_of(base), head, on_head, data);
}

void redis_reset(struct store_log *base, const struct position *seen, const char *store_id, store_on_head on_head,
                 void *data)
{
    char text[REDIS_HEAD_MAX];
    struct position next = *seen;
    struct head_call *head = malloc(sizeof *head);
    if (head == NULL) {
        on_head(data, QVT_NO_MEMORY, NULL);
        return;
    }
    redis_call_init(&head->call, redis_log_of(base), "reset");
    head->call.soft_key = redis_log_of(base)->moves_key;
    redis_head_format(text, seen);
    redis_command_text(&head->call.command, text);
    memcpy(next.store_id, store_id, STORE_ID_LEN + 1);
    redis_head_format(text, &next);
    redis_command_text(&head->call.command, text);
    ask(redis_log_of(base), head, on_head, data);
}
