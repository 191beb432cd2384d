/* Rounds of a fan-out: each writes one message with a mark, and the time runs until every watcher has seen it. */
#ifndef QVT_BENCH_MARKS_H
#define QVT_BENCH_MARKS_H

#include "bench/load/load.h"

/* What a message to be written contains; the digits become the number of the round. */
#define MARKS_TEXT "mark-00000000"
enum { MARKS_LEN = sizeof(MARKS_TEXT) - 1 };

struct marks {
    uint8_t *message; /* what to write this round */
    size_t message_len;
    size_t mark_at;
    size_t watchers;
    uint32_t round;
    size_t seen;
    uint64_t begun_ns;
    uint64_t first_ns; /* since begun_ns */
    uint64_t last_ns;
};

/* Reads the message; dies when it holds no MARKS_TEXT. */
void marks_init(struct marks *marks, const char *path, size_t watchers);

/* The next round: its mark is in the message, the time runs. */
void marks_begin(struct marks *marks);

/* Whether the bytes hold the mark of this round. */
bool marks_found(const struct marks *marks, qvt_slice bytes);

/* A watcher has seen this round's mark; true for the last one. */
bool marks_saw(struct marks *marks);

/* Says `first_us=F last_us=L`, unless it was the warm-up round. */
void marks_print(const struct marks *marks);

#endif
