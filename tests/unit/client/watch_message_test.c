#include "client/src/watch_message.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/alloc.h"
#include "tests/support/suite.h"
#include "tests/unit/client/watch_answers.h"

#define STORE "0123456789abcdef0123456789abcdef"

static struct arena arena;
static struct watch_message message;

/* Decodes the bytes into the message; the arena lives until release. */
static qvt_status decode(const struct buf *wire)
{
    arena_init(&arena, 1 << 20);
    return watch_message_decode(&message, buf_slice(wire), &arena, NULL);
}

static void release(struct buf *wire)
{
    arena_deinit(&arena);
    buf_deinit(wire);
}

static void expect_silo(const qvt_silo_info *silo, const char *silo_id)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(silo);
    EXPECT_TEXT(silo->silo_id, silo_id);
    EXPECT_TEXT(silo->address, "10.0.0.1");
    EXPECT_TEXT(silo->region_id, "eu");
    EXPECT_TEXT(silo->zone_id, "eu-1");
    EXPECT_TEXT(silo->shard_group_id, "");
    EXPECT_TEXT(silo->build_id, "build-9");
    EXPECT_TEXT(silo->etag, "4.0");
    CU_ASSERT(silo->incarnation == UINT64_MAX && silo->port == 65535 && silo->suspect && silo->unhealthy);
    CU_ASSERT(silo->status == QVT_SILO_STATUS_ACTIVE && silo->scheduling == QVT_SCHEDULING_CORDONED);
    CU_ASSERT(silo->lease_ttl_ms == 15000 && silo->deploy_epoch == 3 && silo->mod_revision == 4);
    CU_ASSERT_EQUAL(silo->registered_at_us, 1700000000000005);
    CU_ASSERT_EQUAL_FATAL(silo->label_count, 2);
    EXPECT_TEXT(silo->labels[0].name, "rack");
    EXPECT_TEXT(silo->labels[0].value, "7");
    EXPECT_TEXT(silo->labels[1].name, "");
    CU_ASSERT_EQUAL_FATAL(silo->version_count, 1);
    EXPECT_TEXT(silo->versions[0].actor_type, "Order");
}

static void record_of_a_silo_shows_every_field(void)
{
    struct buf wire = BUF_INIT;
    answer_watch_silo(&wire, "a", "1.0.0");
    CU_ASSERT_EQUAL_FATAL(decode(&wire), QVT_OK);
    CU_ASSERT(message.event == WATCH_RECORD && !message.has_position);
    CU_ASSERT(message.record.kind == QVT_RECORD_SILO && message.record.policy == NULL);
    EXPECT_TEXT(message.record.key, "a");
    expect_silo(message.record.silo, "a");
    EXPECT_TEXT(message.record.silo->versions[0].version, "1.0.0");
    release(&wire);
}

static void record_of_a_policy_shows_every_field_and_its_defaults(void)
{
    struct buf wire = BUF_INIT;
    answer_watch_policy(&wire, "Order");
    CU_ASSERT_EQUAL_FATAL(decode(&wire), QVT_OK);
    CU_ASSERT(message.record.kind == QVT_RECORD_POLICY && message.record.silo == NULL);
    const qvt_policy *policy = message.record.policy;
    CU_ASSERT_PTR_NOT_NULL_FATAL(policy);
    EXPECT_TEXT(policy->actor_type, "Order");
    EXPECT_TEXT(policy->range, "^2.1");
    EXPECT_TEXT(policy->ramp_target_version, "2.2.0");
    EXPECT_TEXT(policy->etag, "6.0");
    CU_ASSERT(policy->mode == QVT_COMPATIBILITY_RANGE && policy->selector == QVT_SELECTOR_RAMP);
    CU_ASSERT(policy->has_ramp && policy->ramp_basis_points == 500);
    CU_ASSERT(policy->min_ready == 2 && policy->mod_revision == 6);
    release(&wire);
}

static void record_of_a_setting_shows_every_field(void)
{
    struct buf wire = BUF_INIT;
    answer_watch_setting(&wire, "expiry_paused");
    CU_ASSERT_EQUAL_FATAL(decode(&wire), QVT_OK);
    const qvt_setting *setting = message.record.setting;
    CU_ASSERT_PTR_NOT_NULL_FATAL(setting);
    EXPECT_TEXT(setting->name, "expiry_paused");
    EXPECT_TEXT(setting->text, "twelve");
    EXPECT_TEXT(setting->etag, "7.0");
    CU_ASSERT(setting->number == 12 && setting->mod_revision == 7);
    release(&wire);
}

static void record_of_a_later_tracker_is_unknown_and_has_no_value(void)
{
    struct buf wire = BUF_INIT;
    answer_watch_stranger(&wire);
    CU_ASSERT_EQUAL_FATAL(decode(&wire), QVT_OK);
    CU_ASSERT_EQUAL(message.event, WATCH_RECORD);
    CU_ASSERT_EQUAL(message.record.kind, QVT_RECORD_UNKNOWN);
    EXPECT_TEXT(message.record.key, "k");
    CU_ASSERT(message.record.silo == NULL && message.record.policy == NULL && message.record.setting == NULL);
    release(&wire);
}

