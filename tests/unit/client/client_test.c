#include "qvt/qvt.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"
#include "tests/unit/client/tracker.h"

/* What most tests begin with. */
static qvt_client *start(void)
{
    return tracker_connect(NULL);
}

static qvt_client *start_registered(void)
{
    return tracker_connect_silo(NULL);
}

static qvt_registration read_registration(const qvt_client *client)
{
    qvt_registration registration = QVT_REGISTRATION_INIT;
    CU_ASSERT_EQUAL(qvt_client_read_registration(client, &registration), QVT_OK);
    return registration;
}

static void registration_sends_silo_and_versions_and_keeps_what_was_granted(void)
{
    qvt_client *client = start_registered();
    qvt_registration registration = read_registration(client);
    EXPECT_TEXT(tracker.silo_id, "silo-1");
    EXPECT_TEXT(tracker.versions, "Cart=1.0.0-rc.1+7 Order=2.1.0 ");
    CU_ASSERT_EQUAL(registration.state, QVT_SILO_REGISTERED);
    CU_ASSERT_EQUAL(registration.incarnation, 42);
    CU_ASSERT_EQUAL(registration.lease_ttl_ms, TTL_MS);
    CU_ASSERT_EQUAL(registration.registrations, 1);
    qvt_client_free(client);
}

static void heartbeats_come_by_themselves(void)
{
    qvt_client *client = start_registered();
    pthread_mutex_lock(&tracker.lock);
    AWAIT(tracker.heartbeats >= 3);
    pthread_mutex_unlock(&tracker.lock);
    qvt_registration registration = read_registration(client);
    CU_ASSERT(registration.renewals >= 2);
    CU_ASSERT_EQUAL(registration.lease_remaining_ms, TTL_MS);
    CU_ASSERT_EQUAL(registration.registrations, 1);
    qvt_client_free(client);
}

static void lost_silo_is_registered_anew_with_the_incarnation_it_held(void)
{
    qvt_client *client = start_registered();
    pthread_mutex_lock(&tracker.lock);
    uint8_t instance_id[16];
    memcpy(instance_id, tracker.instance_id, sizeof instance_id);
    tracker.knows_silo = false;
    AWAIT(tracker.registers == 2);
    AWAIT(tracker.states >= 3);
    CU_ASSERT_EQUAL(tracker.state, QVT_SILO_REGISTERED);
    CU_ASSERT_EQUAL(tracker.held, 42);
    EXPECT_TEXT(tracker.held_store_id, STORE_ID);
    EXPECT_TEXT(tracker.versions, "Cart=1.0.0-rc.1+7 Order=2.1.0 ");
    CU_ASSERT_EQUAL(memcmp(instance_id, tracker.instance_id, sizeof instance_id), 0);
    pthread_mutex_unlock(&tracker.lock);
    qvt_client_free(client);
}

static void lost_silo_keeps_trying_while_registration_fails(void)
{
    qvt_client *client = start_registered();
    pthread_mutex_lock(&tracker.lock);
    tracker.knows_silo = false;
    tracker.register_status = QVT_UNAVAILABLE;
    AWAIT(tracker.registers >= 3);
    tracker.register_status = QVT_OK;
    AWAIT(tracker.state == QVT_SILO_REGISTERED && tracker.states >= 3);
    pthread_mutex_unlock(&tracker.lock);
    qvt_client_free(client);
}

static void passing_faults_of_heartbeats_keep_the_silo_registered(void)
{
    qvt_client *client = start_registered();
    pthread_mutex_lock(&tracker.lock);
    tracker.heartbeat_status = QVT_UNAVAILABLE;
    AWAIT(tracker.heartbeats >= 3);
    tracker.heartbeat_status = QVT_OK;
    AWAIT(tracker.heartbeats >= 6);
    CU_ASSERT_EQUAL(tracker.registers, 1);
    CU_ASSERT_EQUAL(tracker.states, 1);
    pthread_mutex_unlock(&tracker.lock);
    qvt_client_free(client);
}

