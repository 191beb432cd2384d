#include "json/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "golden/v1/every.json.h"
#include "golden/v1/legacy.json.h"
#include "golden/v1/odd.json.h"
#include "quark/version/v1/silo.json.h"
#include "tests/support/alloc.h"
#include "tests/support/suite.h"
#include "tests/unit/json/harness.h"

static const struct json_message_type *const scalars = &golden_v1_scalars_json_type;
static const struct json_message_type *const silo = &quark_version_v1_silo_info_json_type;

static void both_spellings_are_read_and_lower_camel_case_is_written(void)
{
    harness_expect(silo, "{\"silo_id\": \"a\", \"buildId\": \"b\"}", "{\"siloId\":\"a\",\"buildId\":\"b\"}");
}

static void a_field_in_both_spellings_is_refused(void)
{
    harness_expect_error(silo, "{\"silo_id\": \"a\", \"siloId\": \"b\"}", "silo_id: given twice");
}

static void a_name_given_twice_is_refused(void)
{
    harness_expect_error(silo, "{\"port\": 1, \"port\": 2}", ": not valid JSON: line 1");
}

static void null_is_absent(void)
{
    harness_expect(silo, "{\"siloId\": null, \"labels\": null, \"leaseTtl\": null}", "{}");
    harness_expect(&golden_v1_choice_json_type, "{\"number\": null, \"text\": \"t\"}", "{\"text\":\"t\"}");
}

static void null_inside_a_list_or_map_is_refused(void)
{
    harness_expect_error(&golden_v1_lists_json_type, "{\"strings\": [\"a\", null]}",
                         "strings[1]: must be a string, not null");
    harness_expect_error(silo, "{\"labels\": {\"a\": null}}", "labels[\"a\"]: must be a string, not null");
}

static void default_values_are_left_out(void)
{
    harness_expect(scalars, "{\"aDouble\": 0, \"anInt64\": \"0\", \"aBool\": false, \"aString\": \"\", \"mood\": 0}",
                   "{}");
    harness_expect(&golden_v1_optionals_json_type, "{\"anInt32\": 0, \"aString\": \"\", \"aBytes\": \"\"}",
                   "{\"anInt32\":0,\"aString\":\"\",\"aBytes\":\"\"}");
}

static void unknown_fields_are_refused_with_their_path(void)
{
    harness_expect_error(silo, "{\"health\": {\"cpu\": 1}}", "health.cpu: unknown field");
    harness_expect_error(silo, "{\"actorTypeVersions\": {\"Order\": {\"versoin\": \"1\"}}}",
                         "actor_type_versions[\"Order\"].versoin: unknown field");
}

static void unknown_fields_are_ignored_when_asked(void)
{
    struct harness harness;
    ProtobufCMessage *message;
    harness_init(&harness);
    harness.reader.ignore_unknown = true;
    CU_ASSERT_EQUAL(harness_read(&harness, silo, "{\"x\": [1, {\"y\": null}], \"siloId\": \"a\"}", &message), QVT_OK);
    harness_deinit(&harness);
}

static void wrong_types_say_path_value_and_rule(void)
{
    harness_expect_error(silo, "[]", ": must be an object, not an array");
    harness_expect_error(silo, "{\"siloId\": 7}", "silo_id: must be a string, not 7");
    harness_expect_error(silo, "{\"port\": \"many\"}",
                         "port: must be a whole number from 0 to 4294967295, not \"many\"");
    harness_expect_error(silo, "{\"suspect\": 1}", "suspect: must be true or false, not 1");
    harness_expect_error(silo, "{\"labels\": []}", "labels: must be an object, not an array");
    harness_expect_error(silo, "{\"health\": 1.5}", "health: must be an object, not 1.5");
    harness_expect_error(silo, "{\"instanceId\": \"?\"}", "instance_id: must be base64, not \"?\"");
    harness_expect_error(silo, "{\"leaseTtl\": 15}", "lease_ttl: must be a duration such as");
    harness_expect_error(silo, "{\"registeredAt\": \"today\"}", "registered_at: must be a time such as");
    harness_expect_error(&golden_v1_lists_json_type, "{\"strings\": \"a\"}", "strings: must be an array, not \"a\"");
}

static void enums_are_names_or_numbers(void)
{
    harness_expect(silo, "{\"status\": \"SILO_STATUS_ACTIVE\"}", "{\"status\":\"SILO_STATUS_ACTIVE\"}");
    harness_expect(silo, "{\"status\": 2}", "{\"status\":\"SILO_STATUS_ACTIVE\"}");
    harness_expect(silo, "{\"status\": 99}", "{\"status\":99}");
    harness_expect_error(silo, "{\"status\": \"ACTIVE\"}", "status: must be a value of quark.version.v1.SiloStatus");
    harness_expect_error(silo, "{\"status\": true}",
                         "status: must be the name or the number of an enum value, not true");
    harness_expect_error(silo, "{\"status\": 3000000000}", "status: must be a whole number");
}

