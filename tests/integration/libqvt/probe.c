/* Drives libqvt from a script: one command a line on stdin, words split by tabs, one answer a line on stdout.
 *
 *   register ID ADDRESS PORT TTL-MS TYPE=VERSION,…   makes a client for the silo, once
 *   versions ID TYPE=VERSION,…      unregister ID      local ID TYPE      state ID
 *   find TYPE VERSION               capabilities ID    list               refind TYPE TIMES
 *   burst TYPE TIMES                 that many at once, by callbacks
 *   within MS TYPE                   a find with so little time
 *   news COUNT SECONDS               waits while COUNT callbacks have told of silos; how many have
 *   status ID                        of the silo's record, as a watch shows it; "" when there is none
 *
 * Answers are "ok" with words behind it, or "error CODE REASON MESSAGE (FIELD)"; usage: probe [ENDPOINT...] */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "qvt/qvt.h"

#define SILOS_MAX 16
#define VERSIONS_MAX 64
#define WORDS_MAX 8

struct silo {
    char id[129];
    qvt_client *client;
    atomic_uint leases_lost;
    atomic_uint leases_held;
};

static struct silo silos[SILOS_MAX];
static size_t silo_count;
static const char *const *endpoints;
static size_t endpoint_count;
static qvt_client *asker;
static qvt_error error;
static qvt_call_options call = {sizeof call, 20000, false, &error};

static void answer_error(void)
{
    printf("error\t%s\t%s\t%s (%s)\n", qvt_status_name(error.status), error.reason != NULL ? error.reason : "",
           error.message, error.field);
}

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned long count;
} news = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static void tell(void)
{
    pthread_mutex_lock(&news.lock);
    news.count++;
    pthread_cond_signal(&news.changed);
    pthread_mutex_unlock(&news.lock);
}

static unsigned long news_count(void)
{
    pthread_mutex_lock(&news.lock);
    unsigned long count = news.count;
    pthread_mutex_unlock(&news.lock);
    return count;
}

static void on_silo_state(void *data, qvt_silo_state state, const qvt_error *why)
{
    (void)data;
    (void)state;
    (void)why;
    tell();
}

static void on_lease_lost(void *data)
{
    struct silo *silo = data;
    silo->leases_lost++;
    tell();
}

static void on_lease_held(void *data)
{
    struct silo *silo = data;
    silo->leases_held++;
    tell();
}

/* silo NULL: a client without one. */
static qvt_client *new_client(struct silo *silo)
{
    qvt_client *client = NULL;
    qvt_client_options options = QVT_CLIENT_OPTIONS_INIT;
    options.endpoints = endpoints;
    options.endpoint_count = endpoint_count;
    options.reconnect_max_ms = 200;
    options.token = getenv("PROBE_TOKEN");
    options.tls_authority_file = getenv("PROBE_TLS_CA");
    options.tls_certificate_file = getenv("PROBE_TLS_CERT");
    options.tls_key_file = getenv("PROBE_TLS_KEY");
    options.tls_server_name = getenv("PROBE_TLS_NAME");
    options.without_cache = getenv("LIBQVT_PROBE_CACHE") == NULL; /* its finds tell what the tracker says */
    if (silo != NULL) {
        options.on_silo_state = on_silo_state;
        options.on_lease_lost = on_lease_lost;
        options.on_lease_held = on_lease_held;
        options.data = silo;
    }
    if (qvt_client_new(&client, &options, &error) != QVT_OK) {
        answer_error();
        exit(1);
    }
    return client;
}

static struct silo *silo_of(const char *id)
{
    for (size_t i = 0; i < silo_count; i++) {
        if (strcmp(silos[i].id, id) == 0) {
            return &silos[i];
        }
    }
    if (silo_count == SILOS_MAX) {
        exit(1);
    }
    snprintf(silos[silo_count].id, sizeof silos[silo_count].id, "%s", id);
    silos[silo_count].client = new_client(&silos[silo_count]);
    return &silos[silo_count++];
}

static qvt_client *client_of(const char *id)
{
    return silo_of(id)->client;
}

/* Cuts "A=1,B=2" in place. */
static size_t read_versions(char *text, qvt_actor_version *out)
{
    size_t count = 0;
    for (char *rest = text, *each; count < VERSIONS_MAX && (each = strtok_r(NULL, ",", &rest)) != NULL;) {
        char *equals = strchr(each, '=');
        if (equals != NULL) {
            *equals = '\0';
            out[count++] = (qvt_actor_version){.actor_type = each, .version = equals + 1};
        }
    }
    return count;
}

static void answer(qvt_status status)
{
    if (status == QVT_OK) {
        puts("ok");
    } else {
        answer_error();
    }
}

