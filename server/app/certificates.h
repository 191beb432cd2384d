/* The server's TLS credentials from its flags. */
#ifndef QVT_SERVER_APP_CERTIFICATES_H
#define QVT_SERVER_APP_CERTIFICATES_H

#include "base/log.h"
#include "qvt/rpc/tls.h"
#include "server/app/settings.h"

/* Reads the files that the flags name; *out is NULL without --tls-cert, else one reference. INVALID_ARGUMENT: a flag is
 * missing, or a file is bad: the error says which; NO_MEMORY. */
QVT_MUST_CHECK qvt_status certificates_load(qvt_rpc_tls **out, const struct settings *settings, qvt_error *error);

/* Writes a warning when the certificate has expired. */
void certificates_warn(const qvt_rpc_tls *tls, const struct log *log);

#endif
