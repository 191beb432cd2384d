#include "tests/simulation/call.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "server/service/handlers.h"
#include "tests/simulation/world.h"

enum { ARENA_MAX = 1 << 18, TYPES = 2 };

union request {
    Quark__Version__V1__RegisterSiloRequest register_silo;
    Quark__Version__V1__RegisterSiloVersionsRequest versions;
    Quark__Version__V1__UpdateSiloRequest update;
    Quark__Version__V1__UnregisterSiloRequest unregister;
    Quark__Version__V1__HeartbeatRequest heartbeat;
    Quark__Version__V1__SetPolicyRequest set_policy;
    Quark__Version__V1__DeletePolicyRequest delete_policy;
    Quark__Version__V1__GetSiloRequest get_silo;
    Quark__Version__V1__GetPolicyRequest get_policy;
};

enum place { PLACE_AWAY, PLACE_SERVED, PLACE_BACK };

struct call {
    qvt_rpc_unary unary; /* first */
    struct event travel;
    struct event timeout;
    struct world *world;
    struct host *host;
    uint64_t boot; /* of the process that has it */
    enum place place;
    bool waited_for; /* by the client */
    bool owed;       /* it travels, or the handler owes an answer */
    struct ask ask;
    struct witness witness;
    int64_t sent_us;
    call_on_end on_end;
    void *data;
    struct arena arena;
    struct buf answer;
    qvt_error error;
    union request request;
    Quark__Version__V1__SiloInfo silo;
    Quark__Version__V1__Policy policy;
    Quark__Version__V1__HeldIncarnation held;
    Google__Protobuf__Duration lease;
    Quark__Version__V1__Position min_position;
    Quark__Version__V1__AssemblyVersionInfo info[TYPES];
    Quark__Version__V1__SiloInfo__ActorTypeVersionsEntry entry[TYPES];
    Quark__Version__V1__SiloInfo__ActorTypeVersionsEntry *entries[TYPES];
    Quark__Version__V1__RegisterSiloVersionsRequest__ActorTypeVersionsEntry versions_entry[TYPES];
    Quark__Version__V1__RegisterSiloVersionsRequest__ActorTypeVersionsEntry *versions_entries[TYPES];
};

bool ask_is_write(const struct ask *ask)
{
    return ask->kind < ASK_GET_SILO && ask->kind != ASK_HEARTBEAT;
}

/* ---- requests ---- */

static void fill_versions(struct call *call)
{
    static char names[TYPES][2] = {"A", "B"};
    static char versions[TYPES][8] = {"1.0.0", "2.1.0"};
    size_t count = 0;
    for (unsigned i = 0; i < TYPES; i++) {
        if ((call->ask.types >> i & 1u) == 0) {
            continue;
        }
        quark__version__v1__assembly_version_info__init(&call->info[i]);
        quark__version__v1__silo_info__actor_type_versions_entry__init(&call->entry[i]);
        quark__version__v1__register_silo_versions_request__actor_type_versions_entry__init(&call->versions_entry[i]);
        call->info[i].version = versions[i];
        call->entry[i].key = call->versions_entry[i].key = names[i];
        call->entry[i].value = call->versions_entry[i].value = &call->info[i];
        call->entries[count] = &call->entry[i];
        call->versions_entries[count++] = &call->versions_entry[i];
    }
    call->silo.actor_type_versions = call->entries;
    call->silo.n_actor_type_versions = count;
}

static void fill_register(struct call *call)
{
    static char address[] = "10.0.0.1";
    Quark__Version__V1__RegisterSiloRequest *request = &call->request.register_silo;
    quark__version__v1__register_silo_request__init(request);
    quark__version__v1__held_incarnation__init(&call->held);
    google__protobuf__duration__init(&call->lease);
    fill_versions(call);
    call->lease.seconds = call->ask.ttl_ms / 1000;
    call->lease.nanos = (int32_t)(call->ask.ttl_ms % 1000) * 1000000;
    call->silo.silo_id = call->ask.key;
    call->silo.address = address;
    call->silo.port = call->ask.port;
    call->silo.lease_ttl = &call->lease;
    call->held.incarnation = call->ask.held;
    call->held.store_id = call->ask.held_store_id;
    request->silo = &call->silo;
    request->held = call->ask.held != 0 ? &call->held : NULL;
    request->instance_id = (ProtobufCBinaryData){sizeof call->ask.instance, call->ask.instance};
    request->request_id = call->ask.request_id;
    request->if_match = call->ask.if_match;
}

