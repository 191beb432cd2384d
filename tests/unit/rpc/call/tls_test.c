/* Our client against our server over TLS, both on one loop. */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/check.h"
#include "qvt/rpc/blocking.h"
#include "qvt/rpc/server.h"
#include "tests/support/certificates.h"
#include "tests/support/suite.h"

enum { LONG_MESSAGE = 3 << 20 };

static const qvt_rpc_method who_method = {"/test.Service/Who",     "Who", "", "", QVT_RPC_UNARY,
                                          QVT_RPC_NO_SIDE_EFFECTS, 0};
static const qvt_rpc_method echo_method = {"/test.Service/Echo",    "Echo", "", "", QVT_RPC_UNARY,
                                           QVT_RPC_NO_SIDE_EFFECTS, 1};
static const qvt_rpc_method late_method = {"/test.Service/Late",    "Late", "", "", QVT_RPC_UNARY,
                                           QVT_RPC_NO_SIDE_EFFECTS, 2};

struct world {
    struct certificates certificates;
    struct certificate_files authority;
    struct certificate_files other_authority;
    struct certificate_files server_files;
    struct certificate_files client_files;
    qvt_rpc_runtime *runtime;
    qvt_rpc_server *server;
    qvt_rpc_server_call *late;
    unsigned closed;
};

static void on_who(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    char text[1024];
    const qvt_rpc_peer_names *names = qvt_rpc_server_call_peer_names(call);
    int len = snprintf(text, sizeof(text), "cn=%s", names->common_name);
    (void)request;
    (void)data;
    for (size_t i = 0; i < names->dns_count; i++) {
        len += snprintf(text + len, sizeof(text) - (size_t)len, " dns=%s", names->dns[i]);
    }
    for (size_t i = 0; i < names->uri_count; i++) {
        len += snprintf(text + len, sizeof(text) - (size_t)len, " uri=%s", names->uris[i]);
    }
    qvt_slice part = qvt_slice_text(text);
    qvt_rpc_unary_reply(qvt_rpc_server_call_unary(call), &part, 1);
}

static void on_echo(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    (void)data;
    qvt_rpc_unary_reply(qvt_rpc_server_call_unary(call), &request, 1);
}

static void on_late(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    struct world *world = data;
    (void)request;
    world->late = call;
}

static void make_files(struct world *world)
{
    static const struct certificate_facts authority = {.common_name = "Test authority", .is_authority = 1};
    static const struct certificate_facts other = {.common_name = "Other authority", .is_authority = 1};
    static const struct certificate_facts server = {
        .common_name = "server", .dns = {"localhost", "qvt.test"}, .address = "127.0.0.1"};
    static const struct certificate_facts client = {
        .common_name = "orders", .dns = {"orders.test", "orders-1.test"}, .uris = {"spiffe://test/silo/orders"}};
    certificates_init(&world->certificates);
    certificates_make(&world->certificates, &world->authority, &authority, NULL);
    certificates_make(&world->certificates, &world->other_authority, &other, NULL);
    certificates_make(&world->certificates, &world->server_files, &server, &world->authority);
    certificates_make(&world->certificates, &world->client_files, &client, &world->authority);
}

static void use_server_files(struct world *world, const struct certificate_files *files, qvt_rpc_tls_client_auth auth)
{
    qvt_rpc_tls_server_options options = QVT_RPC_TLS_SERVER_OPTIONS_INIT;
    qvt_rpc_tls *tls = NULL;
    qvt_error error;
    options.certificate_file = files->certificate;
    options.key_file = files->key;
    options.client_authority_file = world->authority.certificate;
    options.client_auth = auth;
    qvt_status status = qvt_rpc_tls_new_server(&tls, &options, &error);
    if (status != QVT_OK) {
        (void)fprintf(stderr, "%s\n", error.message);
    }
    CU_ASSERT_EQUAL_FATAL(status, QVT_OK);
    qvt_rpc_server_use_tls(world->server, tls);
    qvt_rpc_tls_unref(tls);
}