static void whole_numbers_are_exact_or_refused(void)
{
    harness_expect(scalars, "{\"aUint64\": 18446744073709551615, \"anInt64\": -9223372036854775808}",
                   "{\"anInt64\":\"-9223372036854775808\",\"aUint64\":\"18446744073709551615\"}");
    harness_expect(scalars, "{\"aUint64\": \"18446744073709551615\", \"anInt32\": \"-5\"}",
                   "{\"anInt32\":-5,\"aUint64\":\"18446744073709551615\"}");
    harness_expect(scalars, "{\"anInt32\": 1.0, \"aUint32\": 1e3, \"aUint64\": 1e19}",
                   "{\"anInt32\":1,\"aUint32\":1000,\"aUint64\":\"10000000000000000000\"}");
    harness_expect_error(scalars, "{\"anInt32\": 1.5}", "an_int32: must be a whole number from -2147483648");
    harness_expect_error(scalars, "{\"anInt32\": 2147483648}", "an_int32: must be a whole number");
    harness_expect_error(scalars, "{\"aUint32\": -1}", "a_uint32: must be a whole number");
    harness_expect_error(scalars, "{\"aUint64\": 18446744073709551616}",
                         "a_uint64: must be a whole number from 0 to 18446744073709551615, not 18446744073709551616");
    harness_expect_error(scalars, "{\"anInt64\": 9223372036854775808}", "an_int64: must be a whole number");
    harness_expect_error(scalars, "{\"anInt64\": \"1 \"}", "an_int64: must be a whole number");
    harness_expect_error(scalars, "{\"anInt64\": \"0x10\"}", "an_int64: must be a whole number");
    harness_expect_error(scalars, "{\"anInt64\": \"\"}", "an_int64: must be a whole number");
}

static void long_numbers_are_no_strings(void)
{
    harness_expect_error(scalars, "{\"aString\": 12345678901234567890}",
                         "a_string: must be a string, not 12345678901234567890");
    harness_expect_error(scalars, "{\"aBytes\": 12345678901234567890}", "a_bytes: must be a string of base64");
    harness_expect(scalars, "{\"aDouble\": 12345678901234567890123}", "{\"aDouble\":1.2345678901234568e+22}");
    harness_expect(scalars, "{\"aString\": \"12345678901234567890\", \"anInt64\": 1234567890123456789}",
                   "{\"anInt64\":\"1234567890123456789\",\"aString\":\"12345678901234567890\"}");
}

static void reals_have_three_names(void)
{
    harness_expect(scalars, "{\"aDouble\": \"NaN\", \"aFloat\": \"-Infinity\"}",
                   "{\"aDouble\":\"NaN\",\"aFloat\":\"-Infinity\"}");
    harness_expect(scalars, "{\"aDouble\": \"1.5e3\"}", "{\"aDouble\":1500}");
    harness_expect_error(scalars, "{\"aDouble\": \"nan\"}", "a_double: must be a number");
    harness_expect_error(scalars, "{\"aDouble\": \"0x1p3\"}", "a_double: must be a number");
    harness_expect_error(scalars, "{\"aDouble\": \"1e999\"}", "a_double: must be a number");
    harness_expect_error(scalars, "{\"aFloat\": 1e39}", "a_float: must be a number of 32 bits");
}

static void oneofs_hold_one_field(void)
{
    harness_expect(&golden_v1_choice_json_type, "{\"scalars\": {}, \"leftSide\": 1}",
                   "{\"scalars\":{},\"leftSide\":\"1\"}");
    harness_expect_error(&golden_v1_choice_json_type, "{\"number\": 1, \"text\": \"\"}",
                         "text: another field of the oneof \"value\" is set already");
}

static void required_fields_are_required(void)
{
    harness_expect(&golden_v1_legacy_json_type, "{\"name\": \"\", \"number\": 0}", "{\"name\":\"\",\"number\":0}");
    harness_expect_error(&golden_v1_legacy_json_type, "{\"name\": \"a\"}", "number: is required");
    harness_expect_error(&golden_v1_tree_json_type, "{\"legacy\": {\"number\": 1}}", "legacy.name: is required");
}

