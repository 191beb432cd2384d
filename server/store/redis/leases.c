/* Leases live in a sorted set: renewals of a loop turn go out as one call; what other replicas renew is looked up when half of
 * a lease has passed without news. */
#include <stdlib.h>

#include "base/check.h"
#include "server/registry/silo_view.h"
#include "server/store/redis/base.h"

enum { BATCH_MOST = 500, LOOK_MOST = 1000 };
#define LOOK_AGAIN_US INT64_C(900000)

/* ---- time ---- */

int64_t redis_now_us(const struct redis_store *store)
{
    return store->clock_known ? clock_monotonic_us(store->base.clock) + store->ahead_us
                              : clock_wall_us(store->base.clock);
}

int64_t redis_monotonic_of(const struct redis_store *store, int64_t redis_us)
{
    return redis_us - store->ahead_us;
}

static int64_t wall_us(const struct store *store)
{
    return redis_now_us((const struct redis_store *)(const void *)store);
}

/* ---- renewals ---- */

static void on_prepare(uv_prepare_t *prepare);

struct waiter {
    store_on_renew on_renew;
    void *data;
    size_t count;
};

struct redis_renewal {
    struct redis_call call;
    struct store_lease leases[BATCH_MOST];
    struct waiter waiters[BATCH_MOST];
    uint32_t remaining_ms[BATCH_MOST];
    size_t count;
    size_t waiter_count;
};

static void answer(struct redis_renewal *renewal, qvt_status status)
{
    size_t from = 0;
    for (size_t i = 0; i < renewal->waiter_count; i++) {
        const struct waiter *waiter = &renewal->waiters[i];
        bool ok = status == QVT_OK;
        waiter->on_renew(waiter->data, status, ok ? renewal->remaining_ms + from : NULL, ok ? waiter->count : 0);
        from += waiter->count;
    }
    redis_call_deinit(&renewal->call);
    free(renewal);
}

static void on_renewed(struct redis_call *call, enum redis_result result, const redisReply *reply, const char *error)
{
    struct redis_renewal *renewal = (struct redis_renewal *)(void *)call;
    struct redis_log *log = call->log;
    (void)error;
    log->renewing = false;
    if (log->renewal != NULL && !log->closing) {
        (void)uv_prepare_start(&log->store->flush, on_prepare);
    }
    if (result != REDIS_ANSWERED || reply->elements <= ANSWER_MORE ||
        reply->element[ANSWER_MORE]->len != renewal->count) {
        answer(renewal, QVT_UNAVAILABLE);
        return;
    }
    int64_t now_us = redis_reply_int(reply->element[ANSWER_NOW]);
    for (size_t i = 0; i < renewal->count; i++) {
        const struct store_lease *lease = &renewal->leases[i];
        bool found = reply->element[ANSWER_MORE]->str[i] == '1';
        renewal->remaining_ms[i] = found ? lease->ttl_ms : 0;
        if (found) {
            lease_views_move(&log->views, lease->incarnation, now_us + (int64_t)lease->ttl_ms * 1000);
        }
    }
    answer(renewal, QVT_OK);
}

void redis_renew_flush(struct redis_log *log)
{
    struct redis_renewal *renewal = log->renewal;
    log->renewal = NULL;
    if (renewal == NULL) {
        return;
    }
    renewal->call.conn = log->leases;
    renewal->call.on_done = on_renewed;
    qvt_status status = redis_call_start(&renewal->call);
    log->renewing = status == QVT_OK;
    if (status != QVT_OK) {
        answer(renewal, status);
    }
}

void redis_renew_drop(struct redis_log *log)
{
    if (log->renewal != NULL) {
        struct redis_renewal *renewal = log->renewal;
        log->renewal = NULL;
        answer(renewal, QVT_UNAVAILABLE);
    }
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct redis_store *store = prepare->data;
    (void)uv_prepare_stop(prepare);
    for (struct list *node = store->logs.next; node != &store->logs;) {
        struct redis_log *log = LIST_ENTRY(node, struct redis_log, link);
        node = node->next;
        if (!log->renewing) {
            redis_renew_flush(log);
        }
    }
}