static void change_shows_its_step_its_puts_and_its_deletes(void)
{
    struct buf wire = BUF_INIT;
    answer_watch_change(&wire, STORE, 9, "a", "b");
    CU_ASSERT_EQUAL_FATAL(decode(&wire), QVT_OK);
    const qvt_change *change = &message.change;
    CU_ASSERT(message.event == WATCH_CHANGE && message.has_position && message.position.revision == 9);
    EXPECT_TEXT(change->position.store_id, STORE);
    CU_ASSERT(change->position.revision == 9 && change->position.token == 99 && change->previous_token == 88);
    CU_ASSERT(change->event == QVT_CHANGE_SILO_REGISTERED && change->ack_wanted);
    CU_ASSERT_EQUAL(change->time_us, 1700000001000000);
    EXPECT_TEXT(change->who, "ops");
    EXPECT_TEXT(change->why, "test");
    EXPECT_TEXT(change->request_id, "r-1");
    CU_ASSERT_EQUAL_FATAL(change->put_count, 1);
    expect_silo(change->puts[0].silo, "a");
    CU_ASSERT_EQUAL_FATAL(change->delete_count, 1);
    CU_ASSERT_EQUAL(change->deletes[0].kind, QVT_RECORD_SILO);
    EXPECT_TEXT(change->deletes[0].key, "b");
    release(&wire);
}

static void events_without_content_are_told_by_their_tag(void)
{
    struct buf end = BUF_INIT, progress = BUF_INIT, nothing = BUF_INIT;
    answer_watch_end(&end, STORE, 5);
    CU_ASSERT_EQUAL_FATAL(decode(&end), QVT_OK);
    CU_ASSERT(message.event == WATCH_WALK_END && message.position.revision == 5);
    release(&end);
    answer_watch_progress(&progress, STORE, 6);
    CU_ASSERT_EQUAL_FATAL(decode(&progress), QVT_OK);
    CU_ASSERT(message.event == WATCH_PROGRESS && message.position.token == 66);
    release(&progress);
    CU_ASSERT_EQUAL_FATAL(decode(&nothing), QVT_OK);
    CU_ASSERT(message.event == WATCH_UNKNOWN && !message.has_position);
    release(&nothing);
}

static void no_prefix_of_a_message_is_taken_for_more_than_it_is(void)
{
    struct buf wire = BUF_INIT;
    answer_watch_change(&wire, STORE, 9, "a", "b");
    for (size_t len = 0; len < wire.len; len++) {
        struct buf prefix = {wire.data, len, len};
        qvt_status status = decode(&prefix);
        CU_ASSERT(status == QVT_INTERNAL || message.event == WATCH_UNKNOWN);
        arena_deinit(&arena);
    }
    buf_deinit(&wire);
}

static void every_failing_allocation_is_a_status_and_leaks_nothing(void)
{
    struct buf wire = BUF_INIT;
    unsigned long nth = 1;
    answer_watch_change(&wire, STORE, 9, "a", "b");
    for (;; nth++) {
        alloc_fail_at(nth);
        qvt_status status = decode(&wire);
        arena_deinit(&arena);
        bool failed = alloc_failed();
        CU_ASSERT_EQUAL(status, failed ? QVT_NO_MEMORY : QVT_OK);
        if (!failed) {
            break;
        }
    }
    alloc_fail_at(0);
    CU_ASSERT(nth > 1);
    buf_deinit(&wire);
}

static void message_that_costs_too_much_is_refused(void)
{
    struct buf wire = BUF_INIT;
    struct arena small;
    answer_watch_change(&wire, STORE, 9, "a", "b");
    arena_init(&small, 64);
    CU_ASSERT_EQUAL(watch_message_decode(&message, buf_slice(&wire), &small, NULL), QVT_NO_MEMORY);
    arena_deinit(&small);
    buf_deinit(&wire);
}

SUITE_MAIN("client/watch_message", SUITE_CASE(record_of_a_silo_shows_every_field),
           SUITE_CASE(record_of_a_policy_shows_every_field_and_its_defaults),
           SUITE_CASE(record_of_a_setting_shows_every_field),
           SUITE_CASE(record_of_a_later_tracker_is_unknown_and_has_no_value),
           SUITE_CASE(change_shows_its_step_its_puts_and_its_deletes),
           SUITE_CASE(events_without_content_are_told_by_their_tag),
           SUITE_CASE(no_prefix_of_a_message_is_taken_for_more_than_it_is),
           SUITE_CASE(every_failing_allocation_is_a_status_and_leaks_nothing),
           SUITE_CASE(message_that_costs_too_much_is_refused))
