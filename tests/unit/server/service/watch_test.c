#include "server/service/watch.h"

#include <stdio.h>

#include <CUnit/Basic.h>

#include "server/service/service_impl.h"
#include "tests/support/suite.h"
#include "tests/unit/server/service/fixture.h"

static struct fixture fixture;

static void a_watcher_walks_then_sees_changes(void)
{
    struct fake_watch watch = {.room = 100};
    fixture_open(&fixture, NULL);
    (void)fixture_register(&fixture, "", "a", "Order", "1.0.0");
    (void)fixture_register(&fixture, "", "b", "Order", "1.0.0");
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &watch, "", NULL, NULL), QVT_OK);
    EXPECT_TEXT(watch.events, "RrrE");
    CU_ASSERT_EQUAL(watch.revision, 2);
    (void)fixture_register(&fixture, "", "c", "Order", "1.0.0");
    EXPECT_TEXT(watch.events, "RrrEc");
    EXPECT_TEXT(watch.last_key, "c");
    CU_ASSERT_EQUAL(watch.revision, 3);
    watcher_free(watch.watcher);
    fixture_close(&fixture);
}

static void watchers_with_the_same_filter_share_the_encoding(void)
{
    struct fake_watch one = {.room = 100};
    struct fake_watch two = {.room = 100};
    struct fake_watch other = {.room = 100};
    fixture_open(&fixture, NULL);
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &one, "", "Order", NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &two, "", "Order", NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &other, "", NULL, NULL), QVT_OK);
    (void)fixture_register(&fixture, "", "a", "Order", "1.0.0");
    CU_ASSERT_PTR_NOT_NULL(one.last_blob);
    CU_ASSERT_PTR_EQUAL(one.last_blob, two.last_blob);
    CU_ASSERT_PTR_NOT_EQUAL(one.last_blob, other.last_blob);
    watcher_free(one.watcher);
    watcher_free(two.watcher);
    watcher_free(other.watcher);
    fixture_close(&fixture);
}

static void a_full_sink_keeps_its_watcher_behind_and_loses_nothing(void)
{
    struct fake_watch watch = {.room = 3};
    fixture_open(&fixture, NULL);
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &watch, "", NULL, NULL), QVT_OK);
    EXPECT_TEXT(watch.events, "RE");
    for (unsigned i = 0; i < 5; i++) {
        char version[16];
        snprintf(version, sizeof(version), "1.0.%u", i);
        (void)fixture_register(&fixture, "", "a", "Order", version);
    }
    EXPECT_TEXT(watch.events, "REc");
    CU_ASSERT_EQUAL(watch.revision, 1);
    watch.queued = 0;
    watcher_continue(watch.watcher);
    EXPECT_TEXT(watch.events, "REcccc");
    watch.queued = 0;
    watcher_continue(watch.watcher);
    EXPECT_TEXT(watch.events, "REccccc");
    CU_ASSERT_EQUAL(watch.revision, 5);
    watcher_free(watch.watcher);
    fixture_close(&fixture);
}

static void a_watcher_that_the_history_has_left_behind_walks_again(void)
{
    struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
    struct fake_watch watch = {.room = 2};
    limits.history_changes = 3;
    fixture_open(&fixture, &limits);
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &watch, "", NULL, NULL), QVT_OK);
    for (unsigned i = 0; i < 10; i++) {
        char id[16];
        snprintf(id, sizeof(id), "silo-%u", i);
        (void)fixture_register(&fixture, "", id, "", "");
    }
    EXPECT_TEXT(watch.events, "RE");
    watch.room = 100;
    watcher_continue(watch.watcher);
    EXPECT_TEXT(watch.events, "RERrrrrrrrrrrE");
    CU_ASSERT_EQUAL(watch.revision, 10);
    watcher_free(watch.watcher);
    fixture_close(&fixture);
}

