#include <CUnit/CUnit.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/entropy.h"
#include "rpc/call/channel_backoff.h"
#include "rpc/call/channel_endpoint.h"
#include "tests/support/suite.h"
#include "tests/unit/rpc/call/client_harness.h"

static void answer_whole_requests(struct script_stream *stream, void *data)
{
    (void)data;
    if (stream->ended) {
        script_answer(stream, "response");
    }
}

static void ignore(struct script_stream *stream, void *data)
{
    (void)stream;
    (void)data;
}

/* The system's lookup is not asked here: which names have which addresses is the test's to say. */
static const char *const dead_first[] = {"127.0.0.3", "127.0.0.1", NULL};
static const char *const alive[] = {"127.0.0.1", NULL};

static struct addrinfo *make_entry(const char *address, const char *service)
{
    struct addrinfo *entry = calloc(1, sizeof(*entry));
    struct sockaddr_in *ip = calloc(1, sizeof(*ip));
    QVT_ASSERT(entry != NULL && ip != NULL && inet_pton(AF_INET, address, &ip->sin_addr) == 1);
    ip->sin_family = AF_INET;
    ip->sin_port = htons((uint16_t)strtol(service, NULL, 10));
    entry->ai_family = AF_INET;
    entry->ai_socktype = SOCK_STREAM;
    entry->ai_addr = (void *)ip;
    entry->ai_addrlen = sizeof(*ip);
    return entry;
}

__attribute__((visibility("default"))) int getaddrinfo(const char *restrict name, const char *restrict service,
                                                       const struct addrinfo *restrict hints,
                                                       struct addrinfo **restrict out)
{
    const char *const *addresses = strcmp(name, "several.test") == 0 ? dead_first : alive;
    (void)hints;
    if (strcmp(name, "unknown.test") == 0) {
        return EAI_NONAME;
    }
    for (struct addrinfo **next = out; *addresses != NULL; next = &(*next)->ai_next) {
        *next = make_entry(*addresses++, service);
    }
    return 0;
}

__attribute__((visibility("default"))) void freeaddrinfo(struct addrinfo *entry)
{
    while (entry != NULL) {
        struct addrinfo *next = entry->ai_next;
        free(entry->ai_addr);
        free(entry);
        entry = next;
    }
}

static const qvt_rpc_channel_options quick = {
    sizeof(qvt_rpc_channel_options), 4u << 20, 20000, 10, 20, NULL, NULL, NULL, 0, 20000, false, NULL, {NULL, 0}};

static void backoff_grows_by_8_fifths_and_varies_by_a_fifth(void)
{
    uint64_t seed = suite_seed();
    struct entropy entropy = entropy_seeded(&seed);
    struct backoff backoff;
    double expected = 1000;
    backoff_init(&backoff, 1000, 120000);
    for (unsigned i = 0; i < 20; i++) {
        uint32_t delay = backoff_next_ms(&backoff, &entropy);
        CU_ASSERT_TRUE(delay >= expected * 0.79 && delay <= expected * 1.21);
        expected = expected * 1.6 > 120000 ? 120000 : expected * 1.6;
    }
    backoff_reset(&backoff);
    CU_ASSERT_TRUE(backoff_next_ms(&backoff, &entropy) <= 1200);
}

static void endpoint_has_host_and_port(void)
{
    struct channel_endpoint endpoint;
    CU_ASSERT_EQUAL(channel_endpoint_parse(&endpoint, "tracker.example:7070", NULL), QVT_OK);
    EXPECT_TEXT(endpoint.host, "tracker.example");
    EXPECT_TEXT(endpoint.port, "7070");
    CU_ASSERT_EQUAL(channel_endpoint_parse(&endpoint, "[2001:db8::1]:65535", NULL), QVT_OK);
    EXPECT_TEXT(endpoint.host, "2001:db8::1");
    EXPECT_TEXT(endpoint.text, "[2001:db8::1]:65535");
}

