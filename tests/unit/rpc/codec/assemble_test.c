#include "rpc/codec/assemble.h"

#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/entropy.h"
#include "rpc/codec/precheck.h"
#include "tests/fixtures/codec2.pb-c.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/codec/bytes.h"
#include "tests/unit/rpc/codec/samples.h"

#define EVERYTHING (&qvt__fixture__everything__descriptor)
#define OLD (&qvt__fixture__old__descriptor)

enum { BUDGET = 16 << 20, ROUNDS = 20000, MEMBERS_MAX = 12, DEPTH_MAX = 4, BYTES_MAX = 20 };

static struct entropy entropy;

static uint64_t below(uint64_t limit)
{
    return entropy_u64(&entropy) % limit;
}

/* Of any length, and the edges often. */
static uint64_t any_number(void)
{
    static const uint64_t edges[] = {0, 1, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX, (uint64_t)INT64_MIN};
    return below(3) == 0 ? edges[below(sizeof(edges) / sizeof(edges[0]))] : entropy_u64(&entropy) >> below(64);
}

static void put_fixed(struct buf *out, size_t size)
{
    uint8_t bytes[8];
    entropy_fill(&entropy, bytes, sizeof(bytes));
    CU_ASSERT_EQUAL_FATAL(buf_append(out, bytes, size), QVT_OK);
}

static unsigned wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32: return FIXED32;
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64: return FIXED64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return BYTES;
    default: return VARINT;
    }
}

static void put_value(struct buf *out, unsigned wire_type)
{
    if (wire_type == VARINT) {
        put_varint(out, any_number());
    } else {
        put_fixed(out, wire_type == FIXED32 ? 4 : 8);
    }
}

static void put_random(struct buf *out, const ProtobufCMessageDescriptor *type, unsigned depth);

static void put_text_or_bytes(struct buf *out, uint32_t number)
{
    uint8_t bytes[BYTES_MAX];
    size_t len = below(BYTES_MAX + 1);
    memset(bytes, 'a' + (int)below(26), sizeof(bytes));
    put_bytes(out, number, qvt_slice_make(bytes, len));
}

static void put_packed(struct buf *out, const ProtobufCFieldDescriptor *field)
{
    struct buf values = BUF_INIT;
    for (uint64_t i = below(5); i > 0; i--) {
        put_value(&values, wire_type_of(field->type));
    }
    put_bytes(out, field->id, buf_slice(&values));
    buf_deinit(&values);
}

static void put_member(struct buf *out, const ProtobufCFieldDescriptor *field, unsigned depth)
{
    unsigned wire_type = wire_type_of(field->type);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        struct buf inner = BUF_INIT;
        put_random(&inner, field->descriptor, depth + 1);
        put_bytes(out, field->id, buf_slice(&inner));
        buf_deinit(&inner);
    } else if (wire_type == BYTES) {
        put_text_or_bytes(out, field->id);
    } else if (field->label == PROTOBUF_C_LABEL_REPEATED && below(2) == 0) {
        put_packed(out, field);
    } else {
        put_tag(out, field->id, wire_type);
        put_value(out, wire_type);
    }
}

static void put_unknown(struct buf *out)
{
    uint32_t number = (uint32_t)(1000 + below(1000000));
    if (below(2) == 0) {
        put_text_or_bytes(out, number);
    } else {
        put_uint(out, number, any_number());
    }
}

/* Members of the type in any order, any number of times. */
static void put_random(struct buf *out, const ProtobufCMessageDescriptor *type, unsigned depth)
{
    for (uint64_t i = depth >= DEPTH_MAX ? 0 : below(MEMBERS_MAX); i > 0; i--) {
        if (type->n_fields == 0 || below(10) == 0) {
            put_unknown(out);
        } else {
            put_member(out, &type->fields[below(type->n_fields)], depth);
        }
    }
}

