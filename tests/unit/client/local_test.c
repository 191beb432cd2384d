/* The local tracker (SPEC §9.1) through the public interface; that it answers as one of the cluster is tested by
 * tests/integration/libqvt/alike.c. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "qvt/qvt.h"
#include "tests/support/suite.h"

#define PATIENCE_S 60
#define SHORT_TTL_MS 2000

QVT_ACTOR_TYPE(LocalActor);

/* Everything under the lock, signalled by every callback. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

#define AWAIT(condition)                                                                                               \
    do {                                                                                                               \
        struct timespec until;                                                                                         \
        clock_gettime(CLOCK_REALTIME, &until);                                                                         \
        until.tv_sec += PATIENCE_S;                                                                                    \
        int late = 0;                                                                                                  \
        pthread_mutex_lock(&lock);                                                                                     \
        while (!(condition) && late == 0) {                                                                            \
            late = pthread_cond_timedwait(&changed, &lock, &until);                                                    \
        }                                                                                                              \
        pthread_mutex_unlock(&lock);                                                                                   \
        CU_ASSERT_FATAL(late == 0);                                                                                    \
    } while (0)

static void begin(void)
{
    pthread_mutex_lock(&lock);
}

static void end(void)
{
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static qvt_client *connect_to(const char *cluster, void (*adjust)(qvt_client_options *options))
{
    qvt_client *client = NULL;
    qvt_client_options options = QVT_CLIENT_OPTIONS_INIT;
    options.cluster = cluster;
    options.without_cache = true;
    if (adjust != NULL) {
        adjust(&options);
    }
    CU_ASSERT_EQUAL_FATAL(qvt_client_new(&client, &options, NULL), QVT_OK);
    return client;
}

static qvt_status enter(qvt_client *client, const char *silo_id, const char *version, qvt_error *error)
{
    qvt_actor_version order = {.actor_type = "Order", .version = version};
    qvt_silo_options silo = QVT_SILO_OPTIONS_INIT;
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    silo.silo_id = silo_id;
    silo.address = "10.0.0.1";
    silo.port = 9000;
    silo.versions = &order;
    silo.version_count = 1;
    silo.lease_ttl_ms = SHORT_TTL_MS;
    call.error = error;
    return qvt_client_register(client, &silo, &call);
}

/* How many silos are found, and at which position. */
static size_t count_found(qvt_client *client, qvt_position *position)
{
    qvt_find_result *result = NULL;
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    request.actor_type = "Order";
    CU_ASSERT_EQUAL_FATAL(qvt_client_find(&result, client, &request, NULL), QVT_OK);
    size_t count = qvt_find_result_count(result);
    if (position != NULL) {
        *position = qvt_find_result_answer(result)->position;
    }
    qvt_find_result_free(result);
    return count;
}

static void without_endpoints_the_local_tracker_answers(void)
{
    static const char *const nowhere = "127.0.0.1:1";
    qvt_client_options options = QVT_CLIENT_OPTIONS_INIT;
    qvt_client *client = NULL;
    setenv("QVT_ENDPOINTS", " , ", 1);
    client = connect_to(NULL, NULL);
    CU_ASSERT(qvt_client_is_local(client));
    CU_ASSERT_EQUAL(count_found(client, NULL), 0);
    qvt_client_free(client);
    setenv("QVT_ENDPOINTS", "127.0.0.1:1", 1);
    client = connect_to(NULL, NULL);
    CU_ASSERT(!qvt_client_is_local(client));
    qvt_client_free(client);
    unsetenv("QVT_ENDPOINTS");
    options.endpoints = &nowhere;
    options.endpoint_count = 1;
    CU_ASSERT_EQUAL_FATAL(qvt_client_new(&client, &options, NULL), QVT_OK);
    CU_ASSERT(!qvt_client_is_local(client));
    qvt_client_free(client);
}

