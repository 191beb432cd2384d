#include "tests/unit/server/service/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "server/store/memory.h"

enum { ARENA_MAX = 1 << 20, TURNS_MAX = 1000 };

static void on_wake(void *data)
{
    struct fixture *fixture = data;
    fixture->wants_turn = true;
}

static void on_ready(void *data, const qvt_error *error)
{
    struct fixture *fixture = data;
    CU_ASSERT_EQUAL(error->status, QVT_OK);
    fixture->ready++;
}

void fixture_open(struct fixture *fixture, const struct registry_limits *limits)
{
    static const struct registry_limits DEFAULTS = REGISTRY_LIMITS_DEFAULT;
    memset(fixture, 0, sizeof(*fixture));
    virtual_clock_init(&fixture->clock, INT64_C(1700000000000000));
    fixture->seed = 1;
    fixture->entropy = entropy_seeded(&fixture->seed);
    CU_ASSERT_EQUAL_FATAL(store_memory_new(&fixture->store, &fixture->clock.clock), QVT_OK);
    const struct service_options options = {
        .store = fixture->store,
        .entropy = &fixture->entropy,
        .limits = limits == NULL ? DEFAULTS : *limits,
        .clusters_max = 3,
        .page_size_max = 1000,
        .message_bytes_max = 4 << 20,
        .cache_ttl_ms = 10000,
        .progress_interval_ms = 4000,
        .watch_stall_ms = 60000,
        .find_cache_bytes = 1 << 20,
        .observer = {on_wake, on_ready, fixture},
    };
    CU_ASSERT_EQUAL_FATAL(service_new(&fixture->service, &options), QVT_OK);
    fixture_settle(fixture);
}

static void ignore(void *data)
{
    (void)data;
}

void fixture_close(struct fixture *fixture)
{
    service_close(fixture->service, ignore, NULL);
    store_close(fixture->store, ignore, NULL);
}

void fixture_settle(struct fixture *fixture)
{
    for (unsigned turns = 0; fixture->wants_turn; turns++) {
        CU_ASSERT_FATAL(turns < TURNS_MAX);
        fixture->wants_turn = false;
        service_turn(fixture->service);
    }
}

void fixture_advance_ms(struct fixture *fixture, int64_t ms)
{
    int64_t end = fixture->clock.monotonic_us + ms * 1000;
    for (unsigned turns = 0; fixture->clock.monotonic_us < end; turns++) {
        CU_ASSERT_FATAL(turns < TURNS_MAX);
        int64_t next = service_deadline_us(fixture->service);
        next = next > end ? end : next;
        if (next > fixture->clock.monotonic_us) {
            virtual_clock_advance_ms(&fixture->clock, (next - fixture->clock.monotonic_us + 999) / 1000);
        }
        service_turn(fixture->service);
        fixture_settle(fixture);
    }
}

static void reply(qvt_rpc_unary *unary, const qvt_slice *parts, size_t part_count)
{
    struct fake_call *call = (struct fake_call *)unary;
    for (size_t i = 0; i < part_count; i++) {
        call->is_cut = buf_append_slice(&call->answer, parts[i]) != QVT_OK || call->is_cut;
    }
    call->ended++;
}

static void fail(qvt_rpc_unary *unary, const qvt_error *error)
{
    struct fake_call *call = (struct fake_call *)unary;
    call->error = *error;
    call->ended++;
}

static void *alloc(qvt_rpc_unary *unary, size_t size)
{
    return arena_alloc(&((struct fake_call *)unary)->arena, size);
}

void fake_call_init(struct fake_call *call)
{
    static const qvt_rpc_unary_carrier CARRIER = {reply, fail, alloc, "test"};
    memset(call, 0, sizeof(*call));
    call->unary.carrier = &CARRIER;
    arena_init(&call->arena, ARENA_MAX);
}

void fake_call_deinit(struct fake_call *call)
{
    CU_ASSERT_EQUAL(call->ended, 1);
    arena_deinit(&call->arena);
    buf_deinit(&call->answer);
}

/* Every answer begins with position, cache_ttl and age; this one has nothing else. */
static uint64_t revision_of(const struct fake_call *call)
{
    Quark__Version__V1__DeletePolicyResponse *head =
        quark__version__v1__delete_policy_response__unpack(NULL, call->answer.len, call->answer.data);
    uint64_t revision = head != NULL && head->position != NULL ? head->position->revision : 0;
    quark__version__v1__delete_policy_response__free_unpacked(head, NULL);
    return revision;
}

static char *text(const char *value)
{
    return (char *)(uintptr_t)value;
}