static void text_without_host_or_port_is_no_endpoint(void)
{
    static const char *const wrong[] = {
        "",     "host",   "host:",  ":1",    "host:0",           "host:65536", "host:x", "a b:1",      "http://h:1",
        "[]:1", "[::1:1", "::1]:1", "[g]:1", "[fe80::1%eth0]:1", "h:0001:x",   "h:-1",   "host:123456"};
    char long_name[400];
    struct channel_endpoint endpoint;
    qvt_error error;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        CU_ASSERT_EQUAL(channel_endpoint_parse(&endpoint, wrong[i], &error), QVT_INVALID_ARGUMENT);
        CU_ASSERT_EQUAL(error.status, QVT_INVALID_ARGUMENT);
    }
    memset(long_name, 'a', sizeof(long_name));
    memcpy(long_name + 390, ":1", 3);
    CU_ASSERT_EQUAL(channel_endpoint_parse(&endpoint, long_name, NULL), QVT_INVALID_ARGUMENT);
}

static void channel_goes_from_idle_to_ready_at_the_first_call(void)
{
    struct harness harness;
    struct record record = {0};
    harness_start(&harness, answer_whole_requests, NULL);
    CU_ASSERT_EQUAL(qvt_rpc_channel_get_state(harness.channel), QVT_RPC_CHANNEL_IDLE);
    record_whole_call(&harness, &record);
    CU_ASSERT_EQUAL(qvt_rpc_channel_get_state(harness.channel), QVT_RPC_CHANNEL_READY);
    CU_ASSERT_EQUAL(harness.state_count, 2);
    CU_ASSERT_EQUAL(harness.states[0], QVT_RPC_CHANNEL_CONNECTING);
    EXPECT_TEXT(qvt_rpc_channel_endpoint(harness.channel), harness.server.listener.address);
    record_deinit(&record);
    harness_stop(&harness);
}

static void call_fails_fast_when_no_endpoint_answers(void)
{
    struct harness harness;
    struct record record = {0};
    struct record next = {0};
    char unused[32];
    unused_endpoint(unused);
    const char *endpoint = unused;
    harness_start_with(&harness, ignore, &endpoint, 1, NULL);
    record_whole_call(&harness, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_UNAVAILABLE);
    CU_ASSERT_TRUE(strstr(record.error.message, unused) != NULL);
    CU_ASSERT_EQUAL(qvt_rpc_channel_get_state(harness.channel), QVT_RPC_CHANNEL_TRANSIENT_FAILURE);
    record_whole_call(&harness, &next);
    CU_ASSERT_EQUAL(next.error.status, QVT_UNAVAILABLE);
    record_deinit(&record);
    record_deinit(&next);
    harness_stop(&harness);
}

static void pause_between_attempts_can_be_ended(void)
{
    struct harness harness;
    struct record record = {0};
    char unused[32];
    unused_endpoint(unused);
    const char *endpoint = unused;
    qvt_rpc_channel_options options = QVT_RPC_CHANNEL_OPTIONS_INIT;
    options.backoff_first_ms = options.backoff_max_ms = 3600000;
    harness_start_with(&harness, ignore, &endpoint, 1, &options);
    record_whole_call(&harness, &record);
    CU_ASSERT_EQUAL(qvt_rpc_channel_get_state(harness.channel), QVT_RPC_CHANNEL_TRANSIENT_FAILURE);
    record_deinit(&record);
    for (unsigned i = 0; i < 3; i++) {
        size_t before = harness.state_count;
        record = (struct record){0};
        qvt_rpc_channel_connect(harness.channel);
        CU_ASSERT_EQUAL(qvt_rpc_channel_get_state(harness.channel), QVT_RPC_CHANNEL_CONNECTING);
        qvt_rpc_channel_connect(harness.channel);
        CU_ASSERT_EQUAL(harness.state_count, before + 2);
        record_whole_call(&harness, &record);
        CU_ASSERT_EQUAL(record.error.status, QVT_UNAVAILABLE);
        CU_ASSERT_EQUAL(qvt_rpc_channel_get_state(harness.channel), QVT_RPC_CHANNEL_TRANSIENT_FAILURE);
        record_deinit(&record);
    }
    harness_stop(&harness);
}

