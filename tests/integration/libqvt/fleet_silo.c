/* A silo that finds without a pause, from its cache and from the tracker, and prints a line for whatever happens to it,
 * behind the monotonic clock in microseconds:
 *
 *   endpoint HOST:PORT      active INCARNATION       marker VERSION           lease lost|held      state NUMBER
 *   delivers yes|no         failed WHERE WHAT        slept                    ended superseded|unregistered|alone
 *   totals CACHED ASKED REGISTRATIONS RENEWALS
 *
 * "rest" on its input ends the finds and prints the totals; the end of its input ends the silo.
 * usage: fleet_silo SILO-ID TTL-MS stop|continue ENDPOINT... */
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "qvt/qvt.h"

#define FINDS_A_TURN 20
#define TURN_NS 2000000L
#define ASK_NS 20000000L
#define TYPE "Fleet"
#define VERSION "1.0.0"

static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool is_resting, is_over, is_delivering;
static qvt_silo *silo;
static uint32_t ttl_ms;

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    va_list words;
    va_start(words, format);
    pthread_mutex_lock(&output);
    printf("%" PRId64 " ", now_us());
    vprintf(format, words);
    putchar('\n');
    fflush(stdout);
    pthread_mutex_unlock(&output);
    va_end(words);
}

static void pause_for(long ns)
{
    const struct timespec pause = {0, ns};
    nanosleep(&pause, NULL);
}

/* --- what the library tells */

static void on_silo_state(void *data, qvt_silo_state state, const qvt_error *why)
{
    (void)data;
    (void)why;
    say("state %d", (int)state);
}

static void on_log(void *data, qvt_log_level level, const char *line)
{
    const char *endpoint = strstr(line, "endpoint=");
    (void)data;
    (void)level;
    if (endpoint != NULL && strstr(line, "state=ready") != NULL) {
        say("endpoint %s", endpoint + strlen("endpoint="));
    }
}

static void on_lease_lost(void *data)
{
    (void)data;
    say("lease lost");
}

static void on_lease_held(void *data)
{
    (void)data;
    say("lease held");
}

static void on_end(void *data, const qvt_silo_report *report)
{
    (void)data;
    say("ended %s", report->is_superseded ? "superseded" : report->is_unregistered ? "unregistered" : "alone");
}

/* --- what it asks */

/* The count found, 0 also for a failure, which is told. */
static size_t find(const char *where, const char *actor_type, bool asks_tracker, char *version, size_t size)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    qvt_find_result *result;
    qvt_error error;
    call.error = &error;
    request.actor_type = actor_type;
    request.linearizable = asks_tracker;
    if (qvt_client_find(&result, qvt_silo_client(silo), &request, &call) != QVT_OK) {
        say("failed %s %s %s", where, qvt_status_name(error.status), error.message);
        return 0;
    }
    size_t count = qvt_find_result_count(result);
    snprintf(version, size, "%s", count == 0 ? "" : qvt_find_result_silo(result, 0)->version);
    qvt_find_result_free(result);
    return count;
}

/* Nobody leaves before all rest: a count that falls is a silo that was taken for dead. */
static void watch_count(const char *where, size_t count, size_t *before)
{
    if (count < *before) {
        say("failed %s %zu silos after %zu", where, count, *before);
    }
    *before = count;
}

static void tell_marker(char *seen, size_t size)
{
    char version[QVT_VERSION_MAX + 1];
    if (find("cache", "Marker", false, version, sizeof version) > 0 && strcmp(version, seen) != 0) {
        snprintf(seen, size, "%s", version);
        say("marker %s", seen);
    }
}

static void *find_cached(void *data)
{
    char seen[QVT_VERSION_MAX + 1] = "", version[QVT_VERSION_MAX + 1];
    uint64_t *finds = data;
    size_t count = 0;
    while (!atomic_load(&is_resting)) {
        for (unsigned i = 0; i < FINDS_A_TURN; i++) {
            watch_count("cache", find("cache", TYPE, false, version, sizeof version), &count);
            tell_marker(seen, sizeof seen);
        }
        *finds += (uint64_t)2 * FINDS_A_TURN;
        pause_for(TURN_NS);
    }
    return NULL;
}

static void *find_asking(void *data)
{
    char version[QVT_VERSION_MAX + 1];
    uint64_t *finds = data;
    size_t count = 0;
    while (!atomic_load(&is_resting)) {
        watch_count("tracker", find("tracker", TYPE, true, version, sizeof version), &count);
        ++*finds;
        pause_for(ASK_NS);
    }
    return NULL;
}

