/* The eight tests of the seed document (SPEC §4.13), on the registry itself. */
#include <stdlib.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"
#include "tests/unit/server/registry/scene.h"

static size_t silos_with_versions(const struct scene *scene)
{
    size_t count = 0;
    const struct registry_silo *silo = registry_silo_after(scene->registry, qvt_slice_make(NULL, 0));
    for (; silo != NULL; silo = registry_silo_next(scene->registry, silo)) {
        count += silo->status == PLACEMENT_ACTIVE && silo->type_count > 0 ? 1u : 0u;
    }
    return count;
}

static void register_updates_membership(void)
{
    struct scene scene;
    scene_init(&scene);
    CU_ASSERT_PTR_NULL(scene_silo(&scene, "silo-1"));
    CU_ASSERT_EQUAL(scene_register(&scene, "silo-1", 1, "OrderActor=2.1.0"), QVT_OK);
    const struct registry_silo *silo = scene_silo(&scene, "silo-1");
    CU_ASSERT_PTR_NOT_NULL_FATAL(silo);
    CU_ASSERT_EQUAL(silo->status, PLACEMENT_ACTIVE);
    EXPECT_SLICE(silo->address, "10.0.0.1");
    CU_ASSERT_EQUAL(silo->port, 5000);
    scene_deinit(&scene);
}

static void capabilities_are_returned(void)
{
    struct scene scene;
    qvt_slice info;
    scene_init(&scene);
    (void)scene_register(&scene, "silo-1", 1, "OrderActor=2.1.0 CartActor=1.0.0");
    const struct registry_silo *silo = scene_silo(&scene, "silo-1");
    CU_ASSERT_EQUAL(silo->type_count, 2);
    CU_ASSERT_TRUE(registry_silo_version(silo, qvt_slice_text("CartActor"), &info));
    CU_ASSERT_TRUE(registry_silo_version(silo, qvt_slice_text("OrderActor"), &info));
    scene_deinit(&scene);
}

static void no_versions_give_none(void)
{
    struct scene scene;
    qvt_slice info;
    scene_init(&scene);
    (void)scene_register(&scene, "silo-1", 1, "");
    CU_ASSERT_EQUAL(scene_silo(&scene, "silo-1")->type_count, 0);
    CU_ASSERT_FALSE(registry_silo_version(scene_silo(&scene, "silo-1"), qvt_slice_text("OrderActor"), &info));
    scene_deinit(&scene);
}

static void list_has_only_silos_with_versions(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "silo-1", 1, "OrderActor=2.1.0");
    (void)scene_register(&scene, "silo-2", 2, "");
    (void)scene_register(&scene, "silo-3", 3, "CartActor=1.0.0");
    CU_ASSERT_EQUAL(silos_with_versions(&scene), 2);
    scene_deinit(&scene);
}

static void find_with_version_gives_exact_matches(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "silo-1", 1, "OrderActor=2.1.0");
    (void)scene_register(&scene, "silo-2", 2, "OrderActor=2.2.0");
    (void)scene_register(&scene, "silo-3", 3, "OrderActor=2.1.0");
    EXPECT_TEXT(scene_find(&scene, "OrderActor", "2.1.0"), "silo-1 silo-3");
    EXPECT_TEXT(scene_find(&scene, "OrderActor", "3.0.0"), "");
    scene_deinit(&scene);
}

static void find_without_version_gives_all_with_the_type(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "silo-1", 1, "OrderActor=2.1.0");
    (void)scene_register(&scene, "silo-2", 2, "CartActor=2.2.0");
    (void)scene_register(&scene, "silo-3", 3, "OrderActor=2.2.0");
    EXPECT_TEXT(scene_find(&scene, "OrderActor", ""), "silo-3 silo-1");
    scene_deinit(&scene);
}

static void type_version_is_known_after_registration(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "silo-1", 1, "");
    const struct registry_silo *silo = scene_silo(&scene, "silo-1");
    CU_ASSERT_PTR_NULL(registry_silo_semver(scene.registry, silo, qvt_slice_text("OrderActor")));
    CU_ASSERT_EQUAL(scene_versions(&scene, "silo-1", "OrderActor=2.1.0"), QVT_OK);
    silo = scene_silo(&scene, "silo-1");
    const struct semver *version = registry_silo_semver(scene.registry, silo, qvt_slice_text("OrderActor"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(version);
    CU_ASSERT_EQUAL(version->part[0], 2);
    CU_ASSERT_EQUAL(version->part[1], 1);
    scene_deinit(&scene);
}

static void missing_versions_are_rejected(void)
{
    struct scene scene;
    scene_init(&scene);
    (void)scene_register(&scene, "silo-1", 1, "OrderActor=2.1.0");
    CU_ASSERT_EQUAL(scene_versions(&scene, "silo-1", ""), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(scene.error.field, "actor_type_versions");
    CU_ASSERT_EQUAL(scene_silo(&scene, "silo-1")->type_count, 1);
    scene_deinit(&scene);
}

SUITE_MAIN("server/registry/seed", SUITE_CASE(register_updates_membership), SUITE_CASE(capabilities_are_returned),
           SUITE_CASE(no_versions_give_none), SUITE_CASE(list_has_only_silos_with_versions),
           SUITE_CASE(find_with_version_gives_exact_matches), SUITE_CASE(find_without_version_gives_all_with_the_type),
           SUITE_CASE(type_version_is_known_after_registration), SUITE_CASE(missing_versions_are_rejected))