uint64_t fixture_register(struct fixture *fixture, const char *cluster, const char *silo_id, const char *actor_type,
                          const char *version)
{
    struct fake_call call;
    Quark__Version__V1__AssemblyVersionInfo info;
    Quark__Version__V1__SiloInfo__ActorTypeVersionsEntry entry;
    Quark__Version__V1__SiloInfo__ActorTypeVersionsEntry *entries[] = {&entry};
    Quark__Version__V1__SiloInfo silo;
    Quark__Version__V1__RegisterSiloRequest request;
    quark__version__v1__assembly_version_info__init(&info);
    quark__version__v1__silo_info__actor_type_versions_entry__init(&entry);
    quark__version__v1__silo_info__init(&silo);
    quark__version__v1__register_silo_request__init(&request);
    fake_call_init(&call);
    info.version = text(version);
    entry.key = text(actor_type);
    entry.value = &info;
    silo.silo_id = text(silo_id);
    silo.address = text("10.0.0.1");
    silo.port = 9000;
    silo.n_actor_type_versions = actor_type[0] == '\0' ? 0 : 1;
    silo.actor_type_versions = entries;
    request.cluster = text(cluster);
    request.silo = &silo;
    service_handlers()->register_silo(fixture->service, &call.unary, &request);
    fixture_settle(fixture);
    uint64_t revision = call.error.status == QVT_OK ? revision_of(&call) : 0;
    fake_call_deinit(&call);
    return revision;
}

uint64_t fixture_unregister(struct fixture *fixture, const char *cluster, const char *silo_id)
{
    struct fake_call call;
    Quark__Version__V1__UnregisterSiloRequest request;
    quark__version__v1__unregister_silo_request__init(&request);
    fake_call_init(&call);
    request.cluster = text(cluster);
    request.silo_id = text(silo_id);
    service_handlers()->unregister_silo(fixture->service, &call.unary, &request);
    fixture_settle(fixture);
    uint64_t revision = call.error.status == QVT_OK ? revision_of(&call) : 0;
    fake_call_deinit(&call);
    return revision;
}

/* ---- watching ---- */

static bool is_open(void *data)
{
    const struct fake_watch *watch = data;
    return watch->queued < watch->room;
}

static const char *key_of(const Quark__Version__V1__WatchResponse *message)
{
    switch (message->event_case) {
    case QUARK__VERSION__V1__WATCH_RESPONSE__EVENT_RECORD: return message->record->key;
    case QUARK__VERSION__V1__WATCH_RESPONSE__EVENT_REMOVED: return message->removed->key;
    case QUARK__VERSION__V1__WATCH_RESPONSE__EVENT_CHANGE:
        return message->change->n_puts > 0      ? message->change->puts[0]->key
               : message->change->n_deletes > 0 ? message->change->deletes[0]->key
                                                : "";
    default: return "";
    }
}

static void take(struct fake_watch *watch, qvt_slice bytes)
{
    static const char LETTERS[] = "??RrxEcp";
    Quark__Version__V1__WatchResponse *message =
        quark__version__v1__watch_response__unpack(NULL, bytes.len, bytes.data);
    CU_ASSERT_PTR_NOT_NULL_FATAL(message);
    CU_ASSERT_FATAL(watch->event_count + 1 < FAKE_EVENTS_MAX);
    watch->events[watch->event_count++] = LETTERS[message->event_case];
    watch->events[watch->event_count] = '\0';
    if (message->position != NULL) {
        watch->revision = message->position->revision;
    }
    snprintf(watch->last_key, sizeof(watch->last_key), "%s", key_of(message));
    quark__version__v1__watch_response__free_unpacked(message, NULL);
    watch->queued++;
}

static qvt_status send(void *data, qvt_slice message)
{
    take(data, message);
    return QVT_OK;
}

static qvt_status send_blob(void *data, qvt_blob *message)
{
    struct fake_watch *watch = data;
    watch->last_blob = message;
    take(watch, qvt_blob_slice(message));
    return QVT_OK;
}

static size_t queued(void *data)
{
    const struct fake_watch *watch = data;
    return watch->queued;
}

static void on_end(void *data, const qvt_error *error)
{
    struct fake_watch *watch = data;
    watch->error = *error;
    watch->ended++;
    watch->watcher = NULL;
}

qvt_status fake_watch_begin(struct fixture *fixture, struct fake_watch *watch, const char *cluster, const char *type,
                            const struct position *resume_after)
{
    char *types[] = {text(type)};
    const struct watch_sink sink = {NULL, is_open, send, send_blob, queued, on_end, watch};
    const struct watch_query query = {.cluster = cluster,
                                      .lists = {types, NULL, NULL, NULL},
                                      .counts = {type == NULL ? 0 : 1, 0, 0, 0},
                                      .resume_after = resume_after};
    return watcher_new(&watch->watcher, fixture->service, &query, &sink, &watch->error);
}

qvt_status fake_watch_start(struct fixture *fixture, struct fake_watch *watch, const char *cluster, const char *type,
                            const struct position *resume_after)
{
    qvt_status status = fake_watch_begin(fixture, watch, cluster, type, resume_after);
    fixture_settle(fixture);
    return status;
}
