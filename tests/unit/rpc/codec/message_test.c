#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "qvt/rpc/message.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/codec/bytes.h"
#include "tests/unit/rpc/codec/samples.h"

#define EVERYTHING (&qvt__fixture__everything__descriptor)

/* A unary call without a carrier's wire. */
struct fake {
    qvt_rpc_unary unary;
    struct arena arena;
    struct buf reply;
    qvt_status failed;
    unsigned answers;
};

static void take_reply(qvt_rpc_unary *unary, const qvt_slice *parts, size_t part_count)
{
    struct fake *fake = (struct fake *)(void *)unary;
    fake->answers++;
    for (size_t i = 0; i < part_count; i++) {
        CU_ASSERT_EQUAL(buf_append_slice(&fake->reply, parts[i]), QVT_OK);
    }
}

static void take_failure(qvt_rpc_unary *unary, const qvt_error *error)
{
    struct fake *fake = (struct fake *)(void *)unary;
    fake->answers++;
    fake->failed = error->status;
}

static void *fake_alloc(qvt_rpc_unary *unary, size_t size)
{
    return arena_alloc(&((struct fake *)(void *)unary)->arena, size);
}

static const qvt_rpc_unary_carrier carrier = {take_reply, take_failure, fake_alloc, "test"};

static void fake_init(struct fake *fake, size_t memory)
{
    *fake = (struct fake){.unary = {.carrier = &carrier}};
    arena_init(&fake->arena, memory);
}

static void fake_deinit(struct fake *fake)
{
    arena_deinit(&fake->arena);
    buf_deinit(&fake->reply);
}

/* Decodes the bytes into the fake's memory. */
static Qvt__Fixture__Everything *decode(struct fake *fake, struct buf *wire)
{
    ProtobufCMessage *message = NULL;
    qvt_error error;
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_unary_decode(&fake->unary, EVERYTHING, buf_slice(wire), &message, &error), QVT_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(message);
    return (Qvt__Fixture__Everything *)(void *)message;
}

static void decoded_message_has_the_values_of_every_field(void)
{
    struct fake fake;
    struct buf wire = BUF_INIT;
    fake_init(&fake, 1 << 20);
    put_everything(&wire);
    Qvt__Fixture__Everything *all = decode(&fake, &wire);
    CU_ASSERT_EQUAL(all->f_uint32, UINT32_MAX);
    CU_ASSERT_EQUAL(all->f_color, 99);
    CU_ASSERT_EQUAL(all->n_varints, 4);
    CU_ASSERT_EQUAL(all->varints[1], 150);
    CU_ASSERT_EQUAL(all->varints[3], 7);
    CU_ASSERT_EQUAL(all->n_strings, 40);
    CU_ASSERT_STRING_EQUAL(all->leaves[1]->name, "second");
    CU_ASSERT_EQUAL(all->leaves[1]->n_numbers, 3);
    CU_ASSERT_STRING_EQUAL(all->labels[0]->value, "red");
    CU_ASSERT_EQUAL(all->choice_case, QVT__FIXTURE__EVERYTHING__CHOICE_LEAF_CHOICE);
    CU_ASSERT_EQUAL(all->base.n_unknown_fields, 4);
    buf_deinit(&wire);
    fake_deinit(&fake);
}

static void second_singular_message_is_merged_into_the_first(void)
{
    struct fake fake;
    struct buf wire = BUF_INIT;
    fake_init(&fake, 1 << 20);
    put_bytes(&wire, 17,
              qvt_slice_make("\x0a\x01"
                             "a\x18\x01\x20\x01",
                             7));
    put_bytes(&wire, 17, qvt_slice_make("\x18\x02\x20\x02", 4));
    Qvt__Fixture__Everything *all = decode(&fake, &wire);
    CU_ASSERT_STRING_EQUAL(all->leaf->name, "a");
    CU_ASSERT_EQUAL(all->leaf->number, 2);
    CU_ASSERT_EQUAL_FATAL(all->leaf->n_numbers, 2);
    CU_ASSERT_EQUAL(all->leaf->numbers[0], 1);
    CU_ASSERT_EQUAL(all->leaf->numbers[1], 2);
    buf_deinit(&wire);
    fake_deinit(&fake);
}

static void merge_reaches_messages_inside_the_merged_ones(void)
{
    struct fake fake;
    struct buf wire = BUF_INIT;
    fake_init(&fake, 1 << 20);
    put_bytes(&wire, 18,
              qvt_slice_make("\x0a\x05\x1a\x03\x0a\x01"
                             "n",
                             7));
    put_bytes(&wire, 18, qvt_slice_make("\x0a\x04\x1a\x02\x18\x05", 6));
    Qvt__Fixture__Everything *all = decode(&fake, &wire);
    CU_ASSERT_STRING_EQUAL(all->node->child->leaf->name, "n");
    CU_ASSERT_EQUAL(all->node->child->leaf->number, 5);
    buf_deinit(&wire);
    fake_deinit(&fake);
}

