#include "client/src/client.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "client/src/decode.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"
#include "tests/support/suite.h"
#include "tests/unit/client/tracker.h"
#include "tests/unit/client/watch_answers.h"

#define OTHER_STORE "ffffffffffffffffffffffffffffffff"

enum { READERS = 32, LIVES = 1000, STORM_CHANGES = 300, MANY = 20 };

/* What the watch heard; under the tracker's lock. */
static uint64_t acknowledged, counted;
static unsigned walks, streams;
static char types[128];
static uint64_t last_change; /* up to which serve_changes goes on */

static bool note_type(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    char text[64] = "";
    (void)field;
    (void)arg;
    if (stream->bytes_left >= sizeof text || !pb_read(stream, (pb_byte_t *)text, stream->bytes_left)) {
        return false;
    }
    size_t len = strlen(types);
    snprintf(types + len, sizeof types - len, "%s ", text);
    return true;
}

static bool note_count(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    quark_version_v1_DemandCount count = quark_version_v1_DemandCount_init_zero;
    (void)field;
    (void)arg;
    if (!pb_decode(stream, quark_version_v1_DemandCount_fields, &count)) {
        return false;
    }
    counted += count.finds;
    return true;
}

static void hear(struct fake_call *call)
{
    quark_version_v1_WatchRequest request = quark_version_v1_WatchRequest_init_zero;
    types[call->is_first ? 0 : strlen(types)] = '\0';
    request.actor_types = decode_each(note_type, NULL);
    request.counts = decode_each(note_count, NULL);
    CU_ASSERT_EQUAL_FATAL(decode_message(call->request, quark_version_v1_WatchRequest_fields, &request, NULL), QVT_OK);
    walks += call->is_first && !request.has_resume_after;
    streams += call->is_first;
    acknowledged = request.has_acknowledged ? request.acknowledged.revision : acknowledged;
}

/* One host in the walk at revision 5; then, as each is acknowledged, changes of it to version N.0.0 up to the last. */
static void serve_changes(struct fake_call *call)
{
    char version[32];
    hear(call);
    if (call->is_first) {
        answer_watch_reset(&call->answer, STORE_ID, 5);
        answer_watch_host(&call->more[0], "a", "5.0.0");
        answer_watch_end(&call->more[1], STORE_ID, 5);
    } else if (acknowledged >= 5 && acknowledged < last_change) {
        snprintf(version, sizeof version, "%llu.0.0", (unsigned long long)acknowledged + 1);
        answer_watch_host_change(&call->answer, STORE_ID, acknowledged + 1, "a", version);
    }
}

static qvt_client *connect_to(void (*serve)(struct fake_call *call), uint64_t last)
{
    qvt_client *client = tracker_connect(NULL);
    tracker.serve_watch = serve;
    acknowledged = 0;
    counted = 0;
    walks = 0;
    streams = 0;
    last_change = last;
    return client;
}

static qvt_find_request ask_for(const char *type)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    request.actor_type = type;
    return request;
}

/* Finds, and copies the only silo's version and the revision; the tracker's own answers have another number of silos. */
static bool find_local(qvt_client *client, const char *type, char version[32], qvt_answer *answer)
{
    qvt_find_request request = ask_for(type);
    qvt_find_result *result = NULL;
    CU_ASSERT_EQUAL_FATAL(qvt_client_find(&result, client, &request, NULL), QVT_OK);
    bool is_local = qvt_find_result_count(result) == 1;
    if (is_local) {
        snprintf(version, 32, "%s", qvt_find_result_silo(result, 0)->version);
    }
    *answer = *qvt_find_result_answer(result);
    qvt_find_result_free(result);
    return is_local;
}

/* Until the watch has shown what is found. */
static void await_local(qvt_client *client, const char *type)
{
    char version[32];
    qvt_answer answer;
    while (!find_local(client, type, version, &answer)) {}
}

static void await_acknowledged(uint64_t revision)
{
    pthread_mutex_lock(&tracker.lock);
    AWAIT(acknowledged >= revision);
    pthread_mutex_unlock(&tracker.lock);
}

static unsigned finds_of_tracker(void)
{
    pthread_mutex_lock(&tracker.lock);
    unsigned finds = tracker.finds;
    pthread_mutex_unlock(&tracker.lock);
    return finds;
}

