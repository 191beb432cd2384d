/* The local tracker and one of the cluster are told and asked the same, at random, through the same library: every status,
 * reason, message and field, every answer and its revision, and everything that their watches tell must be equal.
 *
 * usage: alike ENDPOINT SEED STEPS; the first difference is printed, and ends it with 1. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "told.h"

#define CLIENTS 7
#define SILO_IDS 5 /* fewer than clients: they take them from each other */
#define WATCHES 3

/* What a watch told since the last look. */
struct ear {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    qvt_watch *watch;
    uint64_t revision; /* that it stands at */
    struct told told;
};

struct side {
    const char *name;
    qvt_client *clients[CLIENTS];
    qvt_client *asker;
    struct ear ears[WATCHES];
    struct told text;
};

static struct side sides[2] = {{.name = "local"}, {.name = "cluster"}};
static uint64_t state;
static unsigned long step;

static uint32_t pick(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 16) % below);
}

#define PICK(list) ((list)[pick(sizeof(list) / sizeof((list)[0]))])

static const char *const types[] = {"Order", "Cart", "Invoice", "Cargo", "Nobody"};
static const char *const versions[] = {"1.0.0", "1.0.1", "1.1.0", "2.0.0", "2.0.0-rc.1", "2.1", "3", "1.2.3.4"};
static const char *const asked[] = {NULL, NULL, "1.0.0", "1.0", "1.1.0", "2.0.0-rc.2", "2.1.0", "9.9", "x1", ""};
static const char *const ranges[] = {NULL, NULL, NULL, "^1.0", ">=1.1 <3", "2.x", "~2.1.0-0", ">>1"};
static const char *const silo_ids[] = {"silo-a", "silo-b", "host:1/2", "silo-d", "\xc3\xa9"};

static void compare(const char *what, const struct told *local, const struct told *cluster)
{
    if (!told_equal(local, cluster)) {
        printf("step %lu, %s\nlocal:   %s\ncluster: %s\n", step, what, local->data, cluster->data);
        exit(1);
    }
}

/* ---- watches ---- */

static void add_silo(struct told *text, const qvt_silo_info *silo)
{
    told_add(text, "%s %s:%u status=%d scheduling=%d %d%d ttl=%u %s/%s/%s %s %llu mod=%llu", silo->silo_id,
             silo->address, (unsigned)silo->port, (int)silo->status, (int)silo->scheduling, silo->suspect,
             silo->unhealthy, (unsigned)silo->lease_ttl_ms, silo->region_id, silo->zone_id,
             silo->shard_group_id != NULL ? silo->shard_group_id : "-", silo->build_id,
             (unsigned long long)silo->deploy_epoch, (unsigned long long)silo->mod_revision);
    for (size_t i = 0; i < silo->label_count; i++) {
        told_add(text, " %s:%s", silo->labels[i].name, silo->labels[i].value);
    }
    for (size_t i = 0; i < silo->version_count; i++) {
        const qvt_actor_version *version = &silo->versions[i];
        told_add(text, " %s=%s", version->actor_type, version->version);
        if (version->has_contract_fingerprint) {
            told_add(text, "#%llx", (unsigned long long)version->contract_fingerprint);
        }
    }
}

static void add_record(struct told *text, const qvt_record *record)
{
    told_add(text, " put %d %s ", (int)record->kind, record->key);
    if (record->silo != NULL) {
        add_silo(text, record->silo);
    }
}

static void stand_at(struct ear *ear, const qvt_position *position)
{
    ear->revision = position->revision;
    pthread_cond_signal(&ear->changed);
    pthread_mutex_unlock(&ear->lock);
}

static void on_reset(void *data, const qvt_watch_reset *reset)
{
    struct ear *ear = data;
    pthread_mutex_lock(&ear->lock);
    told_add(&ear->told, "reset %llu\n", (unsigned long long)reset->position.revision);
    pthread_mutex_unlock(&ear->lock);
}

static void on_record(void *data, const qvt_record *record)
{
    struct ear *ear = data;
    pthread_mutex_lock(&ear->lock);
    add_record(&ear->told, record);
    pthread_mutex_unlock(&ear->lock);
}

static void on_walk_end(void *data, const qvt_position *position)
{
    struct ear *ear = data;
    pthread_mutex_lock(&ear->lock);
    told_add(&ear->told, "end %llu\n", (unsigned long long)position->revision);
    stand_at(ear, position);
}

