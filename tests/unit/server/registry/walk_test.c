/* A seeded random walk over commands, batches and walks: what must hold after every step, whatever happened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"
#include "tests/unit/server/registry/scene.h"

enum { STEPS = 4000, IDS = 12, WATCHERS = 3, KEYS = IDS + 4 };

/* A watcher that walks, then follows live changes, and keeps what it was told. */
struct watcher {
    struct registry_walk *walk; /* NULL: live */
    struct position at;
    uint64_t known[KEYS]; /* the revision of each record it knows; 0: none */
};

struct model {
    struct scene scene;
    struct entropy dice;
    uint64_t dice_state;
    uint64_t last_incarnation;
    enum placement_status status[IDS];
    uint64_t incarnation[IDS];
    uint64_t revision;
    struct watcher watchers[WATCHERS];
};

static uint64_t roll(struct model *model, uint64_t sides)
{
    return entropy_u64(&model->dice) % sides;
}

static const char *id_of(uint64_t i)
{
    static const char *const ids[IDS] = {"a", "b", "c:1", "d/e", "f g", "h", "i", "j", "k", "l", "m", "n"};
    return ids[i];
}

static const char *types_of(uint64_t i)
{
    static const char *const types[] = {"",         "A=1.0.0", "A=1.0.0 B=2.0.0", "A=1.1.0 B=2.0.0", "B=2.0.0 C=3",
                                        "D=1.2.3.4"};
    return types[i];
}

static size_t key_index(uint32_t kind, qvt_slice key)
{
    for (size_t i = 0; kind == RECORD_SILO && i < IDS; i++) {
        if (qvt_slice_equal(key, qvt_slice_text(id_of(i)))) {
            return i;
        }
    }
    if (kind == RECORD_POLICY) {
        return key.len == 0 ? IDS : IDS + 1;
    }
    return key.len > 0 && key.data[0] == 'e' ? IDS + 2 : IDS + 3;
}

static void set_policy(struct model *model)
{
    Quark__Version__V1__SetPolicyRequest request;
    Quark__Version__V1__Policy policy;
    quark__version__v1__set_policy_request__init(&request);
    quark__version__v1__policy__init(&policy);
    request.actor_type = text(roll(model, 2) == 0 ? "" : "A");
    request.policy = &policy;
    policy.mode = (Quark__Version__V1__CompatibilityMode)roll(model, 6);
    struct command command = {.kind = COMMAND_SET_POLICY, .set_policy = &request};
    (void)scene_run(&model->scene, &command);
}

static void delete_policy(struct model *model)
{
    Quark__Version__V1__DeletePolicyRequest request;
    quark__version__v1__delete_policy_request__init(&request);
    request.actor_type = text(roll(model, 2) == 0 ? "" : "A");
    struct command command = {.kind = COMMAND_DELETE_POLICY, .delete_policy = &request};
    (void)scene_run(&model->scene, &command);
}

static void mark(struct model *model)
{
    static const enum command_kind kinds[] = {COMMAND_EXPIRE,       COMMAND_MARK_SUSPECT,  COMMAND_MARK_HEALTH,
                                              COMMAND_PAUSE_EXPIRY, COMMAND_RESUME_EXPIRY, COMMAND_PURGE};
    struct silo_mark marks[IDS];
    size_t count = 0;
    for (uint64_t i = roll(model, IDS); i < IDS; i += 1 + roll(model, 3)) {
        bool current = roll(model, 4) > 0;
        marks[count++] =
            (struct silo_mark){qvt_slice_text(id_of(i)), current ? model->incarnation[i] : 1, roll(model, 2) == 0};
    }
    struct command command = {.kind = kinds[roll(model, 6)], .marks = {marks, count}};
    CU_ASSERT_EQUAL(scene_run(&model->scene, &command), QVT_OK);
}

static void act(struct model *model)
{
    const char *id = id_of(roll(model, IDS));
    model->scene.now_us += (int64_t)roll(model, 3000000);
    switch (roll(model, 8)) {
    case 0:
    case 1:
    case 2: (void)scene_register(&model->scene, id, (uint8_t)roll(model, 3), types_of(roll(model, 6))); break;
    case 3: (void)scene_update(&model->scene, id, "status", (int)roll(model, 6)); break;
    case 4: (void)scene_update(&model->scene, id, "scheduling", (int)roll(model, 6)); break;
    case 5: (void)scene_versions(&model->scene, id, types_of(roll(model, 6))); break;
    case 6: roll(model, 3) == 0 ? delete_policy(model) : set_policy(model); break;
    default: mark(model); break;
    }
}

static void check_log(struct model *model)
{
    const struct position *head = registry_head(model->scene.registry);
    const struct change *change = model->scene.last.change;
    CU_ASSERT_EQUAL(head->revision, model->revision + (change != NULL ? 1 : 0));
    model->revision = head->revision;
    for (size_t i = 0; change != NULL && i < change->put_count; i++) {
        CU_ASSERT_EQUAL(image_origin(change->puts[i]).revision, head->revision);
    }
}

