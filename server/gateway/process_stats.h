/* What the kernel says of this process (proc(5)). */
#ifndef QVT_SERVER_GATEWAY_PROCESS_STATS_H
#define QVT_SERVER_GATEWAY_PROCESS_STATS_H

#include <stdint.h>

/* 0 where the kernel does not tell. */
struct process_stats {
    uint64_t cpu_us; /* user and system */
    uint64_t resident_bytes;
    uint64_t virtual_bytes;
    uint64_t open_fds;
    uint64_t max_fds;
    uint64_t started_us; /* wall clock */
};

void process_stats_read(struct process_stats *out);

#endif