static void silent_endpoint_is_left(void)
{
    unsigned before = fake_rpc_left_endpoints();
    qvt_client *client = start_registered();
    pthread_mutex_lock(&tracker.lock);
    tracker.hold_heartbeats = true;
    AWAIT(tracker.heartbeats >= 3);
    pthread_mutex_unlock(&tracker.lock);
    CU_ASSERT(fake_rpc_left_endpoints() > before);
    qvt_client_free(client);
}

static void superseded_silo_stops(void)
{
    qvt_client *client = start_registered();
    pthread_mutex_lock(&tracker.lock);
    tracker.heartbeat_status = QVT_ABORTED;
    AWAIT(tracker.state == QVT_SILO_SUPERSEDED);
    CU_ASSERT_EQUAL(tracker.state_reason, QVT_ABORTED);
    pthread_mutex_unlock(&tracker.lock);
    qvt_client_free(client);
    CU_ASSERT_EQUAL(tracker.unregisters, 0);
    CU_ASSERT_EQUAL(tracker.registers, 1);
}

static void free_unregisters(void)
{
    qvt_client *client = start_registered();
    qvt_client_free(client);
    CU_ASSERT_EQUAL(tracker.unregisters, 1);
}

static void unregistering_ends_heartbeats_and_local_versions(void)
{
    char version[QVT_VERSION_MAX + 1];
    qvt_client *client = start_registered();
    CU_ASSERT_EQUAL(qvt_client_unregister(client, NULL), QVT_OK);
    CU_ASSERT_EQUAL(read_registration(client).state, QVT_SILO_UNREGISTERED);
    CU_ASSERT_EQUAL(qvt_client_local_version(version, sizeof version, client, "Order"), QVT_NOT_FOUND);
    CU_ASSERT_EQUAL(qvt_client_unregister(client, NULL), QVT_OK);
    qvt_client_free(client);
    CU_ASSERT_EQUAL(tracker.unregisters, 1);
}

