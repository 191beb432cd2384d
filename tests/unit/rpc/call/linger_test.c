#include <CUnit/CUnit.h>

#include "qvt/rpc/server.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/call/raw_client.h"

enum { TYPE_DATA = 0, TYPE_HEADERS = 1, TYPE_RESET = 3, END_STREAM = 1, TRIES = 20 };

struct fixture {
    qvt_rpc_runtime *runtime;
    qvt_rpc_server *server;
    struct raw_client client;
};

static void echo(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    (void)data;
    qvt_rpc_unary_reply(qvt_rpc_server_call_unary(call), &request, 1);
}

static const qvt_rpc_method echo_method = {.path = "/test.A/Echo", .name = "Echo", .kind = QVT_RPC_UNARY};
static const qvt_rpc_handler echo_handler = {.on_request = echo};

static void start(struct fixture *fixture)
{
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_runtime_new(&fixture->runtime, NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_server_new(&fixture->server, fixture->runtime, NULL), QVT_OK);
    CU_ASSERT_EQUAL(qvt_rpc_server_add_method(fixture->server, &echo_method, &echo_handler, NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_server_listen(fixture->server, "127.0.0.1:0", NULL), QVT_OK);
    raw_client_connect(&fixture->client, qvt_rpc_server_address(fixture->server));
    raw_client_send_preface(&fixture->client);
}

static bool wait_for(struct fixture *fixture, uint8_t type, uint32_t stream)
{
    return raw_client_wait(&fixture->client, qvt_rpc_runtime_loop(fixture->runtime), type, stream);
}

static bool has(const struct fixture *fixture, uint8_t type, uint32_t stream)
{
    return raw_client_has(&fixture->client, type, stream, NULL);
}

static void stop(struct fixture *fixture)
{
    raw_client_end(&fixture->client, fixture->server, fixture->runtime);
}

/* A round trip: what the server had to say about earlier frames has come. */
static void settle(struct fixture *fixture, uint32_t stream)
{
    raw_client_send_request(&fixture->client, stream, "/test.A/Echo", qvt_slice_make("\0\0\0\0\2hi", 7));
    CU_ASSERT_TRUE(wait_for(fixture, TYPE_DATA, stream));
}

/* A request's rest is waited for a second, of real time. When that went by because the machine is busy with something else,
 * what was seen says nothing, and is looked at again. */
static bool was_slow(uint64_t before, unsigned *tries)
{
    return uv_hrtime() - before >= 900000000 && ++*tries < TRIES;
}

static void request_refused_on_its_headers_is_not_reset_while_it_ends(const char *path, const char *content_type)
{
    bool is_reset;
    unsigned tries = 0;
    uint64_t before;
    do {
        struct fixture fixture;
        start(&fixture);
        before = uv_hrtime();
        raw_client_send_headers(&fixture.client, 1, path, content_type);
        CU_ASSERT_TRUE(wait_for(&fixture, TYPE_HEADERS, 1));
        settle(&fixture, 3);
        raw_client_send_frame(&fixture.client, TYPE_DATA, 0, 1, qvt_slice_text("some"));
        raw_client_send_frame(&fixture.client, TYPE_DATA, END_STREAM, 1, qvt_slice_text(" body"));
        settle(&fixture, 5);
        is_reset = has(&fixture, TYPE_RESET, 1);
        qvt_rpc_server_counters counters;
        qvt_rpc_server_read_counters(fixture.server, &counters);
        CU_ASSERT_EQUAL(counters.calls_open, 0);
        stop(&fixture);
    } while (was_slow(before, &tries));
    CU_ASSERT_FALSE(is_reset);
}

static void other_content_is_answered_without_a_reset(void)
{
    request_refused_on_its_headers_is_not_reset_while_it_ends("/test.A/Echo", "application/json");
}

static void unknown_method_is_answered_without_a_reset(void)
{
    request_refused_on_its_headers_is_not_reset_while_it_ends("/test.A/Sing", "application/grpc");
}

static void refused_request_that_does_not_end_is_reset(void)
{
    struct fixture fixture;
    qvt_slice code;
    start(&fixture);
    raw_client_send_headers(&fixture.client, 1, "/test.A/Sing", "application/grpc");
    CU_ASSERT_TRUE(wait_for(&fixture, TYPE_RESET, 1));
    CU_ASSERT_TRUE(raw_client_has(&fixture.client, TYPE_RESET, 1, &code));
    CU_ASSERT_TRUE(code.len == 4 && code.data[3] == 0);
    CU_ASSERT_TRUE(has(&fixture, TYPE_HEADERS, 1));
    stop(&fixture);
}

static void long_refused_request_is_reset_before_its_time(void)
{
    enum { CHUNK = 4000, CHUNKS = 17 };
    static const uint8_t zeros[CHUNK];
    bool is_early;
    unsigned tries = 0;
    uint64_t before;
    do {
        struct fixture fixture;
        start(&fixture);
        before = uv_hrtime();
        raw_client_send_headers(&fixture.client, 1, "/test.A/Echo", "text/plain");
        CU_ASSERT_TRUE(wait_for(&fixture, TYPE_DATA, 1));
        is_early = false;
        for (int i = 0; i < CHUNKS; i++) {
            is_early = is_early || has(&fixture, TYPE_RESET, 1);
            raw_client_send_frame(&fixture.client, TYPE_DATA, 0, 1, qvt_slice_make(zeros, CHUNK));
        }
        CU_ASSERT_TRUE(wait_for(&fixture, TYPE_RESET, 1));
        stop(&fixture);
    } while (was_slow(before, &tries));
    CU_ASSERT_FALSE(is_early);
    CU_ASSERT_TRUE(tries < TRIES);
}

static void message_that_breaks_the_rules_is_answered_without_a_reset(void)
{
    bool is_reset;
    unsigned tries = 0;
    uint64_t before;
    do {
        struct fixture fixture;
        start(&fixture);
        before = uv_hrtime();
        raw_client_send_headers(&fixture.client, 1, "/test.A/Echo", "application/grpc");
        raw_client_send_frame(&fixture.client, TYPE_DATA, 0, 1, qvt_slice_make("\2\0\0\0\2hi", 7));
        CU_ASSERT_TRUE(wait_for(&fixture, TYPE_HEADERS, 1));
        raw_client_send_frame(&fixture.client, TYPE_DATA, END_STREAM, 1, qvt_slice_text("more"));
        settle(&fixture, 3);
        is_reset = has(&fixture, TYPE_RESET, 1);
        stop(&fixture);
    } while (was_slow(before, &tries));
    CU_ASSERT_FALSE(is_reset);
}

SUITE_MAIN("rpc/call/linger", SUITE_CASE(other_content_is_answered_without_a_reset),
           SUITE_CASE(unknown_method_is_answered_without_a_reset),
           SUITE_CASE(refused_request_that_does_not_end_is_reset),
           SUITE_CASE(long_refused_request_is_reset_before_its_time),
           SUITE_CASE(message_that_breaks_the_rules_is_answered_without_a_reset))