static void what_changes_during_a_walk_comes_before_its_end(void)
{
    struct fake_watch watch = {.room = 2};
    fixture_open(&fixture, NULL);
    (void)fixture_register(&fixture, "", "a", "Order", "1.0.0");
    (void)fixture_register(&fixture, "", "b", "Order", "1.0.0");
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &watch, "", NULL, NULL), QVT_OK);
    EXPECT_TEXT(watch.events, "Rr");
    (void)fixture_register(&fixture, "", "a", "Order", "2.0.0");
    watch.room = 100;
    watcher_continue(watch.watcher);
    EXPECT_TEXT(watch.events, "RrrrE");
    CU_ASSERT_EQUAL(watch.revision, 3);
    watcher_free(watch.watcher);
    fixture_close(&fixture);
}

static void a_silo_that_stops_matching_during_a_walk_is_removed(void)
{
    struct fake_watch watch = {.room = 2};
    fixture_open(&fixture, NULL);
    (void)fixture_register(&fixture, "", "a", "Order", "1.0.0");
    (void)fixture_register(&fixture, "", "b", "Order", "1.0.0");
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &watch, "", "Order", NULL), QVT_OK);
    EXPECT_TEXT(watch.events, "Rr");
    (void)fixture_register(&fixture, "", "a", "Cart", "1.0.0");
    watch.room = 4;
    watcher_continue(watch.watcher);
    EXPECT_TEXT(watch.events, "Rrrx");
    EXPECT_TEXT(watch.last_key, "a");
    watcher_free(watch.watcher);
    fixture_close(&fixture);
}

static void a_filtered_watcher_is_told_what_left_its_filter_and_nothing_else(void)
{
    struct fake_watch watch = {.room = 100};
    fixture_open(&fixture, NULL);
    (void)fixture_register(&fixture, "", "a", "Order", "1.0.0");
    (void)fixture_register(&fixture, "", "b", "Cart", "1.0.0");
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &watch, "", "Order", NULL), QVT_OK);
    EXPECT_TEXT(watch.events, "RrE");
    (void)fixture_register(&fixture, "", "b", "Cart", "2.0.0");
    EXPECT_TEXT(watch.events, "RrE");
    (void)fixture_register(&fixture, "", "a", "Cart", "1.0.0");
    EXPECT_TEXT(watch.events, "RrEc");
    EXPECT_TEXT(watch.last_key, "a");
    (void)fixture_register(&fixture, "", "a", "Cart", "2.0.0");
    EXPECT_TEXT(watch.events, "RrEc");
    watcher_free(watch.watcher);
    fixture_close(&fixture);
}

static void a_quiet_watch_tells_progress_every_four_seconds(void)
{
    struct fake_watch watch = {.room = 100};
    fixture_open(&fixture, NULL);
    (void)fixture_register(&fixture, "", "a", "", "");
    (void)fixture_unregister(&fixture, "", "a");
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &watch, "", NULL, NULL), QVT_OK);
    EXPECT_TEXT(watch.events, "RrE");
    fixture_advance_ms(&fixture, 3999);
    EXPECT_TEXT(watch.events, "RrE");
    watch.queued = 0;
    fixture_advance_ms(&fixture, 1);
    EXPECT_TEXT(watch.events, "RrEp");
    CU_ASSERT_EQUAL(watch.revision, 2);
    watch.queued = 0;
    fixture_advance_ms(&fixture, 8000);
    EXPECT_TEXT(watch.events, "RrEppp");
    watcher_free(watch.watcher);
    fixture_close(&fixture);
}

static void what_a_filter_hides_does_not_delay_progress(void)
{
    struct fake_watch watch = {.room = 100};
    fixture_open(&fixture, NULL);
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &watch, "", "Order", NULL), QVT_OK);
    EXPECT_TEXT(watch.events, "RE");
    for (unsigned second = 1; second <= 9; second++) {
        char version[16];
        fixture_advance_ms(&fixture, 1000);
        snprintf(version, sizeof(version), "1.0.%u", second);
        (void)fixture_register(&fixture, "", "a", "Cart", version);
    }
    EXPECT_TEXT(watch.events, "REpp");
    CU_ASSERT_EQUAL(watch.revision, 7);
    watcher_free(watch.watcher);
    fixture_close(&fixture);
}

