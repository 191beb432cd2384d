#include "client/src/result.h"

#include <stdlib.h>

#include "base/check.h"
#include "client/src/found.h"

/* With memory of its own the result answers for itself, and `answer` points to it. */
struct own_result {
    qvt_find_result result;
    qvt_answer answer;
};

qvt_status result_new(qvt_find_result **out, struct found *found, const qvt_answer *answer)
{
    struct own_result *own = malloc(sizeof *own);
    if (own == NULL) {
        found_unref(found);
        return QVT_NO_MEMORY;
    }
    own->answer = *answer;
    own->result.is_hold = false;
    atomic_init(&own->result.found, found);
    atomic_init(&own->result.answer, &own->answer);
    *out = &own->result;
    return QVT_OK;
}

static const struct found *found_of(const qvt_find_result *result)
{
    return atomic_load_explicit(&result->found, memory_order_relaxed);
}

size_t qvt_find_result_count(const qvt_find_result *result)
{
    return found_of(result)->count;
}

const qvt_found_silo *qvt_find_result_silo(const qvt_find_result *result, size_t index)
{
    QVT_ASSERT(index < found_of(result)->count);
    return &found_of(result)->silos[index];
}

size_t qvt_find_result_dropped_count(const qvt_find_result *result)
{
    return found_of(result)->dropped_count;
}

const qvt_dropped_silo *qvt_find_result_dropped(const qvt_find_result *result, size_t index)
{
    QVT_ASSERT(index < found_of(result)->dropped_count);
    return &found_of(result)->dropped[index];
}

qvt_empty_reason qvt_find_result_empty_reason(const qvt_find_result *result)
{
    return found_of(result)->empty_reason;
}

const qvt_answer *qvt_find_result_answer(const qvt_find_result *result)
{
    return atomic_load_explicit(&result->answer, memory_order_relaxed);
}

void qvt_find_result_free(qvt_find_result *result)
{
    if (result == NULL) {
        return;
    }
    if (!result->is_hold) {
        found_unref(atomic_load_explicit(&result->found, memory_order_relaxed));
        free((struct own_result *)(void *)result);
        return;
    }
    atomic_store_explicit(&result->found, NULL, memory_order_release);
    retire_sweep_abandoned();
}
