/* Many long bidirectional streams, opened a few hundred at a time. */
#ifndef QVT_BENCH_FLEET_H
#define QVT_BENCH_FLEET_H

#include "bench/load/load.h"

struct fleet;

struct fleet_stream {
    struct fleet *fleet;
    qvt_rpc_client_call *call;
    size_t index;
    bool open; /* its first message came */
};

struct fleet {
    qvt_rpc_runtime *runtime;
    qvt_rpc_method method;
    struct load_messages requests; /* stream i begins with message i, modulo their number */
    qvt_rpc_channel **channels;
    size_t channel_count;
    struct fleet_stream *streams;
    size_t stream_count;
    size_t started;
    size_t opened;
    /* A message after the first of that stream. */
    void (*on_message)(struct fleet_stream *stream, qvt_slice message);
    void *data;
};

/* Opens connections × streams_each streams of the method and returns when each has had its first message. The streams
 * stay open and an end is fatal. on_message and data are set by the caller, before. */
void fleet_open(struct fleet *fleet, qvt_rpc_runtime *runtime, const char *port, const char *path,
                struct load_messages requests, size_t connections, size_t streams_each);

/* Sends the stream's request once more. */
void fleet_send(struct fleet_stream *stream);

#endif
