/* stats.c -- percentile bootstrap of means and interquartile means. */
#include "base/stats.h"

#include "base/rng.h"

#include <assert.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void stats_sort(double *x, size_t n)
{
    qsort(x, n, sizeof *x, by_value);
}

double stats_mean(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    return sum / (double)n;
}

double stats_quantile(const double *x, int n, double q)
{
    double at = q * (n - 1);
    int below = (int)at, above = below + 1 < n ? below + 1 : n - 1;
    assert(n >= 1 && q >= 0 && q <= 1);
    return x[below] + (at - below) * (x[above] - x[below]);
}

double stats_iqm(double *x, int n)
{
    double sum = 0;
    int cut = n / 4;
    assert(n >= 1);
    stats_sort(x, (size_t)n);
    for (int i = cut; i < n - cut; i++) sum += x[i];
    return sum / (n - 2 * cut);
}

static double at(const double *x, const double *y, uint32_t i)
{
    return y ? x[i] - y[i] : x[i];
}

/* Of x, or of x - y. */
static Interval bootstrap(const double *x, const double *y, int n, int resamples, uint64_t seed)
{
    double mean[BOOTSTRAP_MAX], sum = 0;
    Rng rng;

    assert(n >= 1 && resamples >= 40 && resamples <= BOOTSTRAP_MAX);
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

Lead bootstrap_lead(const double *const *x, int series, int n, int resamples, uint64_t seed)
{
    Lead lead = {.leader = -1, .nearest = -1};
    for (int i = 0; i < series; i++)
        if (x[i] && (lead.leader < 0 ||
                     stats_mean(x[i], (size_t)n) > stats_mean(x[lead.leader], (size_t)n)))
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

Interval bootstrap_interval(double estimate, double *draws, int n)
{
    stats_sort(draws, (size_t)n);
    return (Interval){.mean = estimate,
                      .lo = stats_quantile(draws, n, 0.025),
                      .hi = stats_quantile(draws, n, 0.975)};
}

Interval bootstrap_iqm(const double *x, const int *n, int strata, int resamples, uint64_t seed,
                       double *work)
{
    double draws[BOOTSTRAP_MAX];
    int total = 0;
    Rng rng;

    assert(resamples >= 40 && resamples <= BOOTSTRAP_MAX);
    rng_seed(&rng, seed, 0);
    for (int s = 0; s < strata; s++) total += n[s];
    for (int r = 0; r < resamples; r++) {
        for (int s = 0, first = 0; s < strata; first += n[s++])
            for (int i = 0; i < n[s]; i++)
                work[first + i] = x[first + (int)rng_below(&rng, (uint32_t)n[s])];
        draws[r] = stats_iqm(work, total);
    }
    for (int i = 0; i < total; i++) work[i] = x[i];
    return bootstrap_interval(stats_iqm(work, total), draws, resamples);
}

void bootstrap_crossed_draws(double *draws, const double *x, int rows, int cols, int resamples,
                             uint64_t seed)
{
    Rng row_rng, col_rng;

    assert(rows >= 1 && cols >= 1 && resamples >= 40 && resamples <= BOOTSTRAP_MAX);
    rng_seed(&row_rng, seed, 0);
    rng_seed(&col_rng, seed, 1);
    for (int r = 0; r < resamples; r++) {
        double sum = 0;
        Rng cols_of_all = col_rng; /* again for each row: they share their columns */
        for (int i = 0; i < rows; i++) {
            const double *row = x + (size_t)rng_below(&row_rng, (uint32_t)rows) * (size_t)cols;
            col_rng = cols_of_all;
            for (int j = 0; j < cols; j++) sum += row[rng_below(&col_rng, (uint32_t)cols)];
        }
        draws[r] = sum / ((double)rows * cols);
    }
}

Interval bootstrap_crossed(const double *x, int rows, int cols, int resamples, uint64_t seed)
{
    double draws[BOOTSTRAP_MAX];

    bootstrap_crossed_draws(draws, x, rows, cols, resamples, seed);
    return bootstrap_interval(stats_mean(x, (size_t)rows * (size_t)cols), draws, resamples);
}