static void world_start(struct world *world, qvt_rpc_tls_client_auth auth)
{
    static const qvt_rpc_handler who = {.on_request = on_who};
    static const qvt_rpc_handler echo = {.on_request = on_echo};
    static const qvt_rpc_handler late = {.on_request = on_late};
    memset(world, 0, sizeof(*world));
    make_files(world);
    QVT_ASSERT(qvt_rpc_runtime_new(&world->runtime, NULL) == QVT_OK);
    QVT_ASSERT(qvt_rpc_server_new(&world->server, world->runtime, NULL) == QVT_OK);
    QVT_ASSERT(qvt_rpc_server_add_method(world->server, &who_method, &who, world) == QVT_OK);
    QVT_ASSERT(qvt_rpc_server_add_method(world->server, &echo_method, &echo, world) == QVT_OK);
    QVT_ASSERT(qvt_rpc_server_add_method(world->server, &late_method, &late, world) == QVT_OK);
    use_server_files(world, &world->server_files, auth);
    QVT_ASSERT(qvt_rpc_server_listen(world->server, "127.0.0.1:0", NULL) == QVT_OK);
}

static void on_closed(void *data)
{
    unsigned *closed = data;
    ++*closed;
}

static void world_stop(struct world *world)
{
    qvt_rpc_server_shutdown(world->server, 1000, on_closed, &world->closed);
    qvt_rpc_runtime_run(world->runtime);
    CU_ASSERT_EQUAL(world->closed, 1);
    qvt_rpc_server_free(world->server);
    qvt_rpc_runtime_free(world->runtime);
    certificates_deinit(&world->certificates);
}

/* A channel to "localhost" with the files; authority NULL: the channel speaks no TLS. */
static qvt_rpc_channel *connect_with(struct world *world, const struct certificate_files *authority,
                                     const struct certificate_files *own, const char *server_name)
{
    qvt_rpc_tls_client_options tls = QVT_RPC_TLS_CLIENT_OPTIONS_INIT;
    qvt_rpc_channel_options options = QVT_RPC_CHANNEL_OPTIONS_INIT;
    qvt_rpc_channel *channel = NULL;
    char endpoint[64];
    const char *endpoints[] = {endpoint};
    (void)snprintf(endpoint, sizeof(endpoint), "localhost%s", strchr(qvt_rpc_server_address(world->server), ':'));
    if (authority != NULL) {
        tls.authority_file = authority->certificate;
        tls.certificate_file = own == NULL ? NULL : own->certificate;
        tls.key_file = own == NULL ? NULL : own->key;
        tls.server_name = server_name;
        CU_ASSERT_EQUAL_FATAL(qvt_rpc_tls_new_client(&options.tls, &tls, NULL), QVT_OK);
    }
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_channel_new(&channel, world->runtime, endpoints, 1, &options, NULL), QVT_OK);
    qvt_rpc_tls_unref(options.tls);
    return channel;
}

static void expect_answer(struct world *world, qvt_rpc_channel *channel, const char *expected)
{
    qvt_blob *response = NULL;
    qvt_error error;
    qvt_status status =
        qvt_rpc_call_blocking(world->runtime, channel, &who_method, qvt_slice_text(""), NULL, &response, &error);
    EXPECT_TEXT(status == QVT_OK ? "" : error.message, "");
    if (status == QVT_OK) {
        EXPECT_SLICE(qvt_blob_slice(response), expected);
    }
    qvt_blob_unref(response);
}

