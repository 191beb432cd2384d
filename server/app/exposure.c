#include "server/app/exposure.h"

#include <netinet/in.h>
#include <stdbool.h>

#include "qvt/rpc/tls.h"
#include "rpc/net/address.h"
#include "server/app/listen_address.h"

enum { LOOPBACK_NET = 127 };

static bool is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET6) {
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
    }
    return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == LOOPBACK_NET;
}

static bool is_exposed(const char *listen)
{
    char text[LISTEN_ADDRESS_MAX];
    struct sockaddr_storage address;
    listen_address(text, listen);
    return net_address_parse(&address, text) == QVT_OK && !is_loopback(&address);
}

/* A token that crosses a network in clear text is anybody's. */
static qvt_status refuse(const struct settings *settings, const char *flag, const char *listen, qvt_error *error)
{
    const char *what = settings->auth_file[0] == '\0' ? "where anyone may do everything without --auth-file"
                                                      : "where tokens would be read on their way";
    return qvt_error_set(
        error, QVT_FAILED_PRECONDITION, NULL,
        "--%s %s is beyond loopback, %s: listen on 127.0.0.1 or [::1], give --tls-cert and --auth-file or "
        "--tls-client-auth require, or give --insecure if the network keeps strangers out",
        flag, listen, what);
}

qvt_status exposure_check(const struct settings *settings, qvt_error *error)
{
    bool is_private = settings->tls_cert[0] != '\0';
    bool is_guarded = settings->auth_file[0] != '\0' || settings->tls_client_auth == QVT_RPC_TLS_CLIENT_AUTH_REQUIRE;
    if (settings->insecure != 0 || (is_private && is_guarded)) {
        return QVT_OK;
    }
    if (is_exposed(settings->grpc_listen)) {
        return refuse(settings, "grpc-listen", settings->grpc_listen, error);
    }
    return is_exposed(settings->http_listen) ? refuse(settings, "http-listen", settings->http_listen, error) : QVT_OK;
}
