/* Numeric socket addresses as text: "127.0.0.1:7070", "[::1]:7070". */
#ifndef QVT_RPC_NET_ADDRESS_H
#define QVT_RPC_NET_ADDRESS_H

#include <sys/socket.h>

#include "qvt/status.h"

enum { NET_ADDRESS_TEXT_MAX = 64 };

/* Reads a numeric address with port 0 to 65535. INVALID_ARGUMENT. */
QVT_MUST_CHECK qvt_status net_address_parse(struct sockaddr_storage *out, const char *text);

/* Writes an IPv4 or IPv6 address and port, NUL-terminated; "" for another family. */
void net_address_format(char out[NET_ADDRESS_TEXT_MAX], const struct sockaddr_storage *address);

#endif