static void first_find_of_a_type_asks_the_tracker_and_later_ones_do_not(void)
{
    char version[32];
    qvt_answer answer;
    qvt_client *client = connect_to(serve_changes, 5);
    CU_ASSERT_FALSE(find_local(client, "Order", version, &answer));
    CU_ASSERT_EQUAL(finds_of_tracker(), 1);
    await_acknowledged(5);
    unsigned before = finds_of_tracker();
    for (unsigned i = 0; i < 100; i++) {
        CU_ASSERT_TRUE(find_local(client, "Order", version, &answer));
        EXPECT_TEXT(version, "5.0.0");
        EXPECT_TEXT(answer.position.store_id, STORE_ID);
        CU_ASSERT_EQUAL(answer.position.revision, 5);
        CU_ASSERT_EQUAL(answer.position.token, 55);
        CU_ASSERT_EQUAL(answer.cache_ttl_ms, 10000);
        CU_ASSERT_FALSE(answer.is_aged || answer.is_stale);
    }
    CU_ASSERT_EQUAL(finds_of_tracker(), before);
    qvt_client_free(client);
    EXPECT_TEXT(types, "Order ");
}

static void another_type_is_watched_beside_the_first(void)
{
    qvt_client *client = connect_to(serve_changes, 5);
    await_local(client, "Order");
    await_local(client, "Cart");
    unsigned before = finds_of_tracker();
    await_local(client, "Order");
    CU_ASSERT_EQUAL(finds_of_tracker(), before);
    pthread_mutex_lock(&tracker.lock);
    CU_ASSERT_EQUAL(walks, 2);
    CU_ASSERT_EQUAL(strlen(types), strlen("Order Cart "));
    pthread_mutex_unlock(&tracker.lock);
    qvt_client_free(client);
}

static void adjust_types(qvt_client_options *options)
{
    static const char *const cached[] = {"Order"};
    options->cached_types = cached;
    options->cached_type_count = 1;
    tracker.serve_watch = serve_changes;
}

static void types_of_the_options_are_watched_from_the_start(void)
{
    char version[32];
    qvt_answer answer;
    last_change = 5;
    acknowledged = 0;
    qvt_client *client = tracker_connect(adjust_types);
    await_acknowledged(5);
    CU_ASSERT_TRUE(find_local(client, "Order", version, &answer));
    CU_ASSERT_EQUAL(finds_of_tracker(), 0);
    qvt_client_free(client);
}

static void find_begun_after_an_acknowledgement_uses_no_older_state(void)
{
    qvt_client *client = connect_to(serve_changes, 50);
    await_local(client, "Order");
    for (uint64_t revision = 6; revision <= 50; revision++) {
        char version[32];
        qvt_answer answer;
        await_acknowledged(revision);
        CU_ASSERT_TRUE(find_local(client, "Order", version, &answer));
        CU_ASSERT(answer.position.revision >= revision);
        CU_ASSERT(strtoull(version, NULL, 10) == answer.position.revision);
    }
    qvt_client_free(client);
}

static void linearizable_finds_and_positions_not_reached_are_the_trackers(void)
{
    qvt_client *client = connect_to(serve_changes, 5);
    await_local(client, "Order");
    await_acknowledged(5);
    unsigned before = finds_of_tracker();
    qvt_find_result *result;
    qvt_find_request request = ask_for("Order");
    request.linearizable = true;
    CU_ASSERT_EQUAL_FATAL(qvt_client_find(&result, client, &request, NULL), QVT_OK);
    qvt_find_result_free(result);
    CU_ASSERT_EQUAL(finds_of_tracker(), before + 1);
    qvt_position position = {STORE_ID, 6, 66};
    request = ask_for("Order");
    request.min_position = &position;
    CU_ASSERT_EQUAL_FATAL(qvt_client_find(&result, client, &request, NULL), QVT_OK);
    qvt_find_result_free(result);
    CU_ASSERT_EQUAL(finds_of_tracker(), before + 2);
    position = (qvt_position){STORE_ID, 5, 55};
    CU_ASSERT_EQUAL_FATAL(qvt_client_find(&result, client, &request, NULL), QVT_OK);
    qvt_find_result_free(result);
    CU_ASSERT_EQUAL(finds_of_tracker(), before + 2);
    qvt_client_free(client);
}