static void nul_and_invalid_utf8_are_refused(void)
{
    harness_expect_error(silo, "{\"siloId\": \"a\\u0000b\"}",
                         ": not valid JSON: line 1, column 21: \\u0000 is not allowed");
    harness_expect_error(silo, "{\"labels\": {\"\\u0000\": \"\"}}",
                         ": not valid JSON: line 1, column 20: \\u0000 is not allowed");
    harness_expect_error(silo, "{\"siloId\": \"\\u0000123\", \"port\": 12345678901234567890}",
                         ": not valid JSON: line 1, column 22: \\u0000 is not allowed");
    harness_expect_error(silo, "{\"siloId\": \"\xff\"}", ": not valid JSON: line 1, column ");
    harness_expect_error(silo, "{\"siloId\": \"\\ud800\"}", ": not valid JSON: line 1, column ");
    harness_expect(silo, "{\"siloId\": \"\\\\u0000\"}", "{\"siloId\":\"\\\\u0000\"}");
}

static void broken_text_says_line_and_column(void)
{
    harness_expect_error(silo, "", ": not valid JSON: line ");
    harness_expect_error(silo, "{\n  \"port\": 1,\n}", ": not valid JSON: line 3, column 1");
    harness_expect_error(silo, "{} {}", ": not valid JSON: line 1");
    harness_expect_error(silo, "{\"siloId\": \"a", ": not valid JSON: line 1");
    harness_expect_error(silo, "{'siloId': 1}", ": not valid JSON: line 1");
}

/* depth copies of `open` around `core`. */
static char *nest(size_t depth, const char *open, const char *core, const char *close)
{
    char *text = malloc(depth * (strlen(open) + strlen(close)) + strlen(core) + 1);
    char *at = text;
    if (text == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < depth; i++) {
        at += sprintf(at, "%s", open);
    }
    at += sprintf(at, "%s", core);
    for (size_t i = 0; i < depth; i++) {
        at += sprintf(at, "%s", close);
    }
    return text;
}

static void expect_nesting(size_t depth, qvt_status expected)
{
    struct harness harness;
    ProtobufCMessage *message;
    char *text = nest(depth, "{\"left\":", "{}", "}");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    harness_init(&harness);
    CU_ASSERT_EQUAL(harness_read(&harness, &golden_v1_tree_json_type, text, &message), expected);
    harness_deinit(&harness);
    free(text);
}

static void messages_nest_64_deep(void)
{
    expect_nesting(63, QVT_OK);
    expect_nesting(64, QVT_INVALID_ARGUMENT);
    expect_nesting(10000, QVT_INVALID_ARGUMENT);
    harness_expect_error(&golden_v1_tree_json_type, "{\"named\": {\"a\": {\"named\": {\"b\": {\"left\": 1}}}}}",
                         "named[\"a\"].named[\"b\"].left: must be an object, not 1");
}

