/* test_stats.c -- the bootstrap intervals: what they cover, that they repeat, and their edges; who leads;
 * and that others (numpy, rliable) come to the same numbers. */
#include "base/stats.h"

#include "base/rng.h"
#include "tests/golden/stats/rliable.h"
#include "tests/support.h"

#include <math.h>

START_TEST(one_value_is_its_own_interval)
{
    double x = 3.5;
    Interval i = bootstrap_mean(&x, 1, 100, 1);
    ck_assert_double_eq(i.mean, 3.5);
    ck_assert_double_eq(i.lo, 3.5);
    ck_assert_double_eq(i.hi, 3.5);
}
END_TEST

START_TEST(equal_values_have_no_width)
{
    double x[50];
    for (int i = 0; i < 50; i++) x[i] = -2;
    Interval i = bootstrap_mean(x, 50, 40, 9);
    ck_assert_double_eq(i.lo, -2);
    ck_assert_double_eq(i.hi, -2);
}
END_TEST

static void normal_sample(double *x, int n, double mean, double sigma, Rng *rng)
{
    for (int i = 0; i < n; i++) x[i] = mean + sigma * rng_normal(rng);
}

START_TEST(the_same_seed_gives_the_same_interval)
{
    double x[30];
    Rng rng;
    rng_seed(&rng, 1, 0);
    normal_sample(x, 30, 5, 1, &rng);
    Interval a = bootstrap_mean(x, 30, 1000, 7), b = bootstrap_mean(x, 30, 1000, 7);
    Interval other = bootstrap_mean(x, 30, 1000, 8);
    ck_assert_double_eq(a.lo, b.lo);
    ck_assert_double_eq(a.hi, b.hi);
    ck_assert(other.lo < a.lo || other.lo > a.lo);
    ck_assert(a.lo < a.mean && a.mean < a.hi);
}
END_TEST

/* Standard error sigma / sqrt(n): the interval of a normal sample is about +- 1.96 of them. */
START_TEST(the_width_is_that_of_the_normal_approximation)
{
    double x[2000];
    Rng rng;
    rng_seed(&rng, 2, 0);
    normal_sample(x, 2000, 0, 3, &rng);
    Interval i = bootstrap_mean(x, 2000, 10000, 1);
    ck_assert_double_eq_tol(i.hi - i.lo, 2 * 1.96 * 3 / sqrt(2000), 0.02);
}
END_TEST

/* 1000 experiments of 40 values: coverage has a standard error of 0.7 points, and the percentile
 * bootstrap of the mean is known to cover about a point too little at this n. */
START_TEST(the_interval_covers_a_known_mean_about_95_times_in_100)
{
    enum { EXPERIMENTS = 1000, N = 40 };
    int covered = 0;
    double x[N];
    Rng rng;
    rng_seed(&rng, 3, 0);
    for (int e = 0; e < EXPERIMENTS; e++) {
        normal_sample(x, N, 10, 2, &rng);
        Interval i = bootstrap_mean(x, N, 400, (uint64_t)e);
        covered += i.lo <= 10 && 10 <= i.hi;
    }
    ck_assert_int_ge(covered, 915);
    ck_assert_int_le(covered, 975);
}
END_TEST

/* Shifting and scaling the data does the same to the interval. */
START_TEST(the_interval_moves_with_the_data)
{
    double x[25], y[25];
    Rng rng;
    rng_seed(&rng, 4, 0);
    normal_sample(x, 25, 0, 1, &rng);
    for (int i = 0; i < 25; i++) y[i] = 4 * x[i] + 100;
    Interval a = bootstrap_mean(x, 25, 500, 3), b = bootstrap_mean(y, 25, 500, 3);
    ck_assert_double_eq_tol(b.mean, 4 * a.mean + 100, 1e-9);
    ck_assert_double_eq_tol(b.lo, 4 * a.lo + 100, 1e-9);
    ck_assert_double_eq_tol(b.hi, 4 * a.hi + 100, 1e-9);
}
END_TEST

START_TEST(a_difference_is_paired)
{
    double x[40], y[40], d[40];
    Rng rng;
    rng_seed(&rng, 5, 0);
    normal_sample(y, 40, 0, 10, &rng);
    for (int i = 0; i < 40; i++) x[i] = y[i] + 1 + 0.01 * i, d[i] = x[i] - y[i];
    Interval a = bootstrap_difference(x, y, 40, 500, 3), b = bootstrap_mean(d, 40, 500, 3);
    ck_assert_double_eq_tol(a.mean, b.mean, 1e-12);
    ck_assert_double_eq_tol(a.lo, b.lo, 1e-12);
    ck_assert_double_eq_tol(a.hi, b.hi, 1e-12);
    ck_assert(a.lo > 1); /* although y alone scatters by 10 */
}
END_TEST

