/* The same program as another process on the same file. */
#ifndef QVT_TESTS_UNIT_SERVER_STORE_SQLITE_CHILD_H
#define QVT_TESTS_UNIT_SERVER_STORE_SQLITE_CHILD_H

#include <stdint.h>
#include <sys/types.h>

/* One acknowledged append of the mode "append". */
struct child_ack {
    uint64_t cluster; /* 0 … CHILD_CLUSTERS-1, named c0 … */
    uint64_t revision;
    uint64_t token;
};

#define CHILD_CLUSTERS 3u

/* Modes: "open": tries to open, says why not, exits 2 or 0. "hold": opens, says "held", and waits for its end. "append":
 * appends to all clusters without end and writes each child_ack once acknowledged. "sync": appends while fsync fails. */
int child_main(const char *mode, const char *path);

/* Starts this program in that mode; *out reads its standard output and error. */
pid_t child_start(const char *mode, const char *path, int *out);

/* Reads to the end of output, cut to cap; waits and returns the exit code, -signal if killed. */
int child_finish(pid_t pid, int out, char *text, size_t cap);

#endif
