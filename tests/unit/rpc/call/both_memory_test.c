/* A server and its client in one process: whichever allocation of either fails, both go on and give all back. */
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/check.h"
#include "qvt/rpc/client.h"
#include "qvt/rpc/server.h"
#include "tests/support/alloc.h"
#include "tests/support/suite.h"

enum { SWEEP_MAX = 20000, LATEST_MS = 2000 };

struct world {
    qvt_rpc_runtime *runtime;
    qvt_rpc_server *server;
    qvt_rpc_channel *channel;
    qvt_status outcome; /* of the call */
    unsigned ends;
    unsigned messages;
    bool server_closed;
    bool channel_closed;
};

static void echo(qvt_rpc_server_call *call, qvt_slice message, void *data)
{
    (void)data;
    qvt_rpc_server_call_compress(call, true);
    if (qvt_rpc_server_call_send(call, &message, 1) != QVT_OK) {
        qvt_error error;
        (void)qvt_error_set(&error, QVT_NO_MEMORY, NULL, "out of memory");
        qvt_rpc_server_call_finish(call, &error);
    }
}

static void reply(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    const qvt_rpc_metadata_entry entry = {qvt_slice_text("x-bin"), qvt_slice_make("\xff\1", 2)};
    (void)data;
    qvt_error error;
    qvt_status status = qvt_rpc_server_call_add_initial(call, &entry);
    status = status == QVT_OK ? qvt_rpc_server_call_add_trailing(call, &entry) : status;
    if (status == QVT_OK) {
        qvt_rpc_unary_reply(qvt_rpc_server_call_unary(call), &request, 1);
        return;
    }
    (void)qvt_error_set(&error, status, "NO_ROOM", "out of memory");
    qvt_rpc_unary_fail(qvt_rpc_server_call_unary(call), &error);
}

static void finish(qvt_rpc_server_call *call, void *data)
{
    (void)data;
    qvt_rpc_server_call_finish(call, NULL);
}

static const qvt_rpc_method unary = {.path = "/test.A/Unary", .name = "Unary", .kind = QVT_RPC_UNARY};
static const qvt_rpc_method chat = {.path = "/test.A/Chat", .name = "Chat", .kind = QVT_RPC_BIDI_STREAMING};
static const qvt_rpc_handler unary_handler = {.on_request = reply};
static const qvt_rpc_handler chat_handler = {.on_message = echo, .on_half_close = finish, .on_cancel = finish};

static void on_message(qvt_rpc_client_call *call, qvt_slice message, void *data)
{
    struct world *world = data;
    (void)call;
    (void)message;
    world->messages++;
}

static void on_end(qvt_rpc_client_call *call, const qvt_rpc_result *result, void *data)
{
    struct world *world = data;
    (void)call;
    world->outcome = result->error->status;
    world->ends++;
    qvt_rpc_runtime_stop(world->runtime);
}

static const qvt_rpc_client_callbacks callbacks = {.on_message = on_message, .on_end = on_end};

static qvt_status start(struct world *world)
{
    QVT_TRY(qvt_rpc_runtime_new(&world->runtime, NULL));
    QVT_TRY(qvt_rpc_server_new(&world->server, world->runtime, NULL));
    QVT_TRY(qvt_rpc_server_add_method(world->server, &unary, &unary_handler, NULL));
    QVT_TRY(qvt_rpc_server_add_method(world->server, &chat, &chat_handler, NULL));
    QVT_TRY(qvt_rpc_server_listen(world->server, "127.0.0.1:0", NULL));
    const char *endpoint = qvt_rpc_server_address(world->server);
    return qvt_rpc_channel_new(&world->channel, world->runtime, &endpoint, 1, NULL, NULL);
}

/* Either function gives what starting the call gave; the loop has to run until on_end when that was OK. */
static qvt_status call_unary(struct world *world, const qvt_rpc_call_options *options)
{
    qvt_rpc_client_call *call = NULL;
    return qvt_rpc_client_call_unary(&call, world->channel, &unary, qvt_slice_text("hello"), options, &callbacks,
                                     world);
}

static qvt_status call_chat(struct world *world, const qvt_rpc_call_options *options)
{
    qvt_rpc_client_call *call = NULL;
    QVT_TRY(qvt_rpc_client_call_start(&call, world->channel, &chat, options, &callbacks, world));
    for (int i = 0; i < 3; i++) {
        if (qvt_rpc_client_call_send(call, qvt_slice_text("some message that is said again and again")) != QVT_OK) {
            qvt_rpc_client_call_cancel(call);
            return QVT_OK;
        }
    }
    qvt_rpc_client_call_half_close(call);
    return QVT_OK;
}

static void on_server_closed(void *data)
{
    struct world *world = data;
    world->server_closed = true;
}

static void on_channel_closed(void *data)
{
    struct world *world = data;
    world->channel_closed = true;
}

static void stop(struct world *world)
{
    if (world->channel != NULL) {
        qvt_rpc_channel_close(world->channel, on_channel_closed, world);
    }
    if (world->server != NULL) {
        qvt_rpc_server_shutdown(world->server, 10, on_server_closed, world);
    }
    if (world->runtime != NULL) {
        qvt_rpc_runtime_run(world->runtime);
    }
    CU_ASSERT_EQUAL(world->channel_closed, world->channel != NULL);
    CU_ASSERT_EQUAL(world->server_closed, world->server != NULL);
    qvt_rpc_server_free(world->server);
    qvt_rpc_runtime_free(world->runtime);
}

static void run_once(struct world *world, qvt_status (*call)(struct world *, const qvt_rpc_call_options *))
{
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    options.timeout_ms = LATEST_MS;
    options.compress = true;
    qvt_status status = start(world);
    if (status == QVT_OK) {
        status = call(world, &options);
        while (status == QVT_OK && world->ends == 0) {
            qvt_rpc_runtime_run(world->runtime);
        }
    }
    CU_ASSERT_TRUE(status == QVT_OK || alloc_failed());
    CU_ASSERT_TRUE(world->ends == (status == QVT_OK ? 1 : 0));
}

static void sweep(qvt_status (*call)(struct world *, const qvt_rpc_call_options *), unsigned messages)
{
    unsigned long nth = 1;
    for (bool failed = true; failed && nth < SWEEP_MAX; nth++) {
        struct world world = {.outcome = QVT_OK};
        alloc_fail_at(nth);
        run_once(&world, call);
        failed = alloc_failed();
        CU_ASSERT_TRUE(failed || (world.outcome == QVT_OK && world.messages == messages));
        CU_ASSERT_TRUE(world.messages <= messages);
        CU_ASSERT_TRUE(world.outcome != QVT_DEADLINE_EXCEEDED);
        stop(&world);
        failed = failed || alloc_failed();
        alloc_fail_at(0);
    }
    CU_ASSERT_TRUE(nth > 60 && nth < SWEEP_MAX);
}

static void unary_call_survives_every_failing_allocation(void)
{
    sweep(call_unary, 1);
}

static void compressed_stream_survives_every_failing_allocation(void)
{
    sweep(call_chat, 3);
}

SUITE_MAIN("rpc/call/both_memory", SUITE_CASE(unary_call_survives_every_failing_allocation),
           SUITE_CASE(compressed_stream_survives_every_failing_allocation))
