#include "rpc/net/tls_session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>
#include <arpa/inet.h>
#include <sys/uio.h>

#include "base/check.h"
#include "rpc/net/tls_failure.h"
#include "rpc/net/tls_verify.h"

/* RFC 8446 §5.1 */
enum { CONTENT_ALERT = 21, CONTENT_HANDSHAKE = 22 };

static ssize_t pull(gnutls_transport_ptr_t pointer, void *bytes, size_t size)
{
    struct tls_session *session = pointer;
    size_t len = session->in.len < size ? session->in.len : size;
    if (len == 0) {
        gnutls_transport_set_errno(session->gnutls, EAGAIN);
        return -1;
    }
    memcpy(bytes, session->in.data, len);
    session->in.data += len;
    session->in.len -= len;
    return (ssize_t)len;
}

static int pull_timeout(gnutls_transport_ptr_t pointer, unsigned wait_ms)
{
    const struct tls_session *session = pointer;
    (void)wait_ms;
    return session->in.len > 0 ? 1 : 0;
}

/* Takes everything: the library must not wait for what the caller cannot tell it. */
static ssize_t push(gnutls_transport_ptr_t pointer, const giovec_t *pieces, int count)
{
    struct tls_session *session = pointer;
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        total += pieces[i].iov_len;
        if (!session->no_memory && buf_append(session->out, pieces[i].iov_base, pieces[i].iov_len) != QVT_OK) {
            session->no_memory = true;
        }
    }
    return (ssize_t)total;
}

