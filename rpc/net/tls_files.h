/* Certificates, keys and authorities from PEM files, with errors that say what is wrong. */
#ifndef QVT_RPC_NET_TLS_FILES_H
#define QVT_RPC_NET_TLS_FILES_H

#include <gnutls/gnutls.h>

#include "qvt/error.h"

/* Gives the credentials a certificate chain and its key; *expires_at is when the first certificate ends, in seconds
 * since the epoch. INVALID_ARGUMENT (error says which file and why; may be NULL), NO_MEMORY. */
QVT_MUST_CHECK qvt_status tls_files_certificate(gnutls_certificate_credentials_t credentials,
                                                const char *certificate_file, const char *key_file, int64_t *expires_at,
                                                qvt_error *error);

/* Makes the credentials trust the authorities in the file. As above. */
QVT_MUST_CHECK qvt_status tls_files_authorities(gnutls_certificate_credentials_t credentials, const char *file,
                                                qvt_error *error);

#endif
