#include "tests/simulation/follower.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "quark/version/v1/version_tracker.pb-c.h"
#include "tests/simulation/world.h"

enum { WINDOW = 6 };

/* A message on its way; blob NULL: the server ended the watch. */
struct packet {
    struct list link;
    int64_t at_us;
    size_t len;
    uint8_t data[];
};

static int64_t now(const struct follower *follower)
{
    return follower->world->timeline.now_us;
}

/* ---- the server's side ---- */

static bool is_open(void *data)
{
    const struct follower *follower = data;
    return follower->packet_count < WINDOW;
}

static void arm(struct follower *follower)
{
    if (!list_is_empty(&follower->packets)) {
        const struct packet *packet = LIST_ENTRY(follower->packets.next, struct packet, link);
        int64_t at_us = packet->at_us > follower->slow_until_us ? packet->at_us : follower->slow_until_us;
        timeline_set(&follower->world->timeline, &follower->arrival, at_us);
    }
}

static void post(struct follower *follower, const uint8_t *data, size_t len)
{
    struct packet *packet = malloc(sizeof *packet + len);
    QVT_ASSERT(packet != NULL);
    if (len > 0) {
        memcpy(packet->data, data, len);
    }
    packet->len = len;
    packet->at_us = now(follower) + world_delay_us(follower->world, follower->host->index);
    packet->at_us = packet->at_us < follower->last_arrival_us ? follower->last_arrival_us : packet->at_us;
    follower->last_arrival_us = packet->at_us;
    follower->packet_count++;
    list_push_back(&follower->packets, &packet->link);
    arm(follower);
}

static qvt_status send_message(void *data, qvt_slice message)
{
    post(data, message.data, message.len);
    return QVT_OK;
}

static qvt_status send_blob(void *data, qvt_blob *message)
{
    qvt_slice bytes = qvt_blob_slice(message);
    post(data, bytes.data, bytes.len);
    return QVT_OK;
}

static size_t queued(void *data)
{
    return ((const struct follower *)data)->packet_count;
}

static void on_end(void *data, const qvt_error *error)
{
    struct follower *follower = data;
    world_trace(follower->world, "watch %s is ended: %s", follower->name, error->message);
    follower->watcher = NULL;
    post(follower, NULL, 0);
}

/* ---- the client's side ---- */

static void forget_packets(struct follower *follower)
{
    while (!list_is_empty(&follower->packets)) {
        struct packet *packet = LIST_ENTRY(follower->packets.next, struct packet, link);
        list_remove(&packet->link);
        free(packet);
    }
    follower->packet_count = 0;
    timeline_remove(&follower->world->timeline, &follower->arrival);
}

void follower_cut(struct follower *follower)
{
    struct watcher *watcher = follower->watcher;
    follower->watcher = NULL;
    follower->host = NULL;
    follower->walking = false;
    forget_packets(follower);
    if (watcher != NULL) {
        watcher_free(watcher);
    }
    timeline_set(&follower->world->timeline, &follower->connect,
                 now(follower) + dice_between(&follower->world->dice, 5000, 1500000));
}

void follower_slow(struct follower *follower, int64_t until_us)
{
    follower->slow_until_us = until_us;
    arm(follower);
}

static void run_connect(struct event *event)
{
    struct follower *follower = (struct follower *)(void *)((char *)event - offsetof(struct follower, connect));
    struct world *world = follower->world;
    struct host *host = &world->hosts[dice_roll(&world->dice, world->host_count)];
    static const struct watch_sink sink = {NULL, is_open, send_message, send_blob, queued, on_end, NULL};
    struct watch_sink mine = sink;
    struct watch_query query = {.cluster = "", .resume_after = follower->has_position ? &follower->position : NULL};
    qvt_error error;
    mine.data = follower;
    if (!host_listens(host)) {
        follower_cut(follower);
        return;
    }
    follower->host = host;
    follower->last_arrival_us = now(follower);
    if (watcher_new(&follower->watcher, host->service, &query, &mine, &error) != QVT_OK) {
        follower->watcher = NULL;
        follower_cut(follower);
        return;
    }
    world_trace(world, "watch %s on %s from %" PRIu64, follower->name, host->name, follower->position.revision);
}

/* ---- the view ---- */

static void forget_record(struct follower *follower, uint32_t kind, const char *key)
{
    for (size_t i = 0; i < follower->record_count; i++) {
        if (follower->records[i].kind == kind && strcmp(follower->records[i].key, key) == 0) {
            follower->records[i] = follower->records[--follower->record_count];
            return;
        }
    }
}

static void keep_record(struct follower *follower, const Quark__Version__V1__Record *record)
{
    forget_record(follower, (uint32_t)record->kind, record->key);
    QVT_ASSERT(follower->record_count < FOLLOWER_RECORDS && strlen(record->key) < sizeof follower->records[0].key);
    struct seen_record *seen = &follower->records[follower->record_count++];
    seen->kind = (uint32_t)record->kind;
    memcpy(seen->key, record->key, strlen(record->key) + 1);
    switch (record->value_case) {
    case QUARK__VERSION__V1__RECORD__VALUE_SILO: seen->mod_revision = record->silo->mod_revision; break;
    case QUARK__VERSION__V1__RECORD__VALUE_POLICY: seen->mod_revision = record->policy->mod_revision; break;
    case QUARK__VERSION__V1__RECORD__VALUE_SETTING: seen->mod_revision = record->setting->mod_revision; break;
    default: seen->mod_revision = 0; break;
    }
}

