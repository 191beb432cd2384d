/* Watchers over gRPC, and a writer on a connection of its own: from sending a write until the last watcher has it.
 * usage: bench_watch PORT WATCH-PATH WATCH-REQUESTS CONNECTIONS STREAMS WRITE-PATH WRITE-REQUEST ROUNDS [WRITE-PORT]
 * WRITE-PORT is of the server that takes the writes, when it is another one. After a warm-up round says "ready" and goes on at a line of input. Says a line a round, see marks.h. */
#include <uv.h>

#include "bench/load/fleet.h"
#include "bench/load/marks.h"

enum { PAUSE_MS = 20 };

struct work {
    struct fleet fleet;
    struct marks marks;
    qvt_rpc_channel *writer;
    qvt_rpc_method write;
    bool written;
    bool seen;
    uv_timer_t pause;
};

/* The answer to the write and the last watcher's message come in any order. */
static void end_when_over(struct work *work)
{
    if (work->written && work->seen) {
        qvt_rpc_runtime_stop(work->fleet.runtime);
    }
}

static void on_event(struct fleet_stream *stream, qvt_slice message)
{
    struct work *work = stream->fleet->data;
    if (marks_found(&work->marks, message) && marks_saw(&work->marks)) {
        work->seen = true;
        end_when_over(work);
    }
}

static void on_written(qvt_rpc_client_call *call, const qvt_rpc_result *result, void *data)
{
    struct work *work = data;
    (void)call;
    load_check_end(result);
    work->written = true;
    end_when_over(work);
}

static void play_round(struct work *work)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_end = on_written};
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    qvt_rpc_client_call *call = NULL;
    options.wait_for_ready = true;
    work->written = work->seen = false;
    marks_begin(&work->marks);
    load_must(qvt_rpc_client_call_unary(&call, work->writer, &work->write,
                                        qvt_slice_make(work->marks.message, work->marks.message_len), &options,
                                        &callbacks, work),
              "write");
    qvt_rpc_runtime_run(work->fleet.runtime);
    marks_print(&work->marks);
}

static void on_paused(uv_timer_t *timer)
{
    struct work *work = timer->data;
    qvt_rpc_runtime_stop(work->fleet.runtime);
}

/* So that nothing of the round before is still under way. */
static void rest(struct work *work)
{
    if (uv_timer_start(&work->pause, on_paused, PAUSE_MS, 0) != 0) {
        load_die("no timer");
    }
    qvt_rpc_runtime_run(work->fleet.runtime);
}

int main(int argc, char **argv)
{
    static struct work work;
    qvt_rpc_runtime *runtime = NULL;
    if (argc != 9 && argc != 10) {
        load_die("usage: bench_watch PORT WATCH-PATH WATCH-REQUESTS CONNECTIONS STREAMS WRITE-PATH WRITE-REQUEST "
                 "ROUNDS [WRITE-PORT]");
    }
    uint32_t rounds = load_number(argv[8], "ROUNDS");
    load_must(qvt_rpc_runtime_new(&runtime, NULL), "runtime");
    work.write = load_method(argv[6], QVT_RPC_UNARY);
    work.writer = load_channels(runtime, argv[argc == 10 ? 9 : 1], 1)[0];
    work.pause.data = &work;
    if (uv_timer_init(qvt_rpc_runtime_loop(runtime), &work.pause) != 0) {
        load_die("no timer");
    }
    uint32_t connections = load_number(argv[4], "CONNECTIONS");
    uint32_t streams = load_number(argv[5], "STREAMS");
    marks_init(&work.marks, argv[7], (size_t)connections * streams);
    work.fleet.on_message = on_event;
    work.fleet.data = &work;
    fleet_open(&work.fleet, runtime, argv[1], argv[2], load_messages_read(argv[3]), connections, streams);
    rest(&work);
    play_round(&work);
    load_wait_for_go();
    for (uint32_t i = 0; i < rounds; i++) {
        rest(&work);
        play_round(&work);
    }
    return 0;
}
