#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "client/src/cache.h"
#include "client/src/client.h"
#include "client/src/watch.h"

/* How long another store may fill up before it is believed (SPEC §7.5), when no silo of ours has a lease. */
#define TTL_DEFAULT_MS 15000u

/* While answers age, their age is renewed each second. */
#define TICK_FAST_MS 1000u

/* A tracker says at least every 4 s that nothing happened. */
#define SILENCE_US 6000000

static int64_t now_us(void)
{
    return clock_monotonic_us(clock_system());
}

static void free_feed(struct feed *feed)
{
    if (feed->mirror != NULL && feed->mirror != feed->cache->mirror) {
        mirror_deinit(feed->mirror);
        free(feed->mirror);
    }
    free(feed);
}

/* An empty mirror of the types in the map. NULL: out of memory. */
static struct mirror *new_mirror(const struct text_map *types)
{
    struct mirror *mirror = calloc(1, sizeof *mirror);
    if (mirror == NULL) {
        return NULL;
    }
    mirror_init(mirror);
    for (size_t i = 0; i < types->bucket_count; i++) {
        for (struct text_node *node = types->buckets[i]; node != NULL; node = node->next) {
            if (mirror_add_type(mirror, node->key) != QVT_OK) {
                mirror_deinit(mirror);
                free(mirror);
                return NULL;
            }
        }
    }
    return mirror;
}

/* A watch that lost something for want of memory begins again, with a walk. */
static void break_feed(struct feed *feed)
{
    feed->is_walking = true;
    watch_stream_walk_again(feed->watch);
}

static void check(struct feed *feed, qvt_status status)
{
    if (status != QVT_OK && !feed->is_broken) {
        feed->is_broken = true;
        feed->mirror->is_damaged = true;
        break_feed(feed);
    }
}

static uint32_t ttl_ms(const struct cache *cache)
{
    uint32_t ttl = cache->client->registration.shown.lease_ttl_ms;
    return ttl > 0 ? ttl : TTL_DEFAULT_MS;
}

/* What is shown is of another store: it is better than a store whose silos are still on their way (SPEC §7.5). */
static void meet_store(struct cache *cache, const char *store_id)
{
    const struct snapshot *snapshot = atomic_load_explicit(&cache->snapshot, memory_order_relaxed);
    bool is_other = snapshot != NULL && snapshot->answer.position.store_id[0] != '\0' &&
                    strcmp(snapshot->answer.position.store_id, store_id) != 0;
    if (is_other && cache->stale_until_us == 0) {
        cache->stale_since_us = now_us();
        cache->stale_until_us = cache->stale_since_us + (int64_t)ttl_ms(cache) * 1000;
    } else if (!is_other) {
        cache->stale_until_us = 0;
    }
}

static void on_tick(uv_timer_t *timer);

static void keep_ticking(struct cache *cache)
{
    bool is_aging = cache->is_interrupted || cache->stale_until_us != 0;
    if (is_aging != cache->ticks_fast || !uv_is_active((uv_handle_t *)&cache->tick)) {
        uint64_t period_ms = is_aging && TICK_FAST_MS < cache->tick_ms ? TICK_FAST_MS : cache->tick_ms;
        cache->ticks_fast = is_aging;
        uv_timer_start(&cache->tick, on_tick, period_ms, period_ms);
    }
}

/* The tracker was heard: what is shown is as old as that. */
static void hear(struct feed *feed)
{
    struct cache *cache = feed->cache;
    if (feed == cache->shown) {
        cache->heard_us = now_us();
        if (cache->is_interrupted) {
            cache->is_interrupted = false;
            cache_publish(cache);
        }
    }
}

static void on_reset(void *data, const qvt_watch_reset *reset)
{
    struct feed *feed = data;
    struct cache *cache = feed->cache;
    struct mirror *mirror = new_mirror(&feed->mirror->types);
    feed->is_broken = mirror == NULL;
    feed->is_walking = true;
    if (mirror == NULL) {
        break_feed(feed);
        return;
    }
    if (feed->mirror != cache->mirror) {
        mirror_deinit(feed->mirror);
        free(feed->mirror);
    }
    feed->mirror = mirror;
    meet_store(cache, reset->position.store_id);
    keep_ticking(cache);
}

static void on_record(void *data, const qvt_record *record)
{
    struct feed *feed = data;
    check(feed, feed->is_broken ? QVT_OK : mirror_put(feed->mirror, record));
}

static void on_removed(void *data, const qvt_record_key *key)
{
    struct feed *feed = data;
    mirror_remove(feed->mirror, key);
}

/* The mirror that is shown is the cache's. */
static void retire_feed(struct feed *feed)
{
    if (feed->mirror == feed->cache->mirror) {
        feed->mirror = NULL;
    }
    qvt_watch_close(feed->watch);
}

/* A complete feed takes the place of the one that is shown, unless that is of another store and may still be better. */
static void show(struct feed *feed)
{
    struct cache *cache = feed->cache;
    if (feed->is_walking || (cache->stale_until_us != 0 && now_us() < cache->stale_until_us)) {
        return;
    }
    cache->stale_until_us = 0;
    if (feed == cache->next) {
        cache->next = NULL;
        if (cache->shown != NULL) {
            retire_feed(cache->shown);
        }
        cache->shown = feed;
        cache->is_interrupted = false;
        cache->heard_us = now_us();
        cache_start(cache);
    }
    cache_show(cache, feed->mirror);
    keep_ticking(cache);
}

