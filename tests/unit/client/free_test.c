/* What callbacks begin and end while another thread's qvt_client_free waits for the loop. */
#include <sched.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "client/src/client.h"
#include "tests/support/suite.h"
#include "tests/unit/client/tracker.h"
#include "tests/unit/client/watch_answers.h"

static qvt_client *at_hand;
static qvt_watch *watch;
static pthread_t freeing;
static unsigned ends, closes, founds;
static qvt_status found_as, written_as, closed_as;

static void *free_client(void *data)
{
    qvt_client_free(data);
    return NULL;
}

static bool waits_for_its_turn(struct loop *loop, const struct job *job)
{
    bool is_there = false;
    uv_mutex_lock(&loop->lock);
    for (struct list *node = loop->inbox.next; node != &loop->inbox; node = node->next) {
        is_there = is_there || node == &job->node;
    }
    uv_mutex_unlock(&loop->lock);
    return is_there;
}

/* On the loop thread: returns once the other thread has asked for the end. */
static void let_another_thread_free(void)
{
    CU_ASSERT_EQUAL_FATAL(pthread_create(&freeing, NULL, free_client, at_hand), 0);
    while (!waits_for_its_turn(&at_hand->loop, &at_hand->leaving)) {
        sched_yield();
    }
}

static void on_closed(void *data, const qvt_error *error)
{
    (void)data;
    closed_as = error->status;
    tracker_count(&closes);
}

static void on_written(void *data, const qvt_error *error)
{
    (void)data;
    written_as = error->status;
    tracker_count(&ends);
}

static void on_found(void *data, qvt_find_result *result, const qvt_error *error)
{
    (void)data;
    found_as = error->status;
    qvt_find_result_free(result);
    tracker_count(&founds);
}

static void begin_all(void *data, qvt_find_result *result, const qvt_error *error)
{
    qvt_silo_options silo = a_silo();
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    qvt_watch_options options = QVT_WATCH_OPTIONS_INIT;
    (void)data;
    (void)error;
    qvt_find_result_free(result);
    options.on_closed = on_closed;
    request.actor_type = "Order";
    let_another_thread_free();
    CU_ASSERT_EQUAL(qvt_client_register_async(at_hand, &silo, NULL, on_written, NULL), QVT_OK);
    CU_ASSERT_EQUAL(qvt_client_find_async(at_hand, &request, NULL, on_found, NULL), QVT_OK);
    CU_ASSERT_EQUAL(qvt_client_watch(&watch, at_hand, &options, NULL), QVT_OK);
    tracker_count(&ends);
}

static void free_while_a_callback_begins(void)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    request.actor_type = "Order";
    ends = founds = closes = 0;
    CU_ASSERT_EQUAL(qvt_client_find_async(at_hand, &request, NULL, begin_all, NULL), QVT_OK);
    pthread_mutex_lock(&tracker.lock);
    AWAIT(ends >= 1);
    pthread_mutex_unlock(&tracker.lock);
    pthread_join(freeing, NULL);
    CU_ASSERT_EQUAL(ends, 2);
    CU_ASSERT_EQUAL(written_as, QVT_CANCELLED);
    CU_ASSERT_EQUAL(founds, 1);
    CU_ASSERT_EQUAL(found_as, QVT_CANCELLED);
    CU_ASSERT_EQUAL(closes, 1);
    CU_ASSERT_EQUAL(closed_as, QVT_CANCELLED);
}

static void what_a_callback_begins_then_is_cancelled(void)
{
    at_hand = tracker_connect(NULL);
    free_while_a_callback_begins();
    CU_ASSERT_EQUAL(tracker.registers, 0);
}

static void make_local(qvt_client_options *options)
{
    options->endpoint_count = 0;
}

static void and_so_it_is_with_the_local_tracker(void)
{
    at_hand = tracker_connect(make_local);
    CU_ASSERT_TRUE_FATAL(qvt_client_is_local(at_hand));
    free_while_a_callback_begins();
}

static void serve_one_walk(struct fake_call *call)
{
    if (call->is_first) {
        answer_watch_reset(&call->answer, STORE_ID, 5);
        answer_watch_end(&call->more[0], STORE_ID, 5);
    }
}

static void close_in_time(void *data, const qvt_position *position)
{
    (void)data;
    (void)position;
    let_another_thread_free();
    qvt_watch_close(watch);
    tracker_count(&ends);
}

static void watch_that_a_callback_closes_then_is_closed_once(void)
{
    qvt_watch_options options = QVT_WATCH_OPTIONS_INIT;
    ends = closes = 0;
    at_hand = tracker_connect(NULL);
    tracker.serve_watch = serve_one_walk;
    options.on_walk_end = close_in_time;
    options.on_closed = on_closed;
    CU_ASSERT_EQUAL_FATAL(qvt_client_watch(&watch, at_hand, &options, NULL), QVT_OK);
    pthread_mutex_lock(&tracker.lock);
    AWAIT(ends == 1);
    pthread_mutex_unlock(&tracker.lock);
    pthread_join(freeing, NULL);
    CU_ASSERT_EQUAL(closes, 1);
}

static qvt_watch *pair[2];

/* One that is not told yet is the application's still. */
static void close_the_other(void *data, const qvt_error *error)
{
    qvt_watch **self = data;
    qvt_watch **other = self == &pair[0] ? &pair[1] : &pair[0];
    (void)error;
    *self = NULL;
    qvt_watch_close(*other);
    tracker_count(&closes);
}

static void make_impatient(qvt_client_options *options)
{
    options->default_timeout_ms = 50;
}

/* The loop turns on meanwhile: freeing waits for a registration without answer. */
static void watch_that_ends_with_the_client_may_close_another(void)
{
    qvt_silo_options silo = a_silo();
    qvt_watch_options options = QVT_WATCH_OPTIONS_INIT;
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    ends = closes = 0;
    at_hand = tracker_connect(make_impatient);
    call.timeout_ms = PATIENCE_S * 1000;
    tracker.serve_watch = serve_one_walk;
    tracker.hold_registers = true;
    options.on_closed = close_the_other;
    for (size_t i = 0; i < 2; i++) {
        options.data = &pair[i];
        CU_ASSERT_EQUAL_FATAL(qvt_client_watch(&pair[i], at_hand, &options, NULL), QVT_OK);
    }
    CU_ASSERT_EQUAL(qvt_client_register_async(at_hand, &silo, &call, on_written, NULL), QVT_OK);
    pthread_mutex_lock(&tracker.lock);
    AWAIT(tracker.registers == 1);
    pthread_mutex_unlock(&tracker.lock);
    qvt_client_free(at_hand);
    CU_ASSERT_EQUAL(closes, 2);
    CU_ASSERT_EQUAL(ends, 1);
}

static const char *const types[] = {"Order"};

static void cache_a_type(qvt_client_options *options)
{
    options->cached_types = types;
    options->cached_type_count = 1;
    options->without_cache = false;
}

static void client_that_is_to_cache_may_be_freed_at_once(void)
{
    for (int i = 0; i < 50; i++) {
        qvt_client_free(tracker_connect(cache_a_type));
    }
}

SUITE_MAIN("client/free", SUITE_CASE(client_that_is_to_cache_may_be_freed_at_once),
           SUITE_CASE(what_a_callback_begins_then_is_cancelled), SUITE_CASE(and_so_it_is_with_the_local_tracker),
           SUITE_CASE(watch_that_a_callback_closes_then_is_closed_once),
           SUITE_CASE(watch_that_ends_with_the_client_may_close_another))
