/* One TLS connection without I/O: bytes of the peer in, bytes for the peer out, plain text between.
 *
 *   handshake ── complete, ALPN agreed ──▶ open
 *       └───────────────┴── a function that is not OK ──▶ failed: only free it, once what is in `out` is sent */
#ifndef QVT_RPC_NET_TLS_SESSION_H
#define QVT_RPC_NET_TLS_SESSION_H

#include <stdbool.h>

#include <gnutls/gnutls.h>

#include "base/buf.h"
#include "qvt/slice.h"
#include "rpc/net/tls_credentials.h"

enum {
    TLS_FAILURE_MAX = 400,
    TLS_HOST_MAX = 256,
    TLS_RECORD_BYTES = 16 * 1024 /* of plain text, at most (RFC 8446 §5.1) */
};

/* What is spoken inside. */
enum tls_protocol {
    TLS_HTTP2, /* must be agreed on by ALPN */
    TLS_HTTP1  /* refused only when the peer offers others and not this */
};

/* Read only `open`, `failure` and `gnutls` from outside. Invariants: in and out are set only inside a function; once
 * open, in is empty again when tls_session_read has given nothing. */
struct tls_session {
    gnutls_session_t gnutls;
    qvt_rpc_tls *credentials;
    enum tls_protocol protocol;
    bool open;                        /* the handshake is complete */
    char failure[TLS_FAILURE_MAX];    /* why a function failed, for a person; "" before */
    bool begun;                       /* the peer's first byte has come */
    bool no_memory;                   /* out could not grow */
    gnutls_alert_description_t alert; /* that tells the peer of a bad certificate; 0: the error's own */
    qvt_slice in;
    struct buf *out;
    char host[TLS_HOST_MAX]; /* client: whom the server's certificate must name */
};

/* Takes a reference of the credentials, whose kind is the session's. host: client, "localhost" or "127.0.0.1" or "::1";
 * server: NULL. NO_MEMORY, INTERNAL. */
QVT_MUST_CHECK qvt_status tls_session_new(struct tls_session **out, qvt_rpc_tls *credentials,
                                          enum tls_protocol protocol, const char *host);

/* NULL is fine. */
void tls_session_free(struct tls_session *session);

/* Takes the handshake further with the bytes that have come, which may be none; a client begins so. Before it is open.
 * bytes: what is left, nothing unless it is open now. UNAUTHENTICATED: one side does not accept the other's
 * certificate; FAILED_PRECONDITION: other failures; NO_MEMORY. */
QVT_MUST_CHECK qvt_status tls_session_handshake(struct tls_session *session, qvt_slice *bytes, struct buf *out);

/* Decrypts into plain, which has room for cap bytes; *len is 0 when all is read that has come. Once it is open, and
 * again until it gives nothing. UNAVAILABLE: the peer has closed the session, failure says nothing worth a log line;
 * UNAUTHENTICATED, FAILED_PRECONDITION, NO_MEMORY as above. */
QVT_MUST_CHECK qvt_status tls_session_read(struct tls_session *session, qvt_slice *bytes, void *plain, size_t cap,
                                           size_t *len, struct buf *out);

/* Encrypts. Once it is open. NO_MEMORY, INTERNAL. */
QVT_MUST_CHECK qvt_status tls_session_write(struct tls_session *session, qvt_slice plain, struct buf *out);

/* Tells the peer that nothing follows; as far as that is possible. */
void tls_session_close(struct tls_session *session, struct buf *out);

#endif