static void on_walk_end(void *data, const qvt_position *position)
{
    struct feed *feed = data;
    if (feed->is_broken) {
        return;
    }
    feed->is_walking = false;
    feed->position = *position;
    version_pool_trim(&feed->mirror->pool);
    hear(feed);
    show(feed);
}

static void move_on(struct feed *feed, const qvt_position *position)
{
    feed->position = *position;
    hear(feed);
    if (feed->mirror == feed->cache->mirror) {
        cache_publish(feed->cache);
    }
}

static void on_change(void *data, const qvt_change *change)
{
    struct feed *feed = data;
    for (size_t i = 0; i < change->put_count && !feed->is_broken; i++) {
        check(feed, mirror_put(feed->mirror, &change->puts[i]));
    }
    for (size_t i = 0; i < change->delete_count; i++) {
        mirror_remove(feed->mirror, &change->deletes[i]);
    }
    if (!feed->is_broken) {
        move_on(feed, &change->position);
    }
}

static void on_progress(void *data, const qvt_position *position)
{
    move_on(data, position);
}

static void on_interrupted(void *data, const qvt_error *why)
{
    struct feed *feed = data;
    struct cache *cache = feed->cache;
    (void)why;
    if (feed == cache->shown && !cache->is_interrupted) {
        cache->is_interrupted = true;
        cache_publish(cache);
        keep_ticking(cache);
    }
}

/* Closed by us, with the client, or because the tracker has no such watch: then finds are the tracker's. */
static void on_closed(void *data, const qvt_error *error)
{
    struct feed *feed = data;
    struct cache *cache = feed->cache;
    bool is_refused = error->status != QVT_OK && error->status != QVT_CANCELLED;
    if (is_refused) {
        cache->is_refused = true;
        qvt_watch_close(feed->watch);
    }
    if (cache->shown == feed) {
        cache->shown = NULL;
    }
    if (cache->next == feed) {
        cache->next = NULL;
    }
    free_feed(feed);
    if (is_refused && cache->shown == NULL) {
        cache_unpublish(cache);
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct cache *cache = timer->data;
    int64_t now = now_us();
    if (now - cache->reported_us >= cache->report_us) {
        cache->reported_us = now;
        cache_report(cache);
    }
    cache->is_interrupted = cache->is_interrupted || (cache->shown != NULL && now - cache->heard_us > SILENCE_US);
    struct feed *feed = cache->next != NULL ? cache->next : cache->shown;
    if (cache->stale_until_us != 0 && feed != NULL) {
        show(feed);
    }
    if (cache->is_interrupted || cache->stale_until_us != 0) {
        cache_publish(cache);
    }
    keep_ticking(cache);
}

void cache_acknowledge(struct cache *cache, const qvt_answer *published)
{
    struct feed *feed = cache->shown;
    if (feed != NULL && feed->mirror == cache->mirror && !published->is_stale) {
        watch_stream_acknowledge(feed->watch, &published->position);
    }
}

static void set_callbacks(qvt_watch_options *options, struct feed *feed)
{
    options->acknowledges_by_hand = true;
    options->on_reset = on_reset;
    options->on_record = on_record;
    options->on_removed = on_removed;
    options->on_walk_end = on_walk_end;
    options->on_change = on_change;
    options->on_progress = on_progress;
    options->on_interrupted = on_interrupted;
    options->on_closed = on_closed;
    options->data = feed;
}

static qvt_status open_watch(struct feed *feed)
{
    const struct text_map *types = &feed->mirror->types;
    qvt_watch_options options = QVT_WATCH_OPTIONS_INIT;
    const char **names = malloc(types->count * sizeof *names);
    if (names == NULL) {
        return QVT_NO_MEMORY;
    }
    for (size_t i = 0; i < types->bucket_count; i++) {
        for (struct text_node *node = types->buckets[i]; node != NULL; node = node->next) {
            names[options.actor_type_count++] = node->key;
        }
    }
    options.actor_types = names;
    set_callbacks(&options, feed);
    qvt_status status = qvt_client_watch(&feed->watch, feed->cache->client, &options, NULL);
    free(names);
    return status;
}

/* One walk at a time: types that are asked for meanwhile come with the next. */
void cache_start(struct cache *cache)
{
    size_t watched = cache->shown == NULL ? 0 : cache->shown->type_count;
    if (!cache->is_on || cache->is_refused || cache->next != NULL || cache->wanted.count == watched ||
        cache->client->is_leaving) {
        return;
    }
    struct feed *feed = calloc(1, sizeof *feed);
    if (feed == NULL) {
        return;
    }
    feed->cache = cache;
    feed->is_walking = true;
    feed->type_count = cache->wanted.count;
    feed->mirror = new_mirror(&cache->wanted);
    if (feed->mirror == NULL || open_watch(feed) != QVT_OK) {
        free_feed(feed);
        return;
    }
    cache->next = feed;
}