static bool is_long_after(int64_t before)
{
    return now_us() - before > (int64_t)ttl_ms * 500;
}

/* What a runtime does before each message. A pause longer than half a lease is told before the question whose answer
 * counts; one that fell between the two is asked about again. */
static void *deliver(void *data)
{
    bool delivers = true;
    int64_t before = now_us();
    (void)data;
    while (!atomic_load(&is_over)) {
        atomic_store(&is_delivering, true);
        pause_for(TURN_NS);
        bool has_slept = is_long_after(before);
        bool may_deliver = qvt_silo_may_deliver(silo);
        if (!has_slept && is_long_after(before)) {
            has_slept = true;
            may_deliver = qvt_silo_may_deliver(silo);
        }
        if (has_slept) {
            say("slept");
        }
        if (has_slept || may_deliver != delivers) {
            say("delivers %s", may_deliver ? "yes" : "no");
        }
        delivers = may_deliver;
        before = now_us();
    }
    return NULL;
}

/* --- */

static void tell_totals(uint64_t cached, uint64_t asked)
{
    qvt_registration registration = QVT_REGISTRATION_INIT;
    if (qvt_client_read_registration(qvt_silo_client(silo), &registration) == QVT_OK) {
        say("totals %" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIu32, cached, asked, registration.registrations,
            registration.renewals);
    }
}

static void tell_incarnation(void)
{
    qvt_registration registration = QVT_REGISTRATION_INIT;
    if (qvt_client_read_registration(qvt_silo_client(silo), &registration) == QVT_OK) {
        say("active %" PRIu64, registration.incarnation);
    }
}

static bool start(int argc, char **argv)
{
    static const qvt_actor_version version = {.actor_type = TYPE, .version = VERSION};
    static const char *const cached[] = {TYPE, "Marker"};
    qvt_error error;
    qvt_client_options client = QVT_CLIENT_OPTIONS_INIT;
    qvt_silo_options who = QVT_SILO_OPTIONS_INIT;
    qvt_life_options life = QVT_LIFE_OPTIONS_INIT;
    ttl_ms = (uint32_t)strtoul(argv[2], NULL, 10);
    client.endpoints = (const char *const *)(argv + 4);
    client.endpoint_count = (size_t)argc - 4;
    client.cached_types = cached;
    client.cached_type_count = 2;
    client.on_silo_state = on_silo_state;
    client.on_log = on_log;
    client.on_lease_lost = on_lease_lost;
    client.on_lease_held = on_lease_held;
    who.silo_id = argv[1];
    who.address = "127.0.0.1";
    who.port = 11111;
    who.versions = &version;
    who.version_count = 1;
    who.lease_ttl_ms = ttl_ms;
    life.client = &client;
    life.silo = &who;
    life.lease_lost = strcmp(argv[3], "stop") == 0 ? QVT_LEASE_LOST_STOP : QVT_LEASE_LOST_CONTINUE;
    life.start_timeout_ms = 30000;
    life.on_end = on_end;
    if (qvt_silo_start(&silo, &life, &error) != QVT_OK) {
        fprintf(stderr, "%s: %s\n", argv[1], error.message);
        return false;
    }
    return true;
}

static void obey(pthread_t cached_finder, pthread_t asking_finder, const uint64_t *cached, const uint64_t *asked)
{
    char line[16];
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strcmp(line, "rest\n") == 0) {
            atomic_store(&is_resting, true);
            pthread_join(cached_finder, NULL);
            pthread_join(asking_finder, NULL);
            tell_totals(*cached, *asked);
        } else if (strcmp(line, "who\n") == 0) {
            tell_incarnation();
        }
    }
    if (!atomic_exchange(&is_resting, true)) {
        pthread_join(cached_finder, NULL);
        pthread_join(asking_finder, NULL);
    }
}

int main(int argc, char **argv)
{
    pthread_t cached_finder, asking_finder, runtime;
    static uint64_t cached, asked;
    if (argc < 5) {
        return 2;
    }
    if (!start(argc, argv) || pthread_create(&cached_finder, NULL, find_cached, &cached) != 0 ||
        pthread_create(&asking_finder, NULL, find_asking, &asked) != 0 ||
        pthread_create(&runtime, NULL, deliver, NULL) != 0) {
        return 1;
    }
    while (!atomic_load(&is_delivering)) {
        pause_for(TURN_NS);
    }
    tell_incarnation();
    obey(cached_finder, asking_finder, &cached, &asked);
    atomic_store(&is_over, true);
    pthread_join(runtime, NULL);
    qvt_silo_free(silo);
    return 0;
}
