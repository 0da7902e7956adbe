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

static double at(const double *x, const double *y, uint32_t i)
{
    return y ? x[i] - y[i] : x[i];
}

/* Of x, or of x - y. */
static Interval bootstrap(const double *x, const double *y, int n, int resamples, uint64_t seed)
{
    double mean[MAX_RESAMPLES], sum = 0;
    Rng rng;

    assert(n >= 1 && resamples >= 40 && resamples <= MAX_RESAMPLES);
    rng_seed(&rng, seed, 0);
    for (int i = 0; i < n; i++) sum += at(x, y, (uint32_t)i);
    for (int r = 0; r < resamples; r++) {
        double s = 0;
        for (int i = 0; i < n; i++) s += at(x, y, rng_below(&rng, (uint32_t)n));
        mean[r] = s / n;
    }
    stats_sort(mean, (size_t)resamples);
    return (Interval){.mean = sum / n,
                      .lo = mean[(int)(0.025 * resamples)],
                      .hi = mean[(int)(0.975 * resamples) - 1]};
}

Interval bootstrap_mean(const double *x, int n, int resamples, uint64_t seed)
{
    return bootstrap(x, NULL, n, resamples, seed);
}

Interval bootstrap_difference(const double *x, const double *y, int n, int resamples, uint64_t seed)
{
    return bootstrap(x, y, n, resamples, seed);
}

static double mean_of(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += x[i];
    return sum / n;
}

Lead bootstrap_lead(const double *const *x, int series, int n, int resamples, uint64_t seed)
{
    Lead lead = {.leader = -1, .nearest = -1};
    for (int i = 0; i < series; i++)
        if (x[i] && (lead.leader < 0 || mean_of(x[i], n) > mean_of(x[lead.leader], n)))
            lead.leader = i;
    for (int i = 0; i < series; i++) {
        if (!x[i] || i == lead.leader) continue;
        Interval by = bootstrap_difference(x[lead.leader], x[i], n, resamples, seed);
        if (lead.nearest >= 0 && by.lo >= lead.by.lo) continue;
        lead.nearest = i;
        lead.by = by;
    }
    return lead;
}