/* Only forward within an incarnation; a new incarnation is higher than any before. */
static void check_silos(struct model *model)
{
    uint32_t by_status[PLACEMENT_DEAD + 1] = {0};
    uint64_t highest = model->last_incarnation;
    for (size_t i = 0; i < IDS; i++) {
        const struct registry_silo *silo = scene_silo(&model->scene, id_of(i));
        if (silo == NULL) {
            continue;
        }
        if (silo->incarnation == model->incarnation[i]) {
            CU_ASSERT(silo->status >= model->status[i]);
        } else {
            CU_ASSERT(silo->incarnation > model->last_incarnation);
            highest = silo->incarnation > highest ? silo->incarnation : highest;
        }
        model->incarnation[i] = silo->incarnation;
        model->status[i] = silo->status;
        by_status[silo->status]++;
    }
    model->last_incarnation = highest;
    const struct registry_counts *counts = registry_counts(model->scene.registry);
    CU_ASSERT_EQUAL(memcmp(by_status, counts->silos_by_status, sizeof by_status), 0);
}

/* The index says of each type exactly which silos have it, and at which version. */
static void check_index(struct model *model)
{
    static const char *const types[] = {"A", "B", "C", "D"};
    uint32_t known = 0;
    for (size_t t = 0; t < 4; t++) {
        qvt_slice type = qvt_slice_text(types[t]);
        struct placement_candidate candidates[IDS];
        struct registry_host hosts[IDS];
        uint32_t expected = 0;
        for (size_t i = 0; i < IDS; i++) {
            const struct registry_silo *silo = scene_silo(&model->scene, id_of(i));
            qvt_slice info;
            expected += silo != NULL && registry_silo_version(silo, type, &info) ? 1u : 0u;
        }
        CU_ASSERT_EQUAL_FATAL(registry_candidate_count(model->scene.registry, type), expected);
        registry_candidates(model->scene.registry, type, candidates, hosts);
        for (uint32_t i = 0; i < expected; i++) {
            CU_ASSERT_PTR_EQUAL(hosts[i].silo, registry_silo(model->scene.registry, candidates[i].silo_id));
            CU_ASSERT_PTR_EQUAL(candidates[i].version,
                                registry_silo_semver(model->scene.registry, hosts[i].silo, type));
        }
        known += expected > 0 ? 1u : 0u;
    }
    CU_ASSERT_EQUAL(registry_counts(model->scene.registry)->actor_types, known);
}

static void check_order(struct model *model)
{
    const struct registry_silo *silo = registry_silo_after(model->scene.registry, qvt_slice_make(NULL, 0));
    qvt_slice before = {NULL, 0};
    uint32_t count = 0;
    for (; silo != NULL; silo = registry_silo_next(model->scene.registry, silo)) {
        CU_ASSERT(qvt_slice_compare(before, silo->id) < 0);
        CU_ASSERT_PTR_EQUAL(registry_silo_after(model->scene.registry, before), silo);
        before = silo->id;
        count++;
    }
    CU_ASSERT_EQUAL(count, registry_counts(model->scene.registry)->silos);
}

static void restart_watcher(struct model *model, struct watcher *watcher)
{
    registry_walk_end(watcher->walk);
    memset(watcher->known, 0, sizeof watcher->known);
    CU_ASSERT_EQUAL_FATAL(registry_walk_begin(model->scene.registry, &watcher->walk), QVT_OK);
}

static void hear(struct watcher *watcher, const struct image *image)
{
    uint64_t *known = &watcher->known[key_index(image_kind(image), image_key(image))];
    CU_ASSERT(image_origin(image).revision >= *known);
    *known = image_origin(image).revision;
}

static void step_walk(struct model *model, struct watcher *watcher)
{
    struct registry_step step;
    if (!registry_walk_next(watcher->walk, &step)) {
        watcher->at = *registry_head(model->scene.registry);
        registry_walk_end(watcher->walk);
        watcher->walk = NULL;
    } else if (step.image != NULL) {
        hear(watcher, step.image);
    } else {
        watcher->known[key_index(step.removed_kind, step.removed_key)] = 0;
    }
}

