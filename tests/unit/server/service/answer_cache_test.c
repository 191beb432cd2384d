#include "server/service/answer_cache.h"

#include <stdio.h>
#include <stdlib.h>

#include <CUnit/Basic.h>

#include "tests/support/suite.h"

static struct answer_cache cache;
static uint64_t generation;
static uint64_t dropped;
static uint64_t dropped_served;

static void on_drop(void *data, qvt_slice request, uint64_t served)
{
    (void)data;
    (void)request;
    dropped++;
    dropped_served += served;
}

static void open_cache(size_t bytes_max)
{
    generation = 1;
    dropped = 0;
    dropped_served = 0;
    answer_cache_init(&cache, bytes_max);
    cache.on_drop = on_drop;
}

static bool get(const char *request, qvt_slice *answer)
{
    return answer_cache_get(&cache, qvt_slice_text(request), answer);
}

static void put(const char *request, const char *answer)
{
    answer_cache_put(&cache, qvt_slice_text(request), qvt_slice_text(answer), &generation);
}

static void an_answer_is_given_for_exactly_its_request(void)
{
    qvt_slice answer;
    open_cache(1 << 20);
    CU_ASSERT_FALSE(get("a", &answer));
    put("a", "one");
    put("ab", "two");
    put("empty", "");
    CU_ASSERT_TRUE_FATAL(get("a", &answer));
    EXPECT_SLICE(answer, "one");
    CU_ASSERT_TRUE_FATAL(get("ab", &answer));
    EXPECT_SLICE(answer, "two");
    CU_ASSERT_TRUE_FATAL(get("empty", &answer));
    CU_ASSERT_EQUAL(answer.len, 0);
    CU_ASSERT_FALSE(get("b", &answer));
    CU_ASSERT_FALSE(get("", &answer));
    answer_cache_deinit(&cache);
}

static void a_change_of_the_cluster_ends_its_answers(void)
{
    uint64_t other = 7;
    qvt_slice answer;
    open_cache(1 << 20);
    put("a", "one");
    answer_cache_put(&cache, qvt_slice_text("b"), qvt_slice_text("other"), &other);
    generation++;
    CU_ASSERT_FALSE(get("a", &answer));
    CU_ASSERT_TRUE(get("b", &answer));
    put("a", "two");
    CU_ASSERT_TRUE_FATAL(get("a", &answer));
    EXPECT_SLICE(answer, "two");
    CU_ASSERT_EQUAL(dropped, 1);
    answer_cache_deinit(&cache);
}

static void forgetting_a_cluster_leaves_the_others(void)
{
    uint64_t other = 7;
    qvt_slice answer;
    open_cache(1 << 20);
    put("a", "one");
    answer_cache_put(&cache, qvt_slice_text("b"), qvt_slice_text("other"), &other);
    answer_cache_forget(&cache, &generation);
    CU_ASSERT_FALSE(get("a", &answer));
    CU_ASSERT_TRUE(get("b", &answer));
    answer_cache_deinit(&cache);
    CU_ASSERT_EQUAL(dropped, 2);
}

static void every_answer_given_is_counted_when_it_is_dropped(void)
{
    qvt_slice answer;
    open_cache(1 << 20);
    put("a", "one");
    CU_ASSERT_TRUE(get("a", &answer));
    CU_ASSERT_TRUE(get("a", &answer));
    answer_cache_deinit(&cache);
    CU_ASSERT_EQUAL(dropped_served, 3);
}

static void memory_stays_within_the_bound(void)
{
    char request[32];
    char answer[256];
    qvt_slice found;
    open_cache(64 * 1024);
    memset(answer, 'x', sizeof(answer) - 1);
    answer[sizeof(answer) - 1] = '\0';
    for (int i = 0; i < 20000; i++) {
        snprintf(request, sizeof(request), "request %d", i);
        put(request, answer);
        CU_ASSERT_FATAL(cache.bytes <= cache.bytes_max);
        CU_ASSERT_TRUE_FATAL(get(request, &found));
    }
    answer_cache_deinit(&cache);
    CU_ASSERT_EQUAL(cache.bytes, 0);
    CU_ASSERT_EQUAL(dropped, 20000);
}

static void an_answer_over_the_bound_is_not_kept(void)
{
    char *large = calloc(1, 128 * 1024);
    qvt_slice found;
    CU_ASSERT_PTR_NOT_NULL_FATAL(large);
    memset(large, 'x', 128 * 1024 - 1);
    open_cache(1 << 20);
    put("a", large);
    CU_ASSERT_FALSE(get("a", &found));
    answer_cache_deinit(&cache);
    free(large);
}

SUITE_MAIN("server/service/answer_cache", SUITE_CASE(an_answer_is_given_for_exactly_its_request),
           SUITE_CASE(a_change_of_the_cluster_ends_its_answers), SUITE_CASE(forgetting_a_cluster_leaves_the_others),
           SUITE_CASE(every_answer_given_is_counted_when_it_is_dropped), SUITE_CASE(memory_stays_within_the_bound),
           SUITE_CASE(an_answer_over_the_bound_is_not_kept))
