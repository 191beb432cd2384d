/* TLS credentials: the certificate that one end shows, and whose certificates it believes. TLS 1.2 and 1.3 with
 * forward secrecy and authenticated encryption only. */
#ifndef QVT_RPC_TLS_H
#define QVT_RPC_TLS_H

#include <stddef.h>
#include <stdint.h>

#include "qvt/error.h"
#include "qvt/slice.h"
#include "qvt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Shared and immutable: files that have changed mean a new object. Any thread may hold references. */
typedef struct qvt_rpc_tls qvt_rpc_tls;

/* What a server wants of its clients. A certificate that is shown must be good in either case. */
typedef enum qvt_rpc_tls_client_auth {
    QVT_RPC_TLS_CLIENT_AUTH_OFF,
    QVT_RPC_TLS_CLIENT_AUTH_REQUEST, /* a client may show a certificate */
    QVT_RPC_TLS_CLIENT_AUTH_REQUIRE  /* a client without one is refused */
} qvt_rpc_tls_client_auth;

/* Files are PEM and read once; NULL or "": none. What is given as PEM itself is read in place of the file; data NULL: it
 * is not. */
typedef struct qvt_rpc_tls_server_options {
    uint32_t size;                       /* sizeof this struct */
    const char *certificate_file;        /* the server's, then those that lead to its authority; needed */
    const char *key_file;                /* its private key, without a password; needed */
    const char *client_authority_file;   /* who may have signed a client's certificate; needed unless client_auth is
                                            off */
    qvt_rpc_tls_client_auth client_auth; /* default off */
    qvt_slice certificate_pem;
    qvt_slice key_pem;
    qvt_slice client_authority_pem;
} qvt_rpc_tls_server_options;

#define QVT_RPC_TLS_SERVER_OPTIONS_INIT                                                                                \
    {                                                                                                                  \
        sizeof(qvt_rpc_tls_server_options), NULL, NULL, NULL, QVT_RPC_TLS_CLIENT_AUTH_OFF, {NULL, 0}, {NULL, 0},       \
        {                                                                                                              \
            NULL, 0                                                                                                    \
        }                                                                                                              \
    }

typedef struct qvt_rpc_tls_client_options {
    uint32_t size;                /* sizeof this struct */
    const char *authority_file;   /* who may have signed the server's certificate; none: whom the system trusts */
    const char *certificate_file; /* shown to servers that ask for one */
    const char *key_file;         /* of that certificate; both or none */
    const char *server_name;      /* that the server's certificate must be for; none: the endpoint's host */
    qvt_slice authority_pem;
    qvt_slice certificate_pem;
    qvt_slice key_pem;
} qvt_rpc_tls_client_options;

#define QVT_RPC_TLS_CLIENT_OPTIONS_INIT                                                                                \
    {                                                                                                                  \
        sizeof(qvt_rpc_tls_client_options), NULL, NULL, NULL, NULL, {NULL, 0}, {NULL, 0},                              \
        {                                                                                                              \
            NULL, 0                                                                                                    \
        }                                                                                                              \
    }

/* Reads the files. *out is one reference, the caller's. INVALID_ARGUMENT: error (may be NULL) says which file and what
 * is wrong with it, in one line; NO_MEMORY. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_tls_new_server(qvt_rpc_tls **out, const qvt_rpc_tls_server_options *options,
                                                         qvt_error *error);

/* As that, for a client; options may be NULL. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_tls_new_client(qvt_rpc_tls **out, const qvt_rpc_tls_client_options *options,
                                                         qvt_error *error);

QVT_API qvt_rpc_tls *qvt_rpc_tls_ref(qvt_rpc_tls *tls);

/* NULL is fine. */
QVT_API void qvt_rpc_tls_unref(qvt_rpc_tls *tls);

/* When the own certificate ends, in seconds since the epoch; -1: there is none. */
QVT_API int64_t qvt_rpc_tls_expires_at(const qvt_rpc_tls *tls);

/* Whom a verified certificate names. Names with bytes that are no printable ASCII or UTF-8 are left out. */
typedef struct qvt_rpc_peer_names {
    const char *common_name; /* of the subject; "": none */
    const char *const *dns;  /* subject alternative names, in the certificate's order, as are the next */
    size_t dns_count;
    const char *const *uris;
    size_t uri_count;
} qvt_rpc_peer_names;

#ifdef __cplusplus
}
#endif

#endif
