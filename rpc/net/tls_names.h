/* The names in a certificate, copied out of it. */
#ifndef QVT_RPC_NET_TLS_NAMES_H
#define QVT_RPC_NET_TLS_NAMES_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "qvt/rpc/tls.h"

/* What a peer without a verified certificate is called. */
extern const qvt_rpc_peer_names tls_names_none;

/* The certificate that the peer has shown and that has been verified. *out is the caller's, for tls_names_free; NULL
 * when it showed none. NO_MEMORY. */
QVT_MUST_CHECK qvt_status tls_names_of_peer(qvt_rpc_peer_names **out, gnutls_session_t session);

/* NULL is fine. */
void tls_names_free(qvt_rpc_peer_names *names);

/* The first certificate that the peer has shown, for gnutls_x509_crt_deinit; NULL: it showed none, or one that cannot
 * be read. */
gnutls_x509_crt_t tls_names_certificate(gnutls_session_t session);

#endif
