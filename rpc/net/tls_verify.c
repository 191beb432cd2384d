#include "rpc/net/tls_verify.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <gnutls/x509.h>

#include "base/buf.h"
#include "rpc/net/tls_names.h"
#include "rpc/net/tls_session.h"

enum { ISSUER_BYTES_MAX = 200, NAME_BYTES_MAX = 256, NAMES_SHOWN = 4 };

static const char *owner(const struct tls_session *session)
{
    return session->credentials->is_server ? "the client's certificate" : "the server's certificate";
}

static int refuse(struct tls_session *session, gnutls_alert_description_t alert)
{
    session->alert = alert;
    return GNUTLS_E_CERTIFICATE_ERROR;
}

static int refuse_because(struct tls_session *session, gnutls_alert_description_t alert, const char *why)
{
    (void)snprintf(session->failure, sizeof(session->failure), "%s %s", owner(session), why);
    return refuse(session, alert);
}

static void format_time(char *out, size_t size, time_t moment)
{
    struct tm parts;
    if (gmtime_r(&moment, &parts) == NULL || strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        (void)snprintf(out, size, "an unknown time");
    }
}

static int refuse_authority(struct tls_session *session, gnutls_x509_crt_t certificate)
{
    char issuer[ISSUER_BYTES_MAX];
    size_t size = sizeof(issuer);
    if (gnutls_x509_crt_get_issuer_dn(certificate, issuer, &size) < 0) {
        (void)snprintf(issuer, sizeof(issuer), "unknown");
    }
    (void)snprintf(session->failure, sizeof(session->failure),
                   "%s was not signed by an authority that is trusted here (its issuer is %s)", owner(session), issuer);
    return refuse(session, GNUTLS_A_UNKNOWN_CA);
}

static int refuse_time(struct tls_session *session, const char *what, time_t moment)
{
    char text[40];
    format_time(text, sizeof(text), moment);
    (void)snprintf(session->failure, sizeof(session->failure), "%s %s %s", owner(session), what, text);
    return refuse(session, GNUTLS_A_CERTIFICATE_EXPIRED);
}

/* The names the certificate is for, ", " between them; "nobody" when there are none. */
static void list_names(char *out, size_t size, gnutls_x509_crt_t certificate)
{
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = 0, shown = 0; shown < NAMES_SHOWN; i++) {
        char name[NAME_BYTES_MAX];
        size_t len = sizeof(name);
        int kind = gnutls_x509_crt_get_subject_alt_name(certificate, i, name, &len, NULL);
        if (kind == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
            break;
        }
        if (kind == GNUTLS_SAN_DNSNAME && used < size) {
            int written = snprintf(out + used, size - used, "%s%.*s", shown == 0 ? "" : ", ", (int)len, name);
            used += written < 0 ? 0 : (size_t)written;
            shown++;
        }
    }
    size_t len = size;
    if (used == 0 && gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, out, &len) < 0) {
        (void)snprintf(out, size, "nobody");
    }
}

static int refuse_name(struct tls_session *session, gnutls_x509_crt_t certificate)
{
    char names[NAME_BYTES_MAX];
    list_names(names, sizeof(names), certificate);
    (void)snprintf(session->failure, sizeof(session->failure), "%s is not for \"%.150s\" (it is for %.150s)",
                   owner(session), session->host, names);
    return refuse(session, GNUTLS_A_BAD_CERTIFICATE);
}

static int refuse_other(struct tls_session *session, unsigned verdict)
{
    gnutls_datum_t text = {NULL, 0};
    if (gnutls_certificate_verification_status_print(verdict, GNUTLS_CRT_X509, &text, 0) < 0) {
        return refuse_because(session, GNUTLS_A_BAD_CERTIFICATE, "is not good");
    }
    (void)snprintf(session->failure, sizeof(session->failure), "%s is not good: %s", owner(session),
                   (const char *)text.data);
    gnutls_free(text.data);
    return refuse(session, GNUTLS_A_BAD_CERTIFICATE);
}

static int judge(struct tls_session *session, gnutls_x509_crt_t certificate, unsigned verdict)
{
    if ((verdict & GNUTLS_CERT_SIGNER_NOT_FOUND) != 0) {
        return refuse_authority(session, certificate);
    }
    if ((verdict & GNUTLS_CERT_NOT_ACTIVATED) != 0) {
        time_t begin = gnutls_x509_crt_get_activation_time(certificate);
        return begin > time(NULL) ? refuse_time(session, "is not valid before", begin)
                                  : refuse_because(session, GNUTLS_A_CERTIFICATE_EXPIRED,
                                                   "was signed by an authority whose own is not valid yet");
    }
    if ((verdict & GNUTLS_CERT_EXPIRED) != 0) {
        time_t end = gnutls_x509_crt_get_expiration_time(certificate);
        return end < time(NULL) ? refuse_time(session, "expired at", end)
                                : refuse_because(session, GNUTLS_A_CERTIFICATE_EXPIRED,
                                                 "was signed by an authority whose own has expired");
    }
    if ((verdict & GNUTLS_CERT_UNEXPECTED_OWNER) != 0) {
        return refuse_name(session, certificate);
    }
    return refuse_other(session, verdict);
}

/* The library takes bytes that it only reads. */
static gnutls_typed_vdata_st text_data(gnutls_vdata_types_t type, const char *text)
{
    union {
        const char *given;
        unsigned char *taken;
    } pointer = {text};
    return (gnutls_typed_vdata_st){.type = type, .data = pointer.taken, .size = 0};
}

static int refuse_absent(struct tls_session *session)
{
    const qvt_rpc_tls *credentials = session->credentials;
    if (credentials->is_server && credentials->client_auth != QVT_RPC_TLS_CLIENT_AUTH_REQUIRE) {
        return 0;
    }
    (void)snprintf(session->failure, sizeof(session->failure), "%s",
                   credentials->is_server ? "the client showed no certificate" : "the server showed no certificate");
    return refuse(session, GNUTLS_A_CERTIFICATE_REQUIRED);
}

int tls_verify_peer(gnutls_session_t gnutls)
{
    struct tls_session *session = gnutls_session_get_ptr(gnutls);
    bool is_server = session->credentials->is_server;
    unsigned verdict = 0;
    gnutls_typed_vdata_st data[2] = {
        text_data(GNUTLS_DT_KEY_PURPOSE_OID, is_server ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER),
        text_data(GNUTLS_DT_DNS_HOSTNAME, session->host),
    };
    unsigned shown = 0;
    if (gnutls_certificate_get_peers(gnutls, &shown) == NULL || shown == 0) {
        return refuse_absent(session);
    }
    gnutls_x509_crt_t certificate = tls_names_certificate(gnutls);
    if (certificate == NULL) {
        return refuse_because(session, GNUTLS_A_BAD_CERTIFICATE, "cannot be read");
    }
    int code = gnutls_certificate_verify_peers(gnutls, data, is_server ? 1 : 2, &verdict);
    if (code < 0) {
        code = refuse_because(session, GNUTLS_A_BAD_CERTIFICATE, gnutls_strerror(code));
    } else if (verdict != 0) {
        code = judge(session, certificate, verdict);
    }
    gnutls_x509_crt_deinit(certificate);
    return code < 0 ? code : 0;
}
