/* Every allocation of a call fails once: the call still ends, once, and nothing is lost. */
#include <CUnit/CUnit.h>
#include <string.h>

#include "base/check.h"
#include "qvt/rpc/client.h"
#include "tests/support/alloc.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/call/stock_server.h"

static const qvt_rpc_method echo = {"/test.Service/Echo",        "Echo", "bytes", "bytes", QVT_RPC_UNARY,
                                    QVT_RPC_IDEMPOTENCY_UNKNOWN, 0};

struct outcome {
    qvt_rpc_runtime *runtime;
    unsigned ends;
    qvt_status status;
    size_t message_len;
};

static void on_message(qvt_rpc_client_call *call, qvt_slice message, void *data)
{
    struct outcome *outcome = data;
    (void)call;
    outcome->message_len = message.len;
}

static void on_end(qvt_rpc_client_call *call, const qvt_rpc_result *result, void *data)
{
    struct outcome *outcome = data;
    (void)call;
    outcome->ends++;
    outcome->status = result->error->status;
    qvt_rpc_runtime_stop(outcome->runtime);
}

static const qvt_rpc_client_callbacks callbacks = {.on_message = on_message, .on_end = on_end};

static qvt_status start_call(struct outcome *outcome, qvt_rpc_channel *channel)
{
    const qvt_rpc_metadata_entry entries[] = {{qvt_slice_text("x-word"), qvt_slice_text("word")},
                                              {qvt_slice_text("x-word-bin"), qvt_slice_make("\xff\x01", 2)}};
    qvt_rpc_client_call *call = NULL;
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    options.metadata = (qvt_rpc_metadata){entries, 2};
    options.timeout_ms = 10000;
    return qvt_rpc_client_call_unary(&call, channel, &echo, qvt_slice_text("hello"), &options, &callbacks, outcome);
}

/* A channel and one call on it. */
static void run_once(struct outcome *outcome)
{
    const char *endpoint = stock_server_endpoint();
    qvt_rpc_channel *channel = NULL;
    outcome->status = qvt_rpc_channel_new(&channel, outcome->runtime, &endpoint, 1, NULL, NULL);
    if (outcome->status != QVT_OK) {
        return;
    }
    outcome->status = start_call(outcome, channel);
    if (outcome->status == QVT_OK) {
        qvt_rpc_runtime_run(outcome->runtime);
        CU_ASSERT_EQUAL(outcome->ends, 1);
    } else {
        CU_ASSERT_EQUAL(outcome->status, QVT_NO_MEMORY);
        CU_ASSERT_EQUAL(outcome->ends, 0);
    }
    qvt_rpc_channel_close(channel, NULL, NULL);
    qvt_rpc_runtime_run(outcome->runtime);
}

static void call_survives_the_failure_of_every_allocation(void)
{
    unsigned long nth = 1;
    for (bool failed = true; failed; nth++) {
        struct outcome outcome = {0};
        QVT_ASSERT(qvt_rpc_runtime_new(&outcome.runtime, NULL) == QVT_OK);
        alloc_fail_at(nth);
        run_once(&outcome);
        failed = alloc_failed();
        alloc_fail_at(0);
        CU_ASSERT_TRUE(failed || (outcome.status == QVT_OK && outcome.message_len == 5));
        qvt_rpc_runtime_free(outcome.runtime);
    }
    CU_ASSERT_TRUE(nth > 10);
}

int main(int argc, char **argv)
{
    static const struct suite_case cases[] = {SUITE_CASE(call_survives_the_failure_of_every_allocation)};
    stock_server_start();
    int result = suite_run("rpc/call/client memory", cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
    stock_server_stop();
    return result;
}
