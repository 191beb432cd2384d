#include "json/route.h"

#include <stdio.h>

#include <CUnit/CUnit.h>

#include "golden/v1/every.methods.h"
#include "golden/v1/every.routes.h"
#include "quark/version/v1/version_tracker.methods.h"
#include "quark/version/v1/version_tracker.routes.h"
#include "tests/support/alloc.h"
#include "tests/support/suite.h"

static const struct json_routes *const tracker = &quark_version_v1_version_tracker_routes;
static const struct json_routes *const library = &golden_v1_library_routes;

/* The match as "method field=text …", or the status. */
static void expect(const struct json_routes *routes, const qvt_rpc_service *service, enum json_verb verb,
                   const char *path, const char *expected)
{
    struct json_match match;
    char text[400];
    size_t len = 0;
    qvt_status status = json_routes_match(routes, verb, path, &match);
    if (status != QVT_OK) {
        (void)snprintf(text, sizeof(text), "%s %u", qvt_status_name(status), match.allowed);
        EXPECT_TEXT(text, expected);
        return;
    }
    len += (size_t)snprintf(text, sizeof(text), "%s", service->methods[match.route->method].name);
    for (size_t i = 0; i < match.capture_count; i++) {
        len +=
            (size_t)snprintf(text + len, sizeof(text) - len, " %s=%s", match.captures[i].field, match.captures[i].text);
    }
    EXPECT_TEXT(text, expected);
    json_match_deinit(&match);
}

static void expect_tracker(enum json_verb verb, const char *path, const char *expected)
{
    expect(tracker, &quark_version_v1_version_tracker, verb, path, expected);
}

static void expect_library(enum json_verb verb, const char *path, const char *expected)
{
    expect(library, &golden_v1_library, verb, path, expected);
}

static void verb_and_path_name_a_method(void)
{
    expect_tracker(JSON_VERB_POST, "/v1/silos", "RegisterSilo");
    expect_tracker(JSON_VERB_GET, "/v1/silos", "ListSilos");
    expect_tracker(JSON_VERB_GET, "/v1/silos/a", "GetSilo silo_id=a");
    expect_tracker(JSON_VERB_PATCH, "/v1/silos/a", "UpdateSilo silo_id=a");
    expect_tracker(JSON_VERB_GET, "/v1/silos/a/actor-types/Order", "GetActorTypeVersion silo_id=a actor_type=Order");
    expect_tracker(JSON_VERB_GET, "/v1/clusters/c/silos/a", "GetSilo cluster=c silo_id=a");
    expect_tracker(JSON_VERB_GET, "/v1/watch", "Watch");
}

static void a_query_is_no_part_of_the_path(void)
{
    expect_tracker(JSON_VERB_GET, "/v1/silos/a?explain=true/x", "GetSilo silo_id=a");
    expect_tracker(JSON_VERB_GET, "/v1/silos?", "ListSilos");
}

static void segments_are_decoded_after_the_split(void)
{
    expect_tracker(JSON_VERB_GET, "/v1/silos/a%2Fb%3A7", "GetSilo silo_id=a/b:7");
    expect_tracker(JSON_VERB_GET, "/v1/silos/10.0.0.1:7000", "GetSilo silo_id=10.0.0.1:7000");
    expect_tracker(JSON_VERB_GET, "/v1/silos/%E2%82%AC%20+", "GetSilo silo_id=\xe2\x82\xac +");
    expect_tracker(JSON_VERB_GET, "/v1/%73ilos/%25", "GetSilo silo_id=%");
}

static void another_verb_is_told_from_an_unknown_path(void)
{
    expect_tracker(JSON_VERB_PUT, "/v1/silos", "UNIMPLEMENTED 5");
    expect_tracker(JSON_VERB_COUNT, "/v1/silos/a", "UNIMPLEMENTED 25");
    expect_tracker(JSON_VERB_GET, "/v1/nothing", "NOT_FOUND 0");
    expect_tracker(JSON_VERB_GET, "/v1/silos/a/b/c/d/e", "NOT_FOUND 0");
}

static void empty_segments_match_nothing(void)
{
    expect_tracker(JSON_VERB_GET, "/v1/silos/", "NOT_FOUND 0");
    expect_tracker(JSON_VERB_GET, "/v1//a", "NOT_FOUND 0");
    expect_tracker(JSON_VERB_GET, "/", "NOT_FOUND 0");
    expect_tracker(JSON_VERB_GET, "", "NOT_FOUND 0");
    expect_tracker(JSON_VERB_GET, "v1/silos", "NOT_FOUND 0");
    expect_tracker(JSON_VERB_GET, "*", "NOT_FOUND 0");
}

