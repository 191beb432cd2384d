
#include <CUnit/CUnit.h>

#include "base/check.h"
#include "qvt/rpc/server.h"
#include "tests/support/alloc.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/call/raw_client.h"

enum { TYPE_SETTINGS = 4, MALLOCS_MAX = 2000 };

static void answer(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    (void)data;
    qvt_rpc_metadata_entry entry = {qvt_slice_text("x-trailing-bin"), request};
    qvt_error error;
    qvt_status status = qvt_rpc_server_call_add_initial(call, &entry);
    if (status == QVT_OK) {
        status = qvt_rpc_server_call_add_trailing(call, &entry);
    }
    if (status == QVT_OK) {
        status = qvt_rpc_server_call_alloc(call, 100) == NULL ? QVT_NO_MEMORY : QVT_OK;
    }
    if (status != QVT_OK) {
        qvt_error_set(&error, status, "NO_MEMORY", "out of memory");
        qvt_rpc_unary_fail(qvt_rpc_server_call_unary(call), &error);
        return;
    }
    qvt_rpc_unary_reply(qvt_rpc_server_call_unary(call), &request, 1);
}

static void send_shared(qvt_rpc_server_call *call, qvt_slice message, void *data)
{
    (void)data;
    qvt_blob *blob = NULL;
    qvt_status status = qvt_blob_copy(&blob, message);
    if (status == QVT_OK) {
        status = qvt_rpc_server_call_send_blob(call, blob);
    }
    qvt_blob_unref(blob);
    (void)status;
}

static void end(qvt_rpc_server_call *call, void *data)
{
    (void)data;
    qvt_rpc_server_call_finish(call, NULL);
}

static const struct {
    qvt_rpc_method method;
    qvt_rpc_handler handler;
} methods[] = {
    {{.path = "/test.A/Answer", .kind = QVT_RPC_UNARY}, {.on_request = answer}},
    {{.path = "/test.A/Share", .kind = QVT_RPC_BIDI_STREAMING},
     {.on_message = send_shared, .on_half_close = end, .on_cancel = end}},
};

struct fixture {
    qvt_rpc_runtime *runtime;
    qvt_rpc_server *server;
    struct raw_client client;
};

static qvt_status start(struct fixture *fixture)
{
    QVT_TRY(qvt_rpc_runtime_new(&fixture->runtime, NULL));
    QVT_TRY(qvt_rpc_server_new(&fixture->server, fixture->runtime, NULL));
    for (size_t i = 0; i < 2; i++) {
        QVT_TRY(qvt_rpc_server_add_method(fixture->server, &methods[i].method, &methods[i].handler, fixture));
    }
    return qvt_rpc_server_listen(fixture->server, "127.0.0.1:0", NULL);
}

static void talk(struct fixture *fixture)
{
    uv_loop_t *loop = qvt_rpc_runtime_loop(fixture->runtime);
    raw_client_connect(&fixture->client, qvt_rpc_server_address(fixture->server));
    raw_client_send_preface(&fixture->client);
    raw_client_send_request(&fixture->client, 1, "/test.A/Answer", qvt_slice_make("\0\0\0\0\2hi", 7));
    raw_client_send_request(&fixture->client, 3, "/test.A/Share", qvt_slice_make("\0\0\0\0\2hi\0\0\0\0\1a", 13));
    raw_client_send_request(&fixture->client, 5, "/test.A/None", qvt_slice_make("\0\0\0\0\2hi", 7));
    /* Every stream ends in HEADERS or RST_STREAM, or the connection ends; the last is answered last. */
    bool answered = raw_client_wait(&fixture->client, loop, TYPE_SETTINGS, 0);
    for (int i = 0; i < 20 && answered && !fixture->client.ended; i++) {
        uv_run(loop, UV_RUN_NOWAIT);
    }
    raw_client_close(&fixture->client);
}

static void stop(struct fixture *fixture)
{
    if (fixture->server != NULL && fixture->runtime != NULL) {
        qvt_rpc_server_shutdown(fixture->server, 10, NULL, NULL);
        qvt_rpc_runtime_run(fixture->runtime);
    }
    qvt_rpc_server_free(fixture->server);
    qvt_rpc_runtime_free(fixture->runtime);
}

/* nghttp2's memory is ours too, through the pool: whichever allocation fails, the server survives and gives all back. */
static void server_survives_every_failing_allocation(void)
{
    unsigned long nth = 1;
    bool failed = true;
    while (failed && nth < MALLOCS_MAX) {
        struct fixture fixture = {.runtime = NULL};
        alloc_fail_at(nth++);
        qvt_status status = start(&fixture);
        if (status == QVT_OK) {
            talk(&fixture);
        }
        failed = alloc_failed();
        CU_ASSERT_TRUE(status == QVT_OK || failed);
        stop(&fixture);
        failed = failed || alloc_failed();
        alloc_fail_at(0);
    }
    CU_ASSERT_TRUE(nth > 50 && nth < MALLOCS_MAX);
}

SUITE_MAIN("rpc/call/server_memory", SUITE_CASE(server_survives_every_failing_allocation))