static void step_live(struct model *model, struct watcher *watcher)
{
    const struct change *change = registry_change(model->scene.registry, watcher->at.revision + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(change);
    CU_ASSERT_EQUAL(change->previous_token, watcher->at.token);
    for (size_t i = 0; i < change->put_count; i++) {
        hear(watcher, change->puts[i]);
    }
    for (size_t i = 0; i < change->delete_count; i++) {
        watcher->known[key_index(change->deletes[i].kind, change->deletes[i].key)] = 0;
    }
    watcher->at = change->position;
}

static void watch(struct model *model, struct watcher *watcher, uint64_t steps)
{
    for (uint64_t i = 0; i < steps; i++) {
        if (watcher->walk != NULL) {
            step_walk(model, watcher);
        } else if (watcher->at.revision < model->revision) {
            if (registry_resume(model->scene.registry, &watcher->at) == REGISTRY_RESUME_LIVE) {
                step_live(model, watcher);
            } else {
                restart_watcher(model, watcher);
            }
        }
    }
}

/* One that has caught up knows every record, at its present revision, and no other. */
static void check_watcher(struct model *model, struct watcher *watcher)
{
    struct registry_walk *all;
    struct registry_step step;
    uint64_t present[KEYS] = {0};
    watch(model, watcher, 100000);
    CU_ASSERT_PTR_NULL(watcher->walk);
    CU_ASSERT_EQUAL_FATAL(registry_walk_begin(model->scene.registry, &all), QVT_OK);
    while (registry_walk_next(all, &step)) {
        if (step.image != NULL) {
            present[key_index(image_kind(step.image), image_key(step.image))] = image_origin(step.image).revision;
        }
    }
    registry_walk_end(all);
    CU_ASSERT_EQUAL(memcmp(present, watcher->known, sizeof present), 0);
}

static void whatever_happens_the_registry_stays_consistent(void)
{
    static struct model model;
    struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
    limits.history_changes = 50;
    limits.dead_silos = 2;
    memset(&model, 0, sizeof model);
    scene_init(&model.scene);
    registry_free(model.scene.registry);
    CU_ASSERT_EQUAL_FATAL(registry_new(&model.scene.registry, &limits), QVT_OK);
    model.dice_state = suite_seed();
    model.dice = entropy_seeded(&model.dice_state);
    for (size_t i = 0; i < WATCHERS; i++) {
        restart_watcher(&model, &model.watchers[i]);
    }
    for (int step = 0; step < STEPS; step++) {
        act(&model);
        check_log(&model);
        check_silos(&model);
        check_index(&model);
        check_order(&model);
        struct watcher *watcher = &model.watchers[roll(&model, WATCHERS)];
        watch(&model, watcher, roll(&model, 8));
        if (roll(&model, 50) == 0) {
            check_watcher(&model, watcher);
        }
        if (roll(&model, 100) == 0) {
            restart_watcher(&model, watcher);
        }
    }
    for (size_t i = 0; i < WATCHERS; i++) {
        registry_walk_end(model.watchers[i].walk);
    }
    scene_deinit(&model.scene);
}

/* Records and history of one registry, loaded into another in any order, make the same registry. */
static void a_loaded_registry_is_the_same(void)
{
    static struct model model;
    struct registry *loaded;
    struct registry_walk *walk;
    struct registry_step step;
    memset(&model, 0, sizeof model);
    scene_init(&model.scene);
    model.dice_state = suite_seed();
    model.dice = entropy_seeded(&model.dice_state);
    for (int i = 0; i < 500; i++) {
        act(&model);
    }
    CU_ASSERT_EQUAL_FATAL(registry_new(&loaded, &model.scene.limits), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(registry_walk_begin(model.scene.registry, &walk), QVT_OK);
    struct image *images[KEYS];
    size_t count = 0;
    while (registry_walk_next(walk, &step)) {
        images[count++] = step.image;
    }
    registry_walk_end(walk);
    for (size_t i = count; i-- > 0;) {
        CU_ASSERT_EQUAL(registry_load_record(loaded, images[i]), QVT_OK);
    }
    uint64_t first = registry_history_first(model.scene.registry);
    for (uint64_t r = first; r <= registry_head(model.scene.registry)->revision; r++) {
        CU_ASSERT_EQUAL(registry_load_change(loaded, registry_change(model.scene.registry, r)), QVT_OK);
    }
    CU_ASSERT_EQUAL(registry_load_end(loaded, registry_head(model.scene.registry)), QVT_OK);
    CU_ASSERT_EQUAL(
        memcmp(registry_counts(loaded), registry_counts(model.scene.registry), sizeof(struct registry_counts)), 0);
    CU_ASSERT_EQUAL(registry_history_first(loaded), first);
    CU_ASSERT_EQUAL_FATAL(registry_walk_begin(loaded, &walk), QVT_OK);
    uint64_t before = 0;
    for (size_t i = 0; registry_walk_next(walk, &step); i++) {
        CU_ASSERT(image_origin(step.image).revision >= before);
        before = image_origin(step.image).revision;
        CU_ASSERT(i < count);
    }
    registry_walk_end(walk);
    struct registry *original = model.scene.registry;
    model.scene.registry = loaded;
    (void)scene_register(&model.scene, "fresh", 1, "");
    CU_ASSERT(scene_silo(&model.scene, "fresh")->incarnation > model.last_incarnation);
    registry_free(original);
    scene_deinit(&model.scene);
}

SUITE_MAIN("server/registry/walk", SUITE_CASE(whatever_happens_the_registry_stays_consistent),
           SUITE_CASE(a_loaded_registry_is_the_same))