/* The call fails, and the error ends in this text. */
static void expect_failure(struct world *world, qvt_rpc_channel *channel, const char *expected)
{
    qvt_blob *response = NULL;
    qvt_error error;
    CU_ASSERT_EQUAL(
        qvt_rpc_call_blocking(world->runtime, channel, &who_method, qvt_slice_text(""), NULL, &response, &error),
        QVT_UNAVAILABLE);
    const char *reason = strchr(error.message, ':');
    reason = reason == NULL ? NULL : strchr(reason + 1, ' ');
    EXPECT_TEXT(reason == NULL ? error.message : reason + 1, expected);
    qvt_rpc_channel_close_blocking(world->runtime, channel);
}

static qvt_rpc_server_counters counters(const struct world *world)
{
    qvt_rpc_server_counters out;
    qvt_rpc_server_read_counters(world->server, &out);
    return out;
}

static void a_call_goes_over_tls(void)
{
    struct world world;
    world_start(&world, QVT_RPC_TLS_CLIENT_AUTH_OFF);
    qvt_rpc_channel *channel = connect_with(&world, &world.authority, NULL, NULL);
    expect_answer(&world, channel, "cn=");
    expect_answer(&world, channel, "cn=");
    qvt_rpc_channel_close_blocking(world.runtime, channel);
    CU_ASSERT_EQUAL(counters(&world).handshakes_done, 1);
    CU_ASSERT_EQUAL(counters(&world).handshakes_failed, 0);
    world_stop(&world);
}

static void long_messages_arrive_whole(void)
{
    struct world world;
    qvt_blob *response = NULL;
    char *message = malloc(LONG_MESSAGE);
    QVT_ASSERT(message != NULL);
    for (size_t i = 0; i < LONG_MESSAGE; i++) {
        message[i] = (char)(i * 31 + (i >> 8));
    }
    world_start(&world, QVT_RPC_TLS_CLIENT_AUTH_OFF);
    qvt_rpc_channel *channel = connect_with(&world, &world.authority, NULL, NULL);
    CU_ASSERT_EQUAL_FATAL(qvt_rpc_call_blocking(world.runtime, channel, &echo_method,
                                                qvt_slice_make(message, LONG_MESSAGE), NULL, &response, NULL),
                          QVT_OK);
    qvt_slice got = qvt_blob_slice(response);
    CU_ASSERT_TRUE(got.len == LONG_MESSAGE && memcmp(got.data, message, LONG_MESSAGE) == 0);
    qvt_blob_unref(response);
    free(message);
    qvt_rpc_channel_close_blocking(world.runtime, channel);
    world_stop(&world);
}

static void names_of_a_verified_certificate_reach_the_handler(void)
{
    struct world world;
    world_start(&world, QVT_RPC_TLS_CLIENT_AUTH_REQUIRE);
    qvt_rpc_channel *channel = connect_with(&world, &world.authority, &world.client_files, NULL);
    expect_answer(&world, channel, "cn=orders dns=orders.test dns=orders-1.test uri=spiffe://test/silo/orders");
    qvt_rpc_channel_close_blocking(world.runtime, channel);
    world_stop(&world);
}

static void a_requested_certificate_may_be_left_out(void)
{
    struct world world;
    world_start(&world, QVT_RPC_TLS_CLIENT_AUTH_REQUEST);
    qvt_rpc_channel *without = connect_with(&world, &world.authority, NULL, NULL);
    expect_answer(&world, without, "cn=");
    qvt_rpc_channel_close_blocking(world.runtime, without);
    qvt_rpc_channel *with = connect_with(&world, &world.authority, &world.client_files, NULL);
    expect_answer(&world, with, "cn=orders dns=orders.test dns=orders-1.test uri=spiffe://test/silo/orders");
    qvt_rpc_channel_close_blocking(world.runtime, with);
    world_stop(&world);
}

static void a_requested_certificate_that_is_bad_is_refused(void)
{
    static const struct certificate_facts facts = {.common_name = "orders"};
    struct world world;
    struct certificate_files foreign;
    world_start(&world, QVT_RPC_TLS_CLIENT_AUTH_REQUEST);
    certificates_make(&world.certificates, &foreign, &facts, &world.other_authority);
    expect_failure(&world, connect_with(&world, &world.authority, &foreign, NULL),
                   "the server does not accept our certificate (CA is unknown)");
    CU_ASSERT_EQUAL(counters(&world).handshakes_failed, 1);
    world_stop(&world);
}

