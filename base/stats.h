/* stats.h -- sorted numbers, and seeded bootstrap intervals (Efron 1979). */
#ifndef RELMAS_BASE_STATS_H
#define RELMAS_BASE_STATS_H

#include <stddef.h>
#include <stdint.h>

typedef struct Interval {
    double mean, lo, hi;
} Interval;

/* Ascending; x holds no NaN. */
void stats_sort(double *x, size_t n);

/* Mean of x[n] with the 95 % percentile-bootstrap interval over `resamples` (<= 10000) resamples.
 * For a paired comparison pass the differences. n >= 1. */
Interval bootstrap_mean(const double *x, int n, int resamples, uint64_t seed);

#endif
