#include "qvt/rpc/server.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "rpc/call/server_private.h"
#include "rpc/wire/gzip.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/call/raw_client.h"

enum { TYPE_DATA = 0, TYPE_HEADERS = 1 };

struct fixture {
    qvt_rpc_runtime *runtime;
    qvt_rpc_server *server;
    struct raw_client client;
    qvt_rpc_server_call *waiting;
    unsigned cancels;
    unsigned closes;
    unsigned late;
};

static void echo(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    (void)data;
    qvt_rpc_unary_reply(qvt_rpc_server_call_unary(call), &request, 1);
}

static void wait_for_it(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    struct fixture *fixture = data;
    CU_ASSERT_EQUAL(request.len, 2);
    fixture->waiting = call;
}

static void on_cancel(qvt_rpc_server_call *call, void *data)
{
    struct fixture *fixture = data;
    CU_ASSERT_TRUE(qvt_rpc_server_call_is_cancelled(call));
    fixture->cancels++;
}

static const qvt_rpc_method echo_method = {.path = "/test.A/Echo", .name = "Echo", .kind = QVT_RPC_UNARY};
static const qvt_rpc_method wait_method = {.path = "/test.A/Wait", .name = "Wait", .kind = QVT_RPC_UNARY};
static const qvt_rpc_handler echo_handler = {.on_request = echo};
static const qvt_rpc_handler wait_handler = {.on_request = wait_for_it, .on_cancel = on_cancel};

static void start(struct fixture *fixture)
{
    *fixture = (struct fixture){.cancels = 0};
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_runtime_new(&fixture->runtime, NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_server_new(&fixture->server, fixture->runtime, NULL), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture->server, &echo_method, &echo_handler, fixture), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture->server, &wait_method, &wait_handler, fixture), QVT_OK);
    EXPECT_TEXT(qvt_rpc_server_address(fixture->server), "");
}

static void listen_and_connect(struct fixture *fixture)
{
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_server_listen(fixture->server, "127.0.0.1:0", NULL), QVT_OK);
    raw_client_connect(&fixture->client, qvt_rpc_server_address(fixture->server));
    raw_client_send_preface(&fixture->client);
}

static void on_closed(void *data)
{
    struct fixture *fixture = data;
    fixture->closes++;
}

static void finish(struct fixture *fixture)
{
    qvt_rpc_server_free(fixture->server);
    qvt_rpc_runtime_free(fixture->runtime);
}

static void stop(struct fixture *fixture, uint32_t grace_ms)
{
    qvt_rpc_server_shutdown(fixture->server, grace_ms, on_closed, fixture);
    CU_ASSERT_EQUAL(fixture->closes, 0);
    qvt_rpc_runtime_run(fixture->runtime);
    CU_ASSERT_EQUAL(fixture->closes, 1);
}

static bool wait_for(struct fixture *fixture, uint8_t type, uint32_t stream)
{
    return raw_client_wait(&fixture->client, qvt_rpc_runtime_loop(fixture->runtime), type, stream);
}

static void server_that_never_listened_is_freed(void)
{
    struct fixture fixture;
    start(&fixture);
    finish(&fixture);
    qvt_rpc_server_free(NULL);
    qvt_rpc_runtime_free(NULL);
}

static void server_without_connections_stops(void)
{
    struct fixture fixture;
    start(&fixture);
    CU_ASSERT_EQUAL(qvt_rpc_server_listen(fixture.server, "127.0.0.1:0", NULL), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_listen(fixture.server, "[::1]:0", NULL), QVT_OK);
    CU_ASSERT_EQUAL(strncmp(qvt_rpc_server_address(fixture.server), "[::1]:", 6), 0);
    stop(&fixture, 3600000);
    finish(&fixture);
}

static void server_that_never_listened_stops(void)
{
    struct fixture fixture;
    start(&fixture);
    stop(&fixture, 3600000);
    finish(&fixture);
}

static void same_method_twice_is_refused(void)
{
    struct fixture fixture;
    start(&fixture);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture.server, &echo_method, &echo_handler, NULL), QVT_ALREADY_EXISTS);
    finish(&fixture);
}

