/* The practical floor of a fan-out: whoever begins with 'W' is a watcher, all else that is received goes to all of them. */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define WATCHERS_MAX 16384

static int watchers[WATCHERS_MAX];
static size_t watcher_count;
static int poller;

static void fan_out(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < watcher_count; i++) {
        if (send(watchers[i], bytes, len, MSG_NOSIGNAL) != (ssize_t)len) {
            fprintf(stderr, "bare_send: a watcher did not take a message\n");
        }
    }
}

static void forget(int fd)
{
    for (size_t i = 0; i < watcher_count; i++) {
        if (watchers[i] == fd) {
            watchers[i] = watchers[--watcher_count];
        }
    }
    close(fd);
}

static void serve(int fd)
{
    uint8_t bytes[65536];
    ssize_t got = recv(fd, bytes, sizeof bytes, 0);
    if (got <= 0) {
        forget(fd);
    } else if (bytes[0] != 'W') {
        fan_out(bytes, (size_t)got);
    } else if (watcher_count < WATCHERS_MAX && send(fd, "w", 1, MSG_NOSIGNAL) == 1) {
        watchers[watcher_count++] = fd;
    }
}

static void accept_one(int listener)
{
    int one = 1;
    int fd = accept(listener, NULL, NULL);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (fd >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        fcntl(fd, F_SETFL, O_NONBLOCK);
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
    }
}

static int listen_on(uint16_t port)
{
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4096) != 0) {
        perror("bare_send: listen");
        exit(2);
    }
    return fd;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: bare_send PORT\n");
        return 2;
    }
    int listener = listen_on((uint16_t)strtoul(argv[1], NULL, 10));
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    poller = epoll_create1(0);
    if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) != 0) {
        return 2;
    }
    for (;;) {
        struct epoll_event events[256];
        int count = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener) {
                accept_one(listener);
            } else {
                serve(events[i].data.fd);
            }
        }
    }
}
