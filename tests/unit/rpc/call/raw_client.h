/* A blocking-free client of bare bytes for a server that runs in the same thread. */
#ifndef QVT_TESTS_UNIT_RPC_CALL_RAW_CLIENT_H
#define QVT_TESTS_UNIT_RPC_CALL_RAW_CLIENT_H

#include <stdbool.h>

#include <uv.h>

#include "qvt/rpc/server.h"
#include "qvt/slice.h"

/* Invariant: received_len <= sizeof(received); what does not fit is dropped. */
struct raw_client {
    int fd;
    bool ended; /* the server closed the connection */
    size_t received_len;
    uint8_t received[16384];
};

/* Connects to "127.0.0.1:PORT"; fails the test when that does not work. */
void raw_client_connect(struct raw_client *client, const char *address);

/* The client's preface and empty SETTINGS. */
void raw_client_send_preface(struct raw_client *client);

/* One request on the stream: HEADERS (the usual fields and the path), DATA with END_STREAM. */
void raw_client_send_request(struct raw_client *client, uint32_t stream, const char *path, qvt_slice body);

/* HEADERS of a request that go on with DATA; content_type as given. */
void raw_client_send_headers(struct raw_client *client, uint32_t stream, const char *path, const char *content_type);

/* Any frame; the payload has at most 4087 bytes. */
void raw_client_send_frame(struct raw_client *client, uint8_t type, uint8_t flags, uint32_t stream, qvt_slice payload);

/* Whether a frame of that type has been received for the stream; payload (may be NULL): of the first one, borrowed. */
bool raw_client_has(const struct raw_client *client, uint8_t type, uint32_t stream, qvt_slice *payload);

/* Runs the loop and receives until a frame of that type has come for the stream (true), or the connection ended. */
bool raw_client_wait(struct raw_client *client, uv_loop_t *loop, uint8_t type, uint32_t stream);

void raw_client_close(struct raw_client *client);

/* Closes the client; its server, and the runtime that only the server uses, come to their end and are freed. */
void raw_client_end(struct raw_client *client, qvt_rpc_server *server, qvt_rpc_runtime *runtime);

#endif