static void random_messages_are_put_together_as_by_protobuf_c(void)
{
    uint64_t seed = suite_seed();
    unsigned regular = 0;
    entropy = entropy_seeded(&seed);
    for (unsigned round = 0; round < ROUNDS; round++) {
        const ProtobufCMessageDescriptor *type = round % 2 == 0 ? EVERYTHING : OLD;
        struct precheck facts = {0};
        struct buf wire = BUF_INIT;
        size_t used = 0;
        put_random(&wire, type, 0);
        CU_ASSERT_EQUAL(precheck_run(&facts, type, buf_slice(&wire), BUDGET, NULL), QVT_OK);
        if (!facts.irregular) {
            regular++;
            CU_ASSERT(assembles_alike(type, buf_slice(&wire), facts.cost, &used));
        }
        buf_deinit(&wire);
    }
    CU_ASSERT(regular > ROUNDS / 2);
}

/* The caller frees *block. */
static qvt_status assemble_old(Qvt__Fixture__Old **out, struct buf *wire, void **block, qvt_error *error)
{
    struct precheck facts = {0};
    ProtobufCMessage *message = NULL;
    CU_ASSERT_EQUAL_FATAL(precheck_run(&facts, OLD, buf_slice(wire), BUDGET, NULL), QVT_OK);
    struct assemble_block room = {malloc(facts.cost), facts.cost, 0};
    *block = room.memory;
    qvt_status status = assemble_run(&message, OLD, buf_slice(wire), &room, error);
    *out = (Qvt__Fixture__Old *)(void *)message;
    buf_deinit(wire);
    return status;
}

static void missing_required_field_is_named(void)
{
    Qvt__Fixture__Old *old;
    struct buf wire = BUF_INIT;
    qvt_error error;
    void *block;
    put_text(&wire, 1, "n");
    CU_ASSERT_EQUAL(assemble_old(&old, &wire, &block, &error), QVT_INTERNAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "number is required"));
    free(block);
    wire = (struct buf)BUF_INIT;
    put_text(&wire, 1, "n");
    put_uint(&wire, 2, 1);
    put_bytes(&wire, 11, qvt_slice_make(NULL, 0));
    CU_ASSERT_EQUAL(assemble_old(&old, &wire, &block, &error), QVT_INTERNAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "is_set is required"));
    free(block);
}

static void defaults_stay_and_what_is_there_is_noted(void)
{
    Qvt__Fixture__Old *old;
    struct buf wire = BUF_INIT;
    qvt_error error;
    void *block;
    put_uint(&wire, 2, 7);
    put_text(&wire, 1, "n");
    put_uint(&wire, 8, 0);
    put_text(&wire, 12, "one");
    put_uint(&wire, 13, 5);
    CU_ASSERT_EQUAL_FATAL(assemble_old(&old, &wire, &block, &error), QVT_OK);
    CU_ASSERT_STRING_EQUAL(old->kind, "plain");
    CU_ASSERT_STRING_EQUAL(old->text, "fallback");
    CU_ASSERT(!old->has_count && old->count == -5);
    CU_ASSERT(!old->has_blob && old->blob.len == 3);
    CU_ASSERT(old->has_flag && !old->flag);
    CU_ASSERT_EQUAL(old->either_case, QVT__FIXTURE__OLD__EITHER_TWO);
    CU_ASSERT_EQUAL(old->two, 5);
    free(block);
}

/* The pre-check counts what assembling takes: less is an error, not a write beyond. */
static void too_small_a_block_is_an_error(void)
{
    struct buf wire = BUF_INIT;
    struct precheck facts = {0};
    ProtobufCMessage *message = NULL;
    size_t used = 0;
    put_everything(&wire);
    CU_ASSERT_EQUAL_FATAL(precheck_run(&facts, EVERYTHING, buf_slice(&wire), BUDGET, NULL), QVT_OK);
    CU_ASSERT_TRUE(assembles_alike(EVERYTHING, buf_slice(&wire), facts.cost, &used));
    for (size_t size = 0; size < used; size += PRECHECK_GRAIN) {
        struct assemble_block block = {malloc(size == 0 ? 1 : size), size, 0};
        CU_ASSERT_EQUAL(assemble_run(&message, EVERYTHING, buf_slice(&wire), &block, NULL), QVT_INTERNAL);
        free(block.memory);
    }
    buf_deinit(&wire);
}

SUITE_MAIN("rpc/codec/assemble", SUITE_CASE(random_messages_are_put_together_as_by_protobuf_c),
           SUITE_CASE(missing_required_field_is_named), SUITE_CASE(defaults_stay_and_what_is_there_is_noted),
           SUITE_CASE(too_small_a_block_is_an_error))
