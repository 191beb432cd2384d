#include "rpc/net/tls_names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/utf8.h"

enum { NAME_BYTES_MAX = 512, NAMES_MAX = 256 };

/* One block: the struct, then the pointers, then the text. */
struct block {
    qvt_rpc_peer_names names;
    const char *pointers[];
};

/* Names as text, each with its NUL: the common name, then the DNS names, then the URIs. */
struct collected {
    struct buf text;
    size_t dns_count;
    size_t uri_count;
};

const qvt_rpc_peer_names tls_names_none = {"", NULL, 0, NULL, 0};

gnutls_x509_crt_t tls_names_certificate(gnutls_session_t session)
{
    unsigned count = 0;
    gnutls_x509_crt_t certificate = NULL;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    if (chain == NULL || count == 0 || gnutls_x509_crt_init(&certificate) < 0) {
        return NULL;
    }
    if (gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) < 0) {
        gnutls_x509_crt_deinit(certificate);
        return NULL;
    }
    return certificate;
}

/* A name that holds a NUL or a control character is not what it looks like. */
static bool is_plain(const char *name, size_t len)
{
    return len > 0 && utf8_is_printable(qvt_slice_make(name, len));
}

static qvt_status add(struct buf *text, const char *name, size_t len)
{
    QVT_TRY(buf_append(text, name, len));
    return buf_append_byte(text, '\0');
}

static qvt_status add_common_name(struct buf *text, gnutls_x509_crt_t certificate)
{
    char name[NAME_BYTES_MAX];
    size_t len = sizeof(name);
    int code = gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &len);
    return code >= 0 && is_plain(name, len) ? add(text, name, len) : buf_append_byte(text, '\0');
}

static qvt_status add_alternatives(struct buf *text, size_t *count, gnutls_x509_crt_t certificate,
                                   gnutls_x509_subject_alt_name_t kind)
{
    for (unsigned i = 0; i < NAMES_MAX; i++) {
        char name[NAME_BYTES_MAX];
        size_t len = sizeof(name);
        int found = gnutls_x509_crt_get_subject_alt_name(certificate, i, name, &len, NULL);
        if (found == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
            return QVT_OK;
        }
        if (found == (int)kind && is_plain(name, len)) {
            QVT_TRY(add(text, name, len));
            ++*count;
        }
    }
    return QVT_OK;
}

static qvt_status collect(struct collected *out, gnutls_x509_crt_t certificate)
{
    QVT_TRY(add_common_name(&out->text, certificate));
    QVT_TRY(add_alternatives(&out->text, &out->dns_count, certificate, GNUTLS_SAN_DNSNAME));
    return add_alternatives(&out->text, &out->uri_count, certificate, GNUTLS_SAN_URI);
}

static qvt_status pack(qvt_rpc_peer_names **out, const struct collected *collected)
{
    size_t count = collected->dns_count + collected->uri_count;
    struct block *block = malloc(sizeof(*block) + count * sizeof(block->pointers[0]) + collected->text.len);
    if (block == NULL) {
        return QVT_NO_MEMORY;
    }
    char *text = (char *)&block->pointers[count];
    memcpy(text, collected->text.data, collected->text.len);
    block->names = (qvt_rpc_peer_names){text, block->pointers, collected->dns_count,
                                        block->pointers + collected->dns_count, collected->uri_count};
    for (size_t i = 0; i < count; i++) {
        text += strlen(text) + 1;
        block->pointers[i] = text;
    }
    *out = &block->names;
    return QVT_OK;
}

qvt_status tls_names_of_peer(qvt_rpc_peer_names **out, gnutls_session_t session)
{
    struct collected collected = {BUF_INIT, 0, 0};
    gnutls_x509_crt_t certificate = tls_names_certificate(session);
    *out = NULL;
    if (certificate == NULL) {
        return QVT_OK;
    }
    qvt_status status = collect(&collected, certificate);
    if (status == QVT_OK) {
        status = pack(out, &collected);
    }
    buf_deinit(&collected.text);
    gnutls_x509_crt_deinit(certificate);
    return status;
}

void tls_names_free(qvt_rpc_peer_names *names)
{
    free(names);
}
