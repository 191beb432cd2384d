#include "tests/simulation/cluster.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "server/registry/silo_view.h"

#define BEGIN_US INT64_C(1769731200000000)

static uint64_t roll(struct cluster *cluster, uint64_t sides)
{
    return entropy_u64(&cluster->dice) % sides;
}

/* ---- rules ---- */

/* Rule: a revision has one change, whoever shows it. */
static void check_token(struct cluster *cluster, const struct position *position)
{
    CU_ASSERT_FATAL(position->revision < CLUSTER_LOG);
    uint64_t *token = &cluster->tokens[position->revision];
    if (*token == 0) {
        *token = position->token;
    }
    CU_ASSERT_EQUAL(*token, position->token);
}

/* Rule: no incarnation expires whose renewal was confirmed less than its lease ago. */
static void check_expired(struct cluster *cluster, struct image *image)
{
    struct registry_silo silo;
    CU_ASSERT_EQUAL_FATAL(silo_view_parse(&silo, image), QVT_OK);
    cluster->expired++;
    for (size_t i = 0; i < CLUSTER_SILOS; i++) {
        const struct actor *actor = &cluster->actors[i];
        if (actor->incarnation == silo.incarnation) {
            CU_ASSERT(cluster->clock.monotonic_us - actor->confirmed_us >= 2000000);
        }
    }
}

static void check_expiry(struct cluster *cluster, const struct change *change)
{
    for (size_t i = 0; change->event == CHANGE_SILO_EXPIRED && i < change->put_count; i++) {
        check_expired(cluster, change->puts[i]);
    }
}

static void on_change(void *data, struct change *change)
{
    struct member *member = data;
    struct cluster *cluster = member->cluster;
    bool news = cluster->tokens[change->position.revision] == 0;
    CU_ASSERT(change->position.revision > member->revision);
    member->revision = change->position.revision;
    check_token(cluster, &change->position);
    if (news) {
        check_expiry(cluster, change);
    }
}

static void on_unload(void *data)
{
    struct member *member = data;
    registry_walk_end(member->walk);
    member->walk = NULL;
}

static void on_ready(void *data)
{
    struct member *member = data;
    uint64_t revision = registry_head(replica_registry(member->replica))->revision;
    CU_ASSERT(revision >= member->revision);
    member->revision = revision;
}

/* ---- silos ---- */

static void on_outcome(void *data, const struct replica_outcome *outcome)
{
    struct call *call = data;
    struct cluster *cluster = call->cluster;
    CU_ASSERT_TRUE(call->busy);
    call->busy = false;
    if (outcome->status == QVT_UNAVAILABLE || outcome->status == QVT_RESOURCE_EXHAUSTED) {
        cluster->unavailable++;
    } else if (outcome->status != QVT_OK) {
        cluster->refused++;
    } else {
        /* Rule: an acknowledged write is in the log. */
        check_token(cluster, &outcome->position);
        cluster->committed++;
    }
}

static void on_registered(void *data, const struct replica_outcome *outcome)
{
    struct call *call = data;
    if (outcome->status == QVT_OK) {
        const struct registry_silo *found = NULL;
        for (size_t i = 0; i < CLUSTER_REPLICAS; i++) {
            struct registry *registry = replica_registry(call->cluster->members[i].replica);
            if (registry_head(registry)->revision >= outcome->position.revision) {
                found = registry_silo(registry, qvt_slice_text(call->actor->id));
            }
        }
        call->actor->incarnation = found == NULL ? 0 : found->incarnation;
        call->actor->confirmed_us = call->cluster->clock.monotonic_us;
    }
    on_outcome(data, outcome);
}

static struct call *free_call(struct cluster *cluster)
{
    for (size_t i = 0; i < CLUSTER_CALLS; i++) {
        if (!cluster->calls[i].busy) {
            struct call *call = &cluster->calls[i];
            memset(call, 0, sizeof *call);
            call->cluster = cluster;
            call->busy = true;
            call->actor = &cluster->actors[roll(cluster, CLUSTER_SILOS)];
            snprintf(call->request_id, sizeof call->request_id, "r-%" PRIu64, ++cluster->requests);
            return call;
        }
    }
    return NULL;
}

