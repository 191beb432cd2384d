#include "tests/unit/rpc/call/client_harness.h"

#include <CUnit/CUnit.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "rpc/call/runtime.h"

enum { GIVE_UP_MS = 60000 };

const qvt_rpc_method unary_method = {
    "/test.Service/Unary", "Unary", "test.Request", "test.Response", QVT_RPC_UNARY, QVT_RPC_IDEMPOTENCY_UNKNOWN, 0};
const qvt_rpc_method bidi_method = {
    "/test.Service/Bidi",        "Bidi", "test.Request", "test.Response", QVT_RPC_BIDI_STREAMING,
    QVT_RPC_IDEMPOTENCY_UNKNOWN, 1};

static void on_state(qvt_rpc_channel *channel, qvt_rpc_channel_state state, void *data)
{
    struct harness *harness = data;
    (void)channel;
    if (harness->state_count < sizeof(harness->states) / sizeof(harness->states[0])) {
        harness->states[harness->state_count++] = state;
    }
}

void harness_start_with(struct harness *harness, void (*on_event)(struct script_stream *stream, void *data),
                        const char *const *endpoints, size_t count, const qvt_rpc_channel_options *given)
{
    qvt_rpc_channel_options options = QVT_RPC_CHANNEL_OPTIONS_INIT;
    memset(harness, 0, sizeof(*harness));
    QVT_ASSERT(qvt_rpc_runtime_new(&harness->runtime, NULL) == QVT_OK);
    script_server_start(&harness->server, harness->runtime->loop, on_event, harness);
    const char *own = harness->server.listener.address;
    if (given != NULL) {
        options = *given;
    }
    options.on_state = on_state;
    options.data = harness;
    if (endpoints == NULL) {
        endpoints = &own;
        count = 1;
    }
    QVT_ASSERT(qvt_rpc_channel_new(&harness->channel, harness->runtime, endpoints, count, &options, NULL) == QVT_OK);
}

void harness_start(struct harness *harness, void (*on_event)(struct script_stream *stream, void *data),
                   const qvt_rpc_channel_options *options)
{
    harness_start_with(harness, on_event, NULL, 0, options);
}

static void on_channel_closed(void *data)
{
    struct harness *harness = data;
    harness->channel_closed = true;
    script_server_stop(&harness->server);
}

void harness_stop(struct harness *harness)
{
    qvt_rpc_channel_close(harness->channel, on_channel_closed, harness);
    CU_ASSERT_FALSE(harness->channel_closed);
    qvt_rpc_runtime_run(harness->runtime);
    CU_ASSERT_TRUE(harness->channel_closed);
    qvt_rpc_runtime_free(harness->runtime);
}

static void give_up(uv_timer_t *timer)
{
    (void)timer;
    (void)fprintf(stderr, "nothing happened for %d ms\n", GIVE_UP_MS);
    abort();
}

void harness_run_until(struct harness *harness, const unsigned *done)
{
    uv_timer_t watchdog;
    QVT_ASSERT(uv_timer_init(harness->runtime->uv, &watchdog) == 0);
    QVT_ASSERT(uv_timer_start(&watchdog, give_up, GIVE_UP_MS, 0) == 0);
    while (*done == 0) {
        uv_run(harness->runtime->uv, UV_RUN_ONCE);
    }
    uv_close((uv_handle_t *)&watchdog, NULL);
    uv_run(harness->runtime->uv, UV_RUN_NOWAIT);
}

void harness_turn(struct harness *harness, unsigned turns)
{
    for (unsigned i = 0; i < turns; i++) {
        uv_run(harness->runtime->uv, UV_RUN_NOWAIT);
    }
}

static void write_metadata(char *out, size_t size, const qvt_rpc_metadata *metadata)
{
    size_t len = 0;
    for (size_t i = 0; i < metadata->count && len < size; i++) {
        const qvt_rpc_metadata_entry *entry = &metadata->entries[i];
        len += (size_t)snprintf(out + len, size - len, "%.*s=%.*s;", (int)entry->name.len,
                                (const char *)entry->name.data, (int)entry->value.len, (const char *)entry->value.data);
    }
}

