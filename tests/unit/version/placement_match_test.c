#include "version/placement.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"
#include "tests/unit/version/scene.h"

/* One silo for each version, named by it. */
static void versions_scene(struct scene *scene)
{
    static const char *const versions[] = {"0.9.0", "1.0.0", "1.2.0", "1.2.3", "1.2.4", "1.3.0", "2.0.0"};
    *scene = (struct scene){.count = 0};
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        (void)scene_add(scene, versions[i], versions[i]);
    }
}

static void strict_takes_equal_versions_only(void)
{
    struct scene scene;
    versions_scene(&scene);
    EXPECT_TEXT(scene_find(&scene, "1.2.3", PLACEMENT_STRICT), "1.2.3");
    EXPECT_TEXT(scene_find(&scene, "1.2.3.0+build", PLACEMENT_STRICT), "1.2.3");
    EXPECT_TEXT(scene_find(&scene, "1.2.5", PLACEMENT_STRICT), "");
    CU_ASSERT_EQUAL(scene.drops[3], PLACEMENT_DROP_VERSION);
}

static void strict_is_the_default_for_a_version(void)
{
    struct scene scene;
    versions_scene(&scene);
    EXPECT_TEXT(scene_find(&scene, "1.2.3", PLACEMENT_MODE_UNSPECIFIED), "1.2.3");
}

static void patch_takes_the_same_major_and_minor(void)
{
    struct scene scene;
    versions_scene(&scene);
    EXPECT_TEXT(scene_find(&scene, "1.2.3", PLACEMENT_PATCH), "1.2.3 1.2.4 1.2.0");
}

static void minor_takes_the_same_major(void)
{
    struct scene scene;
    versions_scene(&scene);
    EXPECT_TEXT(scene_find(&scene, "1.2.3", PLACEMENT_MINOR), "1.2.3 1.2.4 1.3.0 1.2.0 1.0.0");
}

static void major_takes_everything(void)
{
    struct scene scene;
    versions_scene(&scene);
    EXPECT_TEXT(scene_find(&scene, "1.2.3", PLACEMENT_MAJOR), "1.2.3 1.2.4 1.3.0 2.0.0 1.2.0 1.0.0 0.9.0");
}

static void backward_takes_the_same_major_from_the_version_up(void)
{
    struct scene scene;
    versions_scene(&scene);
    EXPECT_TEXT(scene_find(&scene, "1.2.3", PLACEMENT_BACKWARD), "1.2.3 1.2.4 1.3.0");
    EXPECT_TEXT(scene_find(&scene, "0.1.0", PLACEMENT_BACKWARD), "0.9.0");
}

static void zero_major_is_special_in_the_caret_only(void)
{
    struct scene scene = {.count = 0};
    (void)scene_add(&scene, "a", "0.1.0");
    (void)scene_add(&scene, "b", "0.2.0");
    EXPECT_TEXT(scene_find(&scene, "0.1.0", PLACEMENT_MINOR), "a b");
    EXPECT_TEXT(scene_find(&scene, "0.1.0", PLACEMENT_BACKWARD), "a b");
    EXPECT_TEXT(scene_find_range(&scene, "^0.1.0"), "a");
}

static void range_takes_what_it_contains(void)
{
    struct scene scene;
    versions_scene(&scene);
    EXPECT_TEXT(scene_find_range(&scene, "~1.2.3 || 2"), "2.0.0 1.2.4 1.2.3");
    EXPECT_TEXT(scene_find_range(&scene, ">5"), "");
    CU_ASSERT_EQUAL(scene.drops[0], PLACEMENT_DROP_VERSION);
}

static void range_decides_even_for_an_equal_version(void)
{
    struct scene scene;
    versions_scene(&scene);
    struct semver wanted = given_version("1.2.3");
    struct range range = given_range(">=1.2.4 <2");
    EXPECT_TEXT(
        scene_ask(&scene, &(struct placement_question){.version = &wanted, .range = &range, .mode = PLACEMENT_RANGE}),
        "1.2.4 1.3.0");
}

static void range_without_a_version_applies_in_any_mode(void)
{
    struct scene scene;
    versions_scene(&scene);
    struct range range = given_range("2");
    for (int mode = PLACEMENT_MODE_UNSPECIFIED; mode <= PLACEMENT_RANGE; mode++) {
        EXPECT_TEXT(scene_ask(&scene, &(struct placement_question){.range = &range, .mode = (enum placement_mode)mode}),
                    "2.0.0");
    }
}

