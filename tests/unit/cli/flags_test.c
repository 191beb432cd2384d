#include "cli/flags.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

#define WORDS_MAX 16

struct values {
    char *text;
    struct flag_list list;
    uint64_t number;
    uint32_t duration_ms;
    struct flag_decimal decimal;
    bool is_set;
};

/* Parses words, which end with NULL, against one table with a flag of each kind. */
struct parsed {
    struct values values;
    struct flag flags[6];
    struct flag_table table;
    char words[WORDS_MAX][32];
    char *pointers[WORDS_MAX];
    char *arguments[WORDS_MAX];
    struct flag_parse parse;
};

static bool parse(struct parsed *parsed, const char *const *words)
{
    int count = 0;
    memset(parsed, 0, sizeof *parsed);
    struct values *values = &parsed->values;
    parsed->flags[0] = (struct flag){"--text", "-t", "TEXT", "a text", FLAG_TEXT, &values->text, 0};
    parsed->flags[1] = (struct flag){"--list", NULL, "ITEM", "items", FLAG_LIST, &values->list, 0};
    parsed->flags[2] = (struct flag){"--number", NULL, "N", "a number", FLAG_NUMBER, &values->number, 100};
    parsed->flags[3] = (struct flag){"--wait", NULL, "TIME", "a time", FLAG_DURATION, &values->duration_ms, 0};
    parsed->flags[4] = (struct flag){"--on", NULL, NULL, "a switch", FLAG_SWITCH, &values->is_set, 0};
    parsed->flags[5] = (struct flag){"--share", NULL, "N", "a share", FLAG_DECIMAL, &values->decimal, 0};
    parsed->table = (struct flag_table){parsed->flags, 6};
    for (; words[count] != NULL && count < WORDS_MAX; count++) {
        snprintf(parsed->words[count], sizeof parsed->words[count], "%s", words[count]);
        parsed->pointers[count] = parsed->words[count];
    }
    parsed->parse.tables = &parsed->table;
    parsed->parse.table_count = 1;
    parsed->parse.arguments = parsed->arguments;
    return flags_parse(&parsed->parse, count, parsed->pointers);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void every_kind_is_read_in_both_spellings(void)
{
    struct parsed parsed;
    CU_ASSERT(parse(
        &parsed, WORDS("a", "--text", "x=y", "--list", "1", "--list=2", "b", "--number=100", "--wait", "2m", "--on")));
    EXPECT_TEXT(parsed.values.text, "x=y");
    CU_ASSERT_EQUAL_FATAL(parsed.values.list.count, 2);
    EXPECT_TEXT(parsed.values.list.items[0], "1");
    EXPECT_TEXT(parsed.values.list.items[1], "2");
    CU_ASSERT(parsed.values.number == 100 && parsed.values.duration_ms == 120000 && parsed.values.is_set);
    CU_ASSERT_EQUAL_FATAL(parsed.parse.argument_count, 2);
    EXPECT_TEXT(parsed.arguments[0], "a");
    EXPECT_TEXT(parsed.arguments[1], "b");
    flags_free(&parsed.table);
}

static void decimals_have_a_point_or_none(void)
{
    struct parsed parsed;
    CU_ASSERT(parse(&parsed, WORDS("a")) && !parsed.values.decimal.is_given);
    CU_ASSERT(parse(&parsed, WORDS("--share", "12.5")));
    CU_ASSERT(parsed.values.decimal.is_given && parsed.values.decimal.value == 12.5);
    CU_ASSERT(parse(&parsed, WORDS("--share=0")) && parsed.values.decimal.is_given);
}

static void last_of_a_single_flag_counts(void)
{
    struct parsed parsed;
    CU_ASSERT(parse(&parsed, WORDS("--text", "a", "-t", "b")));
    EXPECT_TEXT(parsed.values.text, "b");
}

static void double_dash_ends_the_flags_and_a_dash_is_an_argument(void)
{
    struct parsed parsed;
    CU_ASSERT(parse(&parsed, WORDS("-", "--", "--text", "-h")));
    CU_ASSERT_EQUAL_FATAL(parsed.parse.argument_count, 3);
    EXPECT_TEXT(parsed.arguments[1], "--text");
    CU_ASSERT_FALSE(parsed.parse.wants_help);
}

static void help_is_noticed_anywhere(void)
{
    struct parsed parsed;
    CU_ASSERT(parse(&parsed, WORDS("a", "--help")) && parsed.parse.wants_help);
    CU_ASSERT(parse(&parsed, WORDS("-h")) && parsed.parse.wants_help);
}

static void mistakes_are_named(void)
{
    static const struct {
        const char *words[3];
        const char *error;
    } cases[] = {
        {{"--nonsense", NULL}, "unknown flag '--nonsense'"},
        {{"-x", NULL}, "unknown flag '-x'"},
        {{"--tex", "a", NULL}, "unknown flag '--tex'"},
        {{"--text", NULL}, "--text needs a value: TEXT"},
        {{"--number", "101", NULL}, "--number: '101' is not a number from 0 to 100"},
        {{"--number", "", NULL}, "--number: '' is not a number from 0 to 100"},
        {{"--number", "1x", NULL}, "--number: '1x' is not a number from 0 to 100"},
        {{"--number", "18446744073709551616", NULL}, "--number: '18446744073709551616' is not a number from 0 to 100"},
        {{"--wait", "soon", NULL}, "--wait: 'soon' is not a duration such as 30s, 2m or 500ms"},
        {{"--on=1", NULL}, "--on takes no value"},
        {{"--share", "1e3", NULL}, "--share: '1e3' is not a number such as 12 or 12.5"},
        {{"--share", "-1", NULL}, "--share: '-1' is not a number such as 12 or 12.5"},
        {{"--share", "1.", NULL}, "--share: '1.' is not a number such as 12 or 12.5"},
        {{"--share", "nan", NULL}, "--share: 'nan' is not a number such as 12 or 12.5"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct parsed parsed;
        CU_ASSERT_FALSE(parse(&parsed, cases[i].words));
        EXPECT_TEXT(parsed.parse.error, cases[i].error);
    }
}

static void help_aligns_what_flags_do(void)
{
    struct parsed parsed;
    char text[512] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT(parse(&parsed, WORDS("a")));
    flags_help(&parsed.table, out);
    fclose(out);
    EXPECT_TEXT(text, "  -t, --text TEXT  a text\n"
                      "  --list ITEM      items\n"
                      "  --number N       a number\n"
                      "  --wait TIME      a time\n"
                      "  --on             a switch\n"
                      "  --share N        a share\n");
}

SUITE_MAIN("cli/flags", SUITE_CASE(every_kind_is_read_in_both_spellings), SUITE_CASE(decimals_have_a_point_or_none),
           SUITE_CASE(last_of_a_single_flag_counts), SUITE_CASE(double_dash_ends_the_flags_and_a_dash_is_an_argument),
           SUITE_CASE(help_is_noticed_anywhere), SUITE_CASE(mistakes_are_named), SUITE_CASE(help_aligns_what_flags_do))
