#include "version/placement.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"
#include "tests/unit/version/scene.h"

static void active_and_schedulable_is_eligible(void)
{
    struct scene scene = {.count = 0};
    (void)scene_add(&scene, "ok", "1.0.0");
    scene_add(&scene, "unset", "1.0.0")->scheduling = PLACEMENT_SCHEDULING_UNSPECIFIED;
    scene_add(&scene, "joining", "1.0.0")->status = PLACEMENT_JOINING;
    scene_add(&scene, "leaving", "1.0.0")->status = PLACEMENT_SHUTTING_DOWN;
    scene_add(&scene, "dead", "1.0.0")->status = PLACEMENT_DEAD;
    scene_add(&scene, "cordoned", "1.0.0")->scheduling = PLACEMENT_CORDONED;
    scene_add(&scene, "draining", "1.0.0")->scheduling = PLACEMENT_DRAINING;
    static const enum placement_drop expected[] = {
        PLACEMENT_DROP_UNSPECIFIED, PLACEMENT_DROP_UNSPECIFIED, PLACEMENT_DROP_NOT_ACTIVE, PLACEMENT_DROP_NOT_ACTIVE,
        PLACEMENT_DROP_DEAD,        PLACEMENT_DROP_CORDONED,    PLACEMENT_DROP_DRAINING};
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_ALL), "ok unset");
    for (uint32_t i = 0; i < scene.count; i++) {
        CU_ASSERT_EQUAL(scene.drops[i], expected[i]);
    }
    CU_ASSERT_EQUAL(scene.empty, PLACEMENT_EMPTY_UNSPECIFIED);
}

static void status_drops_before_scheduling_and_version(void)
{
    struct scene scene = {.count = 0};
    struct placement_candidate *silo = scene_add(&scene, "a", "9.0.0");
    silo->status = PLACEMENT_DEAD;
    silo->scheduling = PLACEMENT_DRAINING;
    EXPECT_TEXT(scene_find(&scene, "1.0.0", PLACEMENT_STRICT), "");
    CU_ASSERT_EQUAL(scene.drops[0], PLACEMENT_DROP_DEAD);
    silo->status = PLACEMENT_ACTIVE;
    EXPECT_TEXT(scene_find(&scene, "1.0.0", PLACEMENT_STRICT), "");
    CU_ASSERT_EQUAL(scene.drops[0], PLACEMENT_DROP_DRAINING);
}

static void staged_answers_only_requests_for_exactly_its_version(void)
{
    struct scene scene = {.count = 0};
    (void)scene_add(&scene, "old", "1.0.0");
    scene_add(&scene, "staged", "1.1.0")->scheduling = PLACEMENT_STAGED;
    EXPECT_TEXT(scene_find(&scene, "1.0.0", PLACEMENT_MAJOR), "old");
    CU_ASSERT_EQUAL(scene.drops[1], PLACEMENT_DROP_STAGED);
    EXPECT_TEXT(scene_find(&scene, "1.1.0", PLACEMENT_MAJOR), "staged old");
    EXPECT_TEXT(scene_find(&scene, "1.1+b", PLACEMENT_STRICT), "staged");
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_ALL), "old");
    EXPECT_TEXT(scene_find_range(&scene, "1.1.0"), "");
    CU_ASSERT_EQUAL(scene.drops[1], PLACEMENT_DROP_STAGED);
}

static void staged_silo_still_has_to_be_compatible(void)
{
    struct scene scene = {.count = 0};
    scene_add(&scene, "staged", "1.1.0")->scheduling = PLACEMENT_STAGED;
    struct semver wanted = given_version("1.1.0");
    struct range range = given_range(">=1.2");
    struct placement_question question = {.version = &wanted, .range = &range, .mode = PLACEMENT_RANGE};
    EXPECT_TEXT(scene_ask(&scene, &question), "");
    CU_ASSERT_EQUAL(scene.drops[0], PLACEMENT_DROP_VERSION);
}

static void suspect_then_unhealthy_silos_come_last(void)
{
    struct scene scene = {.count = 0};
    scene_add(&scene, "both", "1.0.0")->unhealthy = true;
    scene.silo[0].suspect = true;
    scene_add(&scene, "unhealthy", "1.0.0")->unhealthy = true;
    scene_add(&scene, "suspect", "1.0.0")->suspect = true;
    (void)scene_add(&scene, "well", "1.9.0");
    EXPECT_TEXT(scene_find(&scene, "1.0.0", PLACEMENT_MINOR), "well suspect both unhealthy");
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_ALL), "well suspect both unhealthy");
}

