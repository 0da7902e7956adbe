/* stats.h -- sorted numbers, and seeded bootstrap intervals (Efron 1979): over episodes, over training
 * runs (Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice", NeurIPS
 * 2021), and over both (Owen, "The pigeonhole bootstrap", Ann. Appl. Stat. 2007). */
#ifndef RELMAS_BASE_STATS_H
#define RELMAS_BASE_STATS_H

#include <stddef.h>
#include <stdint.h>

typedef struct Interval {
    double mean, lo, hi;
} Interval;

/* Ascending; x holds no NaN. */
void stats_sort(double *x, size_t n);

double stats_mean(const double *x, size_t n); /* n >= 1 */
/* Quantile q in 0..1 of x[n], ascending; linear between neighbours (Hyndman & Fan 1996, type 7). n >= 1. */
double stats_quantile(const double *x, int n, double q);
/* Interquartile mean: of what remains of x[n] without its floor(n/4) least and largest. Sorts x. n >= 1. */
double stats_iqm(double *x, int n);

enum { BOOTSTRAP_MAX = 10000 }; /* resamples at most; at least 40 */

/* Mean of x[n] with the 95 % percentile-bootstrap interval over so many resamples.
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

/* Interquartile mean (in .mean) of the runs of several strata, n[s] >= 1 of each, one stratum behind the
 * other in x. Interval: runs are resampled within their stratum. work[sum of n] is the caller's. */
Interval bootstrap_iqm(const double *x, const int *n, int strata, int resamples, uint64_t seed,
                       double *work);

/* draws[resamples]: means of resamples of x[rows, cols] whose rows and columns both are samples, as
 * training seeds and the episodes that all of them play: rows are resampled, and columns, the same for
 * all rows. Calls with the same seed draw the same columns for the same cols, and the same rows for
 * the same rows, so that draws can be combined one by one: ratios, sums over loads. */
void bootstrap_crossed_draws(double *draws, const double *x, int rows, int cols, int resamples,
                             uint64_t seed);
/* The 95 % interval of draws[n] around the estimate. Sorts draws. */
Interval bootstrap_interval(double estimate, double *draws, int n);
/* Mean of x[rows, cols] with the interval of those draws. */
Interval bootstrap_crossed(const double *x, int rows, int cols, int resamples, uint64_t seed);

#endif