static void do_register(char **words)
{
    qvt_actor_version versions[VERSIONS_MAX];
    qvt_silo_options silo = QVT_SILO_OPTIONS_INIT;
    silo.silo_id = words[1];
    silo.address = words[2];
    silo.port = (uint32_t)strtoul(words[3], NULL, 10);
    silo.lease_ttl_ms = (uint32_t)strtoul(words[4], NULL, 10);
    silo.versions = versions;
    silo.version_count = read_versions(words[5], versions);
    answer(qvt_client_register(client_of(words[1]), &silo, &call));
}

static void do_versions(char **words)
{
    qvt_actor_version versions[VERSIONS_MAX];
    size_t count = read_versions(words[2], versions);
    answer(qvt_client_set_versions(client_of(words[1]), versions, count, &call));
}

static void do_unregister(char **words)
{
    answer(qvt_client_unregister(client_of(words[1]), &call));
}

static void do_local(char **words)
{
    char version[QVT_VERSION_MAX + 1];
    qvt_status status = qvt_client_local_version(version, sizeof version, client_of(words[1]), words[2]);
    if (status == QVT_OK) {
        printf("ok\t%s\n", version);
    } else {
        qvt_error_set(&error, status, NULL, "no local version");
        answer_error();
    }
}

static void do_state(char **words)
{
    qvt_registration known = QVT_REGISTRATION_INIT;
    struct silo *silo = silo_of(words[1]);
    unsigned long told = news_count(); /* first, so that nothing told later is missed */
    if (qvt_client_read_registration(silo->client, &known) == QVT_OK) {
        printf("ok\t%d\t%llu\t%u\t%u\t%u\t%d\t%u\t%u\t%lu\n", (int)known.state, (unsigned long long)known.incarnation,
               (unsigned)known.lease_ttl_ms, (unsigned)known.registrations, (unsigned)known.renewals,
               (int)known.is_lease_held, silo->leases_lost, silo->leases_held, told);
    }
}

static void do_news(char **words)
{
    struct timespec until;
    unsigned long known = strtoul(words[1], NULL, 10);
    int code = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += strtol(words[2], NULL, 10);
    pthread_mutex_lock(&news.lock);
    while (news.count == known && code == 0) {
        code = pthread_cond_timedwait(&news.changed, &news.lock, &until);
    }
    printf("ok\t%lu\n", news.count);
    pthread_mutex_unlock(&news.lock);
}

static void do_find(char **words)
{
    qvt_find_result *result;
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    request.actor_type = words[1];
    request.version = words[2];
    if (qvt_client_find(&result, asker, &request, &call) != QVT_OK) {
        answer_error();
        return;
    }
    printf("ok\t%d", (int)qvt_find_result_empty_reason(result));
    for (size_t i = 0; i < qvt_find_result_count(result); i++) {
        printf("\t%s", qvt_find_result_silo(result, i)->silo_id);
    }
    putchar('\n');
    qvt_find_result_free(result);
}

static void do_within(char **words)
{
    qvt_find_result *result;
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    qvt_call_options soon = call;
    request.actor_type = words[2];
    soon.timeout_ms = (uint32_t)strtoul(words[1], NULL, 10);
    if (qvt_client_find(&result, asker, &request, &soon) == QVT_OK) {
        qvt_find_result_free(result);
    }
    answer(error.status);
}

static void do_refind(char **words)
{
    for (unsigned long left = strtoul(words[2], NULL, 10); left > 0; left--) {
        qvt_find_result *result;
        qvt_find_request request = QVT_FIND_REQUEST_INIT;
        request.actor_type = words[1];
        if (qvt_client_find(&result, asker, &request, &call) != QVT_OK) {
            answer_error();
            return;
        }
        qvt_find_result_free(result);
    }
    puts("ok");
}

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned long ended;
    unsigned long failed;
} burst = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};

static void on_found(void *data, qvt_find_result *result, const qvt_error *end)
{
    (void)data;
    qvt_find_result_free(result);
    pthread_mutex_lock(&burst.lock);
    burst.ended++;
    burst.failed += end->status != QVT_OK ? 1 : 0;
    pthread_cond_signal(&burst.changed);
    pthread_mutex_unlock(&burst.lock);
}

static void do_burst(char **words)
{
    unsigned long begun = strtoul(words[2], NULL, 10);
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    request.actor_type = words[1];
    burst.ended = 0;
    burst.failed = 0;
    for (unsigned long i = 0; i < begun; i++) {
        if (qvt_client_find_async(asker, &request, &call, on_found, NULL) != QVT_OK) {
            answer_error();
            exit(1);
        }
    }
    pthread_mutex_lock(&burst.lock);
    while (burst.ended < begun) {
        pthread_cond_wait(&burst.changed, &burst.lock);
    }
    printf("ok\t%lu\t%lu\n", burst.ended, burst.failed);
    pthread_mutex_unlock(&burst.lock);
}