static void waiting_call_survives_failed_attempts_until_its_deadline(void)
{
    struct harness harness;
    struct record record = {0};
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    char unused[32];
    unused_endpoint(unused);
    const char *endpoint = unused;
    options.wait_for_ready = true;
    options.timeout_ms = 1000;
    harness_start_with(&harness, ignore, &endpoint, 1, &quick);
    record_unary(&harness, &record, "request", &options);
    harness_run_until(&harness, &record.ends);
    CU_ASSERT_EQUAL(record.error.status, QVT_DEADLINE_EXCEEDED);
    CU_ASSERT_TRUE(harness.state_count >= 4);
    record_deinit(&record);
    harness_stop(&harness);
}

static void next_endpoint_is_tried_when_the_first_refuses(void)
{
    struct harness harness;
    struct record record = {0};
    char unused[32];
    char own[64];
    unused_endpoint(unused);
    harness_start(&harness, answer_whole_requests, NULL);
    (void)snprintf(own, sizeof(own), "%s", harness.server.listener.address);
    const char *const endpoints[] = {unused, own};
    qvt_rpc_channel_close(harness.channel, NULL, NULL);
    CU_ASSERT_EQUAL(qvt_rpc_channel_new(&harness.channel, harness.runtime, endpoints, 2, &quick, NULL), QVT_OK);
    record_whole_call(&harness, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    EXPECT_TEXT(qvt_rpc_channel_endpoint(harness.channel), own);
    record_deinit(&record);
    harness_stop(&harness);
}

static void name_is_looked_up_and_each_address_tried(void)
{
    struct harness harness;
    struct record record = {0};
    char named[64];
    harness_start(&harness, answer_whole_requests, NULL);
    (void)snprintf(named, sizeof(named), "localhost%s", strchr(harness.server.listener.address, ':'));
    const char *endpoint = named;
    qvt_rpc_channel_close(harness.channel, NULL, NULL);
    CU_ASSERT_EQUAL(qvt_rpc_channel_new(&harness.channel, harness.runtime, &endpoint, 1, &quick, NULL), QVT_OK);
    record_whole_call(&harness, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    record_deinit(&record);
    harness_stop(&harness);
}

/* Calls through "several.test", whose first address is dead. */
static void call_several(struct harness *harness, const qvt_rpc_channel_options *options)
{
    struct record record = {0};
    char named[64];
    const char *endpoint = named;
    (void)snprintf(named, sizeof(named), "several.test%s", strchr(harness->server.listener.address, ':'));
    qvt_rpc_channel_close(harness->channel, NULL, NULL);
    CU_ASSERT_EQUAL(qvt_rpc_channel_new(&harness->channel, harness->runtime, &endpoint, 1, options, NULL), QVT_OK);
    record_whole_call(harness, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    EXPECT_TEXT(qvt_rpc_channel_endpoint(harness->channel), named);
    record_deinit(&record);
}

static void second_address_is_tried_when_the_first_refuses(void)
{
    struct harness harness;
    harness_start(&harness, answer_whole_requests, NULL);
    call_several(&harness, &quick);
    harness_stop(&harness);
}

/* The first address takes the connection and never says a word. */
static void second_address_is_tried_when_the_first_is_silent(void)
{
    struct harness harness;
    qvt_rpc_channel_options hasty = quick;
    struct sockaddr_in silent = {.sin_family = AF_INET};
    hasty.connect_timeout_ms = 1000;
    harness_start(&harness, answer_whole_requests, NULL);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    silent.sin_port = htons((uint16_t)strtol(strchr(harness.server.listener.address, ':') + 1, NULL, 10));
    CU_ASSERT_EQUAL(inet_pton(AF_INET, dead_first[0], &silent.sin_addr), 1);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&silent, sizeof(silent)), 0);
    CU_ASSERT_EQUAL_FATAL(listen(fd, 1), 0);
    call_several(&harness, &hasty);
    (void)close(fd);
    harness_stop(&harness);
}

static void unknown_name_is_told(void)
{
    struct harness harness;
    struct record record = {0};
    const char *endpoint = "unknown.test:7070";
    harness_start_with(&harness, ignore, &endpoint, 1, &quick);
    record_whole_call(&harness, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_UNAVAILABLE);
    EXPECT_TEXT(record.error.message, "cannot connect to unknown.test:7070: unknown node or service");
    record_deinit(&record);
    harness_stop(&harness);
}

static void channel_closed_while_a_name_is_looked_up_goes_away(void)
{
    struct harness harness;
    struct record record = {0};
    const char *endpoint = "localhost:1";
    harness_start_with(&harness, ignore, &endpoint, 1, &quick);
    record_unary(&harness, &record, "request", NULL);
    harness_turn(&harness, 2);
    harness_stop(&harness);
    record_deinit(&record);
}

/* The first request of a connection sends it away, later connections answer. */
static void refuse_once(struct script_stream *stream, void *data)
{
    struct harness *harness = data;
    if (!stream->ended) {
        return;
    }
    if (harness->server.requests == 1) {
        CU_ASSERT_EQUAL(http2_stream_reset(&stream->stream, HTTP2_REFUSED_STREAM), QVT_OK);
    } else {
        script_answer(stream, "response");
    }
}

static void refused_stream_is_tried_once_more(void)
{
    struct harness harness;
    struct record record = {0};
    harness_start(&harness, refuse_once, NULL);
    record_whole_call(&harness, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_OK);
    CU_ASSERT_EQUAL(harness.server.requests, 2);
    EXPECT_SLICE(buf_slice(&record.messages), "response|");
    record_deinit(&record);
    harness_stop(&harness);
}

static void refuse_always(struct script_stream *stream, void *data)
{
    (void)data;
    if (stream->ended) {
        CU_ASSERT_EQUAL(http2_stream_reset(&stream->stream, HTTP2_REFUSED_STREAM), QVT_OK);
    }
}

static void twice_refused_stream_is_unavailable(void)
{
    struct harness harness;
    struct record record = {0};
    harness_start(&harness, refuse_always, NULL);
    record_whole_call(&harness, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_UNAVAILABLE);
    CU_ASSERT_EQUAL(harness.server.requests, 2);
    record_deinit(&record);
    harness_stop(&harness);
}

/* Says goodbye with the first call, which it still answers, and after that treats the connection as done. */
static void goaway_then_answer(struct script_stream *stream, void *data)
{
    struct harness *harness = data;
    if (!stream->ended) {
        return;
    }
    if (harness->server.requests == 1) {
        CU_ASSERT_EQUAL(http2_session_goaway(stream->conn->net.session, HTTP2_NO_ERROR, qvt_slice_text("moving")),
                        QVT_OK);
    }
    script_answer(stream, "response");
}

static void goaway_lets_calls_finish_and_sends_new_ones_elsewhere(void)
{
    struct harness harness;
    struct record first = {0};
    struct record second = {0};
    harness_start(&harness, goaway_then_answer, NULL);
    record_whole_call(&harness, &first);
    record_whole_call(&harness, &second);
    CU_ASSERT_EQUAL(first.error.status, QVT_OK);
    CU_ASSERT_EQUAL(second.error.status, QVT_OK);
    CU_ASSERT_EQUAL(harness.server.connections, 2);
    record_deinit(&first);
    record_deinit(&second);
    harness_stop(&harness);
}

/* The first request that comes makes the server leave; those behind it are never looked at. */
static void goaway_at_first(struct script_stream *stream, void *data)
{
    struct harness *harness = data;
    if (harness->server.connections == 1 && stream->stream.id > 3) {
        return;
    }
    if (harness->server.requests == 1 && !stream->ended && stream->body.len == 0) {
        CU_ASSERT_EQUAL(http2_session_goaway(stream->conn->net.session, HTTP2_NO_ERROR, qvt_slice_text("moving")),
                        QVT_OK);
    }
    if (stream->ended) {
        script_answer(stream, "response");
    }
}

static void calls_above_the_last_id_of_a_goaway_are_tried_elsewhere(void)
{
    enum { COUNT = 5 };
    struct harness harness;
    struct record records[COUNT];
    struct record warm = {0};
    memset(records, 0, sizeof(records));
    harness_start(&harness, answer_whole_requests, NULL);
    record_whole_call(&harness, &warm);
    harness.server.on_event = goaway_at_first;
    harness.server.requests = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        record_unary(&harness, &records[i], "request", NULL);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        harness_run_until(&harness, &records[i].ends);
        CU_ASSERT_EQUAL(records[i].error.status, QVT_OK);
        record_deinit(&records[i]);
    }
    CU_ASSERT_EQUAL(harness.server.connections, 2);
    CU_ASSERT_EQUAL(harness.server.requests, COUNT + COUNT - 1);
    record_deinit(&warm);
    harness_stop(&harness);
}

