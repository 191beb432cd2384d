#include "client/src/wait.h"

#include "base/check.h"

void wait_begin(struct wait *wait, struct call_terms *terms)
{
    wait->terms = terms;
    wait->result = NULL;
    QVT_ASSERT(uv_sem_init(&wait->done, 0) == 0);
}

void wait_end(struct wait *wait, const qvt_error *error, void *result)
{
    *wait->terms->error = *error;
    wait->result = result;
    uv_sem_post(&wait->done);
}

qvt_status wait_for_end(struct wait *wait)
{
    uv_sem_wait(&wait->done);
    uv_sem_destroy(&wait->done);
    return wait->terms->error->status;
}

void wait_abandon(struct wait *wait)
{
    uv_sem_destroy(&wait->done);
}
