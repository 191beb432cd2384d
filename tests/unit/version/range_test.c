#include "version/range.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"
#include "tests/unit/version/scene.h"

/* `inside` and `outside` are versions with blanks between. */
struct row {
    const char *range;
    const char *inside;
    const char *outside;
};

static void expect_each(const struct range *range, const struct row *row, const char *versions, bool expected)
{
    char words[256];
    (void)snprintf(words, sizeof(words), "%s", versions);
    char *rest = NULL;
    for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        struct semver version = given_version(word);
        bool contained = range_contains(range, &version);
        if (contained != expected) {
            (void)printf("\n\"%s\" %s %s\n", row->range, contained ? "contains" : "does not contain", word);
        }
        CU_ASSERT_EQUAL(contained, expected);
    }
}

static void expect_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct range range = given_range(rows[i].range);
        expect_each(&range, &rows[i], rows[i].inside, true);
        expect_each(&range, &rows[i], rows[i].outside, false);
    }
}

#define EXPECT_ROWS(rows) expect_rows((rows), sizeof(rows) / sizeof((rows)[0]))

static void expect_refused(const char *text, const char *rule)
{
    struct range range;
    const char *why = "accepted";
    CU_ASSERT_EQUAL(range_parse(&range, qvt_slice_text(text), &why), QVT_INVALID_ARGUMENT);
    if (strcmp(why, rule) != 0) {
        (void)printf("\nrange \"%s\"\n", text);
    }
    EXPECT_TEXT(why, rule);
}

static void operators_bound_with_and_without_blanks(void)
{
    static const struct row rows[] = {
        {"1.2.3", "1.2.3 1.2.3+b", "1.2.2 1.2.4 1.2.3-a"},
        {"=1.2.3", "1.2.3", "1.2.4"},
        {"= 1.2.3", "1.2.3", "1.2.4"},
        {">1.2.3", "1.2.4 2.0.0", "1.2.3 1.2.2"},
        {"> 1.2.3", "1.2.4", "1.2.3"},
        {">=1.2.3", "1.2.3 9.0.0", "1.2.2"},
        {"<1.2.3", "1.2.2 0.0.0", "1.2.3"},
        {"<=  1.2.3", "1.2.3 0.1.0", "1.2.4"},
        {">=2.1 <3", "2.1.0 2.99.0", "2.0.9 3.0.0"},
        {">1.2.3 <1.2.5", "1.2.4", "1.2.3 1.2.5"},
        {"> =1.2.3", "1.2.3", "1.2.2"},
        {"v1.2.3", "1.2.3", "1.2.4"},
        {">=v1.2.3", "1.2.3", "1.2.2"},
    };
    EXPECT_ROWS(rows);
}

static void missing_parts_and_x_are_wildcards(void)
{
    static const struct row rows[] = {
        {"", "0.0.0 9.9.9", "1.0.0-a"},
        {"  ", "0.0.0", "1.0.0-a"},
        {"*", "0.0.0 9.9.9", "1.0.0-a"},
        {"x", "1.0.0", ""},
        {"1", "1.0.0 1.9.9", "0.9.9 2.0.0"},
        {"1.x", "1.0.0 1.9.9", "2.0.0"},
        {"1.X.x", "1.0.0 1.9.9", "2.0.0"},
        {"2.*", "2.0.0", "1.9.9 3.0.0"},
        {"1.2", "1.2.0 1.2.9", "1.1.9 1.3.0"},
        {"1.2.x", "1.2.0 1.2.9", "1.3.0"},
        {"=1.2", "1.2.7", "1.3.0"},
        {"1.2.*-beta", "1.2.1", "1.2.0-beta"},
        {"1.2+build", "1.2.7", "1.3.0"},
        {"v1", "1.5.0", "2.0.0"},
        {"1.2.x 1.2.3", "1.2.3", "1.2.4"},
    };
    EXPECT_ROWS(rows);
}

static void operators_with_wildcards_take_or_leave_the_whole_block(void)
{
    static const struct row rows[] = {
        {">1", "2.0.0", "1.9.9"},           {">1.2", "1.3.0", "1.2.9"},  {">=1.2", "1.2.0", "1.1.9"},
        {"<1.2", "1.1.9", "1.2.0 1.2.0-a"}, {"<=1.2", "1.2.9", "1.3.0"}, {"<=1", "1.9.9", "2.0.0"},
        {"<2.x", "1.9.9", "2.0.0"},         {">*", "", "0.0.0 9.9.9"},   {"<x", "", "0.0.0 9.9.9"},
        {">=*", "0.0.0 9.9.9", ""},         {"<=*", "0.0.0 9.9.9", ""},  {">=x <2", "1.0.0", "2.0.0"},
        {">==1.2", "1.2.0", "1.1.0"},
    };
    EXPECT_ROWS(rows);
}

