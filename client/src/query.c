#include "client/src/query.h"

#include <string.h>

#include "base/clock.h"

/* A tracker that goes away as it is asked is no reason to fail: a question changes nothing. */
#define ATTEMPTS 4

static void finish(struct query *query, const qvt_error *error)
{
    client_note_error(query->client, error);
    query->on_done(query, error);
}

static void fail(struct query *query, qvt_status status, const char *message)
{
    qvt_error error;
    qvt_error_set(&error, status, NULL, "%s", message);
    finish(query, &error);
}

static void send_round(struct query *query)
{
    query->moves = query->client->channel_moves;
    query->is_answered = false;
    unary_start(&query->unary, &query->client->link, query->method, buf_slice(&query->request), query->timeout_ms,
                query->fail_fast);
}

static qvt_status on_answer(struct unary *unary, qvt_slice answer, qvt_error *error)
{
    struct query *query = LIST_ENTRY(unary, struct query, unary);
    query->is_answered = true;
    return query->decode(query, answer, error);
}

/* False: the time is over. */
static bool has_time(struct query *query)
{
    int64_t left_us = query->end_us - clock_monotonic_us(clock_system());
    query->timeout_ms = left_us < 1000 ? 0 : (uint32_t)(left_us / 1000);
    return query->timeout_ms > 0;
}

static void ask_again(struct query *query)
{
    query->again = false;
    buf_clear(&query->request);
    if (!has_time(query)) {
        fail(query, QVT_DEADLINE_EXCEEDED, "the answer was not complete in time");
    } else if (query->encode(query, &query->request) != QVT_OK) {
        fail(query, QVT_NO_MEMORY, "no memory for the request");
    } else {
        send_round(query);
    }
}

/* A tracker that says that it comes or goes; another one may be there. */
static bool is_in_passing(const qvt_error *error)
{
    return error->reason != NULL &&
           (strcmp(error->reason, "WARMING_UP") == 0 || strcmp(error->reason, "SHUTTING_DOWN") == 0);
}

static bool may_retry(struct query *query, const qvt_error *error)
{
    bool has_others = query->client->options.endpoint_count > 1;
    return error->status == QVT_UNAVAILABLE && !query->fail_fast && !query->is_answered && query->attempts_left > 0 &&
           (error->reason == NULL || (is_in_passing(error) && has_others)) && has_time(query);
}

static void retry(struct query *query, const qvt_error *error)
{
    query->attempts_left--;
    if (error->reason != NULL && query->moves == query->client->channel_moves) {
        client_leave_endpoint(query->client);
    }
    send_round(query);
}

static void on_round(struct unary *unary, const qvt_error *error)
{
    struct query *query = LIST_ENTRY(unary, struct query, unary);
    if (error->status == QVT_OK && query->again) {
        ask_again(query);
    } else if (may_retry(query, error)) {
        retry(query, error);
    } else {
        if (error->status == QVT_DEADLINE_EXCEEDED) {
            client_blame_endpoint(query->client, query->timeout_ms, query->moves);
        }
        finish(query, error);
    }
}

static void on_start(struct job *job)
{
    struct query *query = LIST_ENTRY(job, struct query, job);
    if (query->client->is_leaving) {
        fail(query, QVT_CANCELLED, "the client is being freed");
    } else {
        send_round(query);
    }
}

qvt_status query_start(struct query *query, qvt_client *client, struct call_terms *terms)
{
    query->job.run = on_start;
    query->unary.decode = on_answer;
    query->unary.on_done = on_round;
    query->client = client;
    query->request = (struct buf)BUF_INIT;
    query->end_us = clock_monotonic_us(clock_system()) + (int64_t)terms->timeout_ms * 1000;
    query->timeout_ms = terms->timeout_ms;
    query->fail_fast = terms->fail_fast;
    query->attempts_left = ATTEMPTS - 1;
    query->again = false;
    if (query->encode(query, &query->request) != QVT_OK) {
        query_deinit(query);
        return qvt_error_set(terms->error, QVT_NO_MEMORY, NULL, "no memory for the request");
    }
    loop_post(&client->loop, &query->job);
    return QVT_OK;
}

void query_deinit(struct query *query)
{
    buf_deinit(&query->request);
}
