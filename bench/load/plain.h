/* Plain TCP connections to a port on loopback, for peers that do not speak gRPC. */
#ifndef QVT_BENCH_PLAIN_H
#define QVT_BENCH_PLAIN_H

#include <stddef.h>

#include "qvt/slice.h"

/* A connected, non-blocking socket without Nagle's delay; dies when there is none. */
int plain_connect(const char *port);

/* Sends everything, waiting where needed; dies on an error. */
void plain_send(int fd, qvt_slice bytes);

/* An epoll set that reports the sockets by their index. */
int plain_poll(const int *fds, size_t count);

/* Reads what is there, at most cap bytes: how much, 0 when nothing is. Dies on an error and at the end of the stream. */
size_t plain_receive(int fd, uint8_t *out, size_t cap);

#endif
