/* Soft state: a hash a key, whose fields are replicas and whose values say how long they hold. */
#include <stdlib.h>

#include "server/store/redis/base.h"

struct soft_call {
    struct redis_call call;
    struct buf key;
    store_on_collect on_collect; /* NULL: a publication */
    void *data;
};

static void free_call(struct soft_call *soft)
{
    redis_call_deinit(&soft->call);
    buf_deinit(&soft->key);
    free(soft);
}

static struct soft_call *make(struct redis_log *log, const char *operation, const char *key)
{
    struct soft_call *soft = calloc(1, sizeof *soft);
    if (soft == NULL) {
        return NULL;
    }
    redis_call_init(&soft->call, log, operation);
    soft->call.conn = log->leases;
    if (buf_printf(&soft->key, "{qvt:%s}:soft:%s", log->name, key) != QVT_OK ||
        buf_append_byte(&soft->key, 0) != QVT_OK) {
        free_call(soft);
        return NULL;
    }
    soft->call.soft_key = (const char *)soft->key.data;
    return soft;
}

static void on_published(struct redis_call *call, enum redis_result result, const redisReply *reply, const char *error)
{
    (void)result;
    (void)reply;
    (void)error;
    free_call((struct soft_call *)(void *)call);
}

qvt_status redis_publish(struct store_log *base, const char *replica, const char *key, qvt_slice value, uint32_t ttl_ms)
{
    struct soft_call *soft = make(redis_log_of(base), "publish", key);
    if (soft == NULL) {
        return QVT_NO_MEMORY;
    }
    redis_command_text(&soft->call.command, replica);
    redis_command_uint(&soft->call.command, ttl_ms);
    redis_command_bytes(&soft->call.command, value);
    soft->call.on_done = on_published;
    qvt_status status = redis_call_start(&soft->call);
    if (status != QVT_OK) {
        free_call(soft);
    }
    return status;
}

/* [[replica, value], …] */
static qvt_status hand_over(const struct soft_call *soft, const redisReply *found)
{
    size_t count = 0;
    struct store_soft *values = malloc((found->elements + 1) * sizeof *values);
    if (values == NULL) {
        return QVT_NO_MEMORY;
    }
    for (size_t i = 0; i < found->elements; i++) {
        const redisReply *pair = found->element[i];
        if (pair->type == REDIS_REPLY_ARRAY && pair->elements == 2) {
            values[count++] = (struct store_soft){pair->element[0]->str, redis_reply_slice(pair->element[1])};
        }
    }
    soft->on_collect(soft->data, QVT_OK, values, count);
    free(values);
    return QVT_OK;
}

static void on_collected(struct redis_call *call, enum redis_result result, const redisReply *reply, const char *error)
{
    struct soft_call *soft = (struct soft_call *)(void *)call;
    qvt_status status = QVT_UNAVAILABLE;
    (void)error;
    if (result == REDIS_ANSWERED && reply->elements > ANSWER_MORE) {
        status = hand_over(soft, reply->element[ANSWER_MORE]);
    }
    if (status != QVT_OK) {
        soft->on_collect(soft->data, status, NULL, 0);
    }
    free_call(soft);
}

void redis_collect(struct store_log *base, const char *key, store_on_collect on_collect, void *data)
{
    struct soft_call *soft = make(redis_log_of(base), "collect", key);
    if (soft == NULL) {
        on_collect(data, QVT_NO_MEMORY, NULL, 0);
        return;
    }
    soft->on_collect = on_collect;
    soft->data = data;
    soft->call.on_done = on_collected;
    qvt_status status = redis_call_start(&soft->call);
    if (status != QVT_OK) {
        on_collect(data, status, NULL, 0);
        free_call(soft);
    }
}
