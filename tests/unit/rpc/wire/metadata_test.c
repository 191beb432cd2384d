#include "rpc/wire/metadata.h"

#include <stdio.h>

#include <CUnit/CUnit.h>

#include "tests/support/alloc.h"
#include "tests/support/suite.h"

static qvt_slice text(const char *value)
{
    return qvt_slice_text(value);
}

static void order_and_duplicates_are_kept(void)
{
    struct metadata_list list = METADATA_LIST_INIT;
    for (int i = 0; i < 100; i++) {
        char value[16];
        snprintf(value, sizeof(value), "%d", i);
        CU_ASSERT_EQUAL(metadata_list_add(&list, text(i % 2 == 0 ? "even" : "odd"), text(value)), QVT_OK);
    }
    CU_ASSERT_EQUAL_FATAL(list.view.count, 100);
    for (int i = 0; i < 100; i++) {
        char value[16];
        snprintf(value, sizeof(value), "%d", i);
        EXPECT_SLICE(list.view.entries[i].name, i % 2 == 0 ? "even" : "odd");
        EXPECT_SLICE(list.view.entries[i].value, value);
    }
    EXPECT_SLICE(qvt_rpc_metadata_find(&list.view, "odd"), "1");
    CU_ASSERT_PTR_NULL(qvt_rpc_metadata_find(&list.view, "none").data);
    metadata_list_deinit(&list);
}

static void binary_values_are_split_and_decoded(void)
{
    struct metadata_list list = METADATA_LIST_INIT;
    CU_ASSERT_EQUAL(metadata_list_add_wire(&list, text("a-bin"), text("YQ==,Yg , !,,Yw")), QVT_OK);
    CU_ASSERT_EQUAL(metadata_list_add_wire(&list, text("b-bin"), text("")), QVT_OK);
    CU_ASSERT_EQUAL(metadata_list_add_wire(&list, text("plain"), text("YQ==,Yg")), QVT_OK);
    const char *const values[] = {"a", "b", "", "c", "", "YQ==,Yg"};
    CU_ASSERT_EQUAL_FATAL(list.view.count, 6);
    for (size_t i = 0; i < 6; i++) {
        EXPECT_SLICE(list.view.entries[i].value, values[i]);
    }
    metadata_list_deinit(&list);
}

static void clear_keeps_nothing_but_memory(void)
{
    struct metadata_list list = METADATA_LIST_INIT;
    CU_ASSERT_EQUAL(metadata_list_add(&list, text("a"), text("b")), QVT_OK);
    metadata_list_clear(&list);
    CU_ASSERT_EQUAL(list.view.count, 0);
    alloc_fail_at(1);
    CU_ASSERT_EQUAL(metadata_list_add(&list, text("c"), text("d")), QVT_OK);
    alloc_fail_at(0);
    EXPECT_SLICE(list.view.entries[0].name, "c");
    metadata_list_deinit(&list);
}

static void names_of_http_and_grpc_are_reserved(void)
{
    const char *const reserved[] = {
        "",           ":path",          "grpc-timeout", "grpc-",          "te",
        "connection", "host",           "content-type", "content-length", "transfer-encoding",
        "upgrade",    "accept-encoding"};
    const char *const free_names[] = {"t", "user-agent", "grpc", "authorization", "x-content-type", "te-x", "hosts"};
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        CU_ASSERT_TRUE(metadata_is_reserved(text(reserved[i])));
    }
    for (size_t i = 0; i < sizeof(free_names) / sizeof(free_names[0]); i++) {
        CU_ASSERT_FALSE(metadata_is_reserved(text(free_names[i])));
    }
}

static qvt_status check(const char *name, const char *value)
{
    qvt_rpc_metadata_entry entry = {text(name), text(value)};
    return qvt_rpc_metadata_check(&entry);
}

static void only_what_the_wire_can_carry_may_be_sent(void)
{
    CU_ASSERT_EQUAL(check("x-a_b.9", "printable ~"), QVT_OK);
    CU_ASSERT_EQUAL(check("x-bin", "\x01\xff\n"), QVT_OK);
    CU_ASSERT_EQUAL(check("x", ""), QVT_OK);
    CU_ASSERT_EQUAL(check("X", "v"), QVT_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(check("x y", "v"), QVT_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(check("", "v"), QVT_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(check("grpc-status", "0"), QVT_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(check("content-type", "text"), QVT_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(check("x", "\n"), QVT_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(check("x", "\xc3\xa9"), QVT_INVALID_ARGUMENT);
}

static qvt_status fill(struct metadata_list *list)
{
    for (int i = 0; i < 20; i++) {
        qvt_status status = metadata_list_add_wire(list, text("name-bin"), text("YWJjZGVmZ2hpamtsbW5vcA,YQ"));
        if (status != QVT_OK) {
            return status;
        }
    }
    return QVT_OK;
}

static void every_failing_allocation_leaves_a_sound_list(void)
{
    unsigned long nth = 1;
    do {
        struct metadata_list list = METADATA_LIST_INIT;
        alloc_fail_at(nth++);
        qvt_status status = fill(&list);
        CU_ASSERT_EQUAL(status, alloc_failed() ? QVT_NO_MEMORY : QVT_OK);
        for (size_t i = 0; i < list.view.count; i++) {
            EXPECT_SLICE(list.view.entries[i].name, "name-bin");
            EXPECT_SLICE(list.view.entries[i].value, i % 2 == 0 ? "abcdefghijklmnop" : "a");
        }
        metadata_list_deinit(&list);
    } while (alloc_failed());
    alloc_fail_at(0);
    CU_ASSERT_TRUE(nth > 3);
}

SUITE_MAIN("rpc/wire/metadata", SUITE_CASE(order_and_duplicates_are_kept),
           SUITE_CASE(binary_values_are_split_and_decoded), SUITE_CASE(clear_keeps_nothing_but_memory),
           SUITE_CASE(names_of_http_and_grpc_are_reserved), SUITE_CASE(only_what_the_wire_can_carry_may_be_sent),
           SUITE_CASE(every_failing_allocation_leaves_a_sound_list))