static void on_change(void *data, const qvt_change *change)
{
    struct ear *ear = data;
    pthread_mutex_lock(&ear->lock);
    told_add(&ear->told, "change %llu event=%d", (unsigned long long)change->position.revision, (int)change->event);
    for (size_t i = 0; i < change->put_count; i++) {
        add_record(&ear->told, &change->puts[i]);
    }
    for (size_t i = 0; i < change->delete_count; i++) {
        told_add(&ear->told, " delete %d %s", (int)change->deletes[i].kind, change->deletes[i].key);
    }
    told_add(&ear->told, "\n");
    stand_at(ear, &change->position);
}

static void on_progress(void *data, const qvt_position *position)
{
    struct ear *ear = data;
    pthread_mutex_lock(&ear->lock);
    stand_at(ear, position);
}

/* Everything; by type; by silo and prefix. */
static void open_watch(struct side *side, size_t index)
{
    static const char *const type = "Order", *const prefix = "Ca", *const silo = "silo-b";
    struct ear *ear = &side->ears[index];
    qvt_watch_options options = QVT_WATCH_OPTIONS_INIT;
    pthread_mutex_init(&ear->lock, NULL);
    pthread_cond_init(&ear->changed, NULL);
    options.actor_types = &type;
    options.actor_type_count = index == 1 ? 1 : 0;
    options.silo_ids = &silo;
    options.silo_id_count = index == 2 ? 1 : 0;
    options.actor_type_prefixes = &prefix;
    options.actor_type_prefix_count = index == 2 ? 1 : 0;
    options.on_reset = on_reset;
    options.on_record = on_record;
    options.on_walk_end = on_walk_end;
    options.on_change = on_change;
    options.on_progress = on_progress;
    options.data = ear;
    if (qvt_client_watch(&ear->watch, side->asker, &options, NULL) != QVT_OK) {
        exit(2);
    }
}

/* Waits until the watch of everything stands there; the others may have nothing to say. */
static void await_revision(struct ear *ear, uint64_t revision)
{
    struct timespec until;
    int late = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 30;
    pthread_mutex_lock(&ear->lock);
    while (ear->revision < revision && late == 0) {
        late = pthread_cond_timedwait(&ear->changed, &ear->lock, &until);
    }
    pthread_mutex_unlock(&ear->lock);
    if (late != 0) {
        printf("step %lu: a watch stands at %llu, not at %llu\n", step, (unsigned long long)ear->revision,
               (unsigned long long)revision);
        exit(1);
    }
}

/* A silo that each watch shows, so that none may still have something to say. */
static uint64_t mark_watches(void);

/* first: the walks, which begin when a watch hears that there is a cluster, are not compared. */
static void compare_watches(bool first)
{
    uint64_t revision = mark_watches();
    for (size_t i = 0; i < WATCHES; i++) {
        await_revision(&sides[0].ears[i], revision);
        await_revision(&sides[1].ears[i], revision);
        if (!first) {
            compare("watch", &sides[0].ears[i].told, &sides[1].ears[i].told);
        }
        sides[0].ears[i].told.len = 0;
        sides[1].ears[i].told.len = 0;
    }
}

/* ---- what is asked ---- */

static qvt_error error;
static const qvt_call_options call = {sizeof call, 30000, false, &error};

static uint64_t revision_of(struct told *text, const qvt_answer *answer)
{
    told_add(text, " @%llu ttl=%u aged=%d\n", (unsigned long long)answer->position.revision,
             (unsigned)answer->cache_ttl_ms, answer->is_aged);
    return answer->position.revision;
}

static void ask_find(struct side *side, const qvt_find_request *request)
{
    qvt_find_result *result;
    if (qvt_client_find(&result, side->asker, request, &call) != QVT_OK) {
        told_error(&side->text, &error);
        return;
    }
    told_found(&side->text, result);
    revision_of(&side->text, qvt_find_result_answer(result));
    qvt_find_result_free(result);
}