static void renew(struct store_log *base, const struct store_lease *leases, size_t count, store_on_renew on_renew,
                  void *data)
{
    struct redis_log *log = redis_log_of(base);
    if (log->renewal != NULL && log->renewal->count + count > BATCH_MOST) {
        redis_renew_flush(log);
    }
    if (!redis_conn_is_up(log->leases)) {
        on_renew(data, QVT_UNAVAILABLE, NULL, 0);
        return;
    }
    QVT_ASSERT(count <= BATCH_MOST);
    if (log->renewal == NULL) {
        log->renewal = malloc(sizeof *log->renewal);
        if (log->renewal == NULL) {
            on_renew(data, QVT_NO_MEMORY, NULL, 0);
            return;
        }
        log->renewal->count = log->renewal->waiter_count = 0;
        redis_call_init(&log->renewal->call, log, "renew");
    }
    struct redis_renewal *renewal = log->renewal;
    for (size_t i = 0; i < count; i++) {
        redis_command_uint(&renewal->call.command, leases[i].incarnation);
        redis_command_uint(&renewal->call.command, leases[i].ttl_ms);
        renewal->leases[renewal->count++] = leases[i];
    }
    renewal->waiters[renewal->waiter_count++] = (struct waiter){on_renew, data, count};
    (void)uv_prepare_start(&log->store->flush, on_prepare);
}

/* ---- looking ---- */

struct look {
    struct redis_call call;
    uint64_t incarnations[LOOK_MOST];
    size_t count;
};

static void end_look(struct look *look)
{
    look->call.log->refreshing = false;
    redis_call_deinit(&look->call);
    free(look);
}

static void take_ends(struct redis_log *log, const struct look *look, const redisReply *ends)
{
    for (size_t i = 0; i < look->count && i < ends->elements; i++) {
        if (ends->element[i]->type == REDIS_REPLY_STRING && ends->element[i]->len > 0) {
            lease_views_move(&log->views, look->incarnations[i], (int64_t)strtod(ends->element[i]->str, NULL));
        }
    }
}

/* Silos that are alive by the records have leases; Redis gives those that have none a full one, if these are the
 * records. */
static void on_looked(struct redis_call *call, enum redis_result result, const redisReply *reply, const char *error)
{
    struct look *look = (struct look *)(void *)call;
    struct redis_log *log = call->log;
    (void)error;
    bool more = look->count == LOOK_MOST;
    bool answered = result == REDIS_ANSWERED && redis_answer_is(reply, "ok") && reply->elements > ANSWER_MORE + 1;
    if (answered) {
        take_ends(log, look, reply->element[ANSWER_MORE + 1]);
    }
    end_look(look);
    if (answered && more && !log->closing) {
        redis_leases_refresh(log);
    }
}

void redis_leases_refresh(struct redis_log *log)
{
    char head[REDIS_HEAD_MAX];
    if (log->refreshing || !log->follows || log->closing) {
        return;
    }
    struct look *look = malloc(sizeof *look);
    if (look == NULL) {
        return;
    }
    look->count =
        lease_views_take_due(&log->views, redis_now_us(log->store), LOOK_AGAIN_US, look->incarnations, LOOK_MOST);
    if (look->count == 0) {
        free(look);
        return;
    }
    redis_call_init(&look->call, log, "look");
    look->call.conn = log->leases;
    look->call.on_done = on_looked;
    redis_head_format(head, &log->head);
    redis_command_text(&look->call.command, head);
    for (size_t i = 0; i < look->count; i++) {
        redis_command_uint(&look->call.command, look->incarnations[i]);
        redis_command_uint(&look->call.command, lease_views_ttl_ms(&log->views, look->incarnations[i]));
    }
    log->refreshing = true;
    if (redis_call_start(&look->call) != QVT_OK) {
        end_look(look);
    }
}

void redis_leases_note(struct redis_log *log, struct change *const *changes, size_t count)
{
    int64_t now_us = redis_now_us(log->store);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < changes[i]->put_count; k++) {
            struct registry_silo silo;
            struct image *image = changes[i]->puts[k];
            if (image_kind(image) != RECORD_SILO || silo_view_parse(&silo, image) != QVT_OK) {
                continue;
            }
            if (silo.status == PLACEMENT_DEAD) {
                lease_views_drop(&log->views, silo.incarnation);
            } else if (changes[i]->event == CHANGE_SILO_REGISTERED) {
                lease_views_set(&log->views, silo.incarnation, silo.lease_ttl_ms, 0, now_us);
            }
        }
    }
}

/* ---- lapsed ---- */

struct lapsed {
    struct redis_call call;
    store_on_lapsed on_lapsed;
    void *data;
};

