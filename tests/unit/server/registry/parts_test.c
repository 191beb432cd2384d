/* The small parts: wire fields, patches, positions, the table, and the names that requests may use. */
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/entropy.h"
#include "server/registry/patch.h"
#include "server/registry/position.h"
#include "server/registry/table.h"
#include "server/registry/validate.h"
#include "server/registry/wire.h"
#include "tests/support/suite.h"

static void fields_read_back_as_written_and_cut_ones_are_none(void)
{
    struct buf bytes = BUF_INIT;
    struct wire_field field;
    CU_ASSERT_EQUAL(wire_put_varint(&bytes, 1, UINT64_MAX), QVT_OK);
    CU_ASSERT_EQUAL(wire_put_fixed64(&bytes, 300, 0x0123456789ABCDEFu), QVT_OK);
    CU_ASSERT_EQUAL(wire_put_bytes(&bytes, 16, qvt_slice_text("hello")), QVT_OK);
    CU_ASSERT_EQUAL(wire_put_uint(&bytes, 17, 0), QVT_OK);
    CU_ASSERT_EQUAL(wire_put_time_us(&bytes, 18, -1), QVT_OK);
    qvt_slice rest = buf_slice(&bytes);
    CU_ASSERT_TRUE(wire_next(&rest, &field));
    CU_ASSERT(field.number == 1 && field.value == UINT64_MAX);
    CU_ASSERT_TRUE(wire_next(&rest, &field));
    CU_ASSERT(field.number == 300 && field.value == 0x0123456789ABCDEFu);
    CU_ASSERT_TRUE(wire_next(&rest, &field));
    CU_ASSERT_EQUAL(field.raw.len, wire_head_len(16, 5) + 5);
    EXPECT_SLICE(field.bytes, "hello");
    CU_ASSERT_TRUE(wire_next(&rest, &field));
    CU_ASSERT_EQUAL(wire_read_time_us(field.bytes), -1);
    CU_ASSERT_FALSE(wire_next(&rest, &field));
    CU_ASSERT_EQUAL(rest.len, 0);
    for (size_t len = 1; len < 11; len++) {
        rest = qvt_slice_make(bytes.data, len);
        CU_ASSERT_FALSE(wire_next(&rest, &field));
        CU_ASSERT_EQUAL(rest.len, len);
    }
    buf_deinit(&bytes);
}

static void groups_and_field_zero_are_no_fields(void)
{
    static const uint8_t bad[][2] = {{0x0B, 0x0C}, {0x00, 0x01}, {0x0E, 0x00}, {0x0F, 0x00}};
    struct wire_field field;
    for (size_t i = 0; i < 4; i++) {
        qvt_slice rest = qvt_slice_make(bad[i], 2);
        CU_ASSERT_FALSE(wire_next(&rest, &field));
    }
}

static void a_patch_replaces_adds_and_removes_in_order(void)
{
    struct buf old = BUF_INIT;
    struct buf expected = BUF_INIT;
    struct buf out = BUF_INIT;
    struct patch patch = {.field_count = 0};
    static const uint32_t numbers[] = {1, 3, 3, 5, 99};
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(wire_put_varint(&old, numbers[i], i + 1), QVT_OK);
    }
    patch_field(&patch, 2);
    CU_ASSERT_EQUAL(wire_put_varint(&patch.bytes, 2, 20), QVT_OK);
    patch_field(&patch, 3);
    patch_field(&patch, 5);
    CU_ASSERT_EQUAL(wire_put_varint(&patch.bytes, 5, 50), QVT_OK);
    patch_field(&patch, 100);
    CU_ASSERT_EQUAL(wire_put_varint(&patch.bytes, 100, 1), QVT_OK);
    static const uint32_t kept[][2] = {{1, 1}, {2, 20}, {5, 50}, {99, 5}, {100, 1}};
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(wire_put_varint(&expected, kept[i][0], kept[i][1]), QVT_OK);
    }
    CU_ASSERT_EQUAL(patch_apply(&patch, buf_slice(&old), &out), QVT_OK);
    CU_ASSERT_TRUE(qvt_slice_equal(buf_slice(&out), buf_slice(&expected)));
    patch_deinit(&patch);
    buf_deinit(&old);
    buf_deinit(&expected);
    buf_deinit(&out);
}