static void tilde_keeps_the_minor(void)
{
    static const struct row rows[] = {
        {"~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0"},
        {"~1.2", "1.2.0 1.2.9", "1.1.9 1.3.0"},
        {"~1", "1.0.0 1.9.9", "2.0.0"},
        {"~0", "0.0.0 0.9.9", "1.0.0"},
        {"~0.2.3", "0.2.3 0.2.9", "0.3.0"},
        {"~ 1.2.3", "1.2.9", "1.3.0"},
        {"~>1.2", "1.2.9", "1.3.0"},
        {"~ > 1.2", "1.2.9", "1.3.0"},
        {"~> >=1.2", "1.2.9", "1.3.0"},
        {"~=1.2", "1.2.9", "1.3.0"},
        {"~v1.2", "1.2.9", "1.3.0"},
        {"~*", "0.0.0 9.9.9", ""},
        {"~1.x.3", "1.0.0 1.9.9", "2.0.0"},
        {"~1.2.3-beta.2", "1.2.3-beta.2 1.2.3-beta.10 1.2.3 1.2.4", "1.2.3-beta.1 1.2.4-beta.2 1.3.0"},
    };
    EXPECT_ROWS(rows);
}

static void caret_keeps_the_first_part_that_is_not_zero(void)
{
    static const struct row rows[] = {
        {"^1.2.3", "1.2.3 1.9.9", "1.2.2 2.0.0 2.0.0-0"},
        {"^2.1", "2.1.0 2.9.0", "2.0.9 3.0.0"},
        {"^1", "1.0.0 1.9.9", "0.9.9 2.0.0"},
        {"^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0 1.0.0"},
        {"^0.0.3", "0.0.3", "0.0.2 0.0.4"},
        {"^0.0", "0.0.0 0.0.9", "0.1.0"},
        {"^0.0.x", "0.0.9", "0.1.0"},
        {"^0.1", "0.1.0 0.1.9", "0.2.0"},
        {"^0", "0.0.0 0.9.9", "1.0.0"},
        {"^0.x", "0.0.0 0.9.9", "1.0.0"},
        {"^0.0.0", "0.0.0", "0.0.1"},
        {"^1.x.5", "1.0.0", "2.0.0"},
        {"^ 1.2.3", "1.9.9", "2.0.0"},
        {"^v1.2.3", "1.9.9", "2.0.0"},
        {"^*", "0.0.0 9.9.9", ""},
        {"^1.2.3-beta.2", "1.2.3-beta.2 1.2.3-beta.3 1.2.3 1.9.0", "1.2.3-beta.1 1.2.4-beta.3 2.0.0"},
        {"^0.0.3-beta", "0.0.3-beta 0.0.3-pr.2 0.0.3", "0.0.4 0.0.3-alpha"},
        {"^0.2.3-beta", "0.2.3-beta 0.2.9", "0.3.0"},
    };
    EXPECT_ROWS(rows);
}

static void hyphen_includes_both_ends(void)
{
    static const struct row rows[] = {
        {"1.2.3 - 2.3.4", "1.2.3 2.3.4", "1.2.2 2.3.5"},
        {"1.2 - 2.3.4", "1.2.0", "1.1.9"},
        {"1.2.3 - 2.3", "2.3.9", "2.4.0"},
        {"1.2.3 - 2", "2.9.9", "3.0.0"},
        {"1.2.3   -   2", "2.9.9", "3.0.0"},
        {"v1 - v2", "1.0.0 2.9.9", "3.0.0 0.9.0"},
        {"* - 2", "0.0.0 2.9.9", "3.0.0"},
        {"1 - *", "1.0.0 9.9.9", "0.9.9"},
        {"* - *", "0.0.0 9.9.9", "1.0.0-a"},
        {"1.2.3-a - 1.2.3-c", "1.2.3-a 1.2.3-b 1.2.3-c", "1.2.3 1.2.3-d"},
        {"1.2.3 - 2.0.0 || 5", "1.2.3 5.1.0", "3.0.0"},
    };
    EXPECT_ROWS(rows);
}

