#include "qvt/qvt.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"
#include "tests/unit/client/tracker.h"

static qvt_registration read_registration(const qvt_client *client)
{
    qvt_registration registration = QVT_REGISTRATION_INIT;
    CU_ASSERT_EQUAL(qvt_client_read_registration(client, &registration), QVT_OK);
    return registration;
}

static void lease_is_held_from_the_registration_on(void)
{
    qvt_client *client = tracker_connect(NULL);
    qvt_silo_options silo = a_silo();
    CU_ASSERT_FALSE(read_registration(client).is_lease_held);
    CU_ASSERT_EQUAL(qvt_client_register(client, &silo, NULL), QVT_OK);
    CU_ASSERT(read_registration(client).is_lease_held);
    pthread_mutex_lock(&tracker.lock);
    AWAIT(tracker.leases_held == 1);
    pthread_mutex_unlock(&tracker.lock);
    qvt_client_free(client);
    CU_ASSERT_EQUAL(tracker.leases_lost, 0);
}

static void silent_tracker_loses_the_lease_after_a_ttl_and_its_answer_brings_it_back(void)
{
    qvt_client *client = tracker_connect_silo(NULL);
    pthread_mutex_lock(&tracker.lock);
    tracker.hold_heartbeats = true;
    AWAIT(tracker.leases_lost == 1);
    pthread_mutex_unlock(&tracker.lock);
    CU_ASSERT_FALSE(read_registration(client).is_lease_held);
    CU_ASSERT_EQUAL(read_registration(client).state, QVT_SILO_REGISTERED);
    pthread_mutex_lock(&tracker.lock);
    tracker.hold_heartbeats = false;
    AWAIT(tracker.leases_held == 2);
    CU_ASSERT_EQUAL(tracker.registers, 1);
    pthread_mutex_unlock(&tracker.lock);
    CU_ASSERT(read_registration(client).is_lease_held);
    qvt_client_free(client);
}

static void answers_that_confirm_nothing_do_not_keep_the_lease(void)
{
    qvt_client *client = tracker_connect_silo(NULL);
    pthread_mutex_lock(&tracker.lock);
    tracker.remaining_ms = 0;
    AWAIT(tracker.leases_lost >= 1);
    tracker.remaining_ms = TTL_MS;
    AWAIT(tracker.leases_held >= 2);
    pthread_mutex_unlock(&tracker.lock);
    qvt_client_free(client);
}

static void lost_silo_tells_of_its_lease_before_it_registers_anew(void)
{
    qvt_client *client = tracker_connect_silo(NULL);
    pthread_mutex_lock(&tracker.lock);
    tracker.knows_silo = false;
    AWAIT(tracker.leases_held == 2);
    CU_ASSERT_EQUAL(tracker.leases_lost, 1);
    CU_ASSERT_EQUAL(tracker.registers, 2);
    pthread_mutex_unlock(&tracker.lock);
    qvt_client_free(client);
}

static void on_registered_late(void *data, const qvt_error *error)
{
    CU_ASSERT_EQUAL(error->status, QVT_OK);
    pthread_mutex_lock(&tracker.lock);
    tracker.hold_heartbeats = true;
    CU_ASSERT(tracker.leases_lost >= 1);
    pthread_mutex_unlock(&tracker.lock);
    tracker_count(data);
}

static void registration_whose_answer_took_longer_than_the_lease_grants_none(void)
{
    qvt_silo_options silo = a_silo();
    unsigned ends = 0;
    qvt_client *client = tracker_connect_silo(NULL);
    pthread_mutex_lock(&tracker.lock);
    tracker.delay_registers_ms = TTL_MS + TTL_MS / 2;
    pthread_mutex_unlock(&tracker.lock);
    CU_ASSERT_EQUAL(qvt_client_register_async(client, &silo, NULL, on_registered_late, &ends), QVT_OK);
    pthread_mutex_lock(&tracker.lock);
    AWAIT(ends == 1);
    pthread_mutex_unlock(&tracker.lock);
    CU_ASSERT_FALSE(read_registration(client).is_lease_held);
    qvt_client_free(client);
}

static void superseded_silo_has_lost_its_lease_for_good(void)
{
    qvt_client *client = tracker_connect_silo(NULL);
    pthread_mutex_lock(&tracker.lock);
    tracker.heartbeat_status = QVT_ABORTED;
    AWAIT(tracker.state == QVT_SILO_SUPERSEDED);
    CU_ASSERT_EQUAL(tracker.leases_lost, 1);
    CU_ASSERT_EQUAL(tracker.leases_held, 1);
    pthread_mutex_unlock(&tracker.lock);
    qvt_client_free(client);
}