static void last_member_of_a_oneof_wins_and_equal_messages_merge(void)
{
    struct fake fake;
    struct buf wire = BUF_INIT;
    fake_init(&fake, 1 << 20);
    put_bytes(&wire, 41, qvt_slice_make("\x18\x01", 2));
    put_text(&wire, 40, "in between");
    put_bytes(&wire, 41, qvt_slice_make("\x20\x02", 2));
    put_bytes(&wire, 41, qvt_slice_make("\x20\x03", 2));
    Qvt__Fixture__Everything *all = decode(&fake, &wire);
    CU_ASSERT_EQUAL_FATAL(all->choice_case, QVT__FIXTURE__EVERYTHING__CHOICE_LEAF_CHOICE);
    CU_ASSERT_EQUAL(all->leaf_choice->number, 0);
    CU_ASSERT_EQUAL(all->leaf_choice->n_numbers, 2);
    put_uint(&wire, 42, 7);
    all = decode(&fake, &wire);
    CU_ASSERT_EQUAL(all->choice_case, QVT__FIXTURE__EVERYTHING__CHOICE_NUMBER);
    CU_ASSERT_EQUAL(all->number, 7);
    buf_deinit(&wire);
    fake_deinit(&fake);
}

static void unknown_groups_are_skipped(void)
{
    struct fake fake;
    struct buf wire = BUF_INIT;
    fake_init(&fake, 1 << 20);
    put_tag(&wire, 1000, GROUP);
    put_text(&wire, 14, "inside");
    put_tag(&wire, 1000, GROUP_END);
    put_text(&wire, 14, "outside");
    Qvt__Fixture__Everything *all = decode(&fake, &wire);
    CU_ASSERT_STRING_EQUAL(all->f_string, "outside");
    CU_ASSERT_EQUAL(all->base.n_unknown_fields, 0);
    buf_deinit(&wire);
    fake_deinit(&fake);
}

static void message_that_the_call_cannot_hold_is_refused(void)
{
    struct fake fake;
    struct buf wire = BUF_INIT;
    ProtobufCMessage *message = NULL;
    qvt_error error;
    fake_init(&fake, 1000);
    put_everything(&wire);
    CU_ASSERT_EQUAL(qvt_rpc_unary_decode(&fake.unary, EVERYTHING, buf_slice(&wire), &message, &error),
                    QVT_RESOURCE_EXHAUSTED);
    CU_ASSERT_EQUAL(error.status, QVT_RESOURCE_EXHAUSTED);
    CU_ASSERT_PTR_NULL(message);
    buf_deinit(&wire);
    fake_deinit(&fake);
}

static void reply_is_the_packed_message(void)
{
    struct fake fake;
    struct buf wire = BUF_INIT;
    fake_init(&fake, 1 << 20);
    put_text(&wire, 14, "text");
    put_uint(&wire, 24, 5);
    qvt_rpc_unary_reply_message(&fake.unary, &decode(&fake, &wire)->base);
    CU_ASSERT_EQUAL(fake.answers, 1);
    CU_ASSERT_TRUE(qvt_slice_equal(buf_slice(&fake.reply), buf_slice(&wire)));
    buf_deinit(&wire);
    fake_deinit(&fake);
}

static void reply_that_the_call_cannot_hold_fails_the_call(void)
{
    struct fake fake;
    Qvt__Fixture__Everything all;
    char text[2000];
    fake_init(&fake, 1000);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    qvt__fixture__everything__init(&all);
    all.f_string = text;
    qvt_rpc_unary_reply_message(&fake.unary, &all.base);
    CU_ASSERT_EQUAL(fake.answers, 1);
    CU_ASSERT_EQUAL(fake.failed, QVT_RESOURCE_EXHAUSTED);
    fake_deinit(&fake);
}

SUITE_MAIN("rpc/codec/message", SUITE_CASE(decoded_message_has_the_values_of_every_field),
           SUITE_CASE(second_singular_message_is_merged_into_the_first),
           SUITE_CASE(merge_reaches_messages_inside_the_merged_ones),
           SUITE_CASE(last_member_of_a_oneof_wins_and_equal_messages_merge), SUITE_CASE(unknown_groups_are_skipped),
           SUITE_CASE(message_that_the_call_cannot_hold_is_refused), SUITE_CASE(reply_is_the_packed_message),
           SUITE_CASE(reply_that_the_call_cannot_hold_fails_the_call))
