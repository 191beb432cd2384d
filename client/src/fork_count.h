/* How often this process is the child of a fork, counted since the library was first used. */
#ifndef QVT_CLIENT_FORK_COUNT_H
#define QVT_CLIENT_FORK_COUNT_H

#include <stdatomic.h>
#include <stdint.h>

/* Begins to count; a second time: nothing. Any thread. */
void fork_count_begin(void);

/* Of fork_count.c. */
extern _Atomic(uint32_t) fork_counter;

/* Any thread; no system call. */
static inline uint32_t fork_count(void)
{
    return atomic_load_explicit(&fork_counter, memory_order_relaxed);
}

#endif