static void best_match_is_equal_then_least_above_then_greatest_below(void)
{
    struct scene scene = {.count = 0};
    (void)scene_add(&scene, "far-below", "0.1.0");
    (void)scene_add(&scene, "above", "1.5.1");
    (void)scene_add(&scene, "below", "1.4.9");
    (void)scene_add(&scene, "equal", "1.5.0+x");
    (void)scene_add(&scene, "far-above", "9.0.0");
    EXPECT_TEXT(scene_find(&scene, "1.5.0", PLACEMENT_MAJOR), "equal above far-above below far-below");
}

static void ties_go_by_silo_id_in_byte_order(void)
{
    struct scene scene = {.count = 0};
    (void)scene_add(&scene, "b", "1.0.0+1");
    (void)scene_add(&scene, "a:1", "1.0");
    (void)scene_add(&scene, "B", "1.0.0.0");
    (void)scene_add(&scene, "a", "1.0.0");
    (void)scene_add(&scene, "\xc3\xa9", "1");
    EXPECT_TEXT(scene_find(&scene, "1.0.0", PLACEMENT_STRICT), "B a a:1 b \xc3\xa9");
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_ALL), "B a a:1 b \xc3\xa9");
}

static void selector_scene(struct scene *scene)
{
    *scene = (struct scene){.count = 0};
    (void)scene_add(scene, "old", "1.0.0");
    (void)scene_add(scene, "mid-b", "1.5.0");
    (void)scene_add(scene, "mid-a", "1.5.0");
    (void)scene_add(scene, "new", "2.0.0");
}

static void all_keeps_every_version(void)
{
    struct scene scene;
    selector_scene(&scene);
    EXPECT_TEXT(scene_select(&scene, "1.5.0", PLACEMENT_ALL), "mid-a mid-b new old");
    EXPECT_TEXT(scene_select(&scene, "1.5.0", PLACEMENT_SELECTOR_UNSPECIFIED), "mid-a mid-b new old");
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_SELECTOR_UNSPECIFIED), "new mid-a mid-b old");
}

static void latest_keeps_only_the_newest_version(void)
{
    struct scene scene;
    selector_scene(&scene);
    EXPECT_TEXT(scene_select(&scene, "1.5.0", PLACEMENT_LATEST), "new");
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_LATEST), "new");
    CU_ASSERT_EQUAL(scene.drops[0], PLACEMENT_DROP_SELECTOR);
    CU_ASSERT_EQUAL(scene.drops[1], PLACEMENT_DROP_SELECTOR);
    CU_ASSERT_EQUAL(scene.drops[3], PLACEMENT_DROP_UNSPECIFIED);
}

static void latest_ranks_by_epoch_before_version(void)
{
    struct scene scene;
    selector_scene(&scene);
    scene.silo[3].epoch = 4;
    scene.silo[1].epoch = 5;
    scene.silo[2].epoch = 5;
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_LATEST), "mid-a mid-b");
    scene.silo[3].epoch = 5;
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_LATEST), "new");
}

static void rollback_is_a_new_epoch_of_an_old_version_and_wins(void)
{
    struct scene scene;
    selector_scene(&scene);
    scene.silo[3].epoch = 1;
    scene.silo[0].epoch = 2;
    EXPECT_TEXT(scene_select(&scene, "2.0.0", PLACEMENT_LATEST), "old");
}

static void epoch_matters_to_latest_only(void)
{
    struct scene scene;
    selector_scene(&scene);
    scene.silo[0].epoch = 9;
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_ALL), "new mid-a mid-b old");
    scene.silo[3].epoch = 10;
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_MINIMUM), "old");
}

static void minimum_keeps_only_the_oldest_version(void)
{
    struct scene scene;
    selector_scene(&scene);
    EXPECT_TEXT(scene_select(&scene, "1.5.0", PLACEMENT_MINIMUM), "old");
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_MINIMUM), "old");
}

static void closest_keeps_only_the_best_match(void)
{
    struct scene scene;
    selector_scene(&scene);
    EXPECT_TEXT(scene_select(&scene, "1.5.0", PLACEMENT_CLOSEST), "mid-a mid-b");
    EXPECT_TEXT(scene_select(&scene, "1.2.0", PLACEMENT_CLOSEST), "mid-a mid-b");
    EXPECT_TEXT(scene_select(&scene, "1.6.0", PLACEMENT_CLOSEST), "new");
    EXPECT_TEXT(scene_select(&scene, "3.0.0", PLACEMENT_CLOSEST), "new");
}

