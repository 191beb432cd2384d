#include "json/writer.h"

#include <float.h>
#include <math.h>

#include <CUnit/CUnit.h>

#include "golden/v1/every.json.h"
#include "json/well_known.h"
#include "tests/support/alloc.h"
#include "tests/support/suite.h"
#include "tests/unit/json/harness.h"

struct sheet {
    struct buf out;
    struct json_writer writer;
};

static void sheet_init(struct sheet *sheet)
{
    sheet->out = (struct buf)BUF_INIT;
    json_writer_init(&sheet->writer, &sheet->out);
    sheet->writer.types = harness_types;
}

static void sheet_expect(struct sheet *sheet, const char *expected)
{
    CU_ASSERT_EQUAL(sheet->writer.status, QVT_OK);
    EXPECT_SLICE(buf_slice(&sheet->out), expected);
    buf_deinit(&sheet->out);
}

static void expect_string(const char *text, const char *expected)
{
    struct sheet sheet;
    sheet_init(&sheet);
    json_writer_string(&sheet.writer, text);
    sheet_expect(&sheet, expected);
}

static void strings_are_escaped(void)
{
    expect_string("", "\"\"");
    expect_string(NULL, "\"\"");
    expect_string("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
    expect_string("\b\f\n\r\t\x01\x1f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\"");
    expect_string("\xc3\xa9\xf0\x9f\x98\x80\x7f", "\"\xc3\xa9\xf0\x9f\x98\x80\x7f\"");
}

static void text_that_is_not_utf8_is_not_written(void)
{
    struct sheet sheet;
    sheet_init(&sheet);
    json_writer_string(&sheet.writer, "\xff");
    CU_ASSERT_EQUAL(sheet.writer.status, QVT_INVALID_ARGUMENT);
    buf_deinit(&sheet.out);
}

static void expect_double(double value, const char *expected)
{
    struct sheet sheet;
    sheet_init(&sheet);
    json_writer_double(&sheet.writer, value);
    sheet_expect(&sheet, expected);
}

static void reals_are_short_and_exact(void)
{
    expect_double(0.1, "0.1");
    expect_double(1.0 / 3, "0.3333333333333333");
    expect_double(1e22, "1e+22");
    expect_double(DBL_MAX, "1.7976931348623157e+308");
    expect_double(-0.0, "-0.0");
    expect_double((double)NAN, "\"NaN\"");
    expect_double(-(double)INFINITY, "\"-Infinity\"");
}

static void commas_stand_between_values_only(void)
{
    struct sheet sheet;
    sheet_init(&sheet);
    struct json_writer *writer = &sheet.writer;
    json_writer_begin_object(writer);
    json_writer_name(writer, "\"a\"");
    json_writer_begin_array(writer);
    json_writer_end_array(writer);
    json_writer_name(writer, "\"b\"");
    json_writer_begin_array(writer);
    json_writer_bool(writer, 1);
    json_writer_begin_object(writer);
    json_writer_end_object(writer);
    json_writer_int64(writer, -1);
    json_writer_end_array(writer);
    json_writer_key_int(writer, -7);
    json_writer_uint32(writer, 7);
    json_writer_end_object(writer);
    sheet_expect(&sheet, "{\"a\":[],\"b\":[true,{},\"-1\"],\"-7\":7}");
}

static void defaults_are_written_when_asked(void)
{
    struct sheet sheet;
    Golden__V1__FindRequest request;
    golden__v1__find_request__init(&request);
    sheet_init(&sheet);
    sheet.writer.emit_defaults = true;
    golden_v1_find_request_write_json(&sheet.writer, &request);
    sheet_expect(&sheet, "{\"shelf\":\"\",\"book\":\"0\",\"mood\":\"MOOD_UNSPECIFIED\",\"tags\":[],\"moods\":[],"
                         "\"labels\":{},\"cover\":\"\"}");
}

static void a_map_without_value_has_an_empty_one(void)
{
    struct sheet sheet;
    Golden__V1__Maps maps;
    golden__v1__maps__init(&maps);
    Golden__V1__Maps__MessagesEntry entry;
    golden__v1__maps__messages_entry__init(&entry);
    Golden__V1__Maps__DurationsEntry duration;
    golden__v1__maps__durations_entry__init(&duration);
    Golden__V1__Maps__MessagesEntry *entries[] = {&entry};
    Golden__V1__Maps__DurationsEntry *durations[] = {&duration};
    entry.key = (char *)(uintptr_t) "k";
    maps.messages = entries;
    maps.n_messages = 1;
    maps.durations = durations;
    maps.n_durations = 1;
    sheet_init(&sheet);
    golden_v1_maps_write_json(&sheet.writer, &maps);
    sheet_expect(&sheet, "{\"messages\":{\"k\":{}},\"durations\":{\"\":\"0s\"}}");
}

static void expect_refused(const struct json_message_type *type, const ProtobufCMessage *message)
{
    struct sheet sheet;
    sheet_init(&sheet);
    type->write(&sheet.writer, message);
    CU_ASSERT_EQUAL(sheet.writer.status, QVT_INVALID_ARGUMENT);
    buf_deinit(&sheet.out);
}

static void what_json_cannot_express_is_refused(void)
{
    Google__Protobuf__Timestamp time;
    google__protobuf__timestamp__init(&time);
    Google__Protobuf__Duration duration;
    google__protobuf__duration__init(&duration);
    Google__Protobuf__FieldMask mask;
    google__protobuf__field_mask__init(&mask);
    Google__Protobuf__Any any;
    google__protobuf__any__init(&any);
    char path[] = "camelCase";
    char url[] = "type.googleapis.com/no.such.Type";
    char *paths[] = {path};
    time.nanos = -1;
    duration.seconds = INT64_MAX;
    mask.paths = paths;
    mask.n_paths = 1;
    any.type_url = url;
    expect_refused(&google_protobuf_timestamp_json_type, &time.base);
    expect_refused(&google_protobuf_duration_json_type, &duration.base);
    expect_refused(&google_protobuf_field_mask_json_type, &mask.base);
    expect_refused(&google_protobuf_any_json_type, &any.base);
}

static void the_first_failure_sticks(void)
{
    struct sheet sheet;
    sheet_init(&sheet);
    alloc_fail_at(1);
    json_writer_begin_object(&sheet.writer);
    alloc_fail_at(0);
    json_writer_string(&sheet.writer, "\xff");
    json_writer_end_object(&sheet.writer);
    CU_ASSERT_EQUAL(sheet.writer.status, QVT_NO_MEMORY);
    CU_ASSERT_EQUAL(sheet.out.len, 0);
    buf_deinit(&sheet.out);
}

SUITE_MAIN("json/writer", SUITE_CASE(strings_are_escaped), SUITE_CASE(text_that_is_not_utf8_is_not_written),
           SUITE_CASE(reals_are_short_and_exact), SUITE_CASE(commas_stand_between_values_only),
           SUITE_CASE(defaults_are_written_when_asked), SUITE_CASE(a_map_without_value_has_an_empty_one),
           SUITE_CASE(what_json_cannot_express_is_refused), SUITE_CASE(the_first_failure_sticks))