static bool is_address(const char *host)
{
    struct in6_addr address;
    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

static int set_alpn(struct tls_session *session)
{
    static unsigned char h2[] = "h2";
    static unsigned char http1[] = "http/1.1";
    gnutls_datum_t name = session->protocol == TLS_HTTP2 ? (gnutls_datum_t){h2, sizeof(h2) - 1}
                                                         : (gnutls_datum_t){http1, sizeof(http1) - 1};
    return gnutls_alpn_set_protocols(session->gnutls, &name, 1, GNUTLS_ALPN_MANDATORY);
}

static int set_server(struct tls_session *session)
{
    static const gnutls_certificate_request_t requests[] = {GNUTLS_CERT_IGNORE, GNUTLS_CERT_REQUEST,
                                                            GNUTLS_CERT_REQUIRE};
    gnutls_certificate_server_set_request(session->gnutls, requests[session->credentials->client_auth]);
    return gnutls_session_ticket_enable_server(session->gnutls, &session->credentials->ticket_key);
}

/* RFC 6066 §3: addresses are not sent. */
static int set_client(struct tls_session *session)
{
    return is_address(session->host)
               ? 0
               : gnutls_server_name_set(session->gnutls, GNUTLS_NAME_DNS, session->host, strlen(session->host));
}

static int set_up(struct tls_session *session)
{
    const qvt_rpc_tls *credentials = session->credentials;
    /* Else a certificate that the server will not accept is silently kept back, and nobody learns why. */
    unsigned side = credentials->is_server ? GNUTLS_SERVER : GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT;
    int code = gnutls_init(&session->gnutls, side | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
    if (code < 0) {
        session->gnutls = NULL;
        return code;
    }
    gnutls_session_set_ptr(session->gnutls, session);
    gnutls_transport_set_ptr(session->gnutls, session);
    gnutls_transport_set_pull_function(session->gnutls, pull);
    gnutls_transport_set_pull_timeout_function(session->gnutls, pull_timeout);
    gnutls_transport_set_vec_push_function(session->gnutls, push);
    code = gnutls_priority_set(session->gnutls, credentials->priority);
    if (code >= 0) {
        code = gnutls_credentials_set(session->gnutls, GNUTLS_CRD_CERTIFICATE, credentials->certificate);
    }
    if (code >= 0) {
        code = set_alpn(session);
    }
    if (code >= 0) {
        code = credentials->is_server ? set_server(session) : set_client(session);
    }
    return code;
}

qvt_status tls_session_new(struct tls_session **out, qvt_rpc_tls *credentials, enum tls_protocol protocol,
                           const char *host)
{
    struct tls_session *session = calloc(1, sizeof(*session));
    if (session == NULL) {
        return QVT_NO_MEMORY;
    }
    session->credentials = qvt_rpc_tls_ref(credentials);
    session->protocol = protocol;
    if (!credentials->is_server) {
        (void)snprintf(session->host, sizeof(session->host), "%s",
                       credentials->server_name != NULL ? credentials->server_name : host);
    }
    int code = set_up(session);
    if (code < 0) {
        tls_session_free(session);
        return code == GNUTLS_E_MEMORY_ERROR ? QVT_NO_MEMORY : QVT_INTERNAL;
    }
    *out = session;
    return QVT_OK;
}

void tls_session_free(struct tls_session *session)
{
    if (session == NULL) {
        return;
    }
    if (session->gnutls != NULL) {
        gnutls_deinit(session->gnutls);
    }
    qvt_rpc_tls_unref(session->credentials);
    free(session);
}

static void enter(struct tls_session *session, qvt_slice in, struct buf *out)
{
    session->in = in;
    session->out = out;
    session->no_memory = false;
}

static qvt_status leave(struct tls_session *session, qvt_slice *rest, qvt_status status)
{
    *rest = session->in;
    session->in = qvt_slice_make(NULL, 0);
    session->out = NULL;
    return session->no_memory ? QVT_NO_MEMORY : status;
}

/* The peer is told, unless it was the one that told us. */
static qvt_status fail(struct tls_session *session, int code)
{
    if (code != GNUTLS_E_FATAL_ALERT_RECEIVED) {
        if (session->alert != 0) {
            (void)gnutls_alert_send(session->gnutls, GNUTLS_AL_FATAL, session->alert);
        } else {
            (void)gnutls_alert_send_appropriate(session->gnutls, code);
        }
    }
    return tls_failure_set(session, code);
}

/* Whether to ask the library once more. It also asks to be called again after a record that held no data for us (a
 * ticket), although the next is there. */
static bool is_passing(const struct tls_session *session, int code)
{
    return code == GNUTLS_E_INTERRUPTED || code == GNUTLS_E_WARNING_ALERT_RECEIVED ||
           (code == GNUTLS_E_AGAIN && session->in.len > 0);
}

static qvt_status check_protocol(struct tls_session *session)
{
    gnutls_datum_t chosen = {NULL, 0};
    if (session->protocol == TLS_HTTP1 || gnutls_alpn_get_selected_protocol(session->gnutls, &chosen) == 0) {
        return QVT_OK;
    }
    (void)gnutls_alert_send(session->gnutls, GNUTLS_AL_FATAL, GNUTLS_A_NO_APPLICATION_PROTOCOL);
    return tls_failure_protocol(session);
}

static qvt_status check_handshake(struct tls_session *session)
{
    QVT_TRY(check_protocol(session));
    if (session->credentials->is_server && gnutls_session_is_resumed(session->gnutls) != 0) {
        int code = tls_verify_peer(session->gnutls);
        if (code < 0) {
            return fail(session, code);
        }
    }
    session->open = true;
    return QVT_OK;
}

/* A peer that speaks something else is told apart from one that speaks TLS badly. */
static qvt_status check_first(struct tls_session *session)
{
    if (session->begun || session->in.len == 0) {
        return QVT_OK;
    }
    session->begun = true;
    if (session->in.data[0] == CONTENT_HANDSHAKE || session->in.data[0] == CONTENT_ALERT) {
        return QVT_OK;
    }
    (void)gnutls_alert_send(session->gnutls, GNUTLS_AL_FATAL, GNUTLS_A_UNEXPECTED_MESSAGE);
    return tls_failure_plain(session);
}

static qvt_status handshake(struct tls_session *session)
{
    QVT_TRY(check_first(session));
    int code = 0;
    do {
        code = gnutls_handshake(session->gnutls);
    } while (code < 0 && is_passing(session, code));
    if (code == GNUTLS_E_AGAIN) {
        return QVT_OK;
    }
    return code < 0 ? fail(session, code) : check_handshake(session);
}

qvt_status tls_session_handshake(struct tls_session *session, qvt_slice *bytes, struct buf *out)
{
    QVT_ASSERT(!session->open);
    enter(session, *bytes, out);
    return leave(session, bytes, handshake(session));
}

static qvt_status read_record(struct tls_session *session, void *plain, size_t cap, size_t *len)
{
    ssize_t got = 0;
    do {
        got = gnutls_record_recv(session->gnutls, plain, cap);
    } while (got < 0 && is_passing(session, (int)got));
    if (got == GNUTLS_E_AGAIN) {
        return QVT_OK;
    }
    if (got == 0) {
        (void)snprintf(session->failure, sizeof(session->failure), "closed by the peer");
        return QVT_UNAVAILABLE;
    }
    if (got < 0) {
        return fail(session, (int)got);
    }
    *len = (size_t)got;
    return QVT_OK;
}

/* Records are put together: fewer and longer pieces are cheaper for whoever reads them. */
qvt_status tls_session_read(struct tls_session *session, qvt_slice *bytes, void *plain, size_t cap, size_t *len,
                            struct buf *out)
{
    QVT_ASSERT(session->open);
    size_t total = 0;
    size_t got = 1;
    qvt_status status = QVT_OK;
    enter(session, *bytes, out);
    while (status == QVT_OK && got > 0 && total < cap) {
        got = 0;
        status = read_record(session, (char *)plain + total, cap - total, &got);
        total += got;
    }
    /* What came before the end is still of use: the end is met again by the next read. */
    *len = total;
    return leave(session, bytes, total > 0 ? QVT_OK : status);
}

qvt_status tls_session_write(struct tls_session *session, qvt_slice plain, struct buf *out)
{
    QVT_ASSERT(session->open);
    qvt_slice none = qvt_slice_make(NULL, 0);
    enter(session, none, out);
    while (plain.len > 0 && !session->no_memory) {
        ssize_t sent = gnutls_record_send(session->gnutls, plain.data, plain.len);
        if (sent < 0 && !is_passing(session, (int)sent)) {
            return leave(session, &none,
                         tls_failure_set(session, (int)sent) == QVT_NO_MEMORY ? QVT_NO_MEMORY : QVT_INTERNAL);
        }
        size_t len = sent < 0 ? 0 : (size_t)sent;
        plain = qvt_slice_make(plain.data + len, plain.len - len);
    }
    return leave(session, &none, QVT_OK);
}

void tls_session_close(struct tls_session *session, struct buf *out)
{
    qvt_slice none = qvt_slice_make(NULL, 0);
    enter(session, none, out);
    (void)gnutls_bye(session->gnutls, GNUTLS_SHUT_WR);
    (void)leave(session, &none, QVT_OK);
}
