#include "qvt/qvt.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"
#include "tests/unit/client/tracker.h"

/* What callbacks leave behind, under the tracker's lock. */
static struct {
    unsigned ends;
    qvt_error error;
    qvt_find_result *found;
    qvt_capabilities *capabilities;
} seen;
static qvt_client *at_hand;

static void note(const qvt_error *error)
{
    pthread_mutex_lock(&tracker.lock);
    seen.error = *error;
    pthread_mutex_unlock(&tracker.lock);
    tracker_count(&seen.ends);
}

static void on_found(void *data, qvt_find_result *result, const qvt_error *error)
{
    *(qvt_find_result **)data = result;
    note(error);
}

static void on_capabilities(void *data, qvt_capabilities *capabilities, const qvt_error *error)
{
    *(qvt_capabilities **)data = capabilities;
    note(error);
}

static void on_written(void *data, const qvt_error *error)
{
    (void)data;
    note(error);
}

static qvt_client *start(void)
{
    qvt_client *client = tracker_connect(NULL);
    memset(&seen, 0, sizeof seen);
    return client;
}

static void await_ends(unsigned count)
{
    pthread_mutex_lock(&tracker.lock);
    AWAIT(seen.ends >= count);
    CU_ASSERT_EQUAL(seen.ends, count);
    pthread_mutex_unlock(&tracker.lock);
}

static void writes_end_in_the_order_in_which_they_were_called(void)
{
    static const qvt_actor_version later = {.actor_type = "Order", .version = "3.0.0"};
    char version[QVT_VERSION_MAX + 1];
    qvt_silo_options silo = a_silo();
    qvt_client *client = start();
    CU_ASSERT_EQUAL(qvt_client_register_async(client, &silo, NULL, on_written, NULL), QVT_OK);
    CU_ASSERT_EQUAL(qvt_client_set_versions_async(client, &later, 1, NULL, on_written, NULL), QVT_OK);
    await_ends(2);
    CU_ASSERT_EQUAL(seen.error.status, QVT_OK);
    CU_ASSERT_EQUAL(qvt_client_local_version(version, sizeof version, client, "Order"), QVT_OK);
    EXPECT_TEXT(version, "3.0.0");
    CU_ASSERT_EQUAL(qvt_client_unregister_async(client, NULL, on_written, NULL), QVT_OK);
    await_ends(3);
    CU_ASSERT_EQUAL(tracker.unregisters, 1);
    qvt_client_free(client);
}

static void questions_give_their_result_to_the_callback(void)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    qvt_client *client = start();
    CU_ASSERT_EQUAL(qvt_client_find_async(client, &request, NULL, on_found, &seen.found), QVT_OK);
    await_ends(1);
    CU_ASSERT_EQUAL(qvt_find_result_empty_reason(seen.found), QVT_EMPTY_UNKNOWN_TYPE);
    qvt_find_result_free(seen.found);
    CU_ASSERT_EQUAL(qvt_client_list_capabilities_async(client, NULL, on_capabilities, &seen.capabilities), QVT_OK);
    await_ends(2);
    CU_ASSERT_EQUAL(qvt_capabilities_count(seen.capabilities), 3);
    qvt_capabilities_free(seen.capabilities);
    CU_ASSERT_EQUAL(qvt_client_silo_capabilities_async(client, "silo-1", NULL, on_capabilities, &seen.capabilities),
                    QVT_OK);
    await_ends(3);
    CU_ASSERT_PTR_NULL(seen.capabilities);
    CU_ASSERT_EQUAL(seen.error.status, QVT_NOT_FOUND);
    EXPECT_TEXT(seen.error.reason, "NO_VERSIONS");
    qvt_error last;
    qvt_client_last_error(client, &last);
    CU_ASSERT_EQUAL(last.status, QVT_NOT_FOUND);
    qvt_client_free(client);
}

static void deadline_of_a_call_ends_it(void)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    qvt_client *client = start();
    call.timeout_ms = 20;
    tracker.hold_finds = true;
    CU_ASSERT_EQUAL(qvt_client_find_async(client, &request, &call, on_found, &seen.found), QVT_OK);
    await_ends(1);
    CU_ASSERT_EQUAL(seen.error.status, QVT_DEADLINE_EXCEEDED);
    CU_ASSERT_PTR_NULL(seen.found);
    qvt_client_free(client);
}

static void what_cannot_begin_never_calls_back(void)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    qvt_silo_options silo = a_silo();
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    qvt_error error;
    qvt_client *client = start();
    call.error = &error;
    request.size = 1;
    silo.size = 2;
    CU_ASSERT_EQUAL(qvt_client_find_async(client, &request, &call, on_found, &seen.found), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(error.field, "size");
    CU_ASSERT_EQUAL(qvt_client_register_async(client, &silo, &call, on_written, NULL), QVT_INVALID_ARGUMENT);
    call.size = 3;
    CU_ASSERT_EQUAL(qvt_client_unregister_async(client, &call, on_written, NULL), QVT_INVALID_ARGUMENT);
    qvt_client_free(client);
    CU_ASSERT_EQUAL(seen.ends, 0);
}

static void ask_again(void *data, qvt_find_result *result, const qvt_error *error)
{
    unsigned *left = data;
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    qvt_find_result_free(result);
    if (--*left > 0) {
        CU_ASSERT_EQUAL(qvt_client_find_async(at_hand, &request, NULL, ask_again, left), QVT_OK);
    }
    note(error);
}

