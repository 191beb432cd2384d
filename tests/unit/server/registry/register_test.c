/* RegisterSilo: the seven rules of SPEC §4.4, each, and what a registration keeps and replaces. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"
#include "tests/unit/server/registry/scene.h"

#define HOUR_US INT64_C(3600000000)

static const char elsewhere[] = "00000000000000000000000000000000";

static qvt_status run(struct scene *scene, const struct given_silo *given)
{
    struct command command = command_register(given);
    return scene_run(scene, &command);
}

static uint64_t incarnation_of(const struct scene *scene, const char *silo_id)
{
    return scene_silo(scene, silo_id)->incarnation;
}

static qvt_status register_held(struct scene *scene, uint8_t instance, uint64_t held, const char *store_id)
{
    struct given_silo given;
    given_silo(&given, "a");
    given_held(&given, held, store_id);
    if (instance != 0) {
        given_instance(&given, instance);
    }
    return run(scene, &given);
}

static void rule_1_held_more_than_an_hour_ahead_is_refused(void)
{
    struct scene scene;
    scene_init(&scene);
    uint64_t most = (uint64_t)(scene.now_us + HOUR_US);
    CU_ASSERT_EQUAL(register_held(&scene, 1, most + 1, elsewhere), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(scene.error.field, "held.incarnation");
    CU_ASSERT_EQUAL(scene_revision(&scene), 0);
    CU_ASSERT_EQUAL(register_held(&scene, 1, most, elsewhere), QVT_OK);
    CU_ASSERT_EQUAL(incarnation_of(&scene, "a"), most);
    scene_deinit(&scene);
}

static void rule_2_unknown_silo_keeps_what_another_store_gave(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "other", 9, "");
    CU_ASSERT_EQUAL(register_held(&scene, 1, 77, elsewhere), QVT_OK);
    CU_ASSERT_EQUAL(incarnation_of(&scene, "a"), 77);
    scene_deinit(&scene);
}

static void rule_2_unknown_silo_gets_a_new_one_when_held_came_from_this_store(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "other", 9, "");
    const char *ours = registry_head(scene.registry)->store_id;
    CU_ASSERT_EQUAL(register_held(&scene, 1, 77, ours), QVT_OK);
    CU_ASSERT_EQUAL(incarnation_of(&scene, "a"), incarnation_of(&scene, "other") + 1);
    scene_deinit(&scene);
}

static void rule_3_higher_held_supersedes(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    uint64_t higher = incarnation_of(&scene, "a") + 5;
    CU_ASSERT_EQUAL(register_held(&scene, 2, higher, elsewhere), QVT_OK);
    CU_ASSERT_EQUAL(incarnation_of(&scene, "a"), higher);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->instance_id.data[0], 2);
    scene_deinit(&scene);
}

static void rule_4_same_instance_stays_the_same(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "Order=1.0.0");
    uint64_t first = incarnation_of(&scene, "a");
    CU_ASSERT_EQUAL(scene_register(&scene, "a", 1, "Order=1.0.0"), QVT_OK);
    CU_ASSERT_EQUAL(scene_revision(&scene), 1);
    CU_ASSERT_PTR_NULL(scene.last.change);
    CU_ASSERT_PTR_NOT_NULL(scene.last.image);
    CU_ASSERT_EQUAL(scene_register(&scene, "a", 1, "Order=1.1.0"), QVT_OK);
    CU_ASSERT_EQUAL(scene_revision(&scene), 2);
    CU_ASSERT_EQUAL(incarnation_of(&scene, "a"), first);
    scene_deinit(&scene);
}

static void rule_4_same_instance_that_is_dead_is_new(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    uint64_t first = incarnation_of(&scene, "a");
    (void)scene_unregister(&scene, "a");
    CU_ASSERT_EQUAL(scene_register(&scene, "a", 1, ""), QVT_OK);
    CU_ASSERT_EQUAL(incarnation_of(&scene, "a"), first + 1);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->status, PLACEMENT_ACTIVE);
    scene_deinit(&scene);
}

static void rule_5_without_instance_the_current_one_is_meant(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "Order=1.0.0");
    uint64_t first = incarnation_of(&scene, "a");
    CU_ASSERT_EQUAL(scene_register(&scene, "a", 0, "Order=1.1.0"), QVT_OK);
    CU_ASSERT_EQUAL(incarnation_of(&scene, "a"), first);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->instance_id.len, 16);
    (void)scene_unregister(&scene, "a");
    CU_ASSERT_EQUAL(scene_register(&scene, "a", 0, "Order=1.1.0"), QVT_OK);
    CU_ASSERT_EQUAL(incarnation_of(&scene, "a"), first + 1);
    scene_deinit(&scene);
}

static void rule_6_another_instance_that_holds_nothing_supersedes(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    uint64_t first = incarnation_of(&scene, "a");
    CU_ASSERT_EQUAL(scene_register(&scene, "a", 2, ""), QVT_OK);
    CU_ASSERT_EQUAL(incarnation_of(&scene, "a"), first + 1);
    scene_deinit(&scene);
}

static void rule_7_a_superseded_process_is_refused_for_ever(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    uint64_t first = incarnation_of(&scene, "a");
    (void)scene_register(&scene, "a", 2, "");
    const char *ours = registry_head(scene.registry)->store_id;
    CU_ASSERT_EQUAL(register_held(&scene, 1, first, ours), QVT_ABORTED);
    EXPECT_TEXT(scene.error.reason, "SUPERSEDED");
    CU_ASSERT_EQUAL(scene_revision(&scene), 2);
    scene_deinit(&scene);
}

static void incarnations_follow_the_clock_and_never_repeat(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    CU_ASSERT_EQUAL(incarnation_of(&scene, "a"), (uint64_t)scene.now_us);
    (void)scene_register(&scene, "b", 1, "");
    CU_ASSERT_EQUAL(incarnation_of(&scene, "b"), (uint64_t)scene.now_us + 1);
    scene.now_us -= HOUR_US;
    (void)scene_register(&scene, "c", 1, "");
    CU_ASSERT_EQUAL(incarnation_of(&scene, "c"), incarnation_of(&scene, "b") + 1);
    scene_deinit(&scene);
}

static void registering_never_moves_status_back(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    (void)scene_update(&scene, "a", "status", PLACEMENT_SHUTTING_DOWN);
    CU_ASSERT_EQUAL(scene_register(&scene, "a", 1, "Order=1.0.0"), QVT_OK);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->status, PLACEMENT_SHUTTING_DOWN);
    scene_deinit(&scene);
}

static void a_joining_silo_becomes_active_when_status_is_left_out(void)
{
    struct scene scene;
    struct given_silo given;
    scene_init(&scene);
    given_silo(&given, "a");
    given.silo.status = QUARK__VERSION__V1__SILO_STATUS__SILO_STATUS_JOINING;
    CU_ASSERT_EQUAL(run(&scene, &given), QVT_OK);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->status, PLACEMENT_JOINING);
    (void)scene_register(&scene, "a", 0, "");
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->status, PLACEMENT_ACTIVE);
    scene_deinit(&scene);
}

static void cordoned_and_staged_stay_with_the_id_and_draining_with_the_incarnation(void)
{
    static const struct {
        enum placement_scheduling before;
        enum placement_scheduling after;
    } rows[] = {{PLACEMENT_CORDONED, PLACEMENT_CORDONED},
                {PLACEMENT_STAGED, PLACEMENT_STAGED},
                {PLACEMENT_DRAINING, PLACEMENT_SCHEDULABLE},
                {PLACEMENT_SCHEDULABLE, PLACEMENT_SCHEDULABLE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene;
        scene_init(&scene);
        (void)scene_register(&scene, "a", 1, "");
        (void)scene_update(&scene, "a", "scheduling", (int)rows[i].before);
        (void)scene_register(&scene, "a", 1, "Order=1.0.0");
        CU_ASSERT_EQUAL(scene_silo(&scene, "a")->scheduling, rows[i].before);
        (void)scene_register(&scene, "a", 2, "");
        CU_ASSERT_EQUAL(scene_silo(&scene, "a")->scheduling, rows[i].after);
        scene_deinit(&scene);
    }
}

static void register_scheduling(struct scene *scene, const char *silo_id, uint8_t instance, int scheduling)
{
    struct given_silo given;
    given_silo(&given, silo_id);
    given_instance(&given, instance);
    given.silo.scheduling = (Quark__Version__V1__Scheduling)scheduling;
    CU_ASSERT_EQUAL(run(scene, &given), QVT_OK);
}

static void a_first_registration_may_come_staged_or_cordoned_and_never_draining(void)
{
    static const enum placement_scheduling rows[][2] = {{PLACEMENT_SCHEDULING_UNSPECIFIED, PLACEMENT_SCHEDULABLE},
                                                        {PLACEMENT_SCHEDULABLE, PLACEMENT_SCHEDULABLE},
                                                        {PLACEMENT_STAGED, PLACEMENT_STAGED},
                                                        {PLACEMENT_CORDONED, PLACEMENT_CORDONED},
                                                        {PLACEMENT_DRAINING, PLACEMENT_SCHEDULABLE}};
    struct scene scene;
    scene_init(&scene);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char id[] = {(char)('a' + i), 0};
        register_scheduling(&scene, id, 1, (int)rows[i][0]);
        CU_ASSERT_EQUAL(scene_silo(&scene, id)->scheduling, rows[i][1]);
    }
    scene_deinit(&scene);
}

static void only_draining_is_heard_from_a_silo_that_runs_and_nothing_from_a_new_incarnation(void)
{
    struct scene scene;
    scene_init(&scene);
    register_scheduling(&scene, "a", 1, PLACEMENT_SCHEDULABLE);
    register_scheduling(&scene, "a", 1, PLACEMENT_CORDONED);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->scheduling, PLACEMENT_SCHEDULABLE);
    register_scheduling(&scene, "a", 1, PLACEMENT_DRAINING);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->scheduling, PLACEMENT_DRAINING);
    register_scheduling(&scene, "a", 2, PLACEMENT_DRAINING);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->scheduling, PLACEMENT_SCHEDULABLE);
    register_scheduling(&scene, "a", 3, PLACEMENT_STAGED);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->scheduling, PLACEMENT_SCHEDULABLE);
    scene_deinit(&scene);
}

static void a_silo_that_drains_goes_on_draining_when_the_store_was_lost(void)
{
    struct scene scene;
    struct given_silo given;
    scene_init(&scene);
    given_silo(&given, "a");
    given_held(&given, 77, elsewhere);
    given.silo.scheduling = QUARK__VERSION__V1__SCHEDULING__SCHEDULING_DRAINING;
    CU_ASSERT_EQUAL(run(&scene, &given), QVT_OK);
    CU_ASSERT_EQUAL(incarnation_of(&scene, "a"), 77);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->scheduling, PLACEMENT_DRAINING);
    scene_deinit(&scene);
}

static void lease_is_clamped_and_fifteen_seconds_by_default(void)
{
    static const struct {
        int64_t asked_ms;
        uint32_t given_ms;
    } rows[] = {{0, 15000},
                {1, 2000},
                {2000, 2000},
                {2500, 2500},
                {600000, 600000},
                {600001, 600000},
                {INT64_C(9000000000000000), 600000}};
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->lease_ttl_ms, 15000);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct given_silo given;
        given_silo(&given, "a");
        given_lease(&given, rows[i].asked_ms);
        CU_ASSERT_EQUAL(run(&scene, &given), QVT_OK);
        CU_ASSERT_EQUAL(scene_silo(&scene, "a")->lease_ttl_ms, rows[i].given_ms);
    }
    scene_deinit(&scene);
}

static void a_map_with_equal_keys_keeps_the_last_and_is_sorted(void)
{
    struct scene scene;
    scene_init(&scene);
    CU_ASSERT_EQUAL(scene_register(&scene, "a", 1, "B=1.0.0 A=1.0.0 B=2.0.0"), QVT_OK);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->type_count, 2);
    EXPECT_TEXT(scene_find(&scene, "B", "2.0.0"), "a");
    CU_ASSERT_EQUAL(scene_register(&scene, "a", 1, "A=1.0.0 B=2.0.0"), QVT_OK);
    CU_ASSERT_PTR_NULL(scene.last.change);
    scene_deinit(&scene);
}

static void expect_field(struct scene *scene, const struct given_silo *given, const char *field)
{
    CU_ASSERT_EQUAL(run(scene, given), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(scene->error.field, field);
    CU_ASSERT(scene->error.message[0] != 0);
}

static void bad_fields_are_refused_by_name(void)
{
    static char long_id[130];
    struct scene scene;
    struct given_silo given;
    scene_init(&scene);
    memset(long_id, 'x', 129);
    static const char *const ids[] = {"", ".", "..", "a\nb", "\xff", long_id};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        given_silo(&given, ids[i]);
        expect_field(&scene, &given, "silo.silo_id");
    }
    given_silo(&given, "a");
    given.silo.port = 0;
    expect_field(&scene, &given, "silo.port");
    given.silo.port = 65536;
    expect_field(&scene, &given, "silo.port");
    given_silo(&given, "a");
    given.silo.address = text("");
    expect_field(&scene, &given, "silo.address");
    given_silo(&given, "a");
    given.silo.status = (Quark__Version__V1__SiloStatus)9;
    expect_field(&scene, &given, "silo.status");
    given_silo(&given, "a");
    given_types(&given, "Order=1.x");
    expect_field(&scene, &given, "silo.actor_type_versions[Order].version");
    CU_ASSERT_PTR_NOT_NULL(strstr(scene.error.message, "1.x"));
    given_silo(&given, "a");
    given_lease(&given, -1000);
    expect_field(&scene, &given, "silo.lease_ttl");
    given_silo(&given, "a");
    given_label(&given, "", "v");
    expect_field(&scene, &given, "silo.labels");
    given_silo(&given, "a");
    given.request.silo = NULL;
    expect_field(&scene, &given, "silo");
    CU_ASSERT_EQUAL(scene_revision(&scene), 0);
    scene_deinit(&scene);
}

static void odd_ids_are_kept_as_they_are(void)
{
    static char id128[129];
    struct scene scene;
    scene_init(&scene);
    memset(id128, 'y', 128);
    static const char *const ids[] = {"10.0.0.1:5000", "a/b", "with space", "grün", id128, "..."};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        CU_ASSERT_EQUAL(scene_register(&scene, ids[i], 1, ""), QVT_OK);
        CU_ASSERT_PTR_NOT_NULL(scene_silo(&scene, ids[i]));
    }
    scene_deinit(&scene);
}

static void limits_refuse_the_one_too_many(void)
{
    struct scene scene;
    scene_init(&scene);
    registry_free(scene.registry);
    scene.limits.silos = 2;
    scene.limits.silo_types = 2;
    scene.limits.labels = 1;
    CU_ASSERT_EQUAL(registry_new(&scene.registry, &scene.limits), QVT_OK);
    CU_ASSERT_EQUAL(scene_register(&scene, "a", 1, "A=1 B=1"), QVT_OK);
    CU_ASSERT_EQUAL(scene_register(&scene, "b", 1, ""), QVT_OK);
    CU_ASSERT_EQUAL(scene_register(&scene, "c", 1, ""), QVT_RESOURCE_EXHAUSTED);
    EXPECT_TEXT(scene.error.reason, "TOO_MANY_SILOS");
    CU_ASSERT_EQUAL(scene_register(&scene, "a", 2, "A=1 B=1"), QVT_OK);
    (void)scene_unregister(&scene, "a");
    CU_ASSERT_EQUAL(scene_register(&scene, "c", 1, ""), QVT_OK);
    CU_ASSERT_EQUAL(scene_register(&scene, "a", 1, ""), QVT_RESOURCE_EXHAUSTED);
    (void)scene_unregister(&scene, "c");
    CU_ASSERT_EQUAL(scene_register(&scene, "a", 1, ""), QVT_OK);
    CU_ASSERT_EQUAL(scene_register(&scene, "b", 1, "A=1 B=1 C=1"), QVT_INVALID_ARGUMENT);
    struct given_silo given;
    given_silo(&given, "b");
    given_label(&given, "k", "v");
    given_label(&given, "l", "v");
    expect_field(&scene, &given, "silo.labels");
    scene_deinit(&scene);
}

static void the_first_registration_creates_the_cluster_at_revision_1(void)
{
    struct scene scene;
    scene_init(&scene);
    EXPECT_TEXT(registry_head(scene.registry)->store_id, "");
    (void)scene_unregister(&scene, "nobody");
    CU_ASSERT_EQUAL(scene_revision(&scene), 0);
    (void)scene_register(&scene, "a", 1, "");
    CU_ASSERT_EQUAL(scene_revision(&scene), 1);
    CU_ASSERT_EQUAL(strlen(registry_head(scene.registry)->store_id), STORE_ID_LEN);
    CU_ASSERT_EQUAL(scene.last.change->event, CHANGE_SILO_REGISTERED);
    scene_deinit(&scene);
}

SUITE_MAIN("server/registry/register", SUITE_CASE(rule_1_held_more_than_an_hour_ahead_is_refused),
           SUITE_CASE(rule_2_unknown_silo_keeps_what_another_store_gave),
           SUITE_CASE(rule_2_unknown_silo_gets_a_new_one_when_held_came_from_this_store),
           SUITE_CASE(rule_3_higher_held_supersedes), SUITE_CASE(rule_4_same_instance_stays_the_same),
           SUITE_CASE(rule_4_same_instance_that_is_dead_is_new),
           SUITE_CASE(rule_5_without_instance_the_current_one_is_meant),
           SUITE_CASE(rule_6_another_instance_that_holds_nothing_supersedes),
           SUITE_CASE(rule_7_a_superseded_process_is_refused_for_ever),
           SUITE_CASE(incarnations_follow_the_clock_and_never_repeat), SUITE_CASE(registering_never_moves_status_back),
           SUITE_CASE(a_joining_silo_becomes_active_when_status_is_left_out),
           SUITE_CASE(cordoned_and_staged_stay_with_the_id_and_draining_with_the_incarnation),
           SUITE_CASE(a_first_registration_may_come_staged_or_cordoned_and_never_draining),
           SUITE_CASE(only_draining_is_heard_from_a_silo_that_runs_and_nothing_from_a_new_incarnation),
           SUITE_CASE(a_silo_that_drains_goes_on_draining_when_the_store_was_lost),
           SUITE_CASE(lease_is_clamped_and_fifteen_seconds_by_default),
           SUITE_CASE(a_map_with_equal_keys_keeps_the_last_and_is_sorted), SUITE_CASE(bad_fields_are_refused_by_name),
           SUITE_CASE(odd_ids_are_kept_as_they_are), SUITE_CASE(limits_refuse_the_one_too_many),
           SUITE_CASE(the_first_registration_creates_the_cluster_at_revision_1))