static void print_capabilities(qvt_capabilities *capabilities)
{
    printf("ok");
    for (size_t i = 0; i < qvt_capabilities_count(capabilities); i++) {
        const qvt_silo_versions *silo = qvt_capabilities_silo(capabilities, i);
        printf("\t%s", silo->silo_id);
        for (size_t j = 0; j < silo->version_count; j++) {
            printf("%c%s=%s", j == 0 ? ' ' : ',', silo->versions[j].actor_type, silo->versions[j].version);
        }
    }
    putchar('\n');
    qvt_capabilities_free(capabilities);
}

static void do_capabilities(char **words)
{
    qvt_capabilities *capabilities;
    if (qvt_client_silo_capabilities(&capabilities, asker, words[1], &call) == QVT_OK) {
        print_capabilities(capabilities);
    } else {
        answer_error();
    }
}

static void do_list(char **words)
{
    qvt_capabilities *capabilities;
    (void)words;
    if (qvt_client_list_capabilities(&capabilities, asker, &call) == QVT_OK) {
        print_capabilities(capabilities);
    } else {
        answer_error();
    }
}

/* What a watch of one silo has shown. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    qvt_silo_status status;
    bool is_over;
} shown = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, QVT_SILO_STATUS_UNKNOWN, false};

static void on_record(void *data, const qvt_record *record)
{
    (void)data;
    shown.status = record->silo != NULL ? record->silo->status : shown.status;
}

static void on_walk_end(void *data, const qvt_position *position)
{
    (void)data;
    (void)position;
    pthread_mutex_lock(&shown.lock);
    shown.is_over = true;
    pthread_cond_signal(&shown.changed);
    pthread_mutex_unlock(&shown.lock);
}

static void do_status(char **words)
{
    static const char *const names[] = {"", "JOINING", "ACTIVE", "SHUTTING_DOWN", "DEAD"};
    const char *id = words[1];
    qvt_watch *watch;
    qvt_watch_options options = QVT_WATCH_OPTIONS_INIT;
    shown.status = QVT_SILO_STATUS_UNKNOWN;
    shown.is_over = false;
    options.silo_ids = &id;
    options.silo_id_count = 1;
    options.on_record = on_record;
    options.on_walk_end = on_walk_end;
    if (qvt_client_watch(&watch, asker, &options, &error) != QVT_OK) {
        answer_error();
        return;
    }
    pthread_mutex_lock(&shown.lock);
    while (!shown.is_over) {
        pthread_cond_wait(&shown.changed, &shown.lock);
    }
    printf("ok\t%s\n", names[shown.status]);
    pthread_mutex_unlock(&shown.lock);
    qvt_watch_close(watch);
}

static const struct {
    const char *name;
    size_t words;
    void (*run)(char **words);
} commands[] = {
    {"register", 6, do_register}, {"versions", 3, do_versions}, {"unregister", 2, do_unregister},
    {"local", 3, do_local},       {"state", 2, do_state},       {"find", 3, do_find},
    {"refind", 3, do_refind},     {"list", 1, do_list},         {"capabilities", 2, do_capabilities},
    {"burst", 3, do_burst},       {"within", 3, do_within},     {"news", 3, do_news},
    {"status", 2, do_status},
};

static void run_line(char *line)
{
    char *words[WORDS_MAX];
    size_t count = 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *rest = line; rest != NULL && count < WORDS_MAX;) {
        words[count++] = rest;
        rest = strchr(rest, '\t');
        if (rest != NULL) {
            *rest++ = '\0';
        }
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(words[0], commands[i].name) == 0 && count == commands[i].words) {
            commands[i].run(words);
            return;
        }
    }
    printf("error\tUSAGE\t\t%s with %zu words\n", words[0], count);
}

int main(int argc, char **argv)
{
    char line[4096];
    if (getenv("PROBE_TIMEOUT_MS") != NULL) {
        call.timeout_ms = (uint32_t)strtoul(getenv("PROBE_TIMEOUT_MS"), NULL, 10);
    }
    endpoints = (const char *const *)(argv + 1);
    endpoint_count = (size_t)argc - 1;
    asker = new_client(NULL);
    while (fgets(line, sizeof line, stdin) != NULL) {
        run_line(line);
        fflush(stdout);
    }
    for (size_t i = 0; i < silo_count; i++) {
        qvt_client_free(silos[i].client);
    }
    qvt_client_free(asker);
    return 0;
}