static void refused_finds_are_refused_here(void)
{
    qvt_error error;
    qvt_find_result *result;
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    qvt_find_request request = ask_for("Order");
    qvt_client *client = connect_to(serve_changes, 5);
    await_local(client, "Order");
    unsigned before = finds_of_tracker();
    call.error = &error;
    request.version = "1.0.x";
    CU_ASSERT_EQUAL(qvt_client_find(&result, client, &request, &call), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(error.field, "version");
    CU_ASSERT_EQUAL(finds_of_tracker(), before);
    request.version = "5.0.0";
    CU_ASSERT_EQUAL_FATAL(qvt_client_find(&result, client, &request, &call), QVT_OK);
    CU_ASSERT_EQUAL(error.status, QVT_OK);
    CU_ASSERT_EQUAL(qvt_find_result_count(result), 1);
    qvt_find_result_free(result);
    qvt_client_free(client);
}

static void capabilities_of_a_silo_that_is_watched_come_from_the_snapshot(void)
{
    qvt_capabilities *capabilities;
    qvt_client *client = connect_to(serve_changes, 5);
    await_local(client, "Order");
    CU_ASSERT_EQUAL_FATAL(qvt_client_silo_capabilities(&capabilities, client, "a", NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_capabilities_count(capabilities), 1);
    const qvt_silo_versions *silo = qvt_capabilities_silo(capabilities, 0);
    EXPECT_TEXT(silo->silo_id, "a");
    CU_ASSERT_EQUAL(silo->incarnation, 7);
    CU_ASSERT_EQUAL_FATAL(silo->version_count, 2);
    EXPECT_TEXT(qvt_capabilities_find(capabilities, 0, "Cart")->version, "5.0.0");
    CU_ASSERT_EQUAL(qvt_capabilities_answer(capabilities)->position.revision, 5);
    qvt_client_free(client);
    EXPECT_TEXT(qvt_capabilities_find(capabilities, 0, "Order")->version, "5.0.0");
    qvt_capabilities_free(capabilities);
}

static void results_outlive_snapshots_and_client(void)
{
    qvt_find_result *results[MANY];
    qvt_find_request request = ask_for("Order");
    qvt_client *client = connect_to(serve_changes, 5);
    await_local(client, "Order");
    for (size_t i = 0; i < MANY; i++) {
        CU_ASSERT_EQUAL_FATAL(qvt_client_find(&results[i], client, &request, NULL), QVT_OK);
    }
    pthread_mutex_lock(&tracker.lock);
    last_change = 60;
    pthread_mutex_unlock(&tracker.lock);
    await_local(client, "Cart"); /* the new walk is acknowledged, and changes begin */
    await_acknowledged(60);
    qvt_client_free(client);
    for (size_t i = 0; i < MANY; i++) {
        EXPECT_TEXT(qvt_find_result_silo(results[i], 0)->version, "5.0.0");
        CU_ASSERT_EQUAL(qvt_find_result_answer(results[i])->position.revision, 5);
        qvt_find_result_free(results[i]);
    }
}

static void demand_is_reported_on_the_watch(void)
{
    char version[32];
    qvt_answer answer;
    qvt_client *client = connect_to(serve_changes, 5);
    client->cache.report_us = 0;
    client->cache.tick_ms = 20;
    await_local(client, "Order");
    pthread_mutex_lock(&tracker.lock);
    uint64_t before = counted;
    pthread_mutex_unlock(&tracker.lock);
    for (unsigned i = 0; i < 50; i++) {
        CU_ASSERT_TRUE(find_local(client, "Order", version, &answer));
    }
    pthread_mutex_lock(&tracker.lock);
    AWAIT(counted >= before + 50);
    pthread_mutex_unlock(&tracker.lock);
    qvt_client_free(client);
}

static void serve_and_break(struct fake_call *call)
{
    hear(call);
    if (call->is_first && walks == 1) {
        answer_watch_reset(&call->answer, STORE_ID, 5);
        answer_watch_host(&call->more[0], "a", "5.0.0");
        answer_watch_end(&call->more[1], STORE_ID, 5);
        qvt_error_set(&call->error, QVT_UNAVAILABLE, NULL, "gone");
    } else {
        call->hold = true;
    }
}

static void answers_go_on_with_their_age_when_the_tracker_is_gone(void)
{
    char version[32];
    qvt_answer answer = {.is_aged = false};
    qvt_client *client = connect_to(serve_and_break, 5);
    client->cache.tick_ms = 20;
    await_local(client, "Order");
    unsigned before = finds_of_tracker();
    while (answer.age_ms == 0) {
        CU_ASSERT_TRUE_FATAL(find_local(client, "Order", version, &answer));
    }
    CU_ASSERT_TRUE(answer.is_aged);
    CU_ASSERT_FALSE(answer.is_stale);
    CU_ASSERT_EQUAL(answer.position.revision, 5);
    EXPECT_TEXT(version, "5.0.0");
    CU_ASSERT_EQUAL(finds_of_tracker(), before);
    qvt_client_free(client);
}

/* The first stream ends after its walk; the second is another store. */
static void serve_two_stores(struct fake_call *call)
{
    static const char *const stores[] = {STORE_ID, OTHER_STORE};
    hear(call);
    if (!call->is_first) {
        return;
    }
    bool is_first_store = streams == 1;
    const char *store_id = stores[is_first_store ? 0 : 1];
    answer_watch_reset(&call->answer, store_id, is_first_store ? 5 : 2);
    answer_watch_host(&call->more[0], "a", is_first_store ? "5.0.0" : "2.0.0");
    answer_watch_end(&call->more[1], store_id, is_first_store ? 5 : 2);
    if (is_first_store) {
        qvt_error_set(&call->error, QVT_UNAVAILABLE, NULL, "gone");
    }
}

static void another_store_is_believed_after_one_ttl(void)
{
    char version[32];
    qvt_answer answer = {.is_stale = false};
    bool was_stale = false;
    qvt_client *client = connect_to(serve_two_stores, 5);
    qvt_silo_options silo = a_silo();
    client->cache.tick_ms = 20;
    CU_ASSERT_EQUAL_FATAL(qvt_client_register(client, &silo, NULL), QVT_OK); /* with TTL_MS */
    await_local(client, "Order");
    do {
        CU_ASSERT_TRUE_FATAL(find_local(client, "Order", version, &answer));
        was_stale = was_stale || answer.is_stale;
        EXPECT_TEXT(version, strcmp(answer.position.store_id, STORE_ID) == 0 ? "5.0.0" : "2.0.0");
    } while (strcmp(answer.position.store_id, OTHER_STORE) != 0);
    CU_ASSERT_TRUE(was_stale);
    CU_ASSERT_FALSE(answer.is_stale);
    CU_ASSERT_EQUAL(answer.position.revision, 2);
    qvt_client_free(client);
}

static void serve_refusal(struct fake_call *call)
{
    qvt_error_set(&call->error, QVT_UNIMPLEMENTED, NULL, "no watch here");
}

static void tracker_without_watch_is_asked_each_time(void)
{
    char version[32];
    qvt_answer answer;
    qvt_client *client = connect_to(serve_refusal, 5);
    for (unsigned i = 1; i <= 50; i++) {
        CU_ASSERT_FALSE(find_local(client, "Order", version, &answer));
        CU_ASSERT_EQUAL(finds_of_tracker(), i);
    }
    qvt_client_free(client);
}

static void serve_after_two_denials(struct fake_call *call)
{
    if (call->is_first && streams < 2) {
        streams++;
        qvt_error_set(&call->error, QVT_UNAUTHENTICATED, "TOKEN_UNKNOWN", "who?");
    } else {
        serve_changes(call);
    }
}

static void try_often(qvt_client_options *options)
{
    options->reconnect_max_ms = 20;
}

static void snapshot_comes_when_the_caller_is_admitted(void)
{
    qvt_client *client = tracker_connect(try_often);
    tracker.serve_watch = serve_after_two_denials;
    acknowledged = streams = walks = 0;
    last_change = 5;
    await_local(client, "Order");
    qvt_client_free(client);
    CU_ASSERT(streams >= 3);
}

struct asked {
    qvt_client *client;
    atomic_uint answers;
    qvt_status blocking;
};

static void on_found(void *data, qvt_find_result *result, const qvt_error *error)
{
    struct asked *asked = data;
    qvt_find_request request = ask_for("Order");
    qvt_find_result *again = NULL;
    CU_ASSERT_EQUAL(error->status, QVT_OK);
    CU_ASSERT_EQUAL(qvt_find_result_count(result), 1);
    qvt_find_result_free(result);
    asked->blocking = qvt_client_find(&again, asked->client, &request, NULL);
    qvt_find_result_free(again);
    atomic_fetch_add(&asked->answers, 1);
}

static void callbacks_get_local_answers_and_may_find(void)
{
    struct asked asked = {.blocking = QVT_UNKNOWN};
    qvt_find_request request = ask_for("Order");
    asked.client = connect_to(serve_changes, 5);
    await_local(asked.client, "Order");
    await_acknowledged(5);
    CU_ASSERT_EQUAL_FATAL(qvt_client_find_async(asked.client, &request, NULL, on_found, &asked), QVT_OK);
    while (atomic_load(&asked.answers) == 0) {}
    CU_ASSERT_EQUAL(asked.blocking, QVT_OK);
    qvt_client_free(asked.client);
}

static atomic_bool is_over;

/* Versions and revisions only grow, and belong together. */
static void *read_on(void *data)
{
    uint64_t seen = 0;
    while (!atomic_load(&is_over)) {
        char version[32];
        qvt_answer answer;
        if (!find_local(data, "Order", version, &answer)) {
            return data;
        }
        if (strtoull(version, NULL, 10) != answer.position.revision || answer.position.revision < seen) {
            return data;
        }
        seen = answer.position.revision;
        (void)sched_yield(); /* one loop feeds them all */
    }
    return NULL;
}

static void readers_see_each_state_whole_while_changes_storm(void)
{
    pthread_t threads[READERS];
    qvt_client *client = connect_to(serve_changes, STORM_CHANGES);
    await_local(client, "Order");
    atomic_store(&is_over, false);
    for (size_t i = 0; i < READERS; i++) {
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, read_on, client), 0);
    }
    await_acknowledged(STORM_CHANGES);
    atomic_store(&is_over, true);
    for (size_t i = 0; i < READERS; i++) {
        void *failed = client;
        pthread_join(threads[i], &failed);
        CU_ASSERT_PTR_NULL(failed);
    }
    qvt_client_free(client);
}

