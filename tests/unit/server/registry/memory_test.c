/* Every allocation of a proposal and of an apply fails once: an error each time, and nothing has changed. */
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/alloc.h"
#include "tests/support/suite.h"
#include "tests/unit/server/registry/scene.h"

/* Proposes, then applies to a registry with an open walk; the failing allocation is in one of them. */
static qvt_status propose_and_apply(struct scene *scene, const struct command *command)
{
    struct batch *batch = NULL;
    struct proposal proposal = {.change = NULL};
    uint64_t seed = 3;
    struct entropy entropy = entropy_seeded(&seed);
    qvt_status status = batch_new(&batch, scene->registry);
    if (status == QVT_OK) {
        status = batch_propose(batch, command, scene->now_us, &entropy, &proposal, &scene->error);
    }
    if (status == QVT_OK) {
        status = registry_apply(scene->registry, proposal.change, batch, scene->now_us);
    }
    batch_free(batch);
    proposal_deinit(&proposal);
    return status;
}

static void sweep(struct scene *scene, const struct command *command)
{
    uint64_t revision = scene_revision(scene);
    struct registry_counts counts = *registry_counts(scene->registry);
    qvt_status status = QVT_NO_MEMORY;
    for (unsigned long nth = 1; status != QVT_OK; nth++) {
        alloc_fail_at(nth);
        status = propose_and_apply(scene, command);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        CU_ASSERT_EQUAL_FATAL(status, failed ? QVT_NO_MEMORY : QVT_OK);
        if (failed) {
            CU_ASSERT_EQUAL(scene_revision(scene), revision);
            CU_ASSERT_EQUAL(memcmp(registry_counts(scene->registry), &counts, sizeof counts), 0);
        }
    }
    CU_ASSERT_EQUAL(scene_revision(scene), revision + 1);
}

static void registering_survives_every_failing_allocation(void)
{
    struct scene scene;
    struct given_silo given;
    scene_init(&scene);
    given_silo(&given, "a");
    given_types(&given, "A=1 B=2 C=3");
    given_label(&given, "k", "v");
    given.request.request_id = text("r-1");
    struct command command = command_register(&given);
    sweep(&scene, &command);
    EXPECT_TEXT(scene_find(&scene, "C", "3"), "a");
    given_silo(&given, "a");
    given_types(&given, "A=1 D=2 E=3");
    sweep(&scene, &command);
    EXPECT_TEXT(scene_find(&scene, "C", "3"), "");
    EXPECT_TEXT(scene_find(&scene, "E", "3"), "a");
    scene_deinit(&scene);
}

static void bulk_commands_survive_every_failing_allocation(void)
{
    struct scene scene;
    struct registry_walk *walk;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "A=1");
    (void)scene_register(&scene, "b", 1, "A=1");
    struct silo_mark marks[] = {{qvt_slice_text("a"), scene_silo(&scene, "a")->incarnation, true},
                                {qvt_slice_text("b"), scene_silo(&scene, "b")->incarnation, true}};
    struct command command = {.kind = COMMAND_EXPIRE, .marks = {marks, 2}};
    sweep(&scene, &command);
    CU_ASSERT_EQUAL(registry_walk_begin(scene.registry, &walk), QVT_OK);
    scene.now_us += scene.limits.dead_us;
    command = (struct command){.kind = COMMAND_PURGE};
    sweep(&scene, &command);
    CU_ASSERT_EQUAL(registry_counts(scene.registry)->silos, 0);
    registry_walk_end(walk);
    scene_deinit(&scene);
}

static void reading_a_change_survives_every_failing_allocation(void)
{
    struct scene scene;
    struct buf bytes = BUF_INIT;
    scene_init(&scene);
    (void)scene_register(&scene, "a", 1, "A=1 B=2");
    (void)scene_versions(&scene, "a", "A=2");
    CU_ASSERT_EQUAL(change_encode(scene.last.change, &bytes), QVT_OK);
    qvt_status status = QVT_NO_MEMORY;
    for (unsigned long nth = 1; status != QVT_OK; nth++) {
        struct change *change = NULL;
        alloc_fail_at(nth);
        status = change_decode(&change, buf_slice(&bytes));
        CU_ASSERT_EQUAL_FATAL(status, alloc_failed() ? QVT_NO_MEMORY : QVT_OK);
        alloc_fail_at(0);
        change_unref(change);
    }
    buf_deinit(&bytes);
    scene_deinit(&scene);
}

SUITE_MAIN("server/registry/memory", SUITE_CASE(registering_survives_every_failing_allocation),
           SUITE_CASE(bulk_commands_survive_every_failing_allocation),
           SUITE_CASE(reading_a_change_survives_every_failing_allocation))
