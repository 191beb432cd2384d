/* The practical floor: a bare nghttp2 + epoll server that answers every request with one canned gRPC message. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nghttp2/nghttp2.h>

#define OUT_BYTES 65536
#define IN_BYTES 65536
#define ANSWER_MAX 4096

struct connection {
    nghttp2_session *session;
    int fd;
    uint8_t *pending; /* what the socket did not take */
    size_t pending_len;
};

static uint8_t answer[ANSWER_MAX];
static size_t answer_len;
static int poller;
static nghttp2_session_callbacks *callbacks;
static nghttp2_option *session_option;
static uint8_t in[IN_BYTES];
static uint8_t out[OUT_BYTES + 32768];

#define FIELD(name, value)                                                                                             \
    {                                                                                                                  \
        (uint8_t *)(uintptr_t)(name), (uint8_t *)(uintptr_t)(value), sizeof(name) - 1, sizeof(value) - 1,              \
            NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE                                               \
    }

static ssize_t read_answer(nghttp2_session *session, int32_t stream_id, uint8_t *buf, size_t length, uint32_t *flags,
                           nghttp2_data_source *source, void *data)
{
    static const nghttp2_nv trailers[] = {FIELD("grpc-status", "0")};
    (void)source;
    (void)data;
    if (length < answer_len) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    memcpy(buf, answer, answer_len);
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    if (nghttp2_submit_trailer(session, stream_id, trailers, 1) != 0) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    return (ssize_t)answer_len;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *data)
{
    static const nghttp2_nv headers[] = {FIELD(":status", "200"), FIELD("content-type", "application/grpc")};
    static const nghttp2_data_provider provider = {{0}, read_answer};
    (void)data;
    if ((frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        return nghttp2_submit_response(session, frame->hd.stream_id, headers, 2, &provider);
    }
    return 0;
}

static void drop(struct connection *connection)
{
    nghttp2_session_del(connection->session);
    close(connection->fd);
    free(connection->pending);
    free(connection);
}

static void want(struct connection *connection, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};
    epoll_ctl(poller, EPOLL_CTL_MOD, connection->fd, &event);
}

/* Whether the socket took everything; what it did not take is kept. */
static int write_out(struct connection *connection, const uint8_t *bytes, size_t len)
{
    ssize_t sent = send(connection->fd, bytes, len, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        return -1;
    }
    size_t taken = sent < 0 ? 0 : (size_t)sent;
    if (taken == len) {
        return 1;
    }
    uint8_t *rest = malloc(len - taken);
    if (rest == NULL) {
        return -1;
    }
    memcpy(rest, bytes + taken, len - taken);
    free(connection->pending);
    connection->pending = rest;
    connection->pending_len = len - taken;
    want(connection, EPOLLIN | EPOLLOUT);
    return 0;
}

static int flush(struct connection *connection)
{
    if (connection->pending != NULL) {
        return 0;
    }
    for (;;) {
        size_t len = 0;
        while (len < OUT_BYTES) {
            const uint8_t *chunk;
            ssize_t size = nghttp2_session_mem_send(connection->session, &chunk);
            if (size < 0) {
                return -1;
            }
            if (size == 0) {
                break;
            }
            memcpy(out + len, chunk, (size_t)size);
            len += (size_t)size;
        }
        if (len == 0) {
            return 0;
        }
        int written = write_out(connection, out, len);
        if (written <= 0) {
            return written;
        }
    }
}

static int resume(struct connection *connection)
{
    uint8_t *rest = connection->pending;
    size_t len = connection->pending_len;
    connection->pending = NULL;
    int written = write_out(connection, rest, len);
    free(rest);
    if (written <= 0) {
        return written;
    }
    want(connection, EPOLLIN);
    return flush(connection);
}

static int serve(struct connection *connection, uint32_t events)
{
    if ((events & EPOLLOUT) != 0 && connection->pending != NULL && resume(connection) < 0) {
        return -1;
    }
    if ((events & ~(uint32_t)EPOLLOUT) == 0) {
        return 0;
    }
    ssize_t got = recv(connection->fd, in, sizeof in, 0);
    if (got <= 0) {
        return got < 0 && errno == EAGAIN ? 0 : -1;
    }
    if (nghttp2_session_mem_recv(connection->session, in, (size_t)got) < 0) {
        return -1;
    }
    return flush(connection);
}

static void accept_one(int listener)
{
    static const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000}};
    int fd = accept(listener, NULL, NULL);
    struct connection *connection = fd < 0 ? NULL : calloc(1, sizeof *connection);
    if (connection == NULL) {
        return;
    }
    int one = 1;
    connection->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (nghttp2_session_server_new2(&connection->session, callbacks, connection, session_option) != 0 ||
        nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings, 1) != 0 ||
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0 || flush(connection) < 0) {
        drop(connection);
    }
}

static int listen_on(uint16_t port)
{
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 1024) != 0) {
        perror("raw: listen");
        exit(2);
    }
    return fd;
}

static void load_answer(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    answer_len = fread(answer, 1, sizeof answer, file);
    fclose(file);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: raw PORT ANSWER-FILE\n");
        return 2;
    }
    load_answer(argv[2]);
    int listener = listen_on((uint16_t)strtoul(argv[1], NULL, 10));
    poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) != 0 || nghttp2_session_callbacks_new(&callbacks) != 0 ||
        nghttp2_option_new(&session_option) != 0) {
        return 2;
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    for (;;) {
        struct epoll_event events[256];
        int count = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (connection == NULL) {
                accept_one(listener);
            } else if (serve(connection, events[i].events) < 0) {
                drop(connection);
            }
        }
    }
}