static void brackets_beyond_the_budget_are_refused(void)
{
    struct harness harness;
    ProtobufCMessage *message;
    char *text = nest(300000, "[],", "[]", "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    harness_init(&harness);
    CU_ASSERT_EQUAL(harness_read(&harness, silo, text, &message), QVT_RESOURCE_EXHAUSTED);
    harness_deinit(&harness);
    free(text);
}

static void any_holds_a_known_type(void)
{
    const struct json_message_type *type = &golden_v1_well_known_json_type;
    harness_expect(type, "{\"any\": {\"@type\": \"type.googleapis.com/golden.v1.Scalars\", \"an_int32\": 5}}",
                   "{\"any\":{\"@type\":\"type.googleapis.com/golden.v1.Scalars\",\"anInt32\":5}}");
    harness_expect(type, "{\"any\": {\"value\": \"1.5s\", \"@type\": \"x/google.protobuf.Duration\"}}",
                   "{\"any\":{\"@type\":\"x/google.protobuf.Duration\",\"value\":\"1.500s\"}}");
    harness_expect(type, "{\"any\": {}}", "{\"any\":{}}");
    harness_expect_error(type, "{\"any\": {\"a\": 1}}", "any: needs a string \"@type\"");
    harness_expect_error(type, "{\"any\": {\"@type\": \"x/golden.v1.None\"}}", "any: @type names no known type");
    harness_expect_error(type, "{\"any\": {\"@type\": \"x/golden.v1.Scalars\", \"b\": 1}}", "any.b: unknown field");
}

static void field_masks_are_read_in_both_spellings(void)
{
    const struct json_message_type *type = &golden_v1_well_known_json_type;
    harness_expect(type, "{\"mask\": \"siloId,health.cpuPercent\"}", "{\"mask\":\"siloId,health.cpuPercent\"}");
    harness_expect(type, "{\"mask\": \"silo_id\"}", "{\"mask\":\"siloId\"}");
    harness_expect(type, "{\"mask\": \"\"}", "{\"mask\":\"\"}");
    harness_expect_error(type, "{\"mask\": \"a,,b\"}", "mask: must be field names joined by commas");
    harness_expect_error(type, "{\"mask\": \"a b\"}", "mask: must be field names joined by commas");
}

static void map_keys_are_text_of_their_type(void)
{
    const struct json_message_type *type = &golden_v1_maps_json_type;
    harness_expect(type, "{\"int32s\": {\"-5\": 7}, \"bools\": {\"true\": \"a\"}}",
                   "{\"int32s\":{\"-5\":\"7\"},\"bools\":{\"true\":\"a\"}}");
    harness_expect_error(type, "{\"int32s\": {\"x\": 7}}", "int32s[\"x\"]: must be a whole number");
    harness_expect_error(type, "{\"bools\": {\"1\": \"a\"}}", "bools[\"1\"]: must be true or false, not \"1\"");
    harness_expect_error(type, "{\"uint32s\": {\"01\": 1}}", "uint32s[\"01\"]: must be a whole number");
}

static const char rich[] =
    "{\"siloId\":\"a\",\"labels\":{\"k\":\"v\"},\"actorTypeVersions\":{\"Order\":{\"version\":\"1\","
    "\"stateSchema\":{\"writes\":3}}},\"leaseTtl\":\"15s\",\"incarnation\":18446744073709551615}";

static void memory_that_is_refused_is_resource_exhausted(void)
{
    qvt_status status = QVT_RESOURCE_EXHAUSTED;
    for (size_t cap = 0; status != QVT_OK; cap += 16) {
        struct harness harness;
        ProtobufCMessage *message;
        harness_init(&harness);
        harness.arena.cap = cap;
        status = harness_read(&harness, silo, rich, &message);
        CU_ASSERT_TRUE(status == QVT_OK || status == QVT_RESOURCE_EXHAUSTED);
        CU_ASSERT_EQUAL(harness.error.status, status);
        harness_deinit(&harness);
        CU_ASSERT_FATAL(cap < 65536);
    }
}

static void text_cut_anywhere_is_refused(void)
{
    for (size_t len = 0; len + 1 < sizeof(rich) - 1; len++) {
        struct harness harness;
        json_t *tree = NULL;
        harness_init(&harness);
        CU_ASSERT_EQUAL(json_reader_parse(&harness.reader, qvt_slice_make(rich, len), &tree), QVT_INVALID_ARGUMENT);
        CU_ASSERT_PTR_NULL(tree);
        harness_deinit(&harness);
    }
}

static void every_allocation_may_fail(void)
{
    unsigned long nth = 1;
    do {
        struct harness harness;
        ProtobufCMessage *message;
        harness_init(&harness);
        alloc_fail_at(nth++);
        qvt_status status = harness_read(&harness, silo, rich, &message);
        CU_ASSERT_EQUAL(status == QVT_OK, !alloc_failed());
        harness_deinit(&harness);
    } while (alloc_failed());
    alloc_fail_at(0);
}

SUITE_MAIN("json/reader", SUITE_CASE(both_spellings_are_read_and_lower_camel_case_is_written),
           SUITE_CASE(a_field_in_both_spellings_is_refused), SUITE_CASE(a_name_given_twice_is_refused),
           SUITE_CASE(null_is_absent), SUITE_CASE(null_inside_a_list_or_map_is_refused),
           SUITE_CASE(default_values_are_left_out), SUITE_CASE(unknown_fields_are_refused_with_their_path),
           SUITE_CASE(unknown_fields_are_ignored_when_asked), SUITE_CASE(wrong_types_say_path_value_and_rule),
           SUITE_CASE(enums_are_names_or_numbers), SUITE_CASE(whole_numbers_are_exact_or_refused),
           SUITE_CASE(long_numbers_are_no_strings), SUITE_CASE(reals_have_three_names),
           SUITE_CASE(oneofs_hold_one_field), SUITE_CASE(required_fields_are_required),
           SUITE_CASE(nul_and_invalid_utf8_are_refused), SUITE_CASE(broken_text_says_line_and_column),
           SUITE_CASE(messages_nest_64_deep), SUITE_CASE(brackets_beyond_the_budget_are_refused),
           SUITE_CASE(any_holds_a_known_type), SUITE_CASE(field_masks_are_read_in_both_spellings),
           SUITE_CASE(map_keys_are_text_of_their_type), SUITE_CASE(memory_that_is_refused_is_resource_exhausted),
           SUITE_CASE(text_cut_anywhere_is_refused), SUITE_CASE(every_allocation_may_fail))