static void a_required_certificate_may_not_be_left_out(void)
{
    struct world world;
    world_start(&world, QVT_RPC_TLS_CLIENT_AUTH_REQUIRE);
    expect_failure(&world, connect_with(&world, &world.authority, NULL, NULL),
                   "the server requires a certificate of ours, and none was given");
    CU_ASSERT_EQUAL(counters(&world).handshakes_failed, 1);
    world_stop(&world);
}

static void a_certificate_of_an_unknown_authority_is_refused(void)
{
    struct world world;
    world_start(&world, QVT_RPC_TLS_CLIENT_AUTH_OFF);
    expect_failure(&world, connect_with(&world, &world.other_authority, NULL, NULL),
                   "the server's certificate was not signed by an authority that is trusted here (its issuer is "
                   "CN=Test authority)");
    world_stop(&world);
}

static void a_certificate_for_another_name_is_refused(void)
{
    struct world world;
    world_start(&world, QVT_RPC_TLS_CLIENT_AUTH_OFF);
    expect_failure(&world, connect_with(&world, &world.authority, NULL, "other.test"),
                   "the server's certificate is not for \"other.test\" (it is for localhost, qvt.test)");
    world_stop(&world);
}

static void a_server_name_replaces_the_host(void)
{
    struct world world;
    world_start(&world, QVT_RPC_TLS_CLIENT_AUTH_OFF);
    qvt_rpc_channel *channel = connect_with(&world, &world.authority, NULL, "qvt.test");
    expect_answer(&world, channel, "cn=");
    qvt_rpc_channel_close_blocking(world.runtime, channel);
    channel = connect_with(&world, &world.authority, NULL, "127.0.0.1");
    expect_answer(&world, channel, "cn=");
    qvt_rpc_channel_close_blocking(world.runtime, channel);
    expect_failure(&world, connect_with(&world, &world.authority, NULL, "127.0.0.2"),
                   "the server's certificate is not for \"127.0.0.2\" (it is for localhost, qvt.test)");
    world_stop(&world);
}

/* The text without the moment at its end. */
static void expect_time_failure(struct world *world, const char *expected)
{
    qvt_rpc_channel *channel = connect_with(world, &world->authority, NULL, NULL);
    qvt_blob *response = NULL;
    qvt_error error;
    CU_ASSERT_EQUAL(
        qvt_rpc_call_blocking(world->runtime, channel, &who_method, qvt_slice_text(""), NULL, &response, &error),
        QVT_UNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, expected));
    qvt_rpc_channel_close_blocking(world->runtime, channel);
}

static void a_certificate_out_of_its_time_is_refused(void)
{
    static const struct certificate_facts old = {.dns = {"localhost"}, .from_s = -7200, .until_s = -3600};
    static const struct certificate_facts young = {.dns = {"localhost"}, .from_s = 3600};
    struct world world;
    struct certificate_files files;
    world_start(&world, QVT_RPC_TLS_CLIENT_AUTH_OFF);
    certificates_make(&world.certificates, &files, &old, &world.authority);
    use_server_files(&world, &files, QVT_RPC_TLS_CLIENT_AUTH_OFF);
    expect_time_failure(&world, ": the server's certificate expired at 2");
    certificates_make(&world.certificates, &files, &young, &world.authority);
    use_server_files(&world, &files, QVT_RPC_TLS_CLIENT_AUTH_OFF);
    expect_time_failure(&world, ": the server's certificate is not valid before 2");
    world_stop(&world);
}

