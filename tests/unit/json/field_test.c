#include "json/field.h"

#include <CUnit/CUnit.h>

#include "golden/v1/every.bindings.h"
#include "golden/v1/every.json.h"
#include "golden/v1/every.methods.h"
#include "golden/v1/every.routes.h"
#include "golden/v1/every.server.h"
#include "tests/support/suite.h"
#include "tests/unit/json/harness.h"

static void expect(const char *query, const char *written)
{
    harness_expect_fields(&golden_v1_find_request_json_type, golden_v1_library_find_set_field, query, written);
}

static void scalars_are_set_from_text(void)
{
    expect("shelf=a%2Fb&book=18446744073709551615&deep=false",
           "{\"shelf\":\"a/b\",\"book\":\"18446744073709551615\",\"deep\":false}");
    expect("cover=_-8", "{\"cover\":\"/+8=\"}");
    expect("mood=MOOD_BAD", "{\"mood\":\"MOOD_BAD\"}");
    expect("mood=-7", "{\"mood\":\"MOOD_BAD\"}");
}

static void nested_fields_are_set_by_path_in_both_spellings(void)
{
    harness_expect_fields(&golden_v1_find_request_json_type, golden_v1_library_find_set_field,
                          "leaf.name=oak&leaf.kind=KIND_GREEN",
                          "{\"leaf\":{\"name\":\"oak\",\"kind\":\"KIND_GREEN\"}}");
    expect("byLeaf.name=oak", "{\"byLeaf\":{\"name\":\"oak\"}}");
    expect("by_leaf.name=oak", "{\"byLeaf\":{\"name\":\"oak\"}}");
}

static void repeated_fields_grow(void)
{
    expect("tags=1&tags=2&tags=3&tags=4&tags=5&tags=6&tags=7&tags=8&tags=9&moods=MOOD_BAD&moods=0",
           "{\"tags\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"],\"moods\":[\"MOOD_BAD\",\"MOOD_"
           "UNSPECIFIED\"]}");
}

/* A request may come in a body and in its query. */
static void repeated_fields_grow_behind_those_of_a_body(void)
{
    static const char body[] = "{\"tags\": [\"1\", \"2\", \"3\", \"4\", \"5\", \"6\"]}";
    struct harness harness;
    ProtobufCMessage *message = NULL;
    harness_init(&harness);
    CU_ASSERT_EQUAL_FATAL(harness_read(&harness, &golden_v1_find_request_json_type, body, &message), QVT_OK);
    CU_ASSERT_EQUAL(golden_v1_library_find_set_field(&harness.reader, message, "tags", "7"), QVT_OK);
    const Golden__V1__FindRequest *request = (const Golden__V1__FindRequest *)message;
    CU_ASSERT_EQUAL_FATAL(request->n_tags, 7);
    for (size_t i = 0; i < request->n_tags; i++) {
        const char expected[] = {(char)('1' + i), '\0'};
        EXPECT_TEXT(request->tags[i], expected);
    }
    harness_deinit(&harness);
}

static void well_known_types_are_set_from_their_text(void)
{
    expect("since=1970-01-01T00:00:01Z&mask=a,b.c", "{\"since\":\"1970-01-01T00:00:01Z\",\"mask\":\"a,b.c\"}");
}

static void faults_name_the_path_the_value_and_the_rule(void)
{
    expect("shelff=1", "shelff: unknown field");
    expect("leaf.nam=1", "leaf.nam: unknown field");
    expect("shelf.x=1", "shelf.x: unknown field");
    expect("leaf=1", "leaf: cannot be given as one text");
    expect("labels=1", "labels: cannot be given as one text");
    expect("book=-1", "book: must be a whole number from 0 to 18446744073709551615, not \"-1\"");
    expect("book=1e3", "book: must be a whole number from 0 to 18446744073709551615, not \"1e3\"");
    expect("deep=yes", "deep: must be true or false, not \"yes\"");
    expect("leaf.kind=RED", "leaf.kind: must be a value of golden.v1.Tree.Leaf.Kind, such as KIND_GREEN, not \"RED\"");
    expect("since=now", "since: must be a time such as \"2006-01-02T15:04:05.123Z\", from year 1 to 9999, not \"now\"");
    expect("=1", ": unknown field");
}

static void a_oneof_holds_one_field(void)
{
    expect("author=a&author=b", "{\"author\":\"b\"}");
    expect("author=a&byLeaf.name=b", "by_leaf: another field of the oneof \"by\" is set already");
}

/* A carrier that remembers how the call ended. */
struct carrier {
    qvt_rpc_unary unary;
    qvt_status status;
    size_t replies;
};

static void reply(qvt_rpc_unary *unary, const qvt_slice *parts, size_t part_count)
{
    (void)parts;
    (void)part_count;
    ((struct carrier *)unary)->replies++;
}

static void fail(qvt_rpc_unary *unary, const qvt_error *error)
{
    ((struct carrier *)unary)->status = error->status;
}

static const qvt_rpc_unary_carrier carrier_calls = {.reply = reply, .fail = fail};

static void find(void *self, qvt_rpc_unary *unary, const Golden__V1__FindRequest *request)
{
    *(uint64_t *)self = request->book;
    qvt_rpc_unary_reply(unary, NULL, 0);
}

static void bindings_call_the_handler(void)
{
    static const golden_v1_library_handlers handlers = {.find = find};
    const struct json_binding *binding = &golden_v1_library_bindings[GOLDEN_V1_LIBRARY_FIND];
    Golden__V1__FindRequest request;
    golden__v1__find_request__init(&request);
    struct carrier carrier = {.unary = {.carrier = &carrier_calls}};
    uint64_t seen = 0;
    request.book = 42;
    binding->dispatch(&handlers, &seen, &carrier.unary, &request.base);
    CU_ASSERT_EQUAL(seen, 42);
    CU_ASSERT_EQUAL(carrier.replies, 1);
    EXPECT_TEXT(binding->request->name, "golden.v1.FindRequest");
    EXPECT_TEXT(binding->response->name, "golden.v1.Tree");
    EXPECT_TEXT(binding->method->path, "/golden.v1.Library/Find");
}

static void a_missing_handler_is_unimplemented(void)
{
    static const golden_v1_library_handlers handlers = {.find = NULL};
    struct carrier carrier = {.unary = {.carrier = &carrier_calls}};
    Golden__V1__FindRequest request;
    golden__v1__find_request__init(&request);
    golden_v1_library_bindings[GOLDEN_V1_LIBRARY_FIND].dispatch(&handlers, NULL, &carrier.unary, &request.base);
    CU_ASSERT_EQUAL(carrier.status, QVT_UNIMPLEMENTED);
    CU_ASSERT_PTR_NULL(golden_v1_library_bindings[GOLDEN_V1_LIBRARY_TALK].dispatch);
    CU_ASSERT_PTR_NULL(golden_v1_library_bindings[GOLDEN_V1_LIBRARY_UNBOUND].set_field);
}

SUITE_MAIN("json/field", SUITE_CASE(scalars_are_set_from_text),
           SUITE_CASE(nested_fields_are_set_by_path_in_both_spellings), SUITE_CASE(repeated_fields_grow),
           SUITE_CASE(repeated_fields_grow_behind_those_of_a_body),
           SUITE_CASE(well_known_types_are_set_from_their_text),
           SUITE_CASE(faults_name_the_path_the_value_and_the_rule), SUITE_CASE(a_oneof_holds_one_field),
           SUITE_CASE(bindings_call_the_handler), SUITE_CASE(a_missing_handler_is_unimplemented))