static void methods_are_found_by_path(void)
{
    enum { COUNT = 200 };
    static char paths[COUNT][32];
    static qvt_rpc_method added[COUNT];
    struct server_methods methods = {.slots = NULL};
    CU_ASSERT_PTR_NULL(server_methods_find(&methods, qvt_slice_text("/a/B")));
    for (int i = 0; i < COUNT; i++) {
        snprintf(paths[i], sizeof(paths[i]), "/test.A/Method%d", i);
        added[i] = (qvt_rpc_method){.path = paths[i]};
        CU_ASSERT_EQUAL(server_methods_add(&methods, &added[i], &echo_handler, NULL), QVT_OK);
    }
    for (int i = 0; i < COUNT; i++) {
        for (int again = 0; again < 2; again++) {
            const struct server_method *found = server_methods_find(&methods, qvt_slice_text(paths[i]));
            CU_ASSERT_PTR_NOT_NULL_FATAL(found);
            CU_ASSERT_PTR_EQUAL(found->method, &added[i]);
        }
    }
    CU_ASSERT_PTR_NULL(server_methods_find(&methods, qvt_slice_text("/test.A/Method")));
    CU_ASSERT_PTR_NULL(server_methods_find(&methods, qvt_slice_text("")));
    server_methods_deinit(&methods);
}

static void call_is_answered_and_counted(void)
{
    struct fixture fixture;
    qvt_rpc_server_counters counters;
    start(&fixture);
    listen_and_connect(&fixture);
    raw_client_send_request(&fixture.client, 1, "/test.A/Echo", qvt_slice_make("\0\0\0\0\2hi", 7));
    CU_ASSERT_TRUE(wait_for(&fixture, TYPE_DATA, 1));
    qvt_rpc_server_read_counters(fixture.server, &counters);
    CU_ASSERT_EQUAL(counters.calls_total, 1);
    CU_ASSERT_EQUAL(counters.calls_open, 0);
    CU_ASSERT_EQUAL(counters.connections_open, 1);
    CU_ASSERT_TRUE(counters.bytes_received > 0 && counters.bytes_sent > 0);
    raw_client_close(&fixture.client);
    stop(&fixture, 3600000);
    finish(&fixture);
}

static void answers_are_compressed_on_request(void)
{
    struct fixture fixture;
    struct buf back = BUF_INIT;
    qvt_slice data = {NULL, 0};
    start(&fixture);
    listen_and_connect(&fixture);
    raw_client_send_request(&fixture.client, 1, "/test.A/Wait", qvt_slice_make("\0\0\0\0\2hi", 7));
    while (fixture.waiting == NULL) {
        uv_run(qvt_rpc_runtime_loop(fixture.runtime), UV_RUN_ONCE);
    }
    qvt_slice parts[] = {qvt_slice_text("hel"), qvt_slice_text("lo")};
    qvt_rpc_server_call_compress(fixture.waiting, true);
    qvt_rpc_unary_reply(qvt_rpc_server_call_unary(fixture.waiting), parts, 2);
    CU_ASSERT_TRUE(wait_for(&fixture, TYPE_DATA, 1));
    CU_ASSERT_TRUE(raw_client_has(&fixture.client, TYPE_DATA, 1, &data));
    CU_ASSERT_TRUE_FATAL(data.len > FRAME_PREFIX_LEN);
    CU_ASSERT_EQUAL(data.data[0], 1);
    CU_ASSERT_EQUAL(data.data[4], data.len - FRAME_PREFIX_LEN);
    qvt_slice packed = qvt_slice_make(data.data + FRAME_PREFIX_LEN, data.len - FRAME_PREFIX_LEN);
    CU_ASSERT_EQUAL(gzip_inflate(&back, packed, 100), QVT_OK);
    EXPECT_SLICE(buf_slice(&back), "hello");
    buf_deinit(&back);
    raw_client_close(&fixture.client);
    stop(&fixture, 3600000);
    finish(&fixture);
}

static void late_answer_is_sent(void)
{
    struct fixture fixture;
    start(&fixture);
    listen_and_connect(&fixture);
    raw_client_send_request(&fixture.client, 1, "/test.A/Wait", qvt_slice_make("\0\0\0\0\2hi", 7));
    raw_client_send_request(&fixture.client, 3, "/test.A/Echo", qvt_slice_make("\0\0\0\0\2hi", 7));
    CU_ASSERT_TRUE(wait_for(&fixture, TYPE_DATA, 3));
    CU_ASSERT_PTR_NOT_NULL_FATAL(fixture.waiting);
    CU_ASSERT_EQUAL(strncmp(qvt_rpc_server_call_peer(fixture.waiting), "127.0.0.1:", 10), 0);
    CU_ASSERT_TRUE(qvt_rpc_server_call_time_left_ms(fixture.waiting) > 50000);
    CU_ASSERT_TRUE(qvt_rpc_server_call_time_left_ms(fixture.waiting) <= 60000);
    EXPECT_SLICE(qvt_rpc_metadata_find(qvt_rpc_server_call_metadata(fixture.waiting), "x-raw-bin"), "abc");
    CU_ASSERT_PTR_NOT_NULL(qvt_rpc_server_call_alloc(fixture.waiting, 1000));
    CU_ASSERT_PTR_NULL(qvt_rpc_server_call_alloc(fixture.waiting, (16u << 20) + 1));
    qvt_slice answer = qvt_slice_text("late");
    qvt_rpc_unary_reply(qvt_rpc_server_call_unary(fixture.waiting), &answer, 1);
    CU_ASSERT_TRUE(wait_for(&fixture, TYPE_DATA, 1));
    raw_client_close(&fixture.client);
    stop(&fixture, 3600000);
    finish(&fixture);
}

