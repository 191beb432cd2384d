/* Counts values in fixed buckets: no memory, no lock, a few comparisons an observation. */
#ifndef QVT_BASE_HISTOGRAM_H
#define QVT_BASE_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 16 };

/* Upper bounds of buckets, ascending; what is above the last one has a bucket of its own. */
struct histogram_scale {
    uint64_t bounds[HISTOGRAM_BOUNDS];
};

extern const struct histogram_scale histogram_times_us; /* 10 µs to 5 s */
extern const struct histogram_scale histogram_sizes;    /* 1 to 100 */

/* Start from all zero. Always used with one and the same scale. */
struct histogram {
    uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* of the bucket alone, not of those below */
    uint64_t sum;
};

void histogram_add(struct histogram *histogram, const struct histogram_scale *scale, uint64_t value);

#endif