/* The second by its mean is behind in every case, the third far; until it wins a lot in some. */
START_TEST(the_nearest_is_who_may_be_better_not_the_second)
{
    enum { N = 20 };
    double first[N], second[N], third[N], nobody[N];
    for (int i = 0; i < N; i++) {
        first[i] = 0.9;
        second[i] = 0.8;
        third[i] = i % 2 ? 0.3 : 0.5;
        nobody[i] = 1;
    }
    const double *x[4] = {second, third, NULL, first};
    Lead lead = bootstrap_lead(x, 4, N, 1000, 1);
    ck_assert_int_eq(lead.leader, 3);
    ck_assert_int_eq(lead.nearest, 0);
    ck_assert(lead.by.lo > 0);
    for (int i = 0; i < N; i++) third[i] = i % 2 ? 0.3 : 1.29; /* mean 0.795 */
    lead = bootstrap_lead(x, 4, N, 1000, 1);
    ck_assert_int_eq(lead.leader, 3);
    ck_assert_int_eq(lead.nearest, 1);
    ck_assert(lead.by.lo < 0 && lead.by.mean > 0.1);
    x[2] = nobody;
    ck_assert_int_eq(bootstrap_lead(x, 4, N, 1000, 1).leader, 2);
}
END_TEST

START_TEST(equals_and_single_ones_lead_by_nothing)
{
    double one[5] = {1, 2, 3, 4, 5};
    const double *x[3] = {one, one, NULL};
    Lead lead = bootstrap_lead(x, 3, 5, 100, 1);
    ck_assert_int_eq(lead.leader, 0);
    ck_assert_int_eq(lead.nearest, 1);
    ck_assert_double_eq(lead.by.lo, 0);
    ck_assert_double_eq(lead.by.hi, 0);
    lead = bootstrap_lead(x, 1, 5, 100, 1);
    ck_assert_int_eq(lead.leader, 0);
    ck_assert_int_eq(lead.nearest, -1);
    ck_assert_int_eq(bootstrap_lead(x + 2, 1, 5, 100, 1).leader, -1);
}
END_TEST

/* Two of one distribution: a lead that excludes zero is claimed for one or the other in about 5 of 100
 * experiments, and of ten in no more. */
START_TEST(a_lead_is_claimed_wrongly_in_about_5_of_100)
{
    enum { EXPERIMENTS = 400, N = 40, MOST = 10 };
    static double value[MOST][N];
    const double *x[MOST];
    int claimed[2] = {0};
    Rng rng;
    rng_seed(&rng, 6, 0);
    for (int e = 0; e < EXPERIMENTS; e++)
        for (int k = 0; k < 2; k++) {
            int series = k ? MOST : 2;
            for (int i = 0; i < series; i++)
                normal_sample(value[i], N, 1, 1, &rng), x[i] = value[i];
            claimed[k] += bootstrap_lead(x, series, N, 400, (uint64_t)e).by.lo > 0;
        }
    ck_assert_int_ge(claimed[0], EXPERIMENTS / 40);
    ck_assert_int_le(claimed[0], EXPERIMENTS / 10);
    ck_assert_int_le(claimed[1], EXPERIMENTS / 15);
}
END_TEST

/* --- quantiles and interquartile means --- */

START_TEST(quantiles_are_those_of_numpy)
{
    int n = sizeof G_SORTED / sizeof *G_SORTED;
    for (size_t i = 0; i < sizeof G_ASKED / sizeof *G_ASKED; i++)
        ck_assert_double_eq_tol(stats_quantile(G_SORTED, n, G_ASKED[i]), G_QUANTILES[i], 1e-15);
    ck_assert_double_eq(stats_quantile(&G_SORTED[3], 1, 0.7), G_SORTED[3]);
}
END_TEST

/* Half of the values count, whatever the others are; below four all do. */
START_TEST(the_interquartile_mean_is_that_of_the_middle_half)
{
    double eight[] = {1e9, 3, 4, 1, 5, 2, -1e9, 6}, three[] = {3, 1, 8}, five[] = {9, 1, 2, 3, -5};
    ck_assert_double_eq(stats_iqm(eight, 8), (2 + 3 + 4 + 5) / 4.0);
    ck_assert_double_eq(stats_iqm(three, 3), 4);
    ck_assert_double_eq(stats_iqm(five, 5), 2);
}
END_TEST

static const int EACH[G_TASKS] = {G_RUNS, G_RUNS, G_RUNS, G_RUNS};

START_TEST(the_interval_over_runs_is_that_of_rliable)
{
    double work[G_RUNS * G_TASKS];
    Interval i = bootstrap_iqm(G_SCORES, EACH, G_TASKS, 10000, 1, work);
    double width = G_IQM[2] - G_IQM[1];
    ck_assert_double_eq_tol(i.mean, G_IQM[0], 1e-14);
    ck_assert_double_eq_tol(i.lo, G_IQM[1], 0.03 * width);
    ck_assert_double_eq_tol(i.hi, G_IQM[2], 0.03 * width);
}
END_TEST

