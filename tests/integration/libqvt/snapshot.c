/* Same question, same position, same answer (SPEC §4.11): one client answers from its snapshot, others ask the tracker, while
 * silos change all the time. A case counts when both answers are of the same position.
 *
 * usage: snapshot ENDPOINT SEED CASES CHANGES-PER-SECOND
 * prints "CASES REVISIONS ASKED WARMING TOOK-MS" (finds of the tracker, and at most so many more before), or the first difference and ends with 1. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "told.h"

enum { SILOS = 8, WRITERS = 4, READERS = 2, TYPES = 4, BATCH = 16, TURNS = 500, ERROR_TRIES = 2000 };

static const char *const types[TYPES] = {"Order", "Cart", "Invoice", "Nobody"};
static const char *const versions[] = {"1.0.0", "1.0.1", "1.1.0", "2.0.0", "2.0.0-rc.1", "2.1", "3", "1.2.3.4"};
static const char *const asked_versions[] = {NULL, "1.0.0", "1.0", "1.1.0", "2.0.0-rc.2", "2.1.0", "9.9", "x1"};
static const char *const ranges[] = {NULL, NULL, NULL, "^1.0", ">=1.1 <3", "2.x", "~2.1.0-0", ">>1"};

static const char *endpoint;
static qvt_client *cached;
static atomic_ulong cases, asked;
static atomic_bool is_over, has_failed;
static unsigned long cases_wanted;
static long change_pause_ns; /* of one writer */
static uint64_t seed;

struct random {
    uint64_t state;
};

static uint32_t pick(struct random *random, uint32_t below)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return (uint32_t)((random->state >> 16) % below);
}

#define PICK(random, list) ((list)[pick((random), sizeof(list) / sizeof((list)[0]))])

static qvt_client *connect_to(bool with_cache)
{
    qvt_client *client = NULL;
    qvt_error error;
    qvt_client_options options = QVT_CLIENT_OPTIONS_INIT;
    options.endpoints = &endpoint;
    options.endpoint_count = 1;
    options.without_cache = !with_cache;
    options.default_timeout_ms = 60000;
    if (qvt_client_new(&client, &options, &error) != QVT_OK) {
        fprintf(stderr, "no client: %s\n", error.message);
        exit(2);
    }
    return client;
}

/* ---- changes ---- */

static size_t some_versions(struct random *random, qvt_actor_version out[TYPES])
{
    size_t count = 0;
    for (size_t i = 0; i < TYPES - 1; i++) {
        if (count == 0 || pick(random, 3) > 0) {
            out[count++] = (qvt_actor_version){
                .actor_type = types[i],
                .version = PICK(random, versions),
                .has_contract_fingerprint = pick(random, 3) == 0,
                .contract_fingerprint = 1 + pick(random, 2),
            };
        }
    }
    return count;
}

static void enter(struct random *random, qvt_client *client, unsigned number)
{
    char id[16];
    qvt_actor_version given[TYPES];
    qvt_silo_options silo = QVT_SILO_OPTIONS_INIT;
    snprintf(id, sizeof id, "silo-%u", number);
    silo.silo_id = id;
    silo.address = "10.0.0.1";
    silo.port = 1 + number;
    silo.lease_ttl_ms = 600000;
    silo.versions = given;
    silo.version_count = some_versions(random, given);
    (void)!qvt_client_register(client, &silo, NULL);
}

/* Mostly versions; now and then a silo begins anew, drains or leaves. */
static void change(struct random *random, qvt_client *client, unsigned number)
{
    qvt_actor_version given[TYPES];
    uint32_t what = pick(random, 12);
    if (what == 0) {
        (void)!qvt_client_unregister(client, NULL);
    } else if (what == 1) {
        (void)!qvt_client_enter_phase(client, pick(random, 2) == 0 ? QVT_PHASE_DRAINING : QVT_PHASE_SHUTTING_DOWN,
                                      NULL);
    } else if (what < 4 || qvt_client_set_versions(client, given, some_versions(random, given), NULL) != QVT_OK) {
        enter(random, client, number);
    }
}

