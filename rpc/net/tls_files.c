#include "rpc/net/tls_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <gnutls/x509.h>

#include "base/buf.h"
#include "base/check.h"

enum { FILE_BYTES_MAX = 4 << 20, CHUNK_BYTES = 4096 };

struct chain {
    gnutls_x509_crt_t *certificates;
    unsigned count;
};

/* code is what GnuTLS gave for the file. */
static qvt_status refuse(qvt_error *error, const char *what, const char *file, int code)
{
    if (code == GNUTLS_E_MEMORY_ERROR) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "TLS %s %s: %s", what, file, gnutls_strerror(code));
}

static qvt_status refuse_reading(qvt_error *error, const char *what, const char *file)
{
    return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "TLS %s %s cannot be read: %s", what, file,
                         strerror(errno));
}

static qvt_status refuse_empty(qvt_error *error, const char *what, const char *file, const char *missing)
{
    return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "TLS %s %s holds no %s", what, file, missing);
}

static qvt_status reserve_whole(struct buf *out, FILE *stream, qvt_error *error)
{
    struct stat about;
    size_t size = fstat(fileno(stream), &about) == 0 && about.st_size <= FILE_BYTES_MAX ? (size_t)about.st_size : 0;
    return buf_reserve(out, size + CHUNK_BYTES) == QVT_OK ? QVT_OK
                                                          : qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
}

static qvt_status read_stream(struct buf *out, FILE *stream, const char *what, const char *file, qvt_error *error)
{
    for (size_t len = 1; len > 0; out->len += len) {
        if (out->len > FILE_BYTES_MAX) {
            return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "TLS %s %s is over %d bytes", what, file,
                                 FILE_BYTES_MAX);
        }
        if (buf_reserve(out, CHUNK_BYTES) != QVT_OK) {
            return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
        }
        errno = 0;
        len = fread(out->data + out->len, 1, CHUNK_BYTES, stream);
        if (len == 0 && ferror(stream)) {
            return refuse_reading(error, what, file);
        }
    }
    return QVT_OK;
}

/* Content that may be a key does not stay in memory. */
static void forget(struct buf *content)
{
    if (content->data != NULL) {
        gnutls_memset(content->data, 0, content->cap);
    }
    buf_deinit(content);
}

/* What it is called in errors. */
static const char *name_of(const struct tls_source *source)
{
    return source->pem.len > 0 ? "given as PEM" : source->file;
}

static qvt_status copy_pem(struct buf *out, qvt_slice pem, qvt_error *error)
{
    return buf_append_slice(out, pem) == QVT_OK ? QVT_OK : qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
}

static qvt_status read_source(struct buf *out, const char *what, const struct tls_source *source, qvt_error *error)
{
    if (source->pem.len > 0) {
        return copy_pem(out, source->pem, error);
    }
    const char *file = source->file;
    FILE *stream = fopen(file, "re");
    if (stream == NULL) {
        return refuse_reading(error, what, file);
    }
    /* Else copies of a key stay in the stream's buffer, and where the content was before it grew. */
    (void)setvbuf(stream, NULL, _IONBF, 0);
    qvt_status status = reserve_whole(out, stream, error);
    if (status == QVT_OK) {
        status = read_stream(out, stream, what, file, error);
    }
    (void)fclose(stream);
    if (status != QVT_OK) {
        forget(out);
    }
    return status;
}

static gnutls_datum_t datum_of(const struct buf *content)
{
    return (gnutls_datum_t){content->data, (unsigned)content->len};
}

static qvt_status read_chain(struct chain *out, const struct tls_source *source, qvt_error *error)
{
    struct buf content = BUF_INIT;
    const char *file = name_of(source);
    QVT_TRY(read_source(&content, "certificate file", source, error));
    gnutls_datum_t datum = datum_of(&content);
    int code = gnutls_x509_crt_list_import2(&out->certificates, &out->count, &datum, GNUTLS_X509_FMT_PEM, 0);
    buf_deinit(&content);
    if (code == GNUTLS_E_NO_CERTIFICATE_FOUND || (code >= 0 && out->count == 0)) {
        return refuse_empty(error, "certificate file", file, "certificate");
    }
    return code < 0 ? refuse(error, "certificate file", file, code) : QVT_OK;
}

static void free_chain(struct chain *chain)
{
    for (unsigned i = 0; i < chain->count; i++) {
        gnutls_x509_crt_deinit(chain->certificates[i]);
    }
    gnutls_free(chain->certificates);
}

static qvt_status read_key(gnutls_x509_privkey_t key, const struct tls_source *source, qvt_error *error)
{
    struct buf content = BUF_INIT;
    const char *file = name_of(source);
    QVT_TRY(read_source(&content, "key file", source, error));
    gnutls_datum_t datum = datum_of(&content);
    int code = gnutls_x509_privkey_import2(key, &datum, GNUTLS_X509_FMT_PEM, NULL, 0);
    forget(&content);
    if (code == GNUTLS_E_DECRYPTION_FAILED) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "TLS key file %s is protected by a password", file);
    }
    if (code == GNUTLS_E_BASE64_UNEXPECTED_HEADER_ERROR || code == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
        return refuse_empty(error, "key file", file, "private key");
    }
    return code < 0 ? refuse(error, "key file", file, code) : QVT_OK;
}

static qvt_status give(gnutls_certificate_credentials_t credentials, const struct chain *chain,
                       const struct tls_source *certificate_source, const struct tls_source *key_source,
                       qvt_error *error)
{
    const char *certificate_file = name_of(certificate_source);
    const char *key_file = name_of(key_source);
    gnutls_x509_privkey_t key = NULL;
    int code = gnutls_x509_privkey_init(&key);
    if (code < 0) {
        return refuse(error, "key file", key_file, code);
    }
    qvt_status status = read_key(key, key_source, error);
    if (status == QVT_OK) {
        code = gnutls_certificate_set_x509_key(credentials, chain->certificates, (int)chain->count, key);
        if (code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH) {
            status =
                qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL,
                              "TLS key file %s is not the key of the certificate in %s", key_file, certificate_file);
        } else if (code < 0) {
            status = refuse(error, "certificate file", certificate_file, code);
        }
    }
    gnutls_x509_privkey_deinit(key);
    return status;
}

qvt_status tls_files_certificate(gnutls_certificate_credentials_t credentials, const struct tls_source *certificate,
                                 const struct tls_source *key, int64_t *expires_at, qvt_error *error)
{
    struct chain chain = {NULL, 0};
    QVT_TRY(read_chain(&chain, certificate, error));
    *expires_at = (int64_t)gnutls_x509_crt_get_expiration_time(chain.certificates[0]);
    qvt_status status = give(credentials, &chain, certificate, key, error);
    free_chain(&chain);
    return status;
}

qvt_status tls_files_authorities(gnutls_certificate_credentials_t credentials, const struct tls_source *source,
                                 qvt_error *error)
{
    struct buf content = BUF_INIT;
    const char *file = name_of(source);
    QVT_TRY(read_source(&content, "authority file", source, error));
    gnutls_datum_t datum = datum_of(&content);
    int count = gnutls_certificate_set_x509_trust_mem(credentials, &datum, GNUTLS_X509_FMT_PEM);
    buf_deinit(&content);
    if (count == 0 || count == GNUTLS_E_NO_CERTIFICATE_FOUND) {
        return refuse_empty(error, "authority file", file, "certificate");
    }
    return count < 0 ? refuse(error, "authority file", file, count) : QVT_OK;
}