static void other_modes_do_not_look_at_a_range_beside_a_version(void)
{
    struct scene scene;
    versions_scene(&scene);
    struct semver wanted = given_version("1.2.3");
    struct range range = given_range("2");
    EXPECT_TEXT(
        scene_ask(&scene, &(struct placement_question){.version = &wanted, .range = &range, .mode = PLACEMENT_STRICT}),
        "1.2.3");
    EXPECT_TEXT(scene_ask(&scene, &(struct placement_question){.version = &wanted, .range = &range}), "2.0.0");
}

static void without_a_version_no_mode_applies(void)
{
    struct scene scene;
    versions_scene(&scene);
    (void)scene_add(&scene, "pre", "3.0.0-a");
    for (int mode = PLACEMENT_MODE_UNSPECIFIED; mode < PLACEMENT_RANGE; mode++) {
        EXPECT_TEXT(scene_ask(&scene, &(struct placement_question){.mode = (enum placement_mode)mode}),
                    "pre 2.0.0 1.3.0 1.2.4 1.2.3 1.2.0 1.0.0 0.9.0");
    }
}

static void fingerprint_scene(struct scene *scene)
{
    *scene = (struct scene){.count = 0};
    struct placement_candidate *same = scene_add(scene, "same", "1.0.0");
    same->has_fingerprint = true;
    same->fingerprint = 7;
    struct placement_candidate *other = scene_add(scene, "other", "1.0.0");
    other->has_fingerprint = true;
    other->fingerprint = 0;
    struct placement_candidate *none = scene_add(scene, "without", "1.0.0");
    none->fingerprint = 99;
}

static void fingerprints_must_match_under_strict_when_both_carry_one(void)
{
    struct scene scene;
    fingerprint_scene(&scene);
    struct semver wanted = given_version("1.0.0");
    struct placement_question question = {
        .version = &wanted, .mode = PLACEMENT_STRICT, .fingerprint = 7, .has_fingerprint = true};
    EXPECT_TEXT(scene_ask(&scene, &question), "same without");
    CU_ASSERT_EQUAL(scene.drops[1], PLACEMENT_DROP_FINGERPRINT);
    question.fingerprint = 0;
    EXPECT_TEXT(scene_ask(&scene, &question), "other without");
    question.has_fingerprint = false;
    question.fingerprint = 5;
    EXPECT_TEXT(scene_ask(&scene, &question), "other same without");
}

static void fingerprints_do_not_matter_in_other_modes(void)
{
    struct scene scene;
    fingerprint_scene(&scene);
    struct semver wanted = given_version("1.0.0");
    for (int mode = PLACEMENT_PATCH; mode <= PLACEMENT_BACKWARD; mode++) {
        struct placement_question question = {
            .version = &wanted, .mode = (enum placement_mode)mode, .fingerprint = 7, .has_fingerprint = true};
        EXPECT_TEXT(scene_ask(&scene, &question), "other same without");
    }
}

static void equal_precedence_is_compatible_in_every_mode_but_range(void)
{
    static const char *const versions[] = {"1.0.0", "0.0.0", "1.2.3-rc.1", "1.2.3.4", "1.2.3.4-a"};
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct scene scene = {.count = 0};
        (void)scene_add(&scene, "a", versions[i]);
        for (int mode = PLACEMENT_STRICT; mode <= PLACEMENT_BACKWARD; mode++) {
            EXPECT_TEXT(scene_find(&scene, versions[i], (enum placement_mode)mode), "a");
        }
    }
}