static void *write_all_the_time(void *data)
{
    unsigned first = *(unsigned *)data;
    struct random random = {seed * 31 + first + 1};
    qvt_client *clients[SILOS / WRITERS];
    struct timespec next;
    for (unsigned i = 0; i < SILOS / WRITERS; i++) {
        clients[i] = connect_to(false);
    }
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (!is_over) {
        unsigned i = pick(&random, SILOS / WRITERS);
        change(&random, clients[i], first + i * WRITERS);
        next.tv_nsec += change_pause_ns;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
    for (unsigned i = 0; i < SILOS / WRITERS; i++) {
        qvt_client_free(clients[i]);
    }
    return NULL;
}

/* ---- questions ---- */

static void ask_at_random(struct random *random, qvt_find_request *request)
{
    *request = (qvt_find_request)QVT_FIND_REQUEST_INIT;
    request->actor_type = PICK(random, types);
    request->version = PICK(random, asked_versions);
    request->range = PICK(random, ranges);
    request->mode = (qvt_compatibility)(pick(random, 2) == 0 ? 0 : pick(random, 7));
    request->selector = (qvt_selector)(pick(random, 2) == 0 ? 0 : pick(random, 6));
    request->actor_id = pick(random, 2) == 0 ? "a-1" : NULL;
    request->has_contract_fingerprint = pick(random, 4) == 0;
    request->contract_fingerprint = 1 + pick(random, 2);
    request->limit = pick(random, 4) == 0 ? 1 + pick(random, 4) : 0;
    request->explain = pick(random, 4) == 0;
}

/* One answer: a result, or NULL and an error. */
struct answer {
    qvt_find_result *result;
    qvt_error error;
};

static void clear(struct answer *answer)
{
    qvt_find_result_free(answer->result);
    answer->result = NULL;
}

static void find(qvt_client *client, const qvt_find_request *request, struct answer *answer)
{
    const qvt_call_options call = {sizeof call, 0, false, &answer->error};
    answer->result = NULL;
    (void)!qvt_client_find(&answer->result, client, request, &call);
}

/* 0: it is an error, which has none. */
static uint64_t revision_of(const struct answer *answer)
{
    return answer->result == NULL ? 0 : qvt_find_result_answer(answer->result)->position.revision;
}

static bool is_same_silo(const qvt_found_silo *a, const qvt_found_silo *b)
{
    return strcmp(a->silo_id, b->silo_id) == 0 && strcmp(a->address, b->address) == 0 && a->port == b->port &&
           strcmp(a->version, b->version) == 0 && a->incarnation == b->incarnation && a->suspect == b->suspect &&
           a->unhealthy == b->unhealthy;
}

static bool is_same_drop(const qvt_dropped_silo *a, const qvt_dropped_silo *b)
{
    return strcmp(a->silo_id, b->silo_id) == 0 && strcmp(a->version, b->version) == 0 && a->reason == b->reason;
}

static bool is_same_position(const qvt_position *a, const qvt_position *b)
{
    return a->revision == b->revision && a->token == b->token && strcmp(a->store_id, b->store_id) == 0;
}

static bool is_same_result(const qvt_find_result *a, const qvt_find_result *b)
{
    bool same = qvt_find_result_count(a) == qvt_find_result_count(b) &&
                qvt_find_result_empty_reason(a) == qvt_find_result_empty_reason(b) &&
                qvt_find_result_dropped_count(a) == qvt_find_result_dropped_count(b) &&
                is_same_position(&qvt_find_result_answer(a)->position, &qvt_find_result_answer(b)->position);
    for (size_t i = 0; same && i < qvt_find_result_count(a); i++) {
        same = is_same_silo(qvt_find_result_silo(a, i), qvt_find_result_silo(b, i));
    }
    for (size_t i = 0; same && i < qvt_find_result_dropped_count(a); i++) {
        same = is_same_drop(qvt_find_result_dropped(a, i), qvt_find_result_dropped(b, i));
    }
    return same;
}

static bool is_same_error(const qvt_error *a, const qvt_error *b)
{
    return a->status == b->status && strcmp(a->field, b->field) == 0 && strcmp(a->message, b->message) == 0;
}

static void show(const char *side, const struct answer *answer)
{
    struct told *told = calloc(1, sizeof *told);
    if (told != NULL && answer->result != NULL) {
        told_found(told, answer->result);
    } else if (told != NULL) {
        told_error(told, &answer->error);
    }
    printf("%s %llu: %s\n", side, (unsigned long long)revision_of(answer), told != NULL ? told->data : "");
    free(told);
}

static void fail(const qvt_find_request *request, const struct answer *local, const struct answer *remote)
{
    if (!atomic_exchange(&has_failed, true)) {
        printf("%s %s %s mode=%d selector=%d limit=%u explain=%d\n", request->actor_type,
               request->version != NULL ? request->version : "-", request->range != NULL ? request->range : "-",
               (int)request->mode, (int)request->selector, (unsigned)request->limit, request->explain);
        show("snapshot", local);
        show("tracker", remote);
    }
    is_over = true;
}

/* Several questions at once, so that the tracker answers them at few positions. */
struct batch {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned waiting;
    struct question {
        struct batch *batch;
        qvt_find_request request;
        struct answer remote;
        bool is_open;
    } questions[BATCH];
};

static void on_answer(void *data, qvt_find_result *result, const qvt_error *error)
{
    struct question *question = data;
    pthread_mutex_lock(&question->batch->lock);
    question->remote = (struct answer){result, *error};
    question->batch->waiting--;
    pthread_cond_signal(&question->batch->changed);
    pthread_mutex_unlock(&question->batch->lock);
}

static void ask(struct batch *batch, qvt_client *tracker, struct random *random)
{
    batch->waiting = BATCH;
    for (unsigned i = 0; i < BATCH; i++) {
        struct question *question = &batch->questions[i];
        ask_at_random(random, &question->request);
        question->batch = batch;
        question->is_open = true;
        if (qvt_client_find_async(tracker, &question->request, NULL, on_answer, question) != QVT_OK) {
            exit(2);
        }
    }
    asked += BATCH;
    pthread_mutex_lock(&batch->lock);
    while (batch->waiting > 0) {
        pthread_cond_wait(&batch->changed, &batch->lock);
    }
    pthread_mutex_unlock(&batch->lock);
}

/* Errors have no position, and policies change: an error on one side only must not last. */
static bool agree_on_error(qvt_client *tracker, const struct question *question)
{
    struct answer local, remote;
    for (unsigned i = 0; i < ERROR_TRIES; i++) {
        asked++;
        find(tracker, &question->request, &remote);
        find(cached, &question->request, &local);
        bool agrees = (local.result == NULL) == (remote.result == NULL) &&
                      (local.result != NULL || is_same_error(&local.error, &remote.error));
        if (!agrees && i == ERROR_TRIES - 1) {
            fail(&question->request, &local, &remote);
        }
        clear(&local);
        clear(&remote);
        if (agrees) {
            return true;
        }
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    return false;
}

/* Compares once the snapshot stands where the tracker stood; gone past: no case. */
static void look(struct question *question, qvt_client *tracker)
{
    struct answer local;
    find(cached, &question->request, &local);
    uint64_t here = revision_of(&local), there = revision_of(&question->remote);
    if (here == 0 || there == 0) {
        cases += here == there && is_same_error(&local.error, &question->remote.error) ? 1 : 0;
        question->is_open = false;
        clear(&local);
        (void)(here == there || agree_on_error(tracker, question));
        return;
    }
    if (here == there && !is_same_result(local.result, question->remote.result)) {
        fail(&question->request, &local, &question->remote);
    }
    cases += here == there ? 1 : 0;
    question->is_open = here < there;
    clear(&local);
}

static void compare(struct batch *batch, qvt_client *tracker)
{
    bool is_open = true;
    for (unsigned turn = 0; is_open && turn < TURNS && !is_over; turn++) {
        is_open = false;
        for (unsigned i = 0; i < BATCH; i++) {
            if (batch->questions[i].is_open) {
                look(&batch->questions[i], tracker);
                is_open = is_open || batch->questions[i].is_open;
            }
        }
        if (is_open) {
            nanosleep(&(struct timespec){0, 100000}, NULL);
        }
    }
    for (unsigned i = 0; i < BATCH; i++) {
        clear(&batch->questions[i].remote);
    }
}

static void *read_all_the_time(void *data)
{
    struct random random = {seed * 101 + *(unsigned *)data + 1};
    qvt_client *tracker = connect_to(false);
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) {
        exit(2);
    }
    pthread_mutex_init(&batch->lock, NULL);
    pthread_cond_init(&batch->changed, NULL);
    while (!is_over) {
        ask(batch, tracker, &random);
        compare(batch, tracker);
        if (cases >= cases_wanted) {
            is_over = true;
        }
    }
    free(batch);
    qvt_client_free(tracker);
    return NULL;
}

/* A find that is answered by the tracker is refused within a callback, where it would block. */
struct probe {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const qvt_find_request *request;
    bool is_done;
    bool is_local;
};

static void on_found(void *data, qvt_find_result *result, const qvt_error *error)
{
    struct probe *probe = data;
    qvt_find_result *again = NULL;
    qvt_find_result_free(result);
    pthread_mutex_lock(&probe->lock);
    probe->is_local = error->status == QVT_OK && qvt_client_find(&again, cached, probe->request, NULL) == QVT_OK;
    qvt_find_result_free(again);
    probe->is_done = true;
    pthread_cond_signal(&probe->changed);
    pthread_mutex_unlock(&probe->lock);
}

/* Until every type is answered from the snapshot: what is compared later does not come from the tracker. How many finds it
 * took. */
static unsigned long warm_up(void)
{
    unsigned long finds = 0;
    struct random random = {seed};
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    struct probe probe = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, &request, false, false};
    qvt_client *first = connect_to(false);
    enter(&random, first, SILOS); /* a watch on a cluster that nobody created would wait */
    qvt_client_free(first);
    for (size_t i = 0; i < TYPES; i += probe.is_local ? 1 : 0) {
        request.actor_type = types[i];
        probe.is_done = false;
        finds++;
        if (qvt_client_find_async(cached, &request, NULL, on_found, &probe) != QVT_OK) {
            exit(2);
        }
        pthread_mutex_lock(&probe.lock);
        while (!probe.is_done) {
            pthread_cond_wait(&probe.changed, &probe.lock);
        }
        pthread_mutex_unlock(&probe.lock);
    }
    return finds;
}