static void send_registration(struct call *call, struct member *member)
{
    static const char *const types[] = {"A=1.0.0", "A=1.1.0 B=2.0.0", "B=2.0.0", ""};
    struct cluster *cluster = call->cluster;
    if (roll(cluster, 6) == 0) {
        call->actor->instance++;
        call->actor->incarnation = 0;
    }
    given_silo(&call->given, call->actor->id);
    given_instance(&call->given, call->actor->instance);
    given_types(&call->given, types[roll(cluster, 4)]);
    given_lease(&call->given, 2000);
    call->given.request.request_id = call->request_id;
    struct command command = command_register(&call->given);
    replica_submit(member->replica, &command, on_registered, call);
}

static void send_update(struct call *call, struct member *member)
{
    quark__version__v1__update_silo_request__init(&call->update);
    quark__version__v1__silo_info__init(&call->silo);
    call->update.silo_id = call->actor->id;
    call->update.silo = &call->silo;
    call->update.request_id = call->request_id;
    call->silo.port = 1 + (uint32_t)roll(call->cluster, 65535);
    struct command command = {.kind = COMMAND_UPDATE_SILO, .update_silo = &call->update};
    replica_submit(member->replica, &command, on_outcome, call);
}

static void send_leave(struct call *call, struct member *member)
{
    quark__version__v1__unregister_silo_request__init(&call->leave);
    call->leave.silo_id = call->actor->id;
    call->leave.request_id = call->request_id;
    struct command command = {.kind = COMMAND_UNREGISTER_SILO, .unregister_silo = &call->leave};
    replica_submit(member->replica, &command, on_outcome, call);
}

static void on_heartbeat(void *data, const struct replica_heartbeat *answer)
{
    struct actor *actor = data;
    if (answer->status == QVT_OK) {
        actor->incarnation = answer->incarnation;
        actor->confirmed_us = actor->cluster->clock.monotonic_us;
    }
}

static void send_heartbeat(struct cluster *cluster, struct member *member)
{
    Quark__Version__V1__HeartbeatRequest request;
    struct actor *actor = &cluster->actors[roll(cluster, CLUSTER_SILOS)];
    quark__version__v1__heartbeat_request__init(&request);
    request.silo_id = actor->id;
    replica_heartbeat(member->replica, &request, on_heartbeat, actor);
}

static void act(struct cluster *cluster, struct member *member)
{
    if (roll(cluster, 3) == 0) {
        send_heartbeat(cluster, member);
        return;
    }
    struct call *call = free_call(cluster);
    if (call == NULL) {
        return;
    }
    switch (roll(cluster, 6)) {
    case 0:
    case 1:
    case 2: send_registration(call, member); break;
    case 3: send_leave(call, member); break;
    default: send_update(call, member); break;
    }
}

/* ---- watchers ---- */

/* Rule: a watcher that follows sees every change once, in order, without gap; else it walks. */
static void watch(struct member *member)
{
    struct registry *registry = replica_registry(member->replica);
    struct registry_step step;
    if (replica_ready(member->replica, NULL) != QVT_OK) {
        return;
    }
    if (member->walk != NULL) {
        if (!registry_walk_next(member->walk, &step)) {
            member->watched = *registry_head(registry);
            registry_walk_end(member->walk);
            member->walk = NULL;
        }
        return;
    }
    if (registry_resume(registry, &member->watched) != REGISTRY_RESUME_LIVE) {
        CU_ASSERT_EQUAL_FATAL(registry_walk_begin(registry, &member->walk), QVT_OK);
        return;
    }
    const struct change *change = registry_change(registry, member->watched.revision + 1);
    if (change != NULL) {
        CU_ASSERT_EQUAL(change->previous_token, member->watched.token);
        check_token(member->cluster, &change->position);
        member->watched = change->position;
    }
}

/* ---- the machine ---- */

static enum held_fate pick_fate(struct cluster *cluster)
{
    switch (roll(cluster, 40)) {
    case 0: return HELD_FAIL_FULL;
    case 1: return HELD_UNCERTAIN_LOST;
    case 2: return HELD_UNCERTAIN_DONE;
    default: return HELD_PASS;
    }
}

