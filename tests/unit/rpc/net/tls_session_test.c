/* Two sessions that meet in memory, with the bytes between them cut in every way. */
#include "rpc/net/tls_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/check.h"
#include "rpc/net/tls_names.h"
#include "tests/support/alloc.h"
#include "tests/support/certificates.h"
#include "tests/support/suite.h"

enum { PLAIN_MAX = 200000, TURNS_MAX = 64 };

static struct certificates certificates;
static qvt_rpc_tls *server_tls;
static qvt_rpc_tls *client_tls;

struct end {
    struct tls_session *session;
    struct buf out;   /* for the other end */
    struct buf plain; /* that has been read */
    qvt_status status;
};

struct pair {
    struct end client;
    struct end server;
    size_t piece; /* bytes handed over at once */
};

/* The test's own memory, for free. */
static qvt_slice read_pem(const char *file)
{
    enum { PEM_MAX = 16384 };
    char *text = malloc(PEM_MAX);
    FILE *stream = fopen(file, "re");
    QVT_ASSERT(text != NULL && stream != NULL);
    size_t len = fread(text, 1, PEM_MAX, stream);
    QVT_ASSERT(len > 0 && len < PEM_MAX);
    (void)fclose(stream);
    return qvt_slice_make(text, len);
}

static void free_pem(qvt_slice pem)
{
    union {
        const uint8_t *given;
        void *own;
    } text = {pem.data};
    free(text.own);
}

static void make_credentials(void)
{
    static const struct certificate_facts authority_facts = {.common_name = "authority", .is_authority = 1};
    static const struct certificate_facts server_facts = {.dns = {"localhost"}};
    static const struct certificate_facts client_facts = {.common_name = "client"};
    struct certificate_files authority;
    struct certificate_files files;
    qvt_rpc_tls_server_options server = QVT_RPC_TLS_SERVER_OPTIONS_INIT;
    qvt_rpc_tls_client_options client = QVT_RPC_TLS_CLIENT_OPTIONS_INIT;
    certificates_init(&certificates);
    certificates_make(&certificates, &authority, &authority_facts, NULL);
    certificates_make(&certificates, &files, &server_facts, &authority);
    server.certificate_pem = read_pem(files.certificate);
    server.key_pem = read_pem(files.key);
    server.client_authority_pem = read_pem(authority.certificate);
    server.client_auth = QVT_RPC_TLS_CLIENT_AUTH_REQUIRE;
    QVT_ASSERT(qvt_rpc_tls_new_server(&server_tls, &server, NULL) == QVT_OK);
    certificates_make(&certificates, &files, &client_facts, &authority);
    client.authority_pem = server.client_authority_pem;
    client.certificate_pem = read_pem(files.certificate);
    client.key_pem = read_pem(files.key);
    QVT_ASSERT(qvt_rpc_tls_new_client(&client_tls, &client, NULL) == QVT_OK);
    free_pem(server.certificate_pem);
    free_pem(server.key_pem);
    free_pem(server.client_authority_pem);
    free_pem(client.certificate_pem);
    free_pem(client.key_pem);
}

static void free_credentials(void)
{
    qvt_rpc_tls_unref(server_tls);
    qvt_rpc_tls_unref(client_tls);
    certificates_deinit(&certificates);
}

static qvt_status pair_start(struct pair *pair, enum tls_protocol client, enum tls_protocol server, size_t piece)
{
    memset(pair, 0, sizeof(*pair));
    pair->piece = piece;
    QVT_TRY(tls_session_new(&pair->client.session, client_tls, client, "localhost"));
    return tls_session_new(&pair->server.session, server_tls, server, NULL);
}

static void end_deinit(struct end *end)
{
    tls_session_free(end->session);
    buf_deinit(&end->out);
    buf_deinit(&end->plain);
}

static void pair_stop(struct pair *pair)
{
    end_deinit(&pair->client);
    end_deinit(&pair->server);
}

static qvt_status take(struct end *end, qvt_slice bytes)
{
    static char plain[TLS_RECORD_BYTES];
    if (!end->session->open) {
        QVT_TRY(tls_session_handshake(end->session, &bytes, &end->out));
    }
    for (size_t len = 1; len > 0 && end->session->open;) {
        QVT_TRY(tls_session_read(end->session, &bytes, plain, sizeof(plain), &len, &end->out));
        QVT_TRY(buf_append(&end->plain, plain, len));
    }
    return QVT_OK;
}