static void callback_may_begin_the_next_call(void)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    unsigned left = 5;
    at_hand = start();
    CU_ASSERT_EQUAL(qvt_client_find_async(at_hand, &request, NULL, ask_again, &left), QVT_OK);
    await_ends(5);
    qvt_client_free(at_hand);
}

static qvt_status refused;

static void block(void *data, qvt_find_result *result, const qvt_error *error)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    qvt_find_result *found = NULL;
    (void)data;
    qvt_find_result_free(result);
    refused = qvt_client_find(&found, at_hand, &request, NULL);
    CU_ASSERT_PTR_NULL(found);
    note(error);
}

static void callback_that_would_block_is_refused(void)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    at_hand = start();
    CU_ASSERT_EQUAL(qvt_client_find_async(at_hand, &request, NULL, block, NULL), QVT_OK);
    await_ends(1);
    CU_ASSERT_EQUAL(refused, QVT_FAILED_PRECONDITION);
    qvt_client_free(at_hand);
}

static void begin_after_the_end(void *data, qvt_find_result *result, const qvt_error *error)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    (void)data;
    qvt_find_result_free(result);
    refused = qvt_client_find_async(at_hand, &request, NULL, on_found, &seen.found);
    note(error);
}

static void freeing_cancels_what_is_under_way_and_begins_nothing_new(void)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    at_hand = start();
    tracker.hold_finds = true;
    CU_ASSERT_EQUAL(qvt_client_find_async(at_hand, &request, NULL, begin_after_the_end, NULL), QVT_OK);
    pthread_mutex_lock(&tracker.lock);
    AWAIT(tracker.finds == 1);
    pthread_mutex_unlock(&tracker.lock);
    qvt_client_free(at_hand);
    CU_ASSERT_EQUAL(seen.ends, 1);
    CU_ASSERT_EQUAL(seen.error.status, QVT_CANCELLED);
    CU_ASSERT_EQUAL(refused, QVT_CANCELLED);
}

static void freeing_cancels_writes_that_wait_and_still_unregisters(void)
{
    qvt_silo_options silo = a_silo();
    qvt_client *client = start();
    CU_ASSERT_EQUAL(qvt_client_register(client, &silo, NULL), QVT_OK);
    for (int i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(qvt_client_set_versions_async(client, two_versions, 2, NULL, on_written, NULL), QVT_OK);
    }
    qvt_client_free(client);
    CU_ASSERT_EQUAL(seen.ends, 10);
    CU_ASSERT_EQUAL(tracker.unregisters, 1);
}

static void make_impatient(qvt_client_options *options)
{
    options->default_timeout_ms = 50;
}

/* The tracker may have got it, so that freeing waits for its answer, but not for ever. */
static void freeing_gives_up_a_registration_without_answer(void)
{
    qvt_silo_options silo = a_silo();
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    memset(&seen, 0, sizeof seen);
    qvt_client *client = tracker_connect(make_impatient);
    call.timeout_ms = PATIENCE_S * 1000;
    tracker.hold_registers = true;
    CU_ASSERT_EQUAL(qvt_client_register_async(client, &silo, &call, on_written, NULL), QVT_OK);
    pthread_mutex_lock(&tracker.lock);
    AWAIT(tracker.registers == 1);
    pthread_mutex_unlock(&tracker.lock);
    qvt_client_free(client);
    CU_ASSERT_EQUAL(seen.ends, 1);
    CU_ASSERT_EQUAL(seen.error.status, QVT_CANCELLED);
    CU_ASSERT_EQUAL(tracker.unregisters, 0);
}

static void free_itself(void *data, qvt_find_result *result, const qvt_error *error)
{
    (void)data;
    qvt_find_result_free(result);
    qvt_client_free(at_hand);
    note(error);
}

static unsigned freed;

static void on_freed(void *data)
{
    (void)data;
    tracker_count(&freed);
}

static void tell_when_freed(qvt_client_options *options)
{
    options->on_freed = on_freed;
}

static void callback_may_free_its_client(void)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    memset(&seen, 0, sizeof seen);
    freed = 0;
    at_hand = tracker_connect_silo(tell_when_freed);
    CU_ASSERT_EQUAL(qvt_client_find_async(at_hand, &request, NULL, free_itself, NULL), QVT_OK);
    pthread_mutex_lock(&tracker.lock);
    AWAIT(freed == 1);
    CU_ASSERT_EQUAL(seen.ends, 1);
    CU_ASSERT_EQUAL(tracker.unregisters, 1);
    pthread_mutex_unlock(&tracker.lock);
}

SUITE_MAIN("client/async", SUITE_CASE(writes_end_in_the_order_in_which_they_were_called),
           SUITE_CASE(questions_give_their_result_to_the_callback), SUITE_CASE(deadline_of_a_call_ends_it),
           SUITE_CASE(what_cannot_begin_never_calls_back), SUITE_CASE(callback_may_begin_the_next_call),
           SUITE_CASE(callback_that_would_block_is_refused),
           SUITE_CASE(freeing_cancels_what_is_under_way_and_begins_nothing_new),
           SUITE_CASE(freeing_cancels_writes_that_wait_and_still_unregisters),
           SUITE_CASE(freeing_gives_up_a_registration_without_answer), SUITE_CASE(callback_may_free_its_client))
