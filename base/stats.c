/* stats.c -- percentile bootstrap of the mean. */
#include "base/stats.h"

#include "base/rng.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX_RESAMPLES = 10000 };

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void stats_sort(double *x, size_t n)
{
    qsort(x, n, sizeof *x, by_value);
}

Interval bootstrap_mean(const double *x, int n, int resamples, uint64_t seed)
{
    double mean[MAX_RESAMPLES], sum = 0;
    Rng rng;

    assert(n >= 1 && resamples >= 40 && resamples <= MAX_RESAMPLES);
    rng_seed(&rng, seed, 0);
    for (int i = 0; i < n; i++) sum += x[i];
    for (int r = 0; r < resamples; r++) {
        double s = 0;
        for (int i = 0; i < n; i++) s += x[rng_below(&rng, (uint32_t)n)];
        mean[r] = s / n;
    }
    stats_sort(mean, (size_t)resamples);
    return (Interval){.mean = sum / n,
                      .lo = mean[(int)(0.025 * resamples)],
                      .hi = mean[(int)(0.975 * resamples) - 1]};
}
