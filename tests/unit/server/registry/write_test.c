/* What all writes share (SPEC §4.2, §4.3), and those that change a silo or a policy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"
#include "tests/unit/server/registry/questions.h"
#include "tests/unit/server/registry/scene.h"

struct update {
    Quark__Version__V1__UpdateSiloRequest request;
    Quark__Version__V1__SiloInfo silo;
    Google__Protobuf__FieldMask mask;
    char *paths[8];
};

static void given_update(struct update *update, const char *silo_id, const char *path)
{
    memset(update, 0, sizeof *update);
    quark__version__v1__update_silo_request__init(&update->request);
    quark__version__v1__silo_info__init(&update->silo);
    google__protobuf__field_mask__init(&update->mask);
    update->request.silo_id = text(silo_id);
    update->request.silo = &update->silo;
    update->paths[0] = text(path);
    update->mask.n_paths = path[0] == 0 ? 0 : 1;
    update->mask.paths = update->paths;
    update->request.update_mask = &update->mask;
}

static qvt_status run_update(struct scene *scene, const struct update *update)
{
    struct command command = {.kind = COMMAND_UPDATE_SILO, .update_silo = &update->request};
    return scene_run(scene, &command);
}

static void copy_etag(const struct scene *scene, const char *silo_id, char out[POSITION_TEXT_MAX])
{
    qvt_slice etag = scene_silo(scene, silo_id)->etag;
    memcpy(out, etag.data, etag.len);
    out[etag.len] = 0;
}

static void etag_is_the_text_of_the_records_last_change(void)
{
    struct scene scene;
    char expected[POSITION_TEXT_MAX];
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    (void)scene_register(&scene, "b", 1, "");
    const struct position *head = registry_head(scene.registry);
    position_format(expected, head->revision, head->token);
    EXPECT_SLICE(scene_silo(&scene, "b")->etag, expected);
    CU_ASSERT_EQUAL(scene_silo(&scene, "b")->mod_revision, 2);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->mod_revision, 1);
    scene_deinit(&scene);
}

static void if_match_that_differs_is_aborted_with_the_current_etag(void)
{
    struct scene scene;
    struct update update;
    char etag[POSITION_TEXT_MAX];
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    copy_etag(&scene, "a", etag);
    given_update(&update, "a", "port");
    update.silo.port = 6000;
    update.request.if_match = etag;
    CU_ASSERT_EQUAL(run_update(&scene, &update), QVT_OK);
    update.silo.port = 7000;
    CU_ASSERT_EQUAL(run_update(&scene, &update), QVT_ABORTED);
    EXPECT_TEXT(scene.error.reason, "ETAG_MISMATCH");
    EXPECT_TEXT(scene.error.facts[0].name, "etag");
    copy_etag(&scene, "a", etag);
    EXPECT_TEXT(scene.error.facts[0].value, etag);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->port, 6000);
    scene_deinit(&scene);
}

static void a_repeated_request_id_changes_nothing_and_answers_as_before(void)
{
    struct scene scene;
    struct update update;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    given_update(&update, "a", "port");
    update.silo.port = 6000;
    update.request.request_id = text("r-1");
    CU_ASSERT_EQUAL(run_update(&scene, &update), QVT_OK);
    struct position first = scene.last.position;
    (void)scene_update(&scene, "a", "port", 7000);
    CU_ASSERT_EQUAL(run_update(&scene, &update), QVT_OK);
    CU_ASSERT_PTR_NULL(scene.last.change);
    CU_ASSERT_TRUE(position_equal(&scene.last.position, &first));
    CU_ASSERT_EQUAL(image_origin(scene.last.image).revision, first.revision);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->port, 7000);
    scene_deinit(&scene);
}

static void a_request_id_of_another_record_is_refused(void)
{
    struct scene scene;
    struct update update;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    (void)scene_register(&scene, "b", 1, "");
    given_update(&update, "a", "port");
    update.silo.port = 6000;
    update.request.request_id = text("r-1");
    (void)run_update(&scene, &update);
    update.request.silo_id = text("b");
    CU_ASSERT_EQUAL(run_update(&scene, &update), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(scene.error.field, "request_id");
    scene_deinit(&scene);
}

static void who_why_and_request_id_are_in_the_change(void)
{
    struct scene scene;
    struct update update;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    given_update(&update, "a", "port");
    update.silo.port = 6000;
    update.request.request_id = text("r-1");
    update.request.who = text("ada");
    update.request.why = text("moved");
    CU_ASSERT_EQUAL(run_update(&scene, &update), QVT_OK);
    EXPECT_SLICE(scene.last.change->who, "ada");
    EXPECT_SLICE(scene.last.change->why, "moved");
    EXPECT_SLICE(scene.last.change->request_id, "r-1");
    CU_ASSERT_EQUAL(scene.last.change->time_us, scene.now_us);
    scene_deinit(&scene);
}

static void an_older_incarnation_is_superseded_in_every_write(void)
{
    struct scene scene;
    struct update update;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    uint64_t old = scene_silo(&scene, "a")->incarnation;
    (void)scene_register(&scene, "a", 2, "");
    given_update(&update, "a", "port");
    update.silo.port = 6000;
    update.request.incarnation = old;
    CU_ASSERT_EQUAL(run_update(&scene, &update), QVT_ABORTED);
    EXPECT_TEXT(scene.error.reason, "SUPERSEDED");

    Quark__Version__V1__UnregisterSiloRequest leave;
    quark__version__v1__unregister_silo_request__init(&leave);
    leave.silo_id = text("a");
    leave.incarnation = old;
    struct command command = {.kind = COMMAND_UNREGISTER_SILO, .unregister_silo = &leave};
    CU_ASSERT_EQUAL(scene_run(&scene, &command), QVT_ABORTED);

    Quark__Version__V1__RegisterSiloVersionsRequest request;
    struct given_versions versions;
    given_versions(&request, &versions, "a", "Order=1.0.0");
    request.incarnation = old;
    command = (struct command){.kind = COMMAND_REGISTER_VERSIONS, .register_versions = &request};
    CU_ASSERT_EQUAL(scene_run(&scene, &command), QVT_ABORTED);
    CU_ASSERT_EQUAL(scene_revision(&scene), 2);
    scene_deinit(&scene);
}

static void status_only_moves_forward(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    CU_ASSERT_EQUAL(scene_update(&scene, "a", "status", PLACEMENT_JOINING), QVT_FAILED_PRECONDITION);
    CU_ASSERT_EQUAL(scene_update(&scene, "a", "status", PLACEMENT_SHUTTING_DOWN), QVT_OK);
    CU_ASSERT_EQUAL(scene_update(&scene, "a", "status", PLACEMENT_ACTIVE), QVT_FAILED_PRECONDITION);
    CU_ASSERT_EQUAL(scene_update(&scene, "a", "status", PLACEMENT_DEAD), QVT_OK);
    CU_ASSERT_EQUAL(scene.last.change->event, CHANGE_SILO_LEFT);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->status, PLACEMENT_DEAD);
    scene_deinit(&scene);
}

static void expect_expired(struct scene *scene, const struct update *update)
{
    CU_ASSERT_EQUAL(run_update(scene, update), QVT_NOT_FOUND);
    EXPECT_TEXT(scene->error.reason, "LEASE_EXPIRED");
}

static void a_dead_incarnation_leaves_once_and_is_final(void)
{
    static const char *const paths[] = {"status", "port", "address", "labels", "scheduling"};
    struct scene scene;
    struct update update;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    (void)scene_unregister(&scene, "a");
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        given_update(&update, "a", paths[i]);
        update.silo.status = QUARK__VERSION__V1__SILO_STATUS__SILO_STATUS_DEAD;
        update.silo.port = 9;
        update.silo.address = text("10.9.9.9");
        update.silo.scheduling = QUARK__VERSION__V1__SCHEDULING__SCHEDULING_DRAINING;
        expect_expired(&scene, &update);
    }
    given_update(&update, "a", "status");
    update.silo.status = QUARK__VERSION__V1__SILO_STATUS__SILO_STATUS_DEAD;
    update.silo.port = 9;
    update.paths[1] = text("port");
    update.mask.n_paths = 2;
    expect_expired(&scene, &update);
    CU_ASSERT_EQUAL(scene_revision(&scene), 2);
    scene_deinit(&scene);
}

static void operators_cordon_and_stage_a_silo_id_that_is_dead(void)
{
    static const enum placement_scheduling choices[] = {PLACEMENT_CORDONED, PLACEMENT_STAGED, PLACEMENT_SCHEDULABLE};
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    (void)scene_unregister(&scene, "a");
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        CU_ASSERT_EQUAL(scene_update(&scene, "a", "scheduling", (int)choices[i]), QVT_OK);
        CU_ASSERT_EQUAL(scene.last.change->event, CHANGE_SILO_UPDATED);
        CU_ASSERT_EQUAL(scene_silo(&scene, "a")->scheduling, choices[i]);
    }
    scene_deinit(&scene);
}

static void only_masked_fields_change(void)
{
    struct scene scene;
    struct update update;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "Order=1.0.0");
    given_update(&update, "a", "address");
    update.silo.address = text("10.9.9.9");
    update.silo.port = 1;
    CU_ASSERT_EQUAL(run_update(&scene, &update), QVT_OK);
    EXPECT_SLICE(scene_silo(&scene, "a")->address, "10.9.9.9");
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->port, 5000);
    EXPECT_TEXT(scene_find(&scene, "Order", "1.0.0"), "a");
    given_update(&update, "a", "incarnation");
    CU_ASSERT_EQUAL(run_update(&scene, &update), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(scene.error.field, "update_mask");
    scene_deinit(&scene);
}

static void values_of_another_silo_are_refused(void)
{
    struct scene scene;
    struct update update;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    given_update(&update, "a", "port");
    update.silo.silo_id = text("b");
    update.silo.port = 1;
    CU_ASSERT_EQUAL(run_update(&scene, &update), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(scene.error.field, "silo.silo_id");
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->port, 5000);
    update.silo.silo_id = text("a");
    CU_ASSERT_EQUAL(run_update(&scene, &update), QVT_OK);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->port, 1);
    scene_deinit(&scene);
}

static void without_mask_what_is_set_changes(void)
{
    struct scene scene;
    struct update update;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    given_update(&update, "a", "");
    CU_ASSERT_EQUAL(run_update(&scene, &update), QVT_INVALID_ARGUMENT);
    update.silo.scheduling = QUARK__VERSION__V1__SCHEDULING__SCHEDULING_CORDONED;
    CU_ASSERT_EQUAL(run_update(&scene, &update), QVT_OK);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->scheduling, PLACEMENT_CORDONED);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->port, 5000);
    scene_deinit(&scene);
}

static void labels_are_replaced_and_can_be_emptied(void)
{
    struct scene scene;
    struct given_silo given;
    struct update update;
    scene_init(&scene);
    given_silo(&given, "a");
    given_label(&given, "rack", "7");
    given_label(&given, "disk", "");
    struct command command = command_register(&given);
    CU_ASSERT_EQUAL(scene_run(&scene, &command), QVT_OK);
    CU_ASSERT_TRUE(registry_silo_has_label(scene_silo(&scene, "a"), qvt_slice_text("rack=7")));
    CU_ASSERT_TRUE(registry_silo_has_label(scene_silo(&scene, "a"), qvt_slice_text("disk")));
    CU_ASSERT_FALSE(registry_silo_has_label(scene_silo(&scene, "a"), qvt_slice_text("rack=8")));
    given_update(&update, "a", "labels");
    CU_ASSERT_EQUAL(run_update(&scene, &update), QVT_OK);
    CU_ASSERT_FALSE(registry_silo_has_label(scene_silo(&scene, "a"), qvt_slice_text("rack")));
    scene_deinit(&scene);
}

static void an_update_that_changes_nothing_makes_no_change(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    CU_ASSERT_EQUAL(scene_update(&scene, "a", "port", 5000), QVT_OK);
    CU_ASSERT_PTR_NULL(scene.last.change);
    CU_ASSERT_EQUAL(scene_revision(&scene), 1);
    scene_deinit(&scene);
}

static void unregistering_is_final_once_and_harmless_again(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "Order=1.0.0");
    CU_ASSERT_EQUAL(scene_unregister(&scene, "a"), QVT_OK);
    CU_ASSERT_EQUAL(scene.last.change->event, CHANGE_SILO_LEFT);
    EXPECT_TEXT(scene_find(&scene, "Order", ""), "");
    CU_ASSERT_EQUAL(scene_unregister(&scene, "a"), QVT_OK);
    CU_ASSERT_PTR_NULL(scene.last.change);
    CU_ASSERT_EQUAL(scene_unregister(&scene, "nobody"), QVT_OK);
    CU_ASSERT_PTR_NULL(scene.last.image);
    CU_ASSERT_EQUAL(scene_revision(&scene), 2);
    scene_deinit(&scene);
}

static void versions_are_replaced_and_everything_else_untouched(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "Order=1.0.0 Cart=1.0.0");
    (void)scene_update(&scene, "a", "scheduling", PLACEMENT_STAGED);
    CU_ASSERT_EQUAL(scene_versions(&scene, "a", "Order=2.0.0"), QVT_OK);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->scheduling, PLACEMENT_STAGED);
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->type_count, 1);
    CU_ASSERT_EQUAL(registry_candidate_count(scene.registry, qvt_slice_text("Cart")), 0);
    CU_ASSERT_EQUAL(registry_counts(scene.registry)->actor_types, 1);
    CU_ASSERT_EQUAL(scene.last.change->previous_type_count, 2);
    EXPECT_SLICE(scene.last.change->previous_types[0], "Cart");
    CU_ASSERT_EQUAL(scene_versions(&scene, "nobody", "Order=2.0.0"), QVT_NOT_FOUND);
    EXPECT_TEXT(scene.error.reason, "SILO_NOT_FOUND");
    (void)scene_unregister(&scene, "a");
    CU_ASSERT_EQUAL(scene_versions(&scene, "a", "Order=2.0.0"), QVT_NOT_FOUND);
    EXPECT_TEXT(scene.error.reason, "LEASE_EXPIRED");
    scene_deinit(&scene);
}

static qvt_status set_policy(struct scene *scene, const char *actor_type, int mode, const char *range,
                             const char *if_match)
{
    Quark__Version__V1__SetPolicyRequest request;
    Quark__Version__V1__Policy policy;
    quark__version__v1__set_policy_request__init(&request);
    quark__version__v1__policy__init(&policy);
    request.actor_type = text(actor_type);
    request.policy = &policy;
    request.if_match = text(if_match);
    policy.mode = (Quark__Version__V1__CompatibilityMode)mode;
    policy.range = text(range);
    struct command command = {.kind = COMMAND_SET_POLICY, .set_policy = &request};
    return scene_run(scene, &command);
}

static qvt_status delete_policy(struct scene *scene, const char *actor_type)
{
    Quark__Version__V1__DeletePolicyRequest request;
    quark__version__v1__delete_policy_request__init(&request);
    request.actor_type = text(actor_type);
    struct command command = {.kind = COMMAND_DELETE_POLICY, .delete_policy = &request};
    return scene_run(scene, &command);
}

static struct placement_rules rules_of(const struct scene *scene, const char *actor_type)
{
    struct placement_rules rules;
    (void)registry_policy_for(scene->registry, qvt_slice_text(actor_type), &rules);
    return rules;
}

static void a_types_own_policy_rules_over_the_clusters_default(void)
{
    struct scene scene;
    struct placement_rules rules;
    scene_init(&scene);
    CU_ASSERT_PTR_NULL(registry_policy_for(scene.registry, qvt_slice_text("Order"), &rules));
    CU_ASSERT_EQUAL(rules.mode, PLACEMENT_STRICT);
    CU_ASSERT_EQUAL(set_policy(&scene, "", PLACEMENT_MINOR, "", ""), QVT_OK);
    CU_ASSERT_EQUAL(scene_revision(&scene), 1);
    CU_ASSERT_EQUAL(rules_of(&scene, "Order").mode, PLACEMENT_MINOR);
    CU_ASSERT_EQUAL(rules_of(&scene, "Order").min_ready, 2);
    CU_ASSERT_EQUAL(set_policy(&scene, "Order", PLACEMENT_RANGE, "^1.2", ""), QVT_OK);
    CU_ASSERT_EQUAL(rules_of(&scene, "Order").mode, PLACEMENT_RANGE);
    EXPECT_SLICE(rules_of(&scene, "Order").range, "^1.2");
    CU_ASSERT_EQUAL(rules_of(&scene, "Cart").mode, PLACEMENT_MINOR);
    CU_ASSERT_EQUAL(registry_counts(scene.registry)->policies, 2);
    CU_ASSERT_EQUAL(delete_policy(&scene, "Order"), QVT_OK);
    CU_ASSERT_EQUAL(rules_of(&scene, "Order").mode, PLACEMENT_MINOR);
    CU_ASSERT_EQUAL(delete_policy(&scene, "Order"), QVT_OK);
    CU_ASSERT_PTR_NULL(scene.last.change);
    scene_deinit(&scene);
}

static void what_a_types_policy_leaves_open_follows_the_clusters_default(void)
{
    struct scene scene;
    struct placement_rules rules;
    scene_init(&scene);
    CU_ASSERT_EQUAL(set_policy(&scene, "Order", PLACEMENT_MODE_UNSPECIFIED, "", ""), QVT_OK);
    CU_ASSERT_EQUAL(rules_of(&scene, "Order").mode, PLACEMENT_STRICT);
    CU_ASSERT_EQUAL(set_policy(&scene, "", PLACEMENT_MAJOR, "", ""), QVT_OK);
    CU_ASSERT_EQUAL(rules_of(&scene, "Order").mode, PLACEMENT_MAJOR);
    const struct registry_policy *policy = registry_policy_for(scene.registry, qvt_slice_text("Order"), &rules);
    EXPECT_SLICE(policy->actor_type, "Order");
    CU_ASSERT_EQUAL(policy->mod_revision, 1);
    CU_ASSERT_EQUAL(policy->rules.mode, PLACEMENT_MODE_UNSPECIFIED);
    scene_deinit(&scene);
}

static void only_active_silos_are_listed_with_their_capabilities(void)
{
    struct scene scene;
    char ids[64];
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "Order=1.0.0");
    (void)scene_register(&scene, "b", 2, "Order=1.0.0");
    (void)scene_register(&scene, "c", 3, "Order=1.0.0");
    (void)scene_register(&scene, "d", 4, "Order=1.0.0");
    CU_ASSERT_EQUAL(scene_update(&scene, "a", "status", PLACEMENT_SHUTTING_DOWN), QVT_OK);
    CU_ASSERT_EQUAL(scene_unregister(&scene, "c"), QVT_OK);
    ask_capable(scene.registry, ids, sizeof ids);
    EXPECT_TEXT(ids, "b d");
    scene_deinit(&scene);
}

static void policies_are_checked_and_etag_guarded(void)
{
    struct scene scene;
    scene_init(&scene);
    CU_ASSERT_EQUAL(set_policy(&scene, "Order", 17, "", ""), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(scene.error.field, "policy.mode");
    CU_ASSERT_EQUAL(set_policy(&scene, "Order", PLACEMENT_RANGE, "^x^", ""), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(scene.error.field, "policy.range");
    CU_ASSERT_EQUAL(set_policy(&scene, "Order", PLACEMENT_PATCH, "", "1.0000000000000000"), QVT_ABORTED);
    CU_ASSERT_EQUAL(set_policy(&scene, "Order", PLACEMENT_PATCH, "", ""), QVT_OK);
    CU_ASSERT_EQUAL(set_policy(&scene, "Order", PLACEMENT_PATCH, "", ""), QVT_OK);
    CU_ASSERT_PTR_NULL(scene.last.change);
    CU_ASSERT_EQUAL(set_policy(&scene, "Order", PLACEMENT_MAJOR, "", "1.0000000000000000"), QVT_ABORTED);
    EXPECT_TEXT(scene.error.reason, "ETAG_MISMATCH");
    CU_ASSERT_EQUAL(registry_policy(scene.registry, qvt_slice_text("Order"))->rules.mode, PLACEMENT_PATCH);
    scene_deinit(&scene);
}

SUITE_MAIN("server/registry/write", SUITE_CASE(etag_is_the_text_of_the_records_last_change),
           SUITE_CASE(if_match_that_differs_is_aborted_with_the_current_etag),
           SUITE_CASE(a_repeated_request_id_changes_nothing_and_answers_as_before),
           SUITE_CASE(a_request_id_of_another_record_is_refused), SUITE_CASE(who_why_and_request_id_are_in_the_change),
           SUITE_CASE(an_older_incarnation_is_superseded_in_every_write), SUITE_CASE(status_only_moves_forward),
           SUITE_CASE(a_dead_incarnation_leaves_once_and_is_final),
           SUITE_CASE(operators_cordon_and_stage_a_silo_id_that_is_dead), SUITE_CASE(only_masked_fields_change),
           SUITE_CASE(values_of_another_silo_are_refused), SUITE_CASE(without_mask_what_is_set_changes),
           SUITE_CASE(labels_are_replaced_and_can_be_emptied),
           SUITE_CASE(an_update_that_changes_nothing_makes_no_change),
           SUITE_CASE(unregistering_is_final_once_and_harmless_again),
           SUITE_CASE(versions_are_replaced_and_everything_else_untouched),
           SUITE_CASE(only_active_silos_are_listed_with_their_capabilities),
           SUITE_CASE(a_types_own_policy_rules_over_the_clusters_default),
           SUITE_CASE(what_a_types_policy_leaves_open_follows_the_clusters_default),
           SUITE_CASE(policies_are_checked_and_etag_guarded))
