#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "client/src/cache.h"
#include "client/src/client.h"

/* SPEC §4.1: how long an answer may be used. */
#define CACHE_TTL_MS 10000u

/* Publishing may take a fifth of the loop's time. */
#define REST_FACTOR 4
#define REST_LEAST_US 250

static void free_snapshot(struct retired *retired)
{
    free(LIST_ENTRY(retired, struct snapshot, retired));
}

static void free_found(struct retired *retired)
{
    found_unref(LIST_ENTRY(retired, struct found, retired));
}

static void free_question(struct retired *retired)
{
    question_free(LIST_ENTRY(retired, struct question, retired));
}

static void free_table(struct retired *retired)
{
    type_table_unref(LIST_ENTRY(retired, struct type_table, retired));
}

static void retire_mirror(struct cache *cache, struct mirror *mirror)
{
    for (size_t i = 0; i < mirror->types.bucket_count; i++) {
        for (struct text_node *node = mirror->types.buckets[i]; node != NULL; node = node->next) {
            struct mirror_type *type = LIST_ENTRY(node, struct mirror_type, node);
            if (type->table != NULL) {
                retire_push(&cache->retired, &type->table->retired, NULL, free_table);
                type->table = NULL;
            }
        }
    }
    mirror_deinit(mirror);
    free(mirror);
}

static void chain(struct retired **chain, struct retired *retired)
{
    retired->next = *chain;
    *chain = retired;
}

static void drop_answer(struct cache *cache, struct question *question)
{
    if (question->found != NULL) {
        chain(&cache->old_founds, &question->found->retired);
        question->found = NULL;
    }
}

/* A find that is none, such as CLOSEST without version, is answered anew each time. */
static void prepare(struct cache *cache, struct question *question, struct type_table *table)
{
    struct found *found = NULL;
    (void)!found_answer(&found, table, &question->request, NULL);
    drop_answer(cache, question);
    question->found = found;
}

static struct type_table *table_of(const struct cache *cache, const struct question *question)
{
    const struct mirror_type *type = mirror_type(cache->mirror, question->request.actor_type);
    return type == NULL ? NULL : type->table;
}

/* Makes the tables of dirty types and the answers from them. False: some are still dirty. */
static bool refresh(struct cache *cache)
{
    while (!list_is_empty(&cache->mirror->dirty)) {
        struct mirror_type *type = LIST_ENTRY(cache->mirror->dirty.next, struct mirror_type, dirty);
        struct type_table *old;
        if (mirror_refresh(cache->mirror, type, &old) != QVT_OK) {
            return false;
        }
        if (old != NULL) {
            chain(&cache->old_tables, &old->retired);
        }
    }
    for (size_t i = 0; i < cache->question_count; i++) {
        struct question *question = cache->questions[i];
        struct type_table *table = table_of(cache, question);
        if (table != NULL && (question->found == NULL || question->found->table != table)) {
            prepare(cache, question, table);
        }
    }
    return true;
}

static void describe(const struct cache *cache, qvt_answer *out)
{
    int64_t now_us = clock_monotonic_us(clock_system());
    const struct snapshot *before = atomic_load_explicit(&cache->snapshot, memory_order_relaxed);
    out->cache_ttl_ms = CACHE_TTL_MS;
    out->is_stale = cache->stale_until_us > now_us;
    out->is_aged = cache->is_interrupted || out->is_stale;
    int64_t since_us = out->is_stale ? cache->stale_since_us : cache->heard_us;
    out->age_ms = out->is_aged ? (uint32_t)((now_us - since_us) / 1000) : 0;
    if (cache->shown != NULL && cache->shown->mirror == cache->mirror) {
        out->position = cache->shown->position;
    } else if (before != NULL) {
        out->position = before->answer.position;
    }
}

static qvt_status build(struct cache *cache, struct snapshot **out)
{
    struct snapshot *snapshot;
    const struct text_map *types = &cache->mirror->types;
    QVT_TRY(snapshot_new(&snapshot, cache->question_count, types->count));
    for (size_t i = 0; i < types->bucket_count; i++) {
        for (struct text_node *node = types->buckets[i]; node != NULL; node = node->next) {
            snapshot_add_type(snapshot, LIST_ENTRY(node, struct mirror_type, node)->table);
        }
    }
    for (size_t i = 0; i < cache->question_count; i++) {
        snapshot_add_question(snapshot, cache->questions[i]);
    }
    describe(cache, &snapshot->answer);
    *out = snapshot;
    return QVT_OK;
}

