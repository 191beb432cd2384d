#include "client/src/query.h"

#include "base/buf.h"
#include "base/check.h"

/* On the stack of the thread that waits: it leaves only after `done` was posted, the last thing the loop does with it. */
struct query {
    struct job job;
    struct unary unary;
    qvt_client *client;
    struct call_terms *terms;
    const qvt_rpc_method *method;
    qvt_slice request;
    qvt_status (*decode)(void *into, qvt_slice answer, qvt_error *error);
    void *into;
    uv_sem_t done;
};

static qvt_status on_answer(struct unary *unary, qvt_slice answer, qvt_error *error)
{
    struct query *query = LIST_ENTRY(unary, struct query, unary);
    return query->decode(query->into, answer, error);
}

static void on_done(struct unary *unary, const qvt_error *error)
{
    struct query *query = LIST_ENTRY(unary, struct query, unary);
    *query->terms->error = *error;
    uv_sem_post(&query->done);
}

static void start(struct job *job)
{
    struct query *query = LIST_ENTRY(job, struct query, job);
    unary_start(&query->unary, query->client->channel, query->method, query->request, query->terms->timeout_ms,
                query->terms->fail_fast);
}

qvt_status query_run(qvt_client *client, struct call_terms *terms, const qvt_rpc_method *method,
                     const struct buf *request, qvt_status (*decode)(void *into, qvt_slice answer, qvt_error *error),
                     void *into)
{
    struct query query = {
        .job.run = start,
        .unary = {.decode = on_answer, .on_done = on_done},
        .client = client,
        .terms = terms,
        .method = method,
        .request = buf_slice(request),
        .decode = decode,
        .into = into,
    };
    QVT_ASSERT(uv_sem_init(&query.done, 0) == 0);
    loop_post(&client->loop, &query.job);
    uv_sem_wait(&query.done);
    uv_sem_destroy(&query.done);
    return terms->error->status;
}
