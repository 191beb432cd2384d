#include "rpc/net/tls_failure.h"

#include <stdio.h>

static const char *peer(const struct tls_session *session)
{
    return session->credentials->is_server ? "client" : "server";
}

static void say(struct tls_session *session, const char *what)
{
    if (session->failure[0] == '\0') {
        (void)snprintf(session->failure, sizeof(session->failure), "the %s %s", peer(session), what);
    }
}

static bool is_about_certificate(gnutls_alert_description_t alert)
{
    return alert == GNUTLS_A_BAD_CERTIFICATE || alert == GNUTLS_A_UNSUPPORTED_CERTIFICATE ||
           alert == GNUTLS_A_CERTIFICATE_REVOKED || alert == GNUTLS_A_CERTIFICATE_EXPIRED ||
           alert == GNUTLS_A_CERTIFICATE_UNKNOWN || alert == GNUTLS_A_UNKNOWN_CA || alert == GNUTLS_A_ACCESS_DENIED;
}

static qvt_status set_alert(struct tls_session *session)
{
    gnutls_alert_description_t alert = gnutls_alert_get(session->gnutls);
    const char *name = gnutls_alert_get_name(alert);
    char text[160];
    if (alert == GNUTLS_A_NO_APPLICATION_PROTOCOL) {
        return tls_failure_protocol(session);
    }
    if (alert == GNUTLS_A_CERTIFICATE_REQUIRED) {
        say(session, "requires a certificate of ours, and none was given");
        return QVT_UNAUTHENTICATED;
    }
    if (alert == GNUTLS_A_PROTOCOL_VERSION) {
        say(session, "speaks no TLS version of ours (1.2 or 1.3)");
        return QVT_FAILED_PRECONDITION;
    }
    bool certificate = is_about_certificate(alert);
    (void)snprintf(text, sizeof(text), "%s (%s)",
                   certificate ? "does not accept our certificate" : "ended the TLS session",
                   name == NULL ? "unknown alert" : name);
    say(session, text);
    return certificate ? QVT_UNAUTHENTICATED : QVT_FAILED_PRECONDITION;
}

qvt_status tls_failure_set(struct tls_session *session, int code)
{
    char text[200];
    switch (code) {
    case GNUTLS_E_MEMORY_ERROR: say(session, "could not be served: out of memory"); return QVT_NO_MEMORY;
    case GNUTLS_E_FATAL_ALERT_RECEIVED: return set_alert(session);
    case GNUTLS_E_CERTIFICATE_ERROR:
    case GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR:
        say(session, "showed a certificate that is not good");
        return QVT_UNAUTHENTICATED;
    case GNUTLS_E_NO_CERTIFICATE_FOUND:
    case GNUTLS_E_CERTIFICATE_REQUIRED: say(session, "showed no certificate"); return QVT_UNAUTHENTICATED;
    case GNUTLS_E_NO_APPLICATION_PROTOCOL: return tls_failure_protocol(session);
    case GNUTLS_E_UNSUPPORTED_VERSION_PACKET:
        say(session, "speaks no TLS version of ours (1.2 or 1.3)");
        return QVT_FAILED_PRECONDITION;
    case GNUTLS_E_REHANDSHAKE:
        say(session, "wants to renegotiate"); /* RFC 9113 §9.2.1 */
        return QVT_FAILED_PRECONDITION;
    default:
        (void)snprintf(text, sizeof(text), "and we could not agree on TLS: %s", gnutls_strerror(code));
        say(session, text);
        return QVT_FAILED_PRECONDITION;
    }
}

qvt_status tls_failure_plain(struct tls_session *session)
{
    say(session, "speaks plain text, not TLS");
    return QVT_FAILED_PRECONDITION;
}

qvt_status tls_failure_protocol(struct tls_session *session)
{
    say(session,
        session->protocol == TLS_HTTP2 ? "does not offer HTTP/2 (ALPN h2)" : "does not offer HTTP/1.1 (ALPN http/1.1)");
    return QVT_FAILED_PRECONDITION;
}