static void clients_of_one_cluster_share_it_until_the_last_is_gone(void)
{
    qvt_position first, second, third;
    qvt_client *a = connect_to(NULL, NULL), *b = connect_to("default", NULL), *other = connect_to("other", NULL);
    CU_ASSERT_EQUAL(count_found(a, &first), 0);
    CU_ASSERT(first.revision == 0 && first.store_id[0] == '\0');
    CU_ASSERT_EQUAL(enter(a, "silo-1", "1.0.0", NULL), QVT_OK);
    CU_ASSERT_EQUAL(count_found(b, &first), 1);
    CU_ASSERT_EQUAL(first.revision, 1);
    CU_ASSERT_EQUAL(strlen(first.store_id), 32);
    CU_ASSERT_EQUAL(enter(b, "silo-2", "1.0.0", NULL), QVT_OK);
    CU_ASSERT_EQUAL(count_found(a, &second), 2);
    CU_ASSERT_EQUAL(second.revision, 2);
    CU_ASSERT(second.token != first.token && strcmp(second.store_id, first.store_id) == 0);
    CU_ASSERT_EQUAL(count_found(other, NULL), 0);
    qvt_client_free(a);
    CU_ASSERT_EQUAL(count_found(b, &third), 1);
    CU_ASSERT_EQUAL(third.revision, 3);
    qvt_client_free(b);
    qvt_client_free(other);
    a = connect_to(NULL, NULL);
    CU_ASSERT_EQUAL(count_found(a, &second), 0);
    CU_ASSERT_EQUAL(second.revision, 0);
    qvt_client_free(a);
}