static void local_version_needs_no_network(void)
{
    char version[QVT_VERSION_MAX + 1];
    qvt_client *client = start();
    qvt_silo_options silo = a_silo();
    CU_ASSERT_EQUAL(qvt_client_local_version(version, sizeof version, client, "Order"), QVT_NOT_FOUND);
    CU_ASSERT_EQUAL(qvt_client_register(client, &silo, NULL), QVT_OK);
    CU_ASSERT_EQUAL(qvt_client_local_version(version, sizeof version, client, "Order"), QVT_OK);
    EXPECT_TEXT(version, "2.1.0");
    CU_ASSERT_EQUAL(qvt_client_local_version(version, 5, client, "Order"), QVT_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(qvt_client_local_version(version, 6, client, "Order"), QVT_OK);
    CU_ASSERT_EQUAL(qvt_client_local_version(version, sizeof version, client, "Nobody"), QVT_NOT_FOUND);
    qvt_client_free(client);
}

static void new_versions_replace_the_old_also_when_registered_anew(void)
{
    static const qvt_actor_version later = {.actor_type = "Order", .version = "3.0.0"};
    char version[QVT_VERSION_MAX + 1];
    qvt_client *client = start_registered();
    CU_ASSERT_EQUAL(qvt_client_set_versions(client, &later, 1, NULL), QVT_OK);
    CU_ASSERT_EQUAL(qvt_client_local_version(version, sizeof version, client, "Order"), QVT_OK);
    EXPECT_TEXT(version, "3.0.0");
    CU_ASSERT_EQUAL(qvt_client_local_version(version, sizeof version, client, "Cart"), QVT_NOT_FOUND);
    pthread_mutex_lock(&tracker.lock);
    tracker.knows_silo = false;
    AWAIT(tracker.registers == 2);
    EXPECT_TEXT(tracker.versions, "Order=3.0.0 ");
    pthread_mutex_unlock(&tracker.lock);
    qvt_client_free(client);
}

static void refused_versions_change_nothing(void)
{
    char version[QVT_VERSION_MAX + 1];
    qvt_error error;
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    qvt_client *client = start_registered();
    call.error = &error;
    CU_ASSERT_EQUAL(qvt_client_set_versions(client, NULL, 0, &call), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(error.field, "actor_type_versions");
    CU_ASSERT_EQUAL(qvt_client_local_version(version, sizeof version, client, "Order"), QVT_OK);
    qvt_client_free(client);
}

static void versions_without_a_silo_are_refused(void)
{
    qvt_client *client = start();
    CU_ASSERT_EQUAL(qvt_client_set_versions(client, two_versions, 2, NULL), QVT_FAILED_PRECONDITION);
    qvt_client_free(client);
}

static void second_silo_on_one_client_is_refused(void)
{
    qvt_client *client = start_registered();
    qvt_silo_options silo = a_silo();
    silo.silo_id = "silo-2";
    CU_ASSERT_EQUAL(qvt_client_register(client, &silo, NULL), QVT_ALREADY_EXISTS);
    CU_ASSERT_EQUAL(tracker.registers, 1);
    qvt_client_free(client);
}

static void find_shows_every_member_of_the_answer(void)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    qvt_find_result *result = NULL;
    qvt_client *client = start_registered();
    request.actor_type = "Order";
    CU_ASSERT_EQUAL_FATAL(qvt_client_find(&result, client, &request, NULL), QVT_OK);
    qvt_client_free(client);
    CU_ASSERT_EQUAL_FATAL(qvt_find_result_count(result), 2);
    const qvt_found_silo *second = qvt_find_result_silo(result, 1);
    EXPECT_TEXT(qvt_find_result_silo(result, 0)->silo_id, "a");
    EXPECT_TEXT(second->silo_id, "b");
    EXPECT_TEXT(second->address, "::1");
    EXPECT_TEXT(second->version, "2.2.0");
    CU_ASSERT(second->port == 65535 && second->incarnation == UINT64_MAX && second->suspect && second->unhealthy);
    const qvt_answer *answer = qvt_find_result_answer(result);
    EXPECT_TEXT(answer->position.store_id, STORE_ID);
    CU_ASSERT(answer->position.revision == 7 && answer->position.token == UINT64_MAX);
    CU_ASSERT(answer->cache_ttl_ms == 10000 && answer->is_aged && answer->age_ms == 500);
    CU_ASSERT_EQUAL(qvt_find_result_empty_reason(result), QVT_EMPTY_NOT);
    qvt_find_result_free(result);
}

static void empty_find_is_ok_and_has_a_reason(void)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    qvt_find_result *result = NULL;
    qvt_client *client = start();
    request.actor_type = "Order";
    CU_ASSERT_EQUAL_FATAL(qvt_client_find(&result, client, &request, NULL), QVT_OK);
    CU_ASSERT_EQUAL(qvt_find_result_count(result), 0);
    CU_ASSERT_EQUAL(qvt_find_result_empty_reason(result), QVT_EMPTY_UNKNOWN_TYPE);
    qvt_find_result_free(result);
    qvt_client_free(client);
}

