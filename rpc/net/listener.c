#include "rpc/net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "rpc/net/socket.h"

enum {
    BACKLOG = 1024,
    ACCEPT_BURST = 16 /* connections taken in one turn, so that a storm of them does not starve the others */
};

static int accept_one(struct net_listener *listener, struct sockaddr_storage *peer)
{
    socklen_t len = sizeof(*peer);
    return accept(listener->fd, (struct sockaddr *)peer, &len);
}

static int open_spare(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* A connection that cannot be accepted would wake the loop for ever. */
static void refuse_one(struct net_listener *listener)
{
    struct sockaddr_storage peer;
    close(listener->spare_fd);
    int fd = accept_one(listener, &peer);
    if (fd >= 0) {
        close(fd);
    }
    listener->spare_fd = open_spare();
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    (void)status;
    (void)events;
    struct net_listener *listener = handle->data;
    if (listener->spare_fd < 0) {
        /* None was free when the last was given up. */
        listener->spare_fd = open_spare();
    }
    for (int i = 0; i < ACCEPT_BURST && listener->fd >= 0; i++) {
        struct sockaddr_storage peer = {0};
        int fd = accept_one(listener, &peer);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE) && listener->spare_fd >= 0) {
            refuse_one(listener);
        } else if (fd < 0) {
            /* Nobody waits, or a passing failure: the next turn tries again. */
            return;
        } else if (net_socket_prepare(fd)) {
            listener->on_accept(listener, fd, &peer);
        } else {
            close(fd);
        }
    }
}

static bool bind_and_listen(int fd, const struct sockaddr_storage *address)
{
    socklen_t len = address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    int on = 1;
    return net_socket_prepare(fd) && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
           bind(fd, (const struct sockaddr *)address, len) == 0 && listen(fd, BACKLOG) == 0;
}

static bool start(struct net_listener *listener, uv_loop_t *uv)
{
    struct sockaddr_storage real = {0};
    socklen_t len = sizeof(real);
    if (getsockname(listener->fd, (struct sockaddr *)&real, &len) != 0) {
        return false;
    }
    net_address_format(listener->address, &real);
    int result = uv_poll_init(uv, &listener->poll, listener->fd);
    if (result != 0) {
        errno = -result;
        return false;
    }
    listener->poll.data = listener;
    result = uv_poll_start(&listener->poll, UV_READABLE, on_poll);
    QVT_ASSERT(result == 0);
    listener->spare_fd = open_spare();
    return true;
}

static qvt_status refuse(qvt_error *error, const char *text)
{
    return qvt_error_set(error, QVT_UNAVAILABLE, "LISTEN_FAILED", "cannot listen on %s: %s", text, strerror(errno));
}

qvt_status net_listener_open(struct net_listener *listener, uv_loop_t *uv, const char *text, qvt_error *error)
{
    struct sockaddr_storage address;
    if (net_address_parse(&address, text) != QVT_OK) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "%s is not ADDR:PORT with a numeric address", text);
    }
    listener->fd = socket(address.ss_family, SOCK_STREAM, 0);
    if (listener->fd < 0) {
        return refuse(error, text);
    }
    if (!bind_and_listen(listener->fd, &address) || !start(listener, uv)) {
        qvt_status status = refuse(error, text);
        close(listener->fd);
        return status;
    }
    return QVT_OK;
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct net_listener *listener = handle->data;
    listener->on_closed(listener);
}

void net_listener_close(struct net_listener *listener)
{
    uv_close((uv_handle_t *)&listener->poll, on_poll_closed);
    close(listener->fd);
    listener->fd = -1;
    if (listener->spare_fd >= 0) {
        close(listener->spare_fd);
    }
}
