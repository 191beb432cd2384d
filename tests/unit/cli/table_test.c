#include "cli/table.h"

#include <stdlib.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static void expect_printed(struct table *table, const char *expected)
{
    char text[512] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(table_print(table, out), QVT_OK);
    fclose(out);
    EXPECT_TEXT(text, expected);
}

static void columns_align_by_characters_and_the_last_is_not_padded(void)
{
    struct table table = TABLE_INIT(2);
    static const char *const cells[] = {"NAME", "VALUE", "h\xc3\xa9h\xc3\xa9h\xc3\xa9", "1", "a", "22"};
    for (size_t i = 0; i < 6; i++) {
        table_add(&table, cells[i]);
    }
    expect_printed(&table, "NAME    VALUE\nh\xc3\xa9h\xc3\xa9h\xc3\xa9  1\na       22\n");
}

static void empty_cells_show_as_dash(void)
{
    struct table table = TABLE_INIT(2);
    table_add(&table, "");
    table_add(&table, NULL);
    expect_printed(&table, "-  -\n");
}

static void what_could_steer_a_terminal_is_escaped(void)
{
    struct table table = TABLE_INIT(1);
    table_add(&table, "a\x1b[31m\nb\xff");
    expect_printed(&table, "a\\x1b[31m\\x0ab\\xff\n");
}

static void what_is_no_terminal_gets_no_colours(void)
{
    struct table table = TABLE_INIT(2);
    static const char *const header[] = {"NAME", "STATUS"};
    table_add_header(&table, header);
    table_add_pair(&table, "empty", "");
    table_add_pair(&table, "a", "b");
    table_add(&table, "c");
    table_add_styled(&table, STYLE_BAD, "%s", "DEAD");
    expect_printed(&table, "NAME  STATUS\na     b\nc     DEAD\n");
}

static void table_without_rows_prints_nothing(void)
{
    struct table table = TABLE_INIT(3);
    expect_printed(&table, "");
}

SUITE_MAIN("cli/table", SUITE_CASE(columns_align_by_characters_and_the_last_is_not_padded),
           SUITE_CASE(empty_cells_show_as_dash), SUITE_CASE(what_could_steer_a_terminal_is_escaped),
           SUITE_CASE(what_is_no_terminal_gets_no_colours), SUITE_CASE(table_without_rows_prints_nothing))
