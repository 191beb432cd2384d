#include "client/src/fork_count.h"

#include <pthread.h>

_Atomic(uint32_t) fork_counter;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void on_child(void)
{
    atomic_fetch_add_explicit(&fork_counter, 1, memory_order_relaxed);
}

static void begin(void)
{
    (void)pthread_atfork(NULL, NULL, on_child);
}

void fork_count_begin(void)
{
    (void)pthread_once(&once, begin);
}
