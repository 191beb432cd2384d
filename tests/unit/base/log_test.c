#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/utf8.h"
#include "tests/support/suite.h"
#include "tests/support/virtual_clock.h"

struct sink {
    char line[4096];
    size_t len;
    unsigned count;
    enum log_level level;
};

static void keep(void *data, enum log_level level, qvt_slice line)
{
    struct sink *sink = data;
    CU_ASSERT_FATAL(line.len < sizeof(sink->line));
    memcpy(sink->line, line.data, line.len);
    sink->line[line.len] = '\0';
    sink->len = line.len;
    sink->level = level;
    sink->count++;
}

static struct log log_to(struct sink *sink, enum log_format format)
{
    *sink = (struct sink){.len = 0};
    return (struct log){.level = LOG_INFO, .format = format, .sink = keep, .data = sink};
}

static void text_is_key_value_pairs_on_one_line(void)
{
    struct sink sink;
    struct log log = log_to(&sink, LOG_TEXT);
    log_write(&log, LOG_WARN, "silo registered", log_text("silo", "a:1/b"), log_uint("port", 7070),
              log_int("delta", -3));
    EXPECT_TEXT(sink.line, "level=warn event=\"silo registered\" silo=a:1/b port=7070 delta=-3");
    CU_ASSERT_EQUAL(sink.level, LOG_WARN);
}

static void json_is_one_object_on_one_line(void)
{
    struct sink sink;
    struct log log = log_to(&sink, LOG_JSON);
    log_write(&log, LOG_INFO, "ready", log_text("who", "a \"b\" \\"), log_uint("big", UINT64_MAX),
              log_int("small", INT64_MIN));
    EXPECT_TEXT(sink.line, "{\"level\":\"info\",\"event\":\"ready\",\"who\":\"a \\\"b\\\" \\\\\","
                           "\"big\":18446744073709551615,\"small\":-9223372036854775808}");
}

static void time_is_utc_with_milliseconds(void)
{
    struct sink sink;
    struct virtual_clock virtual;
    virtual_clock_init(&virtual, INT64_C(1700000000123456));
    struct log log = log_to(&sink, LOG_TEXT);
    log.clock = &virtual.clock;
    log_event(&log, LOG_INFO, "ready", NULL, 0);
    EXPECT_TEXT(sink.line, "time=2023-11-14T22:13:20.123Z level=info event=ready");
    log.format = LOG_JSON;
    log_event(&log, LOG_INFO, "ready", NULL, 0);
    EXPECT_TEXT(sink.line, "{\"time\":\"2023-11-14T22:13:20.123Z\",\"level\":\"info\",\"event\":\"ready\"}");
}

static void events_below_the_level_are_dropped(void)
{
    struct sink sink;
    struct log log = log_to(&sink, LOG_TEXT);
    log_event(&log, LOG_DEBUG, "noise", NULL, 0);
    CU_ASSERT_EQUAL(sink.count, 0);
    log_event(&log, LOG_ERROR, "trouble", NULL, 0);
    CU_ASSERT_EQUAL(sink.count, 1);
}

static void no_log_and_no_sink_are_silent(void)
{
    struct log log = {.level = LOG_DEBUG};
    log_event(NULL, LOG_ERROR, "trouble", NULL, 0);
    log_event(&log, LOG_ERROR, "trouble", NULL, 0);
}

static void peer_data_is_escaped(void)
{
    struct sink sink;
    struct log log = log_to(&sink, LOG_TEXT);
    log_write(&log, LOG_INFO, "e", log_slice("v", qvt_slice_make("a\nb\0\xff\xc3\xa9", 7)));
    EXPECT_TEXT(sink.line, "level=info event=e v=\"a\\x0ab\\x00\\xff\xc3\xa9\"");
    log.format = LOG_JSON;
    log_write(&log, LOG_INFO, "e", log_slice("v", qvt_slice_make("a\nb\xff", 4)));
    EXPECT_TEXT(sink.line, "{\"level\":\"info\",\"event\":\"e\",\"v\":\"a\\\\x0ab\\\\xff\"}");
}

static void quotes_cannot_be_forged(void)
{
    struct sink sink;
    struct log log = log_to(&sink, LOG_TEXT);
    log_write(&log, LOG_INFO, "e", log_text("a", "x\" b=\"y"), log_text("c", ""), log_text("d", "k=v"));
    EXPECT_TEXT(sink.line, "level=info event=e a=\"x\\\" b=\\\"y\" c=\"\" d=\"k=v\"");
}

static void values_over_256_bytes_are_cut_at_a_character(void)
{
    struct sink sink;
    struct log log = log_to(&sink, LOG_TEXT);
    char value[400];
    memset(value, 'x', sizeof(value));
    static const char euro[3] = {'\xe2', '\x82', '\xac'};
    memcpy(value + 254, euro, sizeof(euro));
    log_write(&log, LOG_INFO, "e", log_slice("v", qvt_slice_make(value, sizeof(value))));
    CU_ASSERT_EQUAL(sink.len, strlen("level=info event=e v=") + 254);
}

static void line_over_2_kib_is_cut_between_fields_and_says_so(void)
{
    struct sink sink;
    for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
        struct log log = log_to(&sink, (enum log_format)format);
        char value[256];
        memset(value, '\n', sizeof(value));
        struct log_field fields[8];
        for (size_t i = 0; i < 8; i++) {
            fields[i] = log_slice("v", qvt_slice_make(value, sizeof(value)));
        }
        log_event(&log, LOG_INFO, "e", fields, 8);
        CU_ASSERT(sink.len <= 2048);
        const char *tail = format == LOG_JSON ? "\",\"cut\":true}" : "\" cut=true";
        EXPECT_TEXT(sink.line + sink.len - strlen(tail), tail);
        CU_ASSERT_TRUE(utf8_is_printable(qvt_slice_text(sink.line)));
    }
}

static void file_sink_writes_lines(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    struct log log = {.level = LOG_INFO, .sink = log_sink_file, .data = file};
    log_event(&log, LOG_INFO, "one", NULL, 0);
    log_event(&log, LOG_INFO, "two", NULL, 0);
    (void)fclose(file);
    EXPECT_TEXT(text, "level=info event=one\nlevel=info event=two\n");
    free(text);
}

SUITE_MAIN("base/log", SUITE_CASE(text_is_key_value_pairs_on_one_line), SUITE_CASE(json_is_one_object_on_one_line),
           SUITE_CASE(time_is_utc_with_milliseconds), SUITE_CASE(events_below_the_level_are_dropped),
           SUITE_CASE(no_log_and_no_sink_are_silent), SUITE_CASE(peer_data_is_escaped),
           SUITE_CASE(quotes_cannot_be_forged), SUITE_CASE(values_over_256_bytes_are_cut_at_a_character),
           SUITE_CASE(line_over_2_kib_is_cut_between_fields_and_says_so), SUITE_CASE(file_sink_writes_lines))
