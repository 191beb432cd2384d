/* Requests with answers of one known size on plain connections, a fixed number of them unanswered on each.
 * usage: bench_plain_calls PORT REQUEST ANSWER CONNECTIONS UNANSWERED CALLS
 * REQUEST and ANSWER are files; the answer's bytes are compared for the first call of each connection. Says "ready" after
 * those and begins at a line of input. Says `calls=N seconds=S`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/epoll.h>

#include "bench/load/load.h"
#include "bench/load/plain.h"

enum { READ_CAP = 64 * 1024, EVENTS_MAX = 64 };

struct work {
    qvt_slice request;
    qvt_slice answer;
    int *fds;
    size_t *partial; /* bytes of an answer that has not come whole, a connection */
    size_t connections;
    size_t to_send;
    size_t to_come;
};

/* The kernel gives a small answer in one piece. */
static void warm_up(const struct work *work)
{
    uint8_t bytes[READ_CAP];
    for (size_t i = 0; i < work->connections; i++) {
        size_t got = 0;
        plain_send(work->fds[i], work->request);
        while (got < work->answer.len) {
            got += plain_receive(work->fds[i], bytes + got, sizeof(bytes) - got);
        }
        if (!qvt_slice_equal(qvt_slice_make(bytes, got), work->answer)) {
            load_die("another answer came: %.*s", (int)got, (const char *)bytes);
        }
    }
}

static void send_some(struct work *work, size_t index, size_t count)
{
    uint8_t bytes[READ_CAP];
    size_t len = 0;
    for (; count > 0 && work->to_send > 0 && len + work->request.len <= sizeof(bytes); count--, work->to_send--) {
        memcpy(bytes + len, work->request.data, work->request.len);
        len += work->request.len;
    }
    plain_send(work->fds[index], qvt_slice_make(bytes, len));
}

static void serve(struct work *work, size_t index)
{
    static uint8_t bytes[READ_CAP];
    size_t got = work->partial[index] + plain_receive(work->fds[index], bytes, sizeof(bytes));
    size_t answers = got / work->answer.len;
    work->partial[index] = got % work->answer.len;
    work->to_come -= answers;
    send_some(work, index, answers);
}

static void run(struct work *work, size_t unanswered)
{
    struct epoll_event events[EVENTS_MAX];
    int poller = plain_poll(work->fds, work->connections);
    for (size_t i = 0; i < work->connections; i++) {
        send_some(work, i, unanswered);
    }
    while (work->to_come > 0) {
        int count = epoll_wait(poller, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            serve(work, events[i].data.u64);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        load_die("usage: bench_plain_calls PORT REQUEST ANSWER CONNECTIONS UNANSWERED CALLS");
    }
    size_t calls = load_number(argv[6], "CALLS");
    struct work work = {
        .request = load_file(argv[2]), .answer = load_file(argv[3]), .to_send = calls, .to_come = calls};
    work.connections = load_number(argv[4], "CONNECTIONS");
    work.fds = calloc(work.connections, sizeof(*work.fds));
    work.partial = calloc(work.connections, sizeof(*work.partial));
    if (work.fds == NULL || work.partial == NULL) {
        load_die("out of memory");
    }
    for (size_t i = 0; i < work.connections; i++) {
        work.fds[i] = plain_connect(argv[1]);
    }
    warm_up(&work);
    load_wait_for_go();
    uint64_t begun_ns = load_now_ns();
    run(&work, load_number(argv[5], "UNANSWERED"));
    printf("calls=%zu seconds=%.6f\n", calls, (double)(load_now_ns() - begun_ns) / 1e9);
    return 0;
}
