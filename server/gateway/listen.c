#include "server/gateway/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/net/address.h"
#include "rpc/net/socket.h"

enum { BACKLOG = 1024 };

static socklen_t length_of(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

static int bind_and_listen(const struct sockaddr_storage *address, struct sockaddr_storage *bound)
{
    int yes = 1;
    socklen_t len = sizeof(*bound);
    int fd = socket(address->ss_family, SOCK_STREAM, 0);
    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (!net_socket_prepare(fd) || bind(fd, (const struct sockaddr *)address, length_of(address)) != 0 ||
        listen(fd, BACKLOG) != 0 || getsockname(fd, (struct sockaddr *)bound, &len) != 0) {
        int fault = errno;
        close(fd);
        errno = fault;
        return -1;
    }
    return fd;
}

qvt_status listen_on(const char *address, int *fd, char *bound, size_t cap, qvt_error *error)
{
    struct sockaddr_storage wanted;
    struct sockaddr_storage real;
    char text[NET_ADDRESS_TEXT_MAX];
    if (net_address_parse(&wanted, address) != QVT_OK) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL,
                             "\"%s\" is not ADDR:PORT with a numeric address, such as 127.0.0.1:7080", address);
    }
    *fd = bind_and_listen(&wanted, &real);
    if (*fd < 0) {
        return qvt_error_set(error, QVT_UNAVAILABLE, NULL, "cannot listen on %s: %s", address, strerror(errno));
    }
    net_address_format(text, &real);
    snprintf(bound, cap, "%s", text);
    return QVT_OK;
}

void listen_close(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}
