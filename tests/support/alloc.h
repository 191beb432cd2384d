/* Allocations that fail on demand: link test_alloc, and malloc, calloc and realloc of our own code go through here.
 * Sweep with
 *     for (unsigned long nth = 1; alloc_fail_at(nth), run(), alloc_failed(); nth++)
 * and the last run is the one that needs no further allocation. Single-threaded. */
#ifndef QVT_TESTS_SUPPORT_ALLOC_H
#define QVT_TESTS_SUPPORT_ALLOC_H

#include <stdbool.h>

/* From now on the nth allocation (1 is the next one) fails, once; 0: none fails. Starts the count again. */
void alloc_fail_at(unsigned long nth);

/* Whether the allocation asked for has failed. */
bool alloc_failed(void);

/* Allocations since alloc_fail_at, failed ones included. */
unsigned long alloc_count(void);

#endif
