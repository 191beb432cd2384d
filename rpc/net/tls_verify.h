/* Whether the peer's certificate is believed, and why not. */
#ifndef QVT_RPC_NET_TLS_VERIFY_H
#define QVT_RPC_NET_TLS_VERIFY_H

#include <gnutls/gnutls.h>

/* The verify callback of the credentials of both kinds, for a session whose pointer is its struct tls_session; also to
 * be called once a resumed handshake is complete, because the library does not then. 0: fine. Otherwise
 * GNUTLS_E_CERTIFICATE_ERROR, and the session's failure and alert are set. */
int tls_verify_peer(gnutls_session_t gnutls);

#endif
