/* Certificates, keys and authorities from PEM, in files or in memory, with errors that say what is wrong. */
#ifndef QVT_RPC_NET_TLS_FILES_H
#define QVT_RPC_NET_TLS_FILES_H

#include <gnutls/gnutls.h>

#include "qvt/error.h"
#include "qvt/slice.h"

/* Where PEM comes from: the bytes, when there are any, else the file. */
struct tls_source {
    const char *file; /* may be NULL or "" */
    qvt_slice pem;
};

static inline bool tls_source_is_given(const struct tls_source *source)
{
    return source->pem.len > 0 || (source->file != NULL && source->file[0] != '\0');
}

/* Gives the credentials a certificate chain and its key; *expires_at is when the first certificate ends, in seconds
 * since the epoch. INVALID_ARGUMENT (error says which source and why; may be NULL), NO_MEMORY. */
QVT_MUST_CHECK qvt_status tls_files_certificate(gnutls_certificate_credentials_t credentials,
                                                const struct tls_source *certificate, const struct tls_source *key,
                                                int64_t *expires_at, qvt_error *error);

/* Makes the credentials trust the authorities in the source. As above. */
QVT_MUST_CHECK qvt_status tls_files_authorities(gnutls_certificate_credentials_t credentials,
                                                const struct tls_source *source, qvt_error *error);

#endif