/* The handler owes its finish also when nobody waits for it any more, and the server waits for that. */
static void call_outlives_its_connection_until_it_is_finished(void)
{
    struct fixture fixture;
    start(&fixture);
    listen_and_connect(&fixture);
    raw_client_send_request(&fixture.client, 1, "/test.A/Wait", qvt_slice_make("\0\0\0\0\2hi", 7));
    while (fixture.waiting == NULL) {
        uv_run(qvt_rpc_runtime_loop(fixture.runtime), UV_RUN_ONCE);
    }
    raw_client_close(&fixture.client);
    while (fixture.cancels == 0) {
        uv_run(qvt_rpc_runtime_loop(fixture.runtime), UV_RUN_ONCE);
    }
    qvt_rpc_server_shutdown(fixture.server, 10, on_closed, &fixture);
    qvt_rpc_runtime_run(fixture.runtime);
    CU_ASSERT_EQUAL(fixture.closes, 0);
    CU_ASSERT_EQUAL(strncmp(qvt_rpc_server_call_peer(fixture.waiting), "127.0.0.1:", 10), 0);
    qvt_slice part = qvt_slice_text("nowhere");
    CU_ASSERT_EQUAL(qvt_rpc_server_call_send(fixture.waiting, &part, 1), QVT_CANCELLED);
    qvt_rpc_server_call_finish(fixture.waiting, NULL);
    CU_ASSERT_EQUAL(fixture.closes, 1);
    CU_ASSERT_EQUAL(fixture.cancels, 1);
    finish(&fixture);
}

static void hold_the_first(qvt_rpc_server_call *call, qvt_slice message, void *data)
{
    struct fixture *fixture = data;
    (void)message;
    if (fixture->waiting == NULL) {
        fixture->waiting = call;
        qvt_rpc_server_call_hold(call);
        return;
    }
    fixture->late++;
    qvt_rpc_server_call_finish(call, NULL);
}

static void never(qvt_rpc_server_call *call, void *data)
{
    struct fixture *fixture = data;
    (void)call;
    fixture->late++;
}

/* Who works on a message when the client goes may resume the call before it finishes it. */
static void what_was_held_of_a_call_without_client_is_not_delivered(void)
{
    static const qvt_rpc_method METHOD = {.path = "/test.A/Hold", .name = "Hold", .kind = QVT_RPC_BIDI_STREAMING};
    static const qvt_rpc_handler HANDLER = {
        .on_message = hold_the_first, .on_half_close = never, .on_cancel = on_cancel};
    struct fixture fixture;
    start(&fixture);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture.server, &METHOD, &HANDLER, &fixture), QVT_OK);
    listen_and_connect(&fixture);
    raw_client_send_request(&fixture.client, 1, "/test.A/Hold", qvt_slice_make("\0\0\0\0\2hi\0\0\0\0\2yo", 14));
    while (fixture.waiting == NULL) {
        uv_run(qvt_rpc_runtime_loop(fixture.runtime), UV_RUN_ONCE);
    }
    raw_client_close(&fixture.client);
    while (fixture.cancels == 0) {
        uv_run(qvt_rpc_runtime_loop(fixture.runtime), UV_RUN_ONCE);
    }
    qvt_rpc_server_call_resume(fixture.waiting);
    CU_ASSERT_EQUAL(fixture.late, 0);
    qvt_rpc_server_call_finish(fixture.waiting, NULL);
    stop(&fixture, 3600000);
    finish(&fixture);
}

struct ends {
    qvt_rpc_call_end last;
    uint64_t last_id;
    unsigned count;
};

static void on_call_end(void *data, const qvt_rpc_call_end *end)
{
    struct ends *ends = data;
    ends->last = *end;
    ends->last_id = qvt_rpc_server_call_id(end->call);
    ends->count++;
}

