#include "client/src/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "client/src/client.h"

/* A type to watch. */
struct want {
    struct text_node node;
    char name[];
};

static void free_want(struct text_node *node)
{
    free(LIST_ENTRY(node, struct want, node));
}

/* Demand is counted in buckets of 10 s (SPEC §8.4): every second tick reports. */
#define TICK_MS 5000
#define REPORT_US 9000000

void cache_init(struct cache *cache, qvt_client *client, bool is_on)
{
    *cache = (struct cache){.client = client, .is_on = is_on, .tick_ms = TICK_MS, .report_us = REPORT_US};
    atomic_init(&cache->snapshot, NULL);
    QVT_ASSERT(uv_timer_init(&client->loop.uv, &cache->pace) == 0);
    QVT_ASSERT(uv_timer_init(&client->loop.uv, &cache->tick) == 0);
    cache->pace.data = cache;
    cache->tick.data = cache;
}

qvt_status cache_want(struct cache *cache, const char *actor_type)
{
    if (text_map_find(&cache->wanted, actor_type) != NULL || cache->wanted.count == CACHE_TYPES_MAX) {
        return QVT_OK;
    }
    size_t size = strlen(actor_type) + 1;
    struct want *want = malloc(sizeof *want + size);
    if (want == NULL) {
        return QVT_NO_MEMORY;
    }
    memcpy(want->name, actor_type, size);
    if (text_map_add(&cache->wanted, &want->node, want->name) != QVT_OK) {
        free(want);
        return QVT_NO_MEMORY;
    }
    return QVT_OK;
}

void cache_close(struct cache *cache)
{
    uv_close((uv_handle_t *)&cache->pace, NULL);
    uv_close((uv_handle_t *)&cache->tick, NULL);
}

/* No thread finds any more: what holds still keep outlives the cache, the rest goes at once. */
void cache_deinit(struct cache *cache)
{
    cache_unpublish(cache);
    for (size_t i = 0; i < cache->question_count; i++) {
        question_free(cache->questions[i]);
    }
    free(cache->questions);
    text_map_deinit(&cache->wanted, free_want);
    retire_abandon(&cache->retired);
}