static void capabilities_of_one_silo_are_sorted_and_whole(void)
{
    qvt_capabilities *capabilities = NULL;
    qvt_client *client = start_registered();
    CU_ASSERT_EQUAL_FATAL(qvt_client_silo_capabilities(&capabilities, client, "silo-1", NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_capabilities_count(capabilities), 1);
    const qvt_silo_versions *silo = qvt_capabilities_silo(capabilities, 0);
    CU_ASSERT_EQUAL_FATAL(silo->version_count, 2);
    EXPECT_TEXT(silo->silo_id, "silo-1");
    EXPECT_TEXT(silo->versions[0].actor_type, "Cart");
    CU_ASSERT(silo->versions[0].has_contract_fingerprint && silo->versions[0].contract_fingerprint == 77);
    const qvt_actor_version *order = qvt_capabilities_find(capabilities, 0, "Order");
    CU_ASSERT_PTR_NOT_NULL_FATAL(order);
    EXPECT_TEXT(order->assembly_name, "shop");
    CU_ASSERT(order->has_state_schema && order->writes == 3);
    CU_ASSERT_PTR_NULL(qvt_capabilities_find(capabilities, 0, "Nobody"));
    qvt_capabilities_free(capabilities);
    qvt_client_free(client);
}

static void list_of_capabilities_joins_all_pages(void)
{
    qvt_capabilities *capabilities = NULL;
    qvt_client *client = start();
    CU_ASSERT_EQUAL_FATAL(qvt_client_list_capabilities(&capabilities, client, NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_capabilities_count(capabilities), 3);
    EXPECT_TEXT(qvt_capabilities_silo(capabilities, 0)->silo_id, "silo-1");
    EXPECT_TEXT(qvt_capabilities_silo(capabilities, 2)->silo_id, "silo-3");
    qvt_capabilities_free(capabilities);
    qvt_client_free(client);
}

static void refusal_reaches_the_caller_and_the_client(void)
{
    qvt_error error, last;
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    qvt_capabilities *capabilities = NULL;
    qvt_client *client = start();
    call.error = &error;
    qvt_client_last_error(client, &last);
    CU_ASSERT_EQUAL(last.status, QVT_OK);
    CU_ASSERT_EQUAL(qvt_client_silo_capabilities(&capabilities, client, "silo-1", &call), QVT_NOT_FOUND);
    EXPECT_TEXT(error.reason, "NO_VERSIONS");
    qvt_client_last_error(client, &last);
    CU_ASSERT_EQUAL(last.status, QVT_NOT_FOUND);
    CU_ASSERT_PTR_NULL(capabilities);
    qvt_client_free(client);
}

static void call_options_set_deadline_and_waiting(void)
{
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    qvt_find_result *result = NULL;
    qvt_client *client = start();
    CU_ASSERT_EQUAL(qvt_client_find(&result, client, &request, NULL), QVT_OK);
    CU_ASSERT(tracker.find_timeout_ms == 5000 && tracker.find_waits);
    qvt_find_result_free(result);
    result = NULL;
    call.timeout_ms = 30;
    call.fail_fast = true;
    tracker.hold_finds = true;
    CU_ASSERT_EQUAL(qvt_client_find(&result, client, &request, &call), QVT_DEADLINE_EXCEEDED);
    CU_ASSERT(tracker.find_timeout_ms == 30 && !tracker.find_waits);
    CU_ASSERT_PTR_NULL(result);
    qvt_client_free(client);
}

static void know_two_endpoints(qvt_client_options *options)
{
    options->endpoint_count = 2;
}

static void endpoint_that_leaves_a_patient_call_without_answer_is_left(void)
{
    unsigned before = fake_rpc_left_endpoints();
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    qvt_silo_options silo = a_silo();
    qvt_find_result *result = NULL;
    qvt_client *client = tracker_connect(know_two_endpoints);
    tracker.hold_finds = true;
    tracker.hold_registers = true;
    call.timeout_ms = 20;
    CU_ASSERT_EQUAL(qvt_client_find(&result, client, &request, &call), QVT_DEADLINE_EXCEEDED);
    CU_ASSERT_EQUAL(qvt_client_register(client, &silo, &call), QVT_DEADLINE_EXCEEDED);
    CU_ASSERT_EQUAL(fake_rpc_left_endpoints(), before);
    call.timeout_ms = 1000;
    CU_ASSERT_EQUAL(qvt_client_find(&result, client, &request, &call), QVT_DEADLINE_EXCEEDED);
    CU_ASSERT_EQUAL(fake_rpc_left_endpoints(), before + 1);
    CU_ASSERT_EQUAL(qvt_client_register(client, &silo, &call), QVT_DEADLINE_EXCEEDED);
    CU_ASSERT_EQUAL(fake_rpc_left_endpoints(), before + 2);
    qvt_client_free(client);
}

/* How a find ended, and how often the tracker was asked. */
static qvt_status find_failing(unsigned failing, const char *reason, void (*adjust)(qvt_client_options *options),
                               bool fail_fast, unsigned *asked)
{
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    qvt_find_result *result = NULL;
    qvt_client *client = tracker_connect(adjust);
    tracker.failing_finds = failing;
    tracker.failing_reason = reason;
    call.fail_fast = fail_fast;
    qvt_status status = qvt_client_find(&result, client, &request, &call);
    CU_ASSERT_EQUAL(result != NULL, status == QVT_OK);
    qvt_find_result_free(result);
    qvt_client_free(client);
    *asked = tracker.finds;
    return status;
}

static void question_whose_connection_breaks_is_asked_again(void)
{
    unsigned asked;
    CU_ASSERT_EQUAL(find_failing(2, NULL, NULL, false, &asked), QVT_OK);
    CU_ASSERT_EQUAL(asked, 3);
    CU_ASSERT_EQUAL(find_failing(100, NULL, NULL, false, &asked), QVT_UNAVAILABLE);
    CU_ASSERT_EQUAL(asked, 4);
    CU_ASSERT_EQUAL(find_failing(1, NULL, NULL, true, &asked), QVT_UNAVAILABLE);
    CU_ASSERT_EQUAL(asked, 1);
}

static void tracker_that_comes_or_goes_is_left_for_another(void)
{
    unsigned asked, before = fake_rpc_left_endpoints();
    CU_ASSERT_EQUAL(find_failing(1, "WARMING_UP", know_two_endpoints, false, &asked), QVT_OK);
    CU_ASSERT_EQUAL(asked, 2);
    CU_ASSERT_EQUAL(fake_rpc_left_endpoints(), before + 1);
    CU_ASSERT_EQUAL(find_failing(1, "SHUTTING_DOWN", NULL, false, &asked), QVT_UNAVAILABLE);
    CU_ASSERT_EQUAL(asked, 1);
    CU_ASSERT_EQUAL(find_failing(1, "BEHIND", know_two_endpoints, false, &asked), QVT_UNAVAILABLE);
    CU_ASSERT_EQUAL(asked, 1);
    CU_ASSERT_EQUAL(fake_rpc_left_endpoints(), before + 1);
}

static void free_cancels_what_is_under_way(void)
{
    qvt_client *client = start_registered();
    pthread_mutex_lock(&tracker.lock);
    tracker.hold_heartbeats = true;
    unsigned before = tracker.heartbeats;
    AWAIT(tracker.heartbeats > before);
    pthread_mutex_unlock(&tracker.lock);
    qvt_client_free(client);
}

static void *find_often(void *data)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    char version[QVT_VERSION_MAX + 1];
    uintptr_t failures = 0;
    for (int i = 0; i < 200; i++) {
        qvt_find_result *result = NULL;
        failures += qvt_client_find(&result, data, &request, NULL) != QVT_OK ? 1 : 0;
        failures += qvt_client_local_version(version, sizeof version, data, "Order") != QVT_OK ? 1 : 0;
        qvt_find_result_free(result);
    }
    return (void *)failures;
}

static void threads_share_a_client(void)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    qvt_client *client = start_registered();
    for (int i = 0; i < THREADS; i++) {
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, find_often, client), 0);
    }
    for (int i = 0; i < 50; i++) {
        CU_ASSERT_EQUAL(qvt_client_set_versions(client, two_versions, 2, NULL), QVT_OK);
    }
    for (int i = 0; i < THREADS; i++) {
        void *failures;
        pthread_join(threads[i], &failures);
        CU_ASSERT_PTR_NULL(failures);
    }
    qvt_client_free(client);
}

