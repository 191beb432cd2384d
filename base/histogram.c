#include "base/histogram.h"

const struct histogram_scale histogram_times_us = {
    {10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000, 5000000},
};

const struct histogram_scale histogram_sizes = {
    {1, 2, 3, 4, 6, 8, 10, 15, 20, 30, 40, 50, 60, 70, 80, 100},
};

void histogram_add(struct histogram *histogram, const struct histogram_scale *scale, uint64_t value)
{
    unsigned bucket = 0;
    while (bucket < HISTOGRAM_BOUNDS && value > scale->bounds[bucket]) {
        bucket++;
    }
    histogram->counts[bucket]++;
    histogram->sum += value;
}