static uint64_t ask_capabilities(struct side *side, const char *silo_id)
{
    qvt_capabilities *known;
    qvt_status status = silo_id != NULL ? qvt_client_silo_capabilities(&known, side->asker, silo_id, &call)
                                        : qvt_client_list_capabilities(&known, side->asker, &call);
    if (status != QVT_OK) {
        told_error(&side->text, &error);
        return 0;
    }
    for (size_t i = 0; i < qvt_capabilities_count(known); i++) {
        const qvt_silo_versions *silo = qvt_capabilities_silo(known, i);
        told_add(&side->text, " %s:", silo->silo_id);
        for (size_t j = 0; j < silo->version_count; j++) {
            told_add(&side->text, " %s=%s", silo->versions[j].actor_type, silo->versions[j].version);
        }
    }
    uint64_t revision = revision_of(&side->text, qvt_capabilities_answer(known));
    qvt_capabilities_free(known);
    return revision;
}

static qvt_position far_position;

static void find(void)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    request.actor_type = pick(30) == 0 ? "" : PICK(types);
    request.version = PICK(asked);
    request.range = PICK(ranges);
    request.actor_id = pick(2) == 0 ? "actor" : NULL;
    request.has_contract_fingerprint = pick(3) == 0;
    request.contract_fingerprint = 1 + pick(2);
    request.mode = (qvt_compatibility)pick(7);
    request.selector = (qvt_selector)pick(6);
    request.explain = pick(2) == 0;
    request.linearizable = pick(2) == 0;
    request.limit = pick(4);
    request.min_position = pick(20) == 0 ? &far_position : NULL;
    ask_find(&sides[0], &request);
    ask_find(&sides[1], &request);
}

static void capabilities(void)
{
    const char *silo_id = pick(4) == 0 ? NULL : pick(8) == 0 ? "nobody" : pick(20) == 0 ? ".." : PICK(silo_ids);
    (void)ask_capabilities(&sides[0], silo_id);
    (void)ask_capabilities(&sides[1], silo_id);
}

/* ---- what is told ---- */

static size_t some_versions(qvt_actor_version out[4])
{
    size_t count = 0;
    for (size_t i = 0; i < 4; i++) {
        if (pick(3) > 0) {
            out[count++] = (qvt_actor_version){
                .actor_type = pick(100) == 0 ? "" : types[i],
                .version = pick(50) == 0 ? "one" : PICK(versions),
                .assembly_name = pick(2) == 0 ? "assembly" : NULL,
                .has_contract_fingerprint = pick(3) == 0,
                .contract_fingerprint = 1 + pick(2),
            };
        }
    }
    return count;
}

static void register_on(qvt_client *(*client)(struct side *side), const qvt_silo_options *silo)
{
    for (size_t i = 0; i < 2; i++) {
        qvt_status status = qvt_client_register(client(&sides[i]), silo, &call);
        told_error(&sides[i].text, &error);
        if (status == QVT_OK) {
            qvt_registration known = QVT_REGISTRATION_INIT;
            (void)!qvt_client_read_registration(client(&sides[i]), &known);
            told_add(&sides[i].text, " ttl=%u held=%d", (unsigned)known.lease_ttl_ms, known.is_lease_held);
        }
    }
}

static size_t chosen;

static qvt_client *chosen_client(struct side *side)
{
    return side->clients[chosen];
}

static qvt_client *asking_client(struct side *side)
{
    return side->asker;
}

static void enter(void)
{
    static const char *const addresses[] = {"10.0.0.1", "10.0.0.2", "host"};
    static const qvt_label labels[] = {{"rack", "7"}, {"zone", "b"}, {"", "odd"}};
    static const uint32_t ttls[] = {0, 1, 600000, 4000000000, 300000};
    qvt_actor_version given[4];
    qvt_silo_options silo = QVT_SILO_OPTIONS_INIT;
    silo.silo_id = pick(60) == 0 ? "bad\nid" : PICK(silo_ids);
    silo.address = pick(60) == 0 ? "" : PICK(addresses);
    silo.port = pick(60) == 0 ? 65536 : 1 + pick(3);
    silo.versions = given;
    silo.version_count = some_versions(given);
    silo.labels = labels;
    silo.label_count = pick(20) == 0 ? 3 : pick(3);
    silo.lease_ttl_ms = pick(10) == 0 ? PICK(ttls) : 600000;
    silo.region_id = pick(2) == 0 ? "eu" : NULL;
    silo.zone_id = pick(2) == 0 ? "eu-1" : NULL;
    silo.shard_group_id = pick(2) == 0 ? "g" : NULL;
    silo.build_id = pick(2) == 0 ? "b1" : NULL;
    silo.deploy_epoch = pick(3);
    silo.phase = pick(4) == 0 ? QVT_PHASE_JOINING : QVT_PHASE_ACTIVE;
    register_on(chosen_client, &silo);
}