static void ends_that_disagree_about_tls_say_so(void)
{
    struct world world;
    world_start(&world, QVT_RPC_TLS_CLIENT_AUTH_OFF);
    expect_failure(&world, connect_with(&world, NULL, NULL, NULL), "closed by the peer, which seems to speak TLS");
    CU_ASSERT_EQUAL(counters(&world).handshakes_failed, 1);
    qvt_rpc_server_use_tls(world.server, NULL);
    expect_failure(&world, connect_with(&world, &world.authority, NULL, NULL), "the server speaks plain text, not TLS");
    world_stop(&world);
}

static void new_credentials_leave_open_connections_alone(void)
{
    static const struct certificate_facts facts = {.common_name = "renewed", .dns = {"localhost"}};
    struct world world;
    struct certificate_files renewed;
    world_start(&world, QVT_RPC_TLS_CLIENT_AUTH_OFF);
    qvt_rpc_channel *old = connect_with(&world, &world.authority, NULL, NULL);
    expect_answer(&world, old, "cn=");
    certificates_make(&world.certificates, &renewed, &facts, &world.other_authority);
    use_server_files(&world, &renewed, QVT_RPC_TLS_CLIENT_AUTH_OFF);
    expect_answer(&world, old, "cn=");
    qvt_rpc_channel *new = connect_with(&world, &world.other_authority, NULL, NULL);
    expect_answer(&world, new, "cn=");
    expect_answer(&world, old, "cn=");
    CU_ASSERT_EQUAL(counters(&world).handshakes_done, 2);
    qvt_rpc_channel_close_blocking(world.runtime, old);
    qvt_rpc_channel_close_blocking(world.runtime, new);
    world_stop(&world);
}

struct late_call {
    struct world *world;
    unsigned ends;
};

static void on_late_end(qvt_rpc_client_call *call, const qvt_rpc_result *result, void *data)
{
    struct late_call *late = data;
    (void)call;
    (void)result;
    late->ends++;
}

static void names_live_as_long_as_the_call(void)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_end = on_late_end};
    struct world world;
    struct late_call late = {&world, 0};
    qvt_rpc_client_call *call = NULL;
    world_start(&world, QVT_RPC_TLS_CLIENT_AUTH_REQUIRE);
    qvt_rpc_channel *channel = connect_with(&world, &world.authority, &world.client_files, NULL);
    CU_ASSERT_EQUAL_FATAL(
        qvt_rpc_client_call_unary(&call, channel, &late_method, qvt_slice_text(""), NULL, &callbacks, &late), QVT_OK);
    uv_loop_t *loop = qvt_rpc_runtime_loop(world.runtime);
    while (world.late == NULL) {
        uv_run(loop, UV_RUN_ONCE);
    }
    qvt_rpc_channel_close_blocking(world.runtime, channel);
    while (counters(&world).connections_open > 0) {
        uv_run(loop, UV_RUN_ONCE);
    }
    CU_ASSERT_EQUAL(late.ends, 1);
    EXPECT_TEXT(qvt_rpc_server_call_peer_names(world.late)->common_name, "orders");
    qvt_rpc_server_call_finish(world.late, NULL);
    world_stop(&world);
}