static struct position read_position(const Quark__Version__V1__Position *from)
{
    struct position position = {.revision = 0};
    if (from != NULL) {
        position.revision = from->revision;
        position.token = from->token;
        size_t len = strlen(from->store_id);
        memcpy(position.store_id, from->store_id, len < STORE_ID_LEN ? len : STORE_ID_LEN);
    }
    return position;
}

/* Rule: a watcher that keeps up sees every change once, in order, without gap (SPEC §6.5). */
static void take_change(struct follower *follower, const Quark__Version__V1__Change *change)
{
    struct position position = read_position(change->position);
    const struct position *last = &follower->position;
    bool follows = position.revision == last->revision + 1 && change->previous_token == last->token &&
                   (last->revision == 0 || strcmp(position.store_id, last->store_id) == 0);
    if (follower->walking || !follows) {
        world_broken(follower->world, "watch %s at revision %" PRIu64 " gets %" PRIu64 "%s", follower->name,
                     last->revision, position.revision, follower->walking ? " within a walk" : "");
    }
    judge_shown(&follower->world->judge, follower->name, &position);
    for (size_t i = 0; i < change->n_puts; i++) {
        keep_record(follower, change->puts[i]);
    }
    for (size_t i = 0; i < change->n_deletes; i++) {
        forget_record(follower, (uint32_t)change->deletes[i]->kind, change->deletes[i]->key);
    }
    follower->position = position;
    follower->has_position = true;
    follower->world->judge.watched++;
}

static void take_position(struct follower *follower, const Quark__Version__V1__Position *from, bool progress)
{
    struct position position = read_position(from);
    judge_shown(&follower->world->judge, follower->name, &position);
    if (progress && (follower->walking || !position_equal(&position, &follower->position))) {
        world_broken(follower->world, "watch %s at revision %" PRIu64 " is told that it saw %" PRIu64, follower->name,
                     follower->position.revision, position.revision);
    }
    follower->position = position;
    follower->has_position = true;
    follower->walking = false;
}

static void take(struct follower *follower, const Quark__Version__V1__WatchResponse *response)
{
    world_trace(follower->world, "watch %s gets %d", follower->name, (int)response->event_case);
    switch (response->event_case) {
    case QUARK__VERSION__V1__WATCH_RESPONSE__EVENT_RESET:
        follower->walking = true;
        follower->has_position = false;
        follower->record_count = 0;
        follower->world->judge.resets++;
        break;
    case QUARK__VERSION__V1__WATCH_RESPONSE__EVENT_RECORD: keep_record(follower, response->record); break;
    case QUARK__VERSION__V1__WATCH_RESPONSE__EVENT_REMOVED:
        forget_record(follower, (uint32_t)response->removed->kind, response->removed->key);
        break;
    case QUARK__VERSION__V1__WATCH_RESPONSE__EVENT_WALK_END: take_position(follower, response->position, false); break;
    case QUARK__VERSION__V1__WATCH_RESPONSE__EVENT_CHANGE: take_change(follower, response->change); break;
    case QUARK__VERSION__V1__WATCH_RESPONSE__EVENT_PROGRESS:
        if (follower->has_position || follower->walking) {
            take_position(follower, response->position, true);
        }
        break;
    default: world_broken(follower->world, "watch %s gets what it does not know", follower->name); break;
    }
}

static void run_arrival(struct event *event)
{
    struct follower *follower = (struct follower *)(void *)((char *)event - offsetof(struct follower, arrival));
    struct packet *packet = LIST_ENTRY(follower->packets.next, struct packet, link);
    list_remove(&packet->link);
    follower->packet_count--;
    if (packet->len == 0) {
        free(packet);
        follower_cut(follower);
        return;
    }
    Quark__Version__V1__WatchResponse *response =
        quark__version__v1__watch_response__unpack(NULL, packet->len, packet->data);
    free(packet);
    QVT_ASSERT(response != NULL);
    take(follower, response);
    quark__version__v1__watch_response__free_unpacked(response, NULL);
    arm(follower);
    if (follower->watcher != NULL && host_listens(follower->host)) {
        watcher_continue(follower->watcher);
    }
}

void follower_check_view(struct follower *follower)
{
    const struct truth *truth = &follower->world->server.primary;
    if (!position_equal(&follower->position, &truth->head)) {
        world_broken(follower->world, "watch %s stays at revision %" PRIu64 " when nothing is wrong", follower->name,
                     follower->position.revision);
        return;
    }
    size_t same = 0;
    for (size_t i = 0; i < follower->record_count; i++) {
        const struct seen_record *seen = &follower->records[i];
        const struct image *image = server_record(&follower->world->server, seen->kind, qvt_slice_text(seen->key));
        same += image != NULL && image_origin(image).revision == seen->mod_revision ? 1 : 0;
    }
    if (same != follower->record_count || same != truth->record_count) {
        world_broken(follower->world, "watch %s has %zu records, %zu of them right, of %zu", follower->name,
                     follower->record_count, same, truth->record_count);
    }
}

void follower_init(struct follower *follower, struct world *world, unsigned index)
{
    *follower = (struct follower){.world = world};
    snprintf(follower->name, sizeof follower->name, "w%u", index);
    list_init(&follower->packets);
    follower->connect = (struct event){.index = EVENT_NONE, .run = run_connect};
    follower->arrival = (struct event){.index = EVENT_NONE, .run = run_arrival};
    timeline_set(&world->timeline, &follower->connect,
                 world->timeline.now_us + dice_between(&world->dice, 100000, 5000000));
}

void follower_deinit(struct follower *follower)
{
    forget_packets(follower);
}
