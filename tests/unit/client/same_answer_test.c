/* Same question, same position: same answer (SPEC §4.11). A registry makes changes at random; the mirror is told each in
 * the bytes a watch brings; both are asked the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "client/src/found.h"
#include "client/src/mirror.h"
#include "client/src/record_decode.h"
#include "nanopb/quark/version/v1/change.pb.h"
#include "tests/support/suite.h"
#include "tests/unit/server/registry/scene.h"
#include "version/placement_request.h"

enum { CASES = 100000, SILOS = 12, HOSTS_MAX = 64, CASES_A_CHANGE = 10 };

static const char *const types[] = {"Order", "Cart", "Invoice", "Nobody"};
static const char *const versions[] = {"1.0.0", "1.0.1",       "1.1.0", "2.0.0",  "2.0.0-rc.1",
                                       "2.1",   "2.1.0-alpha", "3",     "1.2.3.4"};
static const char *const asked_versions[] = {"", "1.0.0", "1.0", "1.1.0", "2.0.0-rc.2", "2.1.0", "2.0.0", "9.9", "x1"};
static const char *const ranges[] = {"", "", "", "^1.0", ">=1.1 <3", "2.x", "~2.1.0-0", ">>1"};

static uint64_t state;

static uint32_t pick(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 16) % below);
}

#define PICK(list) ((list)[pick(sizeof(list) / sizeof((list)[0]))])

static void silo_name(char out[16])
{
    snprintf(out, 16, "silo-%u", pick(SILOS));
}

static void some_types(char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < 3; i++) {
        if (pick(3) > 0) {
            size_t len = strlen(out);
            snprintf(out + len, size - len, "%s%s=%s", len > 0 ? " " : "", types[i], PICK(versions));
        }
    }
}

static void register_silo(struct scene *scene, const char *id)
{
    static struct given_silo given;
    char list[256];
    some_types(list, sizeof list);
    given_silo(&given, id);
    given_instance(&given, (uint8_t)(1 + pick(3)));
    given_types(&given, list);
    for (size_t i = 0; i < given.versions.count; i++) {
        Quark__Version__V1__AssemblyVersionInfo *info = &given.versions.info[i];
        if (pick(3) == 0) {
            info->_contract_fingerprint_case =
                QUARK__VERSION__V1__ASSEMBLY_VERSION_INFO___CONTRACT_FINGERPRINT_CONTRACT_FINGERPRINT;
            info->contract_fingerprint = 1 + pick(2);
        }
    }
    struct command command = command_register(&given);
    (void)scene_run(scene, &command);
}

static void mark_silo(struct scene *scene, const char *id, enum command_kind kind)
{
    const struct registry_silo *silo = scene_silo(scene, id);
    if (silo != NULL) {
        struct silo_mark mark = {qvt_slice_text(id), silo->incarnation, pick(2) == 0};
        struct command command = {.kind = kind, .marks = {&mark, 1}};
        (void)scene_run(scene, &command);
    }
}

static void set_policy(struct scene *scene)
{
    static const char *const policy_ranges[] = {"", "^1.0", "2.x", ">=1.1"};
    static const char *const ramp_targets[] = {"", "", "2.0.0-rc.1", "1.2.0"};
    Quark__Version__V1__SetPolicyRequest request;
    Quark__Version__V1__Policy policy;
    quark__version__v1__set_policy_request__init(&request);
    quark__version__v1__policy__init(&policy);
    request.actor_type = text(pick(3) == 0 ? "" : PICK(types));
    request.policy = &policy;
    policy.mode = (Quark__Version__V1__CompatibilityMode)pick(7);
    policy.selector = (Quark__Version__V1__Selector)pick(5);
    policy.range = text(PICK(policy_ranges));
    Quark__Version__V1__Ramp ramp;
    quark__version__v1__ramp__init(&ramp);
    ramp.target_version = text(PICK(ramp_targets));
    policy.ramp = ramp.target_version[0] == '\0' ? NULL : &ramp;
    struct command command = {.kind = COMMAND_SET_POLICY, .set_policy = &request};
    (void)scene_run(scene, &command);
}

static void delete_policy(struct scene *scene)
{
    Quark__Version__V1__DeletePolicyRequest request;
    quark__version__v1__delete_policy_request__init(&request);
    request.actor_type = text(pick(3) == 0 ? "" : PICK(types));
    struct command command = {.kind = COMMAND_DELETE_POLICY, .delete_policy = &request};
    (void)scene_run(scene, &command);
}

static void change_something(struct scene *scene)
{
    char id[16];
    silo_name(id);
    scene->now_us += 1000000;
    switch (pick(10)) {
    case 0: (void)scene_unregister(scene, id); break;
    case 1: (void)scene_update(scene, id, "status", 1 + (int)pick(3)); break;
    case 2:
    case 3: (void)scene_update(scene, id, "scheduling", 1 + (int)pick(4)); break;
    case 4: mark_silo(scene, id, COMMAND_MARK_SUSPECT); break;
    case 5: mark_silo(scene, id, COMMAND_MARK_HEALTH); break;
    case 6: set_policy(scene); break;
    case 7: delete_policy(scene); break;
    default: register_silo(scene, id); break;
    }
}

/* What the registry changed since, as a watch tells it. */
static uint64_t follow(struct mirror *mirror, const struct scene *scene, uint64_t seen)
{
    static struct arena arena;
    arena_init(&arena, DECODE_MEMORY_MAX);
    while (seen < registry_head(scene->registry)->revision) {
        struct change *change = registry_change(scene->registry, ++seen);
        struct buf bytes = BUF_INIT;
        qvt_change told;
        CU_ASSERT_PTR_NOT_NULL_FATAL(change);
        CU_ASSERT_EQUAL_FATAL(change_encode(change, &bytes), QVT_OK);
        pb_istream_t stream = pb_istream_from_buffer(bytes.data, bytes.len);
        CU_ASSERT_FATAL(decode_change(&stream, &arena, &told));
        for (size_t i = 0; i < told.put_count; i++) {
            CU_ASSERT_EQUAL_FATAL(mirror_put(mirror, &told.puts[i]), QVT_OK);
        }
        for (size_t i = 0; i < told.delete_count; i++) {
            mirror_remove(mirror, &told.deletes[i]);
        }
        buf_deinit(&bytes);
    }
    arena_deinit(&arena);
    while (!list_is_empty(&mirror->dirty)) {
        struct type_table *old;
        struct mirror_type *type = LIST_ENTRY(mirror->dirty.next, struct mirror_type, dirty);
        CU_ASSERT_EQUAL_FATAL(mirror_refresh(mirror, type, &old), QVT_OK);
        type_table_unref(old);
    }
    return seen;
}

