#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "rpc/net/tls_session.h"
#include "tests/support/certificates.h"

/* What one end has written so far: the bytes 0, 1, 2 … of a sequence that both ends know. */
struct end {
    struct tls_session *session;
    struct buf wire; /* from this end, not delivered yet */
    size_t written;  /* bytes of the sequence */
    size_t read;     /* of the other end's */
    bool is_failed;
};

struct world {
    struct end ends[2]; /* client, server */
    qvt_slice script;
};

static struct certificates certificates;
static qvt_rpc_tls *server_tls;
static qvt_rpc_tls *client_tls;

static void free_credentials(void)
{
    qvt_rpc_tls_unref(server_tls);
    qvt_rpc_tls_unref(client_tls);
    certificates_deinit(&certificates);
}

static void make_credentials(void)
{
    static const struct certificate_facts authority_facts = {.common_name = "authority", .is_authority = 1};
    static const struct certificate_facts server_facts = {.dns = {"localhost"}};
    struct certificate_files authority;
    struct certificate_files files;
    qvt_rpc_tls_server_options server = QVT_RPC_TLS_SERVER_OPTIONS_INIT;
    qvt_rpc_tls_client_options client = QVT_RPC_TLS_CLIENT_OPTIONS_INIT;
    certificates_init(&certificates);
    certificates_make(&certificates, &authority, &authority_facts, NULL);
    certificates_make(&certificates, &files, &server_facts, &authority);
    server.certificate_file = files.certificate;
    server.key_file = files.key;
    server.client_authority_file = authority.certificate;
    server.client_auth = QVT_RPC_TLS_CLIENT_AUTH_REQUEST;
    client.authority_file = authority.certificate;
    client.certificate_file = files.certificate;
    client.key_file = files.key;
    QVT_ASSERT(qvt_rpc_tls_new_server(&server_tls, &server, NULL) == QVT_OK);
    QVT_ASSERT(qvt_rpc_tls_new_client(&client_tls, &client, NULL) == QVT_OK);
    (void)atexit(free_credentials);
}

static uint8_t next(struct world *world)
{
    if (world->script.len == 0) {
        return 0;
    }
    uint8_t byte = world->script.data[0];
    world->script = qvt_slice_make(world->script.data + 1, world->script.len - 1);
    return byte;
}

static void fail(struct end *end)
{
    QVT_ASSERT(end->session->failure[0] != '\0' && strlen(end->session->failure) < TLS_FAILURE_MAX);
    end->is_failed = true;
}

/* Whatever was done to the wire, what comes out is what the other end wrote. */
static void check_plain(struct end *end, const struct end *other, const uint8_t *plain, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        QVT_ASSERT(plain[i] == (uint8_t)end->read++);
    }
    QVT_ASSERT(end->read <= other->written);
}

static void take(struct end *end, const struct end *other, qvt_slice bytes)
{
    static uint8_t plain[TLS_RECORD_BYTES];
    qvt_status status = QVT_OK;
    if (end->is_failed) {
        return;
    }
    if (!end->session->open) {
        status = tls_session_handshake(end->session, &bytes, &end->wire);
        QVT_ASSERT(status != QVT_OK || end->session->open || bytes.len == 0);
    }
    for (size_t len = 1; len > 0 && status == QVT_OK && end->session->open;) {
        status = tls_session_read(end->session, &bytes, plain, sizeof(plain), &len, &end->wire);
        if (status == QVT_OK) {
            check_plain(end, other, plain, len);
        }
    }
    if (status != QVT_OK) {
        fail(end);
    }
}

static void deliver(struct end *from, struct end *to, size_t len)
{
    len = len < from->wire.len ? len : from->wire.len;
    /* Of the exact size, so that a read behind the end is seen. */
    uint8_t *piece = malloc(len + 1);
    if (piece == NULL || len == 0) {
        free(piece);
        return;
    }
    memcpy(piece, from->wire.data, len);
    buf_drop_front(&from->wire, len);
    take(to, from, qvt_slice_make(piece, len));
    free(piece);
}

static void write_plain(struct end *end, size_t len)
{
    static uint8_t plain[TLS_RECORD_BYTES];
    if (end->is_failed || !end->session->open) {
        return;
    }
    for (size_t i = 0; i < len; i++) {
        plain[i] = (uint8_t)(end->written + i);
    }
    end->written += len;
    if (tls_session_write(end->session, qvt_slice_make(plain, len), &end->wire) != QVT_OK) {
        end->is_failed = true;
    }
}

static void step(struct world *world)
{
    uint8_t code = next(world);
    struct end *from = &world->ends[code & 1];
    struct end *to = &world->ends[1 - (code & 1)];
    uint8_t count = next(world);
    switch (code / 2 % 8) {
    case 0:
    case 1: deliver(from, to, SIZE_MAX); break;
    case 2: deliver(from, to, count); break;
    case 3: write_plain(from, (size_t)count * 64); break;
    case 4:
        if (count < from->wire.len) {
            from->wire.data[count] ^= next(world);
        }
        break;
    case 5: buf_drop_front(&from->wire, count < from->wire.len ? count : from->wire.len); break;
    case 6: { /* the attacker's own bytes */
        size_t len = count < world->script.len ? count : world->script.len;
        take(to, from, qvt_slice_make(world->script.data, len));
        world->script = qvt_slice_make(world->script.data + len, world->script.len - len);
        break;
    }
    default:
        if (!from->is_failed && from->session->open) {
            tls_session_close(from->session, &from->wire);
            from->is_failed = true;
        }
        break;
    }
}

/* The input is what happens on the way between a client and a server: pieces, noise, losses. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world = {.script = qvt_slice_make(data, size)};
    if (server_tls == NULL) {
        make_credentials();
    }
    if (tls_session_new(&world.ends[0].session, client_tls, TLS_HTTP2, "localhost") == QVT_OK &&
        tls_session_new(&world.ends[1].session, server_tls, TLS_HTTP2, NULL) == QVT_OK) {
        take(&world.ends[0], &world.ends[1], qvt_slice_make(NULL, 0));
        while (world.script.len > 0) {
            step(&world);
        }
    }
    for (size_t i = 0; i < 2; i++) {
        tls_session_free(world.ends[i].session);
        buf_deinit(&world.ends[i].wire);
    }
    return 0;
}
