/* Commands become appends and answers, whatever the store does. */
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"
#include "tests/unit/server/replica/held_store.h"
#include "tests/unit/server/replica/world.h"

#define SILOS 300

/* A replica on a held store beside the world's own replica on the same cluster. */
struct pair {
    struct world world;
    struct held_store held;
    struct replica *replica;
    struct given_silo given[SILOS];
    char ids[SILOS][8];
    unsigned answers;
    bool closed;
    qvt_status status[SILOS];
    qvt_error error; /* of the last refusal */
};

static struct pair pair;

static void given_pair(bool ready)
{
    memset(&pair, 0, sizeof pair);
    world_init(&pair.world);
    held_store_init(&pair.held, pair.world.store);
    pair.held.loads_fail = !ready;
    struct replica_options options = {
        .store = &pair.held.base,
        .cluster = "default",
        .entropy = &pair.world.entropy,
        .limits = pair.world.limits,
    };
    CU_ASSERT_EQUAL_FATAL(replica_new(&pair.replica, &options), QVT_OK);
}

static void end_pair(void)
{
    replica_close(pair.replica, NULL, NULL);
    world_deinit(&pair.world);
}

static void on_outcome(void *data, const struct replica_outcome *outcome)
{
    pair.answers++;
    pair.status[*(int *)data] = outcome->status;
    if (outcome->error != NULL) {
        pair.error = *outcome->error;
        CU_ASSERT_EQUAL(outcome->status, outcome->error->status);
    }
}

static int numbers[SILOS];

static void submit(int i)
{
    numbers[i] = i;
    snprintf(pair.ids[i], sizeof pair.ids[i], "s%d", i);
    given_silo(&pair.given[i], pair.ids[i]);
    struct command command = command_register(&pair.given[i]);
    replica_submit(pair.replica, &command, on_outcome, &numbers[i]);
}

static uint64_t revision(struct replica *replica)
{
    return registry_head(replica_registry(replica))->revision;
}

static void commands_of_one_turn_share_one_append(void)
{
    given_pair(true);
    for (int i = 0; i < 20; i++) {
        submit(i);
    }
    CU_ASSERT_EQUAL(pair.answers, 0);
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(pair.held.appends, 1);
    CU_ASSERT_EQUAL(pair.answers, 20);
    CU_ASSERT_EQUAL(revision(pair.replica), 20);
    end_pair();
}

static void an_append_has_at_most_a_hundred_changes_and_one_is_in_flight(void)
{
    given_pair(true);
    pair.held.holding = true;
    for (int i = 0; i < 250; i++) {
        submit(i);
    }
    replica_turn(pair.replica);
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(pair.held.appends, 1);
    CU_ASSERT_EQUAL(pair.held.last_change_count, 100);
    held_store_release(&pair.held, HELD_PASS);
    CU_ASSERT_EQUAL(pair.answers, 100);
    replica_turn(pair.replica);
    held_store_release(&pair.held, HELD_PASS);
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(pair.held.last_change_count, 50);
    held_store_release(&pair.held, HELD_PASS);
    CU_ASSERT_EQUAL(pair.answers, 250);
    end_pair();
}

/* An append of two that took its time: the next waits for as many, but not for ever. */
static void the_next_append_waits_a_moment_for_those_just_answered(void)
{
    given_pair(true);
    pair.held.holding = true;
    submit(0);
    submit(1);
    replica_turn(pair.replica);
    virtual_clock_advance_ms(&pair.world.clock, 1);
    held_store_release(&pair.held, HELD_PASS);
    submit(2);
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(pair.held.appends, 1);
    CU_ASSERT(replica_deadline_us(pair.replica) <= pair.world.clock.monotonic_us + 1000);
    submit(3);
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(pair.held.last_change_count, 2);
    virtual_clock_advance_ms(&pair.world.clock, 1);
    held_store_release(&pair.held, HELD_PASS);
    submit(4);
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(pair.held.appends, 2);
    virtual_clock_advance_ms(&pair.world.clock, 1);
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(pair.held.appends, 3);
    held_store_release(&pair.held, HELD_PASS);
    CU_ASSERT_EQUAL(pair.answers, 5);
    end_pair();
}

