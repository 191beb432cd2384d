#include "tests/simulation/admin.h"

#include <string.h>

#include "tests/simulation/world.h"

enum { CALL_US = 900000, PATIENCE_US = 5000000 };

static int64_t now(const struct admin *admin)
{
    return admin->world->timeline.now_us;
}

static void wait(struct admin *admin, int64_t least_us, int64_t most_us)
{
    timeline_set(&admin->world->timeline, &admin->next,
                 now(admin) + dice_between(&admin->world->dice, least_us, most_us));
}

/* Answers of another store_id than the last begin a new reading. */
static void note(struct admin *admin, const struct position *position)
{
    bool other = strcmp(position->store_id, admin->seen.store_id) != 0;
    if (other || position->revision > admin->seen.revision) {
        admin->seen = *position;
    }
}

static void on_end(void *data, const struct ask *ask, const struct reply *reply)
{
    struct admin *admin = data;
    unsigned record = ask->key[0] == '\0' ? 0 : 1;
    admin->call = NULL;
    world_trace(admin->world, "admin %d: %s %s", ask->kind, qvt_status_text(reply->status), reply->reason);
    bool unknown = reply->status == QVT_UNAVAILABLE || reply->status == QVT_DEADLINE_EXCEEDED;
    if (unknown && now(admin) < admin->gives_up_us) {
        admin->endpoint = dice_roll(&admin->world->dice, admin->world->host_count);
        wait(admin, 20000, 300000);
        return;
    }
    admin->ask.key[0] = '?'; /* done */
    if (reply->status == QVT_OK) {
        admin->answered++;
        note(admin, &reply->position);
        memcpy(admin->etags[record], reply->etag, sizeof reply->etag);
    } else if (strcmp(reply->reason, "HISTORY_LOST") == 0) {
        admin->seen = (struct position){.revision = 0};
    }
    wait(admin, 10000, 1500000);
}

static void choose(struct admin *admin)
{
    static const enum ask_kind kinds[] = {ASK_SET_POLICY, ASK_SET_POLICY, ASK_DELETE_POLICY,
                                          ASK_GET_POLICY, ASK_GET_POLICY, ASK_GET_SILO};
    struct world *world = admin->world;
    struct ask *ask = &admin->ask;
    *ask = (struct ask){.kind = kinds[dice_roll(&world->dice, sizeof kinds / sizeof kinds[0])]};
    admin->endpoint = dice_roll(&world->dice, world->host_count);
    admin->gives_up_us = now(admin) + PATIENCE_US;
    if (ask->kind == ASK_GET_SILO) {
        memcpy(ask->key, world->silos[dice_roll(&world->dice, world->silo_count)].id, sizeof ask->key);
    } else if (dice_mille(&world->dice, 500)) {
        ask->key[0] = 'A';
    }
    if (ask_is_write(ask)) {
        const char *etag = admin->etags[ask->key[0] == '\0' ? 0 : 1];
        world_request_id(world, ask->request_id);
        ask->port = 1 + (uint32_t)(world->requests % 1000);
        if (dice_mille(&world->dice, 600) && etag[0] != '\0') {
            memcpy(ask->if_match, etag, sizeof ask->if_match);
            judge_condition(&world->judge, ask);
        }
    } else if (dice_mille(&world->dice, 700)) {
        ask->min_position = admin->seen;
    } else {
        ask->linearizable = dice_mille(&world->dice, 500);
    }
}

static void run_next(struct event *event)
{
    struct admin *admin = (struct admin *)(void *)((char *)event - offsetof(struct admin, next));
    if (admin->ask.key[0] == '?') {
        if (admin->world->ending) {
            return;
        }
        choose(admin);
    }
    admin->call = call_new(admin->world, &admin->world->hosts[admin->endpoint], &admin->ask, CALL_US, on_end, admin);
}

void admin_init(struct admin *admin, struct world *world)
{
    *admin = (struct admin){.world = world};
    admin->ask.key[0] = '?';
    admin->next = (struct event){.index = EVENT_NONE, .run = run_next};
    wait(admin, 500000, 4000000);
}

static void on_probed(void *data, const struct ask *ask, const struct reply *reply)
{
    struct admin *admin = data;
    (void)ask;
    admin->call = NULL;
    if (reply->status != QVT_OK) {
        world_broken(admin->world, "a write through r%u is answered %s %s when nothing is wrong", admin->endpoint,
                     qvt_status_text(reply->status), reply->reason);
    }
}

void admin_probe(struct admin *admin, unsigned host)
{
    call_cancel(admin->call);
    timeline_remove(&admin->world->timeline, &admin->next);
    admin->endpoint = host;
    admin->ask = (struct ask){.kind = ASK_SET_POLICY, .key = "A", .port = 5000 + host};
    world_request_id(admin->world, admin->ask.request_id);
    admin->call = call_new(admin->world, &admin->world->hosts[host], &admin->ask, PATIENCE_US, on_probed, admin);
}