static void set_versions(void)
{
    qvt_actor_version given[4];
    size_t count = some_versions(given);
    for (size_t i = 0; i < 2; i++) {
        (void)!qvt_client_set_versions(sides[i].clients[chosen], given, count, &call);
        told_error(&sides[i].text, &error);
    }
}

static void enter_phase(void)
{
    static const qvt_phase phases[] = {QVT_PHASE_ACTIVE, QVT_PHASE_DRAINING, QVT_PHASE_SHUTTING_DOWN};
    qvt_phase phase = PICK(phases);
    for (size_t i = 0; i < 2; i++) {
        (void)!qvt_client_enter_phase(sides[i].clients[chosen], phase, &call);
        told_error(&sides[i].text, &error);
    }
}

static void leave(void)
{
    for (size_t i = 0; i < 2; i++) {
        (void)!qvt_client_unregister(sides[i].clients[chosen], &call);
        told_error(&sides[i].text, &error);
    }
}

static uint64_t mark_watches(void)
{
    static char build_id[32];
    static const qvt_actor_version every[] = {{.actor_type = "Order", .version = "1"},
                                              {.actor_type = "Cargo", .version = "1"}};
    qvt_silo_options silo = QVT_SILO_OPTIONS_INIT;
    snprintf(build_id, sizeof build_id, "mark-%lu", step);
    silo.silo_id = "silo-mark";
    silo.address = "10.0.0.9";
    silo.port = 9;
    silo.versions = every;
    silo.version_count = 2;
    silo.build_id = build_id;
    silo.lease_ttl_ms = 600000;
    silo.phase = QVT_PHASE_JOINING;
    sides[0].text.len = sides[1].text.len = 0;
    register_on(asking_client, &silo);
    uint64_t revision = ask_capabilities(&sides[0], NULL);
    (void)ask_capabilities(&sides[1], NULL);
    compare("mark", &sides[0].text, &sides[1].text);
    return revision;
}

static void take_step(void)
{
    sides[0].text.len = sides[1].text.len = 0;
    chosen = pick(CLIENTS);
    switch (pick(16)) {
    case 0:
    case 1:
    case 2: enter(); break;
    case 3: set_versions(); break;
    case 4: enter_phase(); break;
    case 5: leave(); break;
    case 6:
    case 7: capabilities(); break;
    default: find(); break;
    }
    compare("answer", &sides[0].text, &sides[1].text);
}

static qvt_client *connect_to(const char *const *endpoint)
{
    qvt_client *client = NULL;
    qvt_client_options options = QVT_CLIENT_OPTIONS_INIT;
    options.endpoints = endpoint;
    options.endpoint_count = endpoint != NULL ? 1 : 0;
    options.cluster = "alike";
    options.without_cache = true; /* what the trackers say, at once */
    if (qvt_client_new(&client, &options, &error) != QVT_OK || qvt_client_is_local(client) != (endpoint == NULL)) {
        fprintf(stderr, "no client: %s\n", error.message);
        exit(2);
    }
    return client;
}

static void open_side(struct side *side, const char *const *endpoint)
{
    side->asker = connect_to(endpoint);
    for (size_t i = 0; i < CLIENTS; i++) {
        side->clients[i] = connect_to(endpoint);
    }
    for (size_t i = 0; i < WATCHES; i++) {
        open_watch(side, i);
    }
}

static void close_side(struct side *side)
{
    for (size_t i = 0; i < WATCHES; i++) {
        qvt_watch_close(side->ears[i].watch);
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        qvt_client_free(side->clients[i]);
    }
    qvt_client_free(side->asker);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        return 2;
    }
    state = strtoull(argv[2], NULL, 10) | 1;
    unsigned long steps = strtoul(argv[3], NULL, 10);
    far_position = (qvt_position){.store_id = "ffffffffffffffffffffffffffffffff", .revision = 1, .token = 7};
    open_side(&sides[0], NULL);
    open_side(&sides[1], (const char *const *)&argv[1]);
    compare_watches(true);
    for (step = 1; step <= steps; step++) {
        take_step();
        if (step % 25 == 0) {
            compare_watches(false);
        }
    }
    close_side(&sides[0]);
    close_side(&sides[1]);
    printf("%lu steps alike\n", steps);
    return 0;
}