static void selectors_choose_among_compatible_silos(void)
{
    struct scene scene;
    selector_scene(&scene);
    struct semver wanted = given_version("1.0.0");
    struct placement_question question = {.version = &wanted, .mode = PLACEMENT_MINOR, .selector = PLACEMENT_LATEST};
    EXPECT_TEXT(scene_ask(&scene, &question), "mid-a mid-b");
    scene.silo[1].scheduling = PLACEMENT_CORDONED;
    scene.silo[2].status = PLACEMENT_DEAD;
    EXPECT_TEXT(scene_ask(&scene, &question), "old");
}

static void selected_version_is_one_of_a_silo_not_suspect_if_any(void)
{
    struct scene scene;
    selector_scene(&scene);
    scene.silo[3].suspect = true;
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_LATEST), "mid-a mid-b");
    scene.silo[1].suspect = true;
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_LATEST), "mid-a mid-b");
    scene.silo[2].suspect = true;
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_LATEST), "old");
    scene.silo[0].suspect = true;
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_LATEST), "new");
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_MINIMUM), "old");
}

static void unhealthy_silos_still_choose_the_version(void)
{
    struct scene scene;
    selector_scene(&scene);
    scene.silo[3].unhealthy = true;
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_LATEST), "new");
}

static void limit_keeps_the_best(void)
{
    struct scene scene;
    selector_scene(&scene);
    struct semver wanted = given_version("1.5.0");
    struct placement_question question = {.version = &wanted, .mode = PLACEMENT_MAJOR, .limit = 3};
    EXPECT_TEXT(scene_ask(&scene, &question), "mid-a mid-b new");
    CU_ASSERT_EQUAL(scene.drops[0], PLACEMENT_DROP_LIMIT);
    question.limit = 1;
    EXPECT_TEXT(scene_ask(&scene, &question), "mid-a");
    CU_ASSERT_EQUAL(scene.drops[1], PLACEMENT_DROP_LIMIT);
    question.limit = 99;
    EXPECT_TEXT(scene_ask(&scene, &question), "mid-a mid-b new old");
}

static enum placement_empty why_empty(struct scene *scene, const char *version)
{
    EXPECT_TEXT(scene_find(scene, version, PLACEMENT_MINOR), "");
    return scene->empty;
}

static void no_silo_at_all_is_an_unknown_type(void)
{
    struct scene scene = {.count = 0};
    CU_ASSERT_EQUAL(why_empty(&scene, "1.0.0"), PLACEMENT_UNKNOWN_TYPE);
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_LATEST), "");
    CU_ASSERT_EQUAL(scene.empty, PLACEMENT_UNKNOWN_TYPE);
}

static void only_other_versions_is_no_compatible_version(void)
{
    struct scene scene = {.count = 0};
    (void)scene_add(&scene, "a", "2.0.0");
    (void)scene_add(&scene, "b", "1.0.0-a");
    scene_add(&scene, "c", "3.0.0")->status = PLACEMENT_DEAD;
    scene_add(&scene, "d", "3.0.0")->scheduling = PLACEMENT_DRAINING;
    CU_ASSERT_EQUAL(why_empty(&scene, "1.0.0"), PLACEMENT_NO_COMPATIBLE_VERSION);
}

static void every_compatible_silo_draining_is_all_draining(void)
{
    struct scene scene = {.count = 0};
    (void)scene_add(&scene, "other", "2.0.0");
    scene_add(&scene, "a", "1.0.0")->scheduling = PLACEMENT_DRAINING;
    CU_ASSERT_EQUAL(why_empty(&scene, "1.0.0"), PLACEMENT_ALL_DRAINING);
    scene_add(&scene, "b", "1.0.0")->status = PLACEMENT_DEAD;
    scene_add(&scene, "c", "1.0.0")->scheduling = PLACEMENT_DRAINING;
    scene.silo[3].status = PLACEMENT_SHUTTING_DOWN;
    CU_ASSERT_EQUAL(why_empty(&scene, "1.0.0"), PLACEMENT_ALL_DRAINING);
}

