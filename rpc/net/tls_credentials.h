/* The inside of credentials, for the sessions that use them. */
#ifndef QVT_RPC_NET_TLS_CREDENTIALS_H
#define QVT_RPC_NET_TLS_CREDENTIALS_H

#include <stdatomic.h>
#include <stdbool.h>

#include <gnutls/gnutls.h>

#include "qvt/rpc/tls.h"

/* Read only once it is made. */
struct qvt_rpc_tls {
    atomic_uint references;
    bool is_server;
    gnutls_certificate_credentials_t certificate;
    gnutls_priority_t priority;
    gnutls_datum_t ticket_key; /* server; its own, so that nobody resumes what other credentials allowed */
    qvt_rpc_tls_client_auth client_auth;
    char *server_name; /* client; NULL: the endpoint's host */
    int64_t expires_at;
};

#endif
