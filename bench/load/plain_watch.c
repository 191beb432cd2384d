/* Watchers on plain connections, and a writer on one of its own: from sending a write until the last watcher has it.
 * usage: bench_plain_watch PORT GREETING CONNECTIONS MESSAGE ROUNDS
 * Each watcher sends the file GREETING and waits for an answer of any size; the writer sends the file MESSAGE, which
 * comes to every watcher in one piece. After a warm-up round says "ready" and goes on at a line of input. Says a line a
 * round, see marks.h. */
#include <stdlib.h>
#include <time.h>

#include <sys/epoll.h>

#include "bench/load/load.h"
#include "bench/load/marks.h"
#include "bench/load/plain.h"

enum { READ_CAP = 64 * 1024, EVENTS_MAX = 256, PAUSE_NS = 20 * 1000 * 1000 };

struct work {
    int *fds; /* the last one is the writer's */
    size_t watchers;
    int poller;
    struct marks marks;
};

static void greet(int fd, qvt_slice greeting)
{
    uint8_t bytes[READ_CAP];
    plain_send(fd, greeting);
    while (plain_receive(fd, bytes, sizeof(bytes)) == 0) {}
}

static bool sees(struct work *work, size_t index)
{
    static uint8_t bytes[READ_CAP];
    size_t got = plain_receive(work->fds[index], bytes, sizeof(bytes));
    return index < work->watchers && marks_found(&work->marks, qvt_slice_make(bytes, got)) && marks_saw(&work->marks);
}

static void play_round(struct work *work)
{
    struct epoll_event events[EVENTS_MAX];
    bool over = false;
    struct timespec pause = {.tv_nsec = PAUSE_NS};
    (void)nanosleep(&pause, NULL);
    marks_begin(&work->marks);
    plain_send(work->fds[work->watchers], qvt_slice_make(work->marks.message, work->marks.message_len));
    while (!over) {
        int count = epoll_wait(work->poller, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            over = sees(work, events[i].data.u64) || over;
        }
    }
    marks_print(&work->marks);
}

int main(int argc, char **argv)
{
    struct work work = {0};
    if (argc != 6) {
        load_die("usage: bench_plain_watch PORT GREETING CONNECTIONS MESSAGE ROUNDS");
    }
    qvt_slice greeting = load_file(argv[2]);
    work.watchers = load_number(argv[3], "CONNECTIONS");
    work.fds = calloc(work.watchers + 1, sizeof(*work.fds));
    if (work.fds == NULL) {
        load_die("out of memory");
    }
    for (size_t i = 0; i <= work.watchers; i++) {
        work.fds[i] = plain_connect(argv[1]);
        if (i < work.watchers) {
            greet(work.fds[i], greeting);
        }
    }
    work.poller = plain_poll(work.fds, work.watchers + 1);
    marks_init(&work.marks, argv[4], work.watchers);
    uint32_t rounds = load_number(argv[5], "ROUNDS");
    play_round(&work);
    load_wait_for_go();
    for (uint32_t i = 0; i < rounds; i++) {
        play_round(&work);
    }
    return 0;
}
