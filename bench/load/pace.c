/* A fleet of silos that each send one heartbeat a period on a connection and stream of their own, evenly spread.
 * usage: bench_pace PORT PATH REQUESTS CONNECTIONS PERIOD-MS SECONDS
 * Says "ready" when all streams are open and begins at a line of input. Says `calls=N seconds=S`, calls being the
 * answers that came; those that are still on their way at the end are fewer than a turn's. Keeps its connections until its
 * input ends. */
#include <stdio.h>

#include <uv.h>

#include "bench/load/fleet.h"

enum { TURN_MS = 5 };

struct work {
    struct fleet fleet;
    uv_timer_t timer;
    uint64_t begun_ns;
    double per_second;
    uint64_t lasting_ns;
    uint64_t sent;
    uint64_t answered;
};

static void on_answer(struct fleet_stream *stream, qvt_slice message)
{
    struct work *work = stream->fleet->data;
    (void)message;
    work->answered++;
}

static void on_turn(uv_timer_t *timer)
{
    struct work *work = timer->data;
    uint64_t passed_ns = load_now_ns() - work->begun_ns;
    if (passed_ns >= work->lasting_ns) {
        (void)uv_timer_stop(timer);
        qvt_rpc_runtime_stop(work->fleet.runtime);
        return;
    }
    uint64_t due = (uint64_t)((double)passed_ns / 1e9 * work->per_second);
    while (work->sent < due) {
        fleet_send(&work->fleet.streams[work->sent % work->fleet.stream_count]);
        work->sent++;
    }
}

int main(int argc, char **argv)
{
    static struct work work;
    if (argc != 7) {
        load_die("usage: bench_pace PORT PATH REQUESTS CONNECTIONS PERIOD-MS SECONDS");
    }
    size_t connections = load_number(argv[4], "CONNECTIONS");
    work.per_second = (double)connections * 1000 / load_number(argv[5], "PERIOD-MS");
    work.lasting_ns = load_number(argv[6], "SECONDS") * UINT64_C(1000000000);
    work.fleet.on_message = on_answer;
    work.fleet.data = &work;
    qvt_rpc_runtime *runtime = NULL;
    load_must(qvt_rpc_runtime_new(&runtime, NULL), "runtime");
    fleet_open(&work.fleet, runtime, argv[1], argv[2], load_messages_read(argv[3]), connections, 1);
    load_wait_for_go();
    if (uv_timer_init(qvt_rpc_runtime_loop(runtime), &work.timer) != 0 ||
        uv_timer_start(&work.timer, on_turn, TURN_MS, TURN_MS) != 0) {
        load_die("no timer");
    }
    work.timer.data = &work;
    work.begun_ns = load_now_ns();
    qvt_rpc_runtime_run(runtime);
    double seconds = (double)(load_now_ns() - work.begun_ns) / 1e9;
    printf("calls=%llu seconds=%.6f\n", (unsigned long long)work.answered, seconds);
    (void)fflush(stdout);
    while (fgetc(stdin) != EOF) {}
    return 0;
}
