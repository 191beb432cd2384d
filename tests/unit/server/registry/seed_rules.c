#include "tests/unit/server/registry/seed_rules.h"

#include <stdlib.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"
#include "tests/unit/server/registry/questions.h"
#include "tests/unit/server/registry/requests.h"

static void (*open_world)(struct seed_world *world);
static struct seed_world world;
static const struct registry *registry; /* after settle */
static char answer[512];

static void begin(void)
{
    registry = NULL;
    open_world(&world);
}

static void settle(void)
{
    registry = world.settle(world.data);
    CU_ASSERT_PTR_NOT_NULL_FATAL(registry);
}

static void end(void)
{
    world.close(world.data);
}

static void given(const char *silo_id, uint8_t instance, const char *types)
{
    struct given_silo given;
    qvt_error error;
    given_silo(&given, silo_id);
    given_instance(&given, instance);
    given_types(&given, types);
    struct command command = command_register(&given);
    CU_ASSERT_EQUAL_FATAL(world.run(world.data, &command, &error), QVT_OK);
}

static qvt_status set_versions(const char *silo_id, const char *types, qvt_error *error)
{
    Quark__Version__V1__RegisterSiloVersionsRequest request;
    struct given_versions versions;
    given_versions(&request, &versions, silo_id, types);
    struct command command = {.kind = COMMAND_REGISTER_VERSIONS, .register_versions = &request};
    return world.run(world.data, &command, error);
}

static const struct registry_silo *silo(const char *silo_id)
{
    const struct registry_silo *found = registry_silo(registry, qvt_slice_text(silo_id));
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    return found;
}

static bool has_type(const char *silo_id, const char *actor_type)
{
    qvt_slice info;
    return registry_silo_version(silo(silo_id), qvt_slice_text(actor_type), &info);
}

static const char *find(const char *actor_type, const char *version)
{
    ask_find(registry, actor_type, version, answer, sizeof answer);
    return answer;
}

static void register_updates_membership(void)
{
    begin();
    given("silo-1", 1, "OrderActor=2.1.0");
    settle();
    CU_ASSERT_EQUAL(silo("silo-1")->status, PLACEMENT_ACTIVE);
    EXPECT_SLICE(silo("silo-1")->address, "10.0.0.1");
    CU_ASSERT_EQUAL(silo("silo-1")->port, 5000);
    CU_ASSERT_PTR_NULL(registry_silo(registry, qvt_slice_text("silo-2")));
    end();
}

static void capabilities_are_returned(void)
{
    begin();
    given("silo-1", 1, "OrderActor=2.1.0 CartActor=1.0.0");
    settle();
    CU_ASSERT_EQUAL(silo("silo-1")->type_count, 2);
    CU_ASSERT_TRUE(has_type("silo-1", "CartActor"));
    CU_ASSERT_TRUE(has_type("silo-1", "OrderActor"));
    end();
}

static void no_versions_give_none(void)
{
    begin();
    given("silo-1", 1, "");
    settle();
    CU_ASSERT_EQUAL(silo("silo-1")->type_count, 0);
    CU_ASSERT_FALSE(has_type("silo-1", "OrderActor"));
    end();
}

static void list_has_only_silos_with_versions(void)
{
    begin();
    given("silo-1", 1, "OrderActor=2.1.0");
    given("silo-2", 2, "");
    given("silo-3", 3, "CartActor=1.0.0");
    given("silo-4", 4, "");
    settle();
    ask_capable(registry, answer, sizeof answer);
    EXPECT_TEXT(answer, "silo-1 silo-3");
    end();
}

static void find_with_version_gives_exact_matches(void)
{
    begin();
    given("silo-1", 1, "OrderActor=2.1.0");
    given("silo-2", 2, "OrderActor=2.2.0");
    given("silo-3", 3, "OrderActor=2.1.0");
    settle();
    EXPECT_TEXT(find("OrderActor", "2.1.0"), "silo-1 silo-3");
    EXPECT_TEXT(find("OrderActor", "2.2.0"), "silo-2");
    EXPECT_TEXT(find("OrderActor", "3.0.0"), "");
    end();
}

static void find_without_version_gives_all_with_the_type(void)
{
    begin();
    given("silo-1", 1, "OrderActor=2.1.0");
    given("silo-2", 2, "CartActor=2.2.0");
    given("silo-3", 3, "OrderActor=2.2.0");
    settle();
    EXPECT_TEXT(find("OrderActor", ""), "silo-3 silo-1");
    EXPECT_TEXT(find("StockActor", ""), "");
    end();
}

static void type_version_is_known_after_registration(void)
{
    qvt_error error;
    begin();
    given("silo-1", 1, "");
    CU_ASSERT_EQUAL(set_versions("silo-1", "OrderActor=2.1.0", &error), QVT_OK);
    settle();
    const struct semver *version = registry_silo_semver(registry, silo("silo-1"), qvt_slice_text("OrderActor"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(version);
    CU_ASSERT_EQUAL(version->part[0], 2);
    CU_ASSERT_EQUAL(version->part[1], 1);
    CU_ASSERT_PTR_NULL(registry_silo_semver(registry, silo("silo-1"), qvt_slice_text("CartActor")));
    end();
}

static void missing_versions_are_rejected(void)
{
    qvt_error error;
    begin();
    given("silo-1", 1, "OrderActor=2.1.0");
    CU_ASSERT_EQUAL(set_versions("silo-1", "", &error), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(error.field, "actor_type_versions");
    settle();
    CU_ASSERT_EQUAL(silo("silo-1")->type_count, 1);
    EXPECT_TEXT(find("OrderActor", "2.1.0"), "silo-1");
    end();
}

int seed_run(const char *suite, void (*open)(struct seed_world *world), int argc, char **argv)
{
    static const struct suite_case RULES[] = {
        SUITE_CASE(register_updates_membership),
        SUITE_CASE(capabilities_are_returned),
        SUITE_CASE(no_versions_give_none),
        SUITE_CASE(list_has_only_silos_with_versions),
        SUITE_CASE(find_with_version_gives_exact_matches),
        SUITE_CASE(find_without_version_gives_all_with_the_type),
        SUITE_CASE(type_version_is_known_after_registration),
        SUITE_CASE(missing_versions_are_rejected),
    };
    open_world = open;
    return suite_run(suite, RULES, sizeof RULES / sizeof RULES[0], argc, argv);
}
