/* Clients of a real tracker that begin and end a thousand times, in every way that they may end; that 32 threads share;
 * that a fork leaves behind. $QVT_ENDPOINTS says where the tracker is. */
#include <dirent.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "qvt/qvt.h"
#include "tests/support/suite.h"

enum { LIVES = 1000, WARM_UP = 40, CALLS = 8, THREADS = 32, TURNS = 100, LEFT_BEHIND_MAX = 16384, TIMEOUT_S = 60 };

#define TYPE "Lives"
#define REASON_FORKED "FORKED"

/* Of a sanitizer's runtime, when there is one; its allocator is not libc's. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

struct trace {
    size_t fds, threads, bytes;
};

static size_t count_entries(const char *path)
{
    size_t count = 0;
    DIR *folder = opendir(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

static size_t allocated_bytes(void)
{
    if (__sanitizer_get_current_allocated_bytes != NULL) {
        return __sanitizer_get_current_allocated_bytes();
    }
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static struct trace read_trace(void)
{
    return (struct trace){count_entries("/proc/self/fd"), count_entries("/proc/self/task"), allocated_bytes()};
}

/* --- calls under way, counted */

struct life {
    qvt_client *client;
    qvt_watch *watch;
    atomic_uint ends, frees, closes, other;
};

static void on_found(void *data, qvt_find_result *result, const qvt_error *error)
{
    struct life *life = data;
    bool is_end = error->status == QVT_OK || error->status == QVT_CANCELLED;
    qvt_find_result_free(result);
    atomic_fetch_add(is_end ? &life->ends : &life->other, 1);
}

static void on_written(void *data, const qvt_error *error)
{
    struct life *life = data;
    bool is_end = error->status == QVT_OK || error->status == QVT_CANCELLED;
    atomic_fetch_add(is_end ? &life->ends : &life->other, 1);
}

static void on_freed(void *data)
{
    struct life *life = data;
    atomic_fetch_add(&life->frees, 1);
}

static qvt_find_request question(bool linearizable)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    request.actor_type = TYPE;
    request.linearizable = linearizable;
    return request;
}

static qvt_silo_options who(const char *silo_id)
{
    static const qvt_actor_version version = {.actor_type = TYPE, .version = "1.0.0"};
    qvt_silo_options silo = QVT_SILO_OPTIONS_INIT;
    silo.silo_id = silo_id;
    silo.address = "10.0.0.1";
    silo.port = 11111;
    silo.versions = &version;
    silo.version_count = 1;
    return silo;
}

static void begin(struct life *life)
{
    qvt_client_options options = QVT_CLIENT_OPTIONS_INIT;
    memset(life, 0, sizeof *life);
    options.on_freed = on_freed;
    options.data = life;
    CU_ASSERT_EQUAL_FATAL(qvt_client_new(&life->client, &options, NULL), QVT_OK);
}

/* --- the ways to end */