/* The leak checker looks at what they leave behind. */
static void a_thousand_lives_leave_nothing_behind(void)
{
    for (unsigned i = 0; i < LIVES; i++) {
        char version[32];
        qvt_answer answer;
        qvt_client *client = connect_to(serve_changes, 5);
        (void)find_local(client, "Order", version, &answer);
        if (i % 10 == 0) {
            await_local(client, "Order");
        }
        qvt_client_free(client);
    }
}

static void forked_child_is_refused(void)
{
    qvt_client *client = connect_to(serve_changes, 5);
    await_local(client, "Order");
    pid_t child = fork();
    if (child == 0) {
        qvt_error error;
        qvt_find_result *result;
        qvt_call_options call = QVT_CALL_OPTIONS_INIT;
        qvt_find_request request = ask_for("Order");
        call.error = &error;
        bool refused = qvt_client_find(&result, client, &request, &call) == QVT_FAILED_PRECONDITION &&
                       strcmp(error.reason, "FORKED") == 0 &&
                       qvt_client_find(&result, client, &request, NULL) == QVT_FAILED_PRECONDITION &&
                       qvt_client_unregister(client, NULL) == QVT_FAILED_PRECONDITION;
        qvt_client_free(client);
        _exit(refused ? 0 : 1);
    }
    int status = -1;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    await_local(client, "Order");
    qvt_client_free(client);
}

