#include "generator/text.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static void expect_c(const char *text, const char *literal)
{
    struct buf out = BUF_INIT;
    text_c_literal(&out, text);
    EXPECT_SLICE(buf_slice(&out), literal);
    buf_deinit(&out);
}

static void c_literals_hold_any_bytes(void)
{
    expect_c("", "\"\"");
    expect_c("a\"b\\c", "\"a\\\"b\\\\c\"");
    expect_c("line\nend\r\t", "\"line\\nend\\015\\011\"");
    expect_c("\xc3\xa9"
             "1",
             "\"\\303\\2511\"");
}

static void c_literals_hold_no_trigraph(void)
{
    expect_c("?\?/", "\"\\077\\077/\"");
}

static void json_literals_are_escaped(void)
{
    struct buf out = BUF_INIT;
    text_json_literal(&out, "a\"\\\n\x01\xc3\xa9");
    EXPECT_SLICE(buf_slice(&out), "\"a\\\"\\\\\\n\\u0001\xc3\xa9\"");
    buf_deinit(&out);
}

static void expect_comment(const char *text, const char *comment)
{
    struct buf out = BUF_INIT;
    text_c_comment(&out, "  ", text);
    EXPECT_SLICE(buf_slice(&out), comment);
    buf_deinit(&out);
}

static void comments_cannot_be_left(void)
{
    expect_comment("", "");
    expect_comment("one", "  /* one */\n");
    expect_comment("one\n\ntwo", "  /* one\n   *\n   * two */\n");
    expect_comment("a */ b /* c", "  /* a * / b / * c */\n");
    expect_comment("a /*/ b", "  /* a / * / b */\n");
    expect_comment("ends with *", "  /* ends with * */\n");
}

SUITE_MAIN("generator/text", SUITE_CASE(c_literals_hold_any_bytes), SUITE_CASE(c_literals_hold_no_trigraph),
           SUITE_CASE(json_literals_are_escaped), SUITE_CASE(comments_cannot_be_left))