static void end_at_rest(struct life *life)
{
    qvt_silo_options silo = who("silo-1");
    qvt_find_request request = question(false);
    qvt_find_result *result = NULL;
    CU_ASSERT_EQUAL_FATAL(qvt_client_register(life->client, &silo, NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_client_find(&result, life->client, &request, NULL), QVT_OK);
    CU_ASSERT_EQUAL(qvt_find_result_count(result), 1);
    qvt_find_result_free(result);
    qvt_client_free(life->client);
}

static void end_with_calls_in_flight(struct life *life)
{
    qvt_silo_options silo = who("silo-2");
    qvt_find_request request = question(true);
    CU_ASSERT_EQUAL(qvt_client_register_async(life->client, &silo, NULL, on_written, life), QVT_OK);
    for (unsigned i = 0; i < CALLS; i++) {
        CU_ASSERT_EQUAL(qvt_client_find_async(life->client, &request, NULL, on_found, life), QVT_OK);
    }
    qvt_client_free(life->client);
    CU_ASSERT_EQUAL(atomic_load(&life->ends), CALLS + 1);
    CU_ASSERT_EQUAL(atomic_load(&life->other), 0);
}

static void free_the_client(void *data, qvt_find_result *result, const qvt_error *error)
{
    struct life *life = data;
    on_found(data, result, error);
    qvt_client_free(life->client);
}

static void end_in_a_callback(struct life *life)
{
    qvt_find_request request = question(true);
    CU_ASSERT_EQUAL(qvt_client_find_async(life->client, &request, NULL, free_the_client, life), QVT_OK);
    while (atomic_load(&life->frees) == 0) {
        (void)sched_yield();
    }
    CU_ASSERT_EQUAL(atomic_load(&life->ends), 1);
}

static void close_the_watch(void *data, const qvt_position *position)
{
    struct life *life = data;
    (void)position;
    qvt_watch_close(life->watch);
}

static void on_closed(void *data, const qvt_error *error)
{
    struct life *life = data;
    (void)error;
    atomic_fetch_add(&life->closes, 1);
}

static void end_after_a_watch_that_closed_itself(struct life *life)
{
    qvt_watch_options options = QVT_WATCH_OPTIONS_INIT;
    options.on_walk_end = close_the_watch;
    options.on_closed = on_closed;
    options.data = life;
    CU_ASSERT_EQUAL_FATAL(qvt_client_watch(&life->watch, life->client, &options, NULL), QVT_OK);
    while (atomic_load(&life->closes) == 0) {
        (void)sched_yield();
    }
    qvt_client_free(life->client);
    CU_ASSERT_EQUAL(atomic_load(&life->closes), 1);
}

static void live(unsigned number)
{
    static void (*const ends[])(struct life * life) = {end_at_rest, end_with_calls_in_flight, end_in_a_callback,
                                                       end_after_a_watch_that_closed_itself};
    struct life life;
    begin(&life);
    ends[number % (sizeof ends / sizeof ends[0])](&life);
}

/* A thread that ended by itself is gone from the system a moment after it said so. */
static void await_threads(size_t count)
{
    while (count_entries("/proc/self/task") > count) {
        (void)sched_yield();
    }
}

static void a_thousand_lives_leave_nothing_behind(void)
{
    for (unsigned i = 0; i < WARM_UP; i++) {
        live(i);
    }
    struct trace before = read_trace();
    for (unsigned i = 0; i < LIVES; i++) {
        live(i);
    }
    await_threads(before.threads);
    struct trace after = read_trace();
    printf("\n    fds %zu, %zu; threads %zu, %zu; bytes %zu, %zu  ", before.fds, after.fds, before.threads,
           after.threads, before.bytes, after.bytes);
    CU_ASSERT_EQUAL(after.fds, before.fds);
    CU_ASSERT_EQUAL(after.threads, before.threads);
    CU_ASSERT(after.bytes <= before.bytes + LEFT_BEHIND_MAX);
}

/* --- threads */

static void use_a_watch(qvt_client *client)
{
    qvt_watch *watch = NULL;
    qvt_watch_options options = QVT_WATCH_OPTIONS_INIT;
    CU_ASSERT_EQUAL_FATAL(qvt_client_watch(&watch, client, &options, NULL), QVT_OK);
    qvt_watch_close(watch);
}

/* NULL: every call ended as it should. */
static void *share(void *data)
{
    char version[QVT_VERSION_MAX + 1];
    uintptr_t failures = 0;
    for (unsigned i = 0; i < TURNS; i++) {
        qvt_find_request request = question(i % 4 == 0);
        qvt_find_result *result = NULL;
        failures += qvt_client_find(&result, data, &request, NULL) != QVT_OK ? 1 : 0;
        failures += result != NULL && qvt_find_result_count(result) != 1 ? 1 : 0;
        failures += qvt_client_local_version(version, sizeof version, data, TYPE) != QVT_OK ? 1 : 0;
        qvt_find_result_free(result);
        if (i % 20 == 0) {
            const qvt_actor_version later = {.actor_type = TYPE, .version = i % 40 == 0 ? "1.0.1" : "1.0.2"};
            failures += qvt_client_set_versions(data, &later, 1, NULL) != QVT_OK ? 1 : 0;
            use_a_watch(data);
        }
    }
    return (void *)failures;
}

static void thirty_two_threads_share_a_client(void)
{
    pthread_t threads[THREADS];
    struct life life;
    qvt_silo_options silo = who("silo-1");
    begin(&life);
    CU_ASSERT_EQUAL_FATAL(qvt_client_register(life.client, &silo, NULL), QVT_OK);
    for (unsigned i = 0; i < THREADS; i++) {
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, share, life.client), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        void *failures = life.client;
        pthread_join(threads[i], &failures);
        CU_ASSERT_PTR_NULL(failures);
    }
    qvt_client_free(life.client);
}

/* --- fork */

static bool is_refused(qvt_status status, const qvt_error *error)
{
    return status == QVT_FAILED_PRECONDITION && error->reason != NULL && strcmp(error->reason, REASON_FORKED) == 0 &&
           strlen(error->message) > 0;
}

