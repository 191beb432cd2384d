/* What every socket of ours needs first. */
#ifndef QVT_RPC_NET_SOCKET_H
#define QVT_RPC_NET_SOCKET_H

#include <stdbool.h>

/* Makes the socket non-blocking and closed on exec. False when the descriptor is bad. */
bool net_socket_prepare(int fd);

#endif