static void every_compatible_silo_staged_is_all_staged(void)
{
    struct scene scene = {.count = 0};
    scene_add(&scene, "a", "1.1.0")->scheduling = PLACEMENT_STAGED;
    scene_add(&scene, "b", "1.1.0")->status = PLACEMENT_DEAD;
    CU_ASSERT_EQUAL(why_empty(&scene, "1.0.0"), PLACEMENT_ALL_STAGED);
    EXPECT_TEXT(scene_select(&scene, NULL, PLACEMENT_ALL), "");
    CU_ASSERT_EQUAL(scene.empty, PLACEMENT_ALL_STAGED);
}

static void every_compatible_silo_dead_is_all_dead(void)
{
    struct scene scene = {.count = 0};
    scene_add(&scene, "a", "1.1.0")->status = PLACEMENT_DEAD;
    (void)scene_add(&scene, "other", "2.0.0");
    CU_ASSERT_EQUAL(why_empty(&scene, "1.0.0"), PLACEMENT_ALL_DEAD);
}

static void every_silo_dead_is_all_dead_whatever_their_versions(void)
{
    struct scene scene = {.count = 0};
    scene_add(&scene, "a", "2.0.0")->status = PLACEMENT_DEAD;
    scene_add(&scene, "b", "3.0.0")->status = PLACEMENT_DEAD;
    CU_ASSERT_EQUAL(why_empty(&scene, "1.0.0"), PLACEMENT_ALL_DEAD);
    CU_ASSERT_EQUAL(scene.drops[0], PLACEMENT_DROP_DEAD);
    CU_ASSERT_EQUAL(scene.drops[1], PLACEMENT_DROP_DEAD);
    (void)scene_add(&scene, "c", "2.0.0");
    CU_ASSERT_EQUAL(why_empty(&scene, "1.0.0"), PLACEMENT_NO_COMPATIBLE_VERSION);
}

static void a_mixture_is_none_eligible(void)
{
    struct scene scene = {.count = 0};
    scene_add(&scene, "a", "1.1.0")->scheduling = PLACEMENT_STAGED;
    scene_add(&scene, "b", "1.1.0")->scheduling = PLACEMENT_DRAINING;
    CU_ASSERT_EQUAL(why_empty(&scene, "1.0.0"), PLACEMENT_NONE_ELIGIBLE);
    scene.silo[0].scheduling = scene.silo[1].scheduling = PLACEMENT_CORDONED;
    CU_ASSERT_EQUAL(why_empty(&scene, "1.0.0"), PLACEMENT_NONE_ELIGIBLE);
    scene.silo[0].status = PLACEMENT_JOINING;
    CU_ASSERT_EQUAL(why_empty(&scene, "1.0.0"), PLACEMENT_NONE_ELIGIBLE);
}

SUITE_MAIN("version/placement", SUITE_CASE(active_and_schedulable_is_eligible),
           SUITE_CASE(status_drops_before_scheduling_and_version),
           SUITE_CASE(staged_answers_only_requests_for_exactly_its_version),
           SUITE_CASE(staged_silo_still_has_to_be_compatible), SUITE_CASE(suspect_then_unhealthy_silos_come_last),
           SUITE_CASE(best_match_is_equal_then_least_above_then_greatest_below),
           SUITE_CASE(ties_go_by_silo_id_in_byte_order), SUITE_CASE(all_keeps_every_version),
           SUITE_CASE(latest_keeps_only_the_newest_version), SUITE_CASE(latest_ranks_by_epoch_before_version),
           SUITE_CASE(rollback_is_a_new_epoch_of_an_old_version_and_wins), SUITE_CASE(epoch_matters_to_latest_only),
           SUITE_CASE(minimum_keeps_only_the_oldest_version), SUITE_CASE(closest_keeps_only_the_best_match),
           SUITE_CASE(selectors_choose_among_compatible_silos),
           SUITE_CASE(selected_version_is_one_of_a_silo_not_suspect_if_any),
           SUITE_CASE(unhealthy_silos_still_choose_the_version), SUITE_CASE(limit_keeps_the_best),
           SUITE_CASE(no_silo_at_all_is_an_unknown_type), SUITE_CASE(only_other_versions_is_no_compatible_version),
           SUITE_CASE(every_compatible_silo_draining_is_all_draining),
           SUITE_CASE(every_compatible_silo_staged_is_all_staged), SUITE_CASE(every_compatible_silo_dead_is_all_dead),
           SUITE_CASE(every_silo_dead_is_all_dead_whatever_their_versions), SUITE_CASE(a_mixture_is_none_eligible))