SUITE_MAIN("client/cache", SUITE_CASE(first_find_of_a_type_asks_the_tracker_and_later_ones_do_not),
           SUITE_CASE(another_type_is_watched_beside_the_first),
           SUITE_CASE(types_of_the_options_are_watched_from_the_start),
           SUITE_CASE(find_begun_after_an_acknowledgement_uses_no_older_state),
           SUITE_CASE(linearizable_finds_and_positions_not_reached_are_the_trackers),
           SUITE_CASE(refused_finds_are_refused_here), SUITE_CASE(snapshot_comes_when_the_caller_is_admitted),
           SUITE_CASE(capabilities_of_a_silo_that_is_watched_come_from_the_snapshot),
           SUITE_CASE(results_outlive_snapshots_and_client), SUITE_CASE(demand_is_reported_on_the_watch),
           SUITE_CASE(answers_go_on_with_their_age_when_the_tracker_is_gone),
           SUITE_CASE(another_store_is_believed_after_one_ttl), SUITE_CASE(tracker_without_watch_is_asked_each_time),
           SUITE_CASE(callbacks_get_local_answers_and_may_find),
           SUITE_CASE(readers_see_each_state_whole_while_changes_storm),
           SUITE_CASE(a_thousand_lives_leave_nothing_behind), SUITE_CASE(forked_child_is_refused))
