/* Silos through an outage of their tracker: qvtd's own code, libqvt's, and sockets between them, on virtual time. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>
#include <netinet/in.h>

#include "qvt/qvt.h"
#include "base/clock.h"
#include "server/app/flags.h"
#include "server/app/server.h"
#include "tests/support/suite.h"
#include "tests/support/virtual_loops.h"

enum { SILOS = 20 };

#define MS 1000LL
#define S (1000 * MS)
#define TTL (15 * S)
#define OUTAGE (600 * S)
#define TYPE "Fleet"

/* --- trackers: qvtd without its process */

struct tracker {
    pthread_t thread;
    char endpoint[32];
    atomic_bool is_ended;
    atomic_bool is_frozen;
};

static char *no_environment(const char *name)
{
    (void)name;
    return NULL;
}

static void no_log(void *data, enum log_level level, qvt_slice line)
{
    (void)data;
    (void)level;
    (void)line;
}

static void *serve(void *data)
{
    struct tracker *tracker = data;
    char *argv[] = {(char[]){"qvtd"},
                    (char[]){"--store=memory"},
                    (char[]){"--http-listen=127.0.0.1:0"},
                    (char[]){"--drain-grace=1ms"},
                    (char[]){"--grpc-listen"},
                    tracker->endpoint};
    struct settings settings;
    enum flags_action action;
    qvt_error error;
    const struct log log = {LOG_ERROR, LOG_TEXT, no_log, NULL, clock_system()};
    virtual_loops_freeze_by(&tracker->is_frozen);
    CU_ASSERT_EQUAL_FATAL(flags_parse(&settings, 6, argv, no_environment, &action, &error), QVT_OK);
    CU_ASSERT_EQUAL(server_run(&settings, &log, &error), QVT_OK);
    settings_deinit(&settings);
    virtual_loops_changed(-1);
    atomic_store(&tracker->is_ended, true);
    return NULL;
}

/* A port that was free a moment ago. */
static void choose_endpoint(struct tracker *tracker)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_FATAL(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 &&
                    getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    close(fd);
    snprintf(tracker->endpoint, sizeof tracker->endpoint, "127.0.0.1:%u", ntohs(address.sin_port));
}

static void start(struct tracker *tracker)
{
    atomic_store(&tracker->is_ended, false);
    virtual_loops_changed(1);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&tracker->thread, NULL, serve, tracker), 0);
    virtual_run_us(MS);
}

/* All trackers of the process; they were told by the first. */
static void await_end(struct tracker *tracker)
{
    while (!atomic_load(&tracker->is_ended)) {
        virtual_run_us(MS);
    }
    pthread_join(tracker->thread, NULL);
}

static void stop(struct tracker *tracker)
{
    CU_ASSERT_EQUAL(kill(getpid(), SIGTERM), 0);
    await_end(tracker);
}

/* --- silos */

struct silo {
    qvt_client *client;
    /* When, and how often; by the loop thread, read while time stands still. */
    int64_t registered_us, lost_us, held_us;
    unsigned registrations, leases_lost;
};

static struct silo silos[SILOS];

static void on_silo_state(void *data, qvt_silo_state state, const qvt_error *why)
{
    struct silo *silo = data;
    (void)why;
    if (state == QVT_SILO_REGISTERED) {
        silo->registered_us = virtual_now_us();
        silo->registrations++;
    }
}

static void on_lease_lost(void *data)
{
    struct silo *silo = data;
    silo->lost_us = virtual_now_us();
    silo->leases_lost++;
}

static void on_lease_held(void *data)
{
    struct silo *silo = data;
    silo->held_us = virtual_now_us();
}

static void on_registered(void *data, const qvt_error *error)
{
    (void)data;
    CU_ASSERT_EQUAL(error->status, QVT_OK);
}

static void begin(struct silo *silo, unsigned number, const char *const *endpoints, size_t endpoint_count)
{
    static const char *const types[] = {TYPE};
    static const qvt_actor_version version = {.actor_type = TYPE, .version = "1.0.0"};
    char id[16];
    qvt_client_options options = QVT_CLIENT_OPTIONS_INIT;
    qvt_silo_options who = QVT_SILO_OPTIONS_INIT;
    *silo = (struct silo){.client = NULL};
    options.endpoints = endpoints;
    options.endpoint_count = endpoint_count;
    options.cached_types = types;
    options.cached_type_count = 1;
    options.on_silo_state = on_silo_state;
    options.on_lease_lost = on_lease_lost;
    options.on_lease_held = on_lease_held;
    options.data = silo;
    snprintf(id, sizeof id, "silo-%02u", number);
    who.silo_id = id;
    who.address = "10.0.0.1";
    who.port = 11111;
    who.versions = &version;
    who.version_count = 1;
    CU_ASSERT_EQUAL_FATAL(qvt_client_new(&silo->client, &options, NULL), QVT_OK);
    virtual_loops_changed(1);
    CU_ASSERT_EQUAL_FATAL(qvt_client_register_async(silo->client, &who, NULL, on_registered, NULL), QVT_OK);
}

