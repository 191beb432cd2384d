#include "tests/unit/client/tracker.h"

#include <string.h>

#include "client/src/decode.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"
#include "tests/support/suite.h"

struct tracker tracker;
const qvt_actor_version two_versions[2] = {
    {.actor_type = "Order", .version = "2.1.0", .assembly_name = "shop", .has_state_schema = true, .writes = 3},
    {.actor_type = "Cart", .version = "1.0.0-rc.1+7", .has_contract_fingerprint = true, .contract_fingerprint = 77},
};

static bool copy_bytes(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    (void)field;
    return stream->bytes_left <= 16 && pb_read(stream, *arg, stream->bytes_left);
}

static void note_versions(const struct decode_list *list)
{
    const qvt_actor_version *versions;
    size_t count;
    CU_ASSERT_EQUAL_FATAL(decode_versions_finish(list, &versions, &count), QVT_OK);
    tracker.versions[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(tracker.versions);
        snprintf(tracker.versions + len, sizeof tracker.versions - len, "%s=%s ", versions[i].actor_type,
                 versions[i].version);
    }
}

static void note_phase(int status, int scheduling)
{
    size_t len = strlen(tracker.phases);
    snprintf(tracker.phases + len, sizeof tracker.phases - len, "%d.%d ", status, scheduling);
}

static void serve_register(struct fake_call *call)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct decode_text silo_id = {&arena, ""}, store_id = {&arena, ""};
    struct decode_list versions = {.arena = &arena};
    quark_version_v1_RegisterSiloRequest request = quark_version_v1_RegisterSiloRequest_init_zero;
    request.silo.silo_id = decode_text(&silo_id);
    request.silo.actor_type_versions = decode_version_map(&versions);
    request.held.store_id = decode_text(&store_id);
    request.instance_id = decode_each(copy_bytes, tracker.instance_id);
    CU_ASSERT_EQUAL_FATAL(decode_message(call->request, quark_version_v1_RegisterSiloRequest_fields, &request, NULL),
                          QVT_OK);
    tracker.registers++;
    call->hold = tracker.hold_registers;
    call->delay_ms = tracker.delay_registers_ms;
    tracker.held = request.held.incarnation;
    note_phase((int)request.silo.status, (int)request.silo.scheduling);
    snprintf(tracker.held_store_id, sizeof tracker.held_store_id, "%s", store_id.text);
    snprintf(tracker.silo_id, sizeof tracker.silo_id, "%s", silo_id.text);
    if (tracker.register_status != QVT_OK) {
        qvt_error_set(&call->error, tracker.register_status, NULL, "refused");
    } else {
        note_versions(&versions);
        tracker.knows_silo = true;
        answer_register(&call->answer, 42, tracker.ttl_ms, tracker.store_id);
    }
    arena_deinit(&arena);
}

static void serve_update(struct fake_call *call)
{
    quark_version_v1_UpdateSiloRequest request = quark_version_v1_UpdateSiloRequest_init_zero;
    CU_ASSERT_EQUAL_FATAL(decode_message(call->request, quark_version_v1_UpdateSiloRequest_fields, &request, NULL),
                          QVT_OK);
    CU_ASSERT_EQUAL(request.incarnation, 42);
    note_phase((int)request.silo.status, (int)request.silo.scheduling);
    if (tracker.update_status != QVT_OK) {
        qvt_error_set(&call->error, tracker.update_status, NULL, "refused");
    }
}

static void serve_versions(struct fake_call *call)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct decode_list versions = {.arena = &arena};
    quark_version_v1_RegisterSiloVersionsRequest request = quark_version_v1_RegisterSiloVersionsRequest_init_zero;
    request.actor_type_versions = decode_version_map(&versions);
    CU_ASSERT_EQUAL_FATAL(
        decode_message(call->request, quark_version_v1_RegisterSiloVersionsRequest_fields, &request, NULL), QVT_OK);
    CU_ASSERT_EQUAL(request.incarnation, 42);
    if (versions.count == 0) {
        qvt_error_field(&call->error, "actor_type_versions", "none given");
    } else if (tracker.failing_versions > 0) {
        tracker.failing_versions--;
        qvt_error_set(&call->error, QVT_UNAVAILABLE, NULL, "not now");
    } else {
        note_versions(&versions);
    }
    arena_deinit(&arena);
}

static void serve_heartbeat(struct fake_call *call)
{
    quark_version_v1_HeartbeatRequest request = quark_version_v1_HeartbeatRequest_init_zero;
    CU_ASSERT_EQUAL_FATAL(decode_message(call->request, quark_version_v1_HeartbeatRequest_fields, &request, NULL),
                          QVT_OK);
    tracker.cpu_percent = request.has_health ? request.health.cpu_percent : -1;
    tracker.hot_actors = request.has_activity ? request.activity.hot_actors : 0;
    tracker.heartbeats++;
    call->hold = tracker.hold_heartbeats;
    if (tracker.heartbeat_status != QVT_OK) {
        qvt_error_set(&call->error, tracker.heartbeat_status, NULL, "refused");
    } else if (!tracker.knows_silo) {
        qvt_error_set(&call->error, QVT_NOT_FOUND, "LEASE_EXPIRED", "gone");
    } else {
        answer_heartbeat(&call->answer, tracker.remaining_ms);
    }
}

