#include "rpc/net/tls_credentials.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "rpc/net/tls_files.h"
#include "rpc/net/tls_verify.h"

/* What RFC 9113 §9.2 asks for: no renegotiation, ephemeral keys and AEAD only. */
static const char priorities[] =
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+ECDHE-RSA:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD:"
    "+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SECP384R1-SHA384:"
    "+SIGN-EDDSA-ED25519:+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SHA384:+SIGN-ECDSA-SHA512:+SIGN-RSA-PSS-RSAE-SHA256:"
    "+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-RSA-PSS-RSAE-SHA512:+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:+SIGN-RSA-SHA512:"
    "+CTYPE-X509:%SERVER_PRECEDENCE";

static qvt_status no_memory(qvt_error *error)
{
    return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
}

static qvt_status failed(qvt_error *error, int code)
{
    if (code == GNUTLS_E_MEMORY_ERROR) {
        return no_memory(error);
    }
    return qvt_error_set(error, QVT_INTERNAL, NULL, "TLS cannot be set up: %s", gnutls_strerror(code));
}

static qvt_status make(qvt_rpc_tls **out, bool is_server, qvt_error *error)
{
    qvt_rpc_tls *tls = calloc(1, sizeof(*tls));
    if (tls == NULL) {
        return no_memory(error);
    }
    atomic_init(&tls->references, 1);
    tls->is_server = is_server;
    tls->expires_at = -1;
    int code = gnutls_certificate_allocate_credentials(&tls->certificate);
    if (code >= 0) {
        code = gnutls_priority_init(&tls->priority, priorities, NULL);
    }
    if (code < 0) {
        qvt_rpc_tls_unref(tls);
        return failed(error, code);
    }
    gnutls_certificate_set_verify_function(tls->certificate, tls_verify_peer);
    *out = tls;
    return QVT_OK;
}

static qvt_status fill_server(qvt_rpc_tls *tls, const qvt_rpc_tls_server_options *options, qvt_error *error)
{
    const struct tls_source certificate = {options->certificate_file, options->certificate_pem};
    const struct tls_source key = {options->key_file, options->key_pem};
    const struct tls_source authority = {options->client_authority_file, options->client_authority_pem};
    tls->client_auth = options->client_auth;
    if (!tls_source_is_given(&certificate) || !tls_source_is_given(&key)) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "TLS needs a certificate file and a key file");
    }
    if (options->client_auth != QVT_RPC_TLS_CLIENT_AUTH_OFF && !tls_source_is_given(&authority)) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL,
                             "TLS client certificates need the file of the authorities that sign them");
    }
    QVT_TRY(tls_files_certificate(tls->certificate, &certificate, &key, &tls->expires_at, error));
    if (options->client_auth != QVT_RPC_TLS_CLIENT_AUTH_OFF) {
        QVT_TRY(tls_files_authorities(tls->certificate, &authority, error));
    }
    int code = gnutls_session_ticket_key_generate(&tls->ticket_key);
    return code < 0 ? failed(error, code) : QVT_OK;
}

static qvt_status trust(qvt_rpc_tls *tls, const struct tls_source *authority, qvt_error *error)
{
    if (tls_source_is_given(authority)) {
        return tls_files_authorities(tls->certificate, authority, error);
    }
    int count = gnutls_certificate_set_x509_system_trust(tls->certificate);
    return count < 0 && count != GNUTLS_E_UNIMPLEMENTED_FEATURE ? failed(error, count) : QVT_OK;
}

static qvt_status fill_client(qvt_rpc_tls *tls, const qvt_rpc_tls_client_options *options, qvt_error *error)
{
    const struct tls_source certificate = {options->certificate_file, options->certificate_pem};
    const struct tls_source key = {options->key_file, options->key_pem};
    const struct tls_source authority = {options->authority_file, options->authority_pem};
    if (tls_source_is_given(&certificate) != tls_source_is_given(&key)) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL,
                             "TLS needs a certificate file and its key file, or neither");
    }
    QVT_TRY(trust(tls, &authority, error));
    if (tls_source_is_given(&certificate)) {
        QVT_TRY(tls_files_certificate(tls->certificate, &certificate, &key, &tls->expires_at, error));
    }
    if (options->server_name != NULL && options->server_name[0] != '\0') {
        tls->server_name = strdup(options->server_name);
        return tls->server_name == NULL ? no_memory(error) : QVT_OK;
    }
    return QVT_OK;
}

static qvt_status finish(qvt_rpc_tls **out, qvt_rpc_tls *tls, qvt_status status)
{
    if (status != QVT_OK) {
        qvt_rpc_tls_unref(tls);
        return status;
    }
    *out = tls;
    return QVT_OK;
}

qvt_status qvt_rpc_tls_new_server(qvt_rpc_tls **out, const qvt_rpc_tls_server_options *options, qvt_error *error)
{
    qvt_rpc_tls *tls = NULL;
    qvt_rpc_tls_server_options all = QVT_RPC_TLS_SERVER_OPTIONS_INIT;
    memcpy(&all, options, options->size < sizeof(all) ? options->size : sizeof(all));
    QVT_TRY(make(&tls, true, error));
    return finish(out, tls, fill_server(tls, &all, error));
}

qvt_status qvt_rpc_tls_new_client(qvt_rpc_tls **out, const qvt_rpc_tls_client_options *options, qvt_error *error)
{
    qvt_rpc_tls *tls = NULL;
    qvt_rpc_tls_client_options all = QVT_RPC_TLS_CLIENT_OPTIONS_INIT;
    if (options != NULL) {
        memcpy(&all, options, options->size < sizeof(all) ? options->size : sizeof(all));
    }
    QVT_TRY(make(&tls, false, error));
    return finish(out, tls, fill_client(tls, &all, error));
}

qvt_rpc_tls *qvt_rpc_tls_ref(qvt_rpc_tls *tls)
{
    atomic_fetch_add(&tls->references, 1);
    return tls;
}

void qvt_rpc_tls_unref(qvt_rpc_tls *tls)
{
    if (tls == NULL || atomic_fetch_sub(&tls->references, 1) > 1) {
        return;
    }
    if (tls->ticket_key.data != NULL) {
        gnutls_memset(tls->ticket_key.data, 0, tls->ticket_key.size);
        gnutls_free(tls->ticket_key.data);
    }
    if (tls->priority != NULL) {
        gnutls_priority_deinit(tls->priority);
    }
    if (tls->certificate != NULL) {
        gnutls_certificate_free_credentials(tls->certificate);
    }
    free(tls->server_name);
    free(tls);
}

int64_t qvt_rpc_tls_expires_at(const qvt_rpc_tls *tls)
{
    return tls->expires_at;
}
