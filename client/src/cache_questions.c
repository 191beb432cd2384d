#include <stdlib.h>
#include <string.h>

#include "client/src/cache.h"
#include "client/src/client.h"
#include "client/src/watch.h"
#include "client/src/watch_message.h"
#include "version/validate.h"

/* A question that nobody asked for so many reports is forgotten. */
#define IDLE_TICKS_MAX 6u

static struct question *find(const struct cache *cache, const struct question_key *key)
{
    for (size_t i = 0; i < cache->question_count; i++) {
        if (question_is(cache->questions[i], key)) {
            return cache->questions[i];
        }
    }
    return NULL;
}

static bool make_room(struct cache *cache)
{
    if (cache->question_count < cache->question_capacity) {
        return true;
    }
    size_t capacity = cache->question_capacity == 0 ? 8 : cache->question_capacity * 2;
    struct question **questions = realloc(cache->questions, capacity * sizeof(struct question *));
    if (questions == NULL) {
        return false;
    }
    cache->questions = questions;
    cache->question_capacity = capacity;
    return true;
}

/* Explained finds, and those over the number of counters, are answered from the table each time. */
static void prepare(struct cache *cache, const qvt_find_request *request, uint32_t finds)
{
    const struct question_key key = question_key(request);
    struct question *question = find(cache, &key);
    if (question == NULL && make_room(cache) && question_new(&question, request) == QVT_OK) {
        cache->questions[cache->question_count++] = question;
        if (cache->mirror != NULL) {
            cache_publish(cache);
        }
    }
    if (question != NULL) {
        question->extra += finds;
    }
}

void cache_note(struct cache *cache, const qvt_find_request *request, uint32_t finds)
{
    if (validate_actor_type(qvt_slice_text(request->actor_type), "actor_type", NULL) != QVT_OK ||
        cache->client->is_leaving) {
        return;
    }
    if (!request->explain && request->selector != QVT_SELECTOR_RAMP) {
        prepare(cache, request, finds);
    }
    if (cache_want(cache, request->actor_type) == QVT_OK) {
        cache_start(cache);
    }
}

/* How often the question was asked since the last time. */
static uint32_t take_count(struct question *question)
{
    uint32_t sum = reader_counter_sum(question->counter);
    uint32_t finds = sum - question->counted + question->extra;
    question->counted = sum;
    question->extra = 0;
    return finds;
}

static bool is_idle(struct question *question)
{
    bool was_asked = atomic_exchange_explicit(&question->is_asked, false, memory_order_relaxed);
    question->idle_ticks = was_asked ? 0 : question->idle_ticks + 1;
    return question->idle_ticks > IDLE_TICKS_MAX;
}

void cache_report(struct cache *cache)
{
    struct buf counts = BUF_INIT;
    qvt_watch *watch = cache->shown == NULL ? NULL : cache->shown->watch;
    bool is_open = watch != NULL && stream_is_open(&watch->stream);
    for (size_t i = 0; i < cache->question_count; i++) {
        struct question *question = cache->questions[i];
        uint32_t finds = is_open ? take_count(question) : 0;
        if (finds > 0 &&
            watch_encode_count(&counts, question->request.actor_type, question->request.version, finds) != QVT_OK) {
            question->extra += finds;
            break;
        }
    }
    if (counts.len > 0) {
        /* Lost only with the stream, or for want of memory. */
        (void)!stream_send(&watch->stream, buf_slice(&counts));
    }
    buf_deinit(&counts);
    for (size_t i = cache->question_count; i > 0; i--) {
        if (is_idle(cache->questions[i - 1])) {
            cache_forget(cache, i - 1);
        }
    }
}