static void fill_silo_write(struct call *call)
{
    if (call->ask.kind == ASK_VERSIONS) {
        Quark__Version__V1__RegisterSiloVersionsRequest *request = &call->request.versions;
        quark__version__v1__register_silo_versions_request__init(request);
        fill_versions(call);
        request->silo_id = call->ask.key;
        request->incarnation = call->ask.incarnation;
        request->actor_type_versions = call->versions_entries;
        request->n_actor_type_versions = call->silo.n_actor_type_versions;
        request->request_id = call->ask.request_id;
        request->if_match = call->ask.if_match;
    } else if (call->ask.kind == ASK_UPDATE) {
        Quark__Version__V1__UpdateSiloRequest *request = &call->request.update;
        quark__version__v1__update_silo_request__init(request);
        call->silo.port = call->ask.port;
        request->silo_id = call->ask.key;
        request->silo = &call->silo;
        request->incarnation = call->ask.incarnation;
        request->request_id = call->ask.request_id;
        request->if_match = call->ask.if_match;
    } else {
        Quark__Version__V1__UnregisterSiloRequest *request = &call->request.unregister;
        quark__version__v1__unregister_silo_request__init(request);
        request->silo_id = call->ask.key;
        request->incarnation = call->ask.incarnation;
        request->request_id = call->ask.request_id;
        request->if_match = call->ask.if_match;
    }
}

static void fill_policy_write(struct call *call)
{
    if (call->ask.kind == ASK_SET_POLICY) {
        Quark__Version__V1__SetPolicyRequest *request = &call->request.set_policy;
        quark__version__v1__set_policy_request__init(request);
        call->policy._min_ready_case = QUARK__VERSION__V1__POLICY___MIN_READY_MIN_READY;
        call->policy.min_ready = call->ask.port;
        request->actor_type = call->ask.key;
        request->policy = &call->policy;
        request->request_id = call->ask.request_id;
        request->if_match = call->ask.if_match;
    } else {
        Quark__Version__V1__DeletePolicyRequest *request = &call->request.delete_policy;
        quark__version__v1__delete_policy_request__init(request);
        request->actor_type = call->ask.key;
        request->request_id = call->ask.request_id;
        request->if_match = call->ask.if_match;
    }
}

static void fill_read(struct call *call)
{
    Quark__Version__V1__Position *min_position = call->ask.min_position.revision > 0 ? &call->min_position : NULL;
    quark__version__v1__position__init(&call->min_position);
    call->min_position.store_id = call->ask.min_position.store_id;
    call->min_position.revision = call->ask.min_position.revision;
    call->min_position.token = call->ask.min_position.token;
    if (call->ask.kind == ASK_GET_SILO) {
        quark__version__v1__get_silo_request__init(&call->request.get_silo);
        call->request.get_silo.silo_id = call->ask.key;
        call->request.get_silo.min_position = min_position;
        call->request.get_silo.linearizable = call->ask.linearizable;
    } else {
        quark__version__v1__get_policy_request__init(&call->request.get_policy);
        call->request.get_policy.actor_type = call->ask.key;
        call->request.get_policy.min_position = min_position;
        call->request.get_policy.linearizable = call->ask.linearizable;
    }
}

static void fill(struct call *call)
{
    quark__version__v1__silo_info__init(&call->silo);
    quark__version__v1__policy__init(&call->policy);
    switch (call->ask.kind) {
    case ASK_REGISTER: fill_register(call); break;
    case ASK_VERSIONS:
    case ASK_UPDATE:
    case ASK_UNREGISTER: fill_silo_write(call); break;
    case ASK_HEARTBEAT:
        quark__version__v1__heartbeat_request__init(&call->request.heartbeat);
        call->request.heartbeat.silo_id = call->ask.key;
        call->request.heartbeat.incarnation = call->ask.incarnation;
        break;
    case ASK_SET_POLICY:
    case ASK_DELETE_POLICY: fill_policy_write(call); break;
    case ASK_GET_SILO:
    case ASK_GET_POLICY: fill_read(call); break;
    }
}