static void ask_at_random(qvt_find_request *request)
{
    *request = (qvt_find_request)QVT_FIND_REQUEST_INIT;
    request->actor_type = PICK(types);
    request->version = PICK(asked_versions);
    request->range = PICK(ranges);
    request->mode = (qvt_compatibility)(pick(2) == 0 ? 0 : pick(8));
    request->selector = (qvt_selector)(pick(2) == 0 ? 0 : pick(7));
    request->actor_id = pick(2) == 0 ? "a-1" : NULL;
    request->has_contract_fingerprint = pick(4) == 0;
    request->contract_fingerprint = 1 + pick(2);
    request->limit = pick(4) == 0 ? 1 + pick(4) : 0;
    request->explain = pick(4) == 0;
}

static void append(char *out, size_t size, const char *sign, qvt_slice id, const char *version, uint64_t number)
{
    size_t len = strlen(out);
    snprintf(out + len, size - len, "%s%.*s %s %llu;", sign, (int)id.len, (const char *)id.data, version,
             (unsigned long long)number);
}

static void tell_error(char *out, size_t size, const qvt_error *error)
{
    snprintf(out, size, "%d %s %s", (int)error->status, error->field, error->message);
}

static int by_id(const void *a, const void *b)
{
    const struct registry_host *const *left = a, *const *right = b;
    return qvt_slice_compare((*left)->silo->id, (*right)->silo->id);
}

