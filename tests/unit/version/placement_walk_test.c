/* Random questions over random silos; the seed is printed. */
#include "version/placement.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/entropy.h"
#include "tests/support/alloc.h"
#include "tests/support/suite.h"
#include "tests/unit/version/scene.h"

enum { STEPS = 3000 };

static const char *const ids[] = {"a", "a:1", "b", "c/d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"};
static const char *const versions[] = {"1.0.0",   "1.0.0.1", "1.0",        "1.0.1", "1.1.0",   "1.1.0-a",
                                       "1.1.0-b", "2.0.0",   "2.0.0-rc.1", "0.9.0", "1.0.0+b", "2.1.3"};
static const char *const ranges[] = {"^1", "~1.0.0", ">=1.1.0-a", "*", "1 || 2", "<1.1", "=1.0.0.1", ">x"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint32_t below(const struct entropy *entropy, size_t bound)
{
    return (uint32_t)(entropy_u64(entropy) % bound);
}

static void random_scene(const struct entropy *entropy, struct scene *scene)
{
    *scene = (struct scene){.count = 0};
    uint32_t count = below(entropy, COUNT(ids) + 1);
    for (uint32_t i = 0; i < count; i++) {
        struct placement_candidate *silo = scene_add(scene, ids[i], versions[below(entropy, COUNT(versions))]);
        silo->status = below(entropy, 3) > 0 ? PLACEMENT_ACTIVE : (enum placement_status)(1 + below(entropy, 4));
        silo->scheduling =
            below(entropy, 3) > 0 ? PLACEMENT_SCHEDULABLE : (enum placement_scheduling)(1 + below(entropy, 4));
        silo->suspect = below(entropy, 4) == 0;
        silo->unhealthy = below(entropy, 5) == 0;
        silo->has_fingerprint = below(entropy, 2) == 0;
        silo->fingerprint = below(entropy, 2);
        silo->epoch = silo->version->part[0] == 1 ? 3 : 0;
    }
}

/* Keeps the parts that a question points to alive. */
struct asked {
    struct semver version;
    struct range range;
    struct placement_question question;
};

static void random_question(const struct entropy *entropy, struct asked *asked)
{
    const char *field = "";
    const char *why = "";
    do {
        asked->version = given_version(versions[below(entropy, COUNT(versions))]);
        asked->range = given_range(ranges[below(entropy, COUNT(ranges))]);
        asked->question = (struct placement_question){
            .version = below(entropy, 4) > 0 ? &asked->version : NULL,
            .range = below(entropy, 2) > 0 ? &asked->range : NULL,
            .fingerprint = below(entropy, 2),
            .has_fingerprint = below(entropy, 2) == 0,
            .mode = (enum placement_mode)below(entropy, PLACEMENT_RANGE + 1),
            .selector = (enum placement_selector)below(entropy, PLACEMENT_RAMP),
            .limit = below(entropy, 2) == 0 ? 0 : below(entropy, 6),
        };
    } while (placement_check(&asked->question, &field, &why) != QVT_OK);
}

static void shuffle(const struct entropy *entropy, struct scene *scene)
{
    for (uint32_t i = scene->count; i > 1; i--) {
        uint32_t j = below(entropy, i);
        struct placement_candidate held = scene->silo[i - 1];
        scene->silo[i - 1] = scene->silo[j];
        scene->silo[j] = held;
    }
}

static enum placement_drop drop_of(const struct scene *scene, qvt_slice silo_id)
{
    for (uint32_t i = 0; i < scene->count; i++) {
        if (qvt_slice_equal(scene->silo[i].silo_id, silo_id)) {
            return scene->drops[i];
        }
    }
    return PLACEMENT_DROP_UNSPECIFIED;
}

static void answer_does_not_depend_on_the_order_of_candidates(void)
{
    uint64_t state = suite_seed();
    struct entropy entropy = entropy_seeded(&state);
    for (int step = 0; step < STEPS; step++) {
        struct scene scene;
        struct asked asked;
        random_scene(&entropy, &scene);
        random_question(&entropy, &asked);
        (void)scene_ask(&scene, &asked.question);
        struct scene shuffled = scene;
        shuffle(&entropy, &shuffled);
        (void)scene_ask(&shuffled, &asked.question);
        EXPECT_TEXT(shuffled.answer, scene.answer);
        CU_ASSERT_EQUAL(shuffled.empty, scene.empty);
        for (uint32_t i = 0; i < scene.count; i++) {
            CU_ASSERT_EQUAL(drop_of(&shuffled, scene.silo[i].silo_id), scene.drops[i]);
        }
    }
}

static void every_silo_is_either_chosen_once_or_dropped_by_a_rule(void)
{
    uint64_t state = suite_seed();
    struct entropy entropy = entropy_seeded(&state);
    for (int step = 0; step < STEPS; step++) {
        struct scene scene;
        struct asked asked;
        unsigned seen[SCENE_SILO_MAX] = {0};
        random_scene(&entropy, &scene);
        random_question(&entropy, &asked);
        (void)scene_ask(&scene, &asked.question);
        CU_ASSERT_FATAL(scene.chosen <= scene.count);
        CU_ASSERT(asked.question.limit == 0 || scene.chosen <= asked.question.limit);
        CU_ASSERT_EQUAL(scene.empty == PLACEMENT_EMPTY_UNSPECIFIED, scene.chosen > 0);
        for (uint32_t i = 0; i < scene.chosen; i++) {
            seen[scene.order[i]]++;
        }
        for (uint32_t i = 0; i < scene.count; i++) {
            CU_ASSERT_EQUAL(seen[i], scene.drops[i] == PLACEMENT_DROP_UNSPECIFIED ? 1 : 0);
        }
    }
}

static void limit_cuts_the_unlimited_answer(void)
{
    uint64_t state = suite_seed();
    struct entropy entropy = entropy_seeded(&state);
    for (int step = 0; step < STEPS; step++) {
        struct scene scene;
        struct asked asked;
        random_scene(&entropy, &scene);
        random_question(&entropy, &asked);
        asked.question.limit = 0;
        struct scene whole = scene;
        (void)scene_ask(&whole, &asked.question);
        asked.question.limit = 1 + below(&entropy, 5);
        (void)scene_ask(&scene, &asked.question);
        uint32_t limit = asked.question.limit;
        CU_ASSERT_EQUAL_FATAL(scene.chosen, whole.chosen < limit ? whole.chosen : limit);
        CU_ASSERT_EQUAL(memcmp(scene.order, whole.order, scene.chosen * sizeof(scene.order[0])), 0);
    }
}

static void answering_allocates_nothing(void)
{
    uint64_t state = suite_seed();
    struct entropy entropy = entropy_seeded(&state);
    struct scene scene;
    struct asked asked;
    random_scene(&entropy, &scene);
    random_question(&entropy, &asked);
    alloc_fail_at(0);
    placement_answer(&asked.question, scene.silo, scene.count, scene.order, scene.drops, &scene.chosen, &scene.empty);
    CU_ASSERT_EQUAL(alloc_count(), 0);
}

SUITE_MAIN("version/placement_walk", SUITE_CASE(answer_does_not_depend_on_the_order_of_candidates),
           SUITE_CASE(every_silo_is_either_chosen_once_or_dropped_by_a_rule),
           SUITE_CASE(limit_cuts_the_unlimited_answer), SUITE_CASE(answering_allocates_nothing))
