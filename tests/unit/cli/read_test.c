#include "cli/read.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "protobuf-c/quark/version/v1/policy.pb-c.h"
#include "tests/support/suite.h"

static void enum_is_read_in_any_case_without_its_prefix(void)
{
    const ProtobufCEnumDescriptor *modes = &quark__version__v1__compatibility_mode__descriptor;
    int value = 77;
    CU_ASSERT(read_enum(modes, "COMPATIBILITY_MODE_", NULL, &value));
    CU_ASSERT_EQUAL(value, 77);
    CU_ASSERT(read_enum(modes, "COMPATIBILITY_MODE_", "backWard", &value));
    CU_ASSERT_EQUAL(value, QUARK__VERSION__V1__COMPATIBILITY_MODE__COMPATIBILITY_MODE_BACKWARD);
    CU_ASSERT_FALSE(read_enum(modes, "COMPATIBILITY_MODE_", "sometimes", &value));
    CU_ASSERT_FALSE(read_enum(modes, "COMPATIBILITY_MODE_", "unspecified", &value));
    CU_ASSERT_FALSE(read_enum(modes, "COMPATIBILITY_MODE_", "", &value));
}

static void pair_is_cut_at_its_first_or_last_equals_sign(void)
{
    char first[] = "a=b=c", last[] = "a=b=c", none[] = "abc";
    EXPECT_TEXT(read_pair(first, false), "b=c");
    EXPECT_TEXT(first, "a");
    EXPECT_TEXT(read_pair(last, true), "c");
    EXPECT_TEXT(last, "a=b");
    CU_ASSERT_PTR_NULL(read_pair(none, false));
}

static void labels_are_set_replaced_and_removed(void)
{
    char one[] = "a=1", two[] = "b=2", again[] = "a=3", more[] = "c=4";
    char *words[] = {one, two, again};
    char *later[] = {more};
    struct flag_list given = {words, 3}, added = {later, 1};
    struct labels labels;
    CU_ASSERT_FATAL(labels_init(&labels, 4));
    CU_ASSERT_EQUAL(labels_read(&labels, &given), EXIT_DONE);
    CU_ASSERT_EQUAL_FATAL(labels.count, 2);
    EXPECT_TEXT(labels.list[0]->key, "a");
    EXPECT_TEXT(labels.list[0]->value, "3");
    labels_remove(&labels, "a");
    labels_remove(&labels, "nobody");
    CU_ASSERT_EQUAL_FATAL(labels.count, 1);
    EXPECT_TEXT(labels.list[0]->key, "b");
    CU_ASSERT_EQUAL(labels_read(&labels, &added), EXIT_DONE);
    CU_ASSERT_EQUAL_FATAL(labels.count, 2);
    EXPECT_TEXT(labels.list[0]->value, "2");
    EXPECT_TEXT(labels.list[1]->value, "4");
    labels_deinit(&labels);
}

SUITE_MAIN("cli/read", SUITE_CASE(enum_is_read_in_any_case_without_its_prefix),
           SUITE_CASE(pair_is_cut_at_its_first_or_last_equals_sign), SUITE_CASE(labels_are_set_replaced_and_removed))
