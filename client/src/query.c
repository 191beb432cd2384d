#include "client/src/query.h"

#include "base/clock.h"

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
    unary_start(&query->unary, &query->client->link, query->method, buf_slice(&query->request), query->timeout_ms,
                query->fail_fast);
}

static qvt_status on_answer(struct unary *unary, qvt_slice answer, qvt_error *error)
{
    struct query *query = LIST_ENTRY(unary, struct query, unary);
    return query->decode(query, answer, error);
}

static void ask_again(struct query *query)
{
    int64_t left_us = query->end_us - clock_monotonic_us(clock_system());
    query->again = false;
    buf_clear(&query->request);
    if (left_us < 1000) {
        fail(query, QVT_DEADLINE_EXCEEDED, "the answer was not complete in time");
    } else if (query->encode(query, &query->request) != QVT_OK) {
        fail(query, QVT_NO_MEMORY, "no memory for the request");
    } else {
        query->timeout_ms = (uint32_t)(left_us / 1000);
        send_round(query);
    }
}

static void on_round(struct unary *unary, const qvt_error *error)
{
    struct query *query = LIST_ENTRY(unary, struct query, unary);
    if (error->status == QVT_OK && query->again) {
        ask_again(query);
    } else {
        if (error->status == QVT_DEADLINE_EXCEEDED) {
            client_blame_endpoint(query->client, query->timeout_ms, query->moves);
        }
        finish(query, error);
    }
}

static void on_start(struct job *job)
{
    send_round(LIST_ENTRY(job, struct query, job));
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
