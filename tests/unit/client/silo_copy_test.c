#include "client/src/silo_copy.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "client/src/silo_messages.h"
#include "tests/support/alloc.h"
#include "tests/support/suite.h"

static const qvt_label labels[] = {{"rack", "7"}, {"empty", ""}};
static const qvt_actor_version versions[] = {
    {.actor_type = "Order", .version = "1.0.0", .assembly_name = "shop", .build_id = "b"},
    {.actor_type = "Order", .version = "2.0.0"},
    {.actor_type = "Cart", .version = "3.0.0"},
};

static qvt_silo_options a_silo(void)
{
    qvt_silo_options silo = QVT_SILO_OPTIONS_INIT;
    silo.silo_id = "silo-1";
    silo.address = "10.0.0.1";
    silo.port = 9000;
    silo.zone_id = "z";
    silo.labels = labels;
    silo.label_count = 2;
    silo.versions = versions;
    silo.version_count = 3;
    return silo;
}

static void copy_owns_everything_it_shows(void)
{
    struct silo_copy *copy = NULL;
    char id[] = "silo-1";
    qvt_silo_options silo = a_silo();
    silo.silo_id = id;
    CU_ASSERT_EQUAL_FATAL(silo_copy_new(&copy, &silo), QVT_OK);
    memset(id, 'x', sizeof id - 1);
    EXPECT_TEXT(copy->options.silo_id, "silo-1");
    EXPECT_TEXT(copy->options.labels[1].name, "empty");
    EXPECT_TEXT(copy->options.zone_id, "z");
    CU_ASSERT_PTR_NULL(copy->options.region_id);
    CU_ASSERT_PTR_NULL(copy->options.versions);
    CU_ASSERT_EQUAL(copy->versions->count, 3);
    silo_copy_free(copy);
}

static void last_of_equal_actor_types_is_the_one_found(void)
{
    struct version_set *set = NULL;
    CU_ASSERT_EQUAL_FATAL(version_set_new(&set, versions, 3), QVT_OK);
    EXPECT_TEXT(version_set_find(set, "Order")->version, "2.0.0");
    EXPECT_TEXT(version_set_find(set, "Cart")->version, "3.0.0");
    CU_ASSERT_PTR_NULL(version_set_find(set, "Nobody"));
    version_set_free(set);
}

static void every_failing_allocation_is_a_status_and_leaks_nothing(void)
{
    static const uint8_t instance_id[INSTANCE_ID_BYTES] = {1};
    static const struct silo_grant held = {.incarnation = 5, .store_id = "s"};
    qvt_silo_options silo = a_silo();
    unsigned long nth = 0;
    do {
        struct silo_copy *copy = NULL;
        struct buf wire = BUF_INIT;
        alloc_fail_at(++nth);
        qvt_status status = silo_copy_new(&copy, &silo);
        if (status == QVT_OK) {
            status = silo_encode_register(&wire, "c", copy, instance_id, &held);
        }
        CU_ASSERT_EQUAL(status, alloc_failed() ? QVT_NO_MEMORY : QVT_OK);
        buf_deinit(&wire);
        silo_copy_free(copy);
    } while (alloc_failed());
    CU_ASSERT(nth > 3);
}

SUITE_MAIN("client/silo_copy", SUITE_CASE(copy_owns_everything_it_shows),
           SUITE_CASE(last_of_equal_actor_types_is_the_one_found),
           SUITE_CASE(every_failing_allocation_is_a_status_and_leaks_nothing))
