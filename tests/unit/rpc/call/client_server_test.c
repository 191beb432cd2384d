/* The client against our own server, both on one loop. */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "qvt/rpc/blocking.h"
#include "qvt/rpc/message.h"
#include "qvt/rpc/server.h"
#include "tests/fixtures/codec.pb-c.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/call/client_harness.h"

#define LEAF (&qvt__fixture__leaf__descriptor)

static const qvt_rpc_method double_method = {"/test.Service/Double",  "Double", "Leaf", "Leaf", QVT_RPC_UNARY,
                                             QVT_RPC_NO_SIDE_EFFECTS, 2};
static const qvt_rpc_method watch_method = {"/test.Service/Watch",   "Watch", "Leaf", "Leaf", QVT_RPC_SERVER_STREAMING,
                                            QVT_RPC_NO_SIDE_EFFECTS, 3};
static const qvt_rpc_method refuse_method = {"/test.Service/Refuse",  "Refuse", "Leaf", "Leaf", QVT_RPC_UNARY,
                                             QVT_RPC_NO_SIDE_EFFECTS, 5};
static const qvt_rpc_method missing_method = {"/test.Service/Missing", "Missing", "", "", QVT_RPC_UNARY,
                                              QVT_RPC_NO_SIDE_EFFECTS, 4};

struct world {
    struct harness harness; /* its scripted server is not used */
    qvt_rpc_server *server;
    unsigned cancels;
    unsigned closed;
};

