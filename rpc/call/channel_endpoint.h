/* The endpoints of a channel: "HOST:PORT" with a name, an IPv4 address, or an IPv6 address in brackets. */
#ifndef QVT_RPC_CALL_CHANNEL_ENDPOINT_H
#define QVT_RPC_CALL_CHANNEL_ENDPOINT_H

#include "qvt/error.h"

enum { CHANNEL_HOST_MAX = 254, CHANNEL_ENDPOINT_MAX = 264 };

struct channel_endpoint {
    char text[CHANNEL_ENDPOINT_MAX]; /* as given: what `:authority` says */
    char host[CHANNEL_HOST_MAX];     /* without brackets */
    char port[6];
};

/* INVALID_ARGUMENT when text is not an endpoint with a port from 1 to 65535; error (may be NULL) says why. */
QVT_MUST_CHECK qvt_status channel_endpoint_parse(struct channel_endpoint *out, const char *text, qvt_error *error);

#endif