void cluster_step(struct cluster *cluster)
{
    struct member *member = &cluster->members[roll(cluster, CLUSTER_REPLICAS)];
    switch (roll(cluster, 8)) {
    case 0: virtual_clock_advance_ms(&cluster->clock, (int64_t)roll(cluster, 300)); break;
    case 1:
    case 2: act(cluster, member); break;
    case 3:
    case 4: replica_turn(member->replica); break;
    case 5:
        if (held_store_waits(&member->held)) {
            held_store_release(&member->held, pick_fate(cluster));
        }
        break;
    case 6: (void)held_store_tell(&member->held); break;
    default: watch(member); break;
    }
}

static bool settle_member(struct member *member)
{
    bool moved = false;
    if (held_store_waits(&member->held)) {
        held_store_release(&member->held, HELD_PASS);
        moved = true;
    }
    while (held_store_tell(&member->held)) {
        moved = true;
    }
    uint64_t before = member->held.appends;
    replica_turn(member->replica);
    return moved || member->held.appends != before;
}

static bool is_calling(const struct cluster *cluster)
{
    for (size_t i = 0; i < CLUSTER_CALLS; i++) {
        if (cluster->calls[i].busy) {
            return true;
        }
    }
    return false;
}

void cluster_settle(struct cluster *cluster)
{
    bool moved = true;
    for (int rounds = 0; moved || is_calling(cluster); rounds++) {
        CU_ASSERT_FATAL(rounds < 1000);
        moved = false;
        for (size_t i = 0; i < CLUSTER_REPLICAS; i++) {
            moved = settle_member(&cluster->members[i]) || moved;
        }
    }
    const struct position *head = registry_head(replica_registry(cluster->members[0].replica));
    for (size_t i = 1; i < CLUSTER_REPLICAS; i++) {
        struct registry *registry = replica_registry(cluster->members[i].replica);
        CU_ASSERT_TRUE(position_equal(head, registry_head(registry)));
        CU_ASSERT_EQUAL(memcmp(registry_counts(registry),
                               registry_counts(replica_registry(cluster->members[0].replica)),
                               sizeof(struct registry_counts)),
                        0);
    }
    for (size_t i = 0; i < CLUSTER_REPLICAS; i++) {
        for (int k = 0; k < 20000 && cluster->members[i].watched.revision < head->revision; k++) {
            watch(&cluster->members[i]);
        }
        CU_ASSERT_EQUAL(cluster->members[i].watched.revision, head->revision);
    }
}

void cluster_init(struct cluster *cluster, uint64_t seed)
{
    memset(cluster, 0, sizeof *cluster);
    virtual_clock_init(&cluster->clock, BEGIN_US);
    cluster->dice_state = seed;
    cluster->dice = entropy_seeded(&cluster->dice_state);
    cluster->seed = ~seed;
    cluster->entropy = entropy_seeded(&cluster->seed);
    CU_ASSERT_EQUAL_FATAL(store_memory_new(&cluster->store, &cluster->clock.clock), QVT_OK);
    for (size_t i = 0; i < CLUSTER_SILOS; i++) {
        snprintf(cluster->actors[i].id, sizeof cluster->actors[i].id, "s%zu", i);
        cluster->actors[i].instance = 1;
        cluster->actors[i].cluster = cluster;
    }
    for (size_t i = 0; i < CLUSTER_REPLICAS; i++) {
        struct member *member = &cluster->members[i];
        struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
        limits.history_changes = 40;
        limits.dead_silos = 3;
        member->cluster = cluster;
        held_store_init(&member->held, cluster->store);
        member->held.holding = true;
        member->held.base.shared = true;
        struct replica_options options = {
            .store = &member->held.base,
            .cluster = "default",
            .entropy = &cluster->entropy,
            .limits = limits,
            .observer = {.on_change = on_change, .on_ready = on_ready, .data = member, .on_unload = on_unload},
        };
        CU_ASSERT_EQUAL_FATAL(replica_new(&member->replica, &options), QVT_OK);
    }
}

void cluster_deinit(struct cluster *cluster)
{
    for (size_t i = 0; i < CLUSTER_REPLICAS; i++) {
        registry_walk_end(cluster->members[i].walk);
        replica_close(cluster->members[i].replica, NULL, NULL);
    }
    store_close(cluster->store, NULL, NULL);
}
