/* What libqvt costs a silo: cached finds under changes, and activity records; as NAME=NUMBER words.
 * usage: bench_silo PORT THREADS SECONDS CHANGES-A-SECOND */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "qvt/qvt.h"

enum { HOSTS = 3, THREADS_MAX = 64, BATCH = 1000, RECORDS = 4000000 };

static atomic_bool is_over;
static qvt_client *finder;
static qvt_client *hosts[HOSTS];

struct reader {
    pthread_t thread;
    qvt_activity *activity;
    unsigned number;
    uint64_t calls;
    uint64_t found;
    double ns; /* of this thread's CPU time, a call */
};

static double thread_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_silo: %s\n", what);
    exit(1);
}

static qvt_client *connect_to(const char *endpoint)
{
    qvt_client *client;
    qvt_client_options options = QVT_CLIENT_OPTIONS_INIT;
    options.endpoints = &endpoint;
    options.endpoint_count = 1;
    if (qvt_client_new(&client, &options, NULL) != QVT_OK) {
        die("no client");
    }
    return client;
}

static void register_host(unsigned number)
{
    char id[16];
    const qvt_actor_version version = {.actor_type = "OrderActor", .version = "2.1.0"};
    qvt_silo_options silo = QVT_SILO_OPTIONS_INIT;
    snprintf(id, sizeof id, "silo-%u", number);
    silo.silo_id = id;
    silo.address = "10.0.0.1";
    silo.port = 11111;
    silo.versions = &version;
    silo.version_count = 1;
    if (qvt_client_register(hosts[number], &silo, NULL) != QVT_OK) {
        die("a silo cannot register");
    }
}

static const qvt_find_request question = {
    .size = sizeof(qvt_find_request), .actor_type = "OrderActor", .version = "2.1.0"};

static size_t find_once(void)
{
    qvt_find_result *result;
    if (qvt_client_find(&result, finder, &question, NULL) != QVT_OK) {
        die("a find failed");
    }
    size_t count = qvt_find_result_count(result);
    qvt_find_result_free(result);
    return count;
}

static void *find_on(void *data)
{
    struct reader *reader = data;
    (void)find_once();
    double before = thread_ns();
    while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
        for (unsigned i = 0; i < BATCH; i++) {
            reader->found += find_once();
        }
        reader->calls += BATCH;
    }
    reader->ns = (thread_ns() - before) / (double)reader->calls;
    return NULL;
}

static void on_set(void *data, const qvt_error *error)
{
    (void)error;
    atomic_fetch_add((atomic_uint *)data, 1);
}

static void pause_until(struct timespec *at, long ns)
{
    at->tv_nsec += ns;
    if (at->tv_nsec >= 1000000000) {
        at->tv_nsec -= 1000000000;
        at->tv_sec++;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, at, NULL);
}

/* Each change is one of the silos found: every prepared answer is made anew. */
static unsigned change_for(double seconds, unsigned rate)
{
    atomic_uint done = 0;
    unsigned changes = (unsigned)(seconds * rate);
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    for (unsigned i = 0; i < changes; i++) {
        char build[16];
        snprintf(build, sizeof build, "%u", i);
        const qvt_actor_version version = {.actor_type = "OrderActor", .version = "2.1.0", .build_id = build};
        if (qvt_client_set_versions_async(hosts[i % HOSTS], &version, 1, NULL, on_set, &done) != QVT_OK) {
            die("a change failed");
        }
        pause_until(&at, 1000000000 / (long)rate);
    }
    while (atomic_load(&done) < changes) {
        pause_until(&at, 1000000);
    }
    return changes;
}

static void *record_on(void *data)
{
    struct reader *reader = data;
    qvt_actor *actor;
    char id[16];
    snprintf(id, sizeof id, "%u", reader->number);
    if (qvt_activity_actor(&actor, reader->activity, "OrderActor", id) != QVT_OK) {
        die("no actor");
    }
    double before = thread_ns();
    for (unsigned i = 0; i < RECORDS / 2; i++) {
        qvt_actor_enqueued(actor);
        qvt_actor_dequeued(actor);
    }
    reader->ns = (thread_ns() - before) / RECORDS;
    qvt_actor_release(actor);
    return NULL;
}

static double join(struct reader *readers, unsigned threads)
{
    double sum = 0;
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(readers[i].thread, NULL);
        sum += readers[i].ns;
    }
    return sum / threads;
}

static void start(struct reader *readers, unsigned threads, void *(*body)(void *))
{
    for (unsigned i = 0; i < threads; i++) {
        if (pthread_create(&readers[i].thread, NULL, body, &readers[i]) != 0) {
            die("no thread");
        }
    }
}

/* What a record costs each of so many threads, each with an actor of its own. */
static double record(struct reader *readers, unsigned threads)
{
    qvt_activity *activity;
    if (qvt_activity_new(&activity, NULL) != QVT_OK) {
        die("no activity tracker");
    }
    for (unsigned i = 0; i < threads; i++) {
        readers[i].activity = activity;
        readers[i].number = i;
    }
    start(readers, threads, record_on);
    double ns = join(readers, threads);
    qvt_activity_free(activity);
    return ns;
}

int main(int argc, char **argv)
{
    static struct reader readers[THREADS_MAX];
    char endpoint[32];
    if (argc != 5 || atoi(argv[2]) < 1 || atoi(argv[2]) > THREADS_MAX || atoi(argv[4]) < 1) {
        fprintf(stderr, "usage: bench_silo PORT THREADS SECONDS CHANGES-A-SECOND\n");
        return 2;
    }
    unsigned threads = (unsigned)atoi(argv[2]);
    snprintf(endpoint, sizeof endpoint, "127.0.0.1:%s", argv[1]);
    finder = connect_to(endpoint);
    for (unsigned i = 0; i < HOSTS; i++) {
        hosts[i] = connect_to(endpoint);
        register_host(i);
    }
    while (find_once() != HOSTS) {}
    start(readers, threads, find_on);
    unsigned changes = change_for(atof(argv[3]), (unsigned)atoi(argv[4]));
    atomic_store(&is_over, true);
    double find_ns = join(readers, threads);
    uint64_t calls = 0;
    for (unsigned i = 0; i < threads; i++) {
        calls += readers[i].calls;
    }
    double one_ns = record(readers, 1), record_ns = record(readers, threads);
    printf("find_ns=%.2f finds=%" PRIu64 " changes=%u record_ns=%.2f one_ns=%.2f\n", find_ns, calls, changes, record_ns,
           one_ns);
    for (unsigned i = 0; i < HOSTS; i++) {
        qvt_client_free(hosts[i]);
    }
    qvt_client_free(finder);
    return 0;
}
