#include "rpc/net/socket.h"

#include <fcntl.h>

bool net_socket_prepare(int fd)
{
    int status_flags = fcntl(fd, F_GETFL);
    int flags = fcntl(fd, F_GETFD);
    return status_flags >= 0 && flags >= 0 && fcntl(fd, F_SETFL, status_flags | O_NONBLOCK) == 0 &&
           fcntl(fd, F_SETFD, flags | FD_CLOEXEC) == 0;
}