static void on_initial(qvt_rpc_client_call *call, const qvt_rpc_metadata *initial, void *data)
{
    struct record *record = data;
    CU_ASSERT_PTR_EQUAL(call, record->call);
    CU_ASSERT_EQUAL(record->message_count, 0);
    record->initials++;
    write_metadata(record->initial, sizeof(record->initial), initial);
}

static void on_message(qvt_rpc_client_call *call, qvt_slice message, void *data)
{
    struct record *record = data;
    CU_ASSERT_FALSE(record->in_start);
    CU_ASSERT_EQUAL(record->ends, 0);
    QVT_ASSERT(buf_append_slice(&record->messages, message) == QVT_OK);
    QVT_ASSERT(buf_append_text(&record->messages, "|") == QVT_OK);
    record->message_count++;
    record->came_compressed += qvt_rpc_client_call_came_compressed(call) ? 1 : 0;
    if (record->hold_each) {
        qvt_rpc_client_call_hold(call);
    }
    if (record->cancel_in_message) {
        qvt_rpc_client_call_cancel(call);
        CU_ASSERT_EQUAL(record->ends, 0);
    }
}

static void on_drain(qvt_rpc_client_call *call, void *data)
{
    struct record *record = data;
    (void)call;
    record->drains++;
}

static void start_next(qvt_rpc_client_call *call, struct record *next);

static void on_end(qvt_rpc_client_call *call, const qvt_rpc_result *result, void *data)
{
    struct record *record = data;
    CU_ASSERT_FALSE(record->in_start);
    CU_ASSERT_PTR_EQUAL(call, record->call);
    record->error = *result->error;
    if (result->error->reason != NULL) {
        (void)snprintf(record->reason, sizeof(record->reason), "%s", result->error->reason);
    }
    record->details_len = result->details.len;
    if (record->details_len > 0) {
        memcpy(record->details, result->details.data,
               record->details_len < sizeof(record->details) ? record->details_len : sizeof(record->details));
    }
    write_metadata(record->trailing, sizeof(record->trailing), result->trailing);
    record->ends++;
    record->call = NULL;
    if (record->start_at_end != NULL) {
        start_next(call, record->start_at_end);
    }
}

static const qvt_rpc_client_callbacks callbacks = {on_initial, on_message, on_drain, on_end};

static struct harness *next_harness;

static void start_next(qvt_rpc_client_call *call, struct record *next)
{
    (void)call;
    record_unary(next_harness, next, "again", NULL);
}

void record_unary(struct harness *harness, struct record *record, const char *request,
                  const qvt_rpc_call_options *options)
{
    next_harness = harness;
    record->in_start = true;
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_client_call_unary(&record->call, harness->channel, &unary_method,
                                                    qvt_slice_text(request), options, &callbacks, record),
                          QVT_OK);
    record->in_start = false;
}

void record_start(struct harness *harness, struct record *record, const qvt_rpc_method *method,
                  const qvt_rpc_call_options *options)
{
    next_harness = harness;
    record->in_start = true;
    CU_ASSERT_EQUAL_FATAL(
        qvt_rpc_client_call_start(&record->call, harness->channel, method, options, &callbacks, record), QVT_OK);
    record->in_start = false;
}

void record_deinit(struct record *record)
{
    CU_ASSERT_EQUAL(record->ends, 1);
    buf_deinit(&record->messages);
}

void record_whole_call(struct harness *harness, struct record *record)
{
    record_unary(harness, record, "request", NULL);
    harness_run_until(harness, &record->ends);
}

/* Bound but not listening would hold the port for us alone, yet then connecting to itself is possible: so close it. */
/* The socket stays bound until the process ends, so that nobody else is given the port. */
void unused_endpoint(char out[32])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    QVT_ASSERT(fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
    QVT_ASSERT(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    (void)snprintf(out, 32, "127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
}