static qvt_client *reentered;
static qvt_status reentered_status;

static void call_back(void *data, qvt_silo_state state, const qvt_error *why)
{
    (void)data;
    (void)why;
    if (state == QVT_SILO_REGISTERED) {
        reentered_status = qvt_client_unregister(reentered, NULL);
    }
}

static void callbacks_that_call_the_library_are_refused(void)
{
    static const char *const endpoint = "tracker:7070";
    qvt_client_options options = QVT_CLIENT_OPTIONS_INIT;
    qvt_client_free(start());
    options.endpoints = &endpoint;
    options.endpoint_count = 1;
    options.on_silo_state = call_back;
    CU_ASSERT_EQUAL_FATAL(qvt_client_new(&reentered, &options, NULL), QVT_OK);
    qvt_silo_options silo = a_silo();
    CU_ASSERT_EQUAL(qvt_client_register(reentered, &silo, NULL), QVT_OK);
    CU_ASSERT_EQUAL(reentered_status, QVT_FAILED_PRECONDITION);
    qvt_client_free(reentered);
}

static void bad_options_are_refused_with_the_field(void)
{
    static const char *const good = "tracker:7070", *const bad = "nowhere";
    qvt_client_options options = QVT_CLIENT_OPTIONS_INIT;
    qvt_client *client = NULL;
    qvt_error error;
    options.endpoints = &bad;
    options.endpoint_count = 1;
    CU_ASSERT_EQUAL(qvt_client_new(&client, &options, &error), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(error.field, "endpoints");
    options.endpoints = &good;
    options.default_timeout_ms = 0;
    CU_ASSERT_EQUAL(qvt_client_new(&client, &options, &error), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(error.field, "default_timeout_ms");
    options.default_timeout_ms = 1;
    options.connect_timeout_ms = 0;
    CU_ASSERT_EQUAL(qvt_client_new(&client, &options, &error), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(error.field, "connect_timeout_ms");
    options.size = 3;
    CU_ASSERT_EQUAL(qvt_client_new(&client, &options, &error), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(error.field, "size");
    CU_ASSERT_PTR_NULL(client);
}

SUITE_MAIN("client", SUITE_CASE(registration_sends_silo_and_versions_and_keeps_what_was_granted),
           SUITE_CASE(heartbeats_come_by_themselves),
           SUITE_CASE(lost_silo_is_registered_anew_with_the_incarnation_it_held),
           SUITE_CASE(lost_silo_keeps_trying_while_registration_fails),
           SUITE_CASE(passing_faults_of_heartbeats_keep_the_silo_registered), SUITE_CASE(silent_endpoint_is_left),
           SUITE_CASE(superseded_silo_stops), SUITE_CASE(free_unregisters),
           SUITE_CASE(unregistering_ends_heartbeats_and_local_versions), SUITE_CASE(local_version_needs_no_network),
           SUITE_CASE(new_versions_replace_the_old_also_when_registered_anew),
           SUITE_CASE(refused_versions_change_nothing), SUITE_CASE(versions_without_a_silo_are_refused),
           SUITE_CASE(second_silo_on_one_client_is_refused), SUITE_CASE(find_shows_every_member_of_the_answer),
           SUITE_CASE(empty_find_is_ok_and_has_a_reason), SUITE_CASE(capabilities_of_one_silo_are_sorted_and_whole),
           SUITE_CASE(list_of_capabilities_joins_all_pages), SUITE_CASE(refusal_reaches_the_caller_and_the_client),
           SUITE_CASE(call_options_set_deadline_and_waiting),
           SUITE_CASE(endpoint_that_leaves_a_patient_call_without_answer_is_left),
           SUITE_CASE(question_whose_connection_breaks_is_asked_again),
           SUITE_CASE(tracker_that_comes_or_goes_is_left_for_another), SUITE_CASE(free_cancels_what_is_under_way),
           SUITE_CASE(threads_share_a_client), SUITE_CASE(callbacks_that_call_the_library_are_refused),
           SUITE_CASE(bad_options_are_refused_with_the_field))
