/* Questions on long bidirectional streams, a fixed number of them unanswered on each.
 * usage: bench_streams PORT PATH REQUESTS CONNECTIONS STREAMS UNANSWERED ANSWERS
 * Stream i sends request i, modulo their number, again and again. Says "ready" when all streams are open and begins at a
 * line of input. Says `calls=N seconds=S bytes=B`. */
#include <stdio.h>

#include "bench/load/fleet.h"

struct work {
    size_t to_send;
    size_t to_come;
    uint64_t bytes;
};

static void on_answer(struct fleet_stream *stream, qvt_slice message)
{
    struct work *work = stream->fleet->data;
    work->bytes += message.len;
    work->to_come--;
    if (work->to_come == 0) {
        qvt_rpc_runtime_stop(stream->fleet->runtime);
    } else if (work->to_send > 0) {
        work->to_send--;
        fleet_send(stream);
    }
}

static void fill(struct fleet *fleet, struct work *work, uint32_t unanswered)
{
    for (uint32_t turn = 0; turn < unanswered; turn++) {
        for (size_t i = 0; i < fleet->stream_count && work->to_send > 0; i++) {
            work->to_send--;
            fleet_send(&fleet->streams[i]);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 8) {
        load_die("usage: bench_streams PORT PATH REQUESTS CONNECTIONS STREAMS UNANSWERED ANSWERS");
    }
    size_t answers = load_number(argv[7], "ANSWERS");
    struct work work = {.to_send = answers, .to_come = answers};
    struct fleet fleet = {.on_message = on_answer, .data = &work};
    qvt_rpc_runtime *runtime = NULL;
    load_must(qvt_rpc_runtime_new(&runtime, NULL), "runtime");
    fleet_open(&fleet, runtime, argv[1], argv[2], load_messages_read(argv[3]), load_number(argv[4], "CONNECTIONS"),
               load_number(argv[5], "STREAMS"));
    load_wait_for_go();
    uint64_t begun_ns = load_now_ns();
    fill(&fleet, &work, load_number(argv[6], "UNANSWERED"));
    qvt_rpc_runtime_run(runtime);
    double seconds = (double)(load_now_ns() - begun_ns) / 1e9;
    printf("calls=%zu seconds=%.6f bytes=%llu\n", answers, seconds, (unsigned long long)work.bytes);
    return 0;
}