static void drop_connection(struct script_stream *stream, void *data)
{
    (void)data;
    net_conn_close(&stream->conn->net);
}

static void lost_connection_is_made_again_for_the_next_call(void)
{
    struct harness harness;
    struct record first = {0};
    struct record second = {0};
    harness_start(&harness, drop_connection, NULL);
    record_whole_call(&harness, &first);
    CU_ASSERT_EQUAL(first.error.status, QVT_UNAVAILABLE);
    CU_ASSERT_EQUAL(qvt_rpc_channel_get_state(harness.channel), QVT_RPC_CHANNEL_IDLE);
    harness.server.on_event = answer_whole_requests;
    record_whole_call(&harness, &second);
    CU_ASSERT_EQUAL(second.error.status, QVT_OK);
    record_deinit(&first);
    record_deinit(&second);
    harness_stop(&harness);
}

static void server_that_never_sends_settings_is_given_up(void)
{
    struct harness harness;
    struct record record = {0};
    struct net_listener mute;
    qvt_rpc_channel_options options = quick;
    options.connect_timeout_ms = 30;
    harness_start(&harness, ignore, NULL);
    memset(&mute, 0, sizeof(mute));
    mute.on_closed = harness.server.listener.on_closed;
    CU_ASSERT_EQUAL_FATAL(net_listener_open(&mute, qvt_rpc_runtime_loop(harness.runtime), "127.0.0.1:0", NULL), QVT_OK);
    uv_poll_stop(&mute.poll);
    const char *endpoint = mute.address;
    qvt_rpc_channel_close(harness.channel, NULL, NULL);
    CU_ASSERT_EQUAL(qvt_rpc_channel_new(&harness.channel, harness.runtime, &endpoint, 1, &options, NULL), QVT_OK);
    record_whole_call(&harness, &record);
    CU_ASSERT_EQUAL(record.error.status, QVT_UNAVAILABLE);
    CU_ASSERT_TRUE(strstr(record.error.message, "no answer in time") != NULL);
    record_deinit(&record);
    net_listener_close(&mute);
    harness_stop(&harness);
}