static uint64_t revision(void)
{
    struct answer answer;
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    request.actor_type = types[0];
    find(cached, &request, &answer);
    uint64_t result = revision_of(&answer);
    clear(&answer);
    return result;
}

int main(int argc, char **argv)
{
    pthread_t writers[WRITERS], readers[READERS];
    unsigned numbers[WRITERS + READERS];
    struct timespec begun, ended;
    if (argc != 5) {
        return 2;
    }
    endpoint = argv[1];
    seed = strtoull(argv[2], NULL, 10) | 1;
    cases_wanted = strtoul(argv[3], NULL, 10);
    change_pause_ns = 1000000000L * WRITERS / strtol(argv[4], NULL, 10);
    cached = connect_to(true);
    unsigned long warming = warm_up();
    uint64_t first = revision();
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (unsigned i = 0; i < WRITERS + READERS; i++) {
        numbers[i] = i;
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_create(&writers[i], NULL, write_all_the_time, &numbers[i]);
    }
    for (unsigned i = 0; i < READERS; i++) {
        pthread_create(&readers[i], NULL, read_all_the_time, &numbers[WRITERS + i]);
    }
    for (unsigned i = 0; i < READERS; i++) {
        pthread_join(readers[i], NULL);
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    uint64_t last = revision();
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_join(writers[i], NULL);
    }
    qvt_client_free(cached);
    if (has_failed) {
        return 1;
    }
    long took_ms = (ended.tv_sec - begun.tv_sec) * 1000 + (ended.tv_nsec - begun.tv_nsec) / 1000000;
    printf("%lu %llu %lu %lu %ld\n", (unsigned long)cases, (unsigned long long)(last - first), (unsigned long)asked,
           warming, took_ms);
    return 0;
}