static void bad_files_are_named(void)
{
    struct certificates certificates;
    struct certificate_files one;
    struct certificate_files two;
    static const struct certificate_facts facts = {.common_name = "one"};
    char rubbish[CERTIFICATES_PATH_MAX + 16];
    char expected[512];
    qvt_rpc_tls *tls = NULL;
    qvt_error error;
    certificates_init(&certificates);
    certificates_make(&certificates, &one, &facts, NULL);
    certificates_make(&certificates, &two, &facts, NULL);
    certificates_write(&certificates, rubbish, "no certificate\n");
    const struct {
        qvt_rpc_tls_server_options options;
        const char *format;
        const char *first, *second;
    } cases[] = {
        {{.size = sizeof(qvt_rpc_tls_server_options), .key_file = one.key},
         "TLS needs a certificate file and a key file",
         "",
         ""},
        {{.size = sizeof(qvt_rpc_tls_server_options),
          .certificate_file = one.certificate,
          .key_file = one.key,
          .client_auth = QVT_RPC_TLS_CLIENT_AUTH_REQUIRE},
         "TLS client certificates need the file of the authorities that sign them",
         "",
         ""},
        {{.size = sizeof(qvt_rpc_tls_server_options), .certificate_file = "/nowhere/a.pem", .key_file = one.key},
         "TLS certificate file /nowhere/a.pem cannot be read: No such file or directory",
         "",
         ""},
        {{.size = sizeof(qvt_rpc_tls_server_options), .certificate_file = "/tmp", .key_file = one.key},
         "TLS certificate file /tmp cannot be read: Is a directory",
         "",
         ""},
        {{.size = sizeof(qvt_rpc_tls_server_options), .certificate_file = one.certificate, .key_file = two.key},
         "TLS key file %s is not the key of the certificate in %s",
         two.key,
         one.certificate},
        {{.size = sizeof(qvt_rpc_tls_server_options), .certificate_file = rubbish, .key_file = one.key},
         "TLS certificate file %s holds no certificate",
         rubbish,
         ""},
        {{.size = sizeof(qvt_rpc_tls_server_options), .certificate_file = one.certificate, .key_file = rubbish},
         "TLS key file %s holds no private key",
         rubbish,
         ""},
        {{.size = sizeof(qvt_rpc_tls_server_options),
          .certificate_file = one.certificate,
          .key_file = one.key,
          .client_authority_file = rubbish,
          .client_auth = QVT_RPC_TLS_CLIENT_AUTH_REQUEST},
         "TLS authority file %s holds no certificate",
         rubbish,
         ""},
        {{.size = sizeof(qvt_rpc_tls_server_options),
          .certificate_pem = qvt_slice_text("rubbish"),
          .key_file = one.key},
         "TLS certificate file given as PEM holds no certificate",
         "",
         ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *format = cases[i].format;
        const char *hole = strstr(format, "%s");
        const char *last = hole == NULL ? NULL : strstr(hole + 2, "%s");
        int head = (int)(hole == NULL ? strlen(format) : (size_t)(hole - format));
        const char *middle = hole == NULL ? "" : hole + 2;
        int middle_len = (int)(last == NULL ? strlen(middle) : (size_t)(last - middle));
        (void)snprintf(expected, sizeof(expected), "%.*s%s%.*s%s", head, format, cases[i].first, middle_len, middle,
                       cases[i].second);
        CU_ASSERT_EQUAL(qvt_rpc_tls_new_server(&tls, &cases[i].options, &error), QVT_INVALID_ARGUMENT);
        EXPECT_TEXT(error.message, expected);
    }
    CU_ASSERT_PTR_NULL(tls);
    certificates_deinit(&certificates);
}

SUITE_MAIN("rpc/call/tls", SUITE_CASE(a_call_goes_over_tls), SUITE_CASE(long_messages_arrive_whole),
           SUITE_CASE(names_of_a_verified_certificate_reach_the_handler),
           SUITE_CASE(a_requested_certificate_may_be_left_out),
           SUITE_CASE(a_requested_certificate_that_is_bad_is_refused),
           SUITE_CASE(a_required_certificate_may_not_be_left_out),
           SUITE_CASE(a_certificate_of_an_unknown_authority_is_refused),
           SUITE_CASE(a_certificate_for_another_name_is_refused), SUITE_CASE(a_server_name_replaces_the_host),
           SUITE_CASE(a_certificate_out_of_its_time_is_refused), SUITE_CASE(ends_that_disagree_about_tls_say_so),
           SUITE_CASE(new_credentials_leave_open_connections_alone), SUITE_CASE(names_live_as_long_as_the_call),
           SUITE_CASE(bad_files_are_named))