/* What was made before the fork is refused and freed without a trace; what is made after it works. */
static bool live_in_the_child(struct life *before)
{
    struct life own;
    qvt_error error;
    qvt_find_result *result = NULL;
    qvt_find_request request = question(false);
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    qvt_silo_options silo = who("silo-child");
    call.error = &error;
    bool refused = is_refused(qvt_client_find(&result, before->client, &request, &call), &error) &&
                   is_refused(qvt_client_register(before->client, &silo, &call), &error) &&
                   is_refused(qvt_client_unregister(before->client, &call), &error) &&
                   is_refused(qvt_client_find_async(before->client, &request, &call, on_found, before), &error);
    qvt_client_free(before->client);
#if defined(__SANITIZE_THREAD__)
    fputs("not tried: the thread sanitizer lets no forked child start a thread\n", stderr);
    return refused;
#endif
    begin(&own);
    bool works = qvt_client_register(own.client, &silo, NULL) == QVT_OK &&
                 qvt_client_find(&result, own.client, &request, NULL) == QVT_OK && qvt_find_result_count(result) == 2;
    qvt_find_result_free(result);
    qvt_client_free(own.client);
    return refused && works;
}

static void forked_child_is_refused_and_makes_its_own(void)
{
    struct life life;
    int status = -1;
    qvt_silo_options silo = who("silo-1");
    qvt_find_request request = question(true);
    qvt_find_result *result = NULL;
    begin(&life);
    CU_ASSERT_EQUAL_FATAL(qvt_client_register(life.client, &silo, NULL), QVT_OK);
    pid_t child = fork();
    if (child == 0) {
        _exit(live_in_the_child(&life) ? 0 : 1);
    }
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_EQUAL_FATAL(qvt_client_find(&result, life.client, &request, NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_find_result_count(result), 1);
    CU_ASSERT_STRING_EQUAL(qvt_find_result_silo(result, 0)->silo_id, "silo-1");
    qvt_find_result_free(result);
    qvt_client_free(life.client);
}

static bool start_silo(qvt_silo **silo, const char *silo_id)
{
    qvt_silo_options options = who(silo_id);
    qvt_life_options life = QVT_LIFE_OPTIONS_INIT;
    qvt_error error;
    life.silo = &options;
    return qvt_silo_start(silo, &life, &error) == QVT_OK;
}

/* The silo of before is waited for and freed without waiting, and its signals can be taken by another one. */
static bool has_a_silo_of_its_own(qvt_silo *before)
{
    qvt_silo *own;
    qvt_silo_report report;
    qvt_silo_stop(before);
    qvt_silo_wait(before, &report);
    bool is_blank = report.actors == 0 && !report.is_unregistered;
#if defined(__SANITIZE_THREAD__)
    fputs("not tried: the thread sanitizer lets no forked child start a thread\n", stderr);
    qvt_silo_free(before);
    return is_blank;
#endif
    if (!start_silo(&own, "silo-child")) {
        return false;
    }
    qvt_silo_free(before);
    raise(SIGTERM);
    qvt_silo_wait(own, &report);
    qvt_silo_free(own);
    return is_blank && report.is_unregistered;
}

static int status_of(pid_t child)
{
    int status = -1;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    return status;
}

/* However soon after the fork it comes. */
static void expect_signal_ends_a_child(void)
{
#if defined(__SANITIZE_THREAD__)
    fputs("not tried: the thread sanitizer loses a signal that a forked child gets soon\n", stderr);
#else
    pid_t child = fork();
    if (child == 0) {
        alarm(TIMEOUT_S);
        for (;;) {
            pause();
        }
    }
    CU_ASSERT_EQUAL(kill(child, SIGTERM), 0);
    int status = status_of(child);
    CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
#endif
}

static void forked_child_is_no_silo(void)
{
    qvt_silo *silo;
    qvt_silo_report report;
    CU_ASSERT_TRUE_FATAL(start_silo(&silo, "silo-1"));
    expect_signal_ends_a_child();
    pid_t child = fork();
    if (child == 0) {
        alarm(TIMEOUT_S);
        _exit(has_a_silo_of_its_own(silo) ? 0 : 1);
    }
    int status = status_of(child);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_EQUAL(qvt_silo_phase(silo), QVT_PHASE_ACTIVE);
    qvt_silo_stop(silo);
    qvt_silo_wait(silo, &report);
    CU_ASSERT_TRUE(report.is_unregistered);
    qvt_silo_free(silo);
}

SUITE_MAIN("libqvt/lives", SUITE_CASE(a_thousand_lives_leave_nothing_behind),
           SUITE_CASE(thirty_two_threads_share_a_client), SUITE_CASE(forked_child_is_refused_and_makes_its_own),
           SUITE_CASE(forked_child_is_no_silo))