static void unmeasured_echo(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    if (request.len > 2) {
        qvt_rpc_server_call_measure(call);
    }
    echo(call, request, data);
}

static void start_told(struct fixture *fixture, struct ends *ends)
{
    static const qvt_rpc_method METHOD = {.path = "/test.A/Quick", .name = "Quick", .kind = QVT_RPC_UNARY};
    static const qvt_rpc_handler HANDLER = {.on_request = unmeasured_echo, .unmeasured = true};
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    *fixture = (struct fixture){.cancels = 0};
    *ends = (struct ends){.count = 0};
    options.on_call_end = on_call_end;
    options.data = ends;
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_runtime_new(&fixture->runtime, NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_server_new(&fixture->server, fixture->runtime, &options), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture->server, &echo_method, &echo_handler, fixture), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture->server, &wait_method, &wait_handler, fixture), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture->server, &METHOD, &HANDLER, fixture), QVT_OK);
    listen_and_connect(fixture);
}

static void ask(struct fixture *fixture, uint32_t stream, const char *path, qvt_slice message, struct ends *ends)
{
    unsigned before = ends->count;
    raw_client_send_request(&fixture->client, stream, path, message);
    while (ends->count == before) {
        uv_run(qvt_rpc_runtime_loop(fixture->runtime), UV_RUN_ONCE);
    }
}

static void end_of_every_call_is_told_once(void)
{
    struct fixture fixture;
    struct ends ends;
    const qvt_slice hi = qvt_slice_make("\0\0\0\0\2hi", 7);
    start_told(&fixture, &ends);
    ask(&fixture, 1, "/test.A/Echo", hi, &ends);
    CU_ASSERT_EQUAL(ends.last.status, QVT_OK);
    CU_ASSERT_PTR_EQUAL(ends.last.method, &echo_method);
    CU_ASSERT_TRUE(ends.last.served && ends.last.took_us < 10000000);
    CU_ASSERT_EQUAL(ends.last_id, 1);
    ask(&fixture, 3, "/test.A/Sing", hi, &ends);
    CU_ASSERT_EQUAL(ends.last.status, QVT_UNIMPLEMENTED);
    CU_ASSERT_PTR_NULL(ends.last.method);
    CU_ASSERT_TRUE(!ends.last.served && ends.last.took_us == UINT64_MAX);
    CU_ASSERT_EQUAL(ends.last_id, 2);
    ask(&fixture, 5, "/test.A/Quick", hi, &ends);
    CU_ASSERT_TRUE(ends.last.status == QVT_OK && ends.last.took_us == UINT64_MAX);
    ask(&fixture, 7, "/test.A/Quick", qvt_slice_make("\0\0\0\0\3you", 8), &ends);
    CU_ASSERT_TRUE(ends.last.status == QVT_OK && ends.last.took_us < 10000000);
    raw_client_send_request(&fixture.client, 9, "/test.A/Wait", hi);
    while (fixture.waiting == NULL) {
        uv_run(qvt_rpc_runtime_loop(fixture.runtime), UV_RUN_ONCE);
    }
    raw_client_close(&fixture.client);
    while (fixture.cancels == 0) {
        uv_run(qvt_rpc_runtime_loop(fixture.runtime), UV_RUN_ONCE);
    }
    CU_ASSERT_EQUAL(ends.last.status, QVT_CANCELLED);
    CU_ASSERT_TRUE(ends.last.served && ends.last.took_us == UINT64_MAX);
    qvt_rpc_server_call_finish(fixture.waiting, NULL);
    CU_ASSERT_EQUAL(ends.count, 5);
    stop(&fixture, 3600000);
    finish(&fixture);
}

/* Whom on_headers was asked about, and what its answers led to. */
struct gate {
    const qvt_rpc_method *method;
    unsigned asked;
    unsigned served;
    uint64_t caller;
    struct ends ends;
};

static qvt_status judge(void *data, qvt_rpc_server_call *call, const qvt_rpc_method *method, qvt_error *error)
{
    struct gate *gate = data;
    gate->asked++;
    gate->method = method;
    EXPECT_SLICE(qvt_rpc_metadata_find(qvt_rpc_server_call_metadata(call), "x-raw-bin"), "abc");
    CU_ASSERT_EQUAL(strncmp(qvt_rpc_server_call_peer(call), "127.0.0.1:", 10), 0);
    qvt_rpc_server_call_unary(call)->caller = 7;
    return method == &echo_method ? QVT_OK : qvt_error_set(error, QVT_PERMISSION_DENIED, "NOT_YOU", "not for %d", 7);
}