static void alternatives_are_joined_by_two_bars(void)
{
    static const struct row rows[] = {
        {"1.2 || 2", "1.2.5 2.9.9", "1.3.0 3.0.0"},
        {"1.2||2", "1.2.5 2.9.9", "1.3.0"},
        {"1 || 3 || 5", "1.0.0 3.1.0 5.2.0", "2.0.0 4.0.0"},
        {">=1 <2 || >=3 <4", "1.5.0 3.5.0", "2.0.0 4.0.0"},
        {"1 ||", "9.9.9", "9.9.9-a"},
        {"||", "0.0.0", "0.0.1-a"},
        {">x || 1", "1.0.0", "2.0.0"},
    };
    EXPECT_ROWS(rows);
}

static void prerelease_needs_a_comparator_that_names_its_numbers(void)
{
    static const struct row rows[] = {
        {">1.2.3-alpha.3", "1.2.3-alpha.7 1.2.3 3.4.5", "3.4.5-alpha.9 1.2.3-alpha.3"},
        {">=1.2.3", "", "1.2.4-a 2.0.0-a"},
        {"1.2.3-beta", "1.2.3-beta", "1.2.3-beta.0 1.2.3"},
        {">=1.0.0-a <1.0.0-c", "1.0.0-b", "1.0.0"},
        {"<1.0.0-c", "1.0.0-b 0.9.0", "0.9.0-b"},
        {"<1.0.0-0", "0.9.9", "1.0.0-0"},
        {">=1.2.0 <2.0.0-b", "2.0.0-a 1.5.0", "1.5.0-a 2.0.0"},
        {"1 || >=1.2.3-a", "1.2.3-b", "1.2.4-b"},
        {"* || 1.2.3-beta", "1.0.0", "1.2.3-beta"},
        {">=0.0.0 || 1.2.3-beta", "1.0.0", "1.2.3-beta"},
        {">=v0.0.0 || 1.2.3-beta", "1.0.0 1.2.3-beta", "1.2.3-alpha"},
    };
    EXPECT_ROWS(rows);
}

static void fourth_number_is_allowed_after_an_operator_only(void)
{
    static const struct row rows[] = {
        {"=1.2.3.4", "1.2.3.4", "1.2.3.5 1.2.3"},
        {">1.2.3.4", "1.2.3.5 1.2.4", "1.2.3.4 1.2.3"},
        {">=1.2.3.4 <1.2.3.9", "1.2.3.4 1.2.3.8", "1.2.3.9 1.2.3"},
        {"<= 1.2.3.4", "1.2.3.4 1.2.3", "1.2.3.5"},
        {">=1.2.3.4-a", "1.2.3.4-b 1.2.3.4", "1.2.3-b 1.2.3.5-b"},
        {">=0.0.0.0 || 1.0.0-b", "1.0.0-b 0.0.0", "1.0.0-a"},
    };
    EXPECT_ROWS(rows);
    const char *rule = "a fourth number is allowed only after = < > <= >=";
    expect_refused("1.2.3.4", rule);
    expect_refused("^1.2.3.4", rule);
    expect_refused("~1.2.3.4", rule);
    expect_refused("1.2.3.4 - 2", rule);
    expect_refused("1 - 1.2.3.4", rule);
    expect_refused("=1.2.3.x", rule);
    expect_refused("=1.2.x.4", "a number must not follow a wildcard");
    expect_refused("=1.2.3.4.5", "a version has at most four numeric parts");
}

static void comparators_without_a_fourth_number_see_versions_with_one(void)
{
    static const struct row rows[] = {
        {"1.2.3", "1.2.3.0", "1.2.3.1"},          {"1.2", "1.2.3.4", "1.3.0.0"},
        {"^1.2.3", "1.2.3.1 1.9.0.5", "2.0.0.1"}, {"<=1.2.3", "1.2.3.0", "1.2.3.1"},
        {"^1.2.3-a", "1.2.3-b", "1.2.3.1-b"},
    };
    EXPECT_ROWS(rows);
}