/* The tracker's way, as server/service answers. */
static void ask_registry(const struct registry *registry, const qvt_find_request *request, char *out, size_t size)
{
    static struct placement_candidate candidates[HOSTS_MAX];
    static struct registry_host hosts[HOSTS_MAX];
    static uint32_t order[HOSTS_MAX];
    static enum placement_drop drops[HOSTS_MAX];
    const struct registry_host *sorted[HOSTS_MAX];
    struct placement_rules rules;
    struct placement_asked asked;
    qvt_error error;
    uint32_t chosen, dropped = 0;
    enum placement_empty empty;
    const struct placement_request wanted = {
        .actor_type = qvt_slice_text(request->actor_type),
        .version = qvt_slice_text(request->version),
        .range = qvt_slice_text(request->range),
        .actor_id = qvt_slice_text(request->actor_id),
        .has_fingerprint = request->has_contract_fingerprint,
        .fingerprint = request->contract_fingerprint,
        .mode = (int)request->mode,
        .selector = (int)request->selector,
        .limit = request->limit,
    };
    uint32_t count = registry_candidate_count(registry, wanted.actor_type);
    CU_ASSERT_FATAL(count <= HOSTS_MAX);
    (void)registry_policy_for(registry, wanted.actor_type, &rules);
    out[0] = '\0';
    if (placement_request_read(&asked, &wanted, &rules, &error) != QVT_OK) {
        tell_error(out, size, &error);
        return;
    }
    registry_candidates(registry, wanted.actor_type, candidates, hosts);
    placement_answer(&asked.question, candidates, count, order, drops, &chosen, &empty);
    for (uint32_t i = 0; i < chosen; i++) {
        const struct registry_host *host = &hosts[order[i]];
        char version[160];
        snprintf(version, sizeof version, "%.*s%s%s", (int)host->version.len, (const char *)host->version.data,
                 host->silo->suspect ? "?" : "", host->silo->unhealthy ? "!" : "");
        append(out, size, "", host->silo->id, version, host->silo->incarnation);
    }
    append(out, size, "=", qvt_slice_text("empty"), "", (uint64_t)empty);
    for (uint32_t i = 0; request->explain && i < count; i++) {
        if (drops[i] != PLACEMENT_DROP_UNSPECIFIED) {
            sorted[dropped++] = &hosts[i];
        }
    }
    if (dropped > 0) {
        qsort(sorted, dropped, sizeof sorted[0], by_id);
    }
    for (uint32_t i = 0; i < dropped; i++) {
        char version[160];
        snprintf(version, sizeof version, "%.*s", (int)sorted[i]->version.len, (const char *)sorted[i]->version.data);
        append(out, size, "-", sorted[i]->silo->id, version, (uint64_t)drops[sorted[i] - hosts]);
    }
}

static void ask_mirror(const struct mirror *mirror, const qvt_find_request *request, char *out, size_t size)
{
    struct found *found;
    qvt_error error;
    out[0] = '\0';
    if (found_answer(&found, mirror_type(mirror, request->actor_type)->table, request, &error) != QVT_OK) {
        tell_error(out, size, &error);
        return;
    }
    for (size_t i = 0; i < found->count; i++) {
        const qvt_found_silo *silo = &found->silos[i];
        char version[160];
        snprintf(version, sizeof version, "%s%s%s", silo->version, silo->suspect ? "?" : "",
                 silo->unhealthy ? "!" : "");
        append(out, size, "", qvt_slice_text(silo->silo_id), version, silo->incarnation);
    }
    append(out, size, "=", qvt_slice_text("empty"), "", (uint64_t)found->empty_reason);
    for (size_t i = 0; i < found->dropped_count; i++) {
        const qvt_dropped_silo *silo = &found->dropped[i];
        append(out, size, "-", qvt_slice_text(silo->silo_id), silo->version, (uint64_t)silo->reason);
    }
    found_unref(found);
}

static void same_question_same_position_same_answer(void)
{
    static char theirs[8192], ours[8192];
    struct scene scene;
    struct mirror mirror;
    uint64_t seen = 0;
    unsigned answered = 0;
    state = suite_seed() | 1;
    scene_init(&scene);
    mirror_init(&mirror);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        CU_ASSERT_EQUAL_FATAL(mirror_add_type(&mirror, types[i]), QVT_OK);
    }
    for (unsigned i = 0; i < CASES; i++) {
        qvt_find_request request;
        if (i % CASES_A_CHANGE == 0) {
            change_something(&scene);
            seen = follow(&mirror, &scene, seen);
        }
        ask_at_random(&request);
        ask_registry(scene.registry, &request, theirs, sizeof theirs);
        ask_mirror(&mirror, &request, ours, sizeof ours);
        answered += ours[0] == 's'; /* a silo's id */
        EXPECT_TEXT(ours, theirs);
        if (strcmp(ours, theirs) != 0) {
            break;
        }
    }
    CU_ASSERT(answered > CASES / 10);
    CU_ASSERT(seen > CASES / CASES_A_CHANGE / 4);
    mirror_deinit(&mirror);
    scene_deinit(&scene);
}

SUITE_MAIN("client/same_answer", SUITE_CASE(same_question_same_position_same_answer))