/* Two strata without spread inside: resampling within them changes nothing. */
START_TEST(strata_do_not_mix)
{
    double x[] = {1, 1, 1, 9, 9, 9, 9, 9}, work[8];
    Interval i = bootstrap_iqm(x, (const int[]){3, 5}, 2, 200, 5, work);
    ck_assert_double_eq(i.mean, (1 + 3 * 9) / 4.0);
    ck_assert_double_eq(i.lo, i.mean);
    ck_assert_double_eq(i.hi, i.mean);
}
END_TEST

/* --- rows and columns --- */

START_TEST(the_crossed_interval_is_that_of_numpy)
{
    Interval i = bootstrap_crossed(G_DIFF, G_ROWS, G_COLS, 10000, 1);
    double width = G_CROSSED[2] - G_CROSSED[1];
    ck_assert_double_eq_tol(i.mean, G_CROSSED[0], 1e-15);
    ck_assert_double_eq_tol(i.lo, G_CROSSED[1], 0.03 * width);
    ck_assert_double_eq_tol(i.hi, G_CROSSED[2], 0.03 * width);
}
END_TEST

/* x[r][c] = a[r] + b[c]: the variance of a resampled mean is s2(a)/rows + s2(b)/cols, s2 with n below. */
START_TEST(crossed_draws_have_the_variance_of_both_samples)
{
    enum { ROWS = 6, COLS = 40, N = 10000 };
    static double x[ROWS * COLS], draws[N];
    double a2 = 0, b2 = 0, mean = 0, var = 0;
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLS; c++) x[r * COLS + c] = (r - 2.5) + 0.2 * (c - 19.5);
    for (int r = 0; r < ROWS; r++) a2 += (r - 2.5) * (r - 2.5) / ROWS;
    for (int c = 0; c < COLS; c++) b2 += 0.04 * (c - 19.5) * (c - 19.5) / COLS;
    bootstrap_crossed_draws(draws, x, ROWS, COLS, N, 3);
    for (int i = 0; i < N; i++) mean += draws[i] / N;
    for (int i = 0; i < N; i++) var += (draws[i] - mean) * (draws[i] - mean) / N;
    ck_assert_double_eq_tol(mean, 0, 0.03);
    ck_assert_double_eq_tol(var, a2 / ROWS + b2 / COLS, 0.03 * (a2 / ROWS + b2 / COLS));
}
END_TEST

/* What depends on the column alone is the same for any number of rows: the same columns were drawn. */
START_TEST(crossed_draws_of_one_seed_share_their_columns)
{
    enum { ROWS = 3, COLS = 15, N = 100 };
    double x[ROWS * COLS], one[N], all[N], other[N];
    for (int i = 0; i < ROWS * COLS; i++) x[i] = (i % COLS) * (i % COLS);
    bootstrap_crossed_draws(one, x, 1, COLS, N, 8);
    bootstrap_crossed_draws(all, x, ROWS, COLS, N, 8);
    bootstrap_crossed_draws(other, x, ROWS, COLS, N, 9);
    double differ = 0;
    for (int i = 0; i < N; i++) {
        ck_assert_double_eq_tol(all[i], one[i], 1e-9);
        differ += fabs(all[i] - other[i]);
    }
    ck_assert_double_gt(differ, 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("stats");
    TCase *tc = new_case("bootstrap", 60);
    tcase_add_test(tc, one_value_is_its_own_interval);
    tcase_add_test(tc, equal_values_have_no_width);
    tcase_add_test(tc, the_same_seed_gives_the_same_interval);
    tcase_add_test(tc, the_width_is_that_of_the_normal_approximation);
    tcase_add_test(tc, the_interval_covers_a_known_mean_about_95_times_in_100);
    tcase_add_test(tc, the_interval_moves_with_the_data);
    tcase_add_test(tc, a_difference_is_paired);
    tcase_add_test(tc, the_nearest_is_who_may_be_better_not_the_second);
    tcase_add_test(tc, equals_and_single_ones_lead_by_nothing);
    tcase_add_test(tc, a_lead_is_claimed_wrongly_in_about_5_of_100);
    suite_add_tcase(s, tc);
    tc = new_case("runs", 60);
    tcase_add_test(tc, quantiles_are_those_of_numpy);
    tcase_add_test(tc, the_interquartile_mean_is_that_of_the_middle_half);
    tcase_add_test(tc, the_interval_over_runs_is_that_of_rliable);
    tcase_add_test(tc, strata_do_not_mix);
    tcase_add_test(tc, the_crossed_interval_is_that_of_numpy);
    tcase_add_test(tc, crossed_draws_have_the_variance_of_both_samples);
    tcase_add_test(tc, crossed_draws_of_one_seed_share_their_columns);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