static void anything_else_is_refused_with_its_rule(void)
{
    const char *shape = "a comparator must be an optional operator and a version, * or x";
    expect_refused("blah", shape);
    expect_refused(">", shape);
    expect_refused("1.2.3 >", shape);
    expect_refused(">>1", shape);
    expect_refused("<>1", shape);
    expect_refused("=>1", shape);
    expect_refused("> = 1.2.3", shape);
    expect_refused("v 1.2.3", shape);
    expect_refused("!1.2.3", shape);
    expect_refused("1 | 2", shape);
    expect_refused("1 ||| 2", shape);
    expect_refused("1.", shape);
    expect_refused("1.2.3 - 2 <5", "a hyphen range is two versions and nothing else");
    expect_refused("1 2 - 3", "a hyphen range is two versions and nothing else");
    expect_refused("1.2.3 -2", shape);
    expect_refused(">1 - 2", shape);
    expect_refused("~<1", "~ and ^ must be followed by a version");
    expect_refused("~>>1", shape);
    expect_refused("~ > >1", shape);
    expect_refused("~> = 1", shape);
    expect_refused("^>1", "~ and ^ must be followed by a version");
    expect_refused("^^1", shape);
    expect_refused("01.2.3", "a numeric part must not have leading zeros");
    expect_refused("4294967296", "a numeric part must not exceed 4294967295");
    expect_refused("1.2-beta", "a pre-release must follow three numbers");
    expect_refused("1.2.3-01", "a numeric pre-release identifier must not have leading zeros");
    expect_refused("1.2.3beta", "a comparator must end at a blank, a || or the end");
    expect_refused(">1.2.3<2", "a comparator must end at a blank, a || or the end");
    expect_refused("1.x.3", "a number must not follow a wildcard");
    expect_refused(">*.2", "a number must not follow a wildcard");
    expect_refused("==1.2.3", "a full version may follow an operator and one 'v', nothing else");
    expect_refused("vv1.2.3", "a full version may follow an operator and one 'v', nothing else");
    expect_refused("^4294967295", "a range's upper bound must not exceed 4294967295");
    expect_refused(">1.4294967295", "a range's upper bound must not exceed 4294967295");
}

static void limits_hold_exactly(void)
{
    char text[RANGE_TEXT_MAX + 2];
    struct range range;
    const char *why = NULL;
    memset(text, ' ', sizeof(text));
    text[0] = '1';
    CU_ASSERT_EQUAL(range_parse(&range, qvt_slice_make(text, RANGE_TEXT_MAX), &why), QVT_OK);
    CU_ASSERT_EQUAL(range_parse(&range, qvt_slice_make(text, RANGE_TEXT_MAX + 1), &why), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(why, "a range must not be longer than 256 bytes");
    for (size_t i = 0; i < 34; i++) {
        text[i * 3] = '<';
        text[i * 3 + 1] = '9';
    }
    CU_ASSERT_EQUAL(range_parse(&range, qvt_slice_make(text, 32 * 3), &why), QVT_OK);
    CU_ASSERT_EQUAL(range.comparator_count, 32);
    CU_ASSERT_EQUAL(range_parse(&range, qvt_slice_make(text, 33 * 3), &why), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(why, "a range has at most 32 comparators");
}

static void covers_tells_out_of_bounds_from_unnamed_prerelease(void)
{
    struct range range = given_range("^1.2.0");
    struct semver prerelease = given_version("1.3.0-a");
    struct semver outside = given_version("2.1.0-a");
    CU_ASSERT_FALSE(range_contains(&range, &prerelease));
    CU_ASSERT_TRUE(range_covers(&range, &prerelease));
    CU_ASSERT_FALSE(range_covers(&range, &outside));
}

SUITE_MAIN("version/range", SUITE_CASE(operators_bound_with_and_without_blanks),
           SUITE_CASE(missing_parts_and_x_are_wildcards),
           SUITE_CASE(operators_with_wildcards_take_or_leave_the_whole_block), SUITE_CASE(tilde_keeps_the_minor),
           SUITE_CASE(caret_keeps_the_first_part_that_is_not_zero), SUITE_CASE(hyphen_includes_both_ends),
           SUITE_CASE(alternatives_are_joined_by_two_bars),
           SUITE_CASE(prerelease_needs_a_comparator_that_names_its_numbers),
           SUITE_CASE(fourth_number_is_allowed_after_an_operator_only),
           SUITE_CASE(comparators_without_a_fourth_number_see_versions_with_one),
           SUITE_CASE(anything_else_is_refused_with_its_rule), SUITE_CASE(limits_hold_exactly),
           SUITE_CASE(covers_tells_out_of_bounds_from_unnamed_prerelease))