static void try_next_leaves_open_calls_on_the_old_connection(void)
{
    struct harness harness;
    struct record open = {0};
    struct record next = {0};
    harness_start(&harness, ignore, NULL);
    record_start(&harness, &open, &bidi_method, NULL);
    harness_run_until(&harness, &harness.server.requests);
    qvt_rpc_channel_try_next(harness.channel);
    harness.server.on_event = answer_whole_requests;
    record_whole_call(&harness, &next);
    CU_ASSERT_EQUAL(next.error.status, QVT_OK);
    CU_ASSERT_EQUAL(harness.server.connections, 2);
    CU_ASSERT_EQUAL(open.ends, 0);
    qvt_rpc_client_call_half_close(open.call);
    harness_run_until(&harness, &open.ends);
    CU_ASSERT_EQUAL(open.error.status, QVT_OK);
    record_deinit(&open);
    record_deinit(&next);
    harness_stop(&harness);
}

/* Before the first attempt, and while a name is looked up. */
static void try_next_leaves_an_endpoint_that_is_not_reached_yet(void)
{
    char by_name[80];
    char own[80];
    for (unsigned turns = 0; turns < 2; turns++) {
        struct harness harness;
        struct record record = {0};
        harness_start(&harness, answer_whole_requests, NULL);
        const char *address = harness.server.listener.address;
        (void)snprintf(own, sizeof(own), "%s", address);
        (void)snprintf(by_name, sizeof(by_name), "localhost%s", strchr(address, ':'));
        const char *endpoints[] = {by_name, own};
        qvt_rpc_channel *only = harness.channel;
        CU_ASSERT_EQUAL_FATAL(qvt_rpc_channel_new(&harness.channel, harness.runtime, endpoints, 2, NULL, NULL), QVT_OK);
        qvt_rpc_channel_connect(harness.channel);
        harness_turn(&harness, turns);
        qvt_rpc_channel_try_next(harness.channel);
        record_whole_call(&harness, &record);
        CU_ASSERT_EQUAL(record.error.status, QVT_OK);
        EXPECT_TEXT(qvt_rpc_channel_endpoint(harness.channel), own);
        qvt_rpc_channel_close(only, NULL, NULL);
        record_deinit(&record);
        harness_stop(&harness);
    }
}