static void gated_echo(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    struct gate *gate = data;
    gate->served++;
    gate->caller = qvt_rpc_server_call_unary(call)->caller;
    echo(call, request, NULL);
}

static void gate_ended(void *data, const qvt_rpc_call_end *end)
{
    struct gate *gate = data;
    on_call_end(&gate->ends, end);
    if (end->status != QVT_OK && end->method != NULL) {
        EXPECT_SLICE(end->message, "not for 7");
    }
}

static void headers_are_judged_before_the_handler(void)
{
    static const qvt_rpc_handler HANDLER = {.on_request = gated_echo};
    struct fixture fixture = {.cancels = 0};
    struct gate gate = {.asked = 0};
    const qvt_slice hi = qvt_slice_make("\0\0\0\0\2hi", 7);
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    options.on_headers = judge;
    options.on_call_end = gate_ended;
    options.data = &gate;
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_runtime_new(&fixture.runtime, NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_server_new(&fixture.server, fixture.runtime, &options), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture.server, &echo_method, &HANDLER, &gate), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture.server, &wait_method, &HANDLER, &gate), QVT_OK);
    listen_and_connect(&fixture);
    ask(&fixture, 1, "/test.A/Echo", hi, &gate.ends);
    CU_ASSERT_TRUE(gate.asked == 1 && gate.served == 1 && gate.caller == 7 && gate.method == &echo_method);
    CU_ASSERT_EQUAL(gate.ends.last.status, QVT_OK);
    ask(&fixture, 3, "/test.A/Wait", hi, &gate.ends);
    CU_ASSERT_TRUE(gate.asked == 2 && gate.served == 1 && gate.method == &wait_method);
    CU_ASSERT_TRUE(gate.ends.last.status == QVT_PERMISSION_DENIED && !gate.ends.last.served);
    ask(&fixture, 5, "/test.A/Sing", hi, &gate.ends);
    CU_ASSERT_TRUE(gate.asked == 2 && gate.ends.last.status == QVT_UNIMPLEMENTED);
    raw_client_close(&fixture.client);
    stop(&fixture, 3600000);
    finish(&fixture);
}

static void metadata_has_its_time(void)
{
    struct fixture fixture;
    qvt_rpc_metadata_entry good = {qvt_slice_text("x-a"), qvt_slice_text("v")};
    qvt_rpc_metadata_entry bad = {qvt_slice_text("grpc-a"), qvt_slice_text("v")};
    start(&fixture);
    listen_and_connect(&fixture);
    raw_client_send_request(&fixture.client, 1, "/test.A/Wait", qvt_slice_make("\0\0\0\0\2hi", 7));
    while (fixture.waiting == NULL) {
        uv_run(qvt_rpc_runtime_loop(fixture.runtime), UV_RUN_ONCE);
    }
    CU_ASSERT_EQUAL(qvt_rpc_server_call_add_initial(fixture.waiting, &bad), QVT_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(qvt_rpc_server_call_add_initial(fixture.waiting, &good), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_call_send_initial(fixture.waiting), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_call_send_initial(fixture.waiting), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_call_add_initial(fixture.waiting, &good), QVT_FAILED_PRECONDITION);
    for (int i = 0; i < 64; i++) {
        CU_ASSERT_EQUAL(qvt_rpc_server_call_add_trailing(fixture.waiting, &good), QVT_OK);
    }
    CU_ASSERT_EQUAL(qvt_rpc_server_call_add_trailing(fixture.waiting, &good), QVT_INVALID_ARGUMENT);
    CU_ASSERT_TRUE(wait_for(&fixture, TYPE_HEADERS, 1));
    qvt_rpc_server_call_finish(fixture.waiting, NULL);
    raw_client_close(&fixture.client);
    stop(&fixture, 3600000);
    finish(&fixture);
}

SUITE_MAIN("rpc/call/server", SUITE_CASE(server_that_never_listened_is_freed),
           SUITE_CASE(server_without_connections_stops), SUITE_CASE(server_that_never_listened_stops),
           SUITE_CASE(same_method_twice_is_refused), SUITE_CASE(methods_are_found_by_path),
           SUITE_CASE(call_is_answered_and_counted), SUITE_CASE(answers_are_compressed_on_request),
           SUITE_CASE(late_answer_is_sent), SUITE_CASE(call_outlives_its_connection_until_it_is_finished),
           SUITE_CASE(what_was_held_of_a_call_without_client_is_not_delivered),
           SUITE_CASE(end_of_every_call_is_told_once), SUITE_CASE(headers_are_judged_before_the_handler),
           SUITE_CASE(metadata_has_its_time))