static void the_mirror_does_not_show_what_is_not_committed(void)
{
    given_pair(true);
    pair.held.holding = true;
    submit(0);
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(revision(pair.replica), 0);
    CU_ASSERT_PTR_NULL(registry_silo(replica_registry(pair.replica), qvt_slice_text("s0")));
    held_store_release(&pair.held, HELD_PASS);
    CU_ASSERT_PTR_NOT_NULL(registry_silo(replica_registry(pair.replica), qvt_slice_text("s0")));
    end_pair();
}

static void a_conflict_applies_what_was_missed_and_proposes_again(void)
{
    given_pair(true);
    pair.held.holding = true;
    submit(0);
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(world_register(&pair.world, "other", 1, 15000), QVT_OK);
    held_store_release(&pair.held, HELD_PASS);
    CU_ASSERT_EQUAL(pair.answers, 0);
    CU_ASSERT_EQUAL(revision(pair.replica), 1);
    replica_turn(pair.replica);
    held_store_release(&pair.held, HELD_PASS);
    CU_ASSERT_EQUAL(pair.answers, 1);
    CU_ASSERT_EQUAL(revision(pair.replica), 2);
    CU_ASSERT_EQUAL(revision(pair.world.replica), 2);
    while (held_store_tell(&pair.held)) {}
    CU_ASSERT_EQUAL(revision(pair.replica), 2);
    end_pair();
}

static void what_another_replica_commits_is_followed(void)
{
    given_pair(true);
    CU_ASSERT_EQUAL(world_register(&pair.world, "other", 1, 15000), QVT_OK);
    CU_ASSERT_EQUAL(revision(pair.replica), 1);
    submit(0);
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(revision(pair.world.replica), 2);
    CU_ASSERT_TRUE(position_equal(registry_head(replica_registry(pair.replica)),
                                  registry_head(replica_registry(pair.world.replica))));
    end_pair();
}

static void a_failed_append_applies_nothing_and_says_why(void)
{
    given_pair(true);
    pair.held.holding = true;
    pair.ids[0][0] = 0;
    submit(0);
    submit(1);
    pair.given[1].silo.port = 0;
    replica_turn(pair.replica);
    held_store_release(&pair.held, HELD_FAIL_FULL);
    CU_ASSERT_EQUAL(pair.answers, 2);
    CU_ASSERT_EQUAL(pair.status[0], QVT_RESOURCE_EXHAUSTED);
    EXPECT_TEXT(pair.error.reason, "STORE_FULL");
    CU_ASSERT_EQUAL(revision(pair.replica), 0);
    submit(2);
    replica_turn(pair.replica);
    held_store_release(&pair.held, HELD_PASS);
    CU_ASSERT_EQUAL(pair.status[2], QVT_OK);
    end_pair();
}