/* Everything that `from` has to say reaches `to`, piece by piece. */
static void hand_over(struct pair *pair, struct end *from, struct end *to)
{
    struct buf bytes = from->out;
    from->out = (struct buf)BUF_INIT;
    for (size_t at = 0; at < bytes.len && to->status == QVT_OK; at += pair->piece) {
        size_t len = bytes.len - at < pair->piece ? bytes.len - at : pair->piece;
        to->status = take(to, qvt_slice_make(bytes.data + at, len));
    }
    buf_deinit(&bytes);
}

static void run(struct pair *pair)
{
    for (int turn = 0; turn < TURNS_MAX && (pair->client.out.len > 0 || pair->server.out.len > 0); turn++) {
        hand_over(pair, &pair->client, &pair->server);
        hand_over(pair, &pair->server, &pair->client);
    }
}

static void shake(struct pair *pair)
{
    pair->client.status = take(&pair->client, qvt_slice_make(NULL, 0));
    run(pair);
}

static void bytes_may_be_cut_anywhere(void)
{
    for (size_t piece = 1; piece < 3000; piece = piece < 64 ? piece + 1 : piece * 2) {
        struct pair pair;
        CU_ASSERT_EQUAL_FATAL(pair_start(&pair, TLS_HTTP2, TLS_HTTP2, piece), QVT_OK);
        shake(&pair);
        CU_ASSERT_TRUE_FATAL(pair.client.session->open && pair.server.session->open);
        CU_ASSERT_EQUAL(tls_session_write(pair.client.session, qvt_slice_text("question"), &pair.client.out), QVT_OK);
        CU_ASSERT_EQUAL(tls_session_write(pair.server.session, qvt_slice_text("answer"), &pair.server.out), QVT_OK);
        run(&pair);
        EXPECT_SLICE(buf_slice(&pair.server.plain), "question");
        EXPECT_SLICE(buf_slice(&pair.client.plain), "answer");
        pair_stop(&pair);
    }
}

static void long_texts_become_several_records(void)
{
    struct pair pair;
    char *text = malloc(PLAIN_MAX);
    QVT_ASSERT(text != NULL);
    for (size_t i = 0; i < PLAIN_MAX; i++) {
        text[i] = (char)(i * 7 + (i >> 9));
    }
    CU_ASSERT_EQUAL_FATAL(pair_start(&pair, TLS_HTTP2, TLS_HTTP2, 65536), QVT_OK);
    shake(&pair);
    CU_ASSERT_EQUAL(tls_session_write(pair.server.session, qvt_slice_make(text, PLAIN_MAX), &pair.server.out), QVT_OK);
    run(&pair);
    CU_ASSERT_TRUE(pair.client.plain.len == PLAIN_MAX && memcmp(pair.client.plain.data, text, PLAIN_MAX) == 0);
    free(text);
    pair_stop(&pair);
}

static void an_end_says_goodbye(void)
{
    struct pair pair;
    CU_ASSERT_EQUAL_FATAL(pair_start(&pair, TLS_HTTP2, TLS_HTTP2, 4096), QVT_OK);
    shake(&pair);
    CU_ASSERT_EQUAL(tls_session_write(pair.server.session, qvt_slice_text("last"), &pair.server.out), QVT_OK);
    tls_session_close(pair.server.session, &pair.server.out);
    run(&pair);
    EXPECT_SLICE(buf_slice(&pair.client.plain), "last");
    CU_ASSERT_EQUAL(pair.client.status, QVT_UNAVAILABLE);
    EXPECT_TEXT(pair.client.session->failure, "closed by the peer");
    pair_stop(&pair);
}