static void bad_endpoint_makes_no_channel(void)
{
    struct harness harness;
    qvt_rpc_channel *channel = NULL;
    qvt_error error;
    const char *endpoint = "nowhere";
    harness_start(&harness, ignore, NULL);
    CU_ASSERT_EQUAL(qvt_rpc_channel_new(&channel, harness.runtime, &endpoint, 1, NULL, &error), QVT_INVALID_ARGUMENT);
    CU_ASSERT_TRUE(strstr(error.message, "nowhere") != NULL);
    CU_ASSERT_EQUAL(qvt_rpc_channel_new(&channel, harness.runtime, &endpoint, 0, NULL, &error), QVT_INVALID_ARGUMENT);
    harness_stop(&harness);
}

SUITE_MAIN("rpc/call/channel", SUITE_CASE(backoff_grows_by_8_fifths_and_varies_by_a_fifth),
           SUITE_CASE(endpoint_has_host_and_port), SUITE_CASE(text_without_host_or_port_is_no_endpoint),
           SUITE_CASE(channel_goes_from_idle_to_ready_at_the_first_call),
           SUITE_CASE(call_fails_fast_when_no_endpoint_answers), SUITE_CASE(pause_between_attempts_can_be_ended),
           SUITE_CASE(waiting_call_survives_failed_attempts_until_its_deadline),
           SUITE_CASE(next_endpoint_is_tried_when_the_first_refuses),
           SUITE_CASE(name_is_looked_up_and_each_address_tried),
           SUITE_CASE(second_address_is_tried_when_the_first_refuses),
           SUITE_CASE(second_address_is_tried_when_the_first_is_silent), SUITE_CASE(unknown_name_is_told),
           SUITE_CASE(channel_closed_while_a_name_is_looked_up_goes_away),
           SUITE_CASE(refused_stream_is_tried_once_more), SUITE_CASE(twice_refused_stream_is_unavailable),
           SUITE_CASE(goaway_lets_calls_finish_and_sends_new_ones_elsewhere),
           SUITE_CASE(calls_above_the_last_id_of_a_goaway_are_tried_elsewhere),
           SUITE_CASE(lost_connection_is_made_again_for_the_next_call),
           SUITE_CASE(server_that_never_sends_settings_is_given_up),
           SUITE_CASE(try_next_leaves_open_calls_on_the_old_connection),
           SUITE_CASE(try_next_leaves_an_endpoint_that_is_not_reached_yet), SUITE_CASE(bad_endpoint_makes_no_channel))
