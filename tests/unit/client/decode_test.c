#include "client/src/decode.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "client/src/silo_messages.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"
#include "tests/support/suite.h"
#include "tests/unit/client/answers.h"

static qvt_status decode_capabilities(qvt_slice wire, struct arena *arena, const qvt_actor_version **versions,
                                      size_t *count, qvt_error *error)
{
    struct decode_text silo_id = {arena, ""};
    struct decode_list list = {.arena = arena};
    quark_version_v1_GetSiloCapabilitiesResponse answer = quark_version_v1_GetSiloCapabilitiesResponse_init_zero;
    answer.capabilities.silo_id = decode_text(&silo_id);
    answer.capabilities.actor_type_versions = decode_version_map(&list);
    qvt_status status = decode_message(wire, quark_version_v1_GetSiloCapabilitiesResponse_fields, &answer, error);
    return status != QVT_OK ? status : decode_versions_finish(&list, versions, count);
}

static qvt_status decode_version_text(const char *version, size_t cap, qvt_error *error)
{
    qvt_actor_version item = {.actor_type = "Order", .version = version};
    const qvt_actor_version *versions;
    size_t count;
    struct buf wire = BUF_INIT;
    struct arena arena;
    answer_capabilities(&wire, "silo-1", &item, 1);
    arena_init(&arena, cap);
    qvt_status status = decode_capabilities(buf_slice(&wire), &arena, &versions, &count, error);
    arena_deinit(&arena);
    buf_deinit(&wire);
    return status;
}

static void answer_cut_anywhere_is_an_error_or_a_shorter_answer(void)
{
    static const qvt_actor_version versions[] = {{.actor_type = "Order", .version = "2.1.0", .build_id = "b"},
                                                 {.actor_type = "Cart", .version = "1.0.0"}};
    struct buf wire = BUF_INIT;
    answer_capabilities(&wire, "silo-1", versions, 2);
    for (size_t len = 0; len <= wire.len; len++) {
        const qvt_actor_version *found;
        size_t count;
        struct arena arena;
        /* An exact copy, so that a sanitizer sees a read behind the end. */
        struct buf cut = BUF_INIT;
        CU_ASSERT_EQUAL_FATAL(buf_append(&cut, wire.data, len), QVT_OK);
        arena_init(&arena, 1 << 20);
        qvt_status status = decode_capabilities(buf_slice(&cut), &arena, &found, &count, NULL);
        CU_ASSERT(status == QVT_INTERNAL || (status == QVT_OK && count == (len == wire.len ? 2 : 0)));
        arena_deinit(&arena);
        buf_deinit(&cut);
    }
    buf_deinit(&wire);
}

static void strings_that_are_not_utf8_are_refused(void)
{
    qvt_error error;
    CU_ASSERT_EQUAL(decode_version_text("1.0.0-\xff", 1 << 20, &error), QVT_INTERNAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "UTF-8"));
    CU_ASSERT_EQUAL(decode_version_text("1.0.0-\xc0\x80", 1 << 20, &error), QVT_INTERNAL);
    CU_ASSERT_EQUAL(decode_version_text("1.0.0-\xc3\xa9", 1 << 20, &error), QVT_OK);
}

static void strings_with_nul_are_refused(void)
{
    /* Field 4 (capabilities), in it field 1 (silo_id) with "a\0b". */
    static const uint8_t wire[] = {0x22, 5, 0x0a, 3, 'a', 0, 'b'};
    const qvt_actor_version *versions;
    size_t count;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    CU_ASSERT_EQUAL(decode_capabilities(qvt_slice_make(wire, sizeof wire), &arena, &versions, &count, NULL),
                    QVT_INTERNAL);
    arena_deinit(&arena);
}

static void answer_over_its_budget_is_out_of_memory(void)
{
    qvt_error error;
    CU_ASSERT_EQUAL(decode_version_text("1.0.0", 16, &error), QVT_NO_MEMORY);
    CU_ASSERT_EQUAL(error.status, QVT_NO_MEMORY);
}

