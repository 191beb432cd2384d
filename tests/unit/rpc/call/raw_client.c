#include "tests/unit/rpc/call/raw_client.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "rpc/net/address.h"

enum { DATA = 0, HEADERS = 1, END_STREAM = 1, END_HEADERS = 4, HEAD_LEN = 9 };

static void send_all(struct raw_client *client, const void *bytes, size_t len)
{
    /* The server may have closed the connection already. */
    ssize_t sent = send(client->fd, bytes, len, MSG_NOSIGNAL);
    CU_ASSERT_TRUE(sent == (ssize_t)len || errno == EPIPE || errno == ECONNRESET);
}

void raw_client_connect(struct raw_client *client, const char *address)
{
    struct sockaddr_storage to;
    client->ended = false;
    client->received_len = 0;
    client->fd = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL_FATAL(net_address_parse(&to, address), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(connect(client->fd, (const struct sockaddr *)&to, sizeof(struct sockaddr_in)), 0);
    CU_ASSERT_EQUAL(fcntl(client->fd, F_SETFL, O_NONBLOCK), 0);
}

void raw_client_send_frame(struct raw_client *client, uint8_t type, uint8_t flags, uint32_t stream, qvt_slice payload)
{
    uint8_t frame[4096] = {0, (uint8_t)(payload.len >> 8), (uint8_t)payload.len, type, flags, 0,
                           0, (uint8_t)(stream >> 8),      (uint8_t)stream};
    CU_ASSERT_FATAL(payload.len <= sizeof(frame) - HEAD_LEN);
    if (payload.len > 0) {
        memcpy(frame + HEAD_LEN, payload.data, payload.len);
    }
    send_all(client, frame, HEAD_LEN + payload.len);
}

void raw_client_send_preface(struct raw_client *client)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    send_all(client, preface, sizeof(preface) - 1);
}

/* A literal without indexing (RFC 7541 §6.2.2); both texts are short. */
static size_t put_field(uint8_t *out, const char *name, const char *value)
{
    size_t name_len = strlen(name);
    size_t value_len = strlen(value);
    CU_ASSERT_FATAL(name_len < 127 && value_len < 127);
    out[0] = 0;
    out[1] = (uint8_t)name_len;
    memcpy(out + 2, name, name_len);
    out[2 + name_len] = (uint8_t)value_len;
    memcpy(out + 3 + name_len, value, value_len);
    return 3 + name_len + value_len;
}

void raw_client_send_headers(struct raw_client *client, uint32_t stream, const char *path, const char *content_type)
{
    uint8_t block[1024];
    size_t len = put_field(block, ":method", "POST");
    len += put_field(block + len, ":scheme", "http");
    len += put_field(block + len, ":path", path);
    len += put_field(block + len, ":authority", "peer");
    len += put_field(block + len, "content-type", content_type);
    len += put_field(block + len, "x-raw-bin", "YWJj");
    len += put_field(block + len, "grpc-timeout", "60S");
    len += put_field(block + len, "grpc-accept-encoding", "identity, gzip");
    raw_client_send_frame(client, HEADERS, END_HEADERS, stream, qvt_slice_make(block, len));
}

void raw_client_send_request(struct raw_client *client, uint32_t stream, const char *path, qvt_slice body)
{
    raw_client_send_headers(client, stream, path, "application/grpc");
    raw_client_send_frame(client, DATA, END_STREAM, stream, body);
}

static void receive(struct raw_client *client)
{
    uint8_t rest[1024];
    size_t room = sizeof(client->received) - client->received_len;
    bool full = room == 0;
    ssize_t len =
        recv(client->fd, full ? rest : client->received + client->received_len, full ? sizeof(rest) : room, 0);
    if (len > 0 && !full) {
        client->received_len += (size_t)len;
    }
    client->ended = len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR);
}

bool raw_client_has(const struct raw_client *client, uint8_t type, uint32_t stream, qvt_slice *payload)
{
    size_t at = 0;
    while (client->received_len - at >= HEAD_LEN) {
        const uint8_t *head = client->received + at;
        size_t len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        if (client->received_len - at < HEAD_LEN + len) {
            return false;
        }
        if (head[3] == type && ((uint32_t)head[7] << 8 | head[8]) == stream) {
            if (payload != NULL) {
                *payload = qvt_slice_make(head + HEAD_LEN, len);
            }
            return true;
        }
        at += HEAD_LEN + len;
    }
    return false;
}

bool raw_client_wait(struct raw_client *client, uv_loop_t *loop, uint8_t type, uint32_t stream)
{
    while (!raw_client_has(client, type, stream, NULL)) {
        if (client->ended) {
            return false;
        }
        uv_run(loop, UV_RUN_NOWAIT);
        receive(client);
    }
    return true;
}

void raw_client_close(struct raw_client *client)
{
    close(client->fd);
}

static void on_closed(void *data)
{
    (void)data;
}

void raw_client_end(struct raw_client *client, qvt_rpc_server *server, qvt_rpc_runtime *runtime)
{
    enum { GRACE_MS = 3600000 };
    raw_client_close(client);
    qvt_rpc_server_shutdown(server, GRACE_MS, on_closed, NULL);
    qvt_rpc_runtime_run(runtime);
    qvt_rpc_server_free(server);
    qvt_rpc_runtime_free(runtime);
}
