/* A server that answers as a test says, also as no gRPC server would: it lives on the client's own loop. */
#ifndef QVT_TESTS_RPC_CALL_SCRIPT_SERVER_H
#define QVT_TESTS_RPC_CALL_SCRIPT_SERVER_H

#include "base/buf.h"
#include "base/list.h"
#include "rpc/http2/session.h"
#include "rpc/net/conn.h"
#include "rpc/net/listener.h"

enum { SCRIPT_FIELDS_MAX = 32, SCRIPT_TEXT_MAX = 256 };

struct script_server;

struct script_conn {
    struct net_conn net;
    struct script_server *server;
    struct list link;
};

/* One request as it came. */
struct script_stream {
    struct http2_stream stream;
    struct script_conn *conn;
    size_t field_count;
    char names[SCRIPT_FIELDS_MAX][SCRIPT_TEXT_MAX];
    char values[SCRIPT_FIELDS_MAX][SCRIPT_TEXT_MAX];
    struct buf body;
    bool ended;              /* the client's side is complete */
    const char *trailers[8]; /* names and values; static texts; NULL: none */
};

struct script_server {
    struct net_listener listener;
    struct net_conn_setup setup;
    struct list conns;
    /* Called when the request's headers are there, for each of its data, and at its end. */
    void (*on_event)(struct script_stream *stream, void *data);
    void *data;
    unsigned requests; /* headers of so many have come */
    unsigned connections;
    unsigned resets; /* streams that ended with another code than NO_ERROR */
    uint32_t last_reset;
    bool listening;
};

/* Listens on a free port of 127.0.0.1; server->listener.address says which. */
void script_server_start(struct script_server *server, struct net_loop *loop,
                         void (*on_event)(struct script_stream *stream, void *data), void *data);

/* Closes the listener and all connections; what is left goes with the next turns of the loop. */
void script_server_stop(struct script_server *server);

/* The value of a field of the request; "" when there is none. */
const char *script_field(const struct script_stream *stream, const char *name);

enum script_more { SCRIPT_MORE, SCRIPT_LAST };

/* Answer with fields "name", "value", …, NULL; LAST: and nothing after them. */
void script_respond(struct script_stream *stream, enum script_more more, ...);

/* The usual `:status` and content-type. */
void script_respond_grpc(struct script_stream *stream);

/* Ends the answer with static texts "name", "value", …, NULL; right after stream: END_STREAM on DATA. */
void script_end(struct script_stream *stream, ...);

/* A length-prefixed message, or bytes as they are. */
void script_message(struct script_stream *stream, const char *text);
void script_bytes(struct script_stream *stream, const void *bytes, size_t len);

/* The usual answer: one message and grpc-status 0. */
void script_answer(struct script_stream *stream, const char *text);

#endif
