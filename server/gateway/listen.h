/* A listening socket for the HTTP daemon. */
#ifndef QVT_SERVER_GATEWAY_LISTEN_H
#define QVT_SERVER_GATEWAY_LISTEN_H

#include <stddef.h>

#include "qvt/error.h"

/* Listens on the numeric "ADDR:PORT" and writes the address with its real port to `bound`. The caller owns *fd.
 * INVALID_ARGUMENT for the text, UNAVAILABLE when the address cannot be had; *error says which and why. */
QVT_MUST_CHECK qvt_status listen_on(const char *address, int *fd, char *bound, size_t cap, qvt_error *error);

/* Closes it; -1 is fine. */
void listen_close(int fd);

#endif