/* The tracker is there, or there was no silo. */
static void end(struct silo *silo)
{
    qvt_client_free(silo->client);
    virtual_loops_changed(-1);
}

static size_t find(const struct silo *silo, qvt_answer *answer)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    qvt_find_result *result = NULL;
    request.actor_type = TYPE;
    CU_ASSERT_EQUAL_FATAL(qvt_client_find(&result, silo->client, &request, NULL), QVT_OK);
    size_t count = qvt_find_result_count(result);
    *answer = *qvt_find_result_answer(result);
    qvt_find_result_free(result);
    return count;
}

static qvt_registration registration(const struct silo *silo)
{
    qvt_registration out = QVT_REGISTRATION_INIT;
    CU_ASSERT_EQUAL(qvt_client_read_registration(silo->client, &out), QVT_OK);
    return out;
}

static void all_are_found(bool is_aged)
{
    qvt_answer answer;
    for (unsigned i = 0; i < SILOS; i++) {
        CU_ASSERT_EQUAL(find(&silos[i], &answer), SILOS);
        CU_ASSERT_EQUAL(answer.is_aged, is_aged);
    }
}

/* Leases that began one after the other, a while ago. */
static void begin_all(const char *const *endpoint)
{
    for (unsigned i = 0; i < SILOS; i++) {
        begin(&silos[i], i, endpoint, 1);
        virtual_run_us(317 * MS);
    }
    virtual_run_us(4 * TTL);
    all_are_found(false);
    for (unsigned i = 0; i < SILOS; i++) {
        CU_ASSERT(silos[i].registrations == 1 && silos[i].leases_lost == 0);
        CU_ASSERT(registration(&silos[i]).renewals >= 11);
    }
}

/* Answers go on, each a little older than the one before, from the same position. */
static void live_without(int64_t gone_us, const qvt_position *last)
{
    for (int64_t lived_us = 10 * S; lived_us <= OUTAGE; lived_us += 10 * S) {
        virtual_run_us(gone_us + lived_us - virtual_now_us());
        for (unsigned i = 0; i < SILOS; i++) {
            qvt_answer answer;
            CU_ASSERT_EQUAL(find(&silos[i], &answer), SILOS);
            CU_ASSERT_TRUE(answer.is_aged);
            CU_ASSERT_FALSE(answer.is_stale);
            /* The tracker was heard at most 4 s before it went; the age is brought up to date each second. */
            CU_ASSERT(answer.age_ms * MS >= lived_us - 1100 * MS && answer.age_ms * MS <= lived_us + 5 * S);
            CU_ASSERT(answer.position.revision == last->revision && answer.position.token == last->token);
        }
    }
}

/* By each one's own clock: a TTL after it sent what was confirmed last, which was within the last third of a TTL. */
static void every_lease_was_lost_in_its_time(int64_t gone_us)
{
    for (unsigned i = 0; i < SILOS; i++) {
        CU_ASSERT_EQUAL(silos[i].leases_lost, 1);
        CU_ASSERT(silos[i].lost_us >= gone_us + TTL - TTL / 3 - 20 * MS && silos[i].lost_us <= gone_us + TTL + 20 * MS);
        CU_ASSERT_EQUAL(silos[i].registrations, 1);
    }
}

/* Nobody asks a tracker for a host that is missing only because it is still on its way. */
static void come_back(int64_t back_us)
{
    while (virtual_now_us() < back_us + 3 * TTL) {
        qvt_answer answer;
        virtual_run_us(100 * MS);
        for (unsigned i = 0; i < SILOS; i++) {
            CU_ASSERT_EQUAL(find(&silos[i], &answer), SILOS);
        }
    }
    all_are_found(false);
}

