/* A client session and a server session that talk to each other in memory; each writes down what it was told. */
#ifndef QVT_TESTS_UNIT_RPC_HTTP2_PAIR_H
#define QVT_TESTS_UNIT_RPC_HTTP2_PAIR_H

#include "base/buf.h"
#include "rpc/http2/pool.h"
#include "rpc/http2/session.h"

enum { PAIR_STREAMS = 8 };

/* One side. The events are written as words, such as "headers end" and "data:5". */
struct pair_side {
    struct http2_session *session;
    struct http2_stream
        streams[PAIR_STREAMS]; /* the server's, in order of arrival; the client's as the test uses them */
    size_t stream_count;
    struct buf log;
    bool refuse;   /* on_request gives NULL */
    bool consume;  /* data are given back at once */
    bool trailers; /* on_trailers sends grpc-status 0 */
    bool output_wanted;
};

struct pair {
    struct pair_side client;
    struct pair_side server;
    struct http2_pool pool; /* of both */
    size_t step;            /* bytes handed over at a time */
    struct http2_output *output;
};

/* NO_MEMORY. */
QVT_MUST_CHECK qvt_status pair_init(struct pair *pair);
void pair_deinit(struct pair *pair);

/* Frees the side's session before its time. */
void pair_free_session(struct pair_side *side);

/* Hands bytes over in both directions until neither side has any; the first failure of a session. */
QVT_MUST_CHECK qvt_status pair_run(struct pair *pair);

/* Everything a side has to send, as bytes. */
QVT_MUST_CHECK qvt_status pair_collect(struct pair *pair, struct pair_side *side, struct buf *out);

/* Opens a stream of the client with the usual headers. */
QVT_MUST_CHECK qvt_status pair_open(struct pair *pair, size_t stream);

/* Sends one message of len bytes. */
QVT_MUST_CHECK qvt_status pair_send(struct http2_stream *stream, size_t len);

/* Answers with `:status 200`. */
QVT_MUST_CHECK qvt_status pair_respond(struct http2_stream *stream, bool end);

/* What the side was told since the last time, as text; valid until the next call. */
const char *pair_log(struct pair_side *side);

#endif