static void very_many_segments_are_no_path(void)
{
    expect_tracker(JSON_VERB_GET, "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a",
                   "NOT_FOUND 0");
}

static void bad_encoding_is_an_invalid_argument(void)
{
    expect_tracker(JSON_VERB_GET, "/v1/silos/%", "INVALID_ARGUMENT 0");
    expect_tracker(JSON_VERB_GET, "/v1/silos/%2", "INVALID_ARGUMENT 0");
    expect_tracker(JSON_VERB_GET, "/v1/silos/%zz", "INVALID_ARGUMENT 0");
    expect_tracker(JSON_VERB_GET, "/v1/silos/a%00b", "INVALID_ARGUMENT 0");
    expect_tracker(JSON_VERB_GET, "/v1/silos/%ff", "INVALID_ARGUMENT 0");
}

static void a_literal_is_preferred_to_a_capture(void)
{
    expect_library(JSON_VERB_GET, "/v1/shelves/s/books/newest", "Find shelf=s");
    expect_library(JSON_VERB_GET, "/v1/shelves/s/books/7", "Find shelf=s book=7");
    expect_library(JSON_VERB_PUT, "/v1/leaves/oak", "PutLeaf leaf.name=oak");
}

static void verbs_are_upper_case(void)
{
    CU_ASSERT_EQUAL(json_verb_parse("DELETE"), JSON_VERB_DELETE);
    CU_ASSERT_EQUAL(json_verb_parse("get"), JSON_VERB_COUNT);
    CU_ASSERT_EQUAL(json_verb_parse("OPTIONS"), JSON_VERB_COUNT);
    EXPECT_TEXT(json_verb_name(JSON_VERB_PATCH), "PATCH");
}

static void every_allocation_may_fail(void)
{
    unsigned long nth = 1;
    do {
        struct json_match match;
        alloc_fail_at(nth);
        qvt_status status = json_routes_match(tracker, JSON_VERB_GET, "/v1/silos/a/capabilities", &match);
        CU_ASSERT_EQUAL(status, alloc_failed() ? QVT_NO_MEMORY : QVT_OK);
        if (status == QVT_OK) {
            json_match_deinit(&match);
        }
        nth++;
    } while (alloc_failed());
    alloc_fail_at(0);
}

/* Appends "name=value;" to the text. */
static qvt_status append(const char *name, const char *value, void *data)
{
    char *text = data;
    size_t len = strlen(text);
    (void)snprintf(text + len, 200 - len, "%s=%s;", name, value);
    return strcmp(name, "stop") == 0 ? QVT_ABORTED : QVT_OK;
}

static void expect_query(const char *query, qvt_status expected, const char *pairs)
{
    char text[200] = "";
    CU_ASSERT_EQUAL(json_query_walk(query, append, text), expected);
    EXPECT_TEXT(text, pairs);
}

static void queries_are_walked_in_order_and_decoded(void)
{
    expect_query("", QVT_OK, "");
    expect_query("?a=1&b=x%20y+z&c", QVT_OK, "a=1;b=x y z;c=;");
    expect_query("a=b=c&&=d&", QVT_OK, "a=b=c;=d;");
    expect_query("%61%26=%26", QVT_OK, "a&=&;");
}

static void a_walk_ends_with_the_first_failure(void)
{
    expect_query("a=1&stop=2&b=3", QVT_ABORTED, "a=1;stop=2;");
    expect_query("a=1&b=%&c=3", QVT_INVALID_ARGUMENT, "a=1;");
    expect_query("a=%00", QVT_INVALID_ARGUMENT, "");
    expect_query("%c3=1", QVT_INVALID_ARGUMENT, "");
}

SUITE_MAIN("json/route", SUITE_CASE(verb_and_path_name_a_method), SUITE_CASE(a_query_is_no_part_of_the_path),
           SUITE_CASE(segments_are_decoded_after_the_split), SUITE_CASE(another_verb_is_told_from_an_unknown_path),
           SUITE_CASE(empty_segments_match_nothing), SUITE_CASE(very_many_segments_are_no_path),
           SUITE_CASE(bad_encoding_is_an_invalid_argument), SUITE_CASE(a_literal_is_preferred_to_a_capture),
           SUITE_CASE(verbs_are_upper_case), SUITE_CASE(every_allocation_may_fail),
           SUITE_CASE(queries_are_walked_in_order_and_decoded), SUITE_CASE(a_walk_ends_with_the_first_failure))