static void handle(struct call *call)
{
    struct service *service = call->host->service;
    qvt_rpc_unary *unary = &call->unary;
    switch (call->ask.kind) {
    case ASK_REGISTER: handle_register_silo(service, unary, &call->request.register_silo); break;
    case ASK_VERSIONS: handle_register_silo_versions(service, unary, &call->request.versions); break;
    case ASK_UPDATE: handle_update_silo(service, unary, &call->request.update); break;
    case ASK_UNREGISTER: handle_unregister_silo(service, unary, &call->request.unregister); break;
    case ASK_HEARTBEAT: handle_heartbeat(service, unary, &call->request.heartbeat); break;
    case ASK_SET_POLICY: handle_set_policy(service, unary, &call->request.set_policy); break;
    case ASK_DELETE_POLICY: handle_delete_policy(service, unary, &call->request.delete_policy); break;
    case ASK_GET_SILO: handle_get_silo(service, unary, &call->request.get_silo); break;
    case ASK_GET_POLICY: handle_get_policy(service, unary, &call->request.get_policy); break;
    }
}

/* ---- the way ---- */

static int64_t now(const struct call *call)
{
    return call->world->timeline.now_us;
}

static void free_call(struct call *call)
{
    timeline_remove(&call->world->timeline, &call->travel);
    timeline_remove(&call->world->timeline, &call->timeout);
    witness_deinit(&call->witness);
    arena_deinit(&call->arena);
    buf_deinit(&call->answer);
    free(call);
}

static void release(struct call *call)
{
    if (!call->owed && !call->waited_for) {
        free_call(call);
    }
}

static void read_position(const Quark__Version__V1__Position *from, struct position *to)
{
    if (from != NULL) {
        to->revision = from->revision;
        to->token = from->token;
        memcpy(to->store_id, from->store_id,
               strlen(from->store_id) < STORE_ID_LEN ? strlen(from->store_id) + 1 : STORE_ID_LEN);
    }
}

static void copy_etag(struct reply *reply, const char *etag)
{
    size_t len = strlen(etag);
    QVT_ASSERT(len < sizeof reply->etag);
    memcpy(reply->etag, etag, len + 1);
}

/* Every answer begins alike, and those with a silo are alike. */
static void read_answer(const struct call *call, struct reply *reply)
{
    size_t len = call->answer.len;
    const uint8_t *data = call->answer.data;
    if (call->ask.kind == ASK_HEARTBEAT) {
        Quark__Version__V1__HeartbeatResponse *answer = quark__version__v1__heartbeat_response__unpack(NULL, len, data);
        QVT_ASSERT(answer != NULL);
        read_position(answer->position, &reply->position);
        reply->incarnation = answer->incarnation;
        reply->remaining_ms = answer->lease_remaining_ms;
        reply->stale = answer->age != NULL;
        quark__version__v1__heartbeat_response__free_unpacked(answer, NULL);
    } else if (call->ask.kind == ASK_SET_POLICY || call->ask.kind == ASK_DELETE_POLICY ||
               call->ask.kind == ASK_GET_POLICY) {
        Quark__Version__V1__SetPolicyResponse *answer =
            quark__version__v1__set_policy_response__unpack(NULL, len, data);
        QVT_ASSERT(answer != NULL);
        read_position(answer->position, &reply->position);
        reply->stale = answer->age != NULL;
        if (answer->policy != NULL) {
            copy_etag(reply, answer->policy->etag);
        }
        quark__version__v1__set_policy_response__free_unpacked(answer, NULL);
    } else {
        Quark__Version__V1__RegisterSiloResponse *answer =
            quark__version__v1__register_silo_response__unpack(NULL, len, data);
        QVT_ASSERT(answer != NULL);
        read_position(answer->position, &reply->position);
        reply->stale = answer->age != NULL;
        if (answer->silo != NULL) {
            copy_etag(reply, answer->silo->etag);
            reply->incarnation = answer->silo->incarnation;
        }
        quark__version__v1__register_silo_response__free_unpacked(answer, NULL);
    }
}

