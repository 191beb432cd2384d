#include "rpc/call/channel_endpoint.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char name_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
static const char ipv6_characters[] = "0123456789abcdefABCDEF:.";

static bool is_made_of(const char *text, size_t len, const char *characters)
{
    return len > 0 && strspn(text, characters) >= len;
}

static bool is_port(const char *text)
{
    size_t len = strlen(text);
    if (len > 5 || !is_made_of(text, len, "0123456789")) {
        return false;
    }
    long port = strtol(text, NULL, 10);
    return port >= 1 && port <= 65535;
}

/* The host inside the brackets, or all that stands before the last colon. */
static bool split_host(const char *text, const char *colon, const char **host, size_t *len)
{
    size_t all = (size_t)(colon - text);
    if (text[0] == '[') {
        *host = text + 1;
        *len = all < 2 ? 0 : all - 2;
        return all > 2 && text[all - 1] == ']' && is_made_of(*host, *len, ipv6_characters);
    }
    *host = text;
    *len = all;
    return is_made_of(text, all, name_characters);
}

qvt_status channel_endpoint_parse(struct channel_endpoint *out, const char *text, qvt_error *error)
{
    const char *colon = strrchr(text, ':');
    const char *host = NULL;
    size_t host_len = 0;
    if (colon == NULL || !is_port(colon + 1)) {
        return qvt_error_field(error, "endpoint", "endpoint \"%s\" has no port from 1 to 65535 behind a colon", text);
    }
    if (!split_host(text, colon, &host, &host_len) || host_len >= sizeof(out->host)) {
        return qvt_error_field(error, "endpoint", "endpoint \"%s\" has no name or address before the port", text);
    }
    memset(out, 0, sizeof(*out));
    memcpy(out->text, text, strlen(text));
    memcpy(out->host, host, host_len);
    memcpy(out->port, colon + 1, strlen(colon + 1));
    return QVT_OK;
}