static void ends_that_agree_on_no_protocol_say_so(void)
{
    struct pair pair;
    CU_ASSERT_EQUAL_FATAL(pair_start(&pair, TLS_HTTP2, TLS_HTTP1, 4096), QVT_OK);
    shake(&pair);
    CU_ASSERT_EQUAL(pair.client.status, QVT_FAILED_PRECONDITION);
    EXPECT_TEXT(pair.client.session->failure, "the server does not offer HTTP/2 (ALPN h2)");
    CU_ASSERT_EQUAL(pair.server.status, QVT_FAILED_PRECONDITION);
    EXPECT_TEXT(pair.server.session->failure, "the client does not offer HTTP/1.1 (ALPN http/1.1)");
    pair_stop(&pair);
}

static void a_changed_byte_ends_the_session(void)
{
    struct pair pair;
    CU_ASSERT_EQUAL_FATAL(pair_start(&pair, TLS_HTTP2, TLS_HTTP2, 4096), QVT_OK);
    shake(&pair);
    CU_ASSERT_EQUAL(tls_session_write(pair.client.session, qvt_slice_text("question"), &pair.client.out), QVT_OK);
    pair.client.out.data[pair.client.out.len - 1] ^= 1;
    run(&pair);
    CU_ASSERT_EQUAL(pair.server.status, QVT_FAILED_PRECONDITION);
    CU_ASSERT_EQUAL(pair.server.plain.len, 0);
    CU_ASSERT_EQUAL(pair.client.status, QVT_FAILED_PRECONDITION);
    EXPECT_TEXT(pair.client.session->failure, "the server ended the TLS session (Bad record MAC)");
    pair_stop(&pair);
}

/* Every byte of the first flight is changed once: the server refuses or goes on, and never does anything worse. */
static void a_damaged_first_flight_is_harmless(void)
{
    struct pair first;
    CU_ASSERT_EQUAL_FATAL(pair_start(&first, TLS_HTTP2, TLS_HTTP2, 4096), QVT_OK);
    CU_ASSERT_EQUAL(take(&first.client, qvt_slice_make(NULL, 0)), QVT_OK);
    for (size_t i = 0; i < first.client.out.len; i++) {
        struct pair pair;
        CU_ASSERT_EQUAL_FATAL(pair_start(&pair, TLS_HTTP2, TLS_HTTP2, 4096), QVT_OK);
        QVT_ASSERT(buf_append_slice(&pair.client.out, buf_slice(&first.client.out)) == QVT_OK);
        pair.client.out.data[i] ^= 0x40;
        hand_over(&pair, &pair.client, &pair.server);
        CU_ASSERT_FALSE(pair.server.session->open);
        CU_ASSERT_EQUAL(pair.server.status == QVT_OK, pair.server.session->failure[0] == '\0');
        pair_stop(&pair);
    }
    pair_stop(&first);
}

/* Only allocations of ours fail: those of the library are its own affair. */
static void without_memory_there_is_a_status(void)
{
    unsigned long nth = 1;
    for (;; nth++) {
        struct pair pair;
        qvt_rpc_peer_names *names = NULL;
        alloc_fail_at(nth);
        qvt_status status = pair_start(&pair, TLS_HTTP2, TLS_HTTP2, 4096);
        if (status == QVT_OK) {
            shake(&pair);
            status = pair.client.status != QVT_OK ? pair.client.status : pair.server.status;
        }
        if (status == QVT_OK && pair.server.session->open) {
            status = tls_names_of_peer(&names, pair.server.session->gnutls);
        }
        bool failed = alloc_failed();
        alloc_fail_at(0);
        CU_ASSERT_EQUAL(status, failed ? QVT_NO_MEMORY : QVT_OK);
        tls_names_free(names);
        pair_stop(&pair);
        if (!failed) {
            break;
        }
    }
    CU_ASSERT_TRUE(nth > 5);
}

int main(int argc, char **argv)
{
    static const struct suite_case cases[] = {
        SUITE_CASE(bytes_may_be_cut_anywhere),
        SUITE_CASE(long_texts_become_several_records),
        SUITE_CASE(an_end_says_goodbye),
        SUITE_CASE(ends_that_agree_on_no_protocol_say_so),
        SUITE_CASE(a_changed_byte_ends_the_session),
        SUITE_CASE(a_damaged_first_flight_is_harmless),
        SUITE_CASE(without_memory_there_is_a_status),
    };
    make_credentials();
    int code = suite_run("rpc/net/tls_session", cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
    free_credentials();
    return code;
}