static void a_refusal_before_any_change_keeps_its_own_answer(void)
{
    given_pair(true);
    pair.held.holding = true;
    submit(0);
    submit(1);
    pair.given[0].silo.port = 0;
    replica_turn(pair.replica);
    held_store_release(&pair.held, HELD_FAIL_FULL);
    CU_ASSERT_EQUAL(pair.status[0], QVT_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(pair.status[1], QVT_RESOURCE_EXHAUSTED);
    end_pair();
}

static void a_refusal_where_the_store_is_shared_speaks_of_the_head(void)
{
    given_pair(true);
    pair.held.base.shared = true;
    pair.held.holding = true;
    CU_ASSERT_EQUAL(world_register(&pair.world, "s0", 1, 15000), QVT_OK);
    Quark__Version__V1__UpdateSiloRequest request;
    quark__version__v1__update_silo_request__init(&request);
    quark__version__v1__silo_info__init(&pair.given[0].silo);
    request.silo_id = text("s0");
    request.silo = &pair.given[0].silo;
    pair.given[0].silo.port = 5000;
    struct command command = {.kind = COMMAND_UPDATE_SILO, .update_silo = &request};
    replica_submit(pair.replica, &command, on_outcome, &numbers[0]);
    replica_turn(pair.replica);
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(pair.answers, 0);
    CU_ASSERT_TRUE(held_store_tell(&pair.held));
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(pair.answers, 1);
    CU_ASSERT_EQUAL(pair.status[0], QVT_OK);
    CU_ASSERT_EQUAL(revision(pair.replica), 1);
    end_pair();
}

static void news_that_do_not_come_are_fetched(void)
{
    given_pair(true);
    pair.held.base.shared = true;
    pair.held.holding = true;
    CU_ASSERT_EQUAL(world_register(&pair.world, "other", 1, 15000), QVT_OK);
    submit(0);
    pair.given[0].silo.port = 0;
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(pair.answers, 0);
    (void)world_beat(&pair.world, "other", -1);
    virtual_clock_advance_ms(&pair.world.clock, 2000);
    CU_ASSERT(replica_deadline_us(pair.replica) <= pair.world.clock.monotonic_us);
    replica_turn(pair.replica);
    replica_turn(pair.replica);
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(pair.answers, 1);
    CU_ASSERT_EQUAL(pair.status[0], QVT_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(revision(pair.replica), 1);
    end_pair();
}

static void on_synced(void *data, qvt_status status, const qvt_error *error)
{
    (void)error;
    CU_ASSERT_EQUAL(status, QVT_OK);
    *(bool *)data = true;
}

static void a_linearisable_read_does_not_take_an_emptied_store_for_the_past(void)
{
    bool synced = false;
    given_pair(true);
    submit(0);
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(pair.answers, 1);
    pair.held.base.shared = true;
    pair.held.holding = true;
    submit(1);
    replica_turn(pair.replica);
    pair.held.emptied = true;
    replica_sync(pair.replica, NULL, on_synced, &synced);
    replica_turn(pair.replica);
    replica_turn(pair.replica);
    CU_ASSERT_FALSE(synced);
    pair.held.emptied = false;
    replica_turn(pair.replica);
    replica_turn(pair.replica);
    CU_ASSERT_TRUE(synced);
    held_store_release(&pair.held, HELD_PASS);
    end_pair();
}

static void an_uncertain_append_is_told_and_its_repetition_is_safe(void)
{
    static const enum held_fate fates[] = {HELD_UNCERTAIN_DONE, HELD_UNCERTAIN_LOST};
    for (size_t i = 0; i < 2; i++) {
        given_pair(true);
        pair.held.holding = true;
        submit(0);
        pair.given[0].request.request_id = text("r-1");
        replica_turn(pair.replica);
        held_store_release(&pair.held, fates[i]);
        CU_ASSERT_EQUAL(pair.status[0], QVT_UNAVAILABLE);
        EXPECT_TEXT(pair.error.reason, "UNCERTAIN");
        pair.held.holding = false;
        replica_turn(pair.replica);
        CU_ASSERT_EQUAL(replica_ready(pair.replica, NULL), QVT_OK);
        struct command command = command_register(&pair.given[0]);
        replica_submit(pair.replica, &command, on_outcome, &numbers[0]);
        replica_turn(pair.replica);
        CU_ASSERT_EQUAL(pair.status[0], QVT_OK);
        CU_ASSERT_EQUAL(revision(pair.replica), 1);
        end_pair();
    }
}

static void a_replica_that_is_not_loaded_answers_warming_up_and_tries_again(void)
{
    given_pair(false);
    submit(0);
    CU_ASSERT_EQUAL(pair.answers, 1);
    CU_ASSERT_EQUAL(pair.status[0], QVT_UNAVAILABLE);
    pair.held.loads_fail = false;
    CU_ASSERT(replica_deadline_us(pair.replica) > pair.world.clock.monotonic_us);
    virtual_clock_advance_ms(&pair.world.clock, 1000);
    CU_ASSERT(replica_deadline_us(pair.replica) <= pair.world.clock.monotonic_us);
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(replica_ready(pair.replica, NULL), QVT_OK);
    end_pair();
}

static void on_closed(void *data)
{
    *(bool *)data = true;
}

static void closing_answers_what_waits_and_waits_for_what_flies(void)
{
    bool closed = false;
    given_pair(true);
    pair.held.holding = true;
    submit(0);
    replica_turn(pair.replica);
    submit(1);
    replica_close(pair.replica, on_closed, &closed);
    CU_ASSERT_EQUAL(pair.answers, 1);
    CU_ASSERT_EQUAL(pair.status[1], QVT_UNAVAILABLE);
    CU_ASSERT_FALSE(closed);
    held_store_release(&pair.held, HELD_PASS);
    CU_ASSERT_EQUAL(pair.answers, 2);
    CU_ASSERT_EQUAL(pair.status[0], QVT_OK);
    CU_ASSERT_TRUE(closed);
    world_deinit(&pair.world);
}

static void close_in_outcome(void *data, const struct replica_outcome *outcome)
{
    on_outcome(data, outcome);
    replica_close(pair.replica, on_closed, &pair.closed);
    CU_ASSERT_FALSE(pair.closed);
}

static void a_replica_may_be_closed_in_an_answer(void)
{
    static const enum held_fate fates[] = {HELD_PASS, HELD_FAIL_FULL, HELD_UNCERTAIN_LOST};
    for (size_t i = 0; i < 3; i++) {
        given_pair(true);
        pair.held.holding = true;
        given_silo(&pair.given[0], "first");
        struct command command = command_register(&pair.given[0]);
        replica_submit(pair.replica, &command, close_in_outcome, &numbers[0]);
        submit(1);
        replica_turn(pair.replica);
        held_store_release(&pair.held, fates[i]);
        CU_ASSERT_EQUAL(pair.answers, 2);
        CU_ASSERT_TRUE(pair.closed);
        world_deinit(&pair.world);
    }
}

static void a_conflict_while_closing_is_answered(void)
{
    given_pair(true);
    pair.held.holding = true;
    submit(0);
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(world_register(&pair.world, "other", 1, 15000), QVT_OK);
    replica_close(pair.replica, on_closed, &pair.closed);
    held_store_release(&pair.held, HELD_PASS);
    CU_ASSERT_EQUAL(pair.answers, 1);
    CU_ASSERT_EQUAL(pair.status[0], QVT_UNAVAILABLE);
    CU_ASSERT_TRUE(pair.closed);
    world_deinit(&pair.world);
}

static void a_renewal_in_time_beats_an_expiry_on_its_way(void)
{
    given_pair(true);
    submit(0);
    replica_turn(pair.replica);
    pair.held.holding = true;
    virtual_clock_advance_ms(&pair.world.clock, 15000);
    replica_turn(pair.replica);
    CU_ASSERT_TRUE(held_store_waits(&pair.held));
    CU_ASSERT_EQUAL(pair.held.last_change_count, 2);
    CU_ASSERT_EQUAL(world_beat(&pair.world, "s0", -1), QVT_OK);
    held_store_release(&pair.held, HELD_PASS);
    replica_turn(pair.replica);
    CU_ASSERT_EQUAL(pair.held.last_change_count, 1);
    held_store_release(&pair.held, HELD_PASS);
    const struct registry_silo *silo = registry_silo(replica_registry(pair.replica), qvt_slice_text("s0"));
    CU_ASSERT_EQUAL(silo->status, PLACEMENT_ACTIVE);
    end_pair();
}

SUITE_MAIN("server/replica/commit", SUITE_CASE(commands_of_one_turn_share_one_append),
           SUITE_CASE(an_append_has_at_most_a_hundred_changes_and_one_is_in_flight),
           SUITE_CASE(the_next_append_waits_a_moment_for_those_just_answered),
           SUITE_CASE(the_mirror_does_not_show_what_is_not_committed),
           SUITE_CASE(a_conflict_applies_what_was_missed_and_proposes_again),
           SUITE_CASE(what_another_replica_commits_is_followed),
           SUITE_CASE(a_failed_append_applies_nothing_and_says_why),
           SUITE_CASE(a_refusal_before_any_change_keeps_its_own_answer),
           SUITE_CASE(a_refusal_where_the_store_is_shared_speaks_of_the_head),
           SUITE_CASE(news_that_do_not_come_are_fetched),
           SUITE_CASE(a_linearisable_read_does_not_take_an_emptied_store_for_the_past),
           SUITE_CASE(an_uncertain_append_is_told_and_its_repetition_is_safe),
           SUITE_CASE(a_replica_that_is_not_loaded_answers_warming_up_and_tries_again),
           SUITE_CASE(closing_answers_what_waits_and_waits_for_what_flies),
           SUITE_CASE(a_replica_may_be_closed_in_an_answer), SUITE_CASE(a_conflict_while_closing_is_answered),
           SUITE_CASE(a_renewal_in_time_beats_an_expiry_on_its_way))