static void prerelease_is_offered_only_to_one_of_the_same_four_numbers(void)
{
    struct scene scene = {.count = 0};
    (void)scene_add(&scene, "alpha", "1.2.3-alpha");
    (void)scene_add(&scene, "beta", "1.2.3-beta");
    (void)scene_add(&scene, "release", "1.2.3");
    (void)scene_add(&scene, "next", "1.2.4-alpha");
    (void)scene_add(&scene, "fourth", "1.2.3.1-alpha");
    EXPECT_TEXT(scene_find(&scene, "1.2.3", PLACEMENT_MAJOR), "release");
    EXPECT_TEXT(scene_find(&scene, "1.2.0", PLACEMENT_MINOR), "release");
    CU_ASSERT_EQUAL(scene.drops[0], PLACEMENT_DROP_PRERELEASE);
    EXPECT_TEXT(scene_find(&scene, "1.2.3-beta", PLACEMENT_PATCH), "beta release alpha");
    CU_ASSERT_EQUAL(scene.drops[3], PLACEMENT_DROP_PRERELEASE);
    CU_ASSERT_EQUAL(scene.drops[4], PLACEMENT_DROP_PRERELEASE);
    EXPECT_TEXT(scene_find(&scene, "1.2.3-b", PLACEMENT_BACKWARD), "beta release");
    EXPECT_TEXT(scene_find(&scene, "1.2.3.0-beta", PLACEMENT_STRICT), "beta");
    EXPECT_TEXT(scene_find_range(&scene, ">=1.2.0"), "release");
    CU_ASSERT_EQUAL(scene.drops[0], PLACEMENT_DROP_PRERELEASE);
    EXPECT_TEXT(scene_find_range(&scene, ">=1.2.3-b"), "release beta");
    CU_ASSERT_EQUAL(scene.drops[0], PLACEMENT_DROP_VERSION);
    EXPECT_TEXT(scene_find_range(&scene, "=1.2.3.1-alpha"), "fourth");
}

static void prerelease_that_a_ramp_names_is_offered_like_a_release(void)
{
    struct scene scene = {.count = 0};
    struct semver wanted = given_version("2.0.0");
    struct semver target = given_version("2.1.0-rc.2");
    struct range range = given_range(">=2");
    (void)scene_add(&scene, "old", "2.0.0");
    (void)scene_add(&scene, "named", "2.1.0-rc.1");
    (void)scene_add(&scene, "other", "2.2.0-rc.1");
    (void)scene_add(&scene, "major", "3.0.0-rc.1");
    struct placement_question question = {.version = &wanted, .mode = PLACEMENT_MINOR, .ramp_target = &target};
    EXPECT_TEXT(scene_ask(&scene, &question), "old named");
    CU_ASSERT_EQUAL(scene.drops[2], PLACEMENT_DROP_PRERELEASE);
    CU_ASSERT_EQUAL(scene.drops[3], PLACEMENT_DROP_VERSION);
    question = (struct placement_question){.range = &range, .mode = PLACEMENT_RANGE, .ramp_target = &target};
    EXPECT_TEXT(scene_ask(&scene, &question), "named old");
    question.mode = PLACEMENT_STRICT;
    question.range = NULL;
    question.version = &wanted;
    EXPECT_TEXT(scene_ask(&scene, &question), "old");
    target = given_version("2.1.0");
    question.mode = PLACEMENT_MINOR;
    EXPECT_TEXT(scene_ask(&scene, &question), "old");
}

static void version_out_of_the_mode_is_dropped_for_that_before_its_prerelease(void)
{
    struct scene scene = {.count = 0};
    (void)scene_add(&scene, "a", "2.0.0-a");
    EXPECT_TEXT(scene_find(&scene, "1.0.0", PLACEMENT_MINOR), "");
    CU_ASSERT_EQUAL(scene.drops[0], PLACEMENT_DROP_VERSION);
}

SUITE_MAIN("version/placement_match", SUITE_CASE(strict_takes_equal_versions_only),
           SUITE_CASE(strict_is_the_default_for_a_version), SUITE_CASE(patch_takes_the_same_major_and_minor),
           SUITE_CASE(minor_takes_the_same_major), SUITE_CASE(major_takes_everything),
           SUITE_CASE(backward_takes_the_same_major_from_the_version_up),
           SUITE_CASE(zero_major_is_special_in_the_caret_only), SUITE_CASE(range_takes_what_it_contains),
           SUITE_CASE(range_decides_even_for_an_equal_version), SUITE_CASE(range_without_a_version_applies_in_any_mode),
           SUITE_CASE(other_modes_do_not_look_at_a_range_beside_a_version),
           SUITE_CASE(without_a_version_no_mode_applies),
           SUITE_CASE(fingerprints_must_match_under_strict_when_both_carry_one),
           SUITE_CASE(fingerprints_do_not_matter_in_other_modes),
           SUITE_CASE(equal_precedence_is_compatible_in_every_mode_but_range),
           SUITE_CASE(prerelease_is_offered_only_to_one_of_the_same_four_numbers),
           SUITE_CASE(prerelease_that_a_ramp_names_is_offered_like_a_release),
           SUITE_CASE(version_out_of_the_mode_is_dropped_for_that_before_its_prerelease))
