#include "server/app/certificates.h"

#include "base/clock.h"

static qvt_status refuse(qvt_error *error, const char *flag, const char *needed)
{
    return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "--%s needs --%s", flag, needed);
}

static qvt_status check_flags(const struct settings *settings, qvt_error *error)
{
    bool has_cert = settings->tls_cert[0] != '\0';
    bool has_key = settings->tls_key[0] != '\0';
    bool has_ca = settings->tls_client_ca[0] != '\0';
    bool wants_clients = settings->tls_client_auth != QVT_RPC_TLS_CLIENT_AUTH_OFF;
    if (has_cert != has_key) {
        return has_cert ? refuse(error, "tls-cert", "tls-key") : refuse(error, "tls-key", "tls-cert");
    }
    if (has_ca && !wants_clients) {
        return refuse(error, "tls-client-ca", "tls-client-auth request or require");
    }
    if (wants_clients && !has_ca) {
        return refuse(error, "tls-client-auth", "tls-client-ca");
    }
    return wants_clients && !has_cert ? refuse(error, "tls-client-auth", "tls-cert") : QVT_OK;
}

qvt_status certificates_load(qvt_rpc_tls **out, const struct settings *settings, qvt_error *error)
{
    qvt_rpc_tls_server_options options = QVT_RPC_TLS_SERVER_OPTIONS_INIT;
    *out = NULL;
    qvt_status status = check_flags(settings, error);
    if (status != QVT_OK || settings->tls_cert[0] == '\0') {
        return status;
    }
    options.certificate_file = settings->tls_cert;
    options.key_file = settings->tls_key;
    options.client_authority_file = settings->tls_client_ca;
    options.client_auth = (qvt_rpc_tls_client_auth)settings->tls_client_auth;
    return qvt_rpc_tls_new_server(out, &options, error);
}

void certificates_warn(const qvt_rpc_tls *tls, const struct log *log)
{
    int64_t now_s = clock_wall_us(clock_system()) / 1000000;
    if (qvt_rpc_tls_expires_at(tls) < now_s) {
        log_write(log, LOG_WARN, "tls certificate has expired",
                  log_int("seconds_ago", now_s - qvt_rpc_tls_expires_at(tls)));
    }
}