static void a_long_walk_lets_others_have_their_turn(void)
{
    static struct fake_watch watch;
    watch = (struct fake_watch){.room = FAKE_EVENTS_MAX};
    fixture_open(&fixture, NULL);
    for (unsigned i = 0; i < 2500; i++) {
        char id[16];
        snprintf(id, sizeof(id), "silo-%u", i);
        (void)fixture_register(&fixture, "", id, "", "");
    }
    CU_ASSERT_EQUAL_FATAL(fake_watch_begin(&fixture, &watch, "", NULL, NULL), QVT_OK);
    service_turn(fixture.service);
    CU_ASSERT_EQUAL(watch.event_count, 1 + 1000);
    service_turn(fixture.service);
    CU_ASSERT_EQUAL(watch.event_count, 1 + 2000);
    fixture_settle(&fixture);
    CU_ASSERT_EQUAL(watch.event_count, 1 + 2500 + 1);
    watcher_free(watch.watcher);
    fixture_close(&fixture);
}

static void a_watcher_that_takes_nothing_for_a_minute_is_ended(void)
{
    struct fake_watch stalled = {.room = 1};
    struct fake_watch slow = {.room = 1};
    fixture_open(&fixture, NULL);
    (void)fixture_register(&fixture, "", "a", "", "");
    (void)fixture_unregister(&fixture, "", "a");
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &stalled, "", NULL, NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &slow, "", NULL, NULL), QVT_OK);
    slow.queued = 1000;
    for (unsigned second = 0; second < 80; second++) {
        fixture_advance_ms(&fixture, 1000);
        slow.queued--;
    }
    CU_ASSERT_EQUAL(stalled.ended, 1);
    EXPECT_TEXT(stalled.error.reason, "WATCHER_STALLED");
    CU_ASSERT_EQUAL(slow.ended, 0);
    watcher_free(slow.watcher);
    fixture_close(&fixture);
}

static void a_watcher_whose_queue_is_as_long_at_every_look_takes_something(void)
{
    struct fake_watch steady = {.room = 3};
    fixture_open(&fixture, NULL);
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &steady, "", NULL, NULL), QVT_OK);
    for (unsigned second = 0; second < 160; second++) {
        (void)fixture_register(&fixture, "", "a", "", "");
        (void)fixture_unregister(&fixture, "", "a");
        if (second % 8 == 0) {
            steady.queued = steady.room - 1;
            watcher_continue(steady.watcher);
            CU_ASSERT_EQUAL_FATAL(steady.queued, steady.room);
        }
        fixture_advance_ms(&fixture, 1000);
        CU_ASSERT_EQUAL_FATAL(steady.ended, 0);
    }
    watcher_free(steady.watcher);
    fixture_close(&fixture);
}

static void a_shutdown_ends_watches_and_refuses_new_ones(void)
{
    struct fake_watch watch = {.room = 100};
    struct fake_watch late = {.room = 100};
    fixture_open(&fixture, NULL);
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &watch, "", NULL, NULL), QVT_OK);
    service_drain(fixture.service);
    CU_ASSERT_EQUAL(watch.ended, 1);
    CU_ASSERT_EQUAL(watch.error.status, QVT_UNAVAILABLE);
    CU_ASSERT_EQUAL(fake_watch_start(&fixture, &late, "", NULL, NULL), QVT_UNAVAILABLE);
    fixture_close(&fixture);
}

static void resuming_in_the_history_skips_the_walk(void)
{
    struct fake_watch first = {.room = 100};
    struct fake_watch again = {.room = 100};
    struct position position = {.revision = 0};
    fixture_open(&fixture, NULL);
    (void)fixture_register(&fixture, "", "a", "Order", "1.0.0");
    (void)fixture_register(&fixture, "", "b", "Order", "1.0.0");
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &first, "", NULL, &position), QVT_OK);
    EXPECT_TEXT(first.events, "cc");
    position.revision = 1;
    position.token = 12345;
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &again, "", NULL, &position), QVT_OK);
    EXPECT_TEXT(again.events, "RrrE");
    watcher_free(first.watcher);
    watcher_free(again.watcher);
    fixture_close(&fixture);
}