static void bad_cluster_is_refused_as_by_a_tracker(void)
{
    qvt_error error;
    qvt_client *client = connect_to("no/name", NULL);
    CU_ASSERT_EQUAL(enter(client, "silo-1", "1.0.0", &error), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(error.field, "cluster");
    qvt_client_free(client);
}

static qvt_silo_state told_state;

static void on_silo_state(void *data, qvt_silo_state state, const qvt_error *why)
{
    (void)data;
    begin();
    told_state = state;
    CU_ASSERT(state != QVT_SILO_SUPERSEDED || (why != NULL && strcmp(why->reason, "SUPERSEDED") == 0));
    end();
}

static void tell_states(qvt_client_options *options)
{
    options->on_silo_state = on_silo_state;
}

/* Both have a live loop: the heartbeat of the first one hears it. */
static void second_client_with_a_silo_id_supersedes_the_first(void)
{
    qvt_error error;
    qvt_client *first = connect_to(NULL, tell_states), *second = connect_to(NULL, NULL);
    CU_ASSERT_EQUAL(enter(first, "silo-1", "1.0.0", NULL), QVT_OK);
    CU_ASSERT_EQUAL(enter(second, "silo-1", "2.0.0", NULL), QVT_OK);
    AWAIT(told_state == QVT_SILO_SUPERSEDED);
    CU_ASSERT_EQUAL(enter(first, "silo-1", "1.0.0", &error), QVT_ABORTED);
    EXPECT_TEXT(error.reason, "SUPERSEDED");
    qvt_client_free(first);
    CU_ASSERT_EQUAL(count_found(second, NULL), 1);
    qvt_client_free(second);
}

/* What a watch told. */
struct heard {
    unsigned resets, records, ends, changes, removed, interrupted;
    bool unhealthy;
    uint64_t revision;
    qvt_position position;
    qvt_status closed;
    bool is_closed;
    char version[32];
    bool holds; /* the callback of a change waits until this is false */
};
static struct heard heard;

static void hear_record(const qvt_record *record)
{
    if (record->silo != NULL && record->silo->version_count > 0) {
        snprintf(heard.version, sizeof heard.version, "%s", record->silo->versions[0].version);
        heard.unhealthy = record->silo->unhealthy;
    }
}

static void on_reset(void *data, const qvt_watch_reset *reset)
{
    (void)data;
    begin();
    heard.resets++;
    heard.revision = reset->position.revision;
    end();
}

static void on_record(void *data, const qvt_record *record)
{
    (void)data;
    begin();
    heard.records++;
    hear_record(record);
    end();
}

static void stand(const qvt_position *position)
{
    heard.position = *position;
    heard.revision = position->revision;
}

static void on_walk_end(void *data, const qvt_position *position)
{
    (void)data;
    begin();
    heard.ends++;
    stand(position);
    end();
}

static void on_change(void *data, const qvt_change *change)
{
    (void)data;
    begin();
    heard.changes++;
    heard.removed += (unsigned)change->delete_count;
    stand(&change->position);
    for (size_t i = 0; i < change->put_count; i++) {
        hear_record(&change->puts[i]);
    }
    pthread_cond_broadcast(&changed);
    while (heard.holds) {
        pthread_cond_wait(&changed, &lock);
    }
    end();
}

static void on_progress(void *data, const qvt_position *position)
{
    (void)data;
    begin();
    stand(position);
    end();
}

static void on_closed(void *data, const qvt_error *error)
{
    (void)data;
    begin();
    heard.is_closed = true;
    heard.closed = error->status;
    end();
}

static qvt_watch *watch(qvt_client *client, const qvt_position *resume_after, const char *actor_type)
{
    qvt_watch *result = NULL;
    qvt_watch_options options = QVT_WATCH_OPTIONS_INIT;
    begin();
    heard = (struct heard){.resets = 0};
    end();
    options.resume_after = resume_after;
    options.actor_types = &actor_type;
    options.actor_type_count = actor_type != NULL ? 1 : 0;
    options.on_reset = on_reset;
    options.on_record = on_record;
    options.on_walk_end = on_walk_end;
    options.on_change = on_change;
    options.on_progress = on_progress;
    options.on_closed = on_closed;
    CU_ASSERT_EQUAL_FATAL(qvt_client_watch(&result, client, &options, NULL), QVT_OK);
    return result;
}

static void close_watch(qvt_watch *closing)
{
    qvt_watch_close(closing);
    AWAIT(heard.is_closed);
}

static void watch_waits_for_the_cluster_walks_and_goes_on(void)
{
    qvt_client *client = connect_to(NULL, NULL), *other = connect_to(NULL, NULL);
    qvt_watch *first = watch(client, NULL, NULL);
    CU_ASSERT_EQUAL(enter(client, "silo-1", "1.0.0", NULL), QVT_OK);
    AWAIT(heard.ends == 1 && heard.revision == 1);
    CU_ASSERT(heard.resets == 1 && heard.records == 1 && heard.changes == 0);
    CU_ASSERT_EQUAL(enter(other, "silo-2", "2.0.0", NULL), QVT_OK);
    AWAIT(heard.changes == 1);
    EXPECT_TEXT(heard.version, "2.0.0");
    close_watch(first);
    qvt_client_free(other);
    qvt_client_free(client);
}

static void watch_resumes_within_the_history_and_walks_after_another(void)
{
    qvt_client *client = connect_to(NULL, NULL);
    CU_ASSERT_EQUAL(enter(client, "silo-1", "1.0.0", NULL), QVT_OK);
    qvt_watch *first = watch(client, NULL, NULL);
    AWAIT(heard.ends == 1);
    begin();
    qvt_position known = heard.position;
    end();
    close_watch(first);
    CU_ASSERT_EQUAL(enter(client, "silo-1", "1.1.0", NULL), QVT_OK);
    qvt_watch *second = watch(client, &known, NULL);
    AWAIT(heard.changes == 1);
    begin();
    CU_ASSERT(heard.resets == 0 && heard.revision == 2);
    end();
    close_watch(second);
    known.token++;
    qvt_watch *third = watch(client, &known, NULL);
    AWAIT(heard.ends == 1);
    begin();
    CU_ASSERT_EQUAL(heard.resets, 1);
    end();
    close_watch(third);
    qvt_client_free(client);
}

static void watch_by_type_hears_a_silo_go_that_no_longer_has_it(void)
{
    qvt_actor_version cart = {.actor_type = "Cart", .version = "1.0.0"};
    qvt_client *client = connect_to(NULL, NULL);
    CU_ASSERT_EQUAL(enter(client, "silo-1", "1.0.0", NULL), QVT_OK);
    qvt_watch *orders = watch(client, NULL, "Order");
    AWAIT(heard.records == 1 && heard.ends == 1);
    CU_ASSERT_EQUAL(qvt_client_set_versions(client, &cart, 1, NULL), QVT_OK);
    AWAIT(heard.removed == 1);
    close_watch(orders);
    qvt_client_free(client);
}

static void bad_filter_ends_the_watch_for_good(void)
{
    qvt_client *client = connect_to(NULL, NULL);
    qvt_watch *bad = watch(client, NULL, "");
    AWAIT(heard.is_closed);
    CU_ASSERT_EQUAL(heard.closed, QVT_INVALID_ARGUMENT);
    qvt_watch_close(bad);
    qvt_client_free(client);
}

/* More changes than are kept, while the watch's thread is held up. */
static void watch_that_falls_behind_the_history_walks_again(void)
{
    static const char *const versions[] = {"1.0.0", "2.0.0"};
    qvt_client *slow = connect_to(NULL, NULL), *busy = connect_to(NULL, NULL);
    CU_ASSERT_EQUAL(enter(busy, "silo-1", "1.0.0", NULL), QVT_OK);
    qvt_watch *behind = watch(slow, NULL, NULL);
    AWAIT(heard.ends == 1);
    begin();
    heard.holds = true;
    end();
    for (unsigned i = 0; i < 1100; i++) {
        qvt_actor_version next = {.actor_type = "Order", .version = versions[i % 2]};
        CU_ASSERT_EQUAL_FATAL(qvt_client_set_versions(busy, &next, 1, NULL), QVT_OK);
        if (i == 1) {
            AWAIT(heard.changes == 1);
        }
    }
    begin();
    heard.holds = false;
    end();
    AWAIT(heard.ends == 2 && heard.revision >= 1100);
    begin();
    CU_ASSERT_EQUAL(heard.resets, 2);
    EXPECT_TEXT(heard.version, "2.0.0");
    end();
    close_watch(behind);
    qvt_client_free(busy);
    qvt_client_free(slow);
}

static void bad_health_is_committed_at_once_and_cleared_after_three_renewals(void)
{
    const qvt_health bad = {95, 95, 2000}, good = {5, 5, 1};
    qvt_client *client = connect_to(NULL, NULL);
    CU_ASSERT_EQUAL(enter(client, "silo-1", "1.0.0", NULL), QVT_OK);
    qvt_watch *all = watch(client, NULL, NULL);
    AWAIT(heard.ends == 1);
    qvt_client_set_health(client, &bad);
    AWAIT(heard.unhealthy);
    CU_ASSERT_EQUAL(count_found(client, NULL), 1);
    qvt_client_set_health(client, &good);
    AWAIT(!heard.unhealthy);
    qvt_registration known = QVT_REGISTRATION_INIT;
    CU_ASSERT_EQUAL(qvt_client_read_registration(client, &known), QVT_OK);
    CU_ASSERT(known.state == QVT_SILO_REGISTERED && known.is_lease_held && known.registrations == 1);
    CU_ASSERT(known.renewals >= 3 && known.lease_remaining_ms == SHORT_TTL_MS);
    close_watch(all);
    qvt_client_free(client);
}

static void with_cache(qvt_client_options *options)
{
    static const char *const order = "Order";
    options->without_cache = false;
    options->cached_types = &order;
    options->cached_type_count = 1;
}

static void snapshot_follows_the_local_tracker(void)
{
    qvt_client *asker = connect_to(NULL, with_cache), *silo = connect_to(NULL, NULL);
    CU_ASSERT_EQUAL(enter(silo, "silo-1", "1.0.0", NULL), QVT_OK);
    time_t until = time(NULL) + PATIENCE_S;
    while (count_found(asker, NULL) != 1 && time(NULL) < until) {}
    CU_ASSERT_EQUAL(count_found(asker, NULL), 1);
    CU_ASSERT_EQUAL(qvt_client_unregister(silo, NULL), QVT_OK);
    while (count_found(asker, NULL) != 0 && time(NULL) < until) {}
    CU_ASSERT_EQUAL(count_found(asker, NULL), 0);
    qvt_client_free(silo);
    qvt_client_free(asker);
}

static void only_a_thousand_dead_silos_are_kept(void)
{
    char id[16];
    qvt_find_result *result = NULL;
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    qvt_client *client = connect_to(NULL, NULL);
    for (unsigned i = 0; i < 1003; i++) {
        snprintf(id, sizeof id, "silo-%04u", i);
        CU_ASSERT_EQUAL_FATAL(enter(client, id, "1.0.0", NULL), QVT_OK);
        CU_ASSERT_EQUAL_FATAL(qvt_client_unregister(client, NULL), QVT_OK);
    }
    request.actor_type = "Order";
    request.explain = true;
    CU_ASSERT_EQUAL_FATAL(qvt_client_find(&result, client, &request, NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_find_result_dropped_count(result), 1000);
    EXPECT_TEXT(qvt_find_result_dropped(result, 0)->silo_id, "silo-0003");
    CU_ASSERT_EQUAL(qvt_find_result_empty_reason(result), QVT_EMPTY_ALL_DEAD);
    CU_ASSERT_EQUAL(qvt_find_result_answer(result)->position.revision, 2 * 1003 + 3);
    qvt_find_result_free(result);
    qvt_client_free(client);
}

static void silo_lives_and_leaves_without_a_server(void)
{
    qvt_silo *silo = NULL;
    qvt_silo_report report;
    qvt_silo_options options = QVT_SILO_OPTIONS_INIT;
    qvt_life_options life = QVT_LIFE_OPTIONS_INIT;
    qvt_find_result *result = NULL;
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    qvt_client *asker = connect_to(NULL, NULL);
    options.silo_id = "silo-1";
    options.address = "10.0.0.1";
    options.port = 9000;
    life.silo = &options;
    life.ignores_signals = true;
    CU_ASSERT_EQUAL_FATAL(qvt_silo_start(&silo, &life, NULL), QVT_OK);
    CU_ASSERT_EQUAL(qvt_silo_phase(silo), QVT_PHASE_ACTIVE);
    request.actor_type = "LocalActor";
    CU_ASSERT_EQUAL_FATAL(qvt_client_find(&result, asker, &request, NULL), QVT_OK);
    CU_ASSERT_EQUAL(qvt_find_result_count(result), 1);
    qvt_find_result_free(result);
    qvt_silo_stop(silo);
    qvt_silo_wait(silo, &report);
    CU_ASSERT(report.phase == QVT_PHASE_ENDED && report.is_unregistered && !report.is_late);
    CU_ASSERT_EQUAL_FATAL(qvt_client_find(&result, asker, &request, NULL), QVT_OK);
    CU_ASSERT_EQUAL(qvt_find_result_empty_reason(result), QVT_EMPTY_ALL_DEAD);
    qvt_find_result_free(result);
    qvt_silo_free(silo);
    qvt_client_free(asker);
}

static unsigned done, cancelled;

static void on_done(void *data, const qvt_error *error)
{
    (void)data;
    begin();
    done++;
    cancelled += error->status == QVT_CANCELLED ? 1 : 0;
    end();
}

/* A registration that is carried out and not answered yet is undone too. */
static void free_ends_what_is_under_way(void)
{
    qvt_actor_version order = {.actor_type = "Order", .version = "1.0.0"};
    qvt_silo_options silo = QVT_SILO_OPTIONS_INIT;
    qvt_client *witness = connect_to(NULL, NULL);
    silo.silo_id = "silo-1";
    silo.address = "10.0.0.1";
    silo.port = 9000;
    silo.versions = &order;
    silo.version_count = 1;
    for (unsigned round = 0; round < 20; round++) {
        qvt_client *client = connect_to(NULL, NULL);
        done = 0;
        for (unsigned i = 0; i < 50; i++) {
            CU_ASSERT_EQUAL_FATAL(qvt_client_register_async(client, &silo, NULL, on_done, NULL), QVT_OK);
        }
        qvt_client_free(client);
        CU_ASSERT_EQUAL(done, 50);
        CU_ASSERT_EQUAL(count_found(witness, NULL), 0);
    }
    qvt_client_free(witness);
}

static void *live(void *data)
{
    char id[24];
    snprintf(id, sizeof id, "silo-%u", *(unsigned *)data);
    for (unsigned i = 0; i < 20; i++) {
        qvt_client *client = connect_to(NULL, i % 2 == 0 ? with_cache : NULL);
        CU_ASSERT_EQUAL(enter(client, id, "1.0.0", NULL), QVT_OK);
        CU_ASSERT(i % 2 == 0 || count_found(client, NULL) >= 1);
        qvt_client_free(client);
    }
    return NULL;
}

static void threads_come_and_go_with_clients_of_their_own(void)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    unsigned numbers[THREADS];
    qvt_client *witness = connect_to(NULL, NULL);
    for (unsigned i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, live, &numbers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    CU_ASSERT_EQUAL(count_found(witness, NULL), 0);
    qvt_client_free(witness);
}

/* The run time of TSan ends a child of a fork that starts a thread. */
#if defined(__SANITIZE_THREAD__)
#define CHILD_MAY_START_THREADS false
#elif defined(__has_feature)
#define CHILD_MAY_START_THREADS !__has_feature(thread_sanitizer)
#else
#define CHILD_MAY_START_THREADS true
#endif

/* Of the child nothing is reported but its exit status: CUnit is the parent's. */
static void child_of_a_fork_has_a_cluster_of_its_own(void)
{
    int status = 0;
    if (!CHILD_MAY_START_THREADS) {
        puts("skipped: the thread sanitizer lets no forked child start a thread");
        return;
    }
    qvt_client *client = connect_to(NULL, NULL);
    CU_ASSERT_EQUAL(enter(client, "silo-1", "1.0.0", NULL), QVT_OK);
    pid_t child = fork();
    if (child == 0) {
        qvt_client *own = connect_to(NULL, NULL);
        size_t before = count_found(own, NULL);
        bool is_well = before == 0 && enter(own, "silo-2", "1.0.0", NULL) == QVT_OK && count_found(own, NULL) == 1;
        qvt_client_free(own);
        _exit(is_well ? 0 : 1);
    }
    CU_ASSERT_FATAL(child > 0);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(count_found(client, NULL), 1);
    qvt_client_free(client);
}

SUITE_MAIN("client/local", SUITE_CASE(without_endpoints_the_local_tracker_answers),
           SUITE_CASE(clients_of_one_cluster_share_it_until_the_last_is_gone),
           SUITE_CASE(bad_cluster_is_refused_as_by_a_tracker),
           SUITE_CASE(second_client_with_a_silo_id_supersedes_the_first),
           SUITE_CASE(watch_waits_for_the_cluster_walks_and_goes_on),
           SUITE_CASE(watch_resumes_within_the_history_and_walks_after_another),
           SUITE_CASE(watch_by_type_hears_a_silo_go_that_no_longer_has_it),
           SUITE_CASE(bad_filter_ends_the_watch_for_good), SUITE_CASE(watch_that_falls_behind_the_history_walks_again),
           SUITE_CASE(bad_health_is_committed_at_once_and_cleared_after_three_renewals),
           SUITE_CASE(snapshot_follows_the_local_tracker), SUITE_CASE(only_a_thousand_dead_silos_are_kept),
           SUITE_CASE(silo_lives_and_leaves_without_a_server), SUITE_CASE(free_ends_what_is_under_way),
           SUITE_CASE(threads_come_and_go_with_clients_of_their_own),
           SUITE_CASE(child_of_a_fork_has_a_cluster_of_its_own))
