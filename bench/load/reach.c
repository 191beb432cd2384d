/* What a client that does nothing holds, and how soon a change is in the cache of every silo; as NAME=NUMBER words.
 * usage: bench_reach PORT SILOS CHANGES */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "qvt/qvt.h"

enum { SILOS_MAX = 256, CHANGES_MAX = 10000, SETTLE_MS = 300 };

static qvt_client *silos[SILOS_MAX];
static double reached_ms[CHANGES_MAX];

static void die(const char *what)
{
    fprintf(stderr, "bench_reach: %s\n", what);
    exit(1);
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void settle(void)
{
    const struct timespec pause = {0, SETTLE_MS * 1000000L};
    nanosleep(&pause, NULL);
}

/* Memory that is the process's alone, so that pages of libraries that others share do not count. */
static double private_kib(void)
{
    char line[128];
    double sum = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    if (file == NULL) {
        die("no smaps_rollup");
    }
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "Private_", strlen("Private_")) == 0) {
            sum += atof(strchr(line, ':') + 1);
        }
    }
    fclose(file);
    return sum;
}

/* A silo that watches the type which changes. */
static void begin(unsigned number, const char *endpoint)
{
    static const char *const types[] = {"Order"};
    char id[16];
    const qvt_actor_version version = {.actor_type = number == 0 ? "Order" : "Cart", .version = "1.0.0"};
    qvt_client_options options = QVT_CLIENT_OPTIONS_INIT;
    qvt_silo_options silo = QVT_SILO_OPTIONS_INIT;
    options.endpoints = &endpoint;
    options.endpoint_count = 1;
    options.cached_types = types;
    options.cached_type_count = 1;
    snprintf(id, sizeof id, "silo-%u", number);
    silo.silo_id = id;
    silo.address = "10.0.0.1";
    silo.port = 11111;
    silo.versions = &version;
    silo.version_count = 1;
    if (qvt_client_new(&silos[number], &options, NULL) != QVT_OK ||
        qvt_client_register(silos[number], &silo, NULL) != QVT_OK) {
        die("a silo cannot register");
    }
}

static bool shows(qvt_client *silo, const char *version)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    qvt_find_result *result;
    request.actor_type = "Order";
    if (qvt_client_find(&result, silo, &request, NULL) != QVT_OK) {
        die("a find failed");
    }
    bool is_shown =
        qvt_find_result_count(result) == 1 && strcmp(qvt_find_result_silo(result, 0)->version, version) == 0;
    qvt_find_result_free(result);
    return is_shown;
}

static void on_set(void *data, const qvt_error *error)
{
    if (error->status != QVT_OK) {
        die("a change failed");
    }
    atomic_store((atomic_bool *)data, true);
}

/* From the call that makes the change, which is before its commit, until the last cache shows it. */
static double change(unsigned count, unsigned number)
{
    char text[32];
    atomic_bool is_set = false;
    snprintf(text, sizeof text, "2.1.%u", number);
    const qvt_actor_version version = {.actor_type = "Order", .version = text};
    double began_ms = now_ms();
    if (qvt_client_set_versions_async(silos[0], &version, 1, NULL, on_set, &is_set) != QVT_OK) {
        die("a change failed");
    }
    for (unsigned i = 0; i < count; i++) {
        while (!shows(silos[i], text)) {
            (void)sched_yield();
        }
    }
    double reached = now_ms() - began_ms;
    while (!atomic_load(&is_set)) {
        (void)sched_yield();
    }
    return reached;
}

static int compare(const void *one, const void *other)
{
    double difference = *(const double *)one - *(const double *)other;
    return difference < 0 ? -1 : difference > 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    char endpoint[32];
    unsigned count = argc == 4 ? (unsigned)atoi(argv[2]) : 0, changes = argc == 4 ? (unsigned)atoi(argv[3]) : 0;
    if (count < 2 || count > SILOS_MAX || changes < 1 || changes > CHANGES_MAX) {
        fprintf(stderr, "usage: bench_reach PORT SILOS CHANGES\n");
        return 2;
    }
    snprintf(endpoint, sizeof endpoint, "127.0.0.1:%s", argv[1]);
    double before_kib = private_kib();
    begin(0, endpoint);
    settle();
    double one_kib = private_kib();
    for (unsigned i = 1; i < count; i++) {
        begin(i, endpoint);
    }
    settle();
    double all_kib = private_kib();
    for (unsigned i = 0; i < changes; i++) {
        reached_ms[i] = change(count, i);
    }
    qsort(reached_ms, changes, sizeof reached_ms[0], compare);
    printf("first_kib=%.0f other_kib=%.0f reach_ms=%.3f reach_99_ms=%.3f\n", one_kib - before_kib,
           (all_kib - one_kib) / (count - 1), reached_ms[changes / 2], reached_ms[changes * 99 / 100]);
    for (unsigned i = 0; i < count; i++) {
        qvt_client_free(silos[i]);
    }
    return 0;
}