static void end(struct call *call, bool answered)
{
    struct reply reply = {.status = QVT_DEADLINE_EXCEEDED, .reason = "", .sent_us = call->sent_us};
    call->waited_for = false;
    timeline_remove(&call->world->timeline, &call->timeout);
    if (answered) {
        reply.status = call->error.status;
        reply.reason = call->error.reason == NULL ? "" : call->error.reason;
        if (reply.status == QVT_OK) {
            read_answer(call, &reply);
        }
    }
    judge_reply(&call->world->judge, &call->ask, &reply, &call->witness);
    call->on_end(call->data, &call->ask, &reply);
}

static void run_timeout(struct event *event)
{
    struct call *call = (struct call *)(void *)((char *)event - offsetof(struct call, timeout));
    end(call, false);
    release(call);
}

static void arrive(struct call *call)
{
    struct host *host = call->host;
    if (!host->up || world_loses(call->world)) {
        call->owed = false;
        release(call);
        return;
    }
    if (!host_listens(host)) {
        timeline_set(&call->world->timeline, &call->travel, host->link.stopped_us);
        return;
    }
    call->place = PLACE_SERVED;
    call->boot = host->boot;
    handle(call);
    host_look(host);
}

static void run_travel(struct event *event)
{
    struct call *call = (struct call *)(void *)((char *)event - offsetof(struct call, travel));
    if (call->place == PLACE_AWAY) {
        arrive(call);
        return;
    }
    if (call->waited_for) {
        end(call, true);
    }
    call->owed = false;
    release(call);
}

/* The answer leaves, unless its process is dying. */
static void answered(struct call *call)
{
    struct world *world = call->world;
    bool lost = !call->host->up || world_loses(world);
    if (!call->waited_for || lost) {
        call->owed = false;
        release(call);
        return;
    }
    call->place = PLACE_BACK;
    timeline_set(&world->timeline, &call->travel, now(call) + world_delay_us(world, call->host->index));
}

static void reply(qvt_rpc_unary *unary, const qvt_slice *parts, size_t count)
{
    struct call *call = (struct call *)unary;
    for (size_t i = 0; i < count; i++) {
        qvt_status status = buf_append_slice(&call->answer, parts[i]);
        QVT_ASSERT(status == QVT_OK);
    }
    answered(call);
}

static void fail(qvt_rpc_unary *unary, const qvt_error *error)
{
    struct call *call = (struct call *)unary;
    call->error = *error;
    answered(call);
}

static void *alloc(qvt_rpc_unary *unary, size_t size)
{
    return arena_alloc(&((struct call *)unary)->arena, size);
}

static void drop_travel(struct event *event)
{
    struct call *call = (struct call *)(void *)((char *)event - offsetof(struct call, travel));
    call->owed = false;
    call->waited_for = false;
    free_call(call);
}

static void drop_timeout(struct event *event)
{
    struct call *call = (struct call *)(void *)((char *)event - offsetof(struct call, timeout));
    call->waited_for = false;
    release(call);
}

struct call *call_new(struct world *world, struct host *host, const struct ask *ask, int64_t timeout_us,
                      call_on_end on_end, void *data)
{
    static const qvt_rpc_unary_carrier CARRIER = {reply, fail, alloc, "simulation"};
    struct call *call = calloc(1, sizeof *call);
    QVT_ASSERT(call != NULL);
    call->unary.carrier = &CARRIER;
    call->travel = (struct event){.index = EVENT_NONE, .run = run_travel, .drop = drop_travel};
    call->timeout = (struct event){.index = EVENT_NONE, .run = run_timeout, .drop = drop_timeout};
    call->world = world;
    call->host = host;
    call->ask = *ask;
    call->on_end = on_end;
    call->data = data;
    call->waited_for = call->owed = true;
    call->sent_us = now(call);
    arena_init(&call->arena, ARENA_MAX);
    fill(call);
    witness_init(&call->witness, world, &call->ask);
    timeline_set(&world->timeline, &call->travel, now(call) + world_delay_us(world, host->index));
    timeline_set(&world->timeline, &call->timeout, now(call) + timeout_us);
    return call;
}

void call_cancel(struct call *call)
{
    if (call != NULL && call->waited_for) {
        call->waited_for = false;
        timeline_remove(&call->world->timeline, &call->timeout);
        release(call);
    }
}
