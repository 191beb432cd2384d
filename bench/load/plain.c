#include "bench/load/plain.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load/load.h"

int plain_connect(const char *port)
{
    int one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load_number(port, "PORT"))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        load_die("cannot connect to port %s: %s", port, strerror(errno));
    }
    return fd;
}

void plain_send(int fd, qvt_slice bytes)
{
    size_t sent = 0;
    while (sent < bytes.len) {
        ssize_t taken = send(fd, bytes.data + sent, bytes.len - sent, MSG_NOSIGNAL);
        if (taken >= 0) {
            sent += (size_t)taken;
        } else if (errno == EAGAIN) {
            (void)poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        } else {
            load_die("send: %s", strerror(errno));
        }
    }
}

int plain_poll(const int *fds, size_t count)
{
    int poller = epoll_create1(0);
    for (size_t i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u64 = i};
        if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, fds[i], &event) != 0) {
            load_die("epoll: %s", strerror(errno));
        }
    }
    return poller;
}

size_t plain_receive(int fd, uint8_t *out, size_t cap)
{
    ssize_t got = recv(fd, out, cap, 0);
    if (got < 0 && errno == EAGAIN) {
        return 0;
    }
    if (got <= 0) {
        load_die("receive: %s", got == 0 ? "the server closed the connection" : strerror(errno));
    }
    return (size_t)got;
}
