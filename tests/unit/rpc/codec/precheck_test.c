#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "base/entropy.h"
#include "rpc/codec/normalize.h"
#include "rpc/codec/precheck.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/codec/bytes.h"
#include "tests/unit/rpc/codec/samples.h"

#define EVERYTHING (&qvt__fixture__everything__descriptor)
#define NODE (&qvt__fixture__node__descriptor)

enum { BUDGET = 16 << 20 };

static qvt_error error;
static struct precheck facts;

static qvt_status judge(const ProtobufCMessageDescriptor *type, struct buf *wire)
{
    qvt_error_clear(&error);
    facts = (struct precheck){0};
    qvt_status status = precheck_run(&facts, type, buf_slice(wire), BUDGET, &error);
    CU_ASSERT_EQUAL(error.status, status);
    return status;
}

/* Judges and frees. */
static qvt_status judge_once(const ProtobufCMessageDescriptor *type, struct buf *wire)
{
    qvt_status status = judge(type, wire);
    buf_deinit(wire);
    return status;
}

static void every_kind_of_field_passes_and_costs_what_it_takes(void)
{
    struct buf wire = BUF_INIT;
    size_t used = 0;
    put_everything(&wire);
    CU_ASSERT_EQUAL(judge(EVERYTHING, &wire), QVT_OK);
    CU_ASSERT_FALSE(facts.irregular);
    CU_ASSERT_TRUE(assembles_alike(EVERYTHING, buf_slice(&wire), facts.cost, &used));
    CU_ASSERT_TRUE(facts.cost <= used + used / 8);
    buf_deinit(&wire);
}

static void empty_message_passes(void)
{
    struct buf wire = BUF_INIT;
    CU_ASSERT_EQUAL(judge_once(EVERYTHING, &wire), QVT_OK);
    CU_ASSERT_EQUAL(facts.cost, precheck_round(sizeof(Qvt__Fixture__Everything)));
}

/* A cut between two members leaves a shorter message; every other cut is an error, and protobuf-c agrees on each. */
static void message_cut_at_every_length_is_judged_as_protobuf_c_does(void)
{
    struct buf wire = BUF_INIT;
    size_t refused = 0;
    put_everything(&wire);
    for (size_t len = 0; len <= wire.len; len++) {
        uint8_t *copy = malloc(len == 0 ? 1 : len);
        CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
        memcpy(copy, wire.data, len);
        qvt_slice cut = qvt_slice_make(copy, len);
        qvt_status status = precheck_run(&facts, EVERYTHING, cut, BUDGET, &error);
        CU_ASSERT_EQUAL(status == QVT_OK, can_unpack(EVERYTHING, cut));
        CU_ASSERT_TRUE(status == QVT_OK || status == QVT_INTERNAL);
        refused += status == QVT_OK ? 0 : 1;
        free(copy);
    }
    CU_ASSERT_TRUE(refused > wire.len / 2);
    buf_deinit(&wire);
}

static void messages_nest_64_deep_and_no_deeper(void)
{
    struct buf wire = BUF_INIT;
    put_nested(&wire, 1, 63);
    CU_ASSERT_EQUAL(judge_once(NODE, &wire), QVT_OK);
    wire = (struct buf)BUF_INIT;
    put_nested(&wire, 1, 64);
    CU_ASSERT_EQUAL(judge_once(NODE, &wire), QVT_INVALID_ARGUMENT);
    CU_ASSERT_TRUE(strncmp(error.field, "child.child.", 12) == 0);
}

static void ten_thousand_levels_are_refused(void)
{
    struct buf wire = BUF_INIT;
    put_nested(&wire, 2, 10000);
    CU_ASSERT_EQUAL(judge_once(NODE, &wire), QVT_INVALID_ARGUMENT);
    CU_ASSERT_TRUE(strncmp(error.field, "children[0].children[0]", 23) == 0);
}

static void hundred_thousand_open_groups_are_refused(void)
{
    struct buf wire = BUF_INIT;
    for (unsigned i = 0; i < 100000; i++) {
        put_tag(&wire, 1000, GROUP);
    }
    CU_ASSERT_EQUAL(judge_once(NODE, &wire), QVT_INVALID_ARGUMENT);
}