static void unregistering_loses_no_lease(void)
{
    qvt_client *client = tracker_connect_silo(NULL);
    CU_ASSERT_EQUAL(qvt_client_unregister(client, NULL), QVT_OK);
    CU_ASSERT_FALSE(read_registration(client).is_lease_held);
    qvt_client_free(client);
    CU_ASSERT_EQUAL(tracker.leases_lost, 0);
}

static void know_two_endpoints(qvt_client_options *options)
{
    options->endpoint_count = 2;
}

/* A TTL in which an answer is never late. */
static qvt_client *connect_calmly(void (*adjust)(qvt_client_options *options))
{
    qvt_silo_options silo = a_silo();
    qvt_client *client = tracker_connect(adjust);
    tracker.ttl_ms = 1500;
    tracker.remaining_ms = 500;
    CU_ASSERT_EQUAL_FATAL(qvt_client_register(client, &silo, NULL), QVT_OK);
    return client;
}

static void endpoint_that_cannot_confirm_half_of_the_lease_is_left_for_another(void)
{
    unsigned before = fake_rpc_left_endpoints();
    qvt_client *client = connect_calmly(know_two_endpoints);
    pthread_mutex_lock(&tracker.lock);
    AWAIT(tracker.heartbeats >= 3);
    pthread_mutex_unlock(&tracker.lock);
    CU_ASSERT(fake_rpc_left_endpoints() >= before + 2);
    qvt_client_free(client);
}

static void only_endpoint_is_not_left_for_itself(void)
{
    unsigned before = fake_rpc_left_endpoints();
    qvt_client *client = connect_calmly(NULL);
    pthread_mutex_lock(&tracker.lock);
    AWAIT(tracker.heartbeats >= 3);
    pthread_mutex_unlock(&tracker.lock);
    CU_ASSERT_EQUAL(fake_rpc_left_endpoints(), before);
    qvt_client_free(client);
}

static void endpoint_that_refuses_heartbeats_is_left_for_another(void)
{
    unsigned before = fake_rpc_left_endpoints();
    qvt_client *client = tracker_connect_silo(know_two_endpoints);
    pthread_mutex_lock(&tracker.lock);
    tracker.heartbeat_status = QVT_UNAVAILABLE;
    AWAIT(tracker.heartbeats >= 3);
    pthread_mutex_unlock(&tracker.lock);
    CU_ASSERT(fake_rpc_left_endpoints() > before);
    qvt_client_free(client);
}

static void heartbeats_report_health_as_long_as_there_is_one(void)
{
    qvt_health health = {37.5, 50, 2};
    qvt_client *client = tracker_connect(NULL);
    qvt_silo_options silo = a_silo();
    qvt_client_set_health(client, &health);
    CU_ASSERT_EQUAL(qvt_client_register(client, &silo, NULL), QVT_OK);
    pthread_mutex_lock(&tracker.lock);
    AWAIT(tracker.cpu_percent == 37.5);
    qvt_client_set_health(client, NULL);
    AWAIT(tracker.cpu_percent == -1);
    pthread_mutex_unlock(&tracker.lock);
    qvt_client_free(client);
}

SUITE_MAIN("client/lease", SUITE_CASE(lease_is_held_from_the_registration_on),
           SUITE_CASE(silent_tracker_loses_the_lease_after_a_ttl_and_its_answer_brings_it_back),
           SUITE_CASE(answers_that_confirm_nothing_do_not_keep_the_lease),
           SUITE_CASE(lost_silo_tells_of_its_lease_before_it_registers_anew),
           SUITE_CASE(registration_whose_answer_took_longer_than_the_lease_grants_none),
           SUITE_CASE(superseded_silo_has_lost_its_lease_for_good), SUITE_CASE(unregistering_loses_no_lease),
           SUITE_CASE(endpoint_that_cannot_confirm_half_of_the_lease_is_left_for_another),
           SUITE_CASE(only_endpoint_is_not_left_for_itself),
           SUITE_CASE(endpoint_that_refuses_heartbeats_is_left_for_another),
           SUITE_CASE(heartbeats_report_health_as_long_as_there_is_one))
