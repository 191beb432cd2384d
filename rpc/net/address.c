#include "rpc/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* 0 to 65535 in decimal. */
static bool parse_port(const char *text, in_port_t *out)
{
    unsigned port = 0;
    size_t len = strlen(text);
    if (len == 0 || len > 5) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        port = port * 10 + (unsigned)(text[i] - '0');
    }
    if (port > 65535) {
        return false;
    }
    *out = htons((in_port_t)port);
    return true;
}

static bool parse_host4(const char *host, in_port_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in *address = (struct sockaddr_in *)out;
    address->sin_family = AF_INET;
    address->sin_port = port;
    return inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

static bool parse_host6(char *host, size_t len, in_port_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in6 *address = (struct sockaddr_in6 *)out;
    if (len < 2 || host[0] != '[' || host[len - 1] != ']') {
        return false;
    }
    host[len - 1] = '\0';
    address->sin6_family = AF_INET6;
    address->sin6_port = port;
    return inet_pton(AF_INET6, host + 1, &address->sin6_addr) == 1;
}

qvt_status net_address_parse(struct sockaddr_storage *out, const char *text)
{
    char host[NET_ADDRESS_TEXT_MAX];
    in_port_t port = 0;
    const char *colon = strrchr(text, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);
    if (colon == NULL || len >= sizeof(host) || !parse_port(colon + 1, &port)) {
        return QVT_INVALID_ARGUMENT;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    memset(out, 0, sizeof(*out));
    bool parsed = host[0] == '[' ? parse_host6(host, len, port, out) : parse_host4(host, port, out);
    return parsed ? QVT_OK : QVT_INVALID_ARGUMENT;
}

void net_address_format(char out[NET_ADDRESS_TEXT_MAX], const struct sockaddr_storage *address)
{
    char host[INET6_ADDRSTRLEN] = "";
    out[0] = '\0';
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
        snprintf(out, NET_ADDRESS_TEXT_MAX, "%s:%u", host, (unsigned)ntohs(v4->sin_port));
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
        snprintf(out, NET_ADDRESS_TEXT_MAX, "[%s]:%u", host, (unsigned)ntohs(v6->sin6_port));
    }
}
