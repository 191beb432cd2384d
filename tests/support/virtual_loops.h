/* Virtual time for every libuv loop of a process, with real sockets between them: the product's own code, from the call of
 * an application to the wire and back, in an executable that links this.
 *
 * It takes the place of clock_gettime (but for the wall clock) and of epoll_wait. Time stands still until virtual_run_us lets
 * it pass, from one deadline to the next, whenever every loop waits and no socket has anything for it. */
#ifndef QVT_TESTS_SUPPORT_VIRTUAL_LOOPS_H
#define QVT_TESTS_SUPPORT_VIRTUAL_LOOPS_H

#include <stdatomic.h>
#include <stdint.h>

/* Since boot, as all monotonic clocks of this process say. Any thread. */
int64_t virtual_now_us(void);

/* So many loops have begun (negative: ended) since the last call: virtual_run_us waits for them all. Any thread. */
void virtual_loops_changed(int by);

/* The loops of this thread stand still while the flag is set, as a process does after SIGSTOP. The flag is set and cleared
 * between two virtual_run_us. Before the first loop of the thread. */
void virtual_loops_freeze_by(const atomic_bool *is_frozen);

/* Lets so much time pass. The thread that drives the test, none of the loops'. */
void virtual_run_us(int64_t duration_us);

#endif