static void what_is_too_old_is_walked_though_nothing_changed_since(void)
{
    struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
    struct fake_watch young = {.room = 100};
    struct fake_watch old = {.room = 100};
    limits.lease_default_ms = limits.lease_max_ms = 86400000;
    fixture_open(&fixture, &limits);
    (void)fixture_register(&fixture, "", "a", "Order", "1.0.0");
    struct position first = *registry_head(replica_registry(cluster_find(fixture.service, "default")->replica));
    (void)fixture_register(&fixture, "", "b", "Order", "1.0.0");
    (void)fixture_register(&fixture, "", "c", "Order", "1.0.0");
    fixture_advance_ms(&fixture, limits.history_us / 1000);
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &young, "", NULL, &first), QVT_OK);
    EXPECT_TEXT(young.events, "cc");
    watcher_free(young.watcher);
    fixture_advance_ms(&fixture, 1);
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &old, "", NULL, &first), QVT_OK);
    EXPECT_TEXT(old.events, "RrrrE");
    watcher_free(old.watcher);
    fixture_close(&fixture);
}

/* The position of revision 3, which is the same in every such fixture. */
static struct position third_position(void)
{
    fixture_open(&fixture, NULL);
    (void)fixture_register(&fixture, "", "a", "Order", "1.0.0");
    (void)fixture_register(&fixture, "", "b", "Order", "1.0.0");
    (void)fixture_register(&fixture, "", "c", "Order", "1.0.0");
    struct position position = *registry_head(replica_registry(cluster_find(fixture.service, "default")->replica));
    fixture_close(&fixture);
    return position;
}

static void a_walk_that_is_broken_off_begins_again_whatever_was_seen_before_it(void)
{
    struct fake_watch watch = {.room = 2};
    struct position third = third_position();
    fixture_open(&fixture, NULL);
    (void)fixture_register(&fixture, "", "a", "Order", "1.0.0");
    (void)fixture_register(&fixture, "", "b", "Order", "1.0.0");
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &watch, "", NULL, &third), QVT_OK);
    EXPECT_TEXT(watch.events, "Rr");
    (void)fixture_register(&fixture, "", "c", "Order", "1.0.0");
    struct cluster *cluster = cluster_find(fixture.service, "default");
    watch_stop_cluster(cluster); /* the mirror is loaded anew */
    watch.room = 100;
    cluster->has_news = true;
    service_wake(fixture.service);
    fixture_settle(&fixture);
    EXPECT_TEXT(watch.events, "RrRrrrE");
    watcher_free(watch.watcher);
    fixture_close(&fixture);
}

SUITE_MAIN("server/service/watch", SUITE_CASE(a_walk_that_is_broken_off_begins_again_whatever_was_seen_before_it),
           SUITE_CASE(what_is_too_old_is_walked_though_nothing_changed_since),
           SUITE_CASE(a_watcher_walks_then_sees_changes), SUITE_CASE(watchers_with_the_same_filter_share_the_encoding),
           SUITE_CASE(a_full_sink_keeps_its_watcher_behind_and_loses_nothing),
           SUITE_CASE(a_watcher_that_the_history_has_left_behind_walks_again),
           SUITE_CASE(what_changes_during_a_walk_comes_before_its_end),
           SUITE_CASE(a_silo_that_stops_matching_during_a_walk_is_removed),
           SUITE_CASE(a_filtered_watcher_is_told_what_left_its_filter_and_nothing_else),
           SUITE_CASE(a_quiet_watch_tells_progress_every_four_seconds),
           SUITE_CASE(what_a_filter_hides_does_not_delay_progress), SUITE_CASE(a_long_walk_lets_others_have_their_turn),
           SUITE_CASE(a_watcher_that_takes_nothing_for_a_minute_is_ended),
           SUITE_CASE(a_watcher_whose_queue_is_as_long_at_every_look_takes_something),
           SUITE_CASE(a_shutdown_ends_watches_and_refuses_new_ones), SUITE_CASE(resuming_in_the_history_skips_the_walk))
