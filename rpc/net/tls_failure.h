/* What went wrong in a TLS session, in words a person can act on. */
#ifndef QVT_RPC_NET_TLS_FAILURE_H
#define QVT_RPC_NET_TLS_FAILURE_H

#include "rpc/net/tls_session.h"

/* Fills session->failure, unless it is filled, for the library's error code; alert: tell the peer. The result is that
 * of the session's function. */
qvt_status tls_failure_set(struct tls_session *session, int code);

/* The peer does not speak TLS. */
qvt_status tls_failure_plain(struct tls_session *session);

/* No protocol was agreed on. */
qvt_status tls_failure_protocol(struct tls_session *session);

#endif