static void on_double(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    qvt_rpc_unary *unary = qvt_rpc_server_call_unary(call);
    ProtobufCMessage *message = NULL;
    qvt_error error;
    (void)data;
    if (qvt_rpc_unary_decode(unary, LEAF, request, &message, &error) != QVT_OK) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    Qvt__Fixture__Leaf *leaf = (Qvt__Fixture__Leaf *)(void *)message;
    if (leaf->number == 0) {
        (void)qvt_error_field(&error, "number", "number must not be 0");
        error.reason = "ZERO";
        qvt_error_fact(&error, "limit", "%d", 1);
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    leaf->number *= 2;
    qvt_rpc_unary_reply_message(unary, &leaf->base);
}

/* Fails with a trailer and details of its own. */
static void on_refuse(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    static const char details[] = "\x08\x0a\x12\x05other";
    static const qvt_rpc_detail made[] = {{"a/X", {(const uint8_t *)"12", 2}}, {"a/Y", {NULL, 0}}};
    qvt_rpc_server_call *same = qvt_rpc_server_call_of_unary(qvt_rpc_server_call_unary(call));
    qvt_rpc_metadata_entry entry = {qvt_slice_text("x-echo"), qvt_slice_text("yes")};
    qvt_error error;
    (void)data;
    CU_ASSERT_PTR_EQUAL(same, call);
    CU_ASSERT_EQUAL(qvt_rpc_server_call_add_trailing(same, &entry), QVT_OK);
    (void)qvt_error_set(&error, QVT_ABORTED, "UNSEEN", "mine");
    if (request.len > 0) {
        qvt_rpc_server_call_finish_with(same, &error, made, 2);
    } else {
        qvt_rpc_server_call_finish_with_details(same, &error, qvt_slice_make(details, sizeof(details) - 1));
    }
}

static void on_watch(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    Qvt__Fixture__Leaf leaf;
    (void)request;
    (void)data;
    qvt__fixture__leaf__init(&leaf);
    for (leaf.number = 1; leaf.number <= 3; leaf.number++) {
        QVT_ASSERT(qvt_rpc_server_call_send_message(call, &leaf.base) == QVT_OK);
    }
}

static void on_watch_cancel(qvt_rpc_server_call *call, void *data)
{
    struct world *world = data;
    world->cancels++;
    qvt_rpc_server_call_finish(call, NULL);
}

static void on_chat(qvt_rpc_server_call *call, qvt_slice message, void *data)
{
    (void)data;
    QVT_ASSERT(qvt_rpc_server_call_send(call, &message, 1) == QVT_OK);
}

static void on_chat_end(qvt_rpc_server_call *call, void *data)
{
    (void)data;
    qvt_rpc_server_call_finish(call, NULL);
}

static void ignore(struct script_stream *stream, void *data)
{
    (void)stream;
    (void)data;
}

static void start(struct world *world)
{
    const qvt_rpc_handler double_handler = {.on_request = on_double};
    const qvt_rpc_handler watch_handler = {.on_request = on_watch, .on_cancel = on_watch_cancel};
    const qvt_rpc_handler refuse_handler = {.on_request = on_refuse};
    const qvt_rpc_handler chat_handler = {.on_message = on_chat, .on_half_close = on_chat_end};
    memset(world, 0, sizeof(*world));
    harness_start(&world->harness, ignore, NULL);
    QVT_ASSERT(qvt_rpc_server_new(&world->server, world->harness.runtime, NULL) == QVT_OK);
    QVT_ASSERT(qvt_rpc_server_add_method(world->server, &double_method, &double_handler, world) == QVT_OK);
    QVT_ASSERT(qvt_rpc_server_add_method(world->server, &watch_method, &watch_handler, world) == QVT_OK);
    QVT_ASSERT(qvt_rpc_server_add_method(world->server, &refuse_method, &refuse_handler, world) == QVT_OK);
    QVT_ASSERT(qvt_rpc_server_add_method(world->server, &bidi_method, &chat_handler, world) == QVT_OK);
    QVT_ASSERT(qvt_rpc_server_listen(world->server, "127.0.0.1:0", NULL) == QVT_OK);
    qvt_rpc_channel_close(world->harness.channel, NULL, NULL);
    const char *endpoint = qvt_rpc_server_address(world->server);
    QVT_ASSERT(qvt_rpc_channel_new(&world->harness.channel, world->harness.runtime, &endpoint, 1, NULL, NULL) ==
               QVT_OK);
}

static void on_server_closed(void *data)
{
    struct world *world = data;
    world->closed++;
}

static void stop(struct world *world)
{
    qvt_rpc_server_shutdown(world->server, 0, on_server_closed, world);
    harness_run_until(&world->harness, &world->closed);
    qvt_rpc_server_free(world->server);
    harness_stop(&world->harness);
}

static void typed_unary_call(void)
{
    struct world world;
    qvt_blob *response = NULL;
    start(&world);
    CU_ASSERT_EQUAL(qvt_rpc_call_blocking(world.harness.runtime, world.harness.channel, &double_method,
                                          qvt_slice_text("\x0a\x01n\x18\x15"), NULL, &response, NULL),
                    QVT_OK);
    EXPECT_SLICE(qvt_blob_slice(response), "\x0a\x01n\x18\x2a");
    qvt_blob_unref(response);
    stop(&world);
}

static void error_arrives_with_field_reason_and_facts(void)
{
    struct world world;
    qvt_blob *response = NULL;
    qvt_error error;
    start(&world);
    CU_ASSERT_EQUAL(qvt_rpc_call_blocking(world.harness.runtime, world.harness.channel, &double_method,
                                          qvt_slice_text(""), NULL, &response, &error),
                    QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(error.message, "number must not be 0");
    EXPECT_TEXT(error.field, "number");
    EXPECT_TEXT(error.reason, "ZERO");
    CU_ASSERT_EQUAL_FATAL(error.fact_count, 1);
    EXPECT_TEXT(error.facts[0].name, "limit");
    EXPECT_TEXT(error.facts[0].value, "1");
    stop(&world);
}

static void details_and_trailers_of_the_handlers_own_arrive(void)
{
    struct world world;
    struct record record = {0};
    start(&world);
    record_start(&world.harness, &record, &refuse_method, NULL);
    CU_ASSERT_EQUAL(qvt_rpc_client_call_send(record.call, qvt_slice_text("")), QVT_OK);
    qvt_rpc_client_call_half_close(record.call);
    harness_run_until(&world.harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_ABORTED);
    EXPECT_TEXT(record.error.message, "mine");
    EXPECT_TEXT(record.reason, "");
    EXPECT_TEXT(record.trailing, "x-echo=yes;");
    CU_ASSERT_EQUAL(record.details_len, 9);
    record_deinit(&record);
    stop(&world);
}

static void list_of_details_becomes_a_status(void)
{
    static const char expected[] = "\x08\x0a\x12\x04mine"
                                   "\x1a\x09\x0a\x03"
                                   "a/X\x12\x02"
                                   "12\x1a\x07\x0a\x03"
                                   "a/Y\x12\0";
    struct world world;
    struct record record = {0};
    start(&world);
    record_start(&world.harness, &record, &refuse_method, NULL);
    CU_ASSERT_EQUAL(qvt_rpc_client_call_send(record.call, qvt_slice_text("\x10\x01")), QVT_OK);
    qvt_rpc_client_call_half_close(record.call);
    harness_run_until(&world.harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_ABORTED);
    EXPECT_TEXT(record.error.message, "mine");
    EXPECT_TEXT(record.reason, "");
    CU_ASSERT_EQUAL_FATAL(record.details_len, sizeof(expected) - 1);
    CU_ASSERT_EQUAL(memcmp(record.details, expected, sizeof(expected) - 1), 0);
    record_deinit(&record);
    stop(&world);
}

static void bad_string_is_refused_with_its_field(void)
{
    struct world world;
    qvt_blob *response = NULL;
    qvt_error error;
    start(&world);
    CU_ASSERT_EQUAL(qvt_rpc_call_blocking(world.harness.runtime, world.harness.channel, &double_method,
                                          qvt_slice_text("\x0a\x01\xff"), NULL, &response, &error),
                    QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(error.field, "name");
    stop(&world);
}

static void unknown_method_is_unimplemented(void)
{
    struct world world;
    qvt_blob *response = NULL;
    start(&world);
    CU_ASSERT_EQUAL(qvt_rpc_call_blocking(world.harness.runtime, world.harness.channel, &missing_method,
                                          qvt_slice_text(""), NULL, &response, NULL),
                    QVT_UNIMPLEMENTED);
    stop(&world);
}

static void server_stream_is_seen_and_its_cancellation_too(void)
{
    struct world world;
    struct record record = {0};
    start(&world);
    record_start(&world.harness, &record, &watch_method, NULL);
    CU_ASSERT_EQUAL(qvt_rpc_client_call_send(record.call, qvt_slice_text("")), QVT_OK);
    qvt_rpc_client_call_half_close(record.call);
    harness_run_until(&world.harness, &record.initials);
    EXPECT_SLICE(buf_slice(&record.messages), "\x18\x01|\x18\x02|\x18\x03|");
    qvt_rpc_client_call_cancel(record.call);
    harness_run_until(&world.harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_CANCELLED);
    harness_run_until(&world.harness, &world.cancels);
    record_deinit(&record);
    stop(&world);
}

static void bidi_stream_carries_many_messages(void)
{
    enum { COUNT = 2000 };
    struct world world;
    struct record record = {0};
    start(&world);
    record_start(&world.harness, &record, &bidi_method, NULL);
    for (unsigned i = 0; i < COUNT; i++) {
        CU_ASSERT_EQUAL(qvt_rpc_client_call_send(record.call, qvt_slice_text("0123456789")), QVT_OK);
    }
    qvt_rpc_client_call_half_close(record.call);
    harness_run_until(&world.harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    CU_ASSERT_EQUAL(record.message_count, COUNT);
    record_deinit(&record);
    stop(&world);
}

static void graceful_stop_sends_the_next_call_away(void)
{
    struct world world;
    struct record open = {0};
    struct record next = {0};
    start(&world);
    record_start(&world.harness, &open, &bidi_method, NULL);
    CU_ASSERT_EQUAL(qvt_rpc_client_call_send(open.call, qvt_slice_text("hello")), QVT_OK);
    harness_run_until(&world.harness, &open.initials);
    qvt_rpc_server_shutdown(world.server, 10000, on_server_closed, &world);
    while (qvt_rpc_channel_get_state(world.harness.channel) == QVT_RPC_CHANNEL_READY) {
        harness_turn(&world.harness, 1);
    }
    record_whole_call(&world.harness, &next);
    CU_ASSERT_EQUAL(next.error.status, QVT_UNAVAILABLE);
    qvt_rpc_client_call_half_close(open.call);
    harness_run_until(&world.harness, &open.ends);
    CU_ASSERT_EQUAL(open.error.status, QVT_OK);
    harness_run_until(&world.harness, &world.closed);
    qvt_rpc_server_free(world.server);
    harness_stop(&world.harness);
    record_deinit(&open);
    record_deinit(&next);
}

SUITE_MAIN("rpc/call/client server", SUITE_CASE(typed_unary_call),
           SUITE_CASE(error_arrives_with_field_reason_and_facts),
           SUITE_CASE(details_and_trailers_of_the_handlers_own_arrive), SUITE_CASE(list_of_details_becomes_a_status),
           SUITE_CASE(bad_string_is_refused_with_its_field), SUITE_CASE(unknown_method_is_unimplemented),
           SUITE_CASE(server_stream_is_seen_and_its_cancellation_too), SUITE_CASE(bidi_stream_carries_many_messages),
           SUITE_CASE(graceful_stop_sends_the_next_call_away))