/* What the snapshots before showed. */
static void retire_replaced(struct cache *cache)
{
    while (cache->old_tables != NULL) {
        struct retired *retired = cache->old_tables;
        cache->old_tables = retired->next;
        retire_push(&cache->retired, retired, NULL, free_table);
    }
    while (cache->old_founds != NULL) {
        struct retired *retired = cache->old_founds;
        cache->old_founds = retired->next;
        retire_push(&cache->retired, retired, LIST_ENTRY(retired, struct found, retired), free_found);
    }
    while (cache->old_questions != NULL) {
        struct retired *retired = cache->old_questions;
        cache->old_questions = retired->next;
        retire_push(&cache->retired, retired, NULL, free_question);
    }
    while (cache->old_mirrors != NULL) {
        struct mirror *mirror = cache->old_mirrors;
        cache->old_mirrors = mirror->next;
        retire_mirror(cache, mirror);
    }
}

/* False, out of memory: the old snapshot stays, with all that it shows. */
static bool publish(struct cache *cache)
{
    struct snapshot *snapshot;
    if (!refresh(cache) || build(cache, &snapshot) != QVT_OK) {
        return false;
    }
    struct snapshot *before = atomic_exchange(&cache->snapshot, snapshot);
    if (before != NULL) {
        retire_push(&cache->retired, &before->retired, &before->answer, free_snapshot);
    }
    retire_replaced(cache);
    cache_acknowledge(cache, &snapshot->answer);
    return true;
}

static void on_pace(uv_timer_t *timer);

static void publish_now(struct cache *cache)
{
    int64_t began_us = clock_monotonic_us(clock_system());
    bool is_done = cache->mirror == NULL || cache->mirror->is_damaged || publish(cache);
    int64_t took_us = clock_monotonic_us(clock_system()) - began_us;
    cache->is_publishing = !is_done || took_us > REST_LEAST_US;
    cache->is_due = !is_done;
    if (cache->is_publishing) {
        uv_timer_start(&cache->pace, on_pace, 1 + (uint64_t)took_us * REST_FACTOR / 1000, 0);
    }
    retire_sweep(&cache->retired);
}

/* The rest is over. */
static void on_pace(uv_timer_t *timer)
{
    struct cache *cache = timer->data;
    cache->is_publishing = false;
    if (cache->is_due) {
        publish_now(cache);
    }
}

static void on_publishing(struct job *job)
{
    struct cache *cache = LIST_ENTRY(job, struct cache, publishing);
    if (!uv_is_closing((uv_handle_t *)&cache->pace)) {
        publish_now(cache);
    }
}

/* Once a turn of the loop, however many messages it brought. */
void cache_publish(struct cache *cache)
{
    cache->is_due = true;
    if (!cache->is_publishing) {
        cache->is_publishing = true;
        cache->publishing.run = on_publishing;
        loop_post(&cache->client->loop, &cache->publishing);
    }
}

void cache_show(struct cache *cache, struct mirror *mirror)
{
    if (cache->mirror != NULL && cache->mirror != mirror) {
        cache->mirror->next = cache->old_mirrors;
        cache->old_mirrors = cache->mirror;
    }
    cache->mirror = mirror;
    cache_publish(cache);
}

void cache_forget(struct cache *cache, size_t index)
{
    struct question *question = cache->questions[index];
    cache->questions[index] = cache->questions[--cache->question_count];
    drop_answer(cache, question);
    chain(&cache->old_questions, &question->retired);
    cache_publish(cache);
}

void cache_unpublish(struct cache *cache)
{
    struct snapshot *snapshot = atomic_exchange(&cache->snapshot, NULL);
    for (size_t i = 0; i < cache->question_count; i++) {
        drop_answer(cache, cache->questions[i]);
    }
    if (snapshot != NULL) {
        retire_push(&cache->retired, &snapshot->retired, &snapshot->answer, free_snapshot);
    }
    if (cache->mirror != NULL) {
        cache->mirror->next = cache->old_mirrors;
        cache->old_mirrors = cache->mirror;
        cache->mirror = NULL;
    }
    retire_replaced(cache);
}