static void a_position_is_revision_dot_token(void)
{
    char out[POSITION_TEXT_MAX];
    struct position position;
    CU_ASSERT_EQUAL(position_format(out, UINT64_MAX, 0xABCu), strlen("18446744073709551615.0000000000000abc"));
    EXPECT_TEXT(out, "18446744073709551615.0000000000000abc");
    CU_ASSERT_EQUAL(position_parse(&position, qvt_slice_text(out)), QVT_OK);
    CU_ASSERT(position.revision == UINT64_MAX && position.token == 0xABCu);
    static const char *const bad[] = {"",
                                      "1",
                                      "1.",
                                      ".0000000000000abc",
                                      "01.0000000000000abc",
                                      "1.0000000000000ABC",
                                      "18446744073709551616.0000000000000abc",
                                      "1.0000000000000abc ",
                                      "-1.0000000000000abc"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CU_ASSERT_EQUAL(position_parse(&position, qvt_slice_text(bad[i])), QVT_INVALID_ARGUMENT);
    }
}

static bool is_item(const void *item, const void *key)
{
    return item == key;
}

static void the_table_finds_what_was_added_and_not_what_was_removed(void)
{
    enum { ITEMS = 300 };
    static int items[ITEMS];
    bool inside[ITEMS] = {false};
    struct table table = {NULL, 0, 0};
    uint64_t state = suite_seed();
    struct entropy dice = entropy_seeded(&state);
    size_t count = 0;
    for (int step = 0; step < 20000; step++) {
        size_t i = (size_t)(entropy_u64(&dice) % ITEMS);
        uint64_t hash = i % 40; /* long runs of equal hashes */
        if (inside[i]) {
            table_remove(&table, hash, &items[i]);
            count--;
        } else {
            CU_ASSERT_EQUAL(table_reserve(&table, 1), QVT_OK);
            table_add(&table, hash, &items[i]);
            count++;
        }
        inside[i] = !inside[i];
        size_t probe = (size_t)(entropy_u64(&dice) % ITEMS);
        CU_ASSERT_EQUAL(table_find(&table, probe % 40, is_item, &items[probe]) != NULL, inside[probe]);
        CU_ASSERT_EQUAL(table.count, count);
    }
    table_deinit(&table);
}

static void clusters_have_plain_names(void)
{
    static char long_name[66];
    qvt_error error;
    memset(long_name, 'c', 65);
    static const char *const good[] = {"default", "A.b_c-9", "...", "x"};
    static const char *const bad[] = {"", ".", "..", "a/b", "a b", "ä", long_name};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CU_ASSERT_EQUAL(validate_cluster(qvt_slice_text(good[i]), "cluster", &error), QVT_OK);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CU_ASSERT_EQUAL(validate_cluster(qvt_slice_text(bad[i]), "cluster", &error), QVT_INVALID_ARGUMENT);
        EXPECT_TEXT(error.field, "cluster");
        CU_ASSERT_PTR_EQUAL(strstr(error.message, "cluster: "), error.message);
    }
    long_name[64] = 0;
    CU_ASSERT_EQUAL(validate_cluster(qvt_slice_text(long_name), "cluster", &error), QVT_OK);
}

SUITE_MAIN("server/registry/parts", SUITE_CASE(fields_read_back_as_written_and_cut_ones_are_none),
           SUITE_CASE(groups_and_field_zero_are_no_fields), SUITE_CASE(a_patch_replaces_adds_and_removes_in_order),
           SUITE_CASE(a_position_is_revision_dot_token),
           SUITE_CASE(the_table_finds_what_was_added_and_not_what_was_removed), SUITE_CASE(clusters_have_plain_names))