static void serve_find(struct fake_call *call)
{
    static const qvt_found_silo found[] = {{"a", "10.0.0.1", 1, "2.1.0", 5, false, false},
                                           {"b", "::1", 65535, "2.2.0", UINT64_MAX, true, true}};
    tracker.find_timeout_ms = call->timeout_ms;
    tracker.find_waits = call->waits_for_ready;
    tracker.finds++;
    call->hold = tracker.hold_finds;
    if (tracker.failing_finds > 0) {
        tracker.failing_finds--;
        qvt_error_set(&call->error, QVT_UNAVAILABLE, tracker.failing_reason, "not now");
        return;
    }
    answer_find(&call->answer, found, tracker.knows_silo ? 2 : 0, tracker.knows_silo ? 0 : 1);
}

static void serve_page(struct fake_call *call)
{
    static const char *const ids[] = {"silo-1", "silo-2", "silo-3"};
    answer_capabilities_page(&call->answer, ids[tracker.pages], two_versions, 2, tracker.pages == 2 ? "" : "next");
    tracker.pages++;
}

static void serve(void *data, struct fake_call *call)
{
    (void)data;
    pthread_mutex_lock(&tracker.lock);
    if (strcmp(call->method, "RegisterSilo") == 0) {
        serve_register(call);
    } else if (strcmp(call->method, "RegisterSiloVersions") == 0) {
        serve_versions(call);
    } else if (strcmp(call->method, "UpdateSilo") == 0) {
        serve_update(call);
    } else if (strcmp(call->method, "HeartbeatStream") == 0) {
        serve_heartbeat(call);
    } else if (strcmp(call->method, "UnregisterSilo") == 0) {
        tracker.unregisters++;
        tracker.knows_silo = false;
    } else if (strcmp(call->method, "FindCompatibleSilos") == 0) {
        serve_find(call);
    } else if (strcmp(call->method, "Watch") == 0) {
        if (tracker.serve_watch != NULL) {
            tracker.serve_watch(call);
        } else {
            call->hold = true;
        }
    } else if (strcmp(call->method, "ListSiloCapabilities") == 0) {
        serve_page(call);
    } else if (tracker.knows_silo) {
        answer_capabilities(&call->answer, "silo-1", two_versions, 2);
    } else {
        qvt_error_set(&call->error, QVT_NOT_FOUND, "NO_VERSIONS", "none");
    }
    pthread_cond_broadcast(&tracker.changed);
    pthread_mutex_unlock(&tracker.lock);
}

void tracker_count(unsigned *counter)
{
    pthread_mutex_lock(&tracker.lock);
    (*counter)++;
    pthread_cond_broadcast(&tracker.changed);
    pthread_mutex_unlock(&tracker.lock);
}

static void on_lease_lost(void *data)
{
    (void)data;
    tracker_count(&tracker.leases_lost);
}

static void on_lease_held(void *data)
{
    (void)data;
    tracker_count(&tracker.leases_held);
}

static void on_state(void *data, qvt_silo_state state, const qvt_error *why)
{
    (void)data;
    pthread_mutex_lock(&tracker.lock);
    tracker.states++;
    tracker.state = state;
    tracker.state_reason = why == NULL ? QVT_OK : why->status;
    pthread_cond_broadcast(&tracker.changed);
    pthread_mutex_unlock(&tracker.lock);
}

void tracker_prepare(qvt_client_options *options)
{
    static const char *const endpoints[] = {"tracker:7070", "other:7070"};
    memset(&tracker, 0, sizeof tracker);
    pthread_mutex_init(&tracker.lock, NULL);
    pthread_cond_init(&tracker.changed, NULL);
    tracker.store_id = STORE_ID;
    tracker.ttl_ms = TTL_MS;
    tracker.remaining_ms = TTL_MS;
    fake_rpc_serve(serve, NULL);
    options->endpoints = endpoints;
    options->endpoint_count = 1;
    options->on_silo_state = on_state;
    options->on_lease_lost = on_lease_lost;
    options->on_lease_held = on_lease_held;
}

qvt_client *tracker_connect(void (*adjust)(qvt_client_options *options))
{
    qvt_client_options options = QVT_CLIENT_OPTIONS_INIT;
    qvt_client *client = NULL;
    tracker_prepare(&options);
    if (adjust != NULL) {
        adjust(&options);
    }
    CU_ASSERT_EQUAL_FATAL(qvt_client_new(&client, &options, NULL), QVT_OK);
    return client;
}

qvt_silo_options a_silo(void)
{
    static const qvt_label labels[] = {{"rack", "7"}, {"empty", ""}};
    qvt_silo_options silo = QVT_SILO_OPTIONS_INIT;
    silo.silo_id = "silo-1";
    silo.address = "10.0.0.1";
    silo.port = 9000;
    silo.versions = two_versions;
    silo.version_count = 2;
    silo.labels = labels;
    silo.label_count = 2;
    return silo;
}

qvt_client *tracker_connect_silo(void (*adjust)(qvt_client_options *options))
{
    qvt_client *client = tracker_connect(adjust);
    qvt_silo_options silo = a_silo();
    CU_ASSERT_EQUAL_FATAL(qvt_client_register(client, &silo, NULL), QVT_OK);
    return client;
}