static qvt_status judge_text(const char *bytes, size_t len)
{
    struct buf wire = BUF_INIT;
    put_bytes(&wire, 14, qvt_slice_make(bytes, len));
    return judge_once(EVERYTHING, &wire);
}

static void string_must_be_utf8_without_nul(void)
{
    CU_ASSERT_EQUAL(judge_text("plain", 5), QVT_OK);
    CU_ASSERT_EQUAL(judge_text("\xf0\x9f\x8c\x8d", 4), QVT_OK);
    CU_ASSERT_EQUAL(judge_text("\xf4\x8f\xbf\xbf", 4), QVT_OK);
    CU_ASSERT_EQUAL(judge_text("\xff\xfe", 2), QVT_INVALID_ARGUMENT);
    CU_ASSERT_STRING_EQUAL(error.field, "f_string");
    CU_ASSERT_STRING_EQUAL(error.message, "f_string is not UTF-8");
    CU_ASSERT_EQUAL(judge_text("\xc0\x80", 2), QVT_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(judge_text("\xed\xa0\x80", 3), QVT_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(judge_text("12345678\xe2\x82", 10), QVT_INVALID_ARGUMENT);
}

static void nul_is_found_at_every_place_of_a_string(void)
{
    for (size_t len = 1; len < 40; len++) {
        for (size_t at = 0; at < len; at++) {
            char text[40];
            memset(text, 'x', sizeof(text));
            text[at] = '\0';
            CU_ASSERT_EQUAL(judge_text(text, len), QVT_INVALID_ARGUMENT);
            CU_ASSERT_STRING_EQUAL(error.message, "f_string holds a NUL character");
        }
    }
}

static void error_names_the_field_inside_repeated_and_nested_messages(void)
{
    struct buf leaf = BUF_INIT;
    struct buf wire = BUF_INIT;
    put_text(&leaf, 1, "\xff");
    put_bytes(&wire, 27, qvt_slice_make(NULL, 0));
    put_uint(&wire, 1000, 1);
    put_bytes(&wire, 27, qvt_slice_make(NULL, 0));
    put_bytes(&wire, 27, buf_slice(&leaf));
    CU_ASSERT_EQUAL(judge_once(EVERYTHING, &wire), QVT_INVALID_ARGUMENT);
    CU_ASSERT_STRING_EQUAL(error.field, "leaves[2].name");
    wire = (struct buf)BUF_INIT;
    put_bytes(&wire, 29, buf_slice(&leaf));
    CU_ASSERT_EQUAL(judge_once(EVERYTHING, &wire), QVT_INVALID_ARGUMENT);
    CU_ASSERT_STRING_EQUAL(error.field, "labels[0].key");
    buf_deinit(&leaf);
}

static void broken_bytes_name_the_message_they_are_in(void)
{
    struct buf wire = BUF_INIT;
    put_bytes(&wire, 17, qvt_slice_make("\x0a\x05", 2));
    CU_ASSERT_EQUAL(judge_once(EVERYTHING, &wire), QVT_INTERNAL);
    CU_ASSERT_STRING_EQUAL(error.field, "leaf");
    wire = (struct buf)BUF_INIT;
    put_tag(&wire, 17, BYTES);
    CU_ASSERT_EQUAL(judge_once(EVERYTHING, &wire), QVT_INTERNAL);
    CU_ASSERT_STRING_EQUAL(error.field, "");
    CU_ASSERT_STRING_EQUAL(error.message, "qvt.fixture.Everything is not an encoded message");
}

static void known_field_of_another_wire_type_is_refused(void)
{
    static const struct {
        uint32_t number;
        unsigned wire_type;
    } wrong[] = {{1, VARINT},  {3, FIXED64},  {9, VARINT},   {13, FIXED32},
                 {14, VARINT}, {17, FIXED32}, {20, FIXED64}, {25, VARINT}};
    static const uint8_t value[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct buf wire = BUF_INIT;
        put_tag(&wire, wrong[i].number, wrong[i].wire_type);
        size_t len = wrong[i].wire_type == VARINT ? 1 : wrong[i].wire_type == FIXED32 ? 4 : 8;
        CU_ASSERT_EQUAL(buf_append(&wire, value, len), QVT_OK);
        CU_ASSERT_EQUAL(judge_once(EVERYTHING, &wire), QVT_INTERNAL);
        CU_ASSERT_TRUE(strstr(error.message, "has another wire type") != NULL);
    }
}

static void broken_wire_syntax_is_refused(void)
{
    static const struct {
        const char *bytes;
        size_t len;
    } broken[] = {
        {"\x00\x01", 2},                                          /* field number 0 */
        {"\x80\x00\x01", 3},                                      /* the same, longer */
        {"\x0e", 1},                                              /* wire type 6 */
        {"\x0f", 1},                                              /* wire type 7 */
        {"\x18\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12}, /* varint of 11 bytes */
        {"\x72\xff\xff\xff\xff\x0f", 6},                          /* length 4 GiB - 1 */
        {"\x72\x80\x80\x80\x80\x80\x00", 7},                      /* length of 6 bytes */
        {"\xff\xff\xff\xff\xff\x01", 6},                          /* tag of 6 bytes */
        {"\xf8\xff\xff\xff\x1f\x01", 6},                          /* field number over 2^29 - 1 */
        {"\xc4\x3e", 2},                                          /* end without group */
        {"\xc3\x3e\xcc\x3e", 4},                                  /* end of another group */
        {"\xc3\x3e", 2},                                          /* group without end */
        {"\xaa\x01\x03\x01\x02\x03", 6},                          /* packed fixed32 of 3 bytes */
        {"\xa2\x01\x02\x01\x80", 5},                              /* packed varint cut */
    };
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct buf wire = BUF_INIT;
        CU_ASSERT_EQUAL(buf_append(&wire, broken[i].bytes, broken[i].len), QVT_OK);
        CU_ASSERT_EQUAL(judge_once(EVERYTHING, &wire), QVT_INTERNAL);
    }
}

/* The same member until the message has `size` bytes. */
static void expect_bomb_is_refused(uint32_t number, qvt_slice payload, size_t size)
{
    struct buf wire = BUF_INIT;
    while (wire.len < size) {
        put_bytes(&wire, number, payload);
    }
    CU_ASSERT_EQUAL(judge_once(EVERYTHING, &wire), QVT_RESOURCE_EXHAUSTED);
}

static void amplification_bombs_are_refused(void)
{
    const size_t size = 4 << 20;
    expect_bomb_is_refused(28, qvt_slice_make(NULL, 0), size);
    expect_bomb_is_refused(29, qvt_slice_make(NULL, 0), size);
    expect_bomb_is_refused(30, qvt_slice_make(NULL, 0), size);
    expect_bomb_is_refused(25, qvt_slice_make(NULL, 0), size);
    expect_bomb_is_refused(26, qvt_slice_make(NULL, 0), size);
    expect_bomb_is_refused(14, qvt_slice_make(NULL, 0), size);
    expect_bomb_is_refused(1000, qvt_slice_make(NULL, 0), size);
}

static void unknown_varint_bomb_is_refused(void)
{
    struct buf wire = BUF_INIT;
    while (wire.len < 4 << 20) {
        put_uint(&wire, 50, 1);
    }
    CU_ASSERT_EQUAL(judge_once(EVERYTHING, &wire), QVT_RESOURCE_EXHAUSTED);
}

static void budget_is_exact(void)
{
    struct buf wire = BUF_INIT;
    put_everything(&wire);
    CU_ASSERT_EQUAL(judge(EVERYTHING, &wire), QVT_OK);
    size_t cost = facts.cost;
    CU_ASSERT_EQUAL(precheck_run(&facts, EVERYTHING, buf_slice(&wire), cost, NULL), QVT_OK);
    CU_ASSERT_EQUAL(precheck_run(&facts, EVERYTHING, buf_slice(&wire), cost - 1, NULL), QVT_RESOURCE_EXHAUSTED);
    buf_deinit(&wire);
}

static void group_and_second_singular_message_are_irregular(void)
{
    struct buf wire = BUF_INIT;
    put_tag(&wire, 1000, GROUP);
    put_uint(&wire, 1, 1);
    put_tag(&wire, 7, GROUP);
    put_tag(&wire, 7, GROUP_END);
    put_tag(&wire, 1000, GROUP_END);
    CU_ASSERT_EQUAL(judge_once(EVERYTHING, &wire), QVT_OK);
    CU_ASSERT_TRUE(facts.irregular);
    wire = (struct buf)BUF_INIT;
    put_text(&wire, 17, "");
    CU_ASSERT_EQUAL(judge(EVERYTHING, &wire), QVT_OK);
    CU_ASSERT_FALSE(facts.irregular);
    put_text(&wire, 17, "");
    CU_ASSERT_EQUAL(judge_once(EVERYTHING, &wire), QVT_OK);
    CU_ASSERT_TRUE(facts.irregular);
}

static size_t random_below(const struct entropy *entropy, size_t limit)
{
    return (size_t)(entropy_u64(entropy) % limit);
}

static void damage(struct buf *wire, const struct entropy *entropy)
{
    size_t changes = 1 + random_below(entropy, 4);
    for (size_t i = 0; i < changes; i++) {
        size_t at = random_below(entropy, wire->len);
        if (random_below(entropy, 3) == 0) {
            wire->data[at] = (uint8_t)random_below(entropy, 256);
        } else {
            wire->data[at] ^= (uint8_t)(1u << random_below(entropy, 8));
        }
    }
}

static void expect_promise_kept(qvt_slice wire)
{
    size_t used = 0;
    struct precheck promise = {0};
    if (precheck_run(&promise, EVERYTHING, wire, BUDGET, NULL) != QVT_OK) {
        return;
    }
    struct buf regular = BUF_INIT;
    if (promise.irregular) {
        CU_ASSERT_EQUAL(normalize_run(&regular, EVERYTHING, wire), QVT_OK);
        CU_ASSERT_TRUE(regular.len <= wire.len);
        wire = buf_slice(&regular);
        CU_ASSERT_EQUAL(precheck_run(&promise, EVERYTHING, wire, BUDGET, NULL), QVT_OK);
        CU_ASSERT_FALSE(promise.irregular);
    }
    CU_ASSERT_TRUE(assembles_alike(EVERYTHING, wire, promise.cost, &used));
    buf_deinit(&regular);
}

static void whatever_passes_is_put_together_as_by_protobuf_c_within_its_cost(void)
{
    uint64_t seed = suite_seed();
    struct entropy entropy = entropy_seeded(&seed);
    struct buf original = BUF_INIT;
    put_everything(&original);
    for (unsigned round = 0; round < 20000; round++) {
        struct buf wire = BUF_INIT;
        CU_ASSERT_EQUAL_FATAL(buf_append_slice(&wire, buf_slice(&original)), QVT_OK);
        damage(&wire, &entropy);
        expect_promise_kept(buf_slice(&wire));
        buf_deinit(&wire);
    }
    buf_deinit(&original);
}

SUITE_MAIN("rpc/codec/precheck", SUITE_CASE(every_kind_of_field_passes_and_costs_what_it_takes),
           SUITE_CASE(empty_message_passes), SUITE_CASE(message_cut_at_every_length_is_judged_as_protobuf_c_does),
           SUITE_CASE(messages_nest_64_deep_and_no_deeper), SUITE_CASE(ten_thousand_levels_are_refused),
           SUITE_CASE(hundred_thousand_open_groups_are_refused), SUITE_CASE(string_must_be_utf8_without_nul),
           SUITE_CASE(nul_is_found_at_every_place_of_a_string),
           SUITE_CASE(error_names_the_field_inside_repeated_and_nested_messages),
           SUITE_CASE(broken_bytes_name_the_message_they_are_in),
           SUITE_CASE(known_field_of_another_wire_type_is_refused), SUITE_CASE(broken_wire_syntax_is_refused),
           SUITE_CASE(amplification_bombs_are_refused), SUITE_CASE(unknown_varint_bomb_is_refused),
           SUITE_CASE(budget_is_exact), SUITE_CASE(group_and_second_singular_message_are_irregular),
           SUITE_CASE(whatever_passes_is_put_together_as_by_protobuf_c_within_its_cost))