static void last_of_equal_map_keys_counts(void)
{
    static const qvt_actor_version sent[] = {{.actor_type = "Order", .version = "1"},
                                             {.actor_type = "Cart", .version = "2"},
                                             {.actor_type = "Order", .version = "3"},
                                             {.actor_type = "Order", .version = "4"}};
    const qvt_actor_version *versions = NULL;
    size_t count = 0;
    struct buf wire = BUF_INIT;
    struct arena arena;
    answer_capabilities(&wire, "silo-1", sent, 4);
    arena_init(&arena, 1 << 20);
    CU_ASSERT_EQUAL(decode_capabilities(buf_slice(&wire), &arena, &versions, &count, NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(count, 2);
    EXPECT_TEXT(versions[0].version, "2");
    EXPECT_TEXT(versions[1].version, "4");
    arena_deinit(&arena);
    buf_deinit(&wire);
}

static void unknown_fields_are_skipped(void)
{
    /* Field 99: varint, fixed64, bytes, fixed32. */
    static const uint8_t wire[] = {0x98, 6,    1, 0x99, 6,   0,   0,    0, 0, 0, 0, 0,
                                   0,    0x9a, 6, 2,    'a', 'b', 0x9d, 6, 0, 0, 0, 0};
    const qvt_actor_version *versions;
    size_t count;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    CU_ASSERT_EQUAL(decode_capabilities(qvt_slice_make(wire, sizeof wire), &arena, &versions, &count, NULL), QVT_OK);
    arena_deinit(&arena);
}

static void durations_are_clamped(void)
{
    CU_ASSERT_EQUAL(decode_duration_ms(&(google_protobuf_Duration){.seconds = 2, .nanos = 999999999}), 2999);
    CU_ASSERT_EQUAL(decode_duration_ms(&(google_protobuf_Duration){.seconds = -1, .nanos = 0}), 0);
    CU_ASSERT_EQUAL(decode_duration_ms(&(google_protobuf_Duration){.seconds = 0, .nanos = -1}), 0);
    CU_ASSERT_EQUAL(decode_duration_ms(&(google_protobuf_Duration){.seconds = INT64_MAX, .nanos = 0}), UINT32_MAX);
    CU_ASSERT_EQUAL(decode_duration_ms(&(google_protobuf_Duration){.seconds = 4294967, .nanos = 295000000}),
                    UINT32_MAX);
}

static void registration_without_incarnation_or_lease_is_no_answer(void)
{
    struct silo_grant grant = {.incarnation = 1};
    struct buf wire = BUF_INIT;
    answer_register(&wire, 0, 15000, STORE_ID);
    CU_ASSERT_EQUAL(silo_decode_register(buf_slice(&wire), &grant, NULL), QVT_INTERNAL);
    buf_clear(&wire);
    answer_register(&wire, 9, 0, STORE_ID);
    CU_ASSERT_EQUAL(silo_decode_register(buf_slice(&wire), &grant, NULL), QVT_INTERNAL);
    CU_ASSERT_EQUAL(grant.incarnation, 1);
    buf_clear(&wire);
    answer_register(&wire, 9, 15500, STORE_ID);
    CU_ASSERT_EQUAL(silo_decode_register(buf_slice(&wire), &grant, NULL), QVT_OK);
    CU_ASSERT(grant.incarnation == 9 && grant.lease_ttl_ms == 15500);
    EXPECT_TEXT(grant.store_id, STORE_ID);
    buf_deinit(&wire);
}

SUITE_MAIN("client/decode", SUITE_CASE(answer_cut_anywhere_is_an_error_or_a_shorter_answer),
           SUITE_CASE(strings_that_are_not_utf8_are_refused), SUITE_CASE(strings_with_nul_are_refused),
           SUITE_CASE(answer_over_its_budget_is_out_of_memory), SUITE_CASE(last_of_equal_map_keys_counts),
           SUITE_CASE(unknown_fields_are_skipped), SUITE_CASE(durations_are_clamped),
           SUITE_CASE(registration_without_incarnation_or_lease_is_no_answer))