static void they_came_spread_over_a_third_of_the_ttl(int64_t back_us)
{
    enum { PARTS = 10 };
    unsigned parts[PARTS] = {0};
    for (unsigned i = 0; i < SILOS; i++) {
        int64_t after_us = silos[i].registered_us - back_us;
        CU_ASSERT_EQUAL(silos[i].registrations, 2);
        CU_ASSERT_FATAL(after_us > 0 && after_us <= TTL / 3 + 50 * MS);
        parts[after_us * PARTS / (TTL / 3 + 50 * MS)]++;
        CU_ASSERT_EQUAL(silos[i].held_us, silos[i].registered_us);
    }
    printf("\n    registrations in tenths of TTL/3:");
    unsigned used = 0, most = 0;
    for (unsigned i = 0; i < PARTS; i++) {
        printf(" %u", parts[i]);
        used += parts[i] > 0 ? 1 : 0;
        most = parts[i] > most ? parts[i] : most;
    }
    printf("  ");
    CU_ASSERT(used >= 4 && most <= SILOS / 2);
}

static void ten_minutes_without_a_tracker(void)
{
    static struct tracker tracker;
    const char *endpoint = tracker.endpoint;
    qvt_answer before, after;
    choose_endpoint(&tracker);
    start(&tracker);
    begin_all(&endpoint);
    (void)find(&silos[0], &before);
    stop(&tracker);
    int64_t gone_us = virtual_now_us();
    live_without(gone_us, &before.position);
    every_lease_was_lost_in_its_time(gone_us);
    start(&tracker);
    int64_t back_us = virtual_now_us();
    come_back(back_us);
    they_came_spread_over_a_third_of_the_ttl(back_us);
    (void)find(&silos[0], &after);
    CU_ASSERT(strcmp(before.position.store_id, after.position.store_id) != 0);
    for (unsigned i = 0; i < SILOS; i++) {
        end(&silos[i]);
    }
    stop(&tracker);
}

/* SPEC §9.6: no answer for TTL/6 → the next endpoint, which does not know the silo. */
static void tracker_that_stands_still_is_left_after_a_sixth_of_the_ttl(void)
{
    static struct tracker first, second;
    const char *endpoints[] = {first.endpoint, second.endpoint};
    choose_endpoint(&first);
    choose_endpoint(&second);
    start(&first);
    start(&second);
    begin(&silos[0], 0, endpoints, 2);
    virtual_run_us(S);
    int64_t asked_us = silos[0].registered_us + TTL / 3;
    atomic_store(&first.is_frozen, true);
    virtual_run_us(asked_us + TTL / 6 - 20 * MS - virtual_now_us());
    CU_ASSERT_EQUAL(silos[0].registrations, 1);
    virtual_run_us(100 * MS);
    CU_ASSERT_EQUAL(silos[0].registrations, 2);
    CU_ASSERT_EQUAL(registration(&silos[0]).state, QVT_SILO_REGISTERED);
    CU_ASSERT(registration(&silos[0]).is_lease_held);
    atomic_store(&first.is_frozen, false);
    end(&silos[0]);
    stop(&first);
    await_end(&second);
}

/* SPEC §9.6: without a confirmed renewal for a TTL, from when it was sent. */
static void lease_is_lost_a_ttl_after_the_last_confirmed_heartbeat_was_sent(void)
{
    static struct tracker tracker;
    const char *endpoint = tracker.endpoint;
    choose_endpoint(&tracker);
    start(&tracker);
    begin(&silos[0], 0, &endpoint, 1);
    virtual_run_us(TTL - S);
    int64_t sent_us = silos[0].registered_us + 2 * (TTL / 3);
    CU_ASSERT_EQUAL(registration(&silos[0]).renewals, 2);
    atomic_store(&tracker.is_frozen, true);
    virtual_run_us(sent_us + TTL - 20 * MS - virtual_now_us());
    CU_ASSERT(silos[0].leases_lost == 0 && registration(&silos[0]).is_lease_held);
    virtual_run_us(40 * MS);
    CU_ASSERT(silos[0].leases_lost == 1 && !registration(&silos[0]).is_lease_held);
    CU_ASSERT_EQUAL(registration(&silos[0]).state, QVT_SILO_REGISTERED);
    atomic_store(&tracker.is_frozen, false);
    virtual_run_us(TTL);
    CU_ASSERT_TRUE(registration(&silos[0]).is_lease_held);
    CU_ASSERT_EQUAL(silos[0].leases_lost, 1);
    end(&silos[0]);
    stop(&tracker);
}

SUITE_MAIN("client/outage", SUITE_CASE(ten_minutes_without_a_tracker),
           SUITE_CASE(tracker_that_stands_still_is_left_after_a_sixth_of_the_ttl),
           SUITE_CASE(lease_is_lost_a_ttl_after_the_last_confirmed_heartbeat_was_sent))