static void end_lapsed(struct lapsed *lapsed, qvt_status status, const uint64_t *incarnations, size_t count)
{
    lapsed->on_lapsed(lapsed->data, status, incarnations, count);
    redis_call_deinit(&lapsed->call);
    free(lapsed);
}

static void on_lapsed(struct redis_call *call, enum redis_result result, const redisReply *reply, const char *error)
{
    struct lapsed *lapsed = (struct lapsed *)(void *)call;
    struct redis_log *log = call->log;
    (void)error;
    if (result != REDIS_ANSWERED || reply->elements <= ANSWER_MORE) {
        end_lapsed(lapsed, QVT_UNAVAILABLE, NULL, 0);
        return;
    }
    const redisReply *over = reply->element[ANSWER_MORE];
    uint64_t *incarnations = malloc((over->elements + 1) * sizeof *incarnations);
    if (incarnations == NULL) {
        end_lapsed(lapsed, QVT_NO_MEMORY, NULL, 0);
        return;
    }
    for (size_t i = 0; i < over->elements; i++) {
        incarnations[i] = strtoull(over->element[i]->str, NULL, 10);
    }
    redis_learn_next(log, reply);
    end_lapsed(lapsed, QVT_OK, incarnations, over->elements);
    free(incarnations);
}

static void ask_lapsed(struct store_log *base, size_t max, store_on_lapsed callback, void *data)
{
    struct redis_log *log = redis_log_of(base);
    struct lapsed *lapsed = calloc(1, sizeof *lapsed);
    if (lapsed == NULL) {
        callback(data, QVT_NO_MEMORY, NULL, 0);
        return;
    }
    redis_call_init(&lapsed->call, log, "lapsed");
    redis_command_uint(&lapsed->call.command, max);
    lapsed->call.conn = log->leases;
    lapsed->call.on_done = on_lapsed;
    lapsed->on_lapsed = callback;
    lapsed->data = data;
    /* Whatever comes of it, the next answer says when to look again. */
    log->next_lapse_us = INT64_MAX;
    qvt_status status = redis_call_start(&lapsed->call);
    if (status != QVT_OK) {
        end_lapsed(lapsed, status, NULL, 0);
    }
}

static int64_t next_lapse_us(const struct store_log *base)
{
    const struct redis_log *log = (const struct redis_log *)(const void *)base;
    return redis_conn_is_up(log->leases) ? log->next_lapse_us : INT64_MAX;
}

static uint32_t lease_remaining_ms(const struct store_log *base, uint64_t incarnation)
{
    const struct redis_log *log = (const struct redis_log *)(const void *)base;
    return lease_views_remaining_ms(&log->views, incarnation, redis_now_us(log->store));
}

static size_t lease_count(const struct store_log *base)
{
    return ((const struct redis_log *)(const void *)base)->views.table.count;
}

/* ---- dropping ---- */

static void on_dropped(struct redis_call *call, enum redis_result result, const redisReply *reply, const char *error)
{
    (void)result;
    (void)reply;
    (void)error;
    redis_call_deinit(call);
    free(call);
}

static void drop(struct store_log *base, const uint64_t *incarnations, size_t count)
{
    struct redis_log *log = redis_log_of(base);
    char head[REDIS_HEAD_MAX];
    struct redis_call *call = malloc(sizeof *call);
    if (call == NULL) {
        return;
    }
    redis_call_init(call, log, "drop");
    call->conn = log->leases;
    call->on_done = on_dropped;
    redis_head_format(head, &log->head);
    redis_command_text(&call->command, head);
    for (size_t i = 0; i < count; i++) {
        redis_command_uint(&call->command, incarnations[i]);
    }
    if (redis_call_start(call) != QVT_OK) {
        on_dropped(call, REDIS_REFUSED, NULL, NULL);
    }
}

static int64_t turn_us(const struct store_log *base)
{
    const struct redis_log *log = (const struct redis_log *)(const void *)base;
    uint64_t now_ms = uv_now(log->store->options.loop);
    return log->turn_ms <= now_ms ? INT64_MIN : redis_now_us(log->store) + (int64_t)(log->turn_ms - now_ms) * 1000;
}

const struct store_away_ops redis_away_ops = {
    .renew = renew,
    .drop = drop,
    .lapsed = ask_lapsed,
    .next_lapse_us = next_lapse_us,
    .lease_remaining_ms = lease_remaining_ms,
    .publish = redis_publish,
    .collect = redis_collect,
    .reset = redis_reset,
    .wall_us = wall_us,
    .lease_count = lease_count,
    .turn_us = turn_us,
};
