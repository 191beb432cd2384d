/* History, resume points and walks (SPEC §6.2, §6.3), bulk commands, and the encoding of changes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "quark/version/v1/change.pb-c.h"
#include "tests/support/suite.h"
#include "tests/unit/server/registry/scene.h"

static qvt_status run_marks(struct scene *scene, enum command_kind kind, const char *const *ids, size_t count,
                            bool value)
{
    struct silo_mark marks[64];
    for (size_t i = 0; i < count; i++) {
        const struct registry_silo *silo = scene_silo(scene, ids[i]);
        marks[i] = (struct silo_mark){qvt_slice_text(ids[i]), silo == NULL ? 0 : silo->incarnation, value};
    }
    struct command command = {.kind = kind, .marks = {marks, count}};
    return scene_run(scene, &command);
}

static void restart(struct scene *scene, const struct registry_limits *limits)
{
    registry_free(scene->registry);
    scene->limits = *limits;
    CU_ASSERT_EQUAL_FATAL(registry_new(&scene->registry, limits), QVT_OK);
}

static void a_position_resumes_while_its_next_change_is_kept(void)
{
    struct scene scene;
    struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
    limits.history_changes = 3;
    scene_init(&scene);
    restart(&scene, &limits);
    struct position seen[6];
    for (int i = 0; i < 6; i++) {
        (void)scene_register(&scene, "a", (uint8_t)(i + 1), "");
        seen[i] = *registry_head(scene.registry);
    }
    CU_ASSERT_EQUAL(registry_history_first(scene.registry), 4);
    CU_ASSERT_EQUAL(registry_resume(scene.registry, &seen[1]), REGISTRY_RESUME_RESET);
    CU_ASSERT_EQUAL(registry_resume(scene.registry, &seen[2]), REGISTRY_RESUME_LIVE);
    CU_ASSERT_EQUAL(registry_resume(scene.registry, &seen[5]), REGISTRY_RESUME_LIVE);
    seen[5].token ^= 1;
    CU_ASSERT_EQUAL(registry_resume(scene.registry, &seen[5]), REGISTRY_RESUME_LOST);
    seen[4].token ^= 1;
    CU_ASSERT_EQUAL(registry_resume(scene.registry, &seen[4]), REGISTRY_RESUME_LOST);
    seen[3].store_id[0] ^= 1;
    CU_ASSERT_EQUAL(registry_resume(scene.registry, &seen[3]), REGISTRY_RESUME_LOST);
    seen[2].revision = 7;
    CU_ASSERT_EQUAL(registry_resume(scene.registry, &seen[2]), REGISTRY_RESUME_AHEAD);
    scene_deinit(&scene);
}

static void history_is_bounded_by_age_and_bytes(void)
{
    struct scene scene;
    struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    (void)scene_register(&scene, "b", 1, "");
    scene.now_us += limits.history_us + 1;
    (void)scene_register(&scene, "c", 1, "");
    CU_ASSERT_EQUAL(registry_history_first(scene.registry), 3);
    limits.history_bytes = 2000;
    restart(&scene, &limits);
    for (uint8_t i = 1; i < 60; i++) {
        (void)scene_register(&scene, "a", i, "");
    }
    uint64_t first = registry_history_first(scene.registry);
    CU_ASSERT(first > 40 && first < 59);
    CU_ASSERT_PTR_NULL(registry_change(scene.registry, first - 1));
    CU_ASSERT_PTR_NOT_NULL(registry_change(scene.registry, first));
    scene_deinit(&scene);
}

static void walk(struct registry_walk *cursor, char *out, size_t most)
{
    struct registry_step step;
    size_t len = 0;
    out[0] = 0;
    for (size_t i = 0; i < most && registry_walk_next(cursor, &step); i++) {
        qvt_slice key = step.image != NULL ? image_key(step.image) : step.removed_key;
        len += (size_t)snprintf(out + len, 256 - len, "%s%s%.*s", len == 0 ? "" : " ", step.image == NULL ? "-" : "",
                                (int)key.len, (const char *)key.data);
    }
}

static void delete_policy(struct scene *scene, const char *actor_type)
{
    Quark__Version__V1__DeletePolicyRequest request;
    quark__version__v1__delete_policy_request__init(&request);
    request.actor_type = text(actor_type);
    struct command command = {.kind = COMMAND_DELETE_POLICY, .delete_policy = &request};
    CU_ASSERT_EQUAL(scene_run(scene, &command), QVT_OK);
}

static void set_policy(struct scene *scene, const char *actor_type)
{
    Quark__Version__V1__SetPolicyRequest request;
    Quark__Version__V1__Policy policy;
    quark__version__v1__set_policy_request__init(&request);
    quark__version__v1__policy__init(&policy);
    request.actor_type = text(actor_type);
    request.policy = &policy;
    struct command command = {.kind = COMMAND_SET_POLICY, .set_policy = &request};
    CU_ASSERT_EQUAL(scene_run(scene, &command), QVT_OK);
}

static void a_walk_visits_records_in_order_and_changed_ones_again(void)
{
    struct scene scene;
    struct registry_walk *cursor;
    char seen[256];
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    (void)scene_register(&scene, "b", 1, "");
    (void)scene_register(&scene, "c", 1, "");
    (void)scene_update(&scene, "a", "port", 1);
    CU_ASSERT_EQUAL(registry_walk_begin(scene.registry, &cursor), QVT_OK);
    CU_ASSERT_EQUAL(registry_walk_position(cursor)->revision, 4);
    walk(cursor, seen, 1);
    EXPECT_TEXT(seen, "b");
    (void)scene_update(&scene, "b", "port", 1);
    (void)scene_update(&scene, "c", "port", 1);
    walk(cursor, seen, 10);
    EXPECT_TEXT(seen, "a b c");
    registry_walk_end(cursor);
    scene_deinit(&scene);
}

static void a_walk_tells_of_records_deleted_after_it_began(void)
{
    struct scene scene;
    struct registry_walk *early;
    struct registry_walk *late;
    char seen[256];
    scene_init(&scene);
    set_policy(&scene, "P");
    set_policy(&scene, "Q");
    CU_ASSERT_EQUAL(registry_walk_begin(scene.registry, &early), QVT_OK);
    delete_policy(&scene, "P");
    CU_ASSERT_EQUAL(registry_walk_begin(scene.registry, &late), QVT_OK);
    (void)scene_register(&scene, "a", 1, "");
    set_policy(&scene, "P");
    walk(late, seen, 10);
    EXPECT_TEXT(seen, "Q a P");
    registry_walk_end(late);
    walk(early, seen, 10);
    EXPECT_TEXT(seen, "Q -P a P");
    registry_walk_end(early);
    CU_ASSERT_EQUAL(registry_walk_begin(scene.registry, &late), QVT_OK);
    walk(late, seen, 10);
    EXPECT_TEXT(seen, "Q a P");
    registry_walk_end(late);
    scene_deinit(&scene);
}

static void expiry_makes_many_silos_dead_in_one_change(void)
{
    static const char *const ids[] = {"a", "b", "c", "nobody"};
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "Order=1");
    (void)scene_register(&scene, "b", 1, "Order=1");
    (void)scene_register(&scene, "c", 1, "Order=1");
    (void)scene_unregister(&scene, "c");
    CU_ASSERT_EQUAL(run_marks(&scene, COMMAND_EXPIRE, ids, 4, true), QVT_OK);
    CU_ASSERT_EQUAL(scene.last.change->event, CHANGE_SILO_EXPIRED);
    CU_ASSERT_EQUAL(scene.last.change->put_count, 2);
    CU_ASSERT_EQUAL(registry_counts(scene.registry)->silos_by_status[PLACEMENT_DEAD], 3);
    CU_ASSERT_EQUAL(run_marks(&scene, COMMAND_EXPIRE, ids, 4, true), QVT_OK);
    CU_ASSERT_PTR_NULL(scene.last.change);
    scene_deinit(&scene);
}

static void expiry_skips_a_superseded_incarnation(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    struct silo_mark mark = {qvt_slice_text("a"), scene_silo(&scene, "a")->incarnation, true};
    (void)scene_register(&scene, "a", 2, "");
    struct command command = {.kind = COMMAND_EXPIRE, .marks = {&mark, 1}};
    CU_ASSERT_EQUAL(scene_run(&scene, &command), QVT_OK);
    CU_ASSERT_PTR_NULL(scene.last.change);
    scene_deinit(&scene);
}

static void bulk_changes_stop_at_their_limits(void)
{
    static const char *const ids[] = {"a", "b", "c"};
    struct scene scene;
    struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
    limits.bulk_silos = 2;
    scene_init(&scene);
    restart(&scene, &limits);
    for (size_t i = 0; i < 3; i++) {
        (void)scene_register(&scene, ids[i], 1, "");
    }
    (void)run_marks(&scene, COMMAND_EXPIRE, ids, 3, true);
    CU_ASSERT_EQUAL(scene.last.change->put_count, 2);
    limits.bulk_silos = 100;
    limits.bulk_bytes = 1;
    restart(&scene, &limits);
    for (size_t i = 0; i < 3; i++) {
        (void)scene_register(&scene, ids[i], 1, "");
    }
    (void)run_marks(&scene, COMMAND_EXPIRE, ids, 3, true);
    CU_ASSERT_EQUAL(scene.last.change->put_count, 1);
    scene_deinit(&scene);
}

static size_t bytes_of(const struct change *change)
{
    size_t bytes = 0;
    for (size_t i = 0; i < change->put_count; i++) {
        bytes += image_size_bytes(change->puts[i]);
    }
    return bytes;
}

static void bulk_changes_are_never_longer_than_their_bytes(void)
{
    static const char *const ids[] = {"a", "b", "c", "d"};
    struct scene scene;
    struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
    scene_init(&scene);
    for (size_t i = 0; i < 4; i++) {
        (void)scene_register(&scene, ids[i], 1, "Order=1.0.0 Cart=1.0.0 Invoice=1.0.0");
    }
    limits.bulk_bytes = (uint32_t)(3 * image_size_bytes(scene_silo(&scene, "a")->image));
    restart(&scene, &limits);
    for (size_t i = 0; i < 4; i++) {
        (void)scene_register(&scene, ids[i], 1, "Order=1.0.0 Cart=1.0.0 Invoice=1.0.0");
    }
    (void)run_marks(&scene, COMMAND_MARK_SUSPECT, ids, 4, true);
    CU_ASSERT_EQUAL(scene.last.change->put_count, 2);
    CU_ASSERT(bytes_of(scene.last.change) <= limits.bulk_bytes);
    (void)run_marks(&scene, COMMAND_MARK_HEALTH, ids, 4, true);
    CU_ASSERT_EQUAL(scene.last.change->put_count, 2);
    (void)run_marks(&scene, COMMAND_EXPIRE, ids, 4, true);
    CU_ASSERT_EQUAL(scene.last.change->put_count, 2);
    CU_ASSERT(bytes_of(scene.last.change) <= limits.bulk_bytes);
    scene_deinit(&scene);
}

static void suspect_and_unhealthy_are_committed_facts(void)
{
    static const char *const ids[] = {"a", "b"};
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "Order=1");
    (void)scene_register(&scene, "b", 1, "Order=1");
    CU_ASSERT_EQUAL(run_marks(&scene, COMMAND_MARK_SUSPECT, ids, 1, true), QVT_OK);
    CU_ASSERT_EQUAL(scene.last.change->event, CHANGE_SILO_SUSPECT);
    EXPECT_TEXT(scene_find(&scene, "Order", ""), "b a");
    CU_ASSERT_EQUAL(registry_counts(scene.registry)->suspect, 1);
    (void)run_marks(&scene, COMMAND_MARK_SUSPECT, ids, 1, false);
    CU_ASSERT_EQUAL(registry_counts(scene.registry)->suspect, 0);
    CU_ASSERT_EQUAL(run_marks(&scene, COMMAND_MARK_HEALTH, ids, 2, true), QVT_OK);
    CU_ASSERT_EQUAL(scene.last.change->event, CHANGE_SILO_HEALTH);
    CU_ASSERT_EQUAL(registry_counts(scene.registry)->unhealthy, 2);
    (void)scene_register(&scene, "a", 2, "Order=1");
    CU_ASSERT_FALSE(scene_silo(&scene, "a")->unhealthy);
    scene_deinit(&scene);
}

static qvt_status purge(struct scene *scene)
{
    struct command command = {.kind = COMMAND_PURGE};
    return scene_run(scene, &command);
}

static void dead_records_go_after_seven_days_and_oldest_first_above_a_thousand(void)
{
    struct scene scene;
    struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
    limits.dead_silos = 2;
    scene_init(&scene);
    restart(&scene, &limits);
    static const char *const ids[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++) {
        (void)scene_register(&scene, ids[i], 1, "Order=1");
        (void)scene_unregister(&scene, ids[i]);
    }
    uint64_t last = scene_silo(&scene, "c")->incarnation;
    CU_ASSERT_EQUAL(purge(&scene), QVT_OK);
    CU_ASSERT_EQUAL(scene.last.change->event, CHANGE_SILO_PURGED);
    CU_ASSERT_EQUAL(scene.last.change->delete_count, 1);
    EXPECT_SLICE(scene.last.change->previous_types[0], "Order");
    CU_ASSERT_PTR_NULL(scene_silo(&scene, "a"));
    CU_ASSERT_EQUAL(purge(&scene), QVT_OK);
    CU_ASSERT_PTR_NULL(scene.last.change);
    scene.now_us += limits.dead_us;
    CU_ASSERT_EQUAL(purge(&scene), QVT_OK);
    CU_ASSERT_EQUAL(registry_counts(scene.registry)->silos, 0);
    CU_ASSERT_EQUAL(registry_counts(scene.registry)->actor_types, 0);
    scene.now_us -= 2 * limits.dead_us;
    (void)scene_register(&scene, "a", 1, "");
    CU_ASSERT_EQUAL(scene_silo(&scene, "a")->incarnation, last + 1);
    scene_deinit(&scene);
}

static void a_pause_is_one_change_with_its_suspects(void)
{
    static const char *const ids[] = {"a"};
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "");
    (void)scene_register(&scene, "b", 1, "");
    CU_ASSERT_EQUAL(run_marks(&scene, COMMAND_PAUSE_EXPIRY, ids, 1, true), QVT_OK);
    CU_ASSERT_TRUE(registry_counts(scene.registry)->expiry_paused);
    CU_ASSERT_EQUAL(registry_counts(scene.registry)->expiry_paused_since_us, scene.now_us);
    CU_ASSERT_TRUE(scene_silo(&scene, "a")->suspect);
    CU_ASSERT_FALSE(scene_silo(&scene, "b")->suspect);
    CU_ASSERT_EQUAL(run_marks(&scene, COMMAND_RESUME_EXPIRY, ids, 0, true), QVT_OK);
    CU_ASSERT_FALSE(registry_counts(scene.registry)->expiry_paused);
    scene_deinit(&scene);
}

static void a_change_reads_back_as_it_was_written(void)
{
    struct scene scene;
    struct buf bytes = BUF_INIT;
    struct buf again = BUF_INIT;
    struct change *read;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "Order=1 Cart=2");
    (void)scene_versions(&scene, "a", "Order=3");
    CU_ASSERT_EQUAL(change_encode(scene.last.change, &bytes), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(change_decode(&read, buf_slice(&bytes)), QVT_OK);
    CU_ASSERT_EQUAL(change_encode(read, &again), QVT_OK);
    CU_ASSERT_TRUE(qvt_slice_equal(buf_slice(&bytes), buf_slice(&again)));
    CU_ASSERT_TRUE(position_equal(&read->position, &scene.last.change->position));
    change_unref(read);
    for (size_t len = 0; len < bytes.len; len++) {
        qvt_status status = change_decode(&read, qvt_slice_make(bytes.data, len));
        CU_ASSERT(status == QVT_OK || status == QVT_DATA_LOSS);
        if (status == QVT_OK) {
            change_unref(read);
        }
    }
    buf_deinit(&bytes);
    buf_deinit(&again);
    scene_deinit(&scene);
}

static void an_encoded_change_is_the_contracts_message(void)
{
    struct scene scene;
    qvt_blob *encoded;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "Order=1.2.3");
    CU_ASSERT_EQUAL(change_encoded(scene.last.change, &encoded), QVT_OK);
    qvt_slice bytes = qvt_blob_slice(encoded);
    Quark__Version__V1__Change *change = quark__version__v1__change__unpack(NULL, bytes.len, bytes.data);
    CU_ASSERT_PTR_NOT_NULL_FATAL(change);
    CU_ASSERT_EQUAL(change->position->revision, 1);
    CU_ASSERT_EQUAL(change->position->token, registry_head(scene.registry)->token);
    CU_ASSERT_EQUAL(change->event, QUARK__VERSION__V1__CHANGE_EVENT__CHANGE_EVENT_SILO_REGISTERED);
    CU_ASSERT_EQUAL(change->time->seconds, scene.now_us / 1000000);
    CU_ASSERT_EQUAL_FATAL(change->n_puts, 1);
    CU_ASSERT_EQUAL(change->puts[0]->value_case, QUARK__VERSION__V1__RECORD__VALUE_SILO);
    EXPECT_TEXT(change->puts[0]->silo->silo_id, "a");
    EXPECT_TEXT(change->puts[0]->silo->actor_type_versions[0]->value->version, "1.2.3");
    CU_ASSERT_EQUAL(change->puts[0]->silo->lease_ttl->seconds, 15);
    CU_ASSERT_EQUAL(change->puts[0]->silo->mod_revision, 1);
    quark__version__v1__change__free_unpacked(change, NULL);
    scene_deinit(&scene);
}

SUITE_MAIN("server/registry/history", SUITE_CASE(a_position_resumes_while_its_next_change_is_kept),
           SUITE_CASE(history_is_bounded_by_age_and_bytes),
           SUITE_CASE(a_walk_visits_records_in_order_and_changed_ones_again),
           SUITE_CASE(a_walk_tells_of_records_deleted_after_it_began),
           SUITE_CASE(expiry_makes_many_silos_dead_in_one_change), SUITE_CASE(expiry_skips_a_superseded_incarnation),
           SUITE_CASE(bulk_changes_stop_at_their_limits), SUITE_CASE(bulk_changes_are_never_longer_than_their_bytes),
           SUITE_CASE(suspect_and_unhealthy_are_committed_facts),
           SUITE_CASE(dead_records_go_after_seven_days_and_oldest_first_above_a_thousand),
           SUITE_CASE(a_pause_is_one_change_with_its_suspects), SUITE_CASE(a_change_reads_back_as_it_was_written),
           SUITE_CASE(an_encoded_change_is_the_contracts_message))
