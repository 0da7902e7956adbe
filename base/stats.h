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
/* The same of the paired differences x[i] - y[i]. */
Interval bootstrap_difference(const double *x, const double *y, int n, int resamples,
                              uint64_t seed);

/* Who has the largest mean of several that were measured on the same n cases, and how sure that is. */
typedef struct Lead {
    int leader;  /* largest mean, of equals the first; -1 if nobody competes */
    int nearest; /* of the others whose paired difference has the least lower end; -1 if none */
    Interval by; /* mean of leader - mean of nearest */
} Lead;

/* x[series][n]; a NULL does not compete. by.lo > 0 says that the leader's interval against each of
 * the others lies above zero. */
Lead bootstrap_lead(const double *const *x, int series, int n, int resamples, uint64_t seed);

#endif
