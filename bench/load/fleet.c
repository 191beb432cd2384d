#include "bench/load/fleet.h"

#include <stdlib.h>

enum { OPENING_MAX = 200 };

static void open_next(struct fleet *fleet);

static void on_message(qvt_rpc_client_call *call, qvt_slice message, void *data)
{
    struct fleet_stream *stream = data;
    struct fleet *fleet = stream->fleet;
    (void)call;
    if (stream->open) {
        fleet->on_message(stream, message);
        return;
    }
    stream->open = true;
    fleet->opened++;
    if (fleet->opened == fleet->stream_count) {
        qvt_rpc_runtime_stop(fleet->runtime);
    } else if (fleet->started < fleet->stream_count) {
        open_next(fleet);
    }
}

static void on_end(qvt_rpc_client_call *call, const qvt_rpc_result *result, void *data)
{
    struct fleet_stream *stream = data;
    (void)call;
    load_check_end(result);
    load_die("stream %zu ended", stream->index);
}

static void open_next(struct fleet *fleet)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_message = on_message, .on_end = on_end};
    struct fleet_stream *stream = &fleet->streams[fleet->started];
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    options.wait_for_ready = true;
    *stream = (struct fleet_stream){.fleet = fleet, .index = fleet->started};
    qvt_rpc_channel *channel = fleet->channels[stream->index % fleet->channel_count];
    fleet->started++;
    load_must(qvt_rpc_client_call_start(&stream->call, channel, &fleet->method, &options, &callbacks, stream), "call");
    fleet_send(stream);
}

void fleet_open(struct fleet *fleet, qvt_rpc_runtime *runtime, const char *port, const char *path,
                struct load_messages requests, size_t connections, size_t streams_each)
{
    fleet->runtime = runtime;
    fleet->method = load_method(path, QVT_RPC_BIDI_STREAMING);
    fleet->requests = requests;
    fleet->channel_count = connections;
    fleet->channels = load_channels(runtime, port, connections);
    fleet->stream_count = connections * streams_each;
    fleet->streams = calloc(fleet->stream_count, sizeof(*fleet->streams));
    if (fleet->streams == NULL) {
        load_die("out of memory");
    }
    while (fleet->started < fleet->stream_count && fleet->started < OPENING_MAX) {
        open_next(fleet);
    }
    qvt_rpc_runtime_run(runtime);
}

void fleet_send(struct fleet_stream *stream)
{
    const struct load_messages *requests = &stream->fleet->requests;
    load_must(qvt_rpc_client_call_send(stream->call, requests->each[stream->index % requests->count]), "send");
}
